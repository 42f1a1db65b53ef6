"""Daily summaries, one final row for an account and a date."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.orders.portfolio import DayReport
from storage.db.engine import Transaction
from storage.db.tables.ledger import reports

_ADD = insert(reports).values({name: bindparam(name) for name in ("account_id", "day", "body")}).on_conflict_do_nothing()
_FIND = select(reports.c.body).where(reports.c.account_id == bindparam("account"), reports.c.day == bindparam("date"))

_BETWEEN = (
    select(reports.c.body)
    .where(reports.c.account_id == bindparam("account"), reports.c.day >= bindparam("first"), reports.c.day <= bindparam("last"))
    .order_by(reports.c.day)
)


class SqlReports:
    """What was told of a day stays as it was told."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, report: DayReport) -> bool:
        values = {"account_id": report.account_id, "day": date.fromisoformat(report.date), "body": report}
        return self._tx.write(_ADD, values) == 1

    def find(self, account_id: str, day: date) -> DayReport | None:
        return self._tx.rows(_FIND, {"account": account_id, "date": day}).scalar_one_or_none()

    def between(self, account_id: str, first: date, last: date) -> Sequence[DayReport]:
        return [row.body for row in self._tx.rows(_BETWEEN, {"account": account_id, "first": first, "last": last})]
