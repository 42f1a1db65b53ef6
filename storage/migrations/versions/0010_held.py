"""What an account held when a day ended has its row, with which the next morning is compared."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_held_account_id")),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_held")),
        sqlite_strict=True,
    )
