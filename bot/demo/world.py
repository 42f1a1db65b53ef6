"""The demo: both neighbours and the real bot in one process, talking by address alone, its state in one directory."""

import json
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.app import App, open_app
from bot.charts.album import Album
from bot.charts.process import DrawingProcess
from bot.config.settings import Settings
from bot.database import open_store
from bot.demo.simulators import VISITOR, Simulators, neighbours
from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import SettingsError
from bot.domain.people.account import Account, Credentials, Role, User
from bot.domain.people.secret import Secret
from bot.domain.pictures import Picture
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories
from bot.domain.value import value
from bot.runtime.randomness import random_bytes as system_random
from bot.runtime.randomness import unforeseeable
from bot.runtime.redaction import Redactor
from bot.simulators.broker.accounts.ledger import only_one
from bot.simulators.broker.market.hours import Hours
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import DemoLoop, LoopClock
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import new_key

LABEL = "main"
PLAN = "flat-5"
# All that a demo's directory can hold; `smoke` and `other` are demos within it.
MADE = frozenset({"bot", "keys", "seed-key", "paper", "clock.json", "hours.json", "demo.log", "smoke", "other"})


@value
class Demo:
    """Everything of one running demo."""

    neighbours: Simulators
    app: App


class DemoDirectory:
    """Where a demo keeps its state: the bot's database and key, the paper broker's books, the market's hours, and how far the
    clock was moved on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "bot" / "bot.db"
        self.key_file = root / "keys" / "wrapping.key"
        self.seed_key_file = root / "seed-key" / "seed.key"
        self.paper = root / "paper"
        self._clock = root / "clock.json"
        self._hours = root / "hours.json"

    def start_over(self) -> None:
        """Forgets all of it. Nothing is lost where somebody named another directory than a demo's, or the demo still runs.

        SettingsError: something else lies there. BooksInUse: a demo runs on it.
        """
        there = sorted(self.root.iterdir()) if self.root.exists() else []
        foreign = next((path.name for path in there if path.name not in MADE), None)
        if foreign is not None:
            why = f"{self.root} holds what no demo made: {foreign}."
            raise SettingsError(f"{why} Nothing was forgotten; name a demo's own --data.")
        if self.paper.is_dir():
            only_one(self.paper / "paper.lock").close()
        for path in there:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def prepare(self, random_bytes: RandomBytes) -> None:
        """Makes the directories and, once, the two keys."""
        for directory in (self.root, self.database.parent, self.key_file.parent, self.paper):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place in (KeyFile(self.key_file, self.database), KeyFile(self.seed_key_file, self.database)):
            if not place.exists():
                place.make([new_key(random_bytes)])

    @property
    def shifted(self) -> float:
        """Seconds that the demo's clock runs ahead of the host's."""
        try:
            return float(json.loads(self._clock.read_text())["ahead"])
        except (OSError, ValueError, KeyError):
            return 0.0

    def keep_shift(self, seconds: float) -> None:
        """Remembers how far ahead the clock is, so that a restart does not turn it back."""
        self._clock.write_text(json.dumps({"ahead": seconds}))

    @property
    def hours(self) -> Hours:
        """When the market is open: always, unless somebody wanted the exchange's own hours."""
        try:
            return "real" if json.loads(self._hours.read_text()) == "real" else "always"
        except (OSError, ValueError):
            return "always"

    def keep_hours(self, hours: str) -> None:
        """Remembers the market's hours for the next start."""
        self._hours.write_text(json.dumps(hours))


def demo_settings(directory: DemoDirectory, near: Simulators) -> Settings:
    """The settings of the demo: the two addresses, and nothing that the real bot would not read as well."""
    settings = Settings.read(
        {
            "MODE": "demo",
            "TELEGRAM_BOT_TOKEN": near.token,
            "TELEGRAM_URL": near.telegram_url,
            "BROKER_URL": near.broker_url,
            "BROKER_WS_URL": near.broker_ws_url,
            "DATABASE": str(directory.database),
            "KEY_SOURCE": "file",
            "KEY_FILE": str(directory.key_file),
            "SEED_KEY_FILE": str(directory.seed_key_file),
            "MARKET_HOURS": directory.hours,
            "BROKERAGE_PLAN": PLAN,
        }
    )
    return replace(settings, warnings=())  # the token stands in no environment: it is made here, anew at each start


async def seed(settings: Settings, account: PaperAccount, clock: Clock, random_bytes: RandomBytes, *, inline: bool) -> None:
    """Puts the visitor on the list and links the paper account, unless an earlier start did."""
    now = clock.now()
    credentials = Credentials(
        client_code=Secret(account.client),
        password=Secret(account.password),
        api_key=Secret(account.api_key),
        totp_seed=Secret(account.totp_seed) if account.totp_seed else None,
    )

    def add(db: Repositories) -> None:
        if db.accounts.by_label(LABEL) is None:
            client = f"{account.client[:2]}••••{account.client[-1]}"
            db.accounts.add(Account(id=random_bytes(6).hex(), label=LABEL, client=client, created_at=now), credentials)
        db.people.add(User(telegram_id=VISITOR, name="Asha"), Role.OWNER, None, now)

    store = open_store(settings, random_bytes, inline=inline, new=True)
    try:
        await store.transaction(add)
    finally:
        await store.close()


def demo_clock(loop: DemoLoop, directory: DemoDirectory) -> LoopClock:
    """The host's time, moved on by what earlier starts moved it."""
    return LoopClock(loop, SystemClock().now() + timedelta(seconds=directory.shifted))


@asynccontextmanager
async def open_demo(
    directory: DemoDirectory,
    *,
    loop: DemoLoop,
    clock: Clock,
    redactor: Redactor,
    random_bytes: RandomBytes = system_random,
    chance: random.Random | None = None,
    port: int = 0,
    account: PaperAccount | None = None,
    walk: float = 1.0,
    restart: Callable[[], None] | None = None,
) -> AsyncIterator[Demo]:
    """Both neighbours and the bot, built. The bot listens once its run() is awaited.

    restart: asks whoever opened the demo to open it again, for the market's hours have changed.
    """
    before = directory.shifted - loop.shifted

    async def shift(seconds: float) -> None:
        directory.keep_shift(before + loop.shifted + seconds)  # whoever kills it on the way does not turn the clock back
        try:
            await loop.run_ahead(seconds)
        finally:
            directory.keep_shift(before + loop.shifted)

    def keep_hours(hours: str) -> None:
        directory.keep_hours(hours)
        if restart is not None:
            restart()

    directory.prepare(random_bytes)
    account = account or PaperAccount()
    async with AsyncExitStack() as stack:
        near = await stack.enter_async_context(
            neighbours(
                clock=clock,
                chance=chance or unforeseeable(),
                data=directory.paper,
                shift=shift,
                port=port,
                account=account,
                walk=walk,
                hours=directory.hours,
                keep_hours=keep_hours if restart is not None else None,
            )
        )
        settings = demo_settings(directory, near)
        await seed(settings, account, clock, random_bytes, inline=False)
        opening = open_app(settings, clock=clock, random_bytes=random_bytes, redactor=redactor, album=_album(loop))
        app = await stack.enter_async_context(opening)
        yield Demo(neighbours=near, app=app)


def _album(loop: DemoLoop) -> Album:
    """Pictures for a clock that may run ahead: while one is drawn no time is passed over, or it would always be late."""
    drawing = DrawingProcess()

    async def draw(picture: Picture) -> bytes:
        with loop.hold():
            return await drawing.draw(picture)

    return Album(draw, drawing.close)
