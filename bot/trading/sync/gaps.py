"""What is told when something is back: from when to when it was away, what was missed, and whether books and records agree."""

from datetime import datetime, timedelta

from bot.domain.news.connections import FeedBack, Source
from bot.domain.news.orders import Filled, OrderElsewhere, OrderEnded, OrderRejected, OrdersElsewhere
from bot.domain.orders.order import OrderStatus
from bot.domain.ports.repositories import Repositories
from bot.trading.sync.fact_applier import Change

NOTICED = timedelta(seconds=20)  # a shorter gap is mended before anybody could act on the news of it


def tell_back(
    db: Repositories,
    account_id: str,
    source: Source,
    *,
    since: datetime,
    until: datetime,
    change: Change | None,
    now: datetime,
) -> None:
    """One message for a gap. change: what the look after it changed. None: the books could not be read."""
    if db.accounts.find(account_id) is None:  # unlinked meanwhile: its gaps are nobody's business any more
        return
    unknown = sum(order.status is OrderStatus.UNKNOWN for order in db.orders.unsettled(account_id))
    notice = FeedBack(
        source=source,
        since=since,
        until=until,
        fills=change.fills if change else 0,
        rejections=change.rejections if change else 0,
        ends=change.ends if change else 0,
        elsewhere=change.elsewhere if change else 0,
        read=change is not None,
        unknown=unknown,
    )
    db.outbox.add(account_id, db.people.watching(account_id), notice, now, order_id=None)


def written_since(db: Repositories, account_id: str, moment: datetime) -> Change:
    """What people were told, or are still to be told, of the account's orders since then, whichever look found it."""
    written = db.outbox.written_since(account_id, moment)
    return Change(
        fills=written.get(Filled.__name__, 0),
        rejections=written.get(OrderRejected.__name__, 0),
        ends=written.get(OrderEnded.__name__, 0),
        elsewhere=written.get(OrderElsewhere.__name__, 0) + written.get(OrdersElsewhere.__name__, 0),
    )


def at_stake(db: Repositories, account_id: str) -> bool:
    """Whether an order could have moved while nobody looked."""
    return bool(db.orders.unsettled(account_id))
