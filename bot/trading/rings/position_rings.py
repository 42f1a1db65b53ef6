"""Rings about open positions: no stop, an exit left over, the loss limit near, margin and price band nearly used.

They stand on readings that are made anyway: the loss guard's and the minute's point of the day's curve.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.exits.closing import is_guard
from bot.domain.market.instrument import InstrumentKey, InstrumentKind
from bot.domain.market.rules import MarketRules
from bot.domain.money import ZERO, total
from bot.domain.news.days.rings import BandNear, LossNear, MarginNear, MarginShort, NoStop, NoStopDelivery, OpenRow
from bot.domain.news.notice import Notice
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import Order
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Funds, PnL, Position, PositionLine
from bot.domain.terms import Product
from bot.runtime.background import BackgroundTasks
from bot.trading.safety.announce import tell_all
from bot.trading.safety.limits import made
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads

log = logging.getLogger(__name__)

BARE_FOR = 180.0  # seconds that a position may be open before its missing stop rings
SURE = 10.0  # seconds between two readings that agree before an exit counts as left over: a position book may lag
FUNDS_EVERY = 120.0  # seconds between two reads of the money
NEAR = Decimal("0.8")  # of the daily loss limit
WARN_AT = Decimal(60)  # percent of the price band, and of the margin; mStock closes at more (dated rows, broker_risk)
WATCHED = (Product.MIS, Product.NRML)  # delivery and margin funding need no stop, and sales of holdings close no row

Row = tuple[InstrumentKey, Product]


@dataclass(slots=True)
class _Seen:
    """What this process saw of an account. A restart begins anew, and the claims of the day keep it from ringing twice."""

    opened: dict[Row, float] = field(default_factory=dict)  # since when a row is open, in loop time
    partly: dict[Row, float] = field(default_factory=dict)  # since when a stop leaves a part of a row bare, the same
    closing: set[str] = field(default_factory=set)  # orders that stood against an open row
    asked: set[str] = field(default_factory=set)  # orders that are being looked at a second time
    funds_at: float | None = None
    is_short: bool | None = None  # the newest that was told is a shortfall; None: not known since the start


@dataclass(slots=True, kw_only=True)
class PositionRings:
    """Each ring once a day for its row, its order or its account."""

    store: Store
    reads: SharedReads
    reconcile: Reconcile
    rules: MarketRules
    background: BackgroundTasks
    clock: Clock
    _seen: dict[str, _Seen] = field(default_factory=dict)

    async def heard(self, account_id: str, result: PnL) -> None:
        """A reading of the account, made by somebody else. What cannot be read now is judged by the next one."""
        seen = self._seen.setdefault(account_id, _Seen())
        lines = [line for line in result.lines if line.position.quantity]
        if self.reconcile.seen_at(account_id) is not None:
            orders, loose = await self._orders(account_id)
            await self._stops(account_id, seen, [line.position for line in lines], orders)
            self._left_over(account_id, seen, [line.position for line in lines], loose)
        await self._loss(account_id, result)
        await self._bands(account_id, lines)
        moment = asyncio.get_running_loop().time()
        if seen.is_short is None:
            seen.is_short = await self.store.read(lambda db: self._shortfalls(db, account_id)[1])
        due = seen.funds_at is None or moment - seen.funds_at >= FUNDS_EVERY
        if (lines and due) or (seen.is_short and not lines):  # where all is closed no later reading may come
            seen.funds_at = moment
            try:
                await self._margin(account_id, seen, lines, (await self.reads.funds(account_id)).value)
            except BrokerError as error:
                log.info("account %s: its money could not be read: %s", account_id, type(error).__name__)

    async def _stops(self, account_id: str, seen: _Seen, positions: Sequence[Position], orders: Sequence[Order]) -> None:
        now = asyncio.get_running_loop().time()
        watched = [one for one in positions if _is_watched(one) or _is_bought_delivery(one)]
        covered = {
            _row(one): sum(order.pending for order in orders if is_guard(order) and _closes(order, [one])) for one in watched
        }
        seen.opened = {_row(one): seen.opened.get(_row(one), now) for one in watched}
        seen.partly = {
            _row(one): seen.partly.get(_row(one), now) for one in watched if 0 < covered[_row(one)] < abs(one.quantity)
        }
        bare = [
            one
            for one in watched
            if now - (seen.partly.get(_row(one), now) if covered[_row(one)] else seen.opened[_row(one)]) >= BARE_FOR
        ]

        def tell(db: Repositories) -> None:
            for kind, card, are_of_it in ((NoStop, "no stop", _is_watched), (NoStopDelivery, "no stop at", _is_bought_delivery)):
                rows = [one for one in bare if are_of_it(one) and self._claim(db, account_id, f"{card} {_name(one)}")]
                if rows:
                    self._add(db, account_id, kind(rows=tuple(_bare(one, covered[_row(one)]) for one in rows)))

        if bare:
            await self.store.transaction(tell)

    def _left_over(self, account_id: str, seen: _Seen, positions: Sequence[Position], orders: Sequence[Order]) -> None:
        seen.closing |= {order.id for order in orders if _closes(order, positions)}
        seen.closing &= {order.id for order in orders}
        for order in orders:
            if order.id not in seen.asked and self._is_left_over(seen, order, positions):
                seen.asked.add(order.id)
                self.background.start(self._make_sure(account_id, seen, order), f"whether {order.id} is left over")

    def _is_left_over(self, seen: _Seen, order: Order, positions: Sequence[Position]) -> bool:
        was_exit = order.closes is True or order.id in seen.closing
        return order.draft.product in WATCHED and was_exit and not _closes(order, positions)

    async def _make_sure(self, account_id: str, seen: _Seen, order: Order) -> None:
        """Reads the book a second time, later, and rings where it says the same."""
        try:
            await asyncio.sleep(SURE)
            book = await self.reads.positions(account_id)
            _, loose = await self._orders(account_id)
        except (BrokerError, StorageAway):
            seen.asked.discard(order.id)
            return
        now = next((one for one in loose if one.id == order.id), None)
        if now is None or not self._is_left_over(seen, now, book.value):
            seen.asked.discard(order.id)
            return

        def tell(db: Repositories) -> None:
            if self._claim(db, account_id, f"left over {now.id}"):
                self._add(db, account_id, ExitAsks(order=now, why=ExitTrouble.LEFT_OVER), order_id=now.id)

        await self.store.transaction(tell)

    async def _loss(self, account_id: str, result: PnL) -> None:
        today = ist_date(self.clock.now())

        def tell(db: Repositories) -> None:
            limit = db.limits.on(account_id, today).daily_loss
            if limit is None or not -limit < made(result) <= -limit * NEAR or db.limits.day_lock(account_id, today) is not None:
                return
            if self._claim(db, account_id, "loss near"):
                news = LossNear(at=self.clock.now(), result=made(result), limit=limit, charges=result.charges)
                self._add(db, account_id, news)

        if made(result) < ZERO:
            await self.store.transaction(tell)

    async def _bands(self, account_id: str, lines: Sequence[PositionLine]) -> None:
        today = ist_date(self.clock.now())
        risk = self.rules.broker_risk(today)
        if risk is None:
            return
        near = []
        for line in lines:
            position, price = line.position, line.price
            band = self.rules.price_band(position.instrument, today)
            is_share = position.product is Product.MIS and position.instrument.kind is InstrumentKind.EQUITY
            if not is_share or band is None or price is None or not price.previous_close:
                continue
            moved = (price.last - price.previous_close) * 100 / price.previous_close
            if moved * position.quantity < 0 and abs(moved) * 100 >= WARN_AT * band.percent:
                row = OpenRow.of(position)
                near.append(BandNear(row=row, last=price.last, moved=moved, band=band.percent, closed_at=risk.band_used))

        def tell(db: Repositories) -> None:
            for news in near:
                if self._claim(db, account_id, f"band near {' '.join(map(str, news.row.instrument.key))}"):
                    self._add(db, account_id, news)

        if near:
            await self.store.transaction(tell)

    def _shortfalls(self, db: Repositories, account_id: str) -> tuple[int, bool]:
        """How many shortfalls were told today, and whether the last one's end was not."""
        today, told = ist_date(self.clock.now()), 0
        while db.flags.card_told(_short(told + 1), account_id, today):
            told += 1
        return told, told > 0 and not db.flags.card_told(f"margin enough {told}", account_id, today)

    async def _margin(self, account_id: str, seen: _Seen, lines: Sequence[PositionLine], funds: Funds) -> None:
        """Judges the account's margin as a whole: mStock names none for a row."""
        now = self.clock.now()
        risk = self.rules.broker_risk(ist_date(now))
        intraday = [line for line in lines if line.position.product is Product.MIS and line.price is not None]
        lost = -total(line.position.open_profit(line.price.last) for line in intraday if line.price is not None)
        news: list[tuple[str, Notice]] = []
        told, was_short = await self.store.read(lambda db: self._shortfalls(db, account_id))
        seen.is_short = funds.available < ZERO if funds.available is not None else was_short
        if funds.available is not None and seen.is_short is not was_short:
            card = f"margin enough {told}" if was_short else _short(told + 1)
            news.append((card, MarginShort(at=now, available=funds.available, over=was_short)))
        if risk is not None and funds.used is not None and funds.used > ZERO and lost * 100 >= WARN_AT * funds.used:
            news.append(("margin near", MarginNear(at=now, lost=lost, used=funds.used, closed_at=risk.margin_lost)))

        def tell(db: Repositories) -> None:
            for card, notice in news:
                if self._claim(db, account_id, card):
                    self._add(db, account_id, notice)

        if news:
            await self.store.transaction(tell)

    async def _orders(self, account_id: str) -> tuple[list[Order], list[Order]]:
        """What works and nobody has asked to cancel, and of it what no plan looks after."""

        def read(db: Repositories) -> tuple[list[Order], list[Order]]:
            planned = {leg.order_id for plan in db.plans.alive() for leg in plan.legs}
            working = [one for one in db.orders.unsettled(account_id) if one.status.is_working and one.cancelled_by is None]
            return working, [one for one in working if one.id not in planned]

        return await self.store.transaction(read)

    def _claim(self, db: Repositories, account_id: str, card: str) -> bool:
        now = self.clock.now()
        return db.flags.claim_card(card, account_id, ist_date(now), now)

    def _add(self, db: Repositories, account_id: str, news: Notice, order_id: str | None = None) -> None:
        tell_all(db, account_id, news, self.clock.now(), order_id=order_id)


def _short(number: int) -> str:
    return f"margin short {number}"


def _name(position: Position) -> str:
    return " ".join(map(str, position.instrument.key))


def _is_watched(position: Position) -> bool:
    return position.product in WATCHED


def _is_bought_delivery(position: Position) -> bool:
    return position.product is Product.CNC and position.quantity > 0


def _row(position: Position) -> Row:
    return position.instrument.key, position.product


def _closes(order: Order, positions: Sequence[Position]) -> bool:
    """Whether an order makes one of these positions smaller."""
    draft = order.draft
    return any(_row(one) == (draft.instrument.key, draft.product) and one.quantity * draft.side.sign < 0 for one in positions)


def _bare(position: Position, covered: int) -> OpenRow:
    """What no stop covers of a position."""
    row = OpenRow.of(position)
    if not covered:
        return row
    return replace(row, quantity=row.quantity - covered if row.quantity > 0 else row.quantity + covered, held=row.quantity)
