"""The closing auction of shares with futures and options: when it takes no orders, and the worst price that it takes."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Instrument, InstrumentKind
from bot.domain.market.sessions import Phase, PhaseKind, SessionClass
from bot.domain.money import ZERO, tick_down, tick_up
from bot.domain.orders.research import Candle, Interval
from bot.domain.ports.broker import BrokerConnections
from bot.domain.terms import Side
from bot.domain.value import value

log = logging.getLogger(__name__)

PATIENCE = 3.0  # seconds that the candles of the reference price are waited for
REFERENCE = timedelta(minutes=15)  # of trading before it, whose mean is the auction's reference price
INSET = Decimal("0.1")  # percent inside the band's edge, since the reference is worked out and not told
GATHERS = (PhaseKind.AUCTION, PhaseKind.AUCTION_LIMIT)


@value
class AuctionHours:
    """Where a share stands in its closing auction."""

    opens: datetime | None  # when orders are taken again; None: they are taken now
    last: datetime  # after this moment none is taken
    over: datetime  # when it has been matched, and what it left is cancelled


@value
class ClosingAuction:
    """Asks the dated hours. Where no calendar is kept there is no auction."""

    connections: BrokerConnections
    calendar: Calendar | None
    has_contracts: Callable[[Instrument], bool]
    clock: Clock

    def hours(self, instrument: Instrument) -> AuctionHours | None:
        """Its hours while orders of this share wait for the auction or gather in it. None at any other time."""
        now = self.clock.now()
        phases = self._phases(instrument, now)
        current = next((phase for phase in phases if phase.start <= now < phase.end), None)
        if current is None or current.kind not in (PhaseKind.REFERENCE, *GATHERS, PhaseKind.AUCTION_MATCH):
            return None
        gathers = [phase for phase in phases if phase.kind in GATHERS]
        over = max((phase.end for phase in phases if phase.kind is PhaseKind.AUCTION_MATCH), default=current.end)
        if not gathers:
            return None
        opens = gathers[0].start if current.kind is PhaseKind.REFERENCE else None
        return AuctionHours(opens=opens, last=gathers[-1].end, over=over)

    def takes_exits(self, instrument: Instrument) -> bool:
        """Whether an exit asked for now goes into the auction, at once or when it takes orders again."""
        hours = self.hours(instrument)
        return hours is not None and self.clock.now() < hours.last

    async def edge(self, account_id: str, instrument: Instrument, side: Side, last: Decimal | None) -> Decimal | None:
        """The worst price of the auction's band for this side, a little inside, rupees on the tick. None: no price is known.

        The exchange does not tell its reference. It is worked out from the candles of the minutes that make it, else the last
        price stands for it. last: rupees.
        """
        now = self.clock.now()
        band = self.calendar.band(instrument, now, in_auction=True) if self.calendar is not None else None
        reference = await self._reference(account_id, instrument, now) or last
        if band is None or reference is None:
            return None
        reach, tick = reference * (band.percent - INSET) / 100, instrument.tick
        return tick_down(reference + reach, tick) if side is Side.BUY else max(tick_up(reference - reach, tick), tick)

    async def _reference(self, account_id: str, instrument: Instrument, now: datetime) -> Decimal | None:
        pause = next((phase for phase in self._phases(instrument, now) if phase.kind is PhaseKind.REFERENCE), None)
        if pause is None or now < pause.start:
            return None
        broker = self.connections.of(account_id).broker
        try:
            async with asyncio.timeout(PATIENCE):
                candles = await broker.candles(instrument, Interval.MINUTE, pause.start - REFERENCE, pause.start)
        except (BrokerError, TimeoutError) as error:
            log.info("%s: no candles of the reference price: %s", instrument.name, type(error).__name__)
            return None
        return mean_price(candles)

    def _phases(self, instrument: Instrument, now: datetime) -> tuple[Phase, ...]:
        if self.calendar is None or instrument.kind is not InstrumentKind.EQUITY:
            return ()
        day, has_contracts = ist_date(now), self.has_contracts(instrument)
        if self.calendar.session_class(instrument, day, in_auction=has_contracts) is not SessionClass.CASH_AUCTION:
            return ()
        return tuple(self.calendar.phases(instrument, day, in_auction=has_contracts))


def mean_price(candles: Sequence[Candle]) -> Decimal | None:
    """The mean of these minutes by what was traded in each, rupees. By the minutes alone where no volume is known."""
    weights = [candle.volume for candle in candles]
    if not any(weights):
        weights = [1] * len(candles)
    middles = [(candle.high + candle.low + candle.close) / 3 for candle in candles]
    whole = sum(weights)
    return sum((price * weight for price, weight in zip(middles, weights, strict=True)), ZERO) / whole if whole else None
