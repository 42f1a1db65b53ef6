"""Who is on the list, in memory: asked about every update, so that strangers never touch the database."""

import asyncio
from collections.abc import Sequence

from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories, Store

MAX_AGE = 5.0  # seconds; how late a person who was added on the host's command line is recognised
RANK = (Role.OWNER, Role.TRADER, Role.GUARDIAN, Role.VIEWER)


class Allowlist:
    """A copy of the list. A removal works at once all the same, because every act reads the role again from the store."""

    def __init__(self, *, store: Store) -> None:
        self._store = store
        self._people: dict[int, Role] = {}
        self._roles: dict[tuple[int, str | None], Role] = {}
        self._read_at: float | None = None  # loop time

    def known(self, telegram_id: int) -> bool:
        """Whether the person is on the list, as far as we know."""
        return telegram_id in self._people

    def people(self) -> Sequence[tuple[int, Role]]:
        """(telegram id, highest role) of all active people."""
        return tuple(self._people.items())

    def role_on(self, telegram_id: int, account_id: str) -> Role | None:
        """The role that counts on an account, as far as we know: its own before the general one."""
        return self._roles.get((telegram_id, account_id)) or self._roles.get((telegram_id, None))

    @property
    def stale(self) -> bool:
        return self._read_at is None or asyncio.get_running_loop().time() - self._read_at > MAX_AGE

    async def refresh(self) -> None:
        """Reads the list again."""

        def read(db: Repositories) -> dict[tuple[int, str | None], Role]:
            return {(user.telegram_id, on): role for user, on, role in db.people.all() if user.active}

        roles = await self._store.transaction(read)
        best: dict[int, Role] = {}
        for (person, _), role in roles.items():
            best[person] = min(best.get(person, role), role, key=RANK.index)
        self._people, self._roles = best, roles
        self._read_at = asyncio.get_running_loop().time()
