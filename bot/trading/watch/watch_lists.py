"""Watch lists: a person's own for each account, and one message of a chat that is refreshed for ten minutes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BotError, CheckFailed, DeliveryError, NotFound
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.market.watch_list import WatchRow, WatchShown
from bot.domain.people.account import Actor
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.account.prices import Prices, of_tick
from bot.trading.account.quotes import Quotes
from bot.trading.actor import account_of
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.ticks.tick_watcher import TickWatcher, Use

log = logging.getLogger(__name__)

MOST = 20  # instruments of a list
EVERY = 12.0  # seconds between two edits of a message
LASTS = timedelta(minutes=10)
KNOWN = 600.0  # seconds; a tick received within this is shown with its age, a quote is asked for where there is none

Draw = Callable[[int, int, WatchShown], Awaitable[None]]  # chat, message, and what it shows; DeliveryError


@dataclass(frozen=True, slots=True)
class _Shown:
    """The message of a chat that is refreshed, and the task that does it."""

    message_id: int
    task: asyncio.Task[None]


@dataclass(slots=True, kw_only=True)
class WatchLists:
    """At most one message of a chat is refreshed: the newest."""

    store: Store
    quotes: Quotes
    catalogue: Catalogue
    prices: Prices
    watcher: TickWatcher
    clock: Clock
    _draw: Draw | None = None
    _shown: dict[int, _Shown] = field(default_factory=dict)

    def attach(self, draw: Draw) -> None:
        """From now on messages are refreshed by this call."""
        self._draw = draw

    async def close(self) -> None:
        """Refreshes nothing any more."""
        tasks = [each.task for each in self._shown.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def shown(self, actor: Actor) -> WatchShown:
        """The list with the prices of now. BrokerError where there is no session to ask with, and no tick either."""
        account = account_of(actor)
        await self.catalogue.settled()
        keys = await self.store.read(lambda db: db.flags.watched(account.id, actor.user.telegram_id))
        instruments = [found for key in keys if (found := self.catalogue.by_key(_key(key))) is not None]
        prices = await self._prices(account.id, instruments)
        rows = tuple(WatchRow(instrument=each, price=prices.get(each.key)) for each in instruments)
        return WatchShown(account=account, rows=rows, as_of=self.clock.now())

    async def add(self, actor: Actor, words: str) -> None:
        """Puts an instrument on the list; twice is once. UnknownSymbol with near misses; CheckFailed when it is full."""
        account, person = account_of(actor), actor.user.telegram_id
        instrument = await self.quotes.named(words, command="/watch")

        def add(db: Repositories) -> None:
            listed = db.flags.watched(account.id, person)
            if len(listed) >= MOST and _name(instrument) not in listed:
                raise CheckFailed([f"{MOST} instruments are the most on a list."])
            db.flags.watch(account.id, person, _name(instrument), self.clock.now())

        await self.store.transaction(add)

    async def remove(self, actor: Actor, words: str) -> None:
        """Takes an instrument off the list. NotFound where it is not on it."""
        account, person = account_of(actor), actor.user.telegram_id
        instrument = await self.quotes.named(words, command="/watch remove")
        if not await self.store.transaction(lambda db: db.flags.unwatch(account.id, person, _name(instrument))):
            raise NotFound(f"{instrument.symbol} is not on your list.")

    def until(self, shown: WatchShown) -> WatchShown:
        """The same, as it is to be refreshed from now on; an empty list is not."""
        return replace(shown, until=shown.as_of + LASTS) if shown.rows and self._draw is not None else shown

    def follow(self, actor: Actor, chat_id: int, message_id: int, shown: WatchShown) -> None:
        """Refreshes that message for ten minutes. The message of the chat that was refreshed before is told to be over."""
        before = self._shown.pop(chat_id, None)
        if before is not None:
            before.task.cancel()
        if shown.until is None or self._draw is None:
            return
        older = before.message_id if before is not None and before.message_id != message_id else None
        task = asyncio.create_task(self._refresh(actor, chat_id, message_id, shown, older=older, draw=self._draw))
        self._shown[chat_id] = _Shown(message_id, task)
        task.add_done_callback(lambda done: self._ended(chat_id, done))

    def _ended(self, chat_id: int, task: "asyncio.Task[None]") -> None:
        held = self._shown.get(chat_id)
        if held is not None and held.task is task:
            del self._shown[chat_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a watch list is not refreshed any more", exc_info=error)

    async def _refresh(
        self, actor: Actor, chat_id: int, message_id: int, shown: WatchShown, *, older: int | None, draw: Draw
    ) -> None:
        account, person = shown.account, actor.user.telegram_id
        end = asyncio.get_running_loop().time() + LASTS.total_seconds()
        watching = self.watcher.watch(account.id, [row.instrument.key for row in shown.rows], Use.WATCH_LIST)
        try:
            if older is not None:
                await self._drawn(draw, chat_id, older, replace(shown, until=None, over=True))
            while asyncio.get_running_loop().time() + EVERY < end:
                await asyncio.sleep(EVERY)
                if not await self.store.read(lambda db: db.people.role_on(person, account.id)):
                    return
                if (fresh := await self._now(actor, shown)) is not None:
                    shown = fresh
                    if not await self._drawn(draw, chat_id, message_id, shown):
                        return
            await self._drawn(draw, chat_id, message_id, replace(shown, until=None, over=True))
        finally:
            watching.end()

    async def _now(self, actor: Actor, shown: WatchShown) -> WatchShown | None:
        """The list as it is now; None where it cannot be read: what stands there keeps its time."""
        try:
            return replace(await self.shown(actor), until=shown.until)
        except BotError as error:
            log.info("a watch list could not be read: %s", type(error).__name__)
            return None

    async def _drawn(self, draw: Draw, chat_id: int, message_id: int, shown: WatchShown) -> bool:
        """Whether it is worth going on: a message that is gone, or a chat that is closed, is not."""
        try:
            await draw(chat_id, message_id, shown)
        except DeliveryError as error:
            return not (error.permanent or error.closed)
        return True

    async def _prices(self, account_id: str, instruments: list[Instrument]) -> dict[InstrumentKey, Price]:
        prices: dict[InstrumentKey, Price] = {}
        if self.watcher.connected(account_id):
            for each in instruments:
                tick = self.watcher.latest(account_id, each.key, within=KNOWN)
                if tick is not None and tick.last > 0:
                    prices[each.key] = of_tick(tick)
        missing = [each.key for each in instruments if each.key not in prices]
        return prices | dict(await self.prices.of_all(account_id, missing))


def _name(instrument: Instrument) -> str:
    return f"{instrument.exchange}:{instrument.token}"


def _key(name: str) -> InstrumentKey:
    exchange, _, token = name.partition(":")
    return InstrumentKey(Exchange(exchange), token)
