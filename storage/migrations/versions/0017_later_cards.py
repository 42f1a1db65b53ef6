"""Orders that are asked again when the market takes them.

Whoever moves one out of WAITING tells of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "later_cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_later_cards_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_later_cards")),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_later_cards_state", "later_cards", ["state"])
