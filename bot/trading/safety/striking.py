"""Strikes off the entries of plans that were not sent yet, and tells it.

What closes lives on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.exits.exit_list import ListKind, RowState, RowTold
from bot.domain.news.notice import Notice
from bot.domain.news.orders.later_cards import LaterCardStruck
from bot.domain.news.orders.orders import SlicesStruck
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.news.plans.trails import TrailNews, TrailTold
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import GRANTS, Permission
from bot.domain.plans.plan import LegKind, LegState, Plan, PlanLeg, order_of
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.later_card import LaterState
from bot.trading.safety.announce import tell_all

MAY_NOT_OPEN = "Who confirmed it may not open positions any more."
OFF_THE_LIST = "Who confirmed it is not on the list any more."


def strike_entries(db: Repositories, account_id: str | None, why: str, now: datetime, *, of: int | None = None) -> None:
    """Strikes off every unsent entry, and every card of later that would ask for one.

    account_id: None is every account. of: only those that this person (Telegram id) confirmed.
    """
    for plan in db.plans.alive():
        if plan.may_open and account_id in (None, plan.account_id) and of in (None, plan.placed_by):
            strike(db, plan.id, why, now)
    for card in db.later_cards.open():
        meant = account_id in (None, card.account_id) and of in (None, card.by) and not card.closes
        if meant and db.later_cards.move(card.id, LaterState.STRUCK):
            tell_all(db, card.account_id, LaterCardStruck(card=card, why=why), now)


def strike_without_right(db: Repositories, telegram_id: int, now: datetime) -> None:
    """Strikes off the entries of a person on every account where they may open no more: a role was lowered."""
    for account in db.accounts.all():
        role = db.people.role_on(telegram_id, account.id)
        if role is None or Permission.OPEN not in GRANTS[role]:
            strike_entries(db, account.id, MAY_NOT_OPEN, now, of=telegram_id)
            name = next((user.name for user, _, _ in db.people.all() if user.telegram_id == telegram_id), "Somebody")
            tell_what_lives_on(db, telegram_id, name, now, account_id=account.id)


def tell_what_lives_on(db: Repositories, person: int, name: str, now: datetime, *, account_id: str | None = None) -> None:
    """Tells of the trails and P&L exits of somebody (Telegram id) who may not trade any more: what closes lives on.

    account_id: None is every account.
    """
    for plan in db.plans.alive():
        guard = db.orders.find(plan.guard_id) if plan.guard_id is not None else None
        mine = plan.placed_by == person and account_id in (None, plan.account_id)
        if mine and plan.trails and guard is not None and guard.status.is_working:
            news = TrailTold(plan_id=plan.id, stop=guard, told=TrailNews.LIVES_ON, name=name)
            tell_all(db, plan.account_id, news, now, order_id=guard.id)
    for each in db.pnl_exits.alive():
        if each.by == person and account_id in (None, each.account_id):
            told = PnlExitTold.of(each, PnlNews.LIVES_ON, now, name=name)
            tell_all(db, each.account_id, told, now)


def strike(db: Repositories, plan_id: str, why: str, now: datetime) -> None:
    """Strikes off what is unsent of a plan's entries, of a basket, or of a stop in parts, and tells it once."""
    plan = db.plans.find(plan_id)
    if plan is None:
        return
    opening = tuple(leg for leg in plan.legs if leg.kind is LegKind.OPENING)
    parts = opening or (plan.parts if plan.sliced or plan.entries else ())
    struck = [leg for leg in parts if db.plans.strike(plan_id, leg.number)]
    if not struck:
        return
    news: Notice
    if opening:
        rows = tuple(RowTold(draft=leg.draft, state=RowState.LEFT) for leg in struck)
        news = ExitsTold(plan_id=plan_id, kind=ListKind.BASKET, told=Told.STRUCK, at=now, rows=rows, why=why)
    else:
        news = _struck(db, plan, struck, why)
    tell_all(db, plan.account_id, news, now)


def _struck(db: Repositories, plan: Plan, struck: Sequence[PlanLeg], why: str) -> SlicesStruck:
    """What was sent of an order in parts, and what never will be."""
    orders = [
        order
        for leg in plan.parts
        if leg.state is LegState.CLAIMED and (order := db.orders.find(order_of(plan, leg, db.plans.find) or "")) is not None
    ]
    sent = sum(order.draft.quantity for order in orders if order.status is not OrderStatus.REJECTED)
    refused = 0 if plan.halved else sum(order.draft.quantity for order in orders if order.status is OrderStatus.REJECTED)
    whole = replace(plan.parts[0].draft, quantity=sent + refused + sum(leg.draft.quantity for leg in struck))
    return SlicesStruck(draft=whole, sent=sent, why=why)
