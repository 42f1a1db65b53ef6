"""Books that show less than the truth: late, shrunken, shuffled, with rows missing (F17)."""

from __future__ import annotations

from datetime import timedelta

from bot.simulators.broker.accounts.records import CANCELLED, EXPIRED, FINAL, MODIFIED, PENDING, TRANSIT, moment
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.faults.armed import ActiveFault
from bot.simulators.broker.rest.order_routes import Route
from bot.simulators.broker.rows import Row, order_row


def show(broker: PaperBroker, route: Route, payload: object, armed: ActiveFault, client: str) -> object:
    """The payload of a book as an armed fault lets it be seen. An empty book is null."""
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), list):
        return payload
    rows: list[Row] = payload["data"]
    name = armed.fault.name
    if name == "book_empty":
        rows = []
    elif name in ("book_late", "trades_late"):
        since = broker.clock.now() - timedelta(seconds=armed.seconds())
        young = {t.number for t in broker.ledger.trades_of(client) if moment(t.at) > since}
        young |= {o.id for o in broker.ledger.orders.values() if moment(o.placed_at) > since}
        which = "TRADE_NUMBER" if name == "trades_late" else "orderid"
        rows = [row for row in rows if row[which] not in young]
    elif name == "changes_late":
        since = broker.clock.now() - timedelta(seconds=armed.seconds())
        rows = [_as_it_was(broker, row, since.isoformat(), client) for row in rows]
    elif name == "book_shrinks":
        rows = rows[len(rows) - armed.whole("rows") :] if armed.whole("rows") < len(rows) else rows
    elif name == "rows_dropped":
        rows = [row for row in rows if broker.rng.randrange(100) >= armed.whole("percent")]
    elif name == "rows_shuffled":
        rows = broker.rng.sample(rows, len(rows))
    elif name == "tags_missing":
        rows = [{k: v for k, v in row.items() if k != "ordertag"} for row in rows]
    return {**payload, "data": rows or None}


def _as_it_was(broker: PaperBroker, row: Row, since: str, client: str) -> Row:
    """An order's row as it stood at a moment: its status and fills of then."""
    order = broker.ledger.orders[str(row["orderid"])]
    past = [step for step in order.steps if step[1] <= since]
    then = order.as_of(past[-1] if past else [TRANSIT, *order.steps[0][1:]])
    status = then.status
    trades = [t for t in broker.ledger.trades_of(client) if t.order == order.id and t.at <= since]
    then.filled, then.value = sum(t.quantity for t in trades), sum(t.quantity * t.price for t in trades)
    if status not in FINAL:
        then.cancelled = 0
        then.text = "CONFIRMED" if status in (PENDING, MODIFIED) else ""
    then.cancelled = order.cancelled if status in (CANCELLED, EXPIRED) else 0
    return order_row(then, broker.find(order.key), broker.manners(client))
