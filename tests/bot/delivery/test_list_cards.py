"""The card of a basket is drawn as often as something of it changes, also after a failure and after a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.delivery.list_cards import CLOSED, ListCards
from bot.domain.errors import DeliveryError
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.plans.basket import BasketCard
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from bot.trading.baskets.basket_builder import Asked
from storage.topics import Topic
from tests.bot.trading.baskets.test_basket_machine import MESSAGE, LegOrder, an_order
from tests.stage.floor import BANK, CALL, PUT, SHORT_CALL, FloorStage, set_floor
from tests.storage.samples import ACCOUNT, PERSON


@dataclass
class Screen:
    """Draws what it is told, or refuses as long as it has a reason to."""

    refuses: list[Exception] = field(default_factory=list)
    drawn: list[tuple[int, int, list[str], bool]] = field(default_factory=list)

    async def draw_list(self, chat_id: int, message_id: int, shown: ExitsShown) -> None:
        if self.refuses:
            raise self.refuses.pop(0)
        states = [shown.exits.state(row, shown.orders).value for row in shown.exits.rows]
        self.drawn.append((chat_id, message_id, states, shown.over))


@asynccontextmanager
async def drawing(stage: FloorStage, screen: Screen) -> AsyncIterator[ListCards]:
    cards = ListCards(store=stage.desk.store, drawer=screen, clock=stage.desk.clock)
    stage.desk.store.on_commit(Topic.ORDERS, cards.wake)
    stage.desk.store.on_commit(Topic.PLANS, cards.plans_changed)
    running = asyncio.create_task(cards.run())
    try:
        yield cards
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def a_spread(clock: LoopClock, *, cover: str) -> tuple[FloorStage, LegOrder, BasketCard]:
    """A spread whose card was shown. cover: whether the cover's order fills or rests."""
    broker = LegOrder(clock)
    broker.ways = {CALL.key: cover}
    broker.cover = CALL.lot
    stage = await set_floor(clock, broker=broker)
    drafts = [an_order(SHORT_CALL, Side.SELL, 1, protected=False), an_order(CALL, Side.BUY, 1, protected=False)]
    card = await stage.desk.core.services.baskets.builder.of_drafts(stage.desk.actor, drafts, Asked(chat_id=PERSON))
    await stage.desk.proposals.shown(card.confirmation.token, MESSAGE)
    return stage, broker, card


async def confirm(stage: FloorStage, card: BasketCard) -> None:
    await stage.desk.core.services.baskets.confirm(stage.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=MESSAGE)


async def test_each_change_is_drawn_in_its_message_and_the_end_once(clock: LoopClock) -> None:
    stage, broker, card = await a_spread(clock, cover="rest")
    screen = Screen()
    async with stage.running(), drawing(stage, screen) as cards:
        await asyncio.sleep(5)
        assert screen.drawn == [], "what is only asked about is the card's own"
        await confirm(stage, card)
        await asyncio.sleep(2)
        assert screen.drawn[-1] == (PERSON, MESSAGE, ["SENT", "WAITS"], False)
        broker.passes(broker.working()[0])
        stage.desk.reconcile.notify(ACCOUNT.id)
        await asyncio.sleep(5)
        assert screen.drawn[-1] == (PERSON, MESSAGE, ["FILLED", "FILLED"], True)
        many = len(screen.drawn)
        for _ in range(3):
            cards.plans_changed()
            await asyncio.sleep(60)
        assert len(screen.drawn) == many


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        (DeliveryError("slow", retry_after=9.0), 12),
        (DeliveryError("closed", permanent=True, closed=True), CLOSED + 5),
    ],
)
async def test_what_could_not_be_drawn_is_drawn_later(clock: LoopClock, refusal: DeliveryError, wait: float) -> None:
    stage, _, card = await a_spread(clock, cover="rest")
    screen = Screen(refuses=[refusal])
    async with drawing(stage, screen):
        await confirm(stage, card)
        await asyncio.sleep(3)
        assert screen.drawn == []
        await asyncio.sleep(wait)
        assert len(screen.drawn) == 1


@pytest.mark.parametrize("broken", [DeliveryError("gone", permanent=True), RuntimeError("a bug")])
async def test_a_message_that_is_gone_is_given_up_until_something_changes(clock: LoopClock, broken: Exception) -> None:
    stage, _, card = await a_spread(clock, cover="rest")
    screen = Screen(refuses=[broken])
    async with stage.running(), drawing(stage, screen):
        await confirm(stage, card)
        await asyncio.sleep(4)
        assert screen.refuses == []
        assert screen.drawn == []
        await stage.desk.core.services.baskets.stop_here(stage.desk.actor, card.confirmation.token)
        await asyncio.sleep(2)
        assert screen.drawn[-1][2] == ["SENT", "LEFT"]


async def test_after_a_restart_what_changed_before_it_is_drawn(clock: LoopClock) -> None:
    stage, _, card = await a_spread(clock, cover="fill")
    async with stage.running():
        await confirm(stage, card)
        await asyncio.sleep(5)
    await asyncio.sleep(3600)
    screen = Screen()
    async with drawing(stage, screen):
        await asyncio.sleep(2)
    assert screen.drawn == [(PERSON, MESSAGE, ["FILLED", "FILLED"], True)]


async def test_the_card_of_a_list_of_exits_lives_until_its_last_order_ended(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    for instrument in (PUT, BANK):
        stage.broker.opens(instrument, instrument.lot)
    stage.broker.ways[BANK.key] = "rest"
    screen = Screen()
    async with stage.running(), drawing(stage, screen):
        await stage.tap(await stage.ask("all"), MESSAGE)
        await asyncio.sleep(5)
        assert screen.drawn[-1] == (PERSON, MESSAGE, ["FILLED", "SENT"], True)
        stage.broker.passes(stage.broker.working()[0])
        stage.desk.reconcile.notify(ACCOUNT.id)
        await asyncio.sleep(2)
        assert screen.drawn[-1] == (PERSON, MESSAGE, ["FILLED", "FILLED"], True)


async def test_a_list_that_is_shown_again_lives_in_both_messages_and_in_the_newest_copy_of_a_chat(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(PUT, PUT.lot)
    stage.broker.ways[PUT.key] = "rest"
    exits = stage.desk.core.services.exits
    screen = Screen()
    async with stage.running():
        card = await stage.ask_panic()
        async with drawing(stage, screen):
            await stage.tap(card, MESSAGE)
            await asyncio.sleep(1)
            for again in (MESSAGE + 1, MESSAGE + 2):
                await exits.stands_in(card.confirmation.token, PERSON, again)
            await exits.stands_in(card.confirmation.token, 4242, 9)
            await asyncio.sleep(1)
        screen.drawn.clear()
        async with drawing(stage, screen):  # after a restart
            await asyncio.sleep(1)
            assert {(chat, message) for chat, message, _, _ in screen.drawn} == {
                (PERSON, MESSAGE), (PERSON, MESSAGE + 2), (4242, 9),
            }  # fmt: skip
            stage.broker.passes(stage.broker.working()[0])
            stage.desk.reconcile.notify(ACCOUNT.id)
            await asyncio.sleep(5)
            for place in ((PERSON, MESSAGE), (PERSON, MESSAGE + 2), (4242, 9)):
                ended = [(states, over) for *where, states, over in screen.drawn if tuple(where) == place]
                assert ended[-1] == (["FILLED"], True)
