"""What stands between a person and an act besides the role: an invitation, a PIN, a sealed phone, a day that is over."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.account import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A one-time code by which somebody joins; the code itself is never kept, only its digest."""

    digest: str  # SHA-256 of the code, hex
    role: Role
    account_id: str | None  # None: every account
    made_by: int  # Telegram id of the owner
    made_at: datetime
    expires_at: datetime
    used_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A person's PIN, and how often it was missed; all of it survives a restart (failure-modes.md T17)."""

    telegram_id: int
    hashed: str  # Argon2id with its parameters and salt
    set_at: datetime
    failures: int = 0  # in a row
    closed_until: datetime | None = None  # no try is taken before this
    proven_at: datetime | None = None  # when it was last right
    proven_for: str | None = None  # the one act that it was given for, until that act takes it


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLock:
    """No new entries on an account until the next trading day; nothing in the chat lifts it."""

    account_id: str
    day: date  # IST
    at: datetime
    by: int | None  # None: the daily loss was reached
    why: str
