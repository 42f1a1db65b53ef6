"""What the domain asks of the world outside: a broker, its feed, a messenger, randomness."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from enum import IntEnum
from typing import Protocol

from bot.domain.errors import NotLinked
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.prices import Quote, Tick
from bot.domain.news.delivery import Delivery
from bot.domain.orders.order import CardRef, Order, OrderDraft, OrderFact, TradeFact
from bot.domain.orders.research import Candle, Interval, OrderStep, PastTrade
from bot.domain.people.account import CodeKind, Credentials, LoginStep, Session
from bot.domain.positions.portfolio import Funds, Holding, Margin, Position
from bot.domain.proposals.ended_question import EndedQuestion
from bot.domain.terms import Product

RandomBytes = Callable[[int], bytes]  # n -> n random bytes; os.urandom in production, seeded in tests

Renewer = Callable[[str, Session | None], Awaitable[Session | None]]
# (account id, the session found dead) -> a living one, or None when a person has to log in.
# Looks twice under a lock, so that ten calls which find the session dead cause one login.

Leaving = Callable[[], Awaitable[None]]  # what is done between an order's turn to leave and its first byte


class Broker(Protocol):
    """One account at the broker, over REST. Acts are sent once. Reads may repeat (bot/broker/routes.py).

    Acts raise NotSent, Refused, TooFast or Unclear. Reads raise NotSent, Refused, SessionExpired, TooFast or Unreadable.
    An urgent read (a look for fills, an exit's) overtakes what waits, and may use what of the allowance is kept for such.
    """

    async def begin_login(self, credentials: Credentials) -> LoginStep:
        """Step one: client code and password. LoginRefused is never repeated by itself: the account locks."""
        ...

    async def finish_login(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        """Step two: the six digits. LoginRefused when they are wrong or late."""
        ...

    async def logout(self) -> None:
        """Ends the session at the broker."""
        ...

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        """Sends one POST, never repeated, and returns the broker's order id.

        tag: at most 19 characters. An urgent one (an exit, the stop that guards a fill) overtakes what waits, and may use the
        part of the order allowance that is kept for exits. No entry, slice, chase or trail may. leaving is awaited once the
        order's turn has come, before the first byte. What it raises is raised, and nothing was sent.
        """
        ...

    @property
    def exits_at_once(self) -> int:
        """How many urgent orders would leave at this moment, with nobody before them. Whoever asks later may find fewer."""
        ...

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        """Replaces the terms of a working order. draft.quantity is the total. Urgent as `place`."""
        ...

    async def cancel(self, broker_id: str) -> None:
        """Asks for a cancel, which is always urgent. "success" is not final, the book decides (mstock-type-b.md 5.4)."""
        ...

    async def convert(self, position: Position, to: Product, quantity: int) -> None:
        """Carries units of a position over to another product. "success" is not final, the position book decides."""
        ...

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        """The order book of the day, the whole account's, oldest first."""
        ...

    async def trades(self, *, urgent: bool = False) -> Sequence[TradeFact]:
        """The trade book of the day."""
        ...

    async def order_steps(self, broker_id: str, *, derivative: bool) -> Sequence[OrderStep]:
        """The life of one order, in the broker's order. Its tag is there also where the order book leaves it out."""
        ...

    async def past_trades(self, first: date, last: date) -> Sequence[PastTrade]:
        """Fills of earlier days, by the company's name alone (mstock-type-b.md 6.2)."""
        ...

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        """The position book, flat rows of the day included."""
        ...

    @property
    def holdings_left_out(self) -> int:
        """How many rows of the newest holdings could not be read. The others are told all the same."""
        ...

    async def holdings(self) -> Sequence[Holding]:
        """Shares in the demat account."""
        ...

    async def funds(self) -> Funds:
        """Money for trading."""
        ...

    async def margin(self, draft: OrderDraft) -> Margin:
        """What one order alone would block."""
        ...

    async def margin_of_all(self, drafts: Sequence[OrderDraft]) -> Margin:
        """What several orders would block together. At mStock it may not see a hedge among them."""
        ...

    async def margin_by_basket(self, drafts: Sequence[OrderDraft]) -> Margin:
        """The same by the broker's saved baskets, which may see a hedge. One is made for it and deleted. No order is sent."""
        ...

    async def open_interest(self, market: Exchange, symbol: str, expiry: date) -> Mapping[str, int]:
        """Open interest in units by token, of an underlying's contracts with that expiry. Its time is not known.

        Empty where the broker lists no such chain. About a second a call (mstock-type-b.md 11).
        """
        ...

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        """Prices without a time. Keys the broker did not answer are absent."""
        ...

    async def candles(self, instrument: Instrument, interval: Interval, start: datetime, end: datetime) -> Sequence[Candle]:
        """Candles that began in [start, end), oldest first. About a second for each thousand (mstock-type-b.md 9.2, 9.3)."""
        ...

    async def scrip_master(self) -> Sequence[Instrument]:
        """Every instrument of the day. About 150,000 rows at the real broker."""
        ...

    def use_other_stop_words(self) -> str:
        """Spells this account's stop orders the other way from now on and returns that spelling's name (mstock-type-b.md 5.1)."""
        ...

    def spell_stops(self, words: str) -> None:
        """Takes up a spelling that was settled earlier. An unknown name changes nothing."""
        ...

    async def clock_skew(self) -> float | None:
        """Seconds that the broker's Date header is ahead of our clock. None until an answer was seen."""
        ...

    @property
    def latency(self) -> float | None:
        """Seconds from a request to its answer, by the newest ones. None before the first."""
        ...

    @property
    def clock_off(self) -> float | None:
        """The same by the two newest answers, the one that is less. None unless both are at most a minute old."""
        ...


class FeedMode(IntEnum):
    """How much of a price the feed sends. The larger holds all of the smaller."""

    LTP = 1
    QUOTE = 2
    DEPTH = 3


class Feed(Protocol):
    """One account's socket. What is watched is state, replayed after each reconnect."""

    def watch(self, keys: Collection[InstrumentKey], mode: FeedMode = FeedMode.DEPTH) -> None:
        """Adds to what is watched. Returns at once."""
        ...

    def unwatch(self, keys: Collection[InstrumentKey]) -> None:
        """Takes away from what is watched. Returns at once."""
        ...

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        """The newest tick of an instrument, if one came since it is watched, and within so many seconds."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the socket is up and not silent beyond its time."""
        ...


class FeedListener(Protocol):
    """Where the feed reports to. Calls return at once and never raise."""

    def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
        """Something happened to an order: look, it does not say what. traded False: by its form, it was not a fill."""
        ...

    def tick(self, account_id: str, tick: Tick) -> None:
        """A price."""
        ...

    def gap(self, account_id: str, since: datetime, until: datetime | None) -> None:
        """The line was down from `since`. `until` is None when it has just broken and set when it is back."""
        ...


class BrokerConnection(Protocol):
    """The live client and feed of one linked account."""

    @property
    def broker(self) -> Broker: ...

    @property
    def feed(self) -> Feed: ...

    @property
    def session(self) -> Session | None:
        """The newest session, which may have ended by the clock. None when a login is needed."""
        ...

    def adopt(self, session: Session | None) -> None:
        """Takes a new session for both halves, or drops the present one."""
        ...


class BrokerConnections(Protocol):
    """The connections of all accounts. Each is made when first asked for, and closed at the end."""

    def of(self, account_id: str, credentials: Credentials | None = None) -> BrokerConnection:
        """The connection of an account. Credentials give the API key when it is not open yet. NotLinked when neither."""
        ...

    def session_of(self, account_id: str, now: datetime) -> Session | None:
        """The session under which an account can be asked now. None where a login is needed, and where nothing is linked."""
        try:
            session = self.of(account_id).session
        except NotLinked:
            return None
        return session if session is not None and session.alive(now) else None

    def opened(self) -> Collection[str]:
        """Accounts with an open connection."""
        ...

    async def close(self, account_id: str) -> None:
        """Ends one connection (unlink): nothing new begins on it, what is under way ends in bounded time."""
        ...


class Messenger(Protocol):
    """Sends to people's chats. Raises DeliveryError, sorted into permanent and not."""

    async def deliver(self, delivery: Delivery) -> int:
        """Sends a notice as a message of its own, and returns the message id."""
        ...

    async def draw(self, card: CardRef, order: Order, label: str) -> int:
        """Edits an order's card to that state. Where the card cannot be edited a new message is sent. Returns the message id."""
        ...

    async def answer(self, answer: EndedQuestion) -> None:
        """Makes one line of a question that is over, in its own message alone."""
        ...
