"""Who may do what, and what stands before it: dated limits, locked days, invitations, PINs, sealed phones."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_sets",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_limit_sets_account_id")),
        sa.PrimaryKeyConstraint("account_id", "from_day", name=op.f("pk_limit_sets")),
        sqlite_strict=True,
    )
    op.execute(  # what was set before holds from before any day that counts
        "INSERT INTO limit_sets SELECT account_id, '2000-01-01', json_object('value', value, 'quantity', quantity,"
        " 'orders_a_day', orders_a_day, 'orders_a_minute', orders_a_minute) FROM limits"
    )
    op.drop_table("limits")
    op.create_table(
        "day_locks",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_day_locks_account_id")),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_day_locks")),
        sqlite_strict=True,
    )
    op.create_table(
        "invitations",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("used_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitations")),
        sqlite_strict=True,
    )
    op.create_table(
        "pins",
        sa.Column("telegram_id", sa.Integer(), nullable=False),
        sa.Column("hashed", sa.Text(), nullable=False),
        sa.Column("set_at", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", sa.Text(), nullable=True),
        sa.Column("proven_at", sa.Text(), nullable=True),
        sa.Column("proven_for", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["telegram_id"], ["people.telegram_id"], name=op.f("fk_pins_telegram_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_pins")),
        sqlite_strict=True,
    )
    op.create_table(
        "seals",
        sa.Column("telegram_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["telegram_id"], ["people.telegram_id"], name=op.f("fk_seals_telegram_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_seals")),
        sqlite_strict=True,
    )
