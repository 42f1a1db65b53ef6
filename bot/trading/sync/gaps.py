"""What is told when something is back: from when to when it was away, what was missed, and whether books and records agree."""

from datetime import datetime, timedelta

from bot.domain.news.connections import FeedBack, Source
from bot.domain.news.orders.orders import Filled, OrderElsewhere, OrderEnded, OrderRejected, OrdersElsewhere
from bot.domain.orders.order import OrderStatus
from bot.domain.ports.repositories import Repositories
from bot.trading.safety.announce import tell_all
from bot.trading.sync.fact_applier import SyncOutcome

NOTICED = timedelta(seconds=20)  # a shorter gap is mended before anybody could act on the news of it


def tell_back(
    db: Repositories,
    account_id: str,
    source: Source,
    *,
    since: datetime,
    until: datetime,
    read: bool,
    now: datetime,
) -> None:
    """One message for a gap. read: whether the books could be read after it.

    What was missed is what was written of it since it began, whichever look found it and whether or not it was told.
    """
    if db.accounts.find(account_id) is None:  # unlinked meanwhile: its gaps are nobody's business any more
        return
    change = _written_since(db, account_id, since) if read else SyncOutcome()
    unknown = sum(order.status is OrderStatus.UNKNOWN for order in db.orders.unsettled(account_id))
    notice = FeedBack(
        source=source,
        since=since,
        until=until,
        fills=change.fills,
        rejections=change.rejections,
        ends=change.ends,
        elsewhere=change.elsewhere,
        read=read,
        unknown=unknown,
    )
    tell_all(db, account_id, notice, now)


def _written_since(db: Repositories, account_id: str, moment: datetime) -> SyncOutcome:
    """What people were told, or are still to be told, of the account's orders since then."""
    written = db.outbox.written_since(account_id, moment)
    return SyncOutcome(
        fills=written.get(Filled.__name__, 0),
        rejections=written.get(OrderRejected.__name__, 0),
        ends=written.get(OrderEnded.__name__, 0),
        elsewhere=written.get(OrderElsewhere.__name__, 0) + written.get(OrdersElsewhere.__name__, 0),
    )


def at_stake(db: Repositories, account_id: str) -> bool:
    """Whether an order could have moved while nobody looked."""
    return bool(db.orders.unsettled(account_id))
