"""Watches over the bot's own identity at Telegram: one bot for one database, and nobody else speaking with its token."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.domain.clock import Clock
from bot.domain.errors import SettingsError
from bot.domain.news.safety import TradingStopped
from bot.domain.people.account import Role, Stop
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)

WEBHOOK = "Somebody set a webhook for this bot: whoever did has its token, and reads what you type."
POLLER = "Another program fetches this bot's messages: whoever runs it has its token."
TAMPERED = "Row {row} of the audit is not as it was written: somebody changed the database."
REPAIR = "Looking still works. Find out who was on the host, or restore a backup (python -m bot restore), then /resume."
TWIN = (
    "If that is a second copy of this bot, end one of the two and look at /orders, then /resume: both still act on the same "
    "stops and exits. If not: /revoke at @BotFather, put the new token in the settings, restart, then /resume."
)
DRILL = "Unless that was you: /revoke at @BotFather, put the new token in the settings, restart, then /resume."


class TokenGuard:
    """Halts trading on all accounts when the token is in other hands (T2)."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        people: Callable[[], Sequence[tuple[int, Role]]],
        tell: Callable[[int, str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._people = people
        self._tell = tell
        self._told: set[str] = set()

    async def pin(self, bot_id: int, *, forget_updates: Callable[[], Awaitable[None]], take_new: bool = False) -> None:
        """Remembers the bot at the first start. SettingsError at a later start as another one.

        take_new: the host says that the bot was changed on purpose. Update ids of one bot mean nothing for another, so
        those received are forgotten then.
        """
        now = self._clock.now()
        pinned = await self._store.transaction(lambda db: db.flags.bot_id())
        if pinned == bot_id:
            return
        if pinned is not None and not take_new:
            raise SettingsError(
                f"The token belongs to the bot {bot_id}, but this database to the bot {pinned}. "
                "If it was changed on purpose, start once with: python -m bot run --new-bot"
            )

        def remember(db: Repositories) -> None:
            db.flags.pin_bot(bot_id, now)
            db.audit.add(now, None, "bot pinned", before="" if pinned is None else str(pinned), after=str(bot_id))

        await self._store.transaction(remember)
        if pinned is not None:
            await forget_updates()

    async def turned_away(self, words: str) -> None:
        """Telegram refused to hand out what people write, for somebody else takes it (409), in its own words."""
        if "webhook" in words:
            await self.halt(WEBHOOK)
        else:
            await self.halt(POLLER, drill=TWIN)

    async def halt(self, why: str, *, drill: str = DRILL) -> None:
        """Turns the kill switch of every account on, and tells everybody on it, once for each reason until it is lifted."""
        now = self._clock.now()
        words = f"{why} {drill}"
        first = why not in self._told
        self._told.add(why)

        def stop(db: Repositories) -> int:
            accounts = db.accounts.all()
            for account in accounts:
                fresh = db.stops.stop(Stop(account_id=account.id, by=None, at=now, why=why))
                if fresh or first:
                    notice = TradingStopped(name="the bot itself", at=now, why=words)
                    tell_all(db, account.id, notice, now)
                    before = "running" if fresh else "stopped"
                    db.audit.add(now, None, "kill", account.id, why, before=before, after="stopped")
            return len(accounts)

        linked = await self._store.transaction(stop)
        if first:
            log.critical("%s", why)
        if not linked and first:
            for person, role in self._people():
                if role is Role.OWNER:
                    self._tell(person, words)
