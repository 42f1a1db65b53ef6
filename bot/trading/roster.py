"""Who is on the list, in memory: asked about every update, so that strangers never touch the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.account import Role
from bot.domain.clock import Clock
from bot.domain.drawers import Drawers, Store

MAX_AGE = timedelta(seconds=5)  # how late a person who was added on the host's command line is recognised
RANK = (Role.OWNER, Role.TRADER, Role.GUARDIAN, Role.VIEWER)


class Roster:
    """A copy of the list; a removal works at once all the same, because every act reads the role again from the store."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._people: dict[int, Role] = {}
        self._read_at: datetime | None = None

    def known(self, telegram_id: int) -> bool:
        """Whether the person is on the list, as far as we know."""
        return telegram_id in self._people

    def people(self) -> Sequence[tuple[int, Role]]:
        """(telegram id, highest role) of all active people."""
        return tuple(self._people.items())

    @property
    def stale(self) -> bool:
        return self._read_at is None or self._clock.now() - self._read_at > MAX_AGE

    async def refresh(self) -> None:
        """Reads the list again."""

        def read(drawers: Drawers) -> dict[int, Role]:
            found: dict[int, Role] = {}
            for user, _, role in drawers.people.all():
                if user.active:
                    best = found.get(user.telegram_id, role)
                    found[user.telegram_id] = min(best, role, key=RANK.index)
            return found

        self._people = await self._store.run(read)
        self._read_at = self._clock.now()
