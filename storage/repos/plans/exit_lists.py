"""Lists of exits and panics.

Each is alive as long as its plan is.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.domain.exits.exit_list import ExitList
from bot.domain.plans.plan import PlanState
from storage.db.engine import Transaction
from storage.db.tables.orders import exit_lists, plans

_e = exit_lists.c
_ADD = exit_lists.insert().values({name: bindparam(name) for name in ("plan_id", "account_id", "body")})
_FIND = select(_e.body).where(_e.plan_id == bindparam("plan"))
_ALIVE = (
    select(_e.body)
    .join(plans, plans.c.id == _e.plan_id)
    .where(plans.c.state == PlanState.ALIVE)
    .order_by(plans.c.created_at, plans.c.id)
)
_BEGUN = (
    select(_e.plan_id)
    .join(plans, plans.c.id == _e.plan_id)
    .where(plans.c.state != PlanState.ASKED, plans.c.created_at >= bindparam("moment"))
    .order_by(plans.c.created_at, plans.c.id)
)
_SAVE = exit_lists.update().where(_e.plan_id == bindparam("plan")).values(body=bindparam("whole"))


class SqlExitLists:
    """One row for each list, whole."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, exits: ExitList) -> None:
        self._tx.write(_ADD, {"plan_id": exits.plan_id, "account_id": exits.account_id, "body": exits})

    def find(self, plan_id: str) -> ExitList | None:
        row = self._tx.rows(_FIND, {"plan": plan_id}).one_or_none()
        return None if row is None else row.body

    def alive(self) -> Sequence[ExitList]:
        return [row.body for row in self._tx.rows(_ALIVE).all()]

    def begun_since(self, moment: datetime) -> list[str]:
        return [row.plan_id for row in self._tx.rows(_BEGUN, {"moment": moment}).all()]

    def save(self, exits: ExitList) -> None:
        self._tx.write(_SAVE, {"plan": exits.plan_id, "whole": exits})
