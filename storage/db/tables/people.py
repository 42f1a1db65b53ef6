"""Tables of people: who may do what, invitations, PINs, phones that are locked."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from bot.domain.people.account import Role
from bot.domain.people.news_settings import NewsSettings
from storage.db.columns import Flag, Json, UtcTime, Word
from storage.db.metadata import metadata


class _People(TypedColumns):
    telegram_id = Column(Integer, primary_key=True)
    name: Named[str] = Column(Text)
    active: Named[bool] = Column(Flag)


people = Table("people", metadata, _People, sqlite_strict=True)


class _Roles(TypedColumns):
    telegram_id: Named[int] = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"))
    account_id: Named[str | None] = Column(Text, ForeignKey("accounts.id"))  # None: every account
    role: Named[Role] = Column(Word(Role))
    given_at: Named[datetime] = Column(UtcTime)


roles = Table("roles", metadata, _Roles, sqlite_strict=True)
Index("uq_roles_one", roles.c.telegram_id, roles.c.account_id, unique=True, sqlite_where=roles.c.account_id.is_not(None))
Index("uq_roles_all", roles.c.telegram_id, unique=True, sqlite_where=roles.c.account_id.is_(None))


class _Invitations(TypedColumns):
    digest = Column(Text, primary_key=True)
    role: Named[Role] = Column(Word(Role))
    account_id: Named[str | None] = Column(Text, ForeignKey("accounts.id"))
    made_by: Named[int]
    made_at: Named[datetime] = Column(UtcTime)
    expires_at: Named[datetime] = Column(UtcTime)
    used_by: Named[int | None]


invitations = Table("invitations", metadata, _Invitations, sqlite_strict=True)


class _Pins(TypedColumns):
    telegram_id: Named[int] = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"), primary_key=True)
    hashed: Named[str] = Column(Text)  # encrypted under one of the bot's own keys; plain until the next use of a PIN from before
    set_at: Named[datetime] = Column(UtcTime)
    failures: Named[int]
    closed_until: Named[datetime | None] = Column(UtcTime)
    proven_at: Named[datetime | None] = Column(UtcTime)
    proven_for: Named[str | None] = Column(Text)


pins = Table("pins", metadata, _Pins, sqlite_strict=True)


class _Seals(TypedColumns):
    telegram_id: Named[int] = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"), primary_key=True)
    at: Named[datetime] = Column(UtcTime)


seals = Table("seals", metadata, _Seals, sqlite_strict=True)


class _NewsSettings(TypedColumns):
    telegram_id = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    body: Named[NewsSettings] = Column(Json(NewsSettings))


news_settings = Table("news_settings", metadata, _NewsSettings, sqlite_strict=True)


class _Choices(TypedColumns):
    telegram_id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    until: Named[datetime] = Column(UtcTime)


choices = Table("choices", metadata, _Choices, sqlite_strict=True)
