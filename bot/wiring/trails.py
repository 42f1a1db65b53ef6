"""Builds what a person does with trails."""

from bot.trading.account.account_views import AccountViews
from bot.trading.plans.stop_to_cost import StopToCost
from bot.trading.plans.trails import Trails
from bot.wiring.ground import Ground
from bot.wiring.orders import Orders


def build_trails(ground: Ground, orders: Orders, views: AccountViews) -> Trails:
    """Builds them over this ground."""
    proposing = orders.exits.proposing

    def changed() -> None:
        orders.plans.wake()
        orders.trails.wake()

    return Trails(
        proposing=proposing,
        exits=orders.exits,
        views=views,
        to_cost=StopToCost(proposing=proposing, proposals=orders.proposals, exits=orders.exits, clock=ground.clock),
        seen=orders.trails.seen,
        changed=changed,
        clock=ground.clock,
    )
