"""The ledger of fills, what was brought forward into it, and the marks of closed days.

Fills that were told before are carried over from the orders' steps: the trade book of their days is gone.
"""

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trades",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("broker_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_trades_account_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_trades_order_id")),
        sa.PrimaryKeyConstraint("account_id", "broker_id", "step", name=op.f("pk_trades")),
        sqlite_strict=True,
    )
    op.create_index("ix_trades_day", "trades", ["account_id", "day"])
    op.create_index("ix_trades_row", "trades", ["account_id", "token", "product", "day"])
    op.create_table(
        "brought_forward",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_brought_forward_account_id")),
        sa.PrimaryKeyConstraint("account_id", "exchange", "token", "product", "day", name=op.f("pk_brought_forward")),
        sqlite_strict=True,
    )
    op.create_table(
        "day_marks",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=True),
        sa.Column("booked", sa.Text(), nullable=True),
        sa.Column("open", sa.Text(), nullable=True),
        sa.Column("adjustment", sa.Text(), nullable=False),
        sa.Column("since_entry", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_day_marks_account_id")),
        sa.PrimaryKeyConstraint("account_id", "day", "exchange", "token", "product", name=op.f("pk_day_marks")),
        sqlite_strict=True,
    )
    _carry_over()


def _carry_over() -> None:
    """Each step that was told becomes a trade. A price that was never known follows from the averages around it."""
    steps = (
        op.get_bind()
        .exec_driver_sql(
            "SELECT f.account_id, f.broker_id, f.filled_after, date(f.at, '+330 minutes'), f.order_id,"
            " json_extract(o.draft, '$.instrument.exchange'), json_extract(o.draft, '$.instrument.token'),"
            " json_extract(o.draft, '$.instrument'), json_extract(o.draft, '$.product'), json_extract(o.draft, '$.side'),"
            " f.quantity, f.at, f.price, f.average"
            " FROM fills f JOIN orders o ON o.id = f.order_id ORDER BY f.account_id, f.broker_id, f.filled_after"
        )
        .all()
    )
    before: dict[tuple[str, str], Decimal] = {}
    for account, order, after, *told, quantity, at, known, average in steps:
        worth = Decimal(average) * after if average is not None else None
        earlier = before.get((account, order))
        price = known
        if known is None and worth is not None and (earlier is not None or after == quantity):
            price = str(round((worth - (earlier or 0)) / quantity, 4))
        if worth is not None:
            before[account, order] = worth
        op.get_bind().exec_driver_sql(
            "INSERT INTO trades (account_id, broker_id, step, trade_id, day, order_id, exchange, token, instrument, product,"
            " side, quantity, at, price, missing) VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (account, order, after, *told, quantity, at, price),
        )
