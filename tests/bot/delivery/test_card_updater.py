"""A card shows the newest version of its order, and only that one is drawn."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.delivery.card_updater import RETRY, CardUpdater
from bot.domain.clock import ist_date
from bot.domain.errors import DeliveryError, StorageError
from bot.domain.news.delivery import Delivery
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import CardRef, Order, OrderStatus
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.ended_question import EndedQuestion
from bot.simulators.loop import LoopClock, VirtualLoop
from storage.store import SqlStore
from tests.bot.delivery.test_chats import Breaking
from tests.stage.values.orders import NOW, an_order
from tests.storage.samples import a_confirmation, a_store


@dataclass
class Screen:
    """A messenger that remembers what it drew."""

    troubles: list[DeliveryError] = field(default_factory=list)
    drawn: list[tuple[int, int, OrderStatus]] = field(default_factory=list)
    move_to: int | None = None
    seconds: float = 0  # that Telegram takes for a drawing
    answered: list[tuple[str, ConfirmationState, tuple[str, ...]]] = field(default_factory=list)

    async def deliver(self, delivery: Delivery) -> int:
        raise AssertionError("cards are no news")

    async def draw(self, shown: CardRef, order: Order, label: str) -> int:
        if self.troubles:
            raise self.troubles.pop(0)
        await asyncio.sleep(self.seconds)
        self.drawn.append((shown.message_id, order.version, order.status))
        return self.move_to or shown.message_id

    async def answer(self, answer: EndedQuestion) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.answered.append((answer.question.token, answer.question.state, answer.why))


async def a_card(store: SqlStore) -> Order:
    order = an_order()

    def add(db: Repositories) -> None:
        db.orders.add(order, ist_date(NOW))
        db.cards.add(CardRef(chat_id=1001, message_id=77, order_id=order.id, version=0))

    await store.transaction(add)
    return order


async def save(store: SqlStore, order: Order) -> Order:
    await store.transaction(lambda db: db.orders.save(order))
    return order


async def test_versions_that_come_together_are_drawn_as_one(clock: LoopClock) -> None:
    store, screen = await a_store(), Screen()
    order = await save(store, (await a_card(store)).accepted("1", NOW))
    order = await save(store, order.amended(replace(order.draft, quantity=20), NOW))
    cards = CardUpdater(store=store, messenger=screen)
    await cards.draw_stale()
    await cards.draw_stale()
    assert screen.drawn == [(77, order.version, OrderStatus.OPEN)]


async def test_a_drawing_that_failed_is_drawn_again_after_the_time_that_telegram_names(clock: LoopClock) -> None:
    store = await a_store()
    screen = Screen([DeliveryError("flood", retry_after=12), DeliveryError("no network")])
    await a_card(store)
    cards = CardUpdater(store=store, messenger=screen)
    running = asyncio.create_task(cards.run())
    await asyncio.sleep(11)
    assert screen.drawn == []
    await asyncio.sleep(2 + RETRY)
    running.cancel()
    assert len(screen.drawn) == 1


async def test_a_card_that_had_to_move_lives_on_in_its_new_message(clock: LoopClock) -> None:
    store, screen = await a_store(), Screen(move_to=99)
    order = await a_card(store)
    cards = CardUpdater(store=store, messenger=screen)
    await cards.draw_stale()
    await save(store, order.accepted("1", NOW))
    await cards.draw_stale()
    assert [message for message, _, _ in screen.drawn] == [77, 99]


async def test_a_stop_draws_for_so_long_and_leaves_the_rest_to_the_next_start(clock: LoopClock, loop: VirtualLoop) -> None:
    store, screen = await a_store(), Screen(seconds=40)
    order = await save(store, (await a_card(store)).accepted("1", NOW))
    began = loop.time()
    await CardUpdater(store=store, messenger=screen).drain(10)
    assert loop.time() - began == 10
    assert screen.drawn == []
    screen.seconds = 0
    await CardUpdater(store=store, messenger=screen).draw_stale()
    assert screen.drawn == [(77, order.version, OrderStatus.OPEN)]


async def test_a_chat_that_is_gone_is_drawn_no_more(clock: LoopClock) -> None:
    store = await a_store()
    screen = Screen([DeliveryError("blocked", permanent=True)])
    order = await a_card(store)
    cards = CardUpdater(store=store, messenger=screen)
    await cards.draw_stale()
    await save(store, order.accepted("1", NOW))
    await cards.draw_stale()
    assert screen.drawn == []


async def a_refused_question(store: SqlStore, named: str = "t1", message_id: int = 70, **changes: Any) -> None:
    question = a_confirmation(named, message_id=message_id, **changes)

    def refuse(db: Repositories) -> None:
        db.confirmations.add(question)
        db.confirmations.close(named, ConfirmationState.REFUSED, ("One.", "Two."))

    await store.transaction(refuse)


async def test_what_became_of_a_question_is_drawn_again_until_telegram_takes_it_and_then_no_more(clock: LoopClock) -> None:
    store = await a_store()
    screen = Screen([DeliveryError("flood", retry_after=12), DeliveryError("no network")])
    await a_refused_question(store)
    running = asyncio.create_task(CardUpdater(store=store, messenger=screen).run())
    await asyncio.sleep(11)
    assert screen.answered == []
    await asyncio.sleep(60)
    running.cancel()
    assert screen.answered == [("t1", ConfirmationState.REFUSED, ("One.", "Two."))]


async def test_a_question_whose_tap_is_being_answered_is_left_to_its_handler_and_drawn_when_that_failed(
    clock: LoopClock,
) -> None:
    store, screen, in_hand = await a_store(), Screen(), {"t1"}
    await a_refused_question(store)
    await a_refused_question(store, "t2", 71)
    cards = CardUpdater(store=store, messenger=screen, is_in_hand=in_hand.__contains__)
    running = asyncio.create_task(cards.run())
    await asyncio.sleep(1)
    assert [token for token, *_ in screen.answered] == ["t2"]
    in_hand.clear()
    await asyncio.sleep(RETRY)
    running.cancel()
    assert [token for token, *_ in screen.answered] == ["t2", "t1"]


async def test_the_cancel_of_a_stop_becomes_the_card_of_the_stop(clock: LoopClock) -> None:
    store, screen = await a_store(), Screen()
    order = an_order()
    question = a_confirmation(message_id=70, purpose=Purpose.CANCEL, draft=None, order_id=order.id)

    def ask(db: Repositories) -> None:
        db.orders.add(order, ist_date(NOW))
        db.confirmations.add(question)
        db.confirmations.claim(question.token, question.user_id, question.chat_id, 70, NOW)
        db.confirmations.owe_answer(question.token)

    await store.transaction(ask)
    cards = CardUpdater(store=store, messenger=screen)
    await cards.draw_stale()
    await save(store, order.accepted("1", NOW))
    await cards.draw_stale()
    assert screen.answered == []
    assert [message for message, _, _ in screen.drawn] == [70, 70]


async def test_a_question_whose_message_is_gone_is_drawn_no_more(clock: LoopClock) -> None:
    store, screen = await a_store(), Screen([DeliveryError("gone", permanent=True)])
    await a_refused_question(store)
    cards = CardUpdater(store=store, messenger=screen)
    await cards.draw_stale()
    await cards.draw_stale()
    assert screen.answered == []


@pytest.mark.parametrize("left", range(3))
async def test_a_disk_that_breaks_ends_the_card_updater_too(clock: LoopClock, left: int) -> None:
    store = await a_store()
    await a_card(store)
    with pytest.raises(StorageError):
        await asyncio.wait_for(CardUpdater(store=Breaking(store, left), messenger=Screen()).run(), 60)
