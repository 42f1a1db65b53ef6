"""A card shows the newest version of its order, and only that one is drawn."""

import asyncio
from dataclasses import dataclass, field, replace

from bot.delivery.card_updater import RETRY, CardUpdater
from bot.domain.clock import ist_date
from bot.domain.errors import DeliveryError
from bot.domain.news.delivery import Delivery
from bot.domain.orders.order import CardRef, Order, OrderStatus
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock, VirtualLoop
from storage.store import SqlStore
from tests.stage.values.orders import NOW, an_order
from tests.storage.samples import a_store


@dataclass
class Screen:
    """A messenger that remembers what it drew."""

    troubles: list[DeliveryError] = field(default_factory=list)
    drawn: list[tuple[int, int, OrderStatus]] = field(default_factory=list)
    move_to: int | None = None
    seconds: float = 0  # that Telegram takes for a drawing

    async def deliver(self, delivery: Delivery) -> int:
        raise AssertionError("cards are no news")

    async def draw(self, shown: CardRef, order: Order, label: str) -> int:
        if self.troubles:
            raise self.troubles.pop(0)
        await asyncio.sleep(self.seconds)
        self.drawn.append((shown.message_id, order.version, order.status))
        return self.move_to or shown.message_id


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
