"""Whatever is tapped, refused or lost, and whatever the tape: exits never exceed what is open, and none is left over."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import BotError, NotSent, Unclear
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import OrderRequest, OrderStatus
from bot.domain.plans.plan import Attached
from bot.domain.plans.pnl_exit import PnlExit, Scope, ScopeKind
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.depth import examples
from tests.stage.loop import MORNING
from tests.stage.tape import REFUSED, TapeStage, set_tape
from tests.storage.samples import ACCOUNT, PERSON

ENTRY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1480.00"), product=Product.MIS)
LONG = Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1440.00"), target=Decimal("1500.00"))
TRAILED = replace(LONG, stop=Decimal("1465.00"), stop_limit=Decimal("1455.00"), trail=TrailSaid(every=Decimal("15.00")))
FAULTS = (None, REFUSED, "lost", Unclear("lost on the way"), NotSent("no line"))

trades = st.sampled_from(["1439.00", "1445.00", "1450.00", "1470.00", "1480.00", "1490.00", "1500.00", "1510.00"])
acts = st.one_of(
    st.tuples(st.just("trade"), trades),
    st.tuples(st.just("exit"), st.integers(1, 10)),
    st.tuples(st.just("limit"), st.integers(1, 10)),
    st.tuples(st.just("add"), st.integers(1, 10)),
    st.tuples(st.just("stop"), st.integers(1, 10)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 4, 12])),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("change"), st.sampled_from(FAULTS)),
    st.tuples(st.just("cancel"), st.sampled_from((None, "ignored", Unclear("lost on the way")))),
    st.tuples(st.just("place"), st.sampled_from(FAULTS)),
    st.tuples(st.just("part"), st.sampled_from([None, 1, 4])),
    st.tuples(st.just("pnl"), st.just(0)),
)


async def leave(stage: TapeStage, quantity: int, message: int, price: Decimal | None) -> None:
    desk = stage.desk
    request = replace(ENTRY, side=Side.SELL, quantity=quantity, price=price)
    with suppress(BotError):
        card = await desk.proposals.propose(desk.actor, request, chat_id=PERSON)
        if card.closes is None:
            return  # it would open a short, which the card says
        await desk.tap(await desk.card(card, message), message)


async def strike_soon(stage: TapeStage, name: str) -> None:
    """A P&L exit of all whose level is reached whatever the figure is: it strikes as soon as that is known for three seconds."""
    now = stage.desk.clock.now()
    wanted = PnlExit(
        id=name, account_id=ACCOUNT.id, by=PERSON, name="Asha", scope=Scope(kind=ScopeKind.ALL), stop=Decimal(10**9),
        until=now + timedelta(hours=6), created_at=now,
    )  # fmt: skip
    await stage.desk.store.transaction(lambda db: db.pnl_exits.add(wanted))
    stage.desk.core.pnl_watch.wake()


async def add(stage: TapeStage, quantity: int, message: int) -> None:
    """More of it: the stop that rests is to be raised, where there is one."""
    desk = stage.desk
    with suppress(BotError):
        card = await desk.proposals.propose(desk.actor, replace(ENTRY, quantity=quantity), chat_id=PERSON)
        if card.closes is None:
            await desk.tap(await desk.card(card, message), message)


async def guard(stage: TapeStage, quantity: int, message: int) -> None:
    """A stop by hand, for what nothing guards."""
    desk = stage.desk
    request = replace(ENTRY, side=Side.SELL, quantity=quantity, price=None, trigger=Decimal("1450.00"))
    with suppress(BotError):
        card = await desk.proposals.propose(desk.actor, request, chat_id=PERSON)
        if card.closes is not None:
            await desk.tap(await desk.card(card, message), message)


async def play(story: list[tuple[str, object]], attached: Attached) -> None:
    clock = LoopClock(asyncio.get_running_loop(), MORNING)
    stage = await set_tape(clock)
    stage.broker.trade("1485.00")
    await stage.plan(ENTRY, attached)
    running = stage.running()
    await running.__aenter__()
    for number, (act, what) in enumerate(story):
        broker = stage.broker
        match act, what:
            case "trade", str():
                stage.trade(what)
            case "exit" | "limit", int():
                await leave(stage, what, 100 + number, Decimal("1495.00") if act == "limit" else None)
            case "add", int():
                await add(stage, what, 300 + number)
            case "stop", int():
                await guard(stage, what, 500 + number)
            case "wait", int():
                await asyncio.sleep(what)
            case "restart", _:
                await running.__aexit__(None, None, None)
                stage = await set_tape(clock, store=stage.desk.store, broker=broker)
                running = stage.running()
                await running.__aenter__()
            case "pnl", _:
                await strike_soon(stage, f"pnl{number}")
            case "part", int() | None:
                broker.part = what
            case _, Exception() | str():
                {"change": broker.modify_fails, "cancel": broker.cancel_fails, "place": broker.place_fails}[act].append(what)
    stage.broker.part = None
    for fails in (stage.broker.modify_fails, stage.broker.cancel_fails, stage.broker.place_fails):
        fails.clear()
    await asyncio.sleep(30)
    for last in ("1480.00", "1449.00", "1510.00"):
        stage.trade(last)
        await asyncio.sleep(30)
    await running.__aexit__(None, None, None)
    assert stage.broker.over == []
    assert stage.broker.net >= 0
    if not stage.broker.net:
        assert [order.draft for order in stage.broker.working() if order.draft.side is Side.SELL] == []
    stops = [order for order in stage.broker.working() if order.draft.kind is OrderKind.SL]
    assert all(order.status is OrderStatus.TRIGGER_PENDING for order in stops)


@settings(max_examples=examples(120), deadline=None)
@given(st.lists(acts, max_size=14), st.sampled_from([LONG, TRAILED, replace(TRAILED, target=None)]))
def test_whatever_happens_the_exits_fit_what_is_open(story: list[tuple[str, object]], attached: Attached) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play(story, attached))
