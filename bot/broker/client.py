"""MStock: the broker port over REST, for one account; it says what happened and decides nothing."""

import asyncio
import functools
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bot.broker import routes
from bot.broker.research_client import ResearchClient
from bot.broker.scrip_cache import ScripCache
from bot.broker.session import Login, LoginMemory, SessionKeeper
from bot.broker.transport import OpenSink, Transport
from bot.broker.wire import answers, bodies, models, translate
from bot.broker.wire.bodies import StopSpelling
from bot.broker.wire.row_cache import Rows
from bot.broker.wire.translate import Find
from bot.domain.clock import Clock
from bot.domain.errors import NotSent, Refused, SessionExpired, StopWordsRefused, Unclear, Unreadable
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Quote
from bot.domain.orders.order import OrderDraft, OrderFact, TradeFact
from bot.domain.orders.portfolio import Funds, Holding, Margin, Position
from bot.domain.people.account import CodeKind, Credentials, LoginStep, Session
from bot.domain.people.secret import Secret

log = logging.getLogger(__name__)

QUOTES_AT_ONCE = 50  # tokens in one call, as live clients do daily (9.1)
_FUNDS_PAUSE = 1.0


class MStock(ResearchClient):
    """Implements bot.domain.ports.broker.Broker."""

    def __init__(
        self,
        *,
        transport: Transport,
        keeper: SessionKeeper,
        shelf: ScripCache,
        clock: Clock,
        key: Callable[[], Secret],
        find: Find,
        memory: LoginMemory | None = None,
        address: str | None = None,
    ) -> None:
        self._transport = transport
        self._keeper = keeper
        self._address = address  # this host's own, as the broker sees it; None where that is not known
        self._login = Login(transport, clock, memory or LoginMemory(), address=address)
        self._shelf = shelf
        self._clock = clock
        self._key = key
        self._find = find
        self._order_rows, self._trade_rows = Rows(translate.order_fact, translate.is_from_elsewhere), Rows(translate.trade_fact)
        self.stop_spelling = StopSpelling.JOINED

    # The session.

    async def begin_login(self, credentials: Credentials) -> LoginStep:
        """Step one; LoginRefused, Refused (API key, address), NotSent or Unreadable."""
        return await self._login.begin(credentials)

    async def finish_login(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        """Step two; the session is not adopted here: whoever logs in stores it first."""
        return await self._login.finish(credentials, step, code, kind)

    async def logout(self) -> None:
        """Ends the session at the broker; a session that is dead already is no error."""
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
        """Seconds that the broker's Date header is ahead of our clock; exact to about a second."""
        return self._transport.skew

    @property
    def clock_off(self) -> float | None:
        """The same by the two newest answers, the one that is less; None unless both are at most a minute old."""
        return self._transport.clock_off

    # Acts: one request each, never repeated.

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False) -> str:
        """The broker's order id. Urgent (an exit) goes before others that wait for their turn."""
        body = bodies.place_body(draft, tag, self.stop_spelling)
        try:
            data = await self._act(routes.PLACE, body, "order", urgent=urgent)
        except StopWordsRefused as refused:
            if draft.trigger is None:  # some other quarrel about the kind of order
                raise Refused(refused.say, code=refused.code, words=refused.words) from None
            raise
        broker_id = translate.placed_id(data)
        if not broker_id:
            raise Unclear("mStock took the order but gave no order number. Looking for it.")
        return broker_id

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        """Replaces the terms of a working order; draft.quantity is the total."""
        body = bodies.modify_body(broker_id, draft, self.stop_spelling)
        await self._act(routes.MODIFY, body, answers.CHANGE, urgent=urgent, orderid=broker_id)

    async def cancel(self, broker_id: str) -> None:
        """Asks for a cancel; goes before others that wait for their turn."""
        await self._act(routes.CANCEL, bodies.cancel_body(broker_id), answers.CANCEL, urgent=True, orderid=broker_id)

    def use_other_stop_words(self) -> StopSpelling:
        """Spells this account's stop orders the other way from now on; the spelling, to be remembered."""
        other = StopSpelling.SPLIT if self.stop_spelling is StopSpelling.JOINED else StopSpelling.JOINED
        self.stop_spelling = other
        return other

    def spell_stops(self, words: str) -> None:
        """Takes up a spelling that was settled earlier; an unknown name changes nothing."""
        if words in set(StopSpelling):
            self.stop_spelling = StopSpelling(words)

    # The books: read, and read again where that may help.

    async def orders(self) -> Sequence[OrderFact]:
        """The order book of the day, oldest first (the wire has it newest first)."""
        told = models.rows(await self._read(routes.ORDERS), "order book")
        return self._order_rows.facts(told)[::-1]

    async def trades(self) -> Sequence[TradeFact]:
        """The trade book of the day, in the broker's order."""
        told = models.rows(await self._read(routes.TRADES), "trade book")
        return self._trade_rows.facts(told)

    async def positions(self) -> Sequence[Position]:
        """The position book, flat rows included."""
        told = models.rows(await self._read(routes.POSITIONS), "position book")
        return [position for row in told if (position := translate.position(row, self._find)) is not None]

    async def holdings(self) -> Sequence[Holding]:
        """Shares in the demat account."""
        told = models.rows(await self._read(routes.HOLDINGS), "holdings")
        return [translate.holding(row, self._find) for row in told]

    async def funds(self) -> Funds:
        """Money for trading; an empty answer, which happens, is asked for once more."""
        data = await self._read(routes.FUNDS)
        if not data:
            await asyncio.sleep(_FUNDS_PAUSE)
            data = await self._read(routes.FUNDS)
        return translate.funds(data, self._clock.now())

    async def margin(self, draft: OrderDraft) -> Margin:
        """What one order alone would block."""
        return translate.margin(await self._read(routes.MARGIN, bodies.margin_body([draft])))

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        """Prices without a time, asked for in batches; what the broker did not answer is absent."""
        wanted = list(dict.fromkeys(keys))
        parts = [wanted[at : at + QUOTES_AT_ONCE] for at in range(0, len(wanted), QUOTES_AT_ONCE)]
        found: dict[InstrumentKey, Quote] = {}
        for told in await asyncio.gather(*(self._quotes(part) for part in parts)):
            found |= told
        return found

    async def _quotes(self, keys: Sequence[InstrumentKey]) -> dict[InstrumentKey, Quote]:
        return translate.quotes(await self._read(routes.QUOTE, bodies.quote_body(keys)), keys)

    async def scrip_master(self) -> Sequence[Instrument]:
        """Every instrument of the day; a sequence that makes its instruments when they are asked for."""
        for again in (True, False):
            session = await self._keeper.living()
            try:
                return await self._shelf.fetch(functools.partial(self._download, session))
            except SessionExpired:
                self._keeper.found_dead(session)
                if not again:
                    raise
        raise AssertionError("the second attempt returns or raises")  # pragma: no cover

    async def _download(self, session: Session, into: OpenSink) -> answers.Answer:
        return await self._transport.call(routes.SCRIP_MASTER, key=self._key(), token=session.token, into=into)

    async def _read(self, route: routes.Route, body: Mapping[str, object] | None = None, **names: str) -> Any:
        session = await self._keeper.living()
        for again in (True, False):
            answer = await self._transport.call(route, key=self._key(), token=session.token, body=body, names=names)
            told = answers.envelope(answer.body)
            failure = answers.failure_of_read(answer, told)
            if told is not None and failure is None:
                return told.data
            if isinstance(failure, SessionExpired):
                self._keeper.found_dead(session)
                if again:
                    session = await self._keeper.living()
                    continue
            failure = failure or Unreadable("mStock answered with something that is not an answer.")
            raise answers.naming(failure, self._address)
        raise AssertionError("the second attempt returns or raises")  # pragma: no cover

    async def _act(
        self, route: routes.Route, body: Mapping[str, object] | None, act: str, *, urgent: bool = False, **names: str
    ) -> Any:
        try:
            session = await self._keeper.living()
        except SessionExpired as gone:
            raise NotSent(f"Nothing was sent. {gone.say}") from None
        answer = await self._transport.call(route, key=self._key(), token=session.token, body=body, urgent=urgent, names=names)
        if route is routes.CANCEL and answer.http in (200, 202, 204) and not answer.body.strip():
            return None  # an empty yes, seen on DELETE alone (5.4)
        told = answers.envelope(answer.body)
        if answers.session_is_gone(told):
            self._keeper.found_dead(session)
        failure = answers.failure_of_act(answer, told, act)
        if told is None or failure is not None:
            failure = failure or Unclear(f"mStock's answer to the {act} could not be read.")
            raise answers.naming(failure, self._address)
        return told.data
