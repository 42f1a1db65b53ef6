"""The store as the domain sees it: repositories, reached only inside one transaction.

A function given to Store.transaction is plain (not async), so no broker call can sit inside a transaction. It commits when
the function returns, and rolls back when it raises.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from bot.domain.ports.account_repositories import (
    AccountsRepository,
    AuditRepository,
    FlagsRepository,
    InvitationsRepository,
    JobsRepository,
    LimitsRepository,
    NewsSettingsRepository,
    PeopleRepository,
    PinsRepository,
    StopsRepository,
)
from bot.domain.ports.day_repositories import HeldRepository, ReportsRepository, ScripMasterRepository
from bot.domain.ports.ledger_repository import LedgerRepository, LentRepository
from bot.domain.ports.news_repositories import AlertsRepository, CardsRepository, OutboxRepository
from bot.domain.ports.order_repositories import ConfirmationsRepository, OrdersRepository
from bot.domain.ports.plan_repositories import (
    ConversionsRepository,
    ExitListsRepository,
    LaterCardsRepository,
    PlansRepository,
    PnlExitsRepository,
    StandingStopsRepository,
)

T = TypeVar("T")


class Repositories(Protocol):
    """All repositories over one transaction."""

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
    def news_settings(self) -> NewsSettingsRepository: ...
    @property
    def orders(self) -> OrdersRepository: ...
    @property
    def confirmations(self) -> ConfirmationsRepository: ...
    @property
    def plans(self) -> PlansRepository: ...
    @property
    def alerts(self) -> AlertsRepository: ...

    @property
    def later_cards(self) -> LaterCardsRepository: ...
    @property
    def standing_stops(self) -> StandingStopsRepository: ...
    @property
    def exit_lists(self) -> ExitListsRepository: ...
    @property
    def pnl_exits(self) -> PnlExitsRepository: ...
    @property
    def conversions(self) -> ConversionsRepository: ...
    @property
    def cards(self) -> CardsRepository: ...
    @property
    def outbox(self) -> OutboxRepository: ...
    @property
    def stops(self) -> StopsRepository: ...
    @property
    def reports(self) -> ReportsRepository: ...
    @property
    def held(self) -> HeldRepository: ...
    @property
    def ledger(self) -> LedgerRepository: ...
    @property
    def lent(self) -> LentRepository: ...
    @property
    def flags(self) -> FlagsRepository: ...
    @property
    def jobs(self) -> JobsRepository: ...
    @property
    def scrip_master(self) -> ScripMasterRepository: ...
    @property
    def audit(self) -> AuditRepository: ...


class Store(Protocol):
    """One writer, one transaction at a time."""

    async def transaction(self, work: Callable[[Repositories], T]) -> T:
        """Runs a plain function over the repositories. Commits on return, rolls back on any exception.

        Errors of our own pass through unchanged. What the database throws becomes StorageError. StorageAway: it takes no
        writing for now, and what only reads is answered all the same.
        """
        ...

    async def lightly(self, work: Callable[[Repositories], T]) -> T:
        """A transaction that a power cut may undo, for what the next start sets right anyway. So it waits for no disk."""
        ...

    async def read(self, work: Callable[[Repositories], T]) -> T:
        """Runs a plain function that only reads, at one moment after all that was committed, and begins no transaction for it.

        What is decided by it may be otherwise a moment later: what writes asks again in its own transaction.
        """
        ...

    async def owe(self, work: Callable[[Repositories], object]) -> None:
        """Runs what records an act that must not wait for its record: now, or before any other writing once that is possible.

        Until then memory holds it, and whatever writes is refused. StorageAway when memory holds as much as it may.
        """
        ...
