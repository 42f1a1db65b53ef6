"""What was told of an order is found by the order, for a fill whose price came later."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbox_order_id", "outbox", ["order_id"])
