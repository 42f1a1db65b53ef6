"""The account that an act of a person goes to, and whether the person may do the act in the transaction that does it."""

from bot.domain.errors import NotAllowed, PersonError, PhoneLocked
from bot.domain.people.account import GRANTS, WHILE_LOCKED, Account, Actor, Permission, Role
from bot.domain.ports.repositories import Repositories


def account_of(actor: Actor) -> Account:
    """The actor's account. PersonError while none is linked."""
    if actor.account is None:
        raise PersonError("No mStock account is linked yet. /link says how.")
    return actor.account


def demand_role(db: Repositories, actor: Actor, permission: Permission, refusal: str) -> Role:
    """The stored role, which allows the act. NotAllowed with these words where it does not, PhoneLocked on a locked phone.

    The gate asked before. Role and lock may be others since the tap, so the transaction that writes asks what is stored.
    """
    if permission not in WHILE_LOCKED and db.pins.phone_locked_since(actor.user.telegram_id) is not None:
        raise PhoneLocked("This phone is sealed.")
    role = db.people.role_on(actor.user.telegram_id, actor.account.id if actor.account is not None else None)
    if role is None or permission not in GRANTS[role]:
        raise NotAllowed(refusal)
    return role
