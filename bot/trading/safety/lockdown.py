"""The host's lockdown for a lost phone: accounts stopped, phones locked, sessions ended, until the host lifts it."""

import asyncio
import logging
from datetime import datetime

from bot.domain.errors import BrokerError
from bot.domain.news.safety import TradingStopped
from bot.domain.people.account import Stop
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)

WHY = "The alarm was raised on the host: python -m bot panic."
LIFT = "It is lifted on the host: python -m bot panic --lift."
PATIENCE = 5.0  # seconds for one logout at the broker


@value
class LockdownReport:
    """What a lockdown did."""

    accounts: int
    phones: int
    questions: int


def is_locked_down(db: Repositories) -> bool:
    """Whether the lockdown is on: nobody logs in, by hand or by a stored seed."""
    return db.flags.locked_down()


def lock_down(db: Repositories, now: datetime) -> LockdownReport:
    """All of it in one transaction and without any key, so it needs neither broker nor network nor a running bot."""
    accounts, questions = db.accounts.all(), 0
    phones = {user.telegram_id for user, _, _ in db.people.all()}
    for account in accounts:
        fresh = db.stops.stop(Stop(account_id=account.id, by=None, at=now, why=WHY))
        db.accounts.keep_session(account.id, None)
        notice = TradingStopped(name="the host", at=now, why=f"{WHY} {LIFT}")
        tell_all(db, account.id, notice, now)
        before = "running" if fresh else "stopped"
        db.audit.add(now, None, "panic", account.id, before=before, after="stopped, session forgotten")
    for phone in sorted(phones):
        questions += db.confirmations.refuse_of(phone, WHY)
        db.pins.lock_phone(phone, now)
    db.audit.add(now, None, "panic", before=f"{len(phones)} phones", after=f"all sealed, {questions} open questions refused")
    db.flags.lock_down(now)
    return LockdownReport(accounts=len(accounts), phones=len(phones), questions=questions)


def lift_lockdown(db: Repositories, now: datetime) -> bool:
    """Opens the phones again. The kill switches stay until an owner lifts each. False when there was no lockdown."""
    if not db.flags.lift_lockdown():
        return False
    phones = sorted({user.telegram_id for user, _, _ in db.people.all()})
    for phone in phones:
        db.pins.unlock_phone(phone)
    db.audit.add(now, None, "panic lifted", before=f"{len(phones)} phones sealed", after="open, trading stopped")
    return True


class Lockdown:
    """Ends the sessions of a running bot once the host has locked down."""

    def __init__(self, *, store: Store, connections: BrokerConnections) -> None:
        self._store = store
        self._connections = connections

    async def heed(self) -> int:
        """Ends every session that is still alive here, at the broker too. Returns how many. None where there is no lockdown."""
        connections = [(account_id, self._connections.of(account_id)) for account_id in self._connections.opened()]
        alive = [(account_id, connection) for account_id, connection in connections if connection.session is not None]
        if not alive or not await self._store.transaction(is_locked_down):
            return 0
        for account_id, connection in alive:
            try:
                async with asyncio.timeout(PATIENCE):
                    await connection.broker.logout()
            except (BrokerError, TimeoutError) as error:
                log.warning("account %s: logout at the broker: %s", account_id, type(error).__name__)
            connection.adopt(None)
        log.critical("%s %d sessions ended", WHY, len(alive))
        return len(alive)
