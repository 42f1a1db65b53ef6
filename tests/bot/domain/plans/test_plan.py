"""What a plan does next, by its facts alone: nothing after its end, nothing against its stop, nothing beyond what is free."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.orders.order import Order, OrderStatus
from bot.domain.plans.plan import (
    Attached,
    LegKind,
    LegState,
    Next,
    Plan,
    PlanAct,
    PlanFacts,
    PlanState,
    next_act,
    next_slice,
    sliced,
)
from tests.storage.samples import ACCOUNT, DRAFT, NOW, PERSON, an_order

UNTIL = NOW + timedelta(hours=6)
SECOND = timedelta(seconds=1)
SIZE = DRAFT.quantity
ATTACHED = Attached(stop=Decimal("2880.00"), stop_limit=Decimal("2860.00"), target=Decimal("2990.00"))
FILLED = an_order(status=OrderStatus.FILLED, filled=SIZE, broker_id="1")


def plan_of(attached: Attached = ATTACHED) -> Plan:
    """A plan whose entry was sent, and its stop as well where it has one."""
    entry, *rest = attached.legs(DRAFT)
    legs = [replace(entry, state=LegState.CLAIMED, order_id=FILLED.id)]
    legs += [replace(leg, state=LegState.CLAIMED, order_id="stop") if leg.kind is LegKind.STOP else leg for leg in rest]
    return Plan(
        id="p", account_id=ACCOUNT.id, placed_by=PERSON, state=PlanState.ALIVE, legs=tuple(legs), until=UNTIL, created_at=NOW
    )  # fmt: skip


def stop_of(plan: Plan, **changes: object) -> Order:
    assert plan.stop is not None
    waits = an_order(2, id="stop", draft=plan.stop.draft, status=OrderStatus.TRIGGER_PENDING, broker_id="2")
    return replace(waits, **changes)  # type: ignore[arg-type]  # fields of an order


def facts(plan: Plan, guard: Order | None, **changes: object) -> PlanFacts:
    return replace(PlanFacts(entries=(FILLED,), guard=guard, free=SIZE), **changes)  # type: ignore[arg-type]  # fields of the facts


@pytest.mark.parametrize(
    ("changes", "at", "act"),
    [
        ({}, NOW, Next(act=PlanAct.TAKE_TARGET, quantity=SIZE)),
        ({"stopped": True}, NOW, None),
        ({}, UNTIL - SECOND, Next(act=PlanAct.TAKE_TARGET, quantity=SIZE)),
        ({}, UNTIL, None),
        ({"free": 0}, NOW, Next(act=PlanAct.CANCEL_GUARD)),
    ],
)
def test_a_target_that_is_touched_is_taken_unless_the_stop_is_reached_or_the_plan_is_over(
    changes: dict[str, object], at: datetime, act: Next | None
) -> None:
    plan = plan_of()
    assert next_act(plan, facts(plan, stop_of(plan), touched=True, **changes), at) == act


@pytest.mark.parametrize("status", [OrderStatus.UNKNOWN, OrderStatus.SUBMITTING, OrderStatus.REFUSED])
def test_beside_a_stop_of_which_nobody_knows_nothing_is_sent(status: OrderStatus) -> None:
    plan = plan_of()
    assert next_act(plan, facts(plan, stop_of(plan, status=status), touched=True), NOW) is None


@pytest.mark.parametrize(("at", "act"), [(UNTIL - SECOND, Next(act=PlanAct.PLACE_STOP, quantity=SIZE)), (UNTIL, None)])
def test_a_stop_is_placed_until_the_plan_is_over_and_no_longer(at: datetime, act: Next | None) -> None:
    plan = plan_of()
    legs = [replace(leg, state=LegState.WAITING, order_id=None) if leg.kind is LegKind.STOP else leg for leg in plan.legs]
    plan = replace(plan, legs=tuple(legs))
    assert next_act(plan, facts(plan, None), at) == act


def test_a_target_without_a_stop_is_an_order_until_the_plan_is_over() -> None:
    plan = plan_of(Attached(target=Decimal("2990.00")))
    assert next_act(plan, facts(plan, None, touched=True), NOW) == Next(act=PlanAct.TAKE_TARGET, quantity=SIZE)
    assert next_act(plan, facts(plan, None, touched=True), UNTIL) is None


@given(lot=st.integers(1, 5000), lots=st.integers(1, 400), freeze=st.integers(1, 100_000))
def test_every_slice_is_whole_lots_under_the_freeze_and_the_slices_sum_to_the_order(lot: int, lots: int, freeze: int) -> None:
    whole = replace(DRAFT, quantity=lot * lots, instrument=replace(DRAFT.instrument, lot=lot))
    parts = [leg.draft.quantity for leg in sliced(whole, freeze)]
    assert sum(parts) == whole.quantity
    if freeze < lot:
        assert len(parts) == 1, "no order can be under it"
        return
    assert all(0 < part <= freeze and part % lot == 0 for part in parts)
    assert all(part + lot > freeze for part in parts[:-1])  # no slice but the last could have carried another lot
    assert parts == sorted(parts, reverse=True)


@pytest.mark.parametrize(
    ("quantity", "lot", "freeze", "expected"),
    [
        (1755, 65, 1800, [1755]),
        (1820, 65, 1800, [1755, 65]),
        (3575, 65, 1800, [1755, 1755, 65]),
        (2760, 120, 2800, [2760]),
        (600, 30, 600, [600]),
        (3, 1, 1, [1, 1, 1]),
    ],
)
def test_slices_of_known_contracts(quantity: int, lot: int, freeze: int, expected: list[int]) -> None:
    whole = replace(DRAFT, quantity=quantity, instrument=replace(DRAFT.instrument, lot=lot))
    assert [leg.draft.quantity for leg in sliced(whole, freeze)] == expected


def test_parts_go_until_the_plan_is_over_and_the_rest_is_struck_off() -> None:
    legs = sliced(replace(DRAFT, quantity=4), 2)
    first = replace(legs[0], state=LegState.CLAIMED, order_id=FILLED.id)
    plan = replace(plan_of(), legs=(first, *legs[1:]), sliced=True)
    done = replace(FILLED, filled=2, draft=first.draft)
    assert next_slice(plan, (done,), UNTIL - SECOND) == Next(act=PlanAct.SEND_SLICE, quantity=1)
    assert next_slice(plan, (done,), UNTIL) == Next(act=PlanAct.STRIKE)
