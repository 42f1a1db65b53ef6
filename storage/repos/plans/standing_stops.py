"""Stops that live over days.

Whoever moves one on tells of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select

from bot.domain.plans.standing_stop import StandingState, StandingStop
from storage.db.engine import Transaction
from storage.db.tables.standing_stops import standing_stops

_s = standing_stops.c
_ALL = select(_s.id, _s.state, _s.body).order_by(_s.id)
_ADD = standing_stops.insert().values({name: bindparam(name) for name in ("account_id", "state", "body")})
_NEWEST = select(_s.id).order_by(_s.id.desc()).limit(1)
_OF = _ALL.where(_s.account_id == bindparam("account"), _s.state.in_((StandingState.KEPT, StandingState.PAUSED)))
_ASKED = _ALL.where(_s.account_id == bindparam("account"), _s.state == StandingState.ASKED)
_SAVE = (
    standing_stops.update()
    .where(_s.id == bindparam("stop"), _s.state == bindparam("was"))
    .values(state=bindparam("to"), body=bindparam("terms"))
)
_END_ON = standing_stops.delete().where(_s.account_id == bindparam("account"))


class SqlStandingStops:
    """Standing stops of all accounts."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, stop: StandingStop) -> StandingStop:
        self._tx.write(_ADD, {"account_id": stop.account_id, "state": stop.state, "body": stop})
        return replace(stop, id=self._tx.rows(_NEWEST).scalar_one())

    def of(self, account_id: str) -> Sequence[StandingStop]:
        return [_stop(row) for row in self._tx.rows(_OF, {"account": account_id}).all()]

    def asked(self, account_id: str) -> Sequence[StandingStop]:
        return [_stop(row) for row in self._tx.rows(_ASKED, {"account": account_id}).all()]

    def save(self, stop: StandingStop, *, was: StandingState) -> bool:
        return self._tx.write(_SAVE, {"stop": stop.id, "was": was, "to": stop.state, "terms": stop}) == 1

    def end_on(self, account_id: str) -> int:
        return self._tx.write(_END_ON, {"account": account_id})


def _stop(row: Sequence[Any]) -> StandingStop:
    stop: StandingStop = row[2]
    return replace(stop, id=row[0], state=row[1])
