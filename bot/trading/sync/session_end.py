"""A session that the broker ended: it is forgotten, and people hear of it once."""

from datetime import datetime

from bot.domain.news.connections import SessionLost
from bot.domain.ports.broker import BrokerConnection
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.safety.announce import tell_all


async def session_lost(store: Store, connection: BrokerConnection, account_id: str, now: datetime) -> None:
    """Takes the session off the connection and out of the store. Nobody is told of one that was forgotten already."""
    session = await store.transaction(lambda db: db.accounts.session(account_id))
    connection.adopt(None)
    if session is None:
        return
    early = ", before its time: somebody else may have logged in" if session.alive(now) else ""

    def forget(db: Repositories) -> None:
        db.accounts.keep_session(account_id, None)
        notice = SessionLost(at=now, why=f"mStock ended the session{early}.")
        tell_all(db, account_id, notice, now)

    await store.transaction(forget)
