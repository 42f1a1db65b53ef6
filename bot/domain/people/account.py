"""People, roles, accounts, credentials and broker sessions."""

from dataclasses import field
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

from bot.domain.people.secret import Secret
from bot.domain.value import value


class Role(StrEnum):
    """What a person may do with an account."""

    OWNER = "owner"
    TRADER = "trader"
    GUARDIAN = "guardian"
    VIEWER = "viewer"


class NoLogin(StrEnum):
    """Why the bot does not log in of its own accord, until a person's login succeeds."""

    REFUSED = "password refused"
    LOGGED_OUT = "logged out by a person"


class Permission(StrEnum):
    """What an act needs. ROLES says which role carries it."""

    LOOK = "look"
    OPEN = "open"  # anything that can open or grow a position
    REDUCE = "reduce"  # exit, cancel
    STOP = "stop"  # the kill switch
    SESSION = "session"  # log in and out at the broker
    ADMIN = "admin"  # people, limits, accounts, lifting the kill switch
    OWN = "own"  # a person's own phone and PIN


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.TRADER: frozenset(
        {Permission.LOOK, Permission.OPEN, Permission.REDUCE, Permission.STOP, Permission.SESSION, Permission.OWN}
    ),
    Role.GUARDIAN: frozenset({Permission.LOOK, Permission.REDUCE, Permission.STOP, Permission.OWN}),
    Role.VIEWER: frozenset({Permission.LOOK, Permission.OWN}),
}


WHILE_LOCKED = frozenset({Permission.STOP, Permission.OWN})  # a locked phone can still stop trading, and be opened


@value
class Account:
    """One broker account. The client code itself is among the encrypted credentials."""

    id: str
    label: str  # "main", "papa": what people type and what leads every card
    client: str  # masked client code, safe to show: MA••••1
    created_at: datetime
    # Tells it from the others at a glance. The store gives it, in the order of linking.
    mark: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Mark and label, as they lead a card."""
        return f"{self.mark} {self.label}".strip()


@value
class KnownAccount:
    """An account found by its client code, as it is or was called."""

    account: Account
    linked: bool


@value
class User:
    """A person on the list."""

    telegram_id: int
    name: str
    active: bool = True


@value
class Actor:
    """Who acts, on which account, in which role. `account` is None until one is linked."""

    user: User
    role: Role
    account: Account | None
    phone_locked: bool = False  # /lock: this person's phone may do nothing but stop trading until it is opened again

    def may(self, permission: Permission) -> bool:
        return permission in GRANTS[self.role] and (not self.phone_locked or permission in WHILE_LOCKED)


@value
class Credentials:
    """What it takes to log in. The seed is there only where the owner chose to store it (it makes two factors one)."""

    client_code: Secret
    password: Secret
    api_key: Secret
    totp_seed: Secret | None = None


@value
class Session:
    """A broker session. It is dead at its claim or at the next midnight IST, whichever comes first."""

    token: Secret
    issued: datetime  # UTC
    expires: datetime  # UTC

    def alive(self, now: datetime) -> bool:
        return now < self.expires


@value
class LoginStep:
    """What stands between password and code: good for 300 s at the broker and for nothing else."""

    handle: Secret
    begun: float  # loop time


class CodeKind(StrEnum):
    """Where the six digits come from. A code posted to the other route is always refused."""

    TOTP = "totp"
    SMS = "sms"


@value
class Stop:
    """The kill switch of an account, when it is on."""

    account_id: str
    by: int | None  # Telegram id; None: the bot itself
    at: datetime
    why: str = ""


class Segment(StrEnum):
    """What sort of thing may be entered."""

    CASH = "cash"
    FUTURES = "futures"
    OPTIONS = "options"


@value
class Limits:
    """An account's own hard limits on entries. None is no limit. Exits are never limited."""

    value: Decimal | None = None  # rupees for one order
    quantity: int | None = None  # shares or units for one order
    orders_a_day: int | None = 200
    orders_a_minute: int | None = 20
    daily_loss: Decimal | None = None  # rupees below zero, booked and open, at which the day is locked
    segments: tuple[Segment, ...] | None = None
    hours: tuple[time, time] | None = None  # IST, from and until
    ask_pin_above: Decimal | None = None  # rupees for one order: a soft limit, above which the PIN is asked
    guardian_sells_holdings: bool = False  # whether a guardian may sell delivery and MTF stock as well
    stops_by_themselves: bool = False  # whether a morning's standing stops are placed without that morning's Confirm
