"""The repositories of people, accounts and all that binds them.

A claim is a conditional update whose row count decides.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.domain.jobs import JobRun
from bot.domain.market.watch_list import FollowedMessage
from bot.domain.orders.doubt import Doubt
from bot.domain.people.access import DayLock, Invitation, Pin
from bot.domain.people.account import Account, Credentials, KnownAccount, Limits, NoLogin, Role, Session, Stop, User
from bot.domain.people.news_settings import NewsSettings
from bot.domain.people.secret import Secret


class PeopleRepository(Protocol):
    """Who is on the list, in which role."""

    def add(self, user: User, role: Role, account_id: str | None, at: datetime) -> None:
        """Puts a person on the list, or changes the role. account_id None means every account."""
        ...

    def remove(self, telegram_id: int) -> bool:
        """Takes a person off the list at once, with every open confirmation and waiting notice. False if not there."""
        ...

    def find(self, telegram_id: int) -> User | None: ...

    def roles(self, telegram_id: int) -> Sequence[tuple[str | None, Role]]:
        """(account id or None for all, role) of a person."""
        ...

    def role_on(self, telegram_id: int, account_id: str | None) -> Role | None:
        """The role that counts: the account's own before the general one. None when not active or not listed."""
        ...

    def all(self) -> Sequence[tuple[User, str | None, Role]]: ...

    def watching(self, account_id: str) -> Sequence[int]:
        """Telegram ids of all active people who may look at an account."""
        ...


class AccountsRepository(Protocol):
    """Linked accounts, their encrypted credentials and sessions."""

    @property
    def keeps_seeds(self) -> bool:
        """Whether the key is here under which alone a TOTP seed is stored."""
        ...

    def add(self, account: Account, credentials: Credentials) -> None: ...

    def remove(self, account_id: str) -> bool:
        """Destroys the account's secrets for good.

        Its orders stay, and so does its client code, encrypted anew, by which it is known.
        """
        ...

    def all(self) -> Sequence[Account]: ...

    def find(self, account_id: str) -> Account | None: ...

    def by_label(self, label: str) -> Account | None: ...

    def known(self, client_code: Secret) -> KnownAccount | None:
        """The account of that client code, linked now or at some time before. VaultError when a code does not open."""
        ...

    def credentials(self, account_id: str) -> Credentials | None:
        """Decrypts what is stored. VaultError when it does not open."""
        ...

    def keep_session(self, account_id: str, session: Session | None) -> None:
        """Encrypts and stores the session's token, or forgets it."""
        ...

    def session(self, account_id: str) -> Session | None: ...

    def stop_words(self, account_id: str) -> str | None:
        """How this account's stop orders are spelled. None: as is usual."""
        ...

    def keep_stop_words(self, account_id: str, words: str) -> None: ...

    def choose(self, telegram_id: int, account_id: str, until: datetime) -> None:
        """/use: the account a person's next words go to, until that moment."""
        ...

    def chosen(self, telegram_id: int, now: datetime, furthest: datetime) -> str | None:
        """What /use chose, if it ends after now and by the furthest moment. Later means that the clock was set back."""
        ...


class LimitsRepository(Protocol):
    """Limits as dated sets, and days that are over."""

    def on(self, account_id: str, day: date) -> Limits:
        """The set in force on a date in India. It is the usual one when none was ever made."""
        ...

    def after(self, account_id: str, day: date) -> tuple[date, Limits] | None:
        """The next set that begins later than the day."""
        ...

    def put(self, account_id: str, from_day: date, limits: Limits) -> None:
        """A set in force from that day on. Sets of the same day are replaced, later ones stay."""
        ...

    def lock_day(self, lock: DayLock) -> bool:
        """True when this call locked the day."""
        ...

    def day_lock(self, account_id: str, day: date) -> DayLock | None: ...


class InvitationsRepository(Protocol):
    """One-time codes by their digests."""

    def add(self, invitation: Invitation) -> None: ...

    def take(self, digest: str, telegram_id: int, now: datetime) -> Invitation | None:
        """Uses it up. Exactly one caller between its making and its end gets the invitation, every other None."""
        ...

    def find(self, digest: str) -> Invitation | None: ...

    def forget_before(self, moment: datetime) -> int: ...


class NewsSettingsRepository(Protocol):
    """How each person wants to be told."""

    def of(self, telegram_id: int) -> NewsSettings:
        """The person's settings, the usual ones where nothing was chosen."""
        ...

    def put(self, telegram_id: int, settings: NewsSettings) -> None: ...


class PinsRepository(Protocol):
    """PINs with their count of misses, and phones that were locked."""

    def find(self, telegram_id: int) -> Pin | None: ...

    def put(self, pin: Pin) -> None: ...

    def remove(self, telegram_id: int) -> bool: ...

    def lock_phone(self, telegram_id: int, at: datetime) -> None: ...

    def unlock_phone(self, telegram_id: int) -> bool: ...

    def phone_locked_since(self, telegram_id: int) -> datetime | None:
        """Since when this person's phone is locked."""
        ...


class StopsRepository(Protocol):
    """The kill switch."""

    def stop(self, stop: Stop) -> bool:
        """True when this call turned it on."""
        ...

    def resume(self, account_id: str) -> bool: ...

    def stopped(self, account_id: str) -> Stop | None: ...


class FlagsRepository(Protocol):
    """What the bot remembers of itself from one start to the next."""

    def claim_address_notice(self, account_id: str, day: date, now: datetime) -> bool:
        """True for the one caller who tells, on that date, that the broker does not take orders from this host."""
        ...

    def address_told(self, account_id: str, day: date) -> bool:
        """Whether people were told so on that date."""
        ...

    def forget_days_before(self, day: date) -> int:
        """Sweeps the claims of earlier dates on what is told once a day."""
        ...

    def claim_tried_notice(self, telegram_id: int, now: datetime, most: int) -> bool:
        """True for the first notice about this person in an hour, while fewer than most were claimed in it."""
        ...

    def claim_card(self, card: str, account_id: str, day: date, now: datetime) -> bool:
        """True for the one caller who tells an account's people that card of the date."""
        ...

    def card_told(self, card: str, account_id: str, day: date) -> bool:
        """Whether that card of the date was claimed."""
        ...

    def doubt(self, doubt: Doubt) -> None:
        """Notes what was asked of an order. It takes the place of the one before."""
        ...

    def doubts(self) -> Sequence[Doubt]: ...

    def settle_doubt(self, order_id: str) -> None: ...

    def watch(self, account_id: str, person: int, key: str, now: datetime) -> bool:
        """Puts an instrument, "NSE:2885", on a person's watch list. False where it is on it."""
        ...

    def unwatch(self, account_id: str, person: int, key: str) -> bool: ...

    def watched(self, account_id: str, person: int) -> Sequence[str]:
        """The list, in the order of adding."""
        ...

    def follow(self, chat_id: int, message: FollowedMessage, now: datetime) -> None:
        """Notes which message of a chat is refreshed. It takes the place of the one before."""
        ...

    def unfollow(self, chat_id: int) -> None: ...

    def followed(self) -> Mapping[int, FollowedMessage]:
        """The messages that refresh themselves, by chat."""
        ...

    def forbid_login(self, account_id: str, why: NoLogin, now: datetime) -> None:
        """The bot logs in to the account no more of its own accord."""
        ...

    def login_forbidden(self, account_id: str) -> bool: ...

    def allow_login(self, account_id: str) -> None:
        """Lifts every reason not to log in."""
        ...

    def spend_code(self, account_id: str, digest: str, now: datetime, remembered: timedelta) -> bool:
        """Notes that a login code is about to be submitted. False when it was before, within the time remembered."""
        ...

    def ask(self, person: int, words: str, now: datetime) -> None:
        """A question on the way to an order waits for this person's next words. It takes the place of the one before."""
        ...

    def prompt(self, person: int) -> tuple[str, datetime] | None:
        """The words that the answer is to complete, and when they were asked for."""
        ...

    def forget_prompt(self, person: int) -> None: ...

    def ddpi(self, account_id: str) -> bool | None:
        """Whether a DDPI of the account is on file at the broker. None: nobody has said."""
        ...

    def say_ddpi(self, account_id: str, now: datetime, *, on_file: bool) -> None: ...

    def mode(self) -> tuple[str, datetime] | None:
        """The mode in which this database is used, and since when. None before the first start."""
        ...

    def begin_mode(self, mode: str, now: datetime) -> None: ...

    def bot_id(self) -> int | None:
        """The Telegram bot that this database belongs to."""
        ...

    def pin_bot(self, bot_id: int, now: datetime) -> None: ...

    def lock_down(self, now: datetime) -> None:
        """The host's lockdown is on from now on."""
        ...

    def locked_down(self) -> bool: ...

    def lift_lockdown(self) -> bool:
        """Ends the lockdown. False when there was none."""
        ...


class JobsRepository(Protocol):
    """Up to which date each job that runs by the clock is settled."""

    def last(self, job: str) -> JobRun | None: ...

    def note(self, run: JobRun) -> None:
        """Takes the place of what was noted of that job before."""
        ...


class AuditRepository(Protocol):
    """An append-only record of acts."""

    def add(
        self,
        at: datetime,
        who: int | None,
        what: str,
        account_id: str | None = None,
        detail: str = "",
        *,
        before: str,
        after: str,
    ) -> None:
        """One act: who (None: the bot or the host), what, on which account, and how it stood before and after.

        Both empty for what changes nothing, such as a refusal. The message or command behind it is noted by itself.
        """
        ...

    def page(
        self, before: int | None = None, limit: int = 20, accounts: Sequence[str] | None = None
    ) -> Sequence[tuple[int, datetime, int | None, str, str]]:
        """(id, at, who, what, detail), newest first. accounts: of these only, None for everything."""
        ...
