"""P&L exits.

The move of one out of ALIVE is the licence for what it begins, once.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from bot.domain.plans.pnl_exit import PnlExit, PnlState
from storage.db.engine import Transaction
from storage.db.tables.orders import pnl_exits

_p = pnl_exits.c
_ALL = select(_p.state, _p.body).order_by(_p.id)
_ADD = pnl_exits.insert().values({name: bindparam(name) for name in ("id", "account_id", "state", "body")})
_FIND = _ALL.where(_p.id == bindparam("exit"))
_ALIVE = _ALL.where(_p.state == PnlState.ALIVE)
_BEGIN = pnl_exits.update().where(_p.id == bindparam("exit"), _p.state == PnlState.ASKED).values(state=PnlState.ALIVE)
_NOTE = pnl_exits.update().where(_p.id == bindparam("exit"), _p.state == PnlState.ALIVE).values(body=bindparam("whole"))
_STRIKE = (
    pnl_exits.update()
    .where(_p.id == bindparam("exit"), _p.state == PnlState.ALIVE)
    .values(state=PnlState.STRUCK, blocks_until=bindparam("until"), body=bindparam("whole"))
)
_END = pnl_exits.update().where(_p.id == bindparam("exit"), _p.state == PnlState.ALIVE).values(state=PnlState.OVER)
_END_ON = pnl_exits.update().where(_p.account_id == bindparam("account"), _p.state == PnlState.ALIVE).values(state=PnlState.OVER)
_BLOCKED = select(func.max(_p.blocks_until)).where(_p.account_id == bindparam("account"), _p.blocks_until > bindparam("moment"))
_FORGET = pnl_exits.delete().where(_p.state == PnlState.ASKED)


class SqlPnlExits:
    """P&L exits of all accounts."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, exit_: PnlExit) -> None:
        self._tx.write(_ADD, {"id": exit_.id, "account_id": exit_.account_id, "state": exit_.state, "body": exit_})

    def find(self, exit_id: str) -> PnlExit | None:
        row = self._tx.rows(_FIND, {"exit": exit_id}).one_or_none()
        return None if row is None else _exit(row)

    def alive(self) -> Sequence[PnlExit]:
        return [_exit(row) for row in self._tx.rows(_ALIVE).all()]

    def begin(self, exit_id: str) -> bool:
        return self._tx.write(_BEGIN, {"exit": exit_id}) == 1

    def note(self, exit_: PnlExit) -> bool:
        return self._tx.write(_NOTE, {"exit": exit_.id, "whole": exit_}) == 1

    def strike(self, exit_: PnlExit) -> bool:
        return self._tx.write(_STRIKE, {"exit": exit_.id, "until": exit_.blocks_until, "whole": exit_}) == 1

    def end(self, exit_id: str) -> bool:
        return self._tx.write(_END, {"exit": exit_id}) == 1

    def end_on(self, account_id: str) -> int:
        return self._tx.write(_END_ON, {"account": account_id})

    def blocked_until(self, account_id: str, now: datetime) -> datetime | None:
        return self._tx.rows(_BLOCKED, {"account": account_id, "moment": now}).scalar_one()

    def forget_asked(self) -> int:
        return self._tx.write(_FORGET, {})


def _exit(row: Any) -> PnlExit:
    body: PnlExit = row.body
    return replace(body, state=row.state)
