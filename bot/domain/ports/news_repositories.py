"""The repositories of what reaches a chat: cards, alerts, and the news that waits."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.news.alert import Alert
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled
from bot.domain.orders.order import CardRef, Order


class CardsRepository(Protocol):
    """Which message shows which order, and which version of it."""

    def add(self, card: CardRef) -> None: ...

    def touch(self, order_ids: Sequence[str]) -> None:
        """The cards of these orders are to be drawn again, although the orders are the same."""
        ...

    def stale(self, limit: int = 50, *, chat_id: int | None = None) -> Sequence[tuple[CardRef, Order, str]]:
        """Cards older than their order, with the order and the account's label, of one chat or of all."""
        ...

    def stale_chats(self) -> Collection[int]:
        """The chats in which a card is older than its order."""
        ...

    def drawn(self, chat_id: int, message_id: int, version: int, *, moved_to: int | None = None) -> None:
        """Notes the version now shown. moved_to: the card lives on in another message."""
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
    """Notices waiting. They are written in the transaction of the fact they tell of."""

    def add(self, account_id: str, chat_ids: Sequence[int], notice: Notice, at: datetime, *, order_id: str | None) -> None:
        """One row for each person. order_id ties it to a card."""
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
        """The same for one chat. alone: it carries nothing else."""
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
        """Sweeps what was sent or buried before the moment. What waits or is parked stays."""
        ...

    def release(self, now: datetime) -> None:
        """At start: all that waits is due now. Whoever held a lease or knew of a postponement is gone."""
        ...

    def sent(self, delivery_id: int, at: datetime, message_id: int) -> None: ...

    def postpone(self, delivery_id: int, until: datetime, why: str) -> None: ...

    def bury(self, delivery_id: int, at: datetime, why: str) -> None: ...

    def told(self, chat_id: int, message_id: int) -> Sequence[tuple[Delivery, datetime]]:
        """What that message tells, oldest first, each with the time it was sent. Of an order's fills it is the newest alone.

        Nothing where it is no news, or was swept.
        """
        ...

    def written_since(self, account_id: str, moment: datetime) -> Mapping[str, int]:
        """How many pieces of news about an account were written since then, by the name of their class, each counted once.

        News that tells of several orders counts each of them.
        """
        ...

    def next_due(self) -> datetime | None: ...

    def counts(self) -> tuple[int, int]:
        """(waiting, buried)."""
        ...

    def oldest(self) -> datetime | None:
        """When the oldest that waits was written."""
        ...
