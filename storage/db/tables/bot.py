"""Tables of the bot itself: its keys, flags, jobs, scrip master, and the audit log."""

from datetime import date, datetime

from sqlalchemy import DDL, Column, Integer, LargeBinary, Named, Table, Text, TypedColumns, event

from bot.domain.jobs import JobOutcome
from storage.db.columns import Day, UtcTime, Word
from storage.db.metadata import metadata


class _OwnKeys(TypedColumns):
    number = Column(Integer, primary_key=True, autoincrement=False)  # each encrypted value names the number of its key
    wrapped: Named[bytes] = Column(LargeBinary)


own_keys = Table("own_keys", metadata, _OwnKeys, sqlite_strict=True)


class _Flags(TypedColumns):
    name = Column(Text, primary_key=True)
    subject = Column(Text, primary_key=True)  # empty: the bot itself
    value = Column(Text, primary_key=True)
    at: Named[datetime] = Column(UtcTime)


flags = Table("flags", metadata, _Flags, sqlite_strict=True)


class _Jobs(TypedColumns):
    name = Column(Text, primary_key=True)
    day: Named[date] = Column(Day)  # the last one in India that it is settled for
    at: Named[datetime] = Column(UtcTime)
    outcome: Named[JobOutcome] = Column(Word(JobOutcome))


jobs = Table("jobs", metadata, _Jobs, sqlite_strict=True)


class _Master(TypedColumns):
    id = Column(Integer, primary_key=True)  # always 1: there is one master
    day: Named[date] = Column(Day)
    rows: Named[int]
    loaded_at: Named[datetime] = Column(UtcTime)


master = Table("master", metadata, _Master, sqlite_strict=True)


class _Audit(TypedColumns):
    id = Column(Integer, primary_key=True)
    at: Named[datetime] = Column(UtcTime)
    who: Named[int | None]
    what: Named[str] = Column(Text)
    account_id: Named[str | None] = Column(Text)
    detail: Named[str] = Column(Text)
    hash: Named[bytes] = Column(LargeBinary)  # over this row and the hash before it


audit = Table("audit", metadata, _Audit, sqlite_strict=True, sqlite_autoincrement=True)

for _act in ("UPDATE", "DELETE"):
    _trigger = (
        f"CREATE TRIGGER audit_no_{_act.lower()} BEFORE {_act} ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    )
    event.listen(audit, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]  # the library left it untyped
