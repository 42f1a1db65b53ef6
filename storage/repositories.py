"""All repositories over one open transaction."""

from storage.db.engine import Transaction
from storage.repos.accounts import SqlAccounts
from storage.repos.audit import SqlAudit
from storage.repos.cards import SqlCards
from storage.repos.confirmations import SqlConfirmations
from storage.repos.flags import SqlFlags
from storage.repos.inbox import SqlInboxRepository
from storage.repos.invitations import SqlInvitations
from storage.repos.limits import SqlLimits
from storage.repos.orders import SqlOrders
from storage.repos.outbox import SqlOutbox
from storage.repos.people import SqlPeople
from storage.repos.pins import SqlPins
from storage.repos.reports import SqlReports
from storage.repos.scrip_master import SqlScripMaster
from storage.repos.stops import SqlStops
from storage.secrets.vault import Vault


class SqlRepositories:
    """Made anew for each transaction, so that nothing that a repository remembers outlives it."""

    def __init__(self, transaction: Transaction, vault: Vault, origin: str = "") -> None:
        self.people = SqlPeople(transaction)
        self.accounts = SqlAccounts(transaction, vault)
        self.limits = SqlLimits(transaction)
        self.invitations = SqlInvitations(transaction)
        self.pins = SqlPins(transaction, vault)
        self.orders = SqlOrders(transaction)
        self.confirmations = SqlConfirmations(transaction)
        self.cards = SqlCards(transaction)
        self.outbox = SqlOutbox(transaction)
        self.inbox = SqlInboxRepository(transaction)
        self.stops = SqlStops(transaction)
        self.reports = SqlReports(transaction)
        self.flags = SqlFlags(transaction)
        self.scrip_master = SqlScripMaster(transaction)
        self.audit = SqlAudit(transaction, origin)
