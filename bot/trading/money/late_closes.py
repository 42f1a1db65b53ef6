"""The prices that a day ended at, as far as the broker says them on a later one: quotes of the next session, else candles."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from bot.domain.clock import Clock, at_ist, ist, ist_date
from bot.domain.errors import Refused, Unreadable
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.orders.research import Interval
from bot.domain.pnl.expiry import worth_at_end
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews

log = logging.getLogger(__name__)

PRE_OPEN = time(9, 0)  # IST; from then until the bell nobody can tell of which day a quote and its previous close are
DAY = timedelta(days=1)

Closes = Mapping[InstrumentKey, Decimal]
BY_QUOTES, BY_CANDLES = "closes as mStock gave them later", "closes of mStock's daily candles"


@value
class LateCloses:
    """Asks the broker. Keeps nothing."""

    views: AccountViews
    day_before: Callable[[date], date]  # the trading day before a date in India
    is_trading: Callable[[date], bool]
    has_begun: Callable[[datetime], bool]  # whether there has been trading on the date in India of a moment (UTC)
    clock: Clock

    async def of(self, account_id: str, day: date, instruments: Sequence[Instrument]) -> tuple[Closes, str]:
        """Rupees by instrument, those that nobody says absent, and what they were taken from. day: in India, today or earlier.

        A contract that ended on that day is worth what its underlying's close makes of it. BrokerError passes through.
        """
        if not instruments:
            return {}, ""
        ended = {each.key: self.views.events.underlying(each) for each in instruments if each.expiry == day}
        spots = {key: spot for key, spot in ended.items() if spot is not None}
        wanted = {each.key: each for each in (*(each for each in instruments if each.key not in ended), *spots.values())}
        today = ist_date(self.clock.now())
        if day in (self.day_before(today), today) and not self._is_pre_open():
            found, words = await self._by_quotes(account_id, day, wanted), BY_QUOTES
        else:
            found, words = await self._by_candles(account_id, day, wanted.values()), BY_CANDLES
        closes = {each.key: found[each.key] for each in instruments if each.key in found and each.key not in ended}
        for each in instruments:
            if (spot := spots.get(each.key)) is not None and (close := found.get(spot.key)) is not None:
                closes[each.key] = worth_at_end(each, close)
        return closes, words

    def _is_pre_open(self) -> bool:
        now = self.clock.now()
        return self.is_trading(ist_date(now)) and not self.has_begun(now) and ist(now).time() >= PRE_OPEN

    async def _by_quotes(self, account_id: str, day: date, keys: Collection[InstrumentKey]) -> Closes:
        """Closes of the session before the one that a quote is of, or of that one itself while no other has begun."""
        now = self.clock.now()
        prices = await self.views.prices.of_all(account_id, keys)
        by_previous_close = self.has_begun(now) and day == self.day_before(ist_date(now))
        found = {key: price.previous_close if by_previous_close else price.last for key, price in prices.items()}
        return {key: close for key, close in found.items() if close is not None}

    async def _by_candles(self, account_id: str, day: date, instruments: Iterable[Instrument]) -> Closes:
        """Closes of a day further back. What the candle route does not know, a contract that has ended since, is absent."""
        broker, found = self.views.connections.of(account_id).broker, {}
        for each in instruments:
            try:
                candles = await broker.candles(each, Interval.DAY, at_ist(day, 0), at_ist(day + DAY, 0))
            except (Refused, Unreadable) as error:
                log.info("account %s: no candle of %s on %s: %s", account_id, each.name, day, type(error).__name__)
                continue
            of_the_day = [candle.close for candle in candles if ist_date(candle.start) == day and candle.close > 0]
            if of_the_day:
                found[each.key] = of_the_day[-1]
        return found
