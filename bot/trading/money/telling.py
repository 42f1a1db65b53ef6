"""Tells each account's people a card of a date, at most once, and lets no account keep the card from another's people."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from bot.domain.clock import Clock
from bot.domain.errors import BotError
from bot.domain.news.notice import Notice
from bot.domain.people.account import Account, Actor, Role, User
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.scheduler import Occasion

log = logging.getLogger(__name__)
T = TypeVar("T")
N = TypeVar("N", bound=Notice)

PATIENCE = 5.0  # seconds for one fact of a card: what takes longer is "not known", and the card goes


@dataclass(slots=True, kw_only=True)
class Telling:
    """Claim and notice are one transaction, so a job that is repeated for a date tells nobody twice."""

    store: Store
    clock: Clock

    async def each(
        self,
        card: str,
        occasion: Occasion,
        make: Callable[[Account], Awaitable[N | None]],
        *,
        seen_by: Callable[[N, int], Notice | None] | None = None,
    ) -> None:
        """Makes the card of every account that was linked by its time, side by side. None says nothing.

        seen_by: the card as one person, by Telegram id, is to see it. None: everybody sees the same. The first failure is raised
        when all were tried.
        """
        day = occasion.day
        linked = await self.store.transaction(lambda db: db.accounts.all())
        accounts = [account for account in linked if account.created_at < occasion.due]
        outcomes = await asyncio.gather(*(self._tell(card, day, one, make, seen_by) for one in accounts), return_exceptions=True)
        failures = [outcome for outcome in outcomes if outcome is not None]
        for account, outcome in zip(accounts, outcomes, strict=True):
            if outcome is not None and not isinstance(outcome, BotError):
                log.error("account %s: no %s of %s", account.id, card, day, exc_info=outcome)
        if failures:
            raise failures[0]

    async def _tell(
        self,
        card: str,
        day: date,
        account: Account,
        make: Callable[[Account], Awaitable[N | None]],
        seen_by: Callable[[N, int], Notice | None] | None,
    ) -> None:
        notice = await make(account)
        if notice is None:
            return
        now = self.clock.now()

        def keep(db: Repositories) -> None:
            if not db.flags.claim_card(card, account.id, day, now):
                return
            for person in db.people.watching(account.id):
                own = notice if seen_by is None else seen_by(notice, person)
                if own is not None:
                    db.outbox.add(account.id, [person], own, now, order_id=None)

        await self.store.transaction(keep)


def by_the_clock(account: Account) -> Actor:
    """Who reads an account when nobody has asked."""
    return Actor(user=User(telegram_id=0, name="the bot"), role=Role.OWNER, account=account)


async def in_time(reading: Callable[..., Awaitable[T]], *args: object, seconds: float = PATIENCE) -> T | None:
    """A fact that a card can do without. None when it is refused, or does not come in time.

    It is asked for here and not before, so that a reading which is given up on the way was never begun.
    """
    try:
        async with asyncio.timeout(seconds):
            return await reading(*args)
    except (BotError, TimeoutError):
        return None
