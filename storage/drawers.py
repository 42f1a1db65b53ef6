"""All drawers over one open transaction."""

from storage.accounts import SqlAccounts
from storage.audit import SqlAudit
from storage.cards import SqlCards
from storage.confirmations import SqlConfirmations
from storage.engine import Transaction
from storage.inbox import SqlInboxDrawer
from storage.instruments import SqlMaster
from storage.invitations import SqlInvitations
from storage.jobs import SqlJobs
from storage.limits import SqlLimits
from storage.orders import SqlOrders
from storage.outbox import SqlOutbox
from storage.people import SqlPeople
from storage.pins import SqlPins
from storage.reports import SqlReports
from storage.safety import SqlSafety
from storage.vault import Vault


class SqlDrawers:
    """Made anew for each transaction, so that nothing remembered in a drawer outlives it."""

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
        self.inbox = SqlInboxDrawer(transaction)
        self.safety = SqlSafety(transaction)
        self.reports = SqlReports(transaction)
        self.jobs = SqlJobs(transaction)
        self.master = SqlMaster(transaction)
        self.audit = SqlAudit(transaction, origin)
