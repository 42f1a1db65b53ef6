"""The dated sets of limits of each account, and the days that are over."""

from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.people.access import DayLock
from bot.domain.people.account import Limits
from storage.db.engine import Transaction
from storage.db.tables.accounts import day_locks, limit_sets

_l = limit_sets.c
_ON = (
    select(_l.body)
    .where(_l.account_id == bindparam("account"), _l.from_day <= bindparam("day"))
    .order_by(_l.from_day.desc())
    .limit(1)
)
_AFTER = (
    select(_l.from_day, _l.body)
    .where(_l.account_id == bindparam("account"), _l.from_day > bindparam("day"))
    .order_by(_l.from_day)
    .limit(1)
)
_put = insert(limit_sets).values({name: bindparam(name) for name in ("account_id", "from_day", "body")})
_PUT = _put.on_conflict_do_update(index_elements=[_l.account_id, _l.from_day], set_={"body": _put.excluded.body})
_LOCK_FIELDS = ("account_id", "day", "at", "by", "why")
_LOCK = insert(day_locks).values({name: bindparam(name) for name in _LOCK_FIELDS}).on_conflict_do_nothing()
_LOCKED = select(*(day_locks.c[name] for name in _LOCK_FIELDS)).where(
    day_locks.c.account_id == bindparam("account"), day_locks.c.day == bindparam("of")
)


class SqlLimits:
    """A set is in force from its day until the next one begins. A locked day has no way back."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def on(self, account_id: str, day: date) -> Limits:
        """The set in force, or those a new account begins with."""
        return next((row.body for row in self._tx.cached(_ON, {"account": account_id, "day": day})), Limits())

    def after(self, account_id: str, day: date) -> tuple[date, Limits] | None:
        row = self._tx.rows(_AFTER, {"account": account_id, "day": day}).one_or_none()
        return None if row is None else (row.from_day, row.body)

    def put(self, account_id: str, from_day: date, limits: Limits) -> None:
        self._tx.write(_PUT, {"account_id": account_id, "from_day": from_day, "body": limits})

    def lock_day(self, lock: DayLock) -> bool:
        """The first who locked stays named."""
        return self._tx.write(_LOCK, {name: getattr(lock, name) for name in _LOCK_FIELDS}) == 1

    def day_lock(self, account_id: str, day: date) -> DayLock | None:
        return next((DayLock(**row._asdict()) for row in self._tx.cached(_LOCKED, {"account": account_id, "of": day})), None)
