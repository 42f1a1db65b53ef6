"""An append-only record of acts, each row chained to the one before it."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Integer, Text, bindparam, column, func, or_, select, table

from storage.db.columns import Flag
from storage.db.engine import Transaction
from storage.db.tables.bot import audit

_BEFORE_ALL = bytes(32)  # what the first row is chained to
_NO_ID = 2**63 - 1  # the highest that SQLite can give
_Act = tuple[int, datetime, int | None, str, str | None, str]
_FIELDS = ("id", "at", "who", "what", "account_id", "detail", "hash")

_a = audit.c
_LAST = select(_a.id, _a.hash).order_by(_a.id.desc()).limit(1)
_ADD = audit.insert().values({name: bindparam(name) for name in _FIELDS})
_given = func.json_each(bindparam("accounts", type_=Text)).table_valued("value")
_PAGE = (
    select(_a.id, _a.at, _a.who, _a.what, _a.detail)
    .where(_a.id < bindparam("before"))
    .where(or_(bindparam("of_all", type_=Flag), _a.account_id.in_(select(_given.c.value))))
    .order_by(_a.id.desc())
    .limit(bindparam("limit"))
)
_ALL = select(*(_a[name] for name in _FIELDS)).order_by(_a.id)
_counters = table("sqlite_sequence", column("name", Text), column("seq", Integer))  # SQLite's own
_NEWEST_ID = select(_counters.c.seq).where(_counters.c.name == "audit")


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One act as it was written. hash is over this row and the hash before it."""

    id: int
    at: datetime
    who: int | None
    what: str
    account_id: str | None
    detail: str
    hash: bytes


class SqlAudit:
    """Acts as they happened. The table's triggers refuse to change or delete one."""

    def __init__(self, transaction: Transaction, origin: str = "") -> None:
        self._tx = transaction
        self._origin = origin  # the message behind the act, or the command on the host

    def add(
        self,
        at: datetime,
        who: int | None,
        what: str,
        account_id: str | None = None,
        detail: str = "",
        *,
        before: str,
        after: str,
    ) -> None:
        change = f"before: {before or 'none'}, after: {after or 'none'}" if before or after else ""
        detail = " · ".join(part for part in (detail, change, self._origin) if part)
        last = self._tx.rows(_LAST).one_or_none()
        number, chain = (1, _BEFORE_ALL) if last is None else (last.id + 1, last.hash)
        act = (number, at, who, what, account_id, detail)
        self._tx.write(_ADD, dict(zip(_FIELDS, (*act, _chained(chain, act)), strict=True)))

    def page(
        self, before: int | None = None, limit: int = 20, accounts: Sequence[str] | None = None
    ) -> Sequence[tuple[int, datetime, int | None, str, str]]:
        values = {
            "before": _NO_ID if before is None else before,
            "of_all": accounts is None,
            "accounts": msgspec.json.encode(accounts or ()).decode(),
            "limit": limit,
        }
        return [(row.id, row.at, row.who, row.what, row.detail) for row in self._tx.rows(_PAGE, values)]

    def export(self) -> Sequence[AuditRow]:
        """Every row with its hash, oldest first: what a copy elsewhere needs to prove the record later."""
        return [AuditRow(**row._asdict()) for row in self._tx.rows(_ALL)]

    def verify(self) -> int | None:
        """The id of the first row that is not as it was written (changed, inserted or missing), or None: all is well.

        The newest rows can only be missed by their ids, which the database counts elsewhere. Somebody who rewrites the
        whole file can rewrite the chain with it, so its newest hash belongs in a copy somewhere else.
        """
        before, number = _BEFORE_ALL, 0
        for *act, stored in self._tx.rows(_ALL):
            number += 1
            if act[0] != number or stored != _chained(before, tuple(act)):
                return number
            before = stored
        newest = self._tx.rows(_NEWEST_ID).scalar_one_or_none() or 0
        return None if newest == number else number + 1


def _chained(before: bytes, act: _Act) -> bytes:
    number, at, *words = act
    row = (number, at.astimezone(UTC).isoformat(timespec="microseconds"), *words)
    return hashlib.sha256(before + msgspec.json.encode(row)).digest()
