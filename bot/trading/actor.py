"""The account that an act of a person goes to."""

from bot.domain.errors import PersonError
from bot.domain.people.account import Account, Actor


def account_of(actor: Actor) -> Account:
    """The actor's account; PersonError while none is linked."""
    if actor.account is None:
        raise PersonError("No mStock account is linked yet. /link says how.")
    return actor.account
