"""The exchange's day: what the timetable does by itself on a trading day, from the pre-open to midnight."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from bot.simulators.broker.accounts.records import CANCELLED, EXPIRED, Order, stamp
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.requests import STOPS
from bot.simulators.broker.market.hours import SQUARE_OFF, at_ist, is_trading_day, ist, next_midnight
from bot.simulators.broker.market.instruments import Instrument

LONGEST_SLEEP = 300.0  # seconds: a clock that was set, or a laptop that slept, is noticed by then
LOSS_LOOK = 10.0  # seconds between looks at the losses of intraday positions
LOSS_LIMIT = 75  # percent of the margin
NIGHT = time(23, 50)  # a market that never closes squares off here, while the day's books can still tell of it
LAST_RUNG = "bell"
log = logging.getLogger(__name__)


class MarketDay:
    """Brings about each event of the day once, also when the process was away at its minute."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker
        self._woken = asyncio.Event()
        broker.listeners.append(self._hear)
        if broker.ledger.meta(LAST_RUNG) is None:
            with broker.ledger.change():
                broker.ledger.set_meta(LAST_RUNG, stamp(broker.clock.now()))

    def _hear(self, client: str, kind: str, order: Order) -> None:
        """A fill may have opened a position whose losses are to be watched."""
        if kind == "trade":
            self._woken.set()

    def events(self, now: datetime) -> list[tuple[datetime, Callable[[], None]]]:
        """Today's events in order. A market that never closes has only midnight, which `roll` sees to, and the hour before it."""
        day = ist(now).date()
        if self._broker.settings.hours == "always":
            return [(at_ist(day, NIGHT), lambda: self._square_off("ED"))]
        if not is_trading_day(day):
            return []
        return [
            (at_ist(day, time(9, 10, 30)), self._pre_open_ends),
            (at_ist(day, SQUARE_OFF["E"]), lambda: self._square_off("E")),
            (at_ist(day, time(15, 15)), self._auction_begins),
            (at_ist(day, SQUARE_OFF["D"]), lambda: self._square_off("D")),
            (at_ist(day, time(15, 30, 30)), self._auction_ends),
            (at_ist(day, time(15, 35)), lambda: self._lapse(lambda i: not i.is_derivative)),
            (at_ist(day, time(15, 40)), lambda: self._lapse(lambda i: i.is_derivative)),
            (at_ist(day, time(16, 0)), lambda: self._lapse(lambda i: True)),
        ]

    def ring(self) -> None:
        """Brings the books to now."""
        broker = self._broker
        broker.roll()
        now = broker.clock.now()
        last = datetime.fromisoformat(broker.ledger.meta(LAST_RUNG) or stamp(now))
        self._watch_losses(now)
        for at, event in self.events(now):
            if last < at <= now:
                with broker.ledger.change():
                    event()
                    broker.ledger.set_meta(LAST_RUNG, stamp(at))

    async def run(self) -> None:
        while True:
            try:
                self.ring()
            except Exception:  # last resort: a day whose event failed once must still go on to the next
                log.exception("an event of the trading day could not be carried out")
            now = self._broker.clock.now()
            coming = [at for at, _ in self.events(now) if at > now] + [next_midnight(now)]
            wait = (min(coming) - now) / timedelta(seconds=1)
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait + 0.01, self._longest_sleep())):
                    await self._woken.wait()

    def _longest_sleep(self) -> float:
        """Shorter while somebody has an intraday position that could run into losses."""
        broker = self._broker
        at_risk = broker.settings.hours == "real" and any(
            position.product == "INTRADAY" and position.net
            for account in broker.ledger.accounts.values()
            for position in broker.portfolio.positions(account.client, account.day)
        )
        return LOSS_LOOK if at_risk else LONGEST_SLEEP

    def _watch_losses(self, now: datetime) -> None:
        """Positions that have lost three quarters of their margin are closed by the broker (market-rules.md 4.8)."""
        if self._broker.settings.hours == "always":
            return
        for account in self._broker.ledger.accounts.values():
            if self._broker.portfolio.loss_share(account, "INTRADAY", now) >= LOSS_LIMIT:
                self._broker.square_off(account)

    def _working(self) -> list[tuple[Order, Instrument]]:
        ledger = self._broker.ledger
        accounts = ledger.accounts.values()
        orders = [o for a in accounts for o in ledger.working_of(a.client, a.day)]
        return [(order, self._broker.find(order.key)) for order in orders]

    def _square_off(self, segment: str) -> None:
        for account in self._broker.ledger.accounts.values():
            self._broker.square_off(account, segment)

    def _pre_open_ends(self) -> None:
        """What gathered trades at the day's first price. Limits beyond it go on into the day."""
        opening = self._broker.timetable.opening(ist(self._broker.clock.now()).date())
        for order, instrument in self._working():
            takes_part = instrument.is_front or not instrument.is_derivative
            if takes_part and order.exchange_id != "0" and order.placed_at < stamp(opening.astimezone(UTC)):
                price = self._broker.market.price(instrument, opening)
                self._broker.matcher.fill_in_auction(order, price, by="pre-open", rest_stays=True)

    def _auction_begins(self) -> None:
        """Stops, revealed quantities and prices out of the auction's band are cancelled. Plain limits stay (4.3).

        The shares' futures trade on in a band of their own: what lies beyond it is cancelled too (NSE FAOP74467).
        """
        now = self._broker.clock.now()
        for order, instrument in self._working():
            trades_on = instrument.kind == "FUTSTK"
            if not trades_on and not self._broker.timetable.has_auction(instrument, ist(now).date()):
                continue
            low, high = self._broker.market.band(instrument, max(now, at_ist(ist(now).date(), time(15, 15))))
            out_of_band = order.price and not low <= order.price <= high
            if out_of_band or (not trades_on and (order.kind in STOPS or order.disclosed)):
                self._broker.book.end(order, CANCELLED, "CANCELLED BY EXCHANGE: CLOSING AUCTION SESSION")

    def _auction_ends(self) -> None:
        """Everything that gathered trades at one price. What is left is cancelled."""
        day = ist(self._broker.clock.now()).date()
        for order, instrument in self._working():
            if self._broker.timetable.has_auction(instrument, day) and order.exchange_id != "0":
                price = self._broker.market.auction_price(instrument, day)
                self._broker.matcher.fill_in_auction(order, price, by="auction", rest_stays=False)

    def _lapse(self, which: Callable[[Instrument], bool]) -> None:
        for order, instrument in self._working():
            if which(instrument):
                self._broker.book.end(order, EXPIRED)
