"""The repositories of orders, questions, cards and news; a claim is a conditional update whose row count decides."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.domain.market.instrument import MasterDay
from bot.domain.news.alert import Alert
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Notice
from bot.domain.news.orders import Filled
from bot.domain.orders.conversion import Conversion
from bot.domain.orders.exit_list import ExitList
from bot.domain.orders.held import HeldNote
from bot.domain.orders.later_card import LaterCard, LaterState
from bot.domain.orders.order import CardRef, Confirmation, ConfirmationState, Fill, Order, OrderDraft
from bot.domain.orders.plan import Plan, PlanLeg
from bot.domain.orders.pnl_exit import PnlExit
from bot.domain.orders.portfolio import DayReport
from bot.domain.orders.trail import Trail


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

    def placed_by(self, telegram_id: int, account_id: str, most: int) -> Sequence[Order]:
        """The newest orders that this person confirmed on the account, of whatever day, the newest first."""
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

    def open_since(self, moment: datetime) -> Sequence[Confirmation]:
        """The open questions that have a message and end after the moment."""
        ...

    def refuse_of(self, user_id: int) -> int:
        """Closes every open question of a person, and says how many."""
        ...

    def refuse_on(self, account_id: str) -> int:
        """Closes every open question about an account, and says how many."""
        ...

    def forget_before(self, moment: datetime) -> int: ...


class PlansRepository(Protocol):
    """Plans and their legs; a leg is claimed by one conditional update, in the transaction that stores its order."""

    def add(self, plan: Plan) -> None: ...

    def find(self, plan_id: str) -> Plan | None: ...

    def of_order(self, order_id: str) -> Plan | None:
        """The plan that an order is a leg of."""
        ...

    def alive(self) -> Sequence[Plan]:
        """Every plan that is alive, of all accounts, oldest first."""
        ...

    def extend(self, plan_id: str, leg: PlanLeg) -> None:
        """One more leg, as a person confirmed it, or for a plan that is licensed by its scope."""
        ...

    def begin(self, plan_id: str) -> bool:
        """ASKED to ALIVE; True for exactly one caller."""
        ...

    def claim(self, plan_id: str, leg: int, order_id: str) -> bool:
        """A leg from WAITING to CLAIMED by this order, while its plan is alive; True for exactly one caller."""
        ...

    def strike(self, plan_id: str, leg: int) -> bool:
        """A leg from WAITING to STRUCK: it will never be sent."""
        ...

    def owner(self, order_id: str) -> Plan | None:
        """The plan that is alive and has this order as one of its legs' own."""
        ...

    def widen(self, plan_id: str, leg: int, draft: OrderDraft) -> None:
        """Another licence for a leg, in the transaction that claims the Confirm which gives it."""
        ...

    def adopt(self, plan_id: str, leg: int, order_id: str, base: int) -> bool:
        """A leg from WAITING to CLAIMED by an order that rests already, and that no plan which is alive has.

        base: the shares or units of that order, in all.
        """
        ...

    def taking(self, plan_id: str, since: datetime | None) -> bool:
        """Notes since when the target is being taken. None: it is not."""
        ...

    def note_trail(self, plan_id: str, trail: Trail) -> bool:
        """What a trail hangs on, while its plan is alive."""
        ...

    def end(self, plan_id: str, why: str) -> bool:
        """Over: nothing more of it is sent. True for the call that ended it."""
        ...

    def end_on(self, account_id: str, why: str) -> int:
        """Ends every plan of an account, and says how many."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Drops plans that were asked before this moment and never confirmed."""
        ...


class ExitListsRepository(Protocol):
    """Lists of exits and panics, whole."""

    def add(self, exits: ExitList) -> None: ...

    def find(self, plan_id: str) -> ExitList | None: ...

    def alive(self) -> Sequence[ExitList]:
        """Every list whose plan is alive, of all accounts, oldest first."""
        ...

    def save(self, exits: ExitList) -> None: ...


class LaterCardsRepository(Protocol):
    """Orders that are asked again when the market takes them."""

    def add(self, card: LaterCard) -> LaterCard:
        """The card with its number."""
        ...

    def find(self, card_id: int) -> LaterCard | None: ...

    def open(self, states: Collection[LaterState] = ...) -> Sequence[LaterCard]:
        """Those that wait or are due, of all accounts, the oldest first."""
        ...

    def move(self, card_id: int, to: LaterState) -> bool:
        """Out of waiting or due; True for the call that moved it."""
        ...

    def end_on(self, account_id: str) -> int: ...

    def forget_before(self, moment: datetime) -> int:
        """Drops those that were due before the moment."""
        ...


class ConversionsRepository(Protocol):
    """Changes of product, one row each."""

    def add(self, conversion: Conversion) -> None: ...

    def find(self, conversion_id: str) -> Conversion | None: ...

    def alive(self) -> Sequence[Conversion]:
        """Those whose end is not known, of all accounts."""
        ...

    def save(self, conversion: Conversion) -> None: ...


class PnlExitsRepository(Protocol):
    """P&L exits. One leaves ALIVE once, for good."""

    def add(self, exit_: PnlExit) -> None: ...

    def find(self, exit_id: str) -> PnlExit | None: ...

    def alive(self) -> Sequence[PnlExit]:
        """Every one that watches, of all accounts."""
        ...

    def begin(self, exit_id: str) -> bool:
        """ASKED to ALIVE; True for exactly one caller."""
        ...

    def note(self, exit_: PnlExit) -> bool:
        """Its best result or its action, while it is alive."""
        ...

    def strike(self, exit_: PnlExit) -> bool:
        """ALIVE to STRUCK; True for exactly one caller."""
        ...

    def end(self, exit_id: str) -> bool:
        """ALIVE to OVER, unstruck; True for exactly one caller."""
        ...

    def end_on(self, account_id: str) -> int:
        """Ends all of an account, and says how many."""
        ...

    def blocked_until(self, account_id: str, now: datetime) -> datetime | None:
        """Until when (UTC) those that struck block entries. None: they do not now."""
        ...

    def forget_asked(self) -> int:
        """Drops those that were asked about and never confirmed."""
        ...


class CardsRepository(Protocol):
    """Which message shows which order, and which version of it."""

    def add(self, card: CardRef) -> None: ...

    def stale(self, limit: int = 50, *, chat_id: int | None = None) -> Sequence[tuple[CardRef, Order, str]]:
        """Cards older than their order, with the order and the account's label; of one chat or of all."""
        ...

    def stale_chats(self) -> Collection[int]:
        """The chats in which a card is older than its order."""
        ...

    def drawn(self, chat_id: int, message_id: int, version: int, *, moved_to: int | None = None) -> None:
        """Notes the version now shown; moved_to: the card lives on in another message."""
        ...

    def bury(self, chat_id: int, message_id: int) -> None:
        """The chat is gone for good: draw no more."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Sweeps the cards of orders that ended before the moment, once they are drawn or buried."""
        ...


class AlertsRepository(Protocol):
    """Alerts of persons on accounts. Each call that moves one says whether this call did."""

    def add(self, alert: Alert) -> Alert:
        """The alert with its number."""
        ...

    def live(self) -> Sequence[Alert]:
        """All that are armed, the oldest first."""
        ...

    def of(self, account_id: str, telegram_id: int) -> Sequence[Alert]:
        """A person's armed and paused ones."""
        ...

    def note(self, alert: Alert) -> bool:
        """Stores what an armed one has seen."""
        ...

    def strike(self, alert_id: int) -> bool: ...

    def pause(self, alert: Alert) -> bool:
        """Stores why as well."""
        ...

    def keep(self, alert: Alert) -> bool:
        """Arms a paused one again, as it is given."""
        ...

    def remove(self, account_id: str, telegram_id: int, alert_id: int) -> bool: ...

    def end_on(self, account_id: str) -> int: ...

    def forget_struck(self) -> int: ...


class OutboxRepository(Protocol):
    """Notices waiting; written in the transaction of the fact they tell of."""

    def add(self, account_id: str, chat_ids: Sequence[int], notice: Notice, at: datetime, *, order_id: str | None) -> None:
        """One row for each person; order_id ties it to a card."""
        ...

    def correct(self, notice: Filled, at: datetime) -> None:
        """Mends what was said of this fill: what still waits is changed, what was sent on time is edited in silence."""
        ...

    def lease(self, now: datetime, until: datetime, limit: int = 20, *, alone: bool = False) -> Sequence[Delivery]:
        """Takes due deliveries, at most one for each chat and the oldest of it, so that news stays in order.

        Where many wait behind it that may leave together, it carries them, unless alone.
        """
        ...

    def next_for(self, chat_id: int, now: datetime, until: datetime, *, alone: bool = False) -> Delivery | None:
        """The same for one chat; alone: it carries nothing else."""
        ...

    def park(self, chat_id: int, why: str) -> None:
        """The chat is closed: what waits for it waits for its return, and nothing of it is due."""
        ...

    def parked(self) -> Collection[int]:
        """The chats for which something is parked."""
        ...

    def unpark(self, now: datetime, chat_ids: Collection[int]) -> None:
        """What was parked is due again: of these chats, and of every chat for which there is something new to try it with."""
        ...

    def hasten(self, chat_ids: Collection[int], now: datetime) -> None:
        """What was put off for these chats is due now."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Sweeps what was sent or buried before the moment; what waits or is parked stays."""
        ...

    def release(self, now: datetime) -> None:
        """At start: all that waits is due now; whoever held a lease or knew of a postponement is gone."""
        ...

    def sent(self, delivery_id: int, at: datetime, message_id: int) -> None: ...

    def postpone(self, delivery_id: int, until: datetime, why: str) -> None: ...

    def bury(self, delivery_id: int, at: datetime, why: str) -> None: ...

    def told(self, chat_id: int, message_id: int) -> Sequence[tuple[Delivery, datetime]]:
        """What that message tells, oldest first, each with the time it was sent; of an order's fills the newest alone.

        Nothing where it is no news, or was swept.
        """
        ...

    def written_since(self, account_id: str, moment: datetime) -> Mapping[str, int]:
        """How many pieces of news about an account were written since then, by the name of their class, each counted once."""
        ...

    def next_due(self) -> datetime | None: ...

    def counts(self) -> tuple[int, int]:
        """(waiting, buried)."""
        ...

    def oldest(self) -> datetime | None:
        """When the oldest that waits was written."""
        ...


class ReportsRepository(Protocol):
    """Daily summaries, one final row for an account and a date."""

    def add(self, report: DayReport) -> bool:
        """False when that date already has its final row."""
        ...

    def find(self, account_id: str, day: date) -> DayReport | None: ...

    def between(self, account_id: str, first: date, last: date) -> Sequence[DayReport]:
        """The rows of these dates in India, both included, oldest first."""
        ...

    def find_out(self, report: DayReport) -> bool:
        """Keeps the figures of a day whose final row has none; False when they were found out before."""
        ...

    def found_out(self, account_id: str, first: date, last: date) -> Mapping[str, DayReport]:
        """The same of these dates in India, by ISO date."""
        ...


class HeldRepository(Protocol):
    """What was held at the end of each of the last days."""

    def note(self, note: HeldNote) -> None:
        """Takes the place of an earlier note of that date; notes of two weeks ago are forgotten."""
        ...

    def before(self, account_id: str, day: date) -> HeldNote | None:
        """The newest note of a date in India before that one."""
        ...

    def find(self, account_id: str, day: date) -> HeldNote | None: ...


class ScripMasterRepository(Protocol):
    """Which scrip master is in use; its rows lie in the broker's own file."""

    def note(self, day: date, rows: int, at: datetime) -> None:
        """A whole master of that IST date is on disk."""
        ...

    def last(self) -> MasterDay | None: ...
