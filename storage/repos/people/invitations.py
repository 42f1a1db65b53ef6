"""One-time codes by which people join, stored as digests."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy import bindparam, select

from bot.domain.people.access import Invitation
from storage.db.engine import Transaction
from storage.db.tables.people import invitations

_FIELDS = tuple(field.name for field in fields(Invitation))
_i = invitations.c
_ADD = invitations.insert().values({name: bindparam(name) for name in _FIELDS})
_FIND = select(*(_i[name] for name in _FIELDS)).where(_i.digest == bindparam("code"))
_TAKE = (
    invitations.update()
    .where(_i.digest == bindparam("code"), _i.used_by.is_(None))
    .where(_i.made_at <= bindparam("now"), _i.expires_at > bindparam("now"))
    .values(used_by=bindparam("person"))
)
_FORGET = invitations.delete().where(_i.expires_at < bindparam("moment"))


class SqlInvitations:
    """Whoever's update touches the row has joined by it."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, invitation: Invitation) -> None:
        self._tx.write(_ADD, {name: getattr(invitation, name) for name in _FIELDS})

    def take(self, digest: str, telegram_id: int, now: datetime) -> Invitation | None:
        if self._tx.write(_TAKE, {"code": digest, "person": telegram_id, "now": now}) != 1:
            return None
        return self.find(digest)

    def find(self, digest: str) -> Invitation | None:
        row = self._tx.rows(_FIND, {"code": digest}).one_or_none()
        return None if row is None else Invitation(**row._asdict())

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})
