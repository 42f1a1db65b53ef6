"""Watch lists: a person's own for each account, and one message of a chat that is refreshed for ten minutes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from bot.domain.clock import Clock
from bot.domain.errors import BotError, CheckFailed, DeliveryError, NotFound
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.market.watch_list import FollowedMessage, WatchRow, WatchShown
from bot.domain.people.account import Account, Actor
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import positional
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


class Drawn(Enum):
    """What became of a refresh."""

    NOW = auto()
    LATER = auto()  # Telegram would not take it now
    GONE = auto()  # the message, or the chat: it is not worth going on


@positional
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
        listed = await self._listed(account_of(actor), actor.user.telegram_id)
        prices = await self._prices(listed.account.id, [row.instrument for row in listed.rows])
        rows = tuple(replace(row, price=prices.get(row.instrument.key)) for row in listed.rows)
        return replace(listed, rows=rows, as_of=self.clock.now())

    async def _listed(self, account: Account, person: int) -> WatchShown:
        """The list without prices."""
        await self.catalogue.settled()
        keys = await self.store.read(lambda db: db.flags.watched(account.id, person))
        instruments = [found for key in keys if (found := self.catalogue.by_key(_key(key))) is not None]
        rows = tuple(WatchRow(instrument=each, price=None) for each in instruments)
        return WatchShown(account=account, rows=rows, as_of=self.clock.now())

    async def add(self, actor: Actor, words: str) -> None:
        """Puts an instrument on the list. Twice is once. UnknownSymbol with near misses. CheckFailed when it is full."""
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
            raise NotFound(f"{short(instrument)} is not on your list.")

    def until(self, shown: WatchShown) -> WatchShown:
        """The same, as it is to be refreshed from now on. An empty list is not."""
        return replace(shown, until=shown.as_of + LASTS) if shown.rows and self._draw is not None else shown

    async def follow(self, actor: Actor, chat_id: int, message_id: int, shown: WatchShown) -> None:
        """Refreshes that message for ten minutes. The message of the chat that was refreshed before is told to be over."""
        before = self._shown.pop(chat_id, None)
        if before is not None:
            before.task.cancel()
        if shown.until is None or self._draw is None:
            await self._forget(chat_id)
            return
        followed, now = FollowedMessage(message_id=message_id, account_id=shown.account.id, until=shown.until), self.clock.now()
        await self.store.lightly(lambda db: db.flags.follow(chat_id, followed, now))
        older = before.message_id if before is not None and before.message_id != message_id else None
        self._start(chat_id, message_id, self._refresh(actor, chat_id, message_id, shown, older=older, draw=self._draw))

    async def resume(self) -> None:
        """Goes on with the messages that the process before refreshed. One whose time is over meanwhile says so."""
        draw = self._draw
        for chat_id, message in (await self.store.read(lambda db: db.flags.followed())).items():
            if draw is not None and chat_id not in self._shown:
                self._start(chat_id, message.message_id, self._go_on(chat_id, message, draw))

    async def _go_on(self, chat_id: int, message: FollowedMessage, draw: Draw) -> None:
        """In a private chat, whose id is the person's."""

        def owner(db: Repositories) -> Actor | None:
            account, user = db.accounts.find(message.account_id), db.people.find(chat_id)
            role = db.people.role_on(chat_id, message.account_id)
            if account is None or user is None or role is None:
                return None
            return Actor(user=user, role=role, account=account)

        actor = await self.store.read(owner)
        if actor is None:
            await self._forget(chat_id)
            return
        shown = replace(await self._listed(account_of(actor), chat_id), until=message.until)
        await self._refresh(actor, chat_id, message.message_id, await self._now(actor, shown) or shown, older=None, draw=draw)

    def _start(self, chat_id: int, message_id: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"watch list in {chat_id}")
        self._shown[chat_id] = _Shown(message_id, task)
        task.add_done_callback(lambda done: self._ended(chat_id, done))

    async def _forget(self, chat_id: int) -> None:
        await self.store.lightly(lambda db: db.flags.unfollow(chat_id))

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
        left = (shown.until - self.clock.now()).total_seconds() if shown.until is not None else 0.0
        end = asyncio.get_running_loop().time() + min(left, LASTS.total_seconds())
        watching = self.watcher.watch(account.id, [row.instrument.key for row in shown.rows], Use.WATCH_LIST)
        try:
            if older is not None:
                await self._drawn(draw, chat_id, older, replace(shown, until=None, over=True))
            while asyncio.get_running_loop().time() + EVERY < end:
                await asyncio.sleep(EVERY)
                if not await self.store.read(lambda db: db.people.role_on(person, account.id)):
                    break
                if (fresh := await self._now(actor, shown)) is not None:
                    shown = fresh
                    if await self._drawn(draw, chat_id, message_id, shown) is Drawn.GONE:
                        break
            else:
                over = replace(shown, until=None, over=True)
                outcome = await self._drawn(draw, chat_id, message_id, over)
                while outcome is Drawn.LATER:  # Telegram is away
                    await asyncio.sleep(EVERY)
                    outcome = await self._drawn(draw, chat_id, message_id, over)
            await self._forget(chat_id)
        finally:
            watching.end()

    async def _now(self, actor: Actor, shown: WatchShown) -> WatchShown | None:
        """The list as it is now. None where it cannot be read: what stands there keeps its time."""
        try:
            return replace(await self.shown(actor), until=shown.until)
        except BotError as error:
            log.info("a watch list could not be read: %s", type(error).__name__)
            return None

    async def _drawn(self, draw: Draw, chat_id: int, message_id: int, shown: WatchShown) -> Drawn:
        try:
            await draw(chat_id, message_id, shown)
        except DeliveryError as error:
            return Drawn.GONE if error.permanent or error.closed else Drawn.LATER
        return Drawn.NOW

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
