"""Lists and panics under everything at once: no exit beyond what is open, no position past zero, no short left naked."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import PersonError, Unreadable
from bot.domain.exits.closing import POSSIBLY_WORKING
from bot.domain.exits.exit_list import ExitCard
from bot.domain.orders.order import OrderDraft
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.depth import examples
from tests.stage.floor import BANK, CALL, ITC, PUT, SHORT_CALL, FloorBroker, FloorStage, set_floor
from tests.stage.values.orders import NOW
from tests.storage.samples import ACCOUNT, PERSON

SOME = (CALL, SHORT_CALL, PUT, BANK)
WAYS = ("fill", "fill", "rest", "reject", "lost", "arrives")
GUARDS = ("none", "none", "stop", "firm", "stubborn")  # of a row: a stop that changes, that is only cancelled, or neither
STEPS = ("fill", "part", "app", "wait", "long wait", "down", "up", "go on", "restart", "panic", "list")


class Covered(FloorBroker):
    """Notes the moment at which a cover is sold while the short that it covered is still open."""

    said_go_on = False

    def judge(self, draft: OrderDraft) -> None:
        super().judge(draft)
        short = self.quantity(SHORT_CALL)
        if draft.instrument == CALL and not self.said_go_on and short < 0 and self.quantity(CALL) <= -short:
            self.wrong.append("the cover went before its short")


async def lived(lots: list[int], ways: list[str], guards: list[str], steps: list[tuple[str, int]], *, panic: bool) -> None:
    clock = LoopClock(asyncio.get_running_loop(), NOW)
    broker = Covered(clock)
    stage = await set_floor(clock, broker=broker)
    for instrument, many in zip(SOME, lots, strict=True):
        sign = -1 if instrument is SHORT_CALL else 1
        broker.opens(instrument, sign * many * instrument.lot)
    broker.opens(ITC, 7, Product.MIS)
    broker.ways = dict(zip((each.key for each in SOME), ways, strict=True))
    for instrument, guard in zip(SOME, guards, strict=True):
        if guard != "none":
            stop = broker.guards(instrument)
            broker.firm |= {instrument.key} if guard != "stop" else set()
            broker.stubborn |= {stop.broker_id} if guard == "stubborn" else set()
    await stage.desk.reconcile.sync(ACCOUNT.id)
    asked = await (stage.ask_panic() if panic else stage.ask("all"))
    loops = begun(stage)
    try:
        await stage.tap(asked)
        for step, number in steps:
            stage, loops = await one(stage, loops, asked, step, number)
            assert broker.wrong == []
        broker.down = None
        await asyncio.sleep(30)
        assert broker.wrong == []
        await judged(stage, asked)
    finally:
        await ended(stage, loops)


async def judged(stage: FloorStage, asked: ExitCard) -> None:
    """What was said of the end is true."""
    unknown = [
        order
        for order in await stage.desk.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
        if order.status in POSSIBLY_WORKING
    ]
    flat = [each for each in await stage.news() if each.told.value == "FLAT"]
    if flat:
        assert not any(net for (_, product), net in stage.broker.net.items() if product is not Product.CNC)
        assert not unknown
    rows = asked.exits.rows
    for row in rows:
        mine = [draft.quantity for _, draft in stage.broker.sent if draft.instrument == row.draft.instrument]
        reached = [order for order in stage.broker.true if order.draft.instrument == row.draft.instrument and order.tag]
        assert sum(order.filled for order in reached) <= row.draft.quantity
        if "lost" in stage.broker.ways.get(row.draft.instrument.key, ""):
            assert len(mine) <= 1, "never a second one beside an unknown one"


async def one(
    stage: FloorStage, loops: list[asyncio.Task[None]], asked: ExitCard, step: str, number: int
) -> tuple[FloorStage, list[asyncio.Task[None]]]:
    broker, exits = stage.broker, stage.desk.core.services.exits
    working = broker.working()
    match step:
        case "fill" if working:
            broker.passes(working[number % len(working)])
            stage.desk.reconcile.notify(ACCOUNT.id)
        case "part" if working:
            order = working[number % len(working)]
            broker.passes(order, order.draft.instrument.lot)
            stage.desk.reconcile.notify(ACCOUNT.id)
        case "app":  # a part is closed in the broker's own app
            place = (PUT.key, Product.NRML)
            going = sum(each.draft.quantity - each.filled for each in working if each.draft.instrument == PUT)
            if broker.net[place] - going >= PUT.lot:
                broker.net[place] -= PUT.lot
        case "down":
            broker.down = Unreadable("away")
        case "up":
            broker.down = None
        case "go on":
            broker.said_go_on = True  # type: ignore[attr-defined] # the machine's own broker
            await exits.go_on(stage.desk.actor, asked.confirmation.token)
        case "panic" | "list":
            with suppress(PersonError, Unreadable):
                actor = stage.desk.actor
                second = await (
                    exits.ask_panic(actor, chat_id=PERSON) if step == "panic" else exits.ask(actor, "all", chat_id=PERSON)
                )
                broker.said_go_on = True  # type: ignore[attr-defined] # two lists do not wait for each other
                if isinstance(second, ExitCard):
                    await stage.tap(second, 78 + number)
        case "restart":
            await ended(stage, loops)
            broker.down = None
            stage = await set_floor(stage.desk.clock, store=stage.desk.store, broker=broker)
            await stage.desk.reconcile.settle_start()
            loops = begun(stage)
    await asyncio.sleep(12 if step == "long wait" else 1)
    return stage, loops


def begun(stage: FloorStage) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(loop) for loop in (stage.desk.core.exit_runner.run(), stage.desk.reconcile.run())]


async def ended(stage: FloorStage, loops: list[asyncio.Task[None]]) -> None:
    for each in loops:
        each.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await stage.desk.background.finish(0)


@settings(max_examples=examples(60), deadline=None)
@given(
    lots=st.lists(st.integers(1, 3), min_size=4, max_size=4),
    ways=st.lists(st.sampled_from(WAYS), min_size=4, max_size=4),
    guards=st.lists(st.sampled_from(GUARDS), min_size=4, max_size=4),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=8),
    panic=st.booleans(),
)
def test_whatever_happens_meanwhile_exits_only_ever_close(
    lots: list[int], ways: list[str], guards: list[str], steps: list[tuple[str, int]], panic: bool
) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(lived(lots, ways, guards, steps, panic=panic))
