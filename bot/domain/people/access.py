"""What stands between a person and an act besides the role: an invitation, a PIN, a locked phone, a day that is over."""

from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.people.account import Account, Limits, Role
from bot.domain.people.secret import Secret
from bot.domain.value import value


@value
class Invitation:
    """A one-time code by which somebody joins. The code itself is never kept, only its digest."""

    digest: str  # SHA-256 of the code, hex
    role: Role
    account_id: str | None  # None: every account
    made_by: int  # Telegram id of the owner
    made_at: datetime
    expires_at: datetime
    used_by: int | None = None


@value
class Pin:
    """A person's PIN, and how often it was missed. All of it survives a restart (T17)."""

    telegram_id: int
    hashed: str  # Argon2id with its parameters and salt
    set_at: datetime
    failures: int = 0  # in a row
    closed_until: datetime | None = None  # no try is taken before this
    proven_at: datetime | None = None  # when it was last right
    proven_for: str | None = None  # the one act that it was given for, until that act takes it


@value
class DayLock:
    """No new entries on an account until the next trading day. Nothing in the chat lifts it."""

    account_id: str
    day: date  # IST
    at: datetime
    by: int | None  # None: the daily loss was reached
    why: str


class PinHash(Protocol):
    """Turns a PIN into what may be kept of it."""

    def of(self, pin: Secret) -> str: ...

    def fits(self, pin: Secret, hashed: str) -> bool: ...


class PadUse(StrEnum):
    """What a keypad is shown for."""

    PROVE = "prove"  # one act that waits for it
    SET = "set"
    CHANGE = "change"
    REMOVE = "remove"
    UNSEAL = "unseal"


class PadStep(StrEnum):
    """What the six digits are that the keypad takes now."""

    CURRENT = "current"
    NEW = "new"
    AGAIN = "again"


@value
class Pad:
    """A keypad as it stands: where each digit lies, and how many were tapped. Never which."""

    id: str
    use: PadUse
    step: PadStep
    digits: tuple[int, ...]  # the digit on each of the ten places
    entered: int
    until: datetime
    note: str = ""


@value
class PadEnded:
    """A keypad that is over. `right` says whether what it was for was done."""

    use: PadUse
    right: bool
    say: str


@value
class PinState:
    """What a person should know of the own PIN."""

    set: bool
    phone_locked_since: datetime | None
    closed_until: datetime | None


@value
class Invited:
    """A link that the owner may hand on, once."""

    code: Secret
    role: Role
    label: str | None  # of the account; None: every account
    expires_at: datetime


@value
class Welcome:
    """Somebody has joined."""

    role: Role
    label: str | None
    by: str  # the inviter's name


@value
class LimitsShown:
    """An account's limits as they stand and as they will."""

    account: Account
    today: Limits
    later: tuple[date, Limits] | None
    day_lock: DayLock | None
    sent_today: int
    entries: int = 0  # orders at the exchange that may still open something
