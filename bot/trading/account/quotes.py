"""Instruments and prices for those who only look."""

from dataclasses import dataclass

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import NotFound, UnknownSymbol, UsageError
from bot.domain.market.display_names import label, short
from bot.domain.market.instrument import Instrument, InstrumentKind
from bot.domain.people.account import Actor
from bot.domain.proposals.proposal import Quoted
from bot.trading.account.prices import Prices
from bot.trading.actor import account_of
from bot.trading.instruments.catalogue import Catalogue

VIX = "INDIA VIX"
ALIKE = 4  # buttons where nothing is near enough to be meant


@dataclass(slots=True, kw_only=True)
class Quotes:
    """Quotes and search."""

    instruments: Catalogue
    prices: Prices
    clock: Clock

    async def quote(self, actor: Actor, words: str) -> Quoted:
        """One instrument's price, or near misses as whole commands when the words do not name exactly one."""
        account = account_of(actor)
        if not words.strip():
            raise UsageError("Quote of what?", example="/quote RELIANCE")
        instrument = await self.named(words, command="/quote")
        beside = self._beside(instrument)
        prices = await self.prices.of_all(account.id, [instrument.key, *(each.key for _, each in beside)])
        if (price := prices.get(instrument.key)) is None:
            raise NotFound(f"No price of {short(instrument)} is known now.")
        known = tuple((name, prices[each.key]) for name, each in beside if each.key in prices)
        return Quoted(instrument=instrument, price=price, as_of=self.clock.now(), beside=known)

    def _beside(self, instrument: Instrument) -> list[tuple[str, Instrument]]:
        """What is looked at beside an index: its near future, and the VIX."""
        if instrument.kind is not InstrumentKind.INDEX:
            return []
        today = ist_date(self.clock.now())
        future = self.instruments.find(f"{instrument.symbol} fut", today=today).instrument
        vix = self.instruments.find(VIX, today=today).instrument
        beside = [(f"FUT {future.expiry:%-d %b}", future)] if future is not None and future.expiry is not None else []
        return beside + ([("VIX", vix)] if vix is not None and vix.key != instrument.key else [])

    async def named(self, words: str, *, command: str) -> Instrument:
        """The one instrument that the words name, else UnknownSymbol: near misses become this command of each."""
        await self.instruments.settled()
        today = ist_date(self.clock.now())
        match = self.instruments.find(words, today=today)
        if match.instrument is None:
            alike = match.near or self.instruments.alike(words, limit=ALIKE, today=today)
            near = [(label(instrument, today=today), f"{command} {instrument.name}") for instrument in alike]
            raise UnknownSymbol(match.say, near=near)
        return match.instrument

    async def names(self, words: str) -> bool:
        """Whether words name exactly one instrument as they stand. False before the first master."""
        if self.instruments.day is None or not words.strip():
            return False
        return self.instruments.read(words, today=ist_date(self.clock.now())).instrument is not None

    async def search(self, words: str) -> tuple[Instrument, ...]:
        """At most eight instruments, what people mean first."""
        if not words.strip():
            raise UsageError("Search for what?", example="/search nifty 24500 ce")
        await self.instruments.settled()
        return self.instruments.search(words, limit=8, today=ist_date(self.clock.now()))
