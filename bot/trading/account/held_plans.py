"""What the bot holds on an account's rows beside the orders at the exchange, in a line each."""

from bot.domain.market.display_names import short
from bot.domain.money import in_price
from bot.domain.orders.pnl_words import scope_in_words, under
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
    mine = (each for each in db.pnl_exits.alive() if each.account_id == account_id)
    lines += [f"{scope_in_words(each.scope)}: {under(each)}" for each in mine]
    return tuple(line[:1].upper() + line[1:] for line in lines)
