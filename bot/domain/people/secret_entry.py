"""Entering secrets on a page: what a one-time link is for, what was typed there, and what came of it."""

from datetime import datetime
from enum import StrEnum

from bot.domain.people.secret import Secret
from bot.domain.value import value

SEED_SENTENCE = (
    "A stored TOTP seed lets the bot log in by itself and makes your two factors one: whoever has this host has both. "
    "Leave it empty to type six digits each morning."
)


class EntryKind(StrEnum):
    """What a page asks for."""

    LINK = "link"  # every secret of an account that is new here
    LOGIN = "login"  # six digits for an account that is linked


@value
class Ticket:
    """Who may enter what, until when. It is named by a one-time code that is kept nowhere."""

    person: int  # Telegram id
    kind: EntryKind
    label: str  # of the account
    until: datetime  # UTC


@value
class Offered:
    """A link that was made. Its address carries the code, so it is as secret as the code is."""

    ticket: Ticket
    address: str
    on_host: bool  # the address is this host's own: no other machine reaches it


@value
class Entered:
    """What was typed. Fields that a page did not ask for are None."""

    client_code: Secret | None = None
    api_key: Secret | None = None
    password: Secret | None = None
    totp_seed: Secret | None = None
    code: Secret | None = None  # six digits


@value
class Outcome:
    """What came of it, in words for the page and for the chat."""

    done: bool
    say: str
