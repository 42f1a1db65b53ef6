"""All repositories over one open transaction."""

from functools import cached_property

from storage.db.engine import Transaction
from storage.repos.audit import SqlAudit
from storage.repos.flags import SqlFlags
from storage.repos.inbox import SqlInboxRepository
from storage.repos.jobs import SqlJobs
from storage.repos.market.alerts import SqlAlerts
from storage.repos.market.scrip_master import SqlScripMaster
from storage.repos.money.held import SqlHeld
from storage.repos.money.ledger import SqlLedger
from storage.repos.money.lent import SqlLent
from storage.repos.money.reports import SqlReports
from storage.repos.orders.cards import SqlCards
from storage.repos.orders.confirmations import SqlConfirmations
from storage.repos.orders.conversions import SqlConversions
from storage.repos.orders.later_cards import SqlLaterCards
from storage.repos.orders.orders import SqlOrders
from storage.repos.outbox import SqlOutbox
from storage.repos.people.accounts import SqlAccounts
from storage.repos.people.invitations import SqlInvitations
from storage.repos.people.limits import SqlLimits
from storage.repos.people.news_settings import SqlNewsSettings
from storage.repos.people.people import SqlPeople
from storage.repos.people.pins import SqlPins
from storage.repos.people.stops import SqlStops
from storage.repos.plans.exit_lists import SqlExitLists
from storage.repos.plans.plans import SqlPlans
from storage.repos.plans.pnl_exits import SqlPnlExits
from storage.repos.plans.standing_stops import SqlStandingStops
from storage.secrets.vault import Vault


class SqlRepositories:
    """Made anew for each transaction, so that nothing remembered in one outlives it.

    Each repository is made when it is asked for.
    """

    def __init__(self, transaction: Transaction, vault: Vault, origin: str = "") -> None:
        self._transaction = transaction
        self._vault = vault
        self._origin = origin

    @property
    def destroyed(self) -> bool:
        """Whether a secret was destroyed by this transaction."""
        return "accounts" in self.__dict__ and self.accounts.destroyed

    @cached_property
    def people(self) -> SqlPeople:
        return SqlPeople(self._transaction)

    @cached_property
    def accounts(self) -> SqlAccounts:
        return SqlAccounts(self._transaction, self._vault)

    @cached_property
    def limits(self) -> SqlLimits:
        return SqlLimits(self._transaction)

    @cached_property
    def invitations(self) -> SqlInvitations:
        return SqlInvitations(self._transaction)

    @cached_property
    def pins(self) -> SqlPins:
        return SqlPins(self._transaction, self._vault)

    @cached_property
    def news_settings(self) -> SqlNewsSettings:
        return SqlNewsSettings(self._transaction)

    @cached_property
    def orders(self) -> SqlOrders:
        return SqlOrders(self._transaction)

    @cached_property
    def confirmations(self) -> SqlConfirmations:
        return SqlConfirmations(self._transaction)

    @cached_property
    def plans(self) -> SqlPlans:
        return SqlPlans(self._transaction)

    @cached_property
    def alerts(self) -> SqlAlerts:
        return SqlAlerts(self._transaction)

    @cached_property
    def later_cards(self) -> SqlLaterCards:
        return SqlLaterCards(self._transaction)

    @cached_property
    def standing_stops(self) -> SqlStandingStops:
        return SqlStandingStops(self._transaction)

    @cached_property
    def exit_lists(self) -> SqlExitLists:
        return SqlExitLists(self._transaction)

    @cached_property
    def pnl_exits(self) -> SqlPnlExits:
        return SqlPnlExits(self._transaction)

    @cached_property
    def conversions(self) -> SqlConversions:
        return SqlConversions(self._transaction)

    @cached_property
    def cards(self) -> SqlCards:
        return SqlCards(self._transaction)

    @cached_property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self._transaction)

    @cached_property
    def inbox(self) -> SqlInboxRepository:
        return SqlInboxRepository(self._transaction)

    @cached_property
    def stops(self) -> SqlStops:
        return SqlStops(self._transaction)

    @cached_property
    def reports(self) -> SqlReports:
        return SqlReports(self._transaction)

    @cached_property
    def held(self) -> SqlHeld:
        return SqlHeld(self._transaction)

    @cached_property
    def lent(self) -> SqlLent:
        return SqlLent(self._transaction)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._transaction)

    @cached_property
    def flags(self) -> SqlFlags:
        return SqlFlags(self._transaction)

    @cached_property
    def jobs(self) -> SqlJobs:
        return SqlJobs(self._transaction)

    @cached_property
    def scrip_master(self) -> SqlScripMaster:
        return SqlScripMaster(self._transaction)

    @cached_property
    def audit(self) -> SqlAudit:
        return SqlAudit(self._transaction, self._origin)
