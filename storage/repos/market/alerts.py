"""Alerts.

The move of one out of ARMED is the licence for its one notice.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select

from bot.domain.news.alert import Alert, AlertState
from storage.db.engine import Transaction
from storage.db.tables.alerts import alerts

_a = alerts.c
_ALL = select(_a.id, _a.state, _a.body).order_by(_a.id)
_ADD = alerts.insert().values({name: bindparam(name) for name in ("account_id", "telegram_id", "state", "body")})
_NEWEST = select(_a.id).order_by(_a.id.desc()).limit(1)
_LIVE = _ALL.where(_a.state == AlertState.ARMED)
_HIS = (_a.account_id == bindparam("account"), _a.telegram_id == bindparam("person"))
_OF = _ALL.where(*_HIS, _a.state != AlertState.STRUCK)
_ONE = (_a.id == bindparam("alert"), _a.state == AlertState.ARMED)
_NOTE = alerts.update().where(*_ONE).values(body=bindparam("words"))
_STRIKE = alerts.update().where(*_ONE).values(state=AlertState.STRUCK)
_PAUSE = alerts.update().where(*_ONE).values(state=AlertState.PAUSED, body=bindparam("words"))
_KEEP = (
    alerts.update()
    .where(_a.id == bindparam("alert"), _a.state == AlertState.PAUSED)
    .values(state=AlertState.ARMED, body=bindparam("words"))
)
_REMOVE = alerts.delete().where(_a.id == bindparam("alert"), *_HIS, _a.state != AlertState.STRUCK)
_END_ON = alerts.delete().where(_a.account_id == bindparam("account"))
_FORGET = alerts.delete().where(_a.state == AlertState.STRUCK)


class SqlAlerts:
    """Alerts of all accounts."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, alert: Alert) -> Alert:
        row = {"account_id": alert.account_id, "telegram_id": alert.person, "state": alert.state, "body": alert}
        self._tx.write(_ADD, row)
        return replace(alert, id=self._tx.rows(_NEWEST).scalar_one())

    def live(self) -> Sequence[Alert]:
        return [_alert(row) for row in self._tx.rows(_LIVE).all()]

    def of(self, account_id: str, telegram_id: int) -> Sequence[Alert]:
        return [_alert(row) for row in self._tx.rows(_OF, {"account": account_id, "person": telegram_id}).all()]

    def note(self, alert: Alert) -> bool:
        return self._tx.write(_NOTE, {"alert": alert.id, "words": alert}) == 1

    def strike(self, alert_id: int) -> bool:
        return self._tx.write(_STRIKE, {"alert": alert_id}) == 1

    def pause(self, alert: Alert) -> bool:
        return self._tx.write(_PAUSE, {"alert": alert.id, "words": alert}) == 1

    def keep(self, alert: Alert) -> bool:
        return self._tx.write(_KEEP, {"alert": alert.id, "words": alert}) == 1

    def remove(self, account_id: str, telegram_id: int, alert_id: int) -> bool:
        return self._tx.write(_REMOVE, {"alert": alert_id, "account": account_id, "person": telegram_id}) == 1

    def end_on(self, account_id: str) -> int:
        return self._tx.write(_END_ON, {"account": account_id})

    def forget_struck(self) -> int:
        return self._tx.write(_FORGET, {})


def _alert(row: Any) -> Alert:
    body: Alert = row.body
    return replace(body, id=row.id, state=row.state)
