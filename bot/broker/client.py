"""MStock: the broker port over REST, for one account.

It says what happened and decides nothing.
"""

import asyncio
import functools
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from bot.broker import routes
from bot.broker.authorised import AuthorisedCalls
from bot.broker.basket_client import BasketClient
from bot.broker.research_client import ResearchClient
from bot.broker.scrips.scrip_cache import ScripCache
from bot.broker.session import Login, LoginMemory, SessionKeeper
from bot.broker.transport import Transport
from bot.broker.wire import answers, bodies, research_rows, translate
from bot.broker.wire.bodies import StopSpelling
from bot.broker.wire.row_cache import Rows
from bot.broker.wire.translate import Find
from bot.domain.clock import Clock
from bot.domain.errors import Refused, SessionExpired, StopWordsRefused, Unclear, Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.prices import Quote
from bot.domain.orders.order import OrderDraft, OrderFact, TradeFact
from bot.domain.orders.research import Candle, Interval, OrderStep, PastTrade
from bot.domain.people.account import CodeKind, Credentials, LoginStep, Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import Leaving
from bot.domain.positions.portfolio import Funds, Holding, Margin, Position
from bot.domain.terms import Product

log = logging.getLogger(__name__)

QUOTES_AT_ONCE = 50  # tokens in one call, as live clients do daily (9.1)
_FUNDS_PAUSE = 1.0

Held = TypeVar("Held", Position, Holding)


class MStock:
    """Implements bot.domain.ports.broker.Broker."""

    def __init__(
        self,
        *,
        transport: Transport,
        keeper: SessionKeeper,
        scrip_cache: ScripCache,
        clock: Clock,
        key: Callable[[], Secret],
        find: Find,
        memory: LoginMemory | None = None,
        address: str | None = None,
    ) -> None:
        self._transport = transport
        self._keeper = keeper
        self._calls = AuthorisedCalls(transport, keeper, key, address)
        self._login = Login(transport, clock, memory or LoginMemory(), address=address)
        self._scrip_cache = scrip_cache
        self._clock = clock
        self._key = key
        self._find = find
        self._order_rows, self._trade_rows = Rows(translate.order_fact, translate.is_from_elsewhere), Rows(translate.trade_fact)
        self._position_rows = Rows(lambda row: translate.position(row, self._find))
        self._holding_rows = Rows(lambda row: translate.holding(row, self._find), spare=lambda _row: True)
        self.stop_spelling = StopSpelling.JOINED
        self.research = ResearchClient(self._calls, clock)
        self.baskets = BasketClient(self._calls, clock)

    # The session.

    async def begin_login(self, credentials: Credentials) -> LoginStep:
        """Step one. LoginRefused, Refused (API key, address), NotSent or Unreadable."""
        return await self._login.begin(credentials)

    async def finish_login(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        """Step two. The session is not adopted here: whoever logs in stores it first."""
        return await self._login.finish(credentials, step, code, kind)

    async def logout(self) -> None:
        """Ends the session at the broker. A session that is dead already is no error."""
        session = self._keeper.session
        if session is None:
            return
        try:
            answer = await self._transport.call(routes.LOGOUT, key=self._key(), token=session.token)
        except Unclear:
            raise Unreadable("mStock did not answer the logout. The session may still be open; it ends at midnight.") from None
        failure = answers.failure_of_read(answer, answers.envelope(answer.body))
        if failure is not None and not isinstance(failure, SessionExpired):
            raise failure
        self._keeper.found_dead(session)

    async def clock_skew(self) -> float | None:
        """Seconds that the broker's Date header is ahead of our clock. Exact to about a second."""
        return self._transport.skew

    @property
    def latency(self) -> float | None:
        """Seconds from a request to its answer, by the newest ones."""
        return self._transport.latency.seconds

    @property
    def clock_off(self) -> float | None:
        """The same by the two newest answers, the one that is less. None unless both are at most a minute old."""
        return self._transport.clock_off

    @property
    def exits_at_once(self) -> int:
        """How many urgent orders would leave at this moment, with nobody before them."""
        return self._transport.exits_at_once

    # Acts: one request each, never repeated.

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        """The broker's order id. Urgent (an exit) goes before others that wait for their turn. leaving: as the port has it."""
        body = bodies.place_body(draft, tag, self.stop_spelling)
        try:
            data = await self._calls.act(routes.PLACE, body, "order", urgent=urgent, leaving=leaving)
        except StopWordsRefused as refused:
            if draft.trigger is None:  # some other quarrel about the kind of order
                raise Refused(refused.say, code=refused.code, words=refused.words) from None
            raise
        broker_id = translate.placed_id(data)
        if not broker_id:
            raise Unclear("mStock took the order but gave no order number. Looking for it.")
        return broker_id

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        """Replaces the terms of a working order. draft.quantity is the total."""
        body = bodies.modify_body(broker_id, draft, self.stop_spelling)
        await self._calls.act(routes.MODIFY, body, answers.CHANGE, urgent=urgent, orderid=broker_id)

    async def cancel(self, broker_id: str) -> None:
        """Asks for a cancel. Goes before others that wait for their turn."""
        await self._calls.act(routes.CANCEL, bodies.cancel_body(broker_id), answers.CANCEL, urgent=True, orderid=broker_id)

    async def cancel_all(self) -> None:
        """Asks for a cancel of everything. It tells no count, so the book must be read (5.5). Prefer cancelling one by one."""
        await self._calls.act(routes.CANCEL_ALL, None, "cancel of all orders", urgent=True)

    async def convert(self, position: Position, to: Product, quantity: int) -> None:
        """Carries shares or units of a position over to another product (7.2). An act: sent once."""
        await self._calls.act(routes.CONVERT, bodies.convert_body(position, to, quantity), "conversion")

    def use_other_stop_words(self) -> StopSpelling:
        """Spells this account's stop orders the other way from now on. Returns the spelling, to be remembered."""
        other = StopSpelling.SPLIT if self.stop_spelling is StopSpelling.JOINED else StopSpelling.JOINED
        self.stop_spelling = other
        return other

    def spell_stops(self, words: str) -> None:
        """Takes up a spelling that was settled earlier. An unknown name changes nothing."""
        if words in set(StopSpelling):
            self.stop_spelling = StopSpelling(words)

    # The books: read, and read again where that may help.

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        """The order book of the day, oldest first (the wire has it newest first)."""
        rows = await self._calls.read_book(routes.ORDERS, "order book", urgent=urgent)
        return self._order_rows.facts(rows)[::-1]

    async def trades(self, *, urgent: bool = False) -> Sequence[TradeFact]:
        """The trade book of the day, in the broker's order."""
        rows = await self._calls.read_book(routes.TRADES, "trade book", urgent=urgent)
        return self._trade_rows.facts(rows)

    async def order_steps(self, broker_id: str, *, derivative: bool) -> list[OrderStep]:
        """The life of one order, in the broker's order. The one place that always carries the tag (5.9)."""
        body = {"order_no": broker_id, "segment": "D" if derivative else "E"}
        return research_rows.order_steps(await self._calls.read(routes.ORDER_DETAILS, body))

    async def past_trades(self, first: date, last: date) -> list[PastTrade]:
        """Fills of earlier days. Empty is an answer here (6.2)."""
        body = {"fromdate": first.isoformat(), "todate": last.isoformat()}
        return research_rows.past_trades(await self._calls.read(routes.TRADE_HISTORY, body))

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        """The position book, flat rows included."""
        rows = await self._calls.read_book(routes.POSITIONS, "position book", urgent=urgent)
        return [self._as_listed(position) for position in self._position_rows.facts(rows)]

    async def holdings(self) -> Sequence[Holding]:
        """Shares in the demat account."""
        rows = await self._calls.read_book(routes.HOLDINGS, "holdings")
        return [self._as_listed(holding) for holding in self._holding_rows.facts(rows)]

    @property
    def holdings_left_out(self) -> int:
        """How many rows of the newest holdings could not be read."""
        return self._holding_rows.left_out

    def _as_listed(self, held: Held) -> Held:
        """Gives it the instrument as the master of this moment has it: the row may have been read before that master came."""
        instrument = self._find(held.instrument.key)
        return held if instrument is None else replace(held, instrument=instrument)

    async def funds(self) -> Funds:
        """Money for trading. An empty answer, which happens, is asked for once more."""
        data = await self._calls.read(routes.FUNDS)
        if not data:
            await asyncio.sleep(_FUNDS_PAUSE)
            data = await self._calls.read(routes.FUNDS)
        return translate.funds(data, self._clock.now())

    async def margin(self, draft: OrderDraft) -> Margin:
        """What one order alone would block."""
        return translate.margin(await self._calls.read(routes.MARGIN, bodies.margin_body([draft])))

    async def margin_of_all(self, drafts: Sequence[OrderDraft]) -> Margin:
        """What several orders would block together."""
        return translate.margin(await self._calls.read(routes.MARGIN, bodies.margin_body(drafts)))

    async def margin_by_basket(self, drafts: Sequence[OrderDraft]) -> Margin:
        """What several orders would block together by the route that may see a hedge among them."""
        return await self.baskets.margin(drafts)

    async def open_interest(self, market: Exchange, symbol: str, expiry: date) -> Mapping[str, int]:
        """Open interest in units by token. Empty where no such chain is listed."""
        return await self.research.open_interest(market, symbol, expiry)

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        """Prices without a time, asked for in batches. What the broker did not answer is absent."""
        wanted = list(dict.fromkeys(keys))
        parts = [wanted[at : at + QUOTES_AT_ONCE] for at in range(0, len(wanted), QUOTES_AT_ONCE)]
        quotes: dict[InstrumentKey, Quote] = {}
        for batch in await asyncio.gather(*(self._quotes(part) for part in parts)):
            quotes |= batch
        return quotes

    async def _quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        return translate.quotes(await self._calls.read(routes.QUOTE, bodies.quote_body(keys)), keys)

    async def candles(self, instrument: Instrument, interval: Interval, start: datetime, end: datetime) -> list[Candle]:
        """Candles that began in [start, end), oldest first."""
        return await self.research.candles(instrument, interval, start, end)

    async def scrip_master(self) -> Sequence[Instrument]:
        """Every instrument of the day. A sequence that makes its instruments when they are asked for."""
        return await self._scrip_cache.fetch(functools.partial(self._calls.download, routes.SCRIP_MASTER))
