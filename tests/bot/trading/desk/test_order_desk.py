"""Every confirmation leads to at most one order, whatever taps, answers and crashes do (invariants I1-I4, I7)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.routes import Bucket
from bot.domain.errors import (
    AddressRefused,
    CheckFailed,
    ChoiceWanted,
    ConfirmationGone,
    NotAllowed,
    NotSent,
    OrderOver,
    Refused,
    StopWordsRefused,
    Unclear,
)
from bot.domain.market.instrument import Exchange
from bot.domain.news.connections import AddressNotRegistered
from bot.domain.news.orders import Filled, OrderFound, OrderNotSeen, OrderRejected, OrderUnclear
from bot.domain.orders.order import Order, OrderDraft, OrderRequest, OrderStatus
from bot.domain.orders.standing import Cancelled
from bot.domain.people.account import Role, Stop, User
from bot.domain.ports.broker import Leaving
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.proposals.proposal import Change, Proposal, Question, Resumed
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.broker import ScriptedBroker
from tests.stage.desk import Crash, DeskStage, KilledStore, set_stage
from tests.stage.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON, a_vault

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
LIMIT = replace(BUY, price=Decimal("1475.00"))


async def ask(stage: DeskStage, request: OrderRequest = LIMIT) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON))


async def test_a_confirmed_card_places_exactly_one_order(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.OPEN
    assert [true.tag for true in stage.broker.true] == [order.tag]
    assert order.tag is not None
    assert len(order.tag) == 19


async def test_an_order_is_stored_while_the_tap_is_answered_and_leaves_only_after_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token, answered, seen = await ask(stage), asyncio.Event(), asyncio.Event()

    async def told() -> None:
        seen.set()
        await answered.wait()

    tap = asyncio.create_task(stage.desk.confirm(stage.actor, token, chat_id=PERSON, message_id=77, answered=told))
    await seen.wait()
    stored = await stage.order()
    assert stored is not None
    assert stored.status is OrderStatus.SUBMITTING
    assert stage.broker.true == []
    answered.set()
    await tap
    assert len(stage.broker.true) == 1


async def test_a_market_order_is_sent_as_a_limit_at_the_worst_price_of_the_card(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    proposal = await stage.proposals.propose(stage.actor, BUY, chat_id=PERSON)
    assert proposal.draft.protected
    assert proposal.draft.price == Decimal("1487.70")
    assert proposal.value == Decimal("14877.00")
    await stage.tap(await stage.card(proposal))
    assert stage.broker.true[0].draft.kind is OrderKind.LIMIT
    assert stage.broker.true[0].draft.price == Decimal("1487.70")


async def test_a_hundred_taps_at_once_place_one_order(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    results = await asyncio.gather(*(stage.tap(token) for _ in range(100)), return_exceptions=True)
    assert stage.broker.posts == 1
    assert sum(isinstance(result, Order) for result in results) == 1
    assert sum(isinstance(result, ConfirmationGone) for result in results) == 99


async def test_a_second_tap_on_an_answered_card_places_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.tap(token)
    with pytest.raises(ConfirmationGone, match="answered already"):
        await stage.tap(token)
    assert stage.broker.posts == 1


async def test_an_old_card_says_that_it_expired_however_late_its_tap_arrives(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await asyncio.sleep(60)
    with pytest.raises(ConfirmationGone, match="expired at") as gone:
        await stage.tap(token)
    assert gone.value.again
    assert stage.broker.posts == 0


async def test_a_tap_under_another_message_or_by_another_person_places_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    stranger = replace(stage.actor, user=User(telegram_id=666, name="Mallory"))
    for actor, chat, message in ((stranger, 666, 77), (stranger, PERSON, 77), (stage.actor, PERSON, 78), (stage.actor, 12, 77)):
        with pytest.raises(ConfirmationGone):
            await stage.desk.confirm(actor, token, chat_id=chat, message_id=message)
    with pytest.raises(ConfirmationGone):
        await stage.tap("a" * 26)
    assert stage.broker.posts == 0


async def test_a_card_shown_before_kill_is_refused_after_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.switch.kill(stage.actor)
    with pytest.raises(CheckFailed, match="stopped"):
        await stage.tap(token)
    with pytest.raises(ConfirmationGone, match="refused"):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_an_exit_passes_the_kill_switch_and_a_larger_sale_does_not(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(25)]
    await stage.switch.kill(stage.actor)
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    assert isinstance(await stage.tap(await ask(stage, sell)), Order)
    with pytest.raises(CheckFailed, match="stopped"):
        await stage.proposals.propose(
            stage.actor, sell, chat_id=PERSON
        )  # the first exit still works: together they would cross zero
    assert stage.broker.posts == 1


class BusyBroker(ScriptedBroker):
    """A broker behind the real queue for orders, three a second."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.rate_limits = BrokerRateLimits()
        self.left: list[str] = []

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        await self.rate_limits.enter(Bucket.ORDERS, urgent=urgent)
        self.left.append(f"{draft.side} {draft.product}")
        return await super().place(draft, tag, urgent=urgent, leaving=leaving)

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        await self.rate_limits.enter(Bucket.ORDERS, urgent=urgent)
        self.left.append(f"CHANGE {draft.side} {draft.product}")
        await super().modify(broker_id, draft, urgent=urgent)


async def test_an_exit_leaves_before_entries_that_wait_for_their_turn(clock: LoopClock) -> None:
    broker = BusyBroker(clock)
    stage = await set_stage(clock, broker=broker)
    broker.held = [a_position(25)]
    entries = [await stage.card(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), 100 + at) for at in range(9)]
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    leave = await stage.card(await stage.proposals.propose(stage.actor, sell, chat_id=PERSON), 200)
    async with asyncio.TaskGroup() as taps:
        for at, token in enumerate(entries):
            taps.create_task(stage.tap(token, 100 + at))
        await asyncio.sleep(0.5)  # the bucket is empty and six entries wait
        assert len(broker.left) == 3
        taps.create_task(stage.tap(leave, 200))
    assert broker.left == [*["BUY CNC"] * 3, "SELL MIS", *["BUY CNC"] * 6]
    assert broker.urgent == [False] * 3 + [True] + [False] * 6


async def test_an_exit_under_the_kill_switch_is_known_at_the_tap_and_leaves_first(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    token = await ask(stage, sell)  # nothing is held yet: a short, as far as the card knows
    stage.broker.held = [a_position(25)]
    await stage.store.transaction(lambda db: db.stops.stop(Stop(account_id=ACCOUNT.id, by=None, at=clock.now())))
    await stage.tap(token)
    assert stage.broker.urgent == [True]


async def test_a_new_price_for_an_exit_overtakes_too_and_one_for_an_entry_does_not(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(25)]
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS, price=Decimal("1500.00"))
    for request, number in ((sell, 1), (LIMIT, 2)):
        await stage.tap(await ask(stage, request))
        change = await stage.proposals.modify(stage.actor, number, price=Decimal("1490.00"), quantity=None, chat_id=PERSON)
        await stage.tap(await stage.card(change))
    assert stage.broker.urgent == [True, True, False, False]


def a_position(quantity: int, product: Product = Product.MIS) -> Position:
    return Position(
        instrument=RELIANCE, product=product, quantity=quantity, bought=quantity, sold=0,
        bought_value=Decimal("1480.30") * quantity, sold_value=Decimal(0), average=Decimal("1480.30"),
    )  # fmt: skip


async def test_somebody_taken_off_the_list_cannot_confirm_an_open_card(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.store.transaction(lambda db: db.people.remove(PERSON))
    with pytest.raises((CheckFailed, ConfirmationGone)):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_a_changed_card_kills_the_old_figures(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    old = await ask(stage)
    new = await stage.proposals.change(stage.actor, old, Change(quantity=20), chat_id=PERSON)
    with pytest.raises(ConfirmationGone, match="replaced"):
        await stage.tap(old)
    await stage.tap(new.confirmation.token)
    assert [true.draft.quantity for true in stage.broker.true] == [20]


async def test_when_the_price_ran_away_it_is_asked_again_and_quick_taps_are_ignored(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage, BUY)
    stage.feed.bid, stage.feed.ask = Decimal("1490.90"), Decimal("1491.00")
    redrawn = await stage.tap(token)
    assert isinstance(redrawn, Proposal)
    assert redrawn.redrawn is not None
    assert "1,491.00" in redrawn.redrawn
    with pytest.raises(ConfirmationGone, match="Read, then tap"):
        await stage.tap(redrawn.confirmation.token)
    assert stage.broker.posts == 0
    await asyncio.sleep(1.5)
    assert isinstance(await stage.tap(redrawn.confirmation.token), Order)
    assert stage.broker.true[0].draft.price == redrawn.draft.price


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


async def test_cancelling_a_resting_order_asks_nothing_again_and_the_book_decides(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    cancelled = await stage.orders.cancel(stage.actor, 1, chat_id=PERSON)
    assert isinstance(cancelled, Cancelled)
    assert (cancelled.order.status, cancelled.error) == (OrderStatus.CANCELLED, None)
    assert await stage.notices() == []  # the person asked for it and sees it on the card


async def test_cancelling_what_filled_meanwhile_shows_the_fill_and_is_no_error(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    stage.broker.fill(10)
    done = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(done, Cancelled)
    assert (done.order.status, done.order.filled, done.error) == (OrderStatus.FILLED, 10, None)


async def test_cancelling_what_is_over_while_the_book_is_late_is_said_in_words(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    stage.broker.fill(10)
    stage.broker.book_lag = 30
    told = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(told, Cancelled)
    assert isinstance(told.error, OrderOver)
    assert len(stage.broker.cancels) == 1


async def test_changing_what_filled_meanwhile_changes_nothing_and_shows_the_fill(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    change = await stage.proposals.modify(stage.actor, order.number, price=Decimal("1470.00"), quantity=None, chat_id=PERSON)
    token = await stage.card(change, 78)
    stage.broker.fill(10)
    with pytest.raises(OrderOver):
        await stage.tap(token, 78)
    known = await stage.order()
    assert known is not None
    assert (known.status, known.draft.price) == (OrderStatus.FILLED, Decimal("1475.00"))


@pytest.mark.parametrize("act", ["place", "change", "cancel"])
async def test_an_address_that_is_not_registered_is_told_once_a_day_whichever_act_met_it(clock: LoopClock, act: str) -> None:
    class Elsewhere(ScriptedBroker):
        refusing = False

        def refuse(self) -> None:
            if self.refusing:
                raise AddressRefused("not from here", code="IA403", words="Primary and Secondary IP Address are not matching")

        async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
            self.refuse()

        async def cancel(self, broker_id: str) -> None:
            self.refuse()

    broker = Elsewhere(clock)
    broker.before_place = broker.refuse
    stage = await set_stage(clock, broker=broker)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    await stage.notices()
    broker.refusing = True
    for again in range(2):
        if act == "place":
            await stage.tap(await ask(stage, replace(LIMIT, quantity=20 + again)))
        elif act == "cancel":
            told_of = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
            assert isinstance(told_of, Cancelled)
            assert isinstance(told_of.error, AddressRefused)
        else:
            change = await stage.proposals.modify(
                stage.actor, order.number, price=Decimal("1470.00"), quantity=None, chat_id=PERSON
            )
            token = await stage.card(change, 90 + again)
            with pytest.raises(AddressRefused):
                await stage.tap(token, 90 + again)
    told = [notice for notice in await stage.notices() if isinstance(notice, AddressNotRegistered)]
    assert [notice.words for notice in told] == ["Primary and Secondary IP Address are not matching"]
    asked = await stage.proposals.propose(stage.actor, replace(LIMIT, quantity=30), chat_id=PERSON)
    assert "address_refused" in {remark.name for remark in asked.warnings}, "seen today, said on each card"


async def test_cancelling_a_waiting_stop_is_asked_again_in_words(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stop = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, product=Product.MIS, trigger=Decimal("1450.00"))
    order = await stage.tap(await ask(stage, stop))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.TRIGGER_PENDING
    question = await stage.orders.cancel(stage.actor, 1, chat_id=PERSON)
    assert isinstance(question, Question)
    assert stage.broker.cancels == []
    await stage.proposals.shown(question.confirmation.token, 80)
    await stage.tap(question.confirmation.token, 80)
    assert len(stage.broker.cancels) == 1


async def test_a_cash_sale_with_two_readings_becomes_buttons_and_a_short_is_never_the_default(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10)
    with pytest.raises(ChoiceWanted) as nothing_held:
        await stage.proposals.propose(stage.actor, sell, chat_id=PERSON)
    assert [label for label, _ in nothing_held.value.near] == ["New intraday short 10"]
    stage.broker.demat = [a_holding(40)]
    assert (await stage.proposals.propose(stage.actor, sell, chat_id=PERSON)).draft.product is Product.CNC
    stage.broker.held = [a_position(10)]
    with pytest.raises(ChoiceWanted) as both:
        await stage.proposals.propose(stage.actor, sell, chat_id=PERSON)
    assert [label for label, _ in both.value.near] == ["Close intraday 10", "From holdings 40", "New intraday short 10"]


def a_holding(quantity: int) -> Holding:
    return Holding(
        instrument=RELIANCE, isin="INE002A01018", quantity=quantity, t1=0, authorised=quantity, collateral=0,
        average=Decimal("1400.00"), last=Decimal("1480.30"), previous_close=Decimal("1475.00"),
    )  # fmt: skip


async def test_a_viewer_looks_and_cannot_trade_and_a_guardian_only_reduces(clock: LoopClock) -> None:
    viewer = await set_stage(clock, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        await viewer.proposals.propose(viewer.actor, LIMIT, chat_id=PERSON)
    guardian = await set_stage(clock, role=Role.GUARDIAN)
    with pytest.raises(CheckFailed, match="guardian"):
        await guardian.proposals.propose(guardian.actor, LIMIT, chat_id=PERSON)


async def test_a_price_between_ticks_and_a_broken_lot_become_buttons_that_work(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    with pytest.raises(ChoiceWanted) as tick:
        await stage.proposals.propose(stage.actor, replace(BUY, price=Decimal("1475.13")), chat_id=PERSON)
    assert [command for _, command in tick.value.near] == ["/buy RELIANCE 10 @1475.1", "/buy RELIANCE 10 @1475.2"]
    call = OrderRequest(side=Side.BUY, symbol="nifty 24500 ce", quantity=100, exchange=Exchange.NFO)
    with pytest.raises(ChoiceWanted) as lot:
        await stage.proposals.propose(stage.actor, call, chat_id=PERSON)
    assert [label for label, _ in lot.value.near] == ["1 lot = 65", "2 lots = 130"]


async def test_modify_replaces_the_terms_after_a_confirmation_and_once(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    proposal = await stage.proposals.modify(stage.actor, 1, price=Decimal("1476.00"), quantity=None, chat_id=PERSON)
    token = await stage.card(proposal, 81)
    amended = await stage.tap(token, 81)
    assert isinstance(amended, Order)
    assert stage.broker.true[0].draft.price == amended.draft.price == Decimal("1476.00")
    with pytest.raises(ConfirmationGone):
        await stage.tap(token, 81)


async def test_a_second_kill_changes_nothing_and_only_an_owner_resumes(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    assert not (await stage.switch.kill(stage.actor)).already
    assert (await stage.switch.kill(stage.actor)).already
    await stage.becomes(Role.TRADER)
    with pytest.raises(NotAllowed):
        await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.becomes(Role.OWNER)
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.proposals.shown(question.confirmation.token, 90)
    await stage.tap(question.confirmation.token, 90)
    assert isinstance(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), Proposal)


async def test_a_day_order_of_yesterday_that_todays_book_does_not_know_is_expired(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    stage.broker.true.clear()
    await asyncio.sleep(timedelta(hours=20).total_seconds())
    await stage.reconcile.sync(ACCOUNT.id)
    kept = await stage.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
    assert kept == []


async def test_a_change_offers_each_size_once_and_prices_on_the_tick(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    options = await stage.proposals.change_options(stage.actor, await ask(stage, replace(LIMIT, quantity=1)))
    assert options.quantities == (2,)
    assert options.steps == (("Lower", Decimal("1473.50")), ("Higher", Decimal("1476.50")))
    assert options.seen == (("Bid", Decimal("1480.20")), ("Ask", Decimal("1480.30"))), "no tick lies between them"


async def test_a_sale_out_of_the_holdings_names_its_charges_and_what_comes_in(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.demat = [a_holding(40)]
    sale = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))
    asked = await stage.proposals.propose(stage.actor, sale, chat_id=PERSON)
    assert asked.draft.product is Product.CNC
    assert asked.charges is not None
    assert asked.charges > Decimal("21.24"), "18 rupees and GST of the depository, and STT"
    assert asked.proceeds == Decimal("14750.00") - asked.charges
    assert asked.charges_both is None, "the other side lies in the past"


async def test_the_exit_of_a_position_closes_what_is_held_now(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(25, Product.CNC), a_position(-10)]
    asked = await stage.proposals.positions.exit_position(stage.actor, RELIANCE.key, Product.MIS, chat_id=PERSON)
    assert asked.closes == asked.draft.quantity
    assert (asked.draft.side, asked.draft.quantity, asked.draft.product) == (Side.BUY, 10, Product.MIS)
    assert asked.draft.protected
    stage.broker.held = []
    with pytest.raises(CheckFailed, match="no open MIS position"):
        await stage.proposals.positions.exit_position(stage.actor, RELIANCE.key, Product.MIS, chat_id=PERSON)


async def test_a_refused_stop_spelling_is_not_sent_again_but_asked_anew_in_the_other_words(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stop = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, product=Product.MIS, trigger=Decimal("1450.00"))

    def quarrel() -> None:
        raise StopWordsRefused("mStock does not take this spelling", code="IA400", words="Invalid ordertype")

    stage.broker.before_place = quarrel
    refused = await stage.tap(await ask(stage, stop))
    assert isinstance(refused, Order)
    assert refused.status is OrderStatus.REFUSED
    assert stage.broker.posts == 1
    assert await stage.store.transaction(lambda db: db.accounts.stop_words(ACCOUNT.id)) == "split"
    stage.broker.before_place = lambda: None
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(250)  # a refusal is no proof: the same entry waits until it was looked for
    looking.cancel()
    again = await stage.proposals.same_again(stage.actor, refused.id, chat_id=PERSON)
    placed = await stage.tap(await stage.card(again, 91), 91)
    assert isinstance(placed, Order)
    assert (stage.broker.posts, stage.broker.stop_words) == (2, "split")


async def test_contracts_are_not_entered_on_an_old_list_and_shares_are(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    call = OrderRequest(side=Side.BUY, symbol="nifty 24500 ce", quantity=65)
    await asyncio.sleep(timedelta(days=1).total_seconds())
    assert isinstance(await stage.proposals.propose(stage.actor, call, chat_id=PERSON), Proposal)
    await asyncio.sleep(timedelta(days=1).total_seconds())
    with pytest.raises(CheckFailed, match="list of contracts"):
        await stage.proposals.propose(stage.actor, call, chat_id=PERSON)
    assert isinstance(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), Proposal)


async def test_a_button_that_does_not_fit_the_question_claims_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    card = await ask(stage)
    with pytest.raises(ConfirmationGone, match="does not belong to this question"):
        await stage.desk.confirm(stage.actor, card, chat_id=PERSON, message_id=77, in_words=True)
    assert stage.broker.posts == 0
    await stage.switch.kill(stage.actor)
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.proposals.shown(question.confirmation.token, 78)
    with pytest.raises(ConfirmationGone, match="does not belong to this question"):
        await stage.desk.confirm(stage.actor, question.confirmation.token, chat_id=PERSON, message_id=78)
    assert await stage.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    assert isinstance(await stage.tap(question.confirmation.token, 78), Resumed)
