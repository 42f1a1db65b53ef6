"""Strikes off the entries of plans that were not sent yet, and tells it; what closes lives on."""

from dataclasses import replace
from datetime import datetime

from bot.domain.news.orders import SlicesStruck
from bot.domain.news.pnl_exits import PnlExitTold, PnlNews
from bot.domain.news.trails import TrailNews, TrailTold
from bot.domain.orders.plan import LegState
from bot.domain.orders.pnl_words import levels_in_words, scope_in_words
from bot.domain.ports.repositories import Repositories

OFF_THE_LIST = "Who confirmed it is not on the list any more."


def strike_entries(db: Repositories, account_id: str | None, why: str, now: datetime, *, of: int | None = None) -> None:
    """Strikes off every unsent entry.

    account_id: None is every account. of: only those that this person (Telegram id) confirmed.
    """
    for plan in db.plans.alive():
        if account_id in (None, plan.account_id) and of in (None, plan.placed_by):
            strike(db, plan.id, why, now)


def tell_what_lives_on(db: Repositories, person: int, name: str, now: datetime) -> None:
    """Tells of the trails and P&L exits of somebody (Telegram id) who may not trade here any more: what closes lives on."""
    for plan in db.plans.alive():
        guard = db.orders.find(plan.guard_id) if plan.guard_id is not None else None
        if plan.placed_by == person and plan.trails and guard is not None and guard.status.is_working:
            news = TrailTold(plan_id=plan.id, stop=guard, told=TrailNews.LIVES_ON, name=name)
            db.outbox.add(plan.account_id, db.people.watching(plan.account_id), news, now, order_id=guard.id)
    for each in db.pnl_exits.alive():
        if each.by == person:
            scope, levels = scope_in_words(each.scope), levels_in_words(each)
            told = PnlExitTold(exit_id=each.id, told=PnlNews.LIVES_ON, scope=scope, levels=levels, at=now, name=name)
            db.outbox.add(each.account_id, db.people.watching(each.account_id), told, now, order_id=None)


def strike(db: Repositories, plan_id: str, why: str, now: datetime) -> None:
    """Strikes off what is unsent of a plan's entry, and tells it once."""
    plan = db.plans.find(plan_id)
    if plan is None or not [leg for leg in plan.entries if db.plans.strike(plan_id, leg.number)]:
        return
    sent = sum(leg.draft.quantity for leg in plan.entries if leg.state is LegState.CLAIMED)
    whole = replace(plan.entries[0].draft, quantity=sum(leg.draft.quantity for leg in plan.entries))
    news = SlicesStruck(draft=whole, sent=sent, why=why)
    db.outbox.add(plan.account_id, db.people.watching(plan.account_id), news, now, order_id=None)
