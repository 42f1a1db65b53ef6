"""On which account a person acts, and whether the role still carries the act in the transaction that does it."""

from bot.domain.errors import NotAllowed, PersonError
from bot.domain.people.account import GRANTS, Account, Actor, Permission
from bot.domain.ports.repositories import Repositories


def account_of(actor: Actor) -> Account:
    """The account that the act is about; PersonError where none is linked."""
    if actor.account is None:
        raise PersonError("No mStock account is linked yet. /link says how.")
    return actor.account


def demand_role(db: Repositories, actor: Actor, permission: Permission, refusal: str) -> None:
    """NotAllowed with these words unless the role as it is stored now carries the act: it may be another since the tap."""
    role = db.people.role_on(actor.user.telegram_id, actor.account.id if actor.account is not None else None)
    if role is None or permission not in GRANTS[role]:
        raise NotAllowed(refusal)
