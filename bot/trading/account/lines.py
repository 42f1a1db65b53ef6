"""How an account's line to the broker is doing: its newest tick and look at the books, its places, its gaps of today."""

from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import NotLinked
from bot.domain.news.connections import FeedBack
from bot.domain.people.account import Account
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.proposal import LineHealth
from bot.domain.value import value
from bot.trading.sync.reconcile import Reconcile
from bot.trading.ticks.tick_watcher import MOST, TickWatcher


@value
class Lines:
    """Asks nobody: what is known here anyway."""

    connections: BrokerConnections
    watcher: TickWatcher
    reconcile: Reconcile
    clock: Clock

    def gaps(self, db: Repositories, account_id: str) -> int:
        """How often an account's feed was lost today and came back."""
        return db.outbox.written_since(account_id, at_ist(ist_date(self.clock.now()), 0)).get(FeedBack.__name__, 0)

    def of(self, account: Account, gaps: int) -> LineHealth:
        """One account's line now. On the loop's own thread: how long it is silent is a matter of the loop's time."""
        return LineHealth(
            account=account,
            silent_for=self.watcher.silent_for(account.id),
            books_read_at=self.reconcile.seen_at(account.id),
            books_down_since=self.reconcile.down_since(account.id),
            subscribed=self.watcher.subscriptions(account.id),
            most=MOST,
            gaps=gaps,
            latency=self._latency(account.id),
        )

    def _latency(self, account_id: str) -> float | None:
        try:
            return self.connections.of(account_id).broker.latency
        except NotLinked:
            return None
