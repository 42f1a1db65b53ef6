"""A trail that is said beside an order: its stop, its worst price and what it counts from are those of the plan's legs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed
from bot.domain.orders.legs import Leg, Measure, TrailSaid
from bot.domain.orders.order import OrderRequest
from bot.domain.plans.plan import LegKind
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.tape import set_tape
from tests.storage.samples import PERSON

ENTRY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1480.00"), product=Product.MIS)


@pytest.mark.parametrize(
    ("trail", "stop", "start", "every"),
    [
        (TrailSaid(every=Decimal(15)), None, "1465.00", "15"),
        (TrailSaid(every=Decimal(2), measure=Measure.PERCENT), None, "1450.40", "29.60"),
        (TrailSaid(every=Decimal(15), step=Decimal(10)), Leg(value=Decimal(1460)), "1460.00", "15"),
    ],
)
async def test_the_rule_begins_at_the_stop_with_its_worst_price_behind_it(
    trail: TrailSaid, stop: Leg | None, start: str, every: str, clock: LoopClock
) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    request = replace(ENTRY, stop=stop, trail=trail)
    card = await desk.proposals.propose(desk.actor, request, chat_id=PERSON)
    plan = await desk.store.transaction(lambda db: db.plans.find(card.confirmation.token))
    assert plan is not None
    assert plan.trail is not None
    rule, leg = plan.trail.rule, plan.leg(LegKind.STOP)
    assert leg is not None
    assert (rule.start, rule.every, rule.base, rule.step) == (Decimal(start), Decimal(every), Decimal("1480.00"), trail.step)
    assert rule.worst(rule.start) == leg.draft.price
    assert plan.stop == leg, "it stands where its leg has it"


@pytest.mark.parametrize(("side", "limit", "start"), [(Side.BUY, "1500.00", "1465.30"), (Side.SELL, "1450.00", "1495.30")])
async def test_a_limit_beyond_the_market_is_trailed_from_where_it_will_fill(
    side: Side, limit: str, start: str, clock: LoopClock
) -> None:
    stage = await set_tape(clock)
    request = replace(ENTRY, side=side, price=Decimal(limit), trail=TrailSaid(every=Decimal(15)))
    card = await stage.desk.proposals.propose(stage.desk.actor, request, chat_id=PERSON)
    plan = await stage.desk.store.transaction(lambda db: db.plans.find(card.confirmation.token))
    assert plan is not None
    assert plan.trail is not None
    assert (plan.trail.rule.start, plan.trail.rule.base) == (Decimal(start), Decimal("1480.30"))


async def test_a_trail_that_leaves_no_stop_is_refused(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    request = replace(ENTRY, trail=TrailSaid(every=Decimal(1480)))
    with pytest.raises(CheckFailed, match="leaves no stop"):
        await stage.desk.proposals.propose(stage.desk.actor, request, chat_id=PERSON)
