"""The ledger takes in every fill that the broker's books show, once each, in whatever order and how often they are read."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.orders.order import OrderFact, TradeFact
from bot.domain.pnl.trades import LedgerTrade, distinct, filled_by, of_order, rest_price
from bot.domain.ports.repositories import Repositories

Seen = tuple[OrderFact | None, tuple[TradeFact, ...], bool]  # an order's row, its trades, whether its instrument is listed


class Ledger:
    """Writes the fills of the whole account, orders from elsewhere included. The same books again change nothing."""

    def __init__(
        self,
        *,
        instrument: Callable[[InstrumentKey], Instrument | None],
        unlisted: Callable[[InstrumentKey, str], Instrument],
    ) -> None:
        self._instrument = instrument
        self._unlisted = unlisted
        self._seen: dict[str, Mapping[str, Seen]] = {}  # account -> what each order's fills were last stored from

    def record(
        self, db: Repositories, account_id: str, facts: Sequence[OrderFact], trades: Sequence[TradeFact], now: datetime
    ) -> Mapping[str, Seen]:
        """Stores what the books of one reading add. Hand the answer to `recorded` once the transaction is committed. now: UTC.

        An order whose rows are those of the last reading is not looked at again.
        """
        rows: defaultdict[str, list[TradeFact]] = defaultdict(list)
        for trade in trades:
            rows[trade.broker_id].append(trade)
        orders = {fact.broker_id: fact for fact in facts}
        before = self._seen.get(account_id, {})
        seen: dict[str, Seen] = {}
        for broker_id in {**orders, **rows}:
            fact = orders.get(broker_id)
            if not rows[broker_id] and not (fact and fact.filled):
                continue
            key = fact.key if fact is not None else rows[broker_id][0].key
            now_seen = (fact, tuple(rows[broker_id]), self._instrument(key) is not None)
            if before.get(broker_id) != now_seen:
                self._store(db, account_id, fact, rows[broker_id], now)
            seen[broker_id] = now_seen
        return seen

    def recorded(self, account_id: str, seen: Mapping[str, Seen]) -> None:
        """The transaction of that reading is committed."""
        self._seen[account_id] = seen

    def _store(self, db: Repositories, account_id: str, fact: OrderFact | None, rows: Sequence[TradeFact], now: datetime) -> None:
        told = fact or rows[0]
        order = db.orders.by_broker_id(account_id, told.broker_id)
        order_id = order.id if order is not None else None
        if order is not None:
            instrument = order.draft.instrument
        else:
            symbol = fact.symbol if fact is not None else told.key.token
            instrument = self._instrument(told.key) or self._unlisted(told.key, symbol)
        stored = db.ledger.of_order(account_id, told.broker_id)
        once = distinct(rows, fact.filled if fact is not None else 0)
        since = stored[0].at if stored else (fact.at if fact is not None else None) or now  # of rows that tell no time
        found = of_order(account_id, once, instrument=instrument, order_id=order_id, now=since)
        kept = [trade for trade in stored if not trade.missing]
        if filled_by(found) < filled_by(kept):  # the book is shorter than it was
            found = [replace(trade, instrument=instrument, order_id=order_id) for trade in kept]
        rest = _rest(account_id, fact, found, instrument=instrument, order_id=order_id, now=now) if fact is not None else None
        found += [rest] if rest is not None else []
        if found != list(stored) and filled_by(found) >= filled_by(stored):  # else this row is older than one read before
            db.ledger.replace(account_id, told.broker_id, found)


def _rest(
    account_id: str,
    fact: OrderFact,
    found: Sequence[LedgerTrade],
    *,
    instrument: Instrument,
    order_id: str | None,
    now: datetime,
) -> LedgerTrade | None:
    """What the order book says is filled beyond the order's rows in the trade book."""
    rest = fact.filled - filled_by(found)
    if rest <= 0:
        return None
    at = fact.at or now
    return LedgerTrade(
        account_id=account_id,
        day=ist_date(at),
        broker_id=fact.broker_id,
        step=fact.filled,
        trade_id="",
        order_id=order_id,
        instrument=instrument,
        product=fact.product,
        side=fact.side,
        quantity=rest,
        price=rest_price(found, fact.filled, fact.average),
        at=at,
        missing=True,
    )
