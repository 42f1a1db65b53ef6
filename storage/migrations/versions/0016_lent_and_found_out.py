"""What mStock lends of a purchase on margin, by share and date.

What was found out later of days without data.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lent",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_lent_account_id")),
        sa.PrimaryKeyConstraint("account_id", "exchange", "token", "day", name=op.f("pk_lent")),
        sqlite_strict=True,
    )
    op.create_table(
        "found_out",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_found_out_account_id")),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_found_out")),
        sqlite_strict=True,
    )
