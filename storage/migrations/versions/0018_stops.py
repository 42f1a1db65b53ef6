"""What a plan guards beyond its own entries: a stop that stood before, parts of an order.

Stops that live over days stand in their own table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plans", sa.Column("joins", sa.Text(), nullable=True))
    op.add_column("plans", sa.Column("base", sa.Integer(), server_default="0", nullable=False))
    op.add_column("plans", sa.Column("halved", sa.Integer(), server_default="0", nullable=False))
    op.add_column("plans", sa.Column("sliced", sa.Integer(), server_default="0", nullable=False))
    # Parts of an entry over the freeze quantity, as they were asked until now.
    op.execute(
        "UPDATE plans SET sliced = 1 WHERE id IN "
        "(SELECT plan_id FROM plan_legs WHERE kind = 'ENTRY' GROUP BY plan_id HAVING count(*) > 1)"
    )
    op.create_table(
        "standing_stops",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_standing_stops_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_stops")),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_standing_stops_account_id", "standing_stops", ["account_id", "state"])
