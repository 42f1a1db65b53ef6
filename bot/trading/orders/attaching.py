"""What may be attached to an entry: a stop on the losing side, a target on the winning one, each on the tick."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import CheckFailed
from bot.domain.market.prices import Price
from bot.domain.market.rules import MarketRules
from bot.domain.money import in_figures, on_tick
from bot.domain.orders.order import OrderDraft
from bot.domain.orders.plan import Attached, Plan, PlanState
from bot.domain.people.account import Actor
from bot.domain.terms import OrderKind, Side


def attach(attached: Attached, entry: OrderDraft, price: Price | None, rules: MarketRules, on: date) -> Attached:
    """What is attached, with the stop's worst price in rupees. CheckFailed names all that speaks against it."""
    entered = entry.price or (price.last if price is not None else None)
    if entered is None:
        raise CheckFailed(["No price is known now, so I cannot tell on which side of it the stop and the target lie."])
    if entry.kind in (OrderKind.SL, OrderKind.SL_M):
        raise CheckFailed(["A stop order opens when it triggers: attach nothing to it yet."])
    reasons = [
        f"{in_figures(each)} is between ticks of {in_figures(entry.instrument.tick)}."
        for each in (attached.stop, attached.stop_limit, attached.target)
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
    return replace(attached, stop_limit=limit)


def plan_for(actor: Actor, token: str, attached: Attached, entry: OrderDraft, now: datetime) -> Plan:
    """The plan of a question: it is asked with it, and ends with the day in India."""
    account = actor.account
    if account is None:
        msg = "a plan needs an account"
        raise ValueError(msg)
    return Plan(
        id=token,
        account_id=account.id,
        placed_by=actor.user.telegram_id,
        state=PlanState.ASKED,
        legs=attached.legs(entry),
        until=at_ist(ist_date(now) + timedelta(days=1), 0),
        created_at=now,
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
