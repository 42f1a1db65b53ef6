"""The living cards of lists of exits, panics and baskets.

Each is drawn anew whenever one of its orders, or what waits of it, has changed. A list that was asked for again has one in
each chat that asked, beside the one of its question.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryError
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.orders.order import OrderStatus
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import positional
from bot.runtime.signal import Signal
from bot.trading.exits.exit_state import shown

log = logging.getLogger(__name__)

TOGETHER = 0.2  # seconds in which changes that follow one another become one drawing
RETRY = 5.0  # seconds after a failed drawing
CLOSED = 600.0  # seconds after which a chat that its person has closed is tried again
OLDEST = timedelta(hours=12)  # a list asked about before that is not looked at after a restart
RECENT = timedelta(minutes=20)  # longer than a question and what waits of it last

Place = tuple[str, int, int]  # plan, chat, message


class ListDrawer(Protocol):
    """Draws a list where its card stands."""

    async def draw_list(self, chat_id: int, message_id: int, shown: ExitsShown) -> None:
        """DeliveryError when Telegram would not, or the message is gone."""
        ...


@positional
class _Card:
    """A list with the message that shows it."""

    chat_id: int
    message_id: int
    shown: ExitsShown

    @property
    def place(self) -> Place:
        return self.shown.exits.plan_id, self.chat_id, self.message_id

    @property
    def looks(self) -> tuple[object, ...]:
        """All that the card shows and that can change."""
        exits, orders = self.shown.exits, self.shown.orders
        rows = tuple(exits.state(row, orders) for row in exits.rows)
        versions = tuple(sorted((order.id, order.version) for order in orders.values()))
        return rows, versions, tuple(row.said for row in exits.rows), self.shown.logged_in, self.shown.over

    @property
    def is_over(self) -> bool:
        ended = all(order.status.is_final or order.status is OrderStatus.NOT_SEEN for order in self.shown.orders.values())
        return self.shown.over and ended


@dataclass(slots=True, kw_only=True)
class ListCards:
    """A slow chat holds up no other: each card is drawn by a task of its own."""

    store: Store
    drawer: ListDrawer
    clock: Clock
    _wake: Signal = field(default_factory=Signal)
    _may_have_begun: bool = True  # since the last look
    _following: set[str] = field(default_factory=set)
    _over: set[str] = field(default_factory=set)  # recent ones whose last drawing shows how they ended
    _drawn: dict[Place, tuple[object, ...]] = field(default_factory=dict)
    _drawing: dict[Place, "asyncio.Task[None]"] = field(default_factory=dict)
    _paused: dict[Place, float] = field(default_factory=dict)  # until when, in loop time

    def wake(self) -> None:
        """An order changed. Returns at once."""
        if self._following:
            self._wake()

    def plans_changed(self) -> None:
        """A plan began, was struck off or ended, or a row of a list did: it may be one of these. Returns at once."""
        self._may_have_begun = True
        self._wake()

    async def run(self) -> None:
        """Draws for ever. After a restart also what changed before it."""
        since = self.clock.now() - OLDEST
        self._following |= set(await self.store.read(lambda db: db.exit_lists.begun_since(since)))
        try:
            while True:
                await self._begin()
                now = asyncio.get_running_loop().time()
                again = min((until - now for until in self._paused.values()), default=None)
                await self._wake.wait(None if again is None else max(again, 0.01))
                await asyncio.sleep(TOGETHER)
        finally:
            for task in self._drawing.values():
                task.cancel()
            await asyncio.gather(*self._drawing.values(), return_exceptions=True)

    async def _begin(self) -> None:
        """Starts to draw every card that shows something else than is."""
        now = asyncio.get_running_loop().time()
        self._paused = {each: until for each, until in self._paused.items() if until > now}
        cards = await self.store.read(self._cards)
        old = [card for card in cards if self._drawn.get(card.place) != card.looks]
        for card in old:
            if card.place not in self._drawing and card.place not in self._paused:
                self._drawing[card.place] = asyncio.create_task(self._draw(card), name=f"card of list {card.place[0]}")
        for plan_id in {card.place[0] for card in cards if card.is_over} - {card.place[0] for card in old}:
            self._forget(plan_id)

    def _cards(self, db: Repositories) -> list[_Card]:
        if self._may_have_begun:
            self._may_have_begun = False
            recent = set(db.exit_lists.begun_since(self.clock.now() - RECENT))
            self._over &= recent
            self._following |= recent - self._over
        cards = []
        for plan_id in sorted(self._following):
            exits, question = db.exit_lists.find(plan_id), db.confirmations.find(plan_id)
            account = db.accounts.find(exits.account_id) if exits is not None else None
            if question is None or question.message_id is None or account is None:
                self._forget(plan_id)
                continue
            way = shown(db, account, plan_id, self.clock.now())
            places = dict.fromkeys([(question.chat_id, question.message_id), *way.exits.copies])
            cards += [_Card(chat_id, message_id, way) for chat_id, message_id in places]
        return cards

    async def _draw(self, card: _Card) -> None:
        place = card.place
        try:
            await self.drawer.draw_list(card.chat_id, card.message_id, card.shown)
            self._drawn[place] = card.looks
        except DeliveryError as error:
            if error.permanent and not error.closed:
                log.info("the card of list %s cannot be drawn any more: %s", place[0], error.say)
                self._drawn[place] = card.looks
            else:
                wait = CLOSED if error.closed else error.retry_after or RETRY
                self._paused[place] = asyncio.get_running_loop().time() + wait
        except Exception:  # the last resort: one card that cannot be drawn must not stop the others
            log.exception("the card of list %s cannot be drawn", place[0])
            self._drawn[place] = card.looks
        finally:
            self._drawing.pop(place, None)
            self._wake()

    def _forget(self, plan_id: str) -> None:
        self._over.add(plan_id)
        self._following.discard(plan_id)
        self._drawn = {place: looks for place, looks in self._drawn.items() if place[0] != plan_id}
