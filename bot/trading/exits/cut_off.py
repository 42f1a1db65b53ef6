"""Ends the ways out that were under way when the process ended, and rings where they left something bare."""

import logging
from dataclasses import replace
from functools import partial

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError
from bot.domain.news.plans.exits import Unguarded
from bot.domain.plans.plan import Plan
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.exits.live_exit import LiveExit
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)


async def end_cut_off(store: Store, exits: LiveExit, clock: Clock) -> None:
    """An exit is asked for anew. Where the books cannot be read, its quantity counts as bare."""
    for plan in await store.transaction(_ways_out):
        draft = plan.legs[0].draft
        bare = draft.quantity
        try:
            row, _ = await exits.standing(plan.account_id, draft)
            bare = min(bare, row.unguarded)
        except BrokerError as error:
            log.warning("plan %s was cut off, and what it left cannot be read: %s", plan.id, type(error).__name__)
        await store.transaction(partial(_end, plan=plan, bare=bare, clock=clock))


def _ways_out(db: Repositories) -> list[Plan]:
    """Exits of one position. A list of exits and a panic go on by themselves."""
    return [plan for plan in db.plans.alive() if plan.only_exits and db.exit_lists.find(plan.id) is None]


def _end(db: Repositories, *, plan: Plan, bare: int, clock: Clock) -> None:
    if db.plans.end(plan.id, "cut off") and bare > 0:
        news = Unguarded(draft=replace(plan.legs[0].draft, quantity=bare))
        tell_all(db, plan.account_id, news, clock.now())
