"""Option chains: a page of strikes around the money, whose prices come for as long as the page is young."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, CheckFailed, ChoiceWanted
from bot.domain.market.display_names import day_words
from bot.domain.market.instrument import Instrument, InstrumentKey, Right
from bot.domain.market.option_chain import ChainPage, ChainSide, ChainStrike, around, at_the_money
from bot.domain.people.account import Account, Actor
from bot.domain.ports.broker import BrokerConnections
from bot.domain.proposals.proposal import Quoted
from bot.trading.account.prices import Prices
from bot.trading.account.quotes import Quotes
from bot.trading.actor import account_of
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.instruments.finder import OptionChain
from bot.trading.ticks.tick_watcher import TickWatcher, Use

log = logging.getLogger(__name__)

YOUNG = 60.0  # seconds for which a page's contracts are watched
PATIENCE = 4.0  # seconds that mStock's own chain is waited for: two calls at one a second
OFFERED = 6  # expiries as buttons where the one that was said is none


@dataclass(slots=True, kw_only=True)
class OptionChains:
    """Prices and open interest from the feed's full packets, else from quotes. mStock's chain only where interest is missing."""

    connections: BrokerConnections
    quotes: Quotes
    catalogue: Catalogue
    prices: Prices
    watcher: TickWatcher
    in_auction: Callable[[Instrument, datetime], bool]  # whether that underlying is, at a moment (UTC)
    clock: Clock

    async def asked(self, actor: Actor, words: str) -> ChainPage | Quoted:
        """The page that the words name, or the price of the one contract that they name.

        ChoiceWanted for an expiry that there is not or a share without options, UnknownSymbol for a name that there is not.
        BrokerError where neither the feed nor a session can be asked.
        """
        account = account_of(actor)
        await self.catalogue.settled()
        chain = self.catalogue.chain(words, today=ist_date(self.clock.now()))
        if chain is None:
            named = await self.quotes.named(words, command="/chain")
            if not named.is_derivative:
                symbol = named.symbol
                raise ChoiceWanted(f"{symbol} has no options.", near=[(f"Price of {symbol}", f"/quote {symbol}")])
            return await self.quotes.quote(actor, words)
        if chain.expiry is None:
            near = [(day_words(day), f"/chain {chain.symbol} {day_words(day)}".lower()) for day in chain.expiries[:OFFERED]]
            raise ChoiceWanted(f"No options on {chain.symbol} end on that day, or that day is over.", near=near)
        return await self._page(account, chain)

    async def _page(self, account: Account, chain: OptionChain) -> ChainPage:
        if chain.expiry is None:
            raise CheckFailed([f"{chain.symbol} has no options."])
        strikes = {strike for strike, _ in chain.options}
        spot = await self.prices.of(account.id, chain.underlying.key) if chain.underlying is not None else None
        middle = at_the_money(strikes, spot.last) if spot is not None else None
        shown = around(strikes, middle if middle is not None else sorted(strikes)[len(strikes) // 2])
        rows = {(strike, right): chain.options.get((strike, right)) for strike in shown for right in Right}
        contracts = [each for each in rows.values() if each is not None]
        keys = [each.key for each in contracts]
        watching = self.watcher.watch(account.id, keys, Use.GLANCE)
        asyncio.get_running_loop().call_later(YOUNG, watching.end)
        prices = await self.prices.of_watched(account.id, keys)
        interest = self._interest(account.id, keys)
        listed = await self._listed(account.id, chain) if len(interest) < len(keys) else {}

        def side(contract: Instrument | None) -> ChainSide | None:
            if contract is None:
                return None
            known = interest.get(contract.key, listed.get(contract.token))
            return ChainSide(instrument=contract, price=prices.get(contract.key), interest=known)

        place = chain.expiries.index(chain.expiry)
        return ChainPage(
            account=account,
            symbol=chain.symbol,
            market=chain.market,
            expiry=chain.expiry,
            monthly=chain.monthly,
            before=chain.expiries[place - 1] if place else None,
            after=chain.expiries[place + 1] if place + 1 < len(chain.expiries) else None,
            spot=spot,
            auction=chain.underlying is not None and self.in_auction(chain.underlying, self.clock.now()),
            middle=middle,
            strikes=tuple(
                ChainStrike(strike=strike, call=side(rows[strike, Right.CE]), put=side(rows[strike, Right.PE]))
                for strike in shown
            ),
            as_of=self.clock.now(),
            by_chain=any(each.key not in interest and each.token in listed for each in contracts),
        )

    def _interest(self, account_id: str, keys: Collection[InstrumentKey]) -> dict[InstrumentKey, int]:
        """What the feed's packets say is open."""
        ticks = ((key, self.watcher.latest(account_id, key, within=YOUNG)) for key in keys)
        return {key: tick.open_interest for key, tick in ticks if tick is not None and tick.open_interest is not None}

    async def _listed(self, account_id: str, chain: OptionChain) -> Mapping[str, int]:
        """What mStock's own chain says is open, by token. Nothing where it does not answer in time."""
        if chain.expiry is None:
            return {}
        broker = self.connections.of(account_id).broker
        try:
            async with asyncio.timeout(PATIENCE):
                return await broker.open_interest(chain.market, chain.symbol, chain.expiry)
        except (BrokerError, TimeoutError) as error:
            log.info("account %s: no open interest of %s: %s", account_id, chain.symbol, type(error).__name__)
            return {}
