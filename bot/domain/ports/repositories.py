"""The store as the heart sees it: drawers, reached only inside one transaction.

A function given to Store.run is plain (not async), so no broker call can ever sit inside a transaction; it commits when
the function returns and rolls back when it raises. Every claim is a conditional update whose row count decides.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from bot.domain.market.instrument import MasterDay
from bot.domain.orders.notice import Delivery, Filled, Notice
from bot.domain.orders.order import CardRef, Confirmation, ConfirmationState, Fill, Order
from bot.domain.orders.portfolio import DayReport
from bot.domain.people.access import DayLock, Invitation, Pin
from bot.domain.people.account import Account, Credentials, KnownAccount, Limits, NoLogin, Role, Session, Stop, User
from bot.domain.people.secret import Secret

T = TypeVar("T")


class PeopleRepository(Protocol):
    """Who is on the list, in which role."""

    def add(self, user: User, role: Role, account_id: str | None, at: datetime) -> None:
        """Puts a person on the list, or changes the role; account_id None means every account."""
        ...

    def remove(self, telegram_id: int) -> bool:
        """Takes a person off the list at once, with every open confirmation and waiting notice; False if not there."""
        ...

    def find(self, telegram_id: int) -> User | None: ...

    def roles(self, telegram_id: int) -> Sequence[tuple[str | None, Role]]:
        """(account id or None for all, role) of a person."""
        ...

    def role_on(self, telegram_id: int, account_id: str | None) -> Role | None:
        """The role that counts: the account's own before the general one; None when not active or not listed."""
        ...

    def all(self) -> Sequence[tuple[User, str | None, Role]]: ...

    def watching(self, account_id: str) -> Sequence[int]:
        """Telegram ids of all active people who may look at an account."""
        ...


class AccountsRepository(Protocol):
    """Linked accounts, their sealed credentials and sessions."""

    @property
    def keeps_seeds(self) -> bool:
        """Whether the key is here under which alone a TOTP seed is stored."""
        ...

    def add(self, account: Account, credentials: Credentials) -> None: ...

    def remove(self, account_id: str) -> bool:
        """Destroys the account's secrets for good; its orders stay, and its client code, sealed anew, by which it is known."""
        ...

    def all(self) -> Sequence[Account]: ...

    def find(self, account_id: str) -> Account | None: ...

    def by_label(self, label: str) -> Account | None: ...

    def known(self, client_code: Secret) -> KnownAccount | None:
        """The account of that client code, linked now or at some time before; VaultError when a code does not open."""
        ...

    def credentials(self, account_id: str) -> Credentials | None:
        """Opens what is sealed; VaultError when it does not open."""
        ...

    def keep_session(self, account_id: str, session: Session | None) -> None:
        """Seals the session's token, or forgets it."""
        ...

    def session(self, account_id: str) -> Session | None: ...

    def stop_words(self, account_id: str) -> str | None:
        """How this account's stop orders are spelled; None: as is usual."""
        ...

    def keep_stop_words(self, account_id: str, words: str) -> None: ...

    def choose(self, telegram_id: int, account_id: str, until: datetime) -> None:
        """/use: the account a person's next words go to, until that moment."""
        ...

    def chosen(self, telegram_id: int, now: datetime, furthest: datetime) -> str | None:
        """What /use chose, if it ends after now and by the furthest moment; later means that the clock was set back."""
        ...


class LimitsRepository(Protocol):
    """Limits as dated sets, and days that are over."""

    def on(self, account_id: str, day: date) -> Limits:
        """The set in force on a date in India; the usual ones when none was ever made."""
        ...

    def after(self, account_id: str, day: date) -> tuple[date, Limits] | None:
        """The next set that begins later than the day."""
        ...

    def put(self, account_id: str, from_day: date, limits: Limits) -> None:
        """A set in force from that day on; sets of the same day are replaced, later ones stay."""
        ...

    def lock_day(self, lock: DayLock) -> bool:
        """True when this call locked the day."""
        ...

    def day_lock(self, account_id: str, day: date) -> DayLock | None: ...


class InvitationsRepository(Protocol):
    """One-time codes by their digests."""

    def add(self, invitation: Invitation) -> None: ...

    def take(self, digest: str, telegram_id: int, now: datetime) -> Invitation | None:
        """Uses it up; the invitation for exactly one caller between its making and its end, None for every other."""
        ...

    def find(self, digest: str) -> Invitation | None: ...

    def forget_before(self, moment: datetime) -> int: ...


class PinsRepository(Protocol):
    """PINs with their count of misses, and phones that were sealed."""

    def find(self, telegram_id: int) -> Pin | None: ...

    def put(self, pin: Pin) -> None: ...

    def remove(self, telegram_id: int) -> bool: ...

    def seal(self, telegram_id: int, at: datetime) -> None: ...

    def unseal(self, telegram_id: int) -> bool: ...

    def sealed(self, telegram_id: int) -> datetime | None:
        """Since when this person's phone is sealed."""
        ...


class OrdersRepository(Protocol):
    """Orders and their fills."""

    def next_number(self, account_id: str, day: date) -> int:
        """The next day number of an account; each is given once."""
        ...

    def add(self, order: Order, day: date) -> None: ...

    def save(self, order: Order) -> None:
        """Writes a new version; StorageError when the stored version is not exactly one of the earlier ones read."""
        ...

    def find(self, order_id: str) -> Order | None: ...

    def by_tag(self, account_id: str, tag: str) -> Order | None: ...

    def by_broker_id(self, account_id: str, broker_id: str) -> Order | None: ...

    def by_number(self, account_id: str, day: date, number: int) -> Order | None: ...

    def of_day(self, account_id: str, day: date) -> Sequence[Order]:
        """All orders of a date in India, in the order of their numbers."""
        ...

    def versions(self, account_id: str, day: date) -> Mapping[str, int]:
        """By broker id, the version of each order of a date in India that the broker has a number for."""
        ...

    def lately(self, account_id: str, day: date, moment: datetime) -> Sequence[Order]:
        """Of that date in India: every order whose status is not final, and every one changed since the moment."""
        ...

    def unsettled(self, account_id: str | None = None) -> Sequence[Order]:
        """Every order whose status is not final, oldest first; all accounts when None."""
        ...

    def sent_since(self, account_id: str, *moments: datetime) -> Sequence[int]:
        """How many orders of ours were claimed since each of these moments."""
        ...

    def last_by(self, telegram_id: int, account_id: str) -> datetime | None:
        """When this person last confirmed an order on the account."""
        ...

    def add_fill(self, order: Order, fill: Fill) -> bool:
        """Stores one step; False when a fill with the same (account, broker id, filled after) is already there."""
        ...

    def fills_of(self, order_id: str) -> Sequence[Fill]: ...

    def priceless(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]:
        """Fills of that date in India whose price is not known yet, each with its order as it stands now."""
        ...

    def complete_fill(self, order: Order, fill: Fill) -> None:
        """Notes the price and average of a fill that had no price; a price that is known stays."""
        ...

    def fills_of_day(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]: ...


class ConfirmationsRepository(Protocol):
    """Open questions; a claim is one conditional update."""

    def add(self, confirmation: Confirmation) -> None: ...

    def find(self, token: str) -> Confirmation | None: ...

    def bind(self, token: str, message_id: int) -> bool:
        """Ties a still unbound question to its message; True when this call or an equal earlier one did it."""
        ...

    def claim(self, token: str, user_id: int, chat_id: int, message_id: int, now: datetime) -> bool:
        """OPEN to CLAIMED if person, chat and message agree and it has not expired; True for exactly one caller."""
        ...

    def close(self, token: str, state: ConfirmationState) -> bool:
        """OPEN (or CLAIMED, when REFUSED) to another state; False when it was not open."""
        ...

    def refuse_of(self, user_id: int) -> int:
        """Closes every open question of a person; how many."""
        ...

    def refuse_on(self, account_id: str) -> int:
        """Closes every open question about an account; how many."""
        ...

    def forget_before(self, moment: datetime) -> int: ...


class CardsRepository(Protocol):
    """Which message shows which order, and which version of it."""

    def add(self, shown: CardRef) -> None: ...

    def stale(self, limit: int = 50) -> Sequence[tuple[CardRef, Order, str]]:
        """Cards older than their order, with the order and the account's label."""
        ...

    def drawn(self, chat_id: int, message_id: int, version: int, *, moved_to: int | None = None) -> None:
        """Notes the version now shown; moved_to: the card lives on in another message."""
        ...

    def bury(self, chat_id: int, message_id: int) -> None:
        """The chat is gone for good: draw no more."""
        ...


class OutboxRepository(Protocol):
    """Notices waiting; written in the transaction of the fact they tell of."""

    def add(self, account_id: str, chat_ids: Sequence[int], notice: Notice, at: datetime, *, order_id: str | None) -> None:
        """One row for each person; order_id ties it to a card."""
        ...

    def correct(self, notice: Filled, at: datetime) -> None:
        """Mends what was said of this fill: what still waits is changed, what was sent on time is edited in silence."""
        ...

    def lease(self, now: datetime, until: datetime, limit: int = 20) -> Sequence[Delivery]:
        """Takes due parcels, at most one for each chat and the oldest of it, so that news stays in order."""
        ...

    def release(self, now: datetime) -> None:
        """At start: all that waits is due now; whoever held a lease or knew of a postponement is gone."""
        ...

    def sent(self, parcel_id: int, at: datetime, message_id: int) -> None: ...

    def postpone(self, parcel_id: int, until: datetime, why: str) -> None: ...

    def bury(self, parcel_id: int, at: datetime, why: str) -> None: ...

    def next_due(self) -> datetime | None: ...

    def counts(self) -> tuple[int, int]:
        """(waiting, buried)."""
        ...


class StopsRepository(Protocol):
    """The kill switch."""

    def stop(self, stop: Stop) -> bool:
        """True when this call turned it on."""
        ...

    def resume(self, account_id: str) -> bool: ...

    def stopped(self, account_id: str) -> Stop | None: ...


class ReportsRepository(Protocol):
    """Daily summaries, one final row for an account and a date."""

    def add(self, report: DayReport) -> bool:
        """False when that date already has its final row."""
        ...

    def find(self, account_id: str, day: date) -> DayReport | None: ...


class FlagsRepository(Protocol):
    """What the bot remembers of itself from one start to the next."""

    def claim_job(self, job: str, day: date, now: datetime) -> bool:
        """Claims a job for a date in India; True for exactly one caller."""
        ...

    def release_job(self, job: str, day: date) -> None:
        """Gives a claim back after a failure."""
        ...

    def claim_address_notice(self, account_id: str, day: date, now: datetime) -> bool:
        """True for the one caller who tells, on that date, that the broker does not take orders from this host."""
        ...

    def claim_tried_notice(self, telegram_id: int, now: datetime, most: int) -> bool:
        """True for the first notice about this person in an hour, while fewer than most were claimed in it."""
        ...

    def forbid_login(self, account_id: str, why: NoLogin, now: datetime) -> None:
        """The bot logs in to the account no more of its own accord."""
        ...

    def login_forbidden(self, account_id: str) -> bool: ...

    def allow_login(self, account_id: str) -> None:
        """Lifts every reason not to log in."""
        ...

    def spend_code(self, account_id: str, digest: str, now: datetime, remembered: timedelta) -> bool:
        """Notes that a login code is about to be submitted; False when it was before, within the time remembered."""
        ...

    def mode(self) -> tuple[str, datetime] | None:
        """The mode in which this database is used, and since when; None before the first start."""
        ...

    def begin_mode(self, mode: str, now: datetime) -> None: ...

    def bot_id(self) -> int | None:
        """The Telegram bot that this database belongs to."""
        ...

    def pin_bot(self, bot_id: int, now: datetime) -> None: ...

    def lock_down(self, now: datetime) -> None:
        """The host's alarm sounds from now on."""
        ...

    def locked_down(self) -> bool: ...

    def lift_lockdown(self) -> bool:
        """Ends the alarm; False when there was none."""
        ...


class ScripMasterRepository(Protocol):
    """Which scrip master is in use; its rows lie in the broker's own file."""

    def note(self, day: date, rows: int, at: datetime) -> None:
        """A whole master of that IST date is on disk."""
        ...

    def last(self) -> MasterDay | None: ...


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
        """(id, at, who, what, detail), newest first; accounts: of these only, None for everything."""
        ...


class Repositories(Protocol):
    """All drawers over one transaction."""

    @property
    def people(self) -> PeopleRepository: ...
    @property
    def accounts(self) -> AccountsRepository: ...
    @property
    def limits(self) -> LimitsRepository: ...
    @property
    def invitations(self) -> InvitationsRepository: ...
    @property
    def pins(self) -> PinsRepository: ...
    @property
    def orders(self) -> OrdersRepository: ...
    @property
    def confirmations(self) -> ConfirmationsRepository: ...
    @property
    def cards(self) -> CardsRepository: ...
    @property
    def outbox(self) -> OutboxRepository: ...
    @property
    def stops(self) -> StopsRepository: ...
    @property
    def reports(self) -> ReportsRepository: ...
    @property
    def flags(self) -> FlagsRepository: ...
    @property
    def scrip_master(self) -> ScripMasterRepository: ...
    @property
    def audit(self) -> AuditRepository: ...


class Store(Protocol):
    """One writer; each run is one transaction."""

    async def transaction(self, work: Callable[[Repositories], T]) -> T:
        """Runs a plain function over the drawers; commits on return, rolls back on any exception.

        Errors of our own pass through unchanged; what the database throws becomes StorageError. StorageAway: it takes no
        writing for now, and what only reads is answered all the same.
        """
        ...

    async def owe(self, work: Callable[[Repositories], object]) -> None:
        """Runs what records an act that must not wait for its record: now, or before any other writing once that is possible.

        Until then memory holds it, and whatever writes is refused. StorageAway when memory holds as much as it may.
        """
        ...
