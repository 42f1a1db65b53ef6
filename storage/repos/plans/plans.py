"""Plans and their legs.

The move of a leg out of WAITING is the licence for its one order.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from bot.domain.orders.order import OrderDraft
from bot.domain.plans.plan import LegState, Plan, PlanLeg, PlanState
from bot.domain.plans.trail import Trail
from storage.db.engine import Transaction
from storage.db.tables.orders import plan_legs, plans

_FIELDS = tuple(field.name for field in fields(Plan) if field.name != "legs")
_LEG_FIELDS = tuple(field.name for field in fields(PlanLeg))
_p, _l = plans.c, plan_legs.c
_ADD = plans.insert().values({name: bindparam(name) for name in _FIELDS})
_ADD_LEG = plan_legs.insert().values({name: bindparam(name) for name in ("plan_id", *_LEG_FIELDS)})
_ALL = select(*(_p[name] for name in _FIELDS))
_FIND = _ALL.where(_p.id == bindparam("plan"))
_OF_ORDER = _ALL.where(_p.id.in_(select(_l.plan_id).where(_l.order_id == bindparam("order"))))
_ALIVE = _ALL.where(_p.state == PlanState.ALIVE).order_by(_p.created_at, _p.id)
_LEGS = select(*(_l[name] for name in _LEG_FIELDS)).where(_l.plan_id == bindparam("plan")).order_by(_l.number)
_BEGIN = plans.update().where(_p.id == bindparam("plan"), _p.state == PlanState.ASKED).values(state=PlanState.ALIVE)
_CLAIM = (
    plan_legs.update()
    .where(_l.plan_id == bindparam("plan"), _l.number == bindparam("leg"), _l.state == LegState.WAITING)
    .where(select(_p.id).where(_p.id == bindparam("plan"), _p.state == PlanState.ALIVE).exists())
    .values(state=LegState.CLAIMED, order_id=bindparam("order"))
)
_STRIKE = (
    plan_legs.update()
    .where(_l.plan_id == bindparam("plan"), _l.number == bindparam("leg"), _l.state == LegState.WAITING)
    .values(state=LegState.STRUCK)
)
_TAKING = plans.update().where(_p.id == bindparam("plan"), _p.state == PlanState.ALIVE).values(taking_since=bindparam("since"))
_TRAIL = plans.update().where(_p.id == bindparam("plan"), _p.state == PlanState.ALIVE).values(trail=bindparam("follows"))
_END = (
    plans.update()
    .where(_p.id == bindparam("plan"), _p.state != PlanState.OVER)
    .values(state=PlanState.OVER, why=bindparam("reason"))
)
_END_ON = (
    plans.update()
    .where(_p.account_id == bindparam("account"), _p.state != PlanState.OVER)
    .values(state=PlanState.OVER, why=bindparam("reason"))
)
_WIDEN = plan_legs.update().where(_l.plan_id == bindparam("plan"), _l.number == bindparam("leg")).values(draft=bindparam("terms"))
_LET_GO = (
    plan_legs.update()
    .where(_l.order_id == bindparam("order"))
    .where(select(_p.id).where(_p.id == _l.plan_id, _p.state == PlanState.OVER).exists())
    .values(order_id=None)
)
_HAND_ON = plan_legs.update().where(_l.order_id == bindparam("order")).values(order_id=None)
_GIVE_BACK = plan_legs.update().where(_l.order_id == bindparam("order")).values(order_id=None, state=LegState.WAITING)
_HALVE = (
    plans.update().where(_p.id == bindparam("plan"), _p.state == PlanState.ALIVE, _p.halved == False).values(halved=True)  # noqa: E712
)
_BASE = plans.update().where(_p.id == bindparam("plan"), _p.state == PlanState.ALIVE).values(base=bindparam("quantity"))
_FORGET = plans.delete().where(_p.state == PlanState.ASKED, _p.created_at < bindparam("moment"))


class SqlPlans:
    """Plans. Whoever's update touches a leg's row may send its order."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, plan: Plan) -> None:
        self._tx.write(_ADD, {name: getattr(plan, name) for name in _FIELDS})
        for leg in plan.legs:
            self._tx.write(_ADD_LEG, {"plan_id": plan.id} | {name: getattr(leg, name) for name in _LEG_FIELDS})

    def extend(self, plan_id: str, leg: PlanLeg) -> None:
        self._tx.write(_ADD_LEG, {"plan_id": plan_id} | {name: getattr(leg, name) for name in _LEG_FIELDS})

    def find(self, plan_id: str) -> Plan | None:
        row = self._tx.rows(_FIND, {"plan": plan_id}).one_or_none()
        return None if row is None else self._plan(row)

    def of_order(self, order_id: str) -> Plan | None:
        row = self._tx.rows(_OF_ORDER, {"order": order_id}).first()
        return None if row is None else self._plan(row)

    def alive(self) -> Sequence[Plan]:
        return [self._plan(row) for row in self._tx.rows(_ALIVE).all()]

    def begin(self, plan_id: str) -> bool:
        return self._tx.write(_BEGIN, {"plan": plan_id}) == 1

    def claim(self, plan_id: str, leg: int, order_id: str) -> bool:
        return self._tx.write(_CLAIM, {"plan": plan_id, "leg": leg, "order": order_id}) == 1

    def strike(self, plan_id: str, leg: int) -> bool:
        return self._tx.write(_STRIKE, {"plan": plan_id, "leg": leg}) == 1

    def widen(self, plan_id: str, leg: int, draft: OrderDraft) -> None:
        self._tx.write(_WIDEN, {"plan": plan_id, "leg": leg, "terms": draft})

    def adopt(self, plan_id: str, leg: int, order_id: str, base: int) -> bool:
        self._tx.write(_LET_GO, {"order": order_id})
        return self.claim(plan_id, leg, order_id) and self._tx.write(_BASE, {"plan": plan_id, "quantity": base}) == 1

    def hand_on(self, order_id: str) -> None:
        self._tx.write(_HAND_ON, {"order": order_id})

    def give_back(self, order_id: str) -> None:
        self._tx.write(_GIVE_BACK, {"order": order_id})

    def halve(self, plan_id: str) -> bool:
        return self._tx.write(_HALVE, {"plan": plan_id}) == 1

    def taking(self, plan_id: str, since: datetime | None) -> bool:
        return self._tx.write(_TAKING, {"plan": plan_id, "since": since}) == 1

    def note_trail(self, plan_id: str, trail: Trail) -> bool:
        return self._tx.write(_TRAIL, {"plan": plan_id, "follows": trail}) == 1

    def end(self, plan_id: str, why: str) -> bool:
        return self._tx.write(_END, {"plan": plan_id, "reason": why}) == 1

    def end_on(self, account_id: str, why: str) -> int:
        return self._tx.write(_END_ON, {"account": account_id, "reason": why})

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})

    def _plan(self, values: Sequence[Any]) -> Plan:
        own = dict(zip(_FIELDS, values, strict=True))
        legs = tuple(
            PlanLeg(**dict(zip(_LEG_FIELDS, leg, strict=True))) for leg in self._tx.rows(_LEGS, {"plan": own["id"]}).all()
        )
        return Plan(**own, legs=legs)
