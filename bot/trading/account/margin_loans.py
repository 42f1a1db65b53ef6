"""Shares on margin: which part of a purchase mStock lends, noted on its day, and what the loan costs on each day after it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from bot.domain.charges.day_bill import Borrowed
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError
from bot.domain.money import tick_up
from bot.domain.orders.order import OrderDraft
from bot.domain.pnl.borrowing import MarginRow, borrowings, part_lent
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Position, PositionLine
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value
from bot.trading.ledger.day_book import lots_carried


@value
class MarginLoans:
    """A card that asks about a purchase notes its part. A purchase that no card asked about is asked for at the day's end."""

    store: Store
    connections: BrokerConnections
    day_before: Callable[[date], date]  # the trading day before a date in India
    clock: Clock

    def nights(self, day: date) -> int:
        """How many nights lie between a trading day in India and the one before it."""
        return (day - self.day_before(day)).days

    async def of(self, account_id: str, positions: Sequence[Position]) -> Sequence[Borrowed]:
        """What today's bill is told of the account's shares on margin, by its positions of now."""
        held = [each for each in positions if each.product is Product.MTF and (each.quantity or each.carried)]
        if not held:  # as nearly always
            return ()
        today = ist_date(self.clock.now())

        def read(db: Repositories) -> Sequence[Borrowed]:
            rows = [
                MarginRow(
                    instrument=each.instrument,
                    lots=lots_carried(db, account_id, (each.instrument.key, each.product), each.carried, today),
                    began=each.carried,
                    ended=each.quantity,
                )
                for each in held
            ]
            return borrowings(rows, db.lent.of(account_id), self.nights(today))

        return await self.store.read(read)

    async def ask(self, account_id: str, lines: Iterable[PositionLine]) -> None:
        """Notes the part of what was bought on margin today, where no card has noted it. One that is refused stays not known."""
        today = ist_date(self.clock.now())
        known = await self.store.read(lambda db: db.lent.of(account_id))
        for line in lines:
            position, instrument = line.position, line.position.instrument
            is_new = position.product is Product.MTF and position.quantity > position.carried
            if not is_new or line.price is None or line.price.last <= 0 or (instrument.key, today) in known:
                continue
            draft = OrderDraft(
                instrument=instrument, side=Side.BUY, quantity=position.quantity, kind=OrderKind.LIMIT, product=Product.MTF,
                price=tick_up(line.price.last, instrument.tick),
            )  # fmt: skip
            try:
                required = (await self.connections.of(account_id).broker.margin(draft)).required
            except BrokerError:
                continue
            note = partial(note_lent, account_id=account_id, draft=draft, each=draft.price, required=required, day=today)
            await self.store.transaction(note)


def note_lent(
    db: Repositories, account_id: str, draft: OrderDraft, *, each: Decimal | None, required: Decimal | None, day: date
) -> None:
    """Notes which part of a purchase on margin is lent, by the rupees that the broker blocks for it at that price a share.

    Does nothing for any other order, and where one of them is not known. day: in India.
    """
    if draft.product is not Product.MTF or draft.side is not Side.BUY or each is None or required is None:
        return
    value = each * draft.quantity
    part = part_lent(value, max(value - required, Decimal(0)))
    if part is not None:
        db.lent.note(account_id, draft.instrument.key, day, part)
