"""The whole house on virtual time: the demo chat, the paper broker and the real bot, meeting by address alone."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.app import App, open_app
from bot.charts.album import Album
from bot.config.settings import Settings
from bot.demo.simulators import Simulators, neighbours
from bot.demo.world import Demo, DemoDirectory, demo_settings, seed
from bot.domain.clock import Clock
from bot.domain.orders.order import Order
from bot.domain.people.account import Role, User
from bot.runtime.redaction import Redactor
from bot.simulators.broker.market.hours import Hours
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.person.scripted import ScriptedPerson
from storage.store import SqlStore
from tests.stage.ports import own_page
from tests.stage.values.pictures import drawn_in_place


@dataclass
class House:
    """Neighbours that stay, and a bot that can be stopped, killed and started again."""

    near: Simulators
    settings: Settings
    clock: Clock
    chance: random.Random
    redactor: Redactor = field(default_factory=Redactor)
    album: Album = field(default_factory=lambda: Album(drawn_in_place))
    app: App | None = None
    store: SqlStore | None = None
    _stack: AsyncExitStack | None = None
    _stop: asyncio.Event | None = None
    _running: "asyncio.Task[None] | None" = None

    @property
    def me(self) -> ScriptedPerson:
        return self.near.person

    @property
    def demo(self) -> Demo:
        """The same as the demo's command holds."""
        assert self.app is not None
        return Demo(neighbours=self.near, app=self.app)

    async def start(self) -> None:
        """Opens the bot and lets it listen."""
        self._stack = AsyncExitStack()
        self.app = await self._stack.enter_async_context(
            open_app(
                self.settings,
                clock=self.clock,
                random_bytes=self.chance.randbytes,
                redactor=self.redactor,
                inline=True,
                album=self.album,
            )
        )
        self.store = self.app.store
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self.app.run(self._stop), name="bot")

    async def stop(self) -> None:
        """Asks it to end, as SIGTERM does."""
        assert self._stack is not None
        assert self._stop is not None
        assert self._running is not None
        self._stop.set()
        await self._running
        await self._stack.aclose()
        self.app = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def orders(self) -> list[Order]:
        """Every order in the bot's records of today."""
        assert self.store is not None
        day = self.clock.now().date()
        account = (await self.store.transaction(lambda db: db.accounts.all()))[0]
        return list(await self.store.transaction(lambda db: db.orders.of_day(account.id, day)))

    @property
    def placed(self) -> int:
        """Orders that the exchange has from the bot's account."""
        return len(self.near.paper.broker.ledger.orders)

    async def log_in(self) -> None:
        self.me.say("/start")
        await self.me.wait_for("owner")
        await self.me.ask("/login", "lives until")

    async def join(self, person: int, name: str, role: Role, account_id: str | None = None) -> ScriptedPerson:
        """Puts somebody else on the list, and returns the person with a phone of their own."""
        assert self.store is not None
        assert self.app is not None
        now = self.clock.now()
        await self.store.transaction(lambda db: db.people.add(User(telegram_id=person, name=name), role, account_id, now))
        await self.app.core.services.allowlist.refresh()
        return ScriptedPerson(self.near.chats, person, name=name, started=True)


@asynccontextmanager
async def a_house(
    clock: Clock,
    directory: Path,
    *,
    account: PaperAccount | None = None,
    walk: float = 0.0,
    seed_number: int = 5,
    host_clock: Clock | None = None,
    hours: Hours = "always",
) -> AsyncIterator[House]:
    """A house whose bot is running. Prices stand still unless they are told to walk.

    host_clock: the bot's, if another. hours: of the exchange and of the bot's calendar.
    """

    async def no_shift(seconds: float) -> None:
        await asyncio.sleep(seconds)

    chance = random.Random(seed_number)
    kept = DemoDirectory(directory)
    kept.prepare(chance.randbytes)
    kept.keep_hours(hours)
    account = account or PaperAccount()
    async with neighbours(
        clock=clock, chance=random.Random(3), data=None, shift=no_shift, account=account, walk=walk, hours=hours
    ) as near:
        settings = replace(demo_settings(kept, near), redirect_url=own_page())
        await seed(settings, account, clock, chance.randbytes, inline=True)
        house = House(near=near, settings=settings, clock=host_clock or clock, chance=chance)
        await house.start()
        try:
            yield house
        finally:
            if house.app is not None:
                await house.stop()
