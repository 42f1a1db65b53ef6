"""One row for each job that runs by the clock: the last date that it is settled for."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.jobs import JobRun
from storage.db.engine import Transaction
from storage.db.tables.bot import jobs

_j = jobs.c
_LAST = select(_j.day, _j.at, _j.outcome).where(_j.name == bindparam("job"))
_note = insert(jobs).values({name: bindparam(name) for name in ("name", "day", "at", "outcome")})
_NOTE = _note.on_conflict_do_update(
    index_elements=[_j.name], set_={name: _note.excluded[name] for name in ("day", "at", "outcome")}
)


class SqlJobs:
    """What was noted last stands."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def last(self, job: str) -> JobRun | None:
        row = self._tx.rows(_LAST, {"job": job}).one_or_none()
        return None if row is None else JobRun(job=job, day=row.day, at=row.at, outcome=row.outcome)

    def note(self, run: JobRun) -> None:
        self._tx.write(_NOTE, {"name": run.job, "day": run.day, "at": run.at, "outcome": run.outcome})
