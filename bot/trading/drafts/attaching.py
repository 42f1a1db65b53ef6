"""What may be attached to an entry: a stop on the losing side, a target on the winning one, each on the tick."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.market.prices import Price
from bot.domain.market.rules import MarketRules
from bot.domain.money import in_figures, in_price, on_tick, tick_down
from bot.domain.orders.band_edge import day_edges, no_further
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.legs import Leg, Measure
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.people.account import Actor
from bot.domain.plans.plan import Attached, LegKind, Plan, PlanLeg, PlanState, sliced
from bot.domain.plans.trail import Trail, TrailRule
from bot.domain.terms import OrderKind, Side
from bot.domain.value import value
from bot.trading.drafts.attached import stops_meant, targets_meant
from bot.trading.drafts.drafting import open_units
from bot.trading.drafts.held import Held
from bot.trading.drafts.trailing import begins, first_stop, points, rule_of, trail_in_points
from bot.trading.orders.confirmations import Confirmations


@value
class Entry:
    """A new order as it is asked about, and what the account has of its instrument."""

    draft: OrderDraft
    price: Price | None
    attached: Attached | None
    held: Held


@value
class Attaching:
    """Makes the question about a new order, and the plan around it where more than one order follows from its Confirm."""

    rules: MarketRules
    confirmations: Confirmations
    clock: Clock

    def question(
        self, actor: Actor, chat_id: int, entry: Entry, *, message_id: int | None = None, calm: bool = False
    ) -> tuple[Confirmation, Plan | None]:
        """An open question, not yet stored, whose digest covers the plan. CheckFailed as attach."""
        legs, now = self._legs(entry), self.clock.now()
        rule = rule_of(legs, entry.attached, entry.draft, entry.price) if entry.attached is not None else None
        plan = plan_for(actor, legs, now, joins=_joins(entry), rule=rule) if len(legs) > 1 else None
        name = plan.digest() if plan is not None else None
        question = self.confirmations.new(
            actor, chat_id, Purpose.PLACE, draft=entry.draft, message_id=message_id, calm=calm, plan=name
        )
        return question, replace(plan, id=question.token) if plan is not None else None

    def _legs(self, entry: Entry) -> tuple[PlanLeg, ...]:
        """The order, what is attached to it, and each part where it is over the freeze quantity.

        Parts of an entry, of a stop and of an exit go by legs of their kind: an exit's are those of a list with one row.
        """
        draft, today = entry.draft, ist_date(self.clock.now())
        freeze = self.rules.freeze(draft.instrument, today)
        over = freeze is not None and draft.quantity > freeze.quantity
        attached = entry.attached if entry.attached is not None and entry.attached != Attached() else None
        if attached is not None and attached.joins is not None:
            return attached.legs(draft) if not over else sliced(draft, freeze.quantity if freeze is not None else 0)
        legs = attach(attached, draft, entry.price, self.rules, today).legs(draft) if attached is not None else ()
        if over and attached is not None and attached.trail is not None:
            raise CheckFailed(["It is over the freeze quantity and goes in parts: say trail once they are filled."])
        if not over or freeze is None:
            return legs or sliced(draft, draft.quantity)
        open_ = open_units(draft, entry.held.positions, entry.held.holdings, ())
        if open_ >= draft.quantity:
            return sliced(draft, freeze.quantity, LegKind.STOP if draft.trigger is not None else LegKind.EXIT)
        if open_ > 0:  # it closes and opens: asked as one, with its warning
            return legs or sliced(draft, draft.quantity)
        parts = sliced(draft, freeze.quantity)
        return (*parts, *(replace(leg, number=len(parts) + place) for place, leg in enumerate(legs[1:])))


def attach(attached: Attached, entry: OrderDraft, price: Price | None, rules: MarketRules, on: date) -> Attached:
    """What is attached, with the stop's worst price in rupees. CheckFailed names all that speaks against it."""
    entered = entry.price or (price.last if price is not None else None)
    if entered is None:
        raise CheckFailed(["No price is known now, so I cannot tell on which side of it the stop and the target lie."])
    if entry.kind in (OrderKind.SL, OrderKind.SL_M):
        raise CheckFailed(["A stop order takes nothing with it. Once it is filled, or for what is open: sl 2880, trail 15."])
    reasons = [
        f"{in_figures(each)} is between ticks of {in_figures(entry.instrument.tick)}."
        for each in (attached.stop, attached.stop_limit, attached.target, *points(attached.trail))
        if each is not None and not on_tick(each, entry.instrument.tick)
    ]
    sign = entry.side.sign
    if attached.stop is not None and (entered - attached.stop) * sign <= 0:
        reasons.append(_wrong("stop", attached.stop, entered, below=entry.side is Side.BUY))
    if attached.target is not None and (attached.target - entered) * sign <= 0:
        reasons.append(_wrong("target", attached.target, entered, below=entry.side is Side.SELL))
    if reasons:
        raise CheckFailed(reasons)
    if attached.stop is None or attached.stop_limit is not None:
        return attached
    limit = rules.stop_limit(
        side=entry.side.opposite, kind=entry.instrument.kind, trigger=attached.stop, tick=entry.instrument.tick, on=on
    )
    stop = replace(entry, side=entry.side.opposite, kind=OrderKind.SL, trigger=attached.stop, price=limit)
    return replace(attached, stop_limit=no_further(stop, day_edges(rules, entry.instrument, price, on)).price)


def attached_of(request: OrderRequest, entry: OrderDraft, price: Price | None) -> Attached | None:
    """What a request attaches, in rupees on the tick. None where it attaches nothing.

    ChoiceWanted where a stop may be a price or points, or lies on the wrong side. CheckFailed where no price is known.
    """
    if request.stop is None and request.target is None and request.trail is None:
        return None
    entered = entry.price or (price.last if price is not None else None)
    if entered is None:
        raise CheckFailed(["No price is known now, so I cannot tell where the stop and the target lie."])
    tick, long = entry.instrument.tick, entry.side is Side.BUY
    stop = limit = target = None
    if (leg := request.stop) is not None:
        last = price.last if price is not None else entered
        stops = stops_meant(leg, entry=entered, last=last, long=long, tick=tick)
        losing = [each for each in stops if (entered - each) * entry.side.sign > 0]
        if len(losing) != 1 or len(stops) > 1:
            mirrored = tick_down(entered - entry.side.sign * abs(entered - leg.away(entered, -1 if long else 1)), tick)
            offered = dict.fromkeys(losing or [each for each in (mirrored,) if each > 0])
            near = [(f"Stop at {in_price(each)}", request_line(replace(request, stop=sure(each)))) for each in offered]
            say = f"Is {in_price(leg.value)} a price, or points?"
            if not losing:
                say = f"A stop at {leg} is not on the losing side of {in_price(entered)}. Is it this one?"
            raise ChoiceWanted(say, near=near)
        stop, limit = losing[0], leg.limit
    if (leg := request.target) is not None:
        last = price.last if price is not None else entered
        targets = targets_meant(leg, entry=entered, last=last, long=long, tick=tick)
        if len(targets) > 1:
            winning = [each for each in targets if (each - entered) * entry.side.sign > 0]
            near = [(f"Target at {in_price(each)}", request_line(replace(request, target=sure(each)))) for each in winning]
            raise ChoiceWanted(f"Is {in_price(leg.value)} a price, or points?", near=near)
        target = targets[0] if targets else leg.value
    begun = begins(entry, price) or entered
    trail = trail_in_points(request.trail, begun, tick) if request.trail is not None else None
    if trail is not None and stop is None:
        stop = first_stop(trail, begun, long=long, tick=tick)
    return Attached(stop=stop, stop_limit=limit, target=target, trail=trail)


def sure(value: Decimal, limit: Decimal | None = None) -> Leg:
    """A stop or a target at a price that was chosen: it is not asked about again."""
    return Leg(value=value, measure=Measure.AT, limit=limit)


def misfit(plan: Plan, *, reduces: bool) -> str | None:
    """Why a plan does not fit what its order does, as far as was seen when it was asked. None: it fits."""
    if not plan.entries:
        return None if reduces else "Part of it is being closed already. Ask for what is left."
    if reduces and plan.joins is None and (not plan.sliced or plan.leg(LegKind.STOP) or plan.leg(LegKind.TARGET)):
        return "It closes what is open: a stop or a target belongs to an entry."
    return None


def _joins(entry: Entry) -> str | None:
    return entry.attached.joins if entry.attached is not None else None


def plan_for(
    actor: Actor, legs: tuple[PlanLeg, ...], now: datetime, *, joins: str | None = None, rule: TrailRule | None = None
) -> Plan:
    """The plan of a question that has no token yet: it is asked with it, and ends with the day in India.

    rule: how its stop follows the price, if it does.
    """
    account = actor.account
    if account is None:
        msg = "a plan needs an account"
        raise ValueError(msg)
    return Plan(
        id="",
        account_id=account.id,
        placed_by=actor.user.telegram_id,
        state=PlanState.ASKED,
        legs=legs,
        until=at_ist(ist_date(now) + timedelta(days=1), 0),
        created_at=now,
        joins=joins,
        trail=Trail(rule=rule, trigger=rule.start, since=now) if rule is not None else None,
        sliced=legs[0].kind is not LegKind.EXIT and sum(leg.kind is legs[0].kind for leg in legs) > 1,
    )


def loss_if_stopped(attached: Attached, entry: OrderDraft, price: Price | None) -> Decimal | None:
    """The result in rupees before charges if the stop fills at its worst price. None where that is not known."""
    entered = entry.price or (price.last if price is not None else None)
    if entered is None or attached.stop_limit is None:
        return None
    return (attached.stop_limit - entered) * entry.side.sign * entry.quantity


def _wrong(name: str, at: Decimal, entered: Decimal, *, below: bool) -> str:
    where = "below" if below else "above"
    return f"A {name} at {in_figures(at)} is on the wrong side: the entry is {in_figures(entered)}, so it lies {where} that."
