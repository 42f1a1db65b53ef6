"""Limits hold for entries and never for exits, are read again at the tap, and are loosened on another day only."""

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import CheckFailed, NotAllowed, PinWanted
from bot.domain.market.instrument import Exchange
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.news.safety import DayLocked
from bot.domain.orders.order import Order, OrderRequest
from bot.domain.people.account import Limits, Role, Segment, User
from bot.domain.people.secret import Secret
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.safety.limits import NAMES, stricter
from tests.bot.trading.desk.asked import LIMIT, a_position, ask
from tests.bot.trading.sessions.test_logins import a_desk
from tests.stage.access import access
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import NIFTY_CALL
from tests.storage.samples import ACCOUNT, CREDENTIALS, NOW, PERSON

RAVI = User(telegram_id=2002, name="Ravi")
EXIT = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
CALL = OrderRequest(
    side=Side.BUY, symbol="nifty 24500 ce", quantity=65, price=Decimal("100.00"), exchange=Exchange.NFO, product=Product.NRML
)
REFUSING = [
    ({"value": Decimal(14_000)}, "over your own limit of 14,000.00 for one order"),
    ({"quantity": 9}, "10 is over your own limit of 9"),
    ({"orders_a_day": 0}, "0 orders were sent today"),
    ({"orders_a_minute": 0}, "0 orders were sent in the last minute"),
    ({"segments": (Segment.OPTIONS,)}, "allow options; this is cash"),
    ({"segments": ()}, "allow no segment"),
    ({"hours": (time(4, 0), time(5, 0))}, "trading hours are 04:00 to 05:00"),
]


@pytest.mark.parametrize(("limits", "said"), REFUSING)
async def test_each_limit_refuses_an_entry_and_lets_the_exit_through(limits: dict[str, Any], said: str, clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(**limits)
    with pytest.raises(CheckFailed, match=said):
        await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON)
    stage.broker.held = [a_position(25)]
    assert isinstance(await stage.tap(await ask(stage, EXIT)), Order)
    assert [each.draft.side for each in stage.broker.true] == [Side.SELL]


@pytest.mark.parametrize(("limits", "said"), REFUSING)
async def test_a_limit_set_while_the_card_is_open_is_found_by_the_tap(
    limits: dict[str, Any], said: str, clock: LoopClock
) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await access(stage).put(**limits)
    with pytest.raises(CheckFailed, match=said):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_what_is_within_the_limits_passes(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    everything = {"value": Decimal(14_750), "quantity": 10, "orders_a_day": 1, "orders_a_minute": 1, "daily_loss": Decimal(1)}
    await access(stage).put(**everything, segments=(Segment.CASH,), hours=(time(0, 0), time(23, 59, 59)))
    assert isinstance(await stage.tap(await ask(stage)), Order)
    with pytest.raises(CheckFailed) as second:
        await ask(stage, replace(LIMIT, quantity=11))
    assert len(second.value.reasons) == 4, "every reason at once: value, quantity, day, minute"


async def test_an_option_is_of_its_own_segment(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(segments=(Segment.CASH, Segment.FUTURES))
    with pytest.raises(CheckFailed, match="cash and futures; this is options"):
        await ask(stage, CALL)


def a_loss(rupees: int) -> Any:
    """A position of 25 shares that has lost so much at the last price of 1,480.30."""
    flat = a_position(25)
    cost = Decimal("1480.30") + Decimal(rupees) / 25
    return replace(flat, bought_value=cost * 25, average=cost)


async def test_the_daily_loss_locks_the_day_and_a_recovery_does_not_open_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    at = access(stage)
    await at.put(daily_loss=Decimal(5000))
    stage.broker.held = [a_loss(4999)]
    token = await ask(stage)
    stage.broker.held = [a_loss(5000)]
    with pytest.raises(CheckFailed, match=r"day is locked since [\d:]+ \(the daily loss was reached\)"):
        await stage.tap(token)
    assert stage.broker.posts == 0
    assert {type(each) for each in await stage.notices()} == {DayLocked}
    stage.broker.held = [a_loss(-100)]
    with pytest.raises(CheckFailed, match="day is locked"):
        await ask(stage)
    assert isinstance(await stage.tap(await ask(stage, EXIT)), Order)
    await at.limits.change(stage.actor, "daily_loss", None)
    with pytest.raises(CheckFailed, match="day is locked"):
        await ask(stage)


async def test_a_result_that_nobody_knows_refuses_entries_where_a_daily_loss_is_set(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(daily_loss=Decimal(5000))
    stage.broker.held = [replace(a_position(25), average=None)]
    with pytest.raises(CheckFailed, match="cannot tell whether your daily loss is reached"):
        await ask(stage)


async def test_a_day_locked_by_hand_stays_locked_until_the_next_day_and_rings_the_others(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    at = access(stage)
    token = await ask(stage)
    shown = await at.limits.lock_day(stage.actor)
    assert shown.day_lock is not None
    assert (await at.limits.lock_day(stage.actor)).day_lock == shown.day_lock
    with pytest.raises(CheckFailed, match="Asha locked it"):
        await stage.tap(token)
    question = stage.switch  # nothing that the chat offers lifts it: not even resuming
    await question.kill(stage.actor)
    asked = await question.ask_resume(stage.actor, chat_id=PERSON)
    await stage.proposals.shown(asked.confirmation.token, 91)
    await stage.tap(asked.confirmation.token, 91)
    with pytest.raises(CheckFailed, match="day is locked"):
        await ask(stage)
    assert ActByOther(name="Asha", deed=ActionKind.DAY_LOCKED, at=shown.day_lock.at) in await stage.notices()
    await asyncio.sleep(timedelta(days=1).total_seconds())
    renew(stage)
    assert isinstance(await stage.tap(await ask(stage)), Order)


def renew(stage: DeskStage) -> None:
    assert stage.connection.session is not None
    stage.connection.session = replace(stage.connection.session, expires=stage.clock.now() + timedelta(hours=1))


async def test_tighter_works_at_once_and_looser_from_the_next_trading_day_only(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 11, 0))  # a Friday; Tuesday 24 November is a holiday
    stage = await set_stage(clock)
    at = access(stage)
    shown = await at.limits.change(stage.actor, "value", Decimal(10_000))
    assert shown.today.value == Decimal(10_000)
    assert shown.later is None
    shown = await at.limits.change(stage.actor, "value", Decimal(20_000))
    assert shown.today.value == Decimal(10_000)
    assert shown.later is not None
    assert (shown.later[0], shown.later[1].value) == (date(2026, 11, 23), Decimal(20_000))
    with pytest.raises(CheckFailed, match=r"10,000\.00"):
        await ask(stage)
    await asyncio.sleep(timedelta(days=1).total_seconds())  # Saturday
    renew(stage)
    with pytest.raises(CheckFailed, match=r"10,000\.00"):
        await ask(stage)
    await asyncio.sleep(timedelta(days=2).total_seconds())  # Monday
    renew(stage)
    assert isinstance(await stage.tap(await ask(stage)), Order)
    shown = await at.limits.change(stage.actor, "value", None)
    assert shown.later is not None
    assert shown.later[0] == date(2026, 11, 25), "over the holiday"


async def test_what_is_to_be_loosened_can_be_taken_back_and_does_not_loosen_the_rest(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.limits.change(stage.actor, "value", Decimal(10_000))
    await at.limits.change(stage.actor, "value", None)
    await at.limits.change(stage.actor, "quantity", 5)
    shown = await at.limits.change(stage.actor, "value", Decimal(8_000))
    assert (shown.today.value, shown.today.quantity) == (Decimal(8_000), 5)
    assert shown.later is not None
    assert (shown.later[1].value, shown.later[1].quantity) == (Decimal(8_000), 5)


async def test_hours_that_are_moved_allow_today_only_what_both_spans_allow(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.put(hours=(time(9, 0), time(12, 0)), segments=(Segment.CASH, Segment.FUTURES))
    shown = await at.limits.change(stage.actor, "hours", (time(11, 0), time(15, 0)))
    assert shown.today.hours == (time(11, 0), time(12, 0))
    assert shown.later is not None
    assert shown.later[1].hours == (time(11, 0), time(15, 0))
    shown = await at.limits.change(stage.actor, "segments", (Segment.FUTURES, Segment.OPTIONS))
    assert shown.today.segments == (Segment.FUTURES,)
    assert shown.later is not None
    assert shown.later[1].segments == (Segment.FUTURES, Segment.OPTIONS)


async def test_only_an_owner_changes_limits_and_loosening_asks_the_pin(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    for role in (Role.TRADER, Role.GUARDIAN, Role.VIEWER):
        await stage.becomes(role)
        with pytest.raises(NotAllowed):
            await at.limits.change(stage.actor, "value", Decimal(1))
    await stage.becomes(Role.OWNER)
    await at.set_pin(stage.actor)
    await at.limits.change(stage.actor, "value", Decimal(10_000))
    with pytest.raises(PinWanted) as wanted:
        await at.limits.change(stage.actor, "value", Decimal(20_000))
    assert (await at.limits.show(stage.actor)).later is None
    await at.prove(stage.actor, wanted.value.proof)
    with pytest.raises(PinWanted):
        await at.limits.change(stage.actor, "value", Decimal(30_000))
    assert (await at.limits.change(stage.actor, "value", Decimal(20_000))).later is not None
    with pytest.raises(PinWanted):
        await at.limits.change(stage.actor, "value", Decimal(20_001))


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "value": st.none() | st.decimals(0, 10**6, places=2),
    "quantity": st.none() | st.integers(0, 1000),
    "orders_a_day": st.none() | st.integers(0, 1000),
    "orders_a_minute": st.none() | st.integers(0, 100),
    "daily_loss": st.none() | st.decimals(0, 10**6, places=2),
    "segments": st.none() | st.sets(st.sampled_from(Segment)).map(lambda some: tuple(each for each in Segment if each in some)),
    "hours": st.none() | st.tuples(st.times(), st.times()).map(lambda span: (min(span), max(span))),
    "ask_pin_above": st.none() | st.decimals(0, 10**6, places=2),
    "guardian_sells_holdings": st.booleans(),
    "stops_by_themselves": st.booleans(),
}
named = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), VALUES[name], VALUES[name]))


@given(named)
def test_the_stricter_of_two_allows_nothing_that_one_of_them_refuses(case: tuple[str, Any, Any]) -> None:
    name, one, other = case
    tight = stricter(name, one, other)
    assert tight == stricter(name, other, one)
    assert stricter(name, tight, one) == tight
    assert stricter(name, tight, other) == tight
    assert stricter(name, one, one) == one


@dataclass
class HandClock:
    """A clock that is set by hand: weeks pass."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def a_value(name: str, chance: random.Random) -> Any:
    """Any value that the limit may be given, few of a kind so that they meet again."""
    spans = [(time(9, 15), time(15, 30)), (time(10, 0), time(11, 0)), (time(10, 30), time(14, 0))]
    sets = [tuple(each for each in Segment if chance.random() < 0.6) for _ in range(3)]
    choices: dict[str, list[Any]] = {
        "hours": [None, *spans],
        "segments": [None, *sets],
        "guardian_sells_holdings": [True, False],
        "stops_by_themselves": [True, False],
        "quantity": [None, 0, 5, 500],
        "orders_a_day": [None, 1, 50, 200, 900],
        "orders_a_minute": [None, 1, 20, 90],
    }
    return chance.choice(choices.get(name, [None, Decimal(0), Decimal(1000), Decimal("50000.50"), Decimal(10**7)]))


@pytest.mark.parametrize("seed", range(6))
async def test_no_series_of_changes_makes_today_looser_than_it_was(seed: int) -> None:
    """Over a fortnight in the store itself: within a day a limit only tightens, and the next trading day has the last word."""
    clock, chance = HandClock(at_ist(date(2026, 11, 16), 9, 30)), random.Random(seed)
    stage = await set_stage(clock)
    at = access(stage)
    wished = Limits()
    loosened = 0
    for _ in range(14):
        today = (await at.limits.show(stage.actor)).today
        for _ in range(chance.randrange(6)):
            name = chance.choice(NAMES)
            value = a_value(name, chance)
            after = await at.limits.change(stage.actor, name, value)
            wished = replace(wished, **{name: value})
            for each in NAMES:
                was, now = getattr(today, each), getattr(after.today, each)
                assert stricter(each, was, now) == now, (each, was, now)
            loosened += value != getattr(after.today, name)
            today = after.today
            if after.later is not None:
                assert after.later[1] == wished
        begins = at.limits.next_day(ist_date(clock.now()))
        clock.moment = at_ist(begins, 9, 30)
        assert (await at.limits.show(stage.actor)).today == wished
    assert loosened > 3


async def test_linking_anew_is_no_way_around_the_limits_nor_around_a_locked_day(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.limits.change(stage.actor, "value", Decimal(10_000))
    await at.limits.change(stage.actor, "value", Decimal(90_000))
    await at.limits.lock_day(stage.actor)
    await stage.store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
    accounts, _, _, _ = await a_desk(clock, stage.store)
    anew = await accounts.link("other", CREDENTIALS, "123456", by=stage.actor.user)
    again = replace(stage.actor, account=anew)
    shown = await at.limits.show(again)
    assert shown.today.value == Decimal(10_000)
    assert shown.later is not None
    assert shown.later[1].value == Decimal(90_000)
    assert shown.day_lock is not None
    assert shown.day_lock.why == "Asha locked it"

    another = replace(CREDENTIALS, client_code=Secret("XY1234567"))
    other = await accounts.link("papa", another, "234567", by=stage.actor.user)
    today = ist_date(clock.now())
    assert await stage.store.transaction(lambda db: db.limits.on(other.id, today)) == Limits(), "another client begins afresh"


async def test_limits_belong_to_one_account(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(quantity=1)
    today = ist_date(clock.now())
    assert (await stage.store.transaction(lambda db: db.limits.on("a2", today))) == Limits()
    assert NIFTY_CALL.is_option
    assert (await stage.store.transaction(lambda db: db.limits.on(ACCOUNT.id, today))).quantity == 1
