"""What the day had made at each minute, and the price that stood when an order was tapped."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_curve",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("net", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_day_curve_account_id")),
        sa.PrimaryKeyConstraint("account_id", "at", name=op.f("pk_day_curve")),
        sqlite_strict=True,
    )
    op.create_table(
        "touches",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_touches_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_touches")),
        sqlite_strict=True,
    )
