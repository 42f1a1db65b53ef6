"""Tables of accounts: their secrets and keys, their limits, their stops."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Named, Table, Text, TypedColumns

from bot.domain.people.account import Limits
from storage.db.columns import Day, Flag, Json, UtcTime
from storage.db.metadata import metadata


class _Accounts(TypedColumns):
    id = Column(Text, primary_key=True)
    label: Named[str] = Column(Text(collation="NOCASE"))
    client: Named[str] = Column(Text)
    created_at: Named[datetime] = Column(UtcTime)
    linked: Named[bool] = Column(Flag)  # an unlinked account stays for its orders
    stop_words: Named[str | None] = Column(Text)  # None: the broker has refused no words yet


accounts = Table("accounts", metadata, _Accounts, sqlite_strict=True)
Index("uq_accounts_label", accounts.c.label, unique=True, sqlite_where=accounts.c.linked)


class _DataKeys(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)  # each encrypted value names the number of its key
    wrapped: Named[bytes] = Column(LargeBinary)


data_keys = Table("data_keys", metadata, _DataKeys, sqlite_strict=True)


class _Secrets(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    field = Column(Text, primary_key=True)
    sealed: Named[bytes] = Column(LargeBinary)


secrets = Table("secrets", metadata, _Secrets, sqlite_strict=True)


class _LimitSets(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    from_day: Named[date] = Column(Day, primary_key=True)  # in force from this date in India until the next set begins
    body: Named[Limits] = Column(Json(Limits))


limit_sets = Table("limit_sets", metadata, _LimitSets, sqlite_strict=True)


class _DayLocks(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    at: Named[datetime] = Column(UtcTime)
    by: Named[int | None]
    why: Named[str] = Column(Text)


day_locks = Table("day_locks", metadata, _DayLocks, sqlite_strict=True)


class _Stops(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    by: Named[int | None]
    at: Named[datetime] = Column(UtcTime)
    why: Named[str] = Column(Text)


stops = Table("stops", metadata, _Stops, sqlite_strict=True)
