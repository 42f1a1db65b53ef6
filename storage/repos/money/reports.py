"""Daily summaries, one final row for an account and a date."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.positions.portfolio import DayReport
from storage.db.engine import Transaction
from storage.db.tables.ledger import found_out, reports

_ADD = insert(reports).values({name: bindparam(name) for name in ("account_id", "day", "body")}).on_conflict_do_nothing()
_FIND = select(reports.c.body).where(reports.c.account_id == bindparam("account"), reports.c.day == bindparam("date"))

_BETWEEN = (
    select(reports.c.body)
    .where(reports.c.account_id == bindparam("account"), reports.c.day >= bindparam("first"), reports.c.day <= bindparam("last"))
    .order_by(reports.c.day)
)
_beside = insert(found_out).values({name: bindparam(name) for name in ("account_id", "day", "body")})
_FIND_OUT = _beside.on_conflict_do_nothing()
_CORRECT = _beside.on_conflict_do_update(
    index_elements=[found_out.c.account_id, found_out.c.day], set_={"body": _beside.excluded.body}
)
_FOUND_OUT = select(found_out.c.body).where(
    found_out.c.account_id == bindparam("account"), found_out.c.day >= bindparam("first"), found_out.c.day <= bindparam("last")
)


class SqlReports:
    """What was told of a day stays as it was told."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, report: DayReport) -> bool:
        return self._tx.write(_ADD, _values(report)) == 1

    def find(self, account_id: str, day: date) -> DayReport | None:
        return self._tx.rows(_FIND, {"account": account_id, "date": day}).scalar_one_or_none()

    def between(self, account_id: str, first: date, last: date) -> Sequence[DayReport]:
        return [row.body for row in self._tx.rows(_BETWEEN, {"account": account_id, "first": first, "last": last})]

    def find_out(self, report: DayReport) -> bool:
        return self._tx.write(_FIND_OUT, _values(report)) == 1

    def correct(self, report: DayReport) -> None:
        self._tx.write(_CORRECT, _values(report))

    def found_out(self, account_id: str, first: date, last: date) -> Mapping[str, DayReport]:
        rows = self._tx.rows(_FOUND_OUT, {"account": account_id, "first": first, "last": last})
        return {row.body.date: row.body for row in rows}


def _values(report: DayReport) -> dict[str, Any]:
    return {"account_id": report.account_id, "day": date.fromisoformat(report.date), "body": report}
