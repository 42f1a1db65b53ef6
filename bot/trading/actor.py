"""The account that an act of a person goes to, and whether the role allows the act in the transaction that does it."""

from bot.domain.errors import NotAllowed, PersonError
from bot.domain.people.account import GRANTS, Account, Actor, Permission
from bot.domain.ports.repositories import Repositories


def account_of(actor: Actor) -> Account:
    """The actor's account; PersonError while none is linked."""
    if actor.account is None:
        raise PersonError("No mStock account is linked yet. /link says how.")
    return actor.account


def demand_role(db: Repositories, actor: Actor, permission: Permission, refusal: str) -> None:
    """NotAllowed with these words unless the stored role allows the act. It may be another one since the tap."""
    role = db.people.role_on(actor.user.telegram_id, actor.account.id if actor.account is not None else None)
    if role is None or permission not in GRANTS[role]:
        raise NotAllowed(refusal)
