"""The day of an account's positions, from its own fills, the broker's rows and the prices of now."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import StorageAway
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.orders.order import OrderDraft, TradeFact
from bot.domain.pnl.day import OwnRow, day_line
from bot.domain.pnl.fifo import Lot, carried_into, cost_of, lots_of, match, match_day, quantity_of
from bot.domain.pnl.trades import BroughtForward, LedgerTrade, RowKey, distinct, filled_by, of_order
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Holding, Position, PositionLine
from bot.domain.terms import Product, Side
from bot.domain.value import value


@value
class DayBook:
    """Values rows by the ledger. Where the broker carried something that the ledger has not, it is brought forward and kept."""

    store: Store
    clock: Clock
    day_before: Callable[[date], date]  # the trading day before a date in India
    has_begun: Callable[[datetime], bool]  # whether there has been trading on the date in India of a moment (UTC)

    async def lines(
        self,
        account_id: str,
        positions: Sequence[Position],
        *,
        prices: Mapping[InstrumentKey, Price],
        holdings: Sequence[Holding] = (),
        trades: Sequence[TradeFact] = (),
    ) -> tuple[PositionLine, ...]:
        """The day of each row, in the positions' order.

        prices: of every row that is open or was carried. trades: the trade book as just read, which may be ahead of the ledger.
        """
        today = ist_date(self.clock.now())

        rows, forwards = await self.store.read(lambda db: self._own(db, account_id, positions, trades, today))
        if forwards:

            def bring(db: Repositories) -> None:
                for forward in forwards:
                    db.ledger.bring(forward)

            with suppress(StorageAway):  # the figures stand without it, and the next look brings it again
                await self.store.transaction(bring)
        pairs = [(prices.get(position.instrument.key), own) for position, own in zip(positions, rows, strict=True)]
        if not self.has_begun(self.clock.now()):
            pairs = [(_of_the_day_before(price, own), own) for price, own in pairs]
        return tuple(
            day_line(position, price, own, _holding(position, holdings))
            for position, (price, own) in zip(positions, pairs, strict=True)
        )

    def _own(
        self, db: Repositories, account_id: str, positions: Sequence[Position], trades: Sequence[TradeFact], today: date
    ) -> tuple[tuple[OwnRow, ...], tuple[BroughtForward, ...]]:
        of_today = self._today(db, account_id, trades, positions, today)
        marks = db.ledger.marks(account_id, self.day_before(today)) if positions else {}
        rows, forwards = [], []
        for position in positions:
            row = (position.instrument.key, position.product)
            own = OwnRow(trades=tuple(of_today.get(row, ())), mark=marks.get(row))
            lots, forward = _begun(db, account_id, position, own, today)
            counted = db.ledger.marks_of_row(account_id, row) if position.is_sold_holding else {}
            rows.append(replace(own, lots=tuple(lots), counted=counted))
            if forward is not None:
                forwards.append(forward)
        return tuple(rows), tuple(forwards)

    def _today(
        self, db: Repositories, account_id: str, facts: Sequence[TradeFact], positions: Sequence[Position], today: date
    ) -> Mapping[RowKey, Sequence[LedgerTrade]]:
        """Today's fills by row: as stored, and an order's rows of the trade book where they are ahead of that."""
        of_orders: dict[str, list[LedgerTrade]] = {}
        for trade in db.ledger.between(account_id, today, today):
            of_orders.setdefault(trade.broker_id, []).append(trade)
        read: dict[str, list[TradeFact]] = {}
        for fact in facts:
            read.setdefault(fact.broker_id, []).append(fact)
        instruments = {position.instrument.key: position.instrument for position in positions}
        for broker_id, rows in read.items():
            stored = of_orders.get(broker_id, [])
            filled, shown = filled_by(stored), sum(row.quantity for row in rows)
            instrument = instruments.get(rows[0].key)
            if instrument is None or shown < filled or (shown == filled and not any(trade.missing for trade in stored)):
                continue
            found = of_order(account_id, distinct(rows, filled), instrument=instrument, order_id=None, now=self.clock.now())
            if filled_by(found) >= filled and all(trade.day == today for trade in found):
                of_orders[broker_id] = found
        rows_of: dict[RowKey, list[LedgerTrade]] = {}
        for fills in of_orders.values():
            for trade in fills:
                rows_of.setdefault(trade.row, []).append(trade)
        return rows_of


def _begun(
    db: Repositories, account_id: str, position: Position, own: OwnRow, today: date
) -> tuple[Sequence[Lot], BroughtForward | None]:
    """What a row began its day with, and what has to be brought forward for that."""
    row = (position.instrument.key, position.product)
    start = position.quantity - sum(trade.signed for trade in own.trades)
    if not start and not position.is_sold_holding:
        return (), None
    before = db.ledger.brought(account_id, row, today)
    begun = [Lot(before.quantity, before.price)] if before is not None and before.quantity else []
    since = before.day if before is not None else None
    lots = carried_into(today, db.ledger.of_row(account_id, row, since), begun, position.product)
    delivery = position.product is Product.CNC and not position.carried
    if delivery or quantity_of(lots) == start or start != position.carried:
        return lots, None
    forward = BroughtForward(
        account_id=account_id,
        day=today,
        key=position.instrument.key,
        product=position.product,
        quantity=position.carried,
        price=position.carried_average,
    )
    return [Lot(forward.quantity, forward.price)], forward


def lots_carried(db: Repositories, account_id: str, row: RowKey, quantity: int, today: date) -> Sequence[Lot] | None:
    """The lots of a row that were open when the day began, as far as our own fills make that quantity. None: they do not."""
    before = db.ledger.brought(account_id, row, today)
    begun = [Lot(before.quantity, before.price)] if before is not None and before.quantity else []
    since = before.day if before is not None else None
    lots = carried_into(today, db.ledger.of_row(account_id, row, since), begun, row[1])
    return lots if quantity_of(lots) == quantity else None


def paid_for(
    db: Repositories, account_id: str, draft: OrderDraft, today: date, *,
    positions: Sequence[Position], holdings: Sequence[Holding],
) -> Decimal | None:  # fmt: skip
    """Rupees for each share or unit of what a draft closes, the oldest first. None: our own fills do not make all of the row."""
    row = (draft.instrument.key, draft.product)
    position = next((each for each in positions if (each.instrument.key, each.product) == row), None)
    holding = next((each for each in holdings if each.instrument.key == draft.instrument.key), None)
    trades = [trade for trade in db.ledger.between(account_id, today, today) if trade.row == row]
    made = sum(trade.signed for trade in trades)
    held = position.quantity if position is not None else 0
    if held * draft.side.sign < 0:
        start = held - made
    elif draft.side is Side.SELL and draft.product is Product.CNC and holding is not None and held == made:
        start = holding.listed
    else:
        return None
    lots = lots_carried(db, account_id, row, start, today) if start else ()
    if lots is None:
        return None
    _, left = match_day(lots, lots_of(trades), draft.product)
    exits, _ = match(left, [Lot(draft.quantity * draft.side.sign, None)])
    closed = [each.lot._replace(quantity=each.quantity) for each in exits]
    cost = cost_of(closed)
    return cost / quantity_of(closed) if cost is not None and abs(quantity_of(closed)) == draft.quantity else None


def _of_the_day_before(price: Price | None, own: OwnRow) -> Price | None:
    """A price that is of the day before, with the close that a day without trading begins from: our own mark, else itself."""
    if price is None or own.trades:
        return price
    mark = own.mark.mark if own.mark is not None else None
    return replace(price, previous_close=mark if mark is not None else price.last)


def _holding(position: Position, holdings: Sequence[Holding]) -> Holding | None:
    return next((holding for holding in holdings if holding.instrument.key == position.instrument.key), None)
