"""A plan comes back as it was asked, and each of its legs is sent by one caller, while it is alive."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.plans.plan import Attached, LegKind, LegState, Plan, PlanState
from storage.store import SqlStore
from tests.stage.values.orders import a_draft, an_order
from tests.storage.samples import ACCOUNT, DAY, NOW

ENTRY = a_draft()
PLAN = Plan(
    id="token",
    account_id=ACCOUNT.id,
    placed_by=7,
    state=PlanState.ASKED,
    legs=Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1440.00"), target=Decimal("1500.00")).legs(ENTRY),
    until=NOW + timedelta(hours=6),
    created_at=NOW,
)


async def test_a_plan_comes_back_as_it_was_asked(store: SqlStore) -> None:
    await store.transaction(lambda db: db.plans.add(PLAN))
    assert await store.transaction(lambda db: db.plans.find("token")) == PLAN
    assert await store.transaction(lambda db: db.plans.find("another")) is None


async def test_a_plan_begins_once_and_only_then_are_its_legs_sent_each_once(store: SqlStore) -> None:
    await store.transaction(lambda db: db.plans.add(PLAN))
    await store.transaction(lambda db: db.orders.add(an_order(account_id=ACCOUNT.id), DAY))
    claims = [await store.transaction(lambda db: db.plans.claim("token", 1, "o1"))]
    begun = [await store.transaction(lambda db: db.plans.begin("token")) for _ in range(2)]
    claims += [await store.transaction(lambda db: db.plans.claim("token", 1, "o1")) for _ in range(2)]
    assert (begun, claims) == ([True, False], [False, True, False])
    leg = (await store.transaction(lambda db: db.plans.alive()))[0].legs[1]
    assert (leg.kind, leg.state, leg.order_id) == (LegKind.STOP, LegState.CLAIMED, "o1")


async def test_what_was_struck_off_or_is_of_a_plan_that_is_over_is_never_sent(store: SqlStore) -> None:
    await store.transaction(lambda db: db.plans.add(replace(PLAN, state=PlanState.ALIVE)))
    await store.transaction(lambda db: db.orders.add(an_order(account_id=ACCOUNT.id), DAY))
    assert await store.transaction(lambda db: db.plans.strike("token", 1))
    assert not await store.transaction(lambda db: db.plans.claim("token", 1, "o1"))
    assert [await store.transaction(lambda db: db.plans.end("token", "over")) for _ in range(2)] == [True, False]
    assert not await store.transaction(lambda db: db.plans.claim("token", 2, "o1"))
    assert not await store.transaction(lambda db: db.plans.taking("token", NOW))
    assert await store.transaction(lambda db: db.plans.alive()) == []


async def test_cards_that_nobody_confirmed_are_forgotten_with_their_plans(store: SqlStore) -> None:
    await store.transaction(lambda db: db.plans.add(PLAN))
    await store.transaction(lambda db: db.plans.add(replace(PLAN, id="lives", state=PlanState.ALIVE)))
    assert await store.transaction(lambda db: db.plans.forget_before(NOW + timedelta(seconds=1))) == 1
    assert await store.transaction(lambda db: db.plans.find("token")) is None
    assert await store.transaction(lambda db: db.plans.find("lives")) is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, until=NOW),
        replace(PLAN, legs=PLAN.legs[:2]),
        replace(
            PLAN, legs=Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1439.90"), target=Decimal("1500.00")).legs(ENTRY)
        ),
        replace(PLAN, legs=Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1440.00")).legs(a_draft(quantity=11))),
    ],
)
def test_the_name_of_a_plan_changes_with_whatever_the_card_shows_of_it(other: Plan) -> None:
    assert other.digest() != PLAN.digest()
