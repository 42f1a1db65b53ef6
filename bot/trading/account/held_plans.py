"""What the bot holds on an account's rows beside the orders at the exchange, in a line each."""

from collections.abc import Sequence

from bot.domain.market.display_names import short
from bot.domain.money import in_price
from bot.domain.orders.order import Order
from bot.domain.plans.pnl_exit import PnlExit
from bot.domain.plans.pnl_words import scope_in_words, under
from bot.domain.ports.repositories import Repositories


def held_plans(db: Repositories, account_id: str) -> tuple[str, ...]:
    """`NIFTY 24500 CE: trail 15.00, stop 687.40`, and `all NIFTY: under your P&L exit −5,000 · Exit`."""
    lines = []
    for plan in db.plans.alive():
        stop, trail = plan.stop, plan.trail
        if plan.account_id == account_id and plan.trails and stop is not None and trail is not None and plan.guard_id is not None:
            step = f" step {in_price(trail.rule.step)}" if trail.rule.step is not None else ""
            named = short(stop.draft.instrument)
            lines.append(f"{named}: trail {in_price(trail.rule.every)}{step}, stop {in_price(trail.trigger)}")
    lines += [_in_words(each) for each in db.pnl_exits.alive() if each.account_id == account_id]
    return tuple(lines)


def covers_of(db: Repositories, account_id: str, orders: Sequence[Order]) -> tuple[str, ...]:
    """The account's P&L exits that cover one of these orders that works, or that filled."""
    drafts = [order.draft for order in orders if order.filled or not order.status.is_final]
    return tuple(
        _in_words(each)
        for each in db.pnl_exits.alive()
        if each.account_id == account_id and any(each.scope.takes_in(draft.instrument, draft.product) for draft in drafts)
    )


def _in_words(exit_: PnlExit) -> str:
    words = f"{scope_in_words(exit_.scope)}: {under(exit_)}"
    return words[:1].upper() + words[1:]
