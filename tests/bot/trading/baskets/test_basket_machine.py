"""Baskets under everything at once: no order beyond the card, none twice, no short before its cover unless a person says so."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import Clock
from bot.domain.errors import PersonError, Unreadable, WordsWanted
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import OrderDraft
from bot.domain.plans.basket import BasketCard
from bot.domain.ports.broker import Leaving
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.baskets.basket_builder import Asked
from tests.bot.trading.exit_lists.test_exit_machine import begun, ended
from tests.stage.depth import examples
from tests.stage.floor import BANK, CALL, PUT, SHORT_CALL, FloorBroker, FloorStage, set_floor
from tests.stage.values.orders import NOW
from tests.storage.samples import ACCOUNT, PERSON

WAYS = ("fill", "fill", "rest", "rest", "reject", "lost", "arrives")
STEPS = ("fill", "part", "wait", "long wait", "down", "up", "go on", "go on all the same", "stop", "kill", "restart", "tap")
MESSAGE = 77


class LegOrder(FloorBroker):
    """Notes a short option that arrives before what covers it is filled, and whatever arrives after it was forbidden."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.said_go_on = False
        self.forbidden = False  # by the kill switch, or by the person
        self.cover = 0  # units of the call that are to be filled first
        self.opens(CALL, 0)
        self.opens(SHORT_CALL, 0)
        self.opens(PUT, 0)
        self.opens(BANK, 0)

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        if self.forbidden:
            self.wrong.append(f"{draft.instrument.name} was sent after it was struck off")
        if draft.instrument == SHORT_CALL and not self.said_go_on and self.quantity(CALL) < self.cover:
            self.wrong.append("the short went before its cover")
        return await super().place(draft, tag, urgent=urgent, leaving=leaving)


def an_order(instrument: Instrument, side: Side, lots: int, *, protected: bool) -> OrderDraft:
    return OrderDraft(
        instrument=instrument, side=side, quantity=lots * instrument.lot, kind=OrderKind.LIMIT, product=Product.NRML,
        price=Decimal("100.00"), protected=protected,
    )  # fmt: skip


@dataclass
class Life:
    """One basket, and the processes of the bot that it lives through."""

    stage: FloorStage
    broker: LegOrder
    card: BasketCard
    loops: list[asyncio.Task[None]] = field(default_factory=list)

    async def tap(self) -> ExitsShown | BasketCard | None:
        """Confirm, and yes to its question in words."""
        baskets, token = self.stage.desk.core.services.baskets, self.card.confirmation.token
        for in_words in (False, True):
            try:
                return await baskets.confirm(self.stage.desk.actor, token, chat_id=PERSON, message_id=MESSAGE, in_words=in_words)
            except WordsWanted:
                await asyncio.sleep(2)
            except (PersonError, Unreadable):
                return None
        return None


async def lived(lots: list[int], ways: list[str], steps: list[tuple[str, int]], *, protected: bool) -> None:
    clock = LoopClock(asyncio.get_running_loop(), NOW)
    broker = LegOrder(clock)
    stage = await set_floor(clock, broker=broker)
    call, short, put, bank = lots
    drafts = [
        an_order(SHORT_CALL, Side.SELL, short, protected=protected),
        an_order(CALL, Side.BUY, call, protected=protected),
        an_order(PUT, Side.SELL, put, protected=protected),
        an_order(BANK, Side.BUY, bank, protected=protected),
    ]
    broker.cover = call * CALL.lot
    broker.ways = dict(zip((CALL.key, SHORT_CALL.key, PUT.key, BANK.key), ways, strict=True))
    card = await stage.desk.core.services.baskets.builder.of_drafts(stage.desk.actor, drafts, Asked(chat_id=PERSON))
    await stage.desk.proposals.shown(card.confirmation.token, MESSAGE)
    life = Life(stage, broker, card, begun(stage))
    try:
        await life.tap()
        for step, number in steps:
            await one(life, step, number)
            assert broker.wrong == []
        broker.down = None
        await asyncio.sleep(30)
        assert broker.wrong == []
        await judged(life)
    finally:
        await ended(life.stage, life.loops)


async def judged(life: Life) -> None:
    """What was sent is on the card, each order once. What the card shows at the end is what the exchange has."""
    rows = life.card.exits.rows
    sent = Counter((draft.instrument.key, draft.side) for _, draft in life.broker.sent)
    assert all(many == 1 for many in sent.values())
    licensed = {(row.draft.instrument.key, row.draft.side): row.draft for row in rows}
    for _, draft in life.broker.sent:
        mine = licensed[draft.instrument.key, draft.side]
        assert draft.quantity == mine.quantity
        assert draft.price is not None
        assert mine.price is not None
        assert (draft.price - mine.price) * draft.side.sign <= 0, "never worse than the card"
    orders = await life.stage.desk.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
    assert len({order.tag for order in orders}) == len(orders)


async def one(life: Life, step: str, number: int) -> None:
    broker, token = life.broker, life.card.confirmation.token
    baskets, actor = life.stage.desk.core.services.baskets, life.stage.desk.actor
    working = broker.working()
    match step:
        case "fill" | "part" if working:
            order = working[number % len(working)]
            broker.passes(order, None if step == "fill" else order.draft.instrument.lot)
            life.stage.desk.reconcile.notify(ACCOUNT.id)
        case "down":
            broker.down = Unreadable("away")
        case "up":
            broker.down = None
        case "go on":
            try:
                await baskets.go_on(actor, token)
            except WordsWanted:
                pass  # it was asked in words, and not answered
            except PersonError:
                return
        case "go on all the same":
            broker.said_go_on = True
            with suppress(PersonError):
                await baskets.go_on(actor, token, bare=True)
        case "stop":
            with suppress(PersonError):
                await baskets.stop_here(actor, token)
                broker.forbidden = True
        case "kill":
            await life.stage.desk.switch.kill(actor)
            broker.forbidden = True
        case "tap":
            await life.tap()
        case "restart":
            await ended(life.stage, life.loops)
            broker.down = None
            life.stage = await set_floor(life.stage.desk.clock, store=life.stage.desk.store, broker=broker)
            await life.stage.desk.reconcile.settle_start()
            life.loops = begun(life.stage)
    await asyncio.sleep(12 if step == "long wait" else 1)


@settings(max_examples=examples(60), deadline=None)
@given(
    lots=st.lists(st.integers(1, 3), min_size=4, max_size=4),
    ways=st.lists(st.sampled_from(WAYS), min_size=4, max_size=4),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=8),
    protected=st.booleans(),
)
def test_whatever_the_answers_a_basket_sends_no_more_than_its_card_and_in_leg_order(
    lots: list[int], ways: list[str], steps: list[tuple[str, int]], protected: bool
) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(lived(lots, ways, steps, protected=protected))
