"""What became of an order when its answer was lost, the broker erred, or the process was killed: one at most, none lost."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import (
    CheckFailed,
    ConfirmationGone,
    NotAllowed,
    NotSent,
    Refused,
    Unclear,
)
from bot.domain.news.orders.orders import Filled, OrderFound, OrderNotSeen, OrderRejected, OrderUnclear
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.account import Role
from bot.domain.proposals.proposal import Proposal
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import LIMIT, ask
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import Crash, DeskStage, KilledStore, set_stage
from tests.storage.samples import ACCOUNT, PERSON, a_vault


def lose_the_answer(broker: ScriptedBroker) -> None:
    def lose() -> None:
        raise Unclear("the connection ended without an answer")

    broker.after_place = lose


async def test_a_lost_answer_leaves_an_unknown_order_that_is_found_by_its_tag_and_never_sent_again(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.book_lag = 40
    lose_the_answer(stage.broker)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.UNKNOWN
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(70)
    looking.cancel()
    found = await stage.order()
    assert found is not None
    assert found.status is OrderStatus.OPEN
    assert found.broker_id == stage.broker.true[0].broker_id
    assert stage.broker.posts == 1
    assert [type(notice) for notice in await stage.notices()] == [OrderUnclear, OrderFound]


async def test_an_order_that_never_shows_is_asked_about_after_three_minutes_and_only_then_given_up(clock: LoopClock) -> None:
    stage = await set_stage(clock)

    def vanish() -> None:
        raise Unclear("gone")

    stage.broker.before_place = vanish
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(60)
    with pytest.raises(CheckFailed, match="still looking"):
        await stage.orders.give_up(stage.actor, order.id)
    with pytest.raises(CheckFailed, match="still unknown"):
        await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON)
    await asyncio.sleep(600)
    assert [type(notice) for notice in await stage.notices()] == [OrderUnclear, OrderNotSeen]
    await stage.becomes(Role.GUARDIAN)
    with pytest.raises(NotAllowed, match="You may not close this"):
        await stage.orders.give_up(stage.actor, order.id)
    await stage.becomes(Role.OWNER)
    closed = await stage.orders.give_up(stage.actor, order.id)
    looking.cancel()
    assert closed.status is OrderStatus.NOT_SEEN
    assert isinstance(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), Proposal)


async def test_an_error_that_placed_the_order_all_the_same_is_found_again_and_rings(clock: LoopClock) -> None:
    stage = await set_stage(clock)

    def say_no() -> None:
        raise Refused("mStock said no", code="IA400", words="something", final=False)

    stage.broker.after_place = say_no
    stage.broker.book_lag = 8
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.REFUSED
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(30)
    looking.cancel()
    found = await stage.order()
    assert found is not None
    assert found.status is OrderStatus.OPEN
    assert [type(notice) for notice in await stage.notices()] == [OrderRejected, OrderFound]


async def test_a_refusal_that_no_row_contradicts_is_final_after_the_look_out(clock: LoopClock) -> None:
    stage = await set_stage(clock)

    def say_no() -> None:
        raise Refused("mStock said no", code="IA400", words="Trigger price can not be blank.", final=False)

    stage.broker.before_place = say_no
    await stage.tap(await ask(stage))
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(300)
    looking.cancel()
    order = await stage.order()
    assert order is not None
    assert order.status is OrderStatus.REJECTED


async def test_when_nothing_was_sent_the_order_is_rejected_at_once(clock: LoopClock) -> None:
    stage = await set_stage(clock)

    def unplugged() -> None:
        raise NotSent("mStock does not answer. Nothing was sent.")

    stage.broker.before_place = unplugged
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.REJECTED
    assert stage.broker.true == []


async def test_a_bug_in_the_client_leaves_the_order_unknown_and_not_forgotten(clock: LoopClock) -> None:
    stage = await set_stage(clock)

    def bug() -> None:
        raise ZeroDivisionError

    stage.broker.after_place = bug
    with pytest.raises(ZeroDivisionError):
        await stage.tap(await ask(stage))
    order = await stage.order()
    assert order is not None
    assert order.status in (OrderStatus.UNKNOWN, OrderStatus.OPEN)


async def test_the_tap_is_cancelled_while_the_order_is_on_its_way_and_the_order_still_ends_well(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    tap = asyncio.create_task(stage.desk.confirm(stage.actor, token, chat_id=PERSON, message_id=77))
    posted = asyncio.Event()
    stage.broker.before_place = posted.set
    await posted.wait()
    tap.cancel()
    await stage.background.finish(5)
    order = await stage.order()
    assert order is not None
    assert order.status is OrderStatus.OPEN


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("at", range(1, 9))
async def test_killed_at_every_transaction_and_restarted_there_is_one_order_at_most_and_none_is_lost(
    clock: LoopClock, tmp_path: Path, at: int, after_commit: bool
) -> None:
    path = tmp_path / "bot.db"
    first = await set_stage(clock, path=path)
    token = await ask(first)
    killed = KilledStore.open(path, a_vault(), inline=True)
    doomed = await set_stage(clock, store=killed, broker=first.broker, chance=12)
    killed.die(at, after_commit=after_commit)
    with pytest.raises((Crash, ConfirmationGone)) if at <= 2 else _perhaps():
        await doomed.tap(token)
    await asyncio.sleep(0.1)
    await _restart_and_judge(clock, first, token)


@pytest.mark.parametrize("moment", ["before_place", "after_place"])
async def test_killed_around_the_post_and_restarted_the_order_is_adopted_or_unknown(
    clock: LoopClock, tmp_path: Path, moment: str
) -> None:
    path = tmp_path / "bot.db"
    first = await set_stage(clock, path=path)
    token = await ask(first)

    def die() -> None:
        raise Crash

    setattr(first.broker, moment, die)
    killed = KilledStore.open(path, a_vault(), inline=True)
    doomed = await set_stage(clock, store=killed, broker=first.broker, chance=12)
    killed.die(3, after_commit=True)  # the transaction that would settle the order never runs
    with pytest.raises(BaseException):  # noqa: B017, PT011 - a kill, in whatever wrapping
        await doomed.tap(token)
    await _restart_and_judge(clock, first, token)


async def _restart_and_judge(clock: LoopClock, first: DeskStage, token: str) -> None:
    first.broker.before_place = first.broker.after_place = lambda: None
    again = await set_stage(clock, store=first.store, broker=first.broker, chance=13)
    await again.reconcile.settle_start()
    await again.reconcile.sync(ACCOUNT.id)
    order = await again.order()
    assert first.broker.posts <= 1
    if first.broker.true:
        assert order is not None
        assert order.broker_id == first.broker.true[0].broker_id
        assert order.status is OrderStatus.OPEN
    elif order is not None:
        assert order.status is OrderStatus.UNKNOWN
    with _perhaps():
        await again.tap(token)
    assert first.broker.posts <= 1


class _perhaps:  # noqa: N801 - reads like contextlib.suppress
    """The act may succeed or be refused. Either way the count of orders is what is judged."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> bool:
        return kind is not None and issubclass(kind, Crash | ConfirmationGone | CheckFailed | BaseExceptionGroup)


async def test_a_fill_reaches_the_outbox_once_however_often_the_books_are_read(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    stage.broker.fill(4)
    for _ in range(3):
        await stage.reconcile.sync(ACCOUNT.id)
    stage.broker.fill(6)
    for _ in range(3):
        await stage.reconcile.sync(ACCOUNT.id)
    news = await stage.notices()
    assert [type(notice) for notice in news] == [Filled, Filled]
    assert [notice.fill.filled_after for notice in news if isinstance(notice, Filled)] == [4, 10]


async def test_bells_during_a_look_cause_exactly_one_more(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    reads = 0
    plain = stage.broker.orders

    async def slow(*, urgent: bool = False) -> object:
        nonlocal reads
        reads += 1
        await asyncio.sleep(1)
        return await plain(urgent=urgent)

    stage.broker.orders = slow  # type: ignore[method-assign, assignment] # a slower book, in the test's own broker
    for _ in range(20):
        stage.reconcile.notify(ACCOUNT.id)
        await asyncio.sleep(0.02)
    await asyncio.sleep(5)
    assert reads == 2


async def test_a_day_order_of_yesterday_that_todays_book_does_not_know_is_expired(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    stage.broker.true.clear()
    await asyncio.sleep(timedelta(hours=20).total_seconds())
    await stage.reconcile.sync(ACCOUNT.id)
    kept = await stage.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
    assert kept == []
