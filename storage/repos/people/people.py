"""Who is on the list, in which role, for which account."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.people.account import Role, User
from storage.db.engine import Transaction
from storage.db.tables.alerts import alerts
from storage.db.tables.messages import cards, outbox
from storage.db.tables.orders import answers, confirmations
from storage.db.tables.people import choices, people, roles
from storage.repos.outbox import BURIED, PARKED, WAITING

_new_person = insert(people).values(telegram_id=bindparam("telegram_id"), name=bindparam("name"), active=bindparam("active"))
_PERSON = _new_person.on_conflict_do_update(
    index_elements=[people.c.telegram_id], set_={"name": _new_person.excluded.name, "active": _new_person.excluded.active}
)
_HIS = roles.c.telegram_id == bindparam("person")
_FORGET_ROLE = roles.delete().where(_HIS, roles.c.account_id.is_not_distinct_from(bindparam("account")))
_GIVE_ROLE = roles.insert().values({name: bindparam(name) for name in ("telegram_id", "account_id", "role", "given_at")})
_FIND = select(people.c.telegram_id, people.c.name, people.c.active).where(people.c.telegram_id == bindparam("person"))
_ROLES = select(roles.c.account_id, roles.c.role).where(_HIS).order_by(roles.c.account_id)
_ROLE_ON = (
    select(roles.c.role)
    .join(people, people.c.telegram_id == roles.c.telegram_id)
    .where(_HIS, people.c.active, or_(roles.c.account_id.is_(None), roles.c.account_id == bindparam("account")))
    .order_by(roles.c.account_id.is_(None))  # the account's own role first
    .limit(1)
)
_ALL = (
    select(people.c.telegram_id, people.c.name, people.c.active, roles.c.account_id, roles.c.role)
    .join(roles, roles.c.telegram_id == people.c.telegram_id)
    .order_by(roles.c.given_at, people.c.telegram_id, roles.c.account_id)
)
_WATCHING = (
    select(people.c.telegram_id)
    .distinct()
    .join(roles, roles.c.telegram_id == people.c.telegram_id)
    .where(people.c.active, or_(roles.c.account_id.is_(None), roles.c.account_id == bindparam("account")))
    .order_by(people.c.telegram_id)
)
_REMOVE = people.delete().where(people.c.telegram_id == bindparam("person"))
_AFTER = (  # a private chat has its person's id
    confirmations.update()
    .where(confirmations.c.user_id == bindparam("person"), confirmations.c.state == ConfirmationState.OPEN)
    .values(state=ConfirmationState.REFUSED),
    answers.delete().where(
        answers.c.token.in_(select(confirmations.c.token).where(confirmations.c.user_id == bindparam("person")))
    ),
    outbox.update()
    .where(outbox.c.chat_id == bindparam("person"), outbox.c.state.in_((WAITING, PARKED)))
    .values(state=BURIED, why="no longer on the list"),
    cards.update().where(cards.c.chat_id == bindparam("person")).values(buried=True),
    choices.delete().where(choices.c.telegram_id == bindparam("person")),
    alerts.delete().where(alerts.c.telegram_id == bindparam("person")),
)


class SqlPeople:
    """The list. A person who is not on it is nobody."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, user: User, role: Role, account_id: str | None, at: datetime) -> None:
        """at: when the role was given, UTC."""
        self._tx.write(_PERSON, {"telegram_id": user.telegram_id, "name": user.name, "active": user.active})
        self._tx.write(_FORGET_ROLE, {"person": user.telegram_id, "account": account_id})
        self._tx.write(_GIVE_ROLE, {"telegram_id": user.telegram_id, "account_id": account_id, "role": role, "given_at": at})

    def remove(self, telegram_id: int) -> bool:
        """Also ends drawing in that chat: an order's card edited later would still tell."""
        if self._tx.write(_REMOVE, {"person": telegram_id}) != 1:
            return False
        for statement in _AFTER:
            self._tx.write(statement, {"person": telegram_id})
        return True

    def find(self, telegram_id: int) -> User | None:
        for row in self._tx.cached(_FIND, {"person": telegram_id}):
            return User(telegram_id=row.telegram_id, name=row.name, active=row.active)
        return None

    def roles(self, telegram_id: int) -> Sequence[tuple[str | None, Role]]:
        return [(account_id, role) for account_id, role in self._tx.cached(_ROLES, {"person": telegram_id})]

    def role_on(self, telegram_id: int, account_id: str | None) -> Role | None:
        return next((row.role for row in self._tx.cached(_ROLE_ON, {"person": telegram_id, "account": account_id})), None)

    def all(self) -> Sequence[tuple[User, str | None, Role]]:
        return [
            (User(telegram_id=row.telegram_id, name=row.name, active=row.active), row.account_id, row.role)
            for row in self._tx.cached(_ALL, {})
        ]

    def watching(self, account_id: str) -> Sequence[int]:
        return [row.telegram_id for row in self._tx.cached(_WATCHING, {"account": account_id})]
