"""One quantity has one live exit order: a stop becomes the exit, whoever placed it and whatever the broker answers."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ExitHeld, NotSent, Unclear, Unreadable
from bot.domain.news.notice import Notice
from bot.domain.news.plans.exits import Unguarded
from bot.domain.orders.legs import Leg, Measure
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.plans.plan import LegKind, PlanLeg
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.exits.exit_wanted import ExitState, ExitWanted
from tests.stage.tape import REFUSED, TapeStage, a_stop, set_tape
from tests.storage.samples import ACCOUNT, PERSON

LEAVE = OrderRequest(side=Side.SELL, symbol="RELIANCE", product=Product.MIS)


def leave(quantity: int, price: str | None = None) -> OrderRequest:
    return OrderRequest(
        side=Side.SELL, symbol="RELIANCE", product=Product.MIS, quantity=quantity, price=Decimal(price) if price else None
    )


async def ask(stage: TapeStage, request: OrderRequest) -> Proposal:
    return await stage.desk.proposals.propose(stage.desk.actor, request, chat_id=PERSON)


async def go(stage: TapeStage, request: OrderRequest, message: int = 77) -> Order:
    order = await stage.desk.tap(await stage.desk.card(await ask(stage, request), message), message)
    assert isinstance(order, Order)
    return order


async def guarded(clock: LoopClock, open_: int, *stops: int) -> TapeStage:
    """A long position of so many, with stops of the bot against it."""
    stage = await set_tape(clock)
    stage.broker.open_with(open_)
    for message, quantity in enumerate(stops, 200):
        stop = OrderRequest(
            side=Side.SELL, symbol="RELIANCE", product=Product.MIS, quantity=quantity,
            trigger=Decimal("1450.00"), trigger_limit=Decimal("1440.00"),
        )  # fmt: skip
        order = await go(stage, stop, message)
        assert order.status is OrderStatus.TRIGGER_PENDING
    await stage.desk.reconcile.sync(ACCOUNT.id)
    return stage


def standing(stage: TapeStage) -> list[tuple[OrderKind, int]]:
    return [(order.draft.kind, order.draft.quantity - order.filled) for order in stage.broker.working()]


def said(proposal: Proposal) -> dict[str, str]:
    return {remark.name: remark.say for remark in proposal.warnings}


async def test_an_exit_is_its_own_stop_changed_and_the_card_says_so(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    card = await ask(stage, leave(10))
    assert said(card)["stop_turned"] == "The stop #1 becomes this order"
    assert card.closes == 10
    order = await stage.desk.tap(await stage.desk.card(card))
    assert isinstance(order, Order)
    assert (order.number, stage.broker.posts, stage.broker.net) == (1, 1, 0)
    assert [(change.kind, change.trigger) for change in stage.broker.changes] == [(OrderKind.LIMIT, None)]
    assert stage.broker.over == []
    cards = await stage.desk.store.transaction(lambda db: db.cards.stale())
    assert {(card.message_id, shown.id) for card, shown, _ in cards} == {(77, order.id), (200, order.id)}


async def test_a_part_lowers_the_stop_first_and_goes_in_an_order_of_its_own(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    card = await ask(stage, leave(4, "1500.00"))
    assert said(card)["stop_turned"] == "The stop #1 then guards what is left"
    await stage.desk.tap(await stage.desk.card(card))
    assert standing(stage) == [(OrderKind.SL, 6), (OrderKind.LIMIT, 4)]
    assert stage.broker.over == []


async def test_what_is_not_guarded_goes_first_and_the_stop_stays(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 6)
    await go(stage, leave(4, "1500.00"))
    assert standing(stage) == [(OrderKind.SL, 6), (OrderKind.LIMIT, 4)]
    assert stage.broker.changes == []


async def test_two_stops_leave_one_exit(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 6, 4)
    await go(stage, leave(10, "1500.00"))
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    assert stage.broker.over == []


async def test_a_stop_of_the_brokers_app_counts_and_is_turned_after_the_card_has_said_so(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.app_order(a_stop(10))
    await stage.desk.reconcile.sync(ACCOUNT.id)
    card = await ask(stage, leave(10, "1500.00"))
    assert said(card)["stop_turned"] == "The stop #1 (not mine) becomes this order"
    await stage.desk.tap(await stage.desk.card(card))
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    assert stage.broker.posts == 0


async def test_a_refused_change_is_a_cancel_read_as_cancelled_and_then_one_order(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    stage.broker.modify_fails = [REFUSED]
    order = await go(stage, leave(10, "1500.00"))
    assert (order.number, stage.broker.posts, len(stage.broker.cancels)) == (2, 2, 1)
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    assert stage.broker.over == []


async def test_a_change_whose_answer_is_lost_is_looked_for_and_never_doubled(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    stage.broker.modify_fails = ["lost"]
    order = await go(stage, leave(10, "1500.00"))
    assert (order.number, order.draft.kind, stage.broker.posts) == (1, OrderKind.LIMIT, 1)
    assert standing(stage) == [(OrderKind.LIMIT, 10)]


async def test_a_change_that_was_lost_on_the_way_may_still_arrive_so_the_stop_is_cancelled_first(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    stage.broker.modify_fails = [Unclear("lost on the way")]
    order = await go(stage, leave(10, "1500.00"))
    assert (order.number, len(stage.broker.cancels)) == (2, 1)
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    assert stage.broker.over == []


async def test_a_change_that_never_left_is_tried_again(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    stage.broker.modify_fails = [NotSent("no line"), NotSent("no line")]
    await go(stage, leave(10, "1500.00"))
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    assert stage.broker.cancels == []


async def test_a_stop_that_can_be_neither_changed_nor_cancelled_stands_and_nothing_is_sent(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    stage.broker.modify_fails, stage.broker.cancel_fails = [REFUSED], ["ignored", "ignored"]
    with pytest.raises(CheckFailed, match="#1 stands as it was"):
        await go(stage, leave(10, "1500.00"))
    assert standing(stage) == [(OrderKind.SL, 10)]
    assert (stage.broker.posts, len(stage.broker.cancels)) == (1, 2)


async def test_a_stop_that_fills_before_its_change_leaves_nothing_to_close(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    token = await stage.desk.card(await ask(stage, leave(10, "1500.00")))
    stage.broker.told = lambda: None  # the feed is silent
    stage.broker.trade("1445.00")
    with pytest.raises(CheckFailed, match="nothing of it is left to close"):
        await stage.desk.tap(token)
    assert (stage.broker.net, stage.broker.posts) == (0, 1)


async def test_an_exit_of_a_guarded_position_that_somebody_made_smaller_is_told_what_is_left(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    token = await stage.desk.card(await ask(stage, leave(10, "1500.00")))
    stage.broker.net = 4
    with pytest.raises(CheckFailed, match="only 4 of it are left to close"):
        await stage.desk.tap(token)
    assert standing(stage) == [(OrderKind.SL, 10)]


async def test_a_stop_cancelled_with_no_exit_behind_it_rings_that_nothing_guards(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    stage.broker.modify_fails = [REFUSED]
    token = await stage.desk.card(await ask(stage, leave(10, "1500.00")))
    stage.broker.hides_after_cancel = True
    with pytest.raises(CheckFailed, match="nothing guards it now"):
        await stage.desk.tap(token)
    rung: list[type[Notice]] = [type(each) for each in await stage.desk.notices()]
    assert Unguarded in rung


async def test_an_exit_whose_books_cannot_be_read_leaves_the_stop_as_it_was(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    token = await stage.desk.card(await ask(stage, leave(10, "1500.00")))
    stage.broker.books_down = Unreadable("mStock answers with a page.")
    with pytest.raises(CheckFailed, match="The stop stands as it was"):
        await stage.desk.tap(token)
    assert standing(stage) == [(OrderKind.SL, 10)]


async def test_kill_names_a_resting_exit_as_an_exit_and_its_button_leaves_it(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    exit_ = await go(stage, leave(10, "1500.00"))
    entry = await go(stage, OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=5, price=Decimal("1400.00")), 78)
    stage.broker.place_fails = [Unclear("lost on the way")]
    lost = await go(stage, OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=3, price=Decimal("1400.00")), 79)
    killed = await stage.desk.switch.kill(stage.desk.actor)
    assert [[each.id for each in kind] for kind in (killed.entries, killed.exits, killed.unknown)] == [
        [entry.id],
        [exit_.id],
        [lost.id],
    ]
    await stage.desk.orders.cancel_entries(stage.desk.actor)
    assert [order.draft.side for order in stage.broker.working()] == [Side.SELL]


async def test_two_exits_from_two_phones_at_once_never_flip_the_position(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    tokens = [await stage.desk.card(await ask(stage, leave(10)), message) for message in (77, 78)]
    ends = await asyncio.gather(
        *(stage.desk.tap(token, message) for token, message in zip(tokens, (77, 78), strict=True)), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["CheckFailed", "Order"]
    assert (stage.broker.net, stage.broker.over) == (0, [])


async def test_an_exit_of_unknown_outcome_blocks_another_until_it_was_looked_for_ten_seconds(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.place_fails = [Unclear("lost on the way")]
    first = await go(stage, leave(10, "1500.00"))
    assert first.status is OrderStatus.UNKNOWN
    looking = asyncio.create_task(stage.desk.reconcile.run())
    await asyncio.sleep(8)
    with pytest.raises(CheckFailed):
        await go(stage, leave(10, "1500.00"), 78)
    await asyncio.sleep(4)
    card = await ask(stage, leave(10, "1500.00"))
    assert said(card)["exit_doubled"] == "#1 may be closing it too: if all fill you are short 10"
    order = await stage.desk.tap(await stage.desk.card(card, 79), 79)
    assert isinstance(order, Order)
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    looking.cancel()


async def test_beside_an_unknown_exit_no_more_goes_than_the_others_leave(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.place_fails = [Unclear("lost on the way")]
    await go(stage, leave(10, "1500.00"))
    looking = asyncio.create_task(stage.desk.reconcile.run())
    await asyncio.sleep(14)
    await go(stage, leave(3, "1500.00"), 78)
    assert (await ask(stage, leave(8, "1500.00"))).closes is None, "the card says that it opens a short"
    assert (await ask(stage, leave(7, "1500.00"))).closes == 7
    await go(stage, leave(7, "1500.00"), 80)
    assert stage.broker.over == []
    looking.cancel()


async def test_an_exit_that_the_person_closed_as_not_there_counts_no_more(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.place_fails = [Unclear("lost on the way")]
    first = await go(stage, leave(10, "1500.00"))
    looking = asyncio.create_task(stage.desk.reconcile.run())
    await asyncio.sleep(181)
    closed = await stage.desk.orders.give_up(stage.desk.actor, first.id)
    assert closed.status is OrderStatus.NOT_SEEN
    card = await ask(stage, leave(10, "1500.00"))
    assert "exit_doubled" not in said(card)
    await stage.desk.tap(await stage.desk.card(card, 79), 79)
    assert standing(stage) == [(OrderKind.LIMIT, 10)]
    looking.cancel()


async def test_a_second_stop_for_what_a_stop_guards_already_is_refused_and_names_the_first(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    second = OrderRequest(side=Side.SELL, symbol="RELIANCE", product=Product.MIS, quantity=10, trigger=Decimal("1460.00"))
    with pytest.raises(CheckFailed, match="#1 guards this position already") as refusal:
        await ask(stage, second)
    assert dict(refusal.value.near) == {"Move #1 to 1,460.00": "/modify 1 1460"}
    way_out = await ask(stage, leave(10, "1480.00"))
    assert "twin" not in said(way_out), "the stop becomes the exit: it is not the same order once more"


@pytest.mark.parametrize("resting", [10, 4])
async def test_a_stop_for_what_an_exit_is_closing_already_opens_no_short_and_names_the_exit(
    clock: LoopClock, resting: int
) -> None:
    stage = await guarded(clock, 10)
    stage.broker.stuck = True
    await go(stage, leave(resting))
    await stage.desk.reconcile.sync(ACCOUNT.id)
    stop = Leg(value=Decimal("1450.00"), measure=Measure.PRICE, limit=Decimal("1440.00"))
    key = stage.broker.working()[0].draft.instrument.key
    with pytest.raises(ExitHeld, match="#1 may be closing it already") as refusal:
        await stage.desk.proposals.positions.stop_for(stage.desk.actor, key, Product.MIS, stop, chat_id=PERSON)
    rest = {"Stop for 6": "/sell RELIANCE-EQ 6 stop 1450/1440 mis nse"} if resting == 4 else {}
    assert dict(refusal.value.near) == rest | {"Change #1": "/modify 1", "Cancel #1": "/cancel_order 1"}


async def test_a_stop_that_another_way_out_turned_meanwhile_is_not_turned_again(clock: LoopClock) -> None:
    stage = await guarded(clock, 10, 10)
    desk, exits = stage.desk, stage.desk.core.services.standing.exits
    stage.broker.stuck = True  # the first way out rests
    (before,) = await desk.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
    plan = await desk.store.transaction(lambda db: db.plans.of_order(before.id))
    assert plan is not None
    await go(stage, leave(10))
    (resting,) = stage.broker.working()
    target = replace(before.draft, kind=OrderKind.LIMIT, trigger=None, price=Decimal("1500.00"))
    wanted = ExitWanted(
        account_id=ACCOUNT.id, plan_id=plan.id, leg=PlanLeg(number=1, kind=LegKind.TARGET, draft=target), draft=target, by=PERSON,
        name="Asha",
    )  # fmt: skip
    result = await exits.take(before, wanted)
    assert result.state is ExitState.KEPT
    assert len(stage.broker.changes) == 1
    assert (resting.draft.price, stage.broker.cancels, stage.broker.posts) == (stage.broker.changes[0].price, [], 1)
