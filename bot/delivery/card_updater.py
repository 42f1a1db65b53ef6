"""The only writer of living cards: draws the newest version of an order where an older one is shown.

It also draws what became of a question whose message still asks: its time was over, or no handler's answer reached the chat.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.domain.errors import DeliveryError
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import CardRef, Order
from bot.domain.ports.broker import Messenger
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.ended_question import EndedQuestion
from bot.runtime.signal import Signal

log = logging.getLogger(__name__)

TOGETHER = 0.1  # seconds in which changes that follow one another become one drawing, and news goes first
SLOW = 0.3  # seconds without the broker's answer after which the card shows that the order is being sent
CLOSED = 600.0  # seconds after which a chat that its person has closed is tried again
RETRY = 5.0  # seconds after a failed drawing; a card is a picture of the present, so it is simply drawn again

Old = tuple[CardRef, Order, str] | EndedQuestion  # a card with its order and the account's label, or what became of a question
Note = Callable[[Repositories], None]


class CardUpdater:
    """Versions that come quickly are drawn as one: only the newest is worth a call to Telegram.

    Each chat has a worker of its own while a card in it is old, so that one that is slow or flooded delays nobody.
    """

    def __init__(self, *, store: Store, messenger: Messenger, is_in_hand: Callable[[str], bool] = lambda _token: False) -> None:
        """is_in_hand: whether a tap on a question is being answered now, which draws its message."""
        self._store = store
        self._is_in_hand = is_in_hand
        self._in_hand = False  # some question was, when this looked last
        self._messenger = messenger
        self._wake = Signal()
        self._workers: dict[int, asyncio.Task[None]] = {}  # by chat
        self._paused: dict[int, float] = {}  # chats whose last drawing failed: until when, in loop time
        self._broken: BaseException | None = None  # what ended a worker

    def wake(self) -> None:
        """Some order changed, or a question is over. Returns at once."""
        self._wake()

    def wake_if_slow(self) -> None:
        """An order is being sent. Returns at once.

        The tap itself said "Sending…". The card says it too only when the answer takes long enough to wonder.
        """
        asyncio.get_running_loop().call_later(SLOW, self._wake)

    async def run(self) -> None:
        """Draws for ever. Raises what a worker met that is none of Telegram's failures."""
        again: float | None = 0.0
        try:
            while True:
                await self._wake.wait(again)
                await asyncio.sleep(TOGETHER)
                if self._broken is not None:
                    raise self._broken
                await self._begin()
                again = min(filter(None, (self._pause(), RETRY if self._in_hand else None)), default=None)
        finally:
            for worker in self._workers.values():
                worker.cancel()
            await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def drain(self, seconds: float) -> None:
        """Draws what is old now, in bounded time. What is left is drawn at the next start."""
        try:
            async with asyncio.timeout(seconds):
                await self.draw_stale()
        except TimeoutError:
            log.warning("some cards are left for the next start")

    async def draw_stale(self) -> float | None:
        """Draws every card that is older than its order, and every question that is over.

        Returns in how many seconds to try again what failed, None when nothing did.
        """
        await self._begin()
        await asyncio.gather(*self._workers.values())
        return self._pause()

    def _pause(self) -> float | None:
        now = asyncio.get_running_loop().time()
        self._paused = {chat: until for chat, until in self._paused.items() if until > now}
        return min((until - now for until in self._paused.values()), default=None)

    async def _begin(self) -> None:
        """Gives each chat with an old card a worker, unless it has one or has to wait."""
        self._pause()
        for chat in await self._store.read(self._old_chats):
            if chat not in self._workers and chat not in self._paused:
                self._workers[chat] = asyncio.create_task(self._work(chat), name=f"cards in {chat}")
                self._workers[chat].add_done_callback(partial(self._ended, chat))

    def _ended(self, chat_id: int, task: "asyncio.Task[None]") -> None:
        self._workers.pop(chat_id, None)
        if task.cancelled():
            return
        self._wake()  # what grew old meanwhile, or when to try again
        if (error := task.exception()) is not None:
            self._broken = error

    def _old_chats(self, db: Repositories) -> set[int]:
        owed = db.confirmations.owed_answers()
        mine = {each.question.chat_id for each in owed if not self._is_in_hand(each.question.token)}
        self._in_hand = any(self._is_in_hand(each.question.token) for each in owed)
        return mine.union(db.cards.stale_chats())

    def _oldest(self, db: Repositories, *, chat_id: int) -> Old | None:
        for card in db.cards.stale(1, chat_id=chat_id):
            return card
        for owed in db.confirmations.owed_answers():
            question = owed.question
            if question.chat_id == chat_id and not self._is_in_hand(question.token):
                order = db.orders.find(question.order_id) if question.order_id is not None else None
                return replace(owed, order=order, conversion=db.conversions.find(question.token))
        return None

    async def _work(self, chat_id: int) -> None:
        """Draws the old cards of a chat one by one, those that have waited longest first, until none is old or one fails."""
        old = await self._store.read(partial(self._oldest, chat_id=chat_id))
        while old is not None:
            note = await self._draw(old)
            if note is None:
                return
            old = await self._store.transaction(partial(self._noted, note=note, chat_id=chat_id))

    def _noted(self, db: Repositories, *, note: Note, chat_id: int) -> Old | None:
        """Notes a drawing, and takes the chat's next old card in the same transaction."""
        note(db)
        return self._oldest(db, chat_id=chat_id)

    async def _draw(self, old: Old) -> Note | None:
        """What to note of it. None when it has to be drawn again later."""
        if isinstance(old, EndedQuestion):
            return await self._answer(old)
        card, order, label = old
        moved: int | None = None
        try:
            message_id = await self._messenger.draw(card, order, label)
            moved = message_id if message_id != card.message_id else None
        except DeliveryError as error:
            if self._has_to_wait(card.chat_id, error):
                return None
            log.warning("the card of order %s cannot be drawn any more: %s", order.id, error.say)
            return lambda db: db.cards.bury(card.chat_id, card.message_id)
        except Exception:  # the last resort: one card that cannot be drawn must not stop the others
            log.exception("the card of order %s cannot be drawn", order.id)
        return lambda db: db.cards.drawn(card.chat_id, card.message_id, order.version, moved_to=moved)

    async def _answer(self, owed: EndedQuestion) -> Note | None:
        question = owed.question
        if owed.order is not None and (question.purpose, question.state) == (Purpose.CANCEL, ConfirmationState.CLAIMED):
            return partial(_as_card, owed=owed, order=owed.order)
        try:
            await self._messenger.answer(owed)
        except DeliveryError as error:
            if self._has_to_wait(question.chat_id, error):
                return None
            log.info("the card %s cannot be drawn any more: %s", question.token[:4], error.say)
        except Exception:  # the last resort, as above
            log.exception("the card %s cannot be drawn", question.token[:4])
        return lambda db: db.confirmations.answer_shown(question.token)

    def _has_to_wait(self, chat_id: int, error: DeliveryError) -> bool:
        """Whether the chat is tried again later."""
        if error.permanent and not error.closed:
            return False
        wait = CLOSED if error.closed else error.retry_after or RETRY
        self._paused[chat_id] = asyncio.get_running_loop().time() + wait
        return True


def _as_card(db: Repositories, *, owed: EndedQuestion, order: Order) -> None:
    """A stop that was to be cancelled says itself what became of it."""
    question = owed.question
    db.confirmations.answer_shown(question.token)
    if question.message_id is not None:
        db.cards.add(CardRef(chat_id=question.chat_id, message_id=question.message_id, order_id=order.id, version=0))
