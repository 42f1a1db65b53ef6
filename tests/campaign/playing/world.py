"""A session's world: a paper broker, a demo chat with two people, and a bot that can be killed at any of its commits."""

import asyncio
import hashlib
import io
import random
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pyotp import TOTP

from bot.app import App, open_app
from bot.config.settings import Consent, MarketHours, Settings
from bot.demo.simulators import VISITOR, Simulators, neighbours
from bot.demo.world import DemoDirectory, demo_settings
from bot.domain.clock import SystemClock
from bot.domain.people.account import Role, User
from bot.runtime.logs import logging_to
from bot.runtime.redaction import Redactor
from bot.simulators.broker.market.hours import Hours
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.errors import PersonError
from storage.topics import Topic
from tests.campaign.playing.mortal import MortalLoop
from tests.campaign.record import Act, Deed, Record, Shown, Trouble
from tests.stage.house import a_house
from tests.stage.loop import MORNING, HostClock

GUEST = 4212  # looks on from another phone, and has a hand in it now and then
MEMORY = Path("/dev/shm")  # noqa: S108 - a disk that costs nothing, where the host has one
ACCOUNT = PaperAccount(cash=100_000_000_00)
Json = dict[str, Any]


class Hand:
    """A person whose acts are written down."""

    def __init__(self, person: ScriptedPerson, record: Record) -> None:
        self.person = person
        self._record = record

    @property
    def chat(self) -> int:
        return self.person.user.id

    def _note(self, what: str, text: str, message: Json | None = None) -> None:
        at = asyncio.get_running_loop().time()
        number, shown = (message["id"], message["text"]) if message is not None else (0, "")
        self._record.acts.append(Act(at=at, chat=self.chat, what=what, text=text, message=number, shown=shown))

    def say(self, text: str, reply_to: int | None = None) -> None:
        self._note("says", text)
        self.person.say(text, reply_to)

    async def ask(self, text: str, wanted: str, patience: float = 12.0) -> Json | None:
        """Says it and waits for the answer. None: it did not come in time."""
        self.say(text)
        return await self.wait_for(wanted, patience)

    async def wait_for(self, wanted: str, patience: float = 12.0) -> Json | None:
        try:
            return await self.person.wait_for(wanted, patience)
        except PersonError:
            return None

    def tap(self, label: str, message: Json) -> bool:
        """Taps the button under the message as it was when it was looked at, however it may look by now: a slow phone does so."""
        data = next((each.get("data") for row in message["buttons"] for each in row if label in str(each["label"])), None)
        if data is None:
            return False
        self._note("taps", label, message)
        self.person.look_away()
        self.person.forge(message["id"], data)
        return True

    def newest(self, label: str, words: str = "") -> Json | None:
        """The newest message with that button."""
        for message in reversed(self.person.history()):
            if words in message["text"] and any(label in str(each["label"]) for row in message["buttons"] for each in row):
                return message
        return None

    def block(self, *, blocked: bool) -> None:
        self._note("blocks" if blocked else "unblocks", "")
        self.person.chats.block(self.chat, blocked=blocked)


@dataclass
class World:
    """All of it, and what is written down of it."""

    loop: MortalLoop
    near: Simulators
    settings: Settings
    clock: LoopClock
    host_clock: HostClock
    chance: random.Random
    record: Record
    redactor: Redactor
    app: App | None = None
    _life: Context | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _running: "asyncio.Task[None] | None" = None
    _starting: "asyncio.Task[None] | None" = None
    _then: Callable[[], None] | None = None  # what comes at a commit of this process
    _at: Topic | None = None
    _in: int = 0
    _away: Trouble | None = None

    def __post_init__(self) -> None:
        self.me = Hand(self.near.person, self.record)
        self.guest = Hand(ScriptedPerson(self.near.chats, GUEST, name="Papa", started=True), self.record)
        self.record.chats = (VISITOR, GUEST)
        self._eyes = [asyncio.create_task(self._watch(person)) for person in self.record.chats]

    async def _watch(self, person: int) -> None:
        """Writes down what a phone shows, at the moment in which it shows it."""
        async for event in self.near.chats.events(person):
            message = event.get("message") or {}
            if event["type"] in ("message", "edit") and not message["from_bot"]:
                continue
            if event["type"] not in ("message", "edit", "delete", "answer"):
                continue
            labels = tuple(str(each["label"]) for row in message.get("buttons", ()) for each in row)
            self.record.shown.append(
                Shown(
                    at=self.loop.time(),
                    chat=person,
                    what=event["type"],
                    message=message.get("id") or event.get("message_id", 0),
                    text=message.get("text") or event.get("text") or "",
                    silent=message.get("silent", False),
                    buttons=labels,
                )
            )

    # The bot's lives.

    @property
    def alive(self) -> bool:
        return self.app is not None

    async def start(self, patience: float = 15.0) -> None:
        """Opens the bot and lets it listen, as a process of its own. It waits by itself until Telegram can be reached."""
        if self.app is None and self._starting is None:
            self._life = self.loop.new_life()
            self._starting = self.loop.live(self._begin(), self._life)
        if self._starting is not None:
            await asyncio.wait({self._starting}, timeout=patience)
            if self._starting.done():
                self._starting.result()
                self._starting = None

    async def _begin(self) -> None:
        self._stack = AsyncExitStack()
        self.app = await self._stack.enter_async_context(
            open_app(
                self.settings, clock=self.host_clock, random_bytes=self.chance.randbytes, redactor=self.redactor, inline=True
            )
        )
        for topic in Topic:
            self.app.store.on_commit(topic, lambda topic=topic: self._committed(topic))  # type: ignore[misc]  # bound at once
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self.app.run(self._stop), name="bot")
        if self._away is not None:
            self._away.ended = self.loop.time()
            self._away = None

    async def stop(self, *, told: bool = True) -> None:
        """Asks it to end, as SIGTERM does. told: it is written down as a trouble."""
        if self.app is None or self._running is None or self._life is None:
            return
        if told:
            self._gone("stopped")
        self._at = None
        self._stop.set()
        await self._running
        await self.loop.live(self._stack.aclose(), self._life)
        self.app = None

    def kill(self) -> None:
        """Ends it as SIGKILL does: between two steps, without a last word."""
        if self.app is None or self._life is None:
            return
        self._gone("killed")
        self._at = None
        self.loop.kill(self._life)
        self.app.store._shut()  # the kernel closes the file and gives the lock back
        self.app = None

    def die_at(self, topic: Topic, commits: int) -> None:
        """Its so-many-th commit of that kind from now on is the last thing that the process does."""
        self.at_commit(topic, commits, self.kill)

    def at_commit(self, topic: Topic, commits: int, then: Callable[[], None]) -> None:
        """Something happens at its so-many-th commit of that kind from now on, and nothing else at any other."""
        self._at, self._in, self._then = topic, commits, then

    def _committed(self, topic: Topic) -> None:
        if topic is self._at and self._then is not None:
            self._in -= 1
            if self._in <= 0:
                self._at = None
                self._then()

    def other_login(self) -> None:
        """Somebody logs in to the account elsewhere, which ends our session."""
        trouble, sessions, now = self.trouble("other_login", "broker"), self.near.paper.broker.sessions, self.clock.now()
        trouble.ended = trouble.began + 1.0
        sessions.end_all(ACCOUNT.client, now)
        handle = str(sessions.login(ACCOUNT.client, ACCOUNT.password, now)["jwtToken"])
        sessions.by_totp(handle, TOTP(str(ACCOUNT.totp_seed)).at(now), ACCOUNT.api_key, now)

    def _gone(self, kind: str) -> None:
        self._away = self.trouble(kind, "bot")

    def trouble(self, kind: str, side: str, *, chat: int | None = None) -> Trouble:
        """Writes down that something goes wrong from now on."""
        newest = self.near.chats.state.message_id
        trouble = Trouble(kind=kind, side=side, began=self.loop.time(), chat=chat, newest=newest)
        self.record.troubles.append(trouble)
        return trouble

    # The end.

    def write_figures(self) -> None:
        """What the exchange has open in this moment, and what was made today."""
        broker = self.near.paper.broker
        account = next(iter(broker.ledger.accounts.values()))
        self.record.figures_at = self.loop.time()
        for row in broker.portfolio.positions(account.client, account.day):
            self.record.booked += row.realised / 100
            if row.net:
                self.record.held[broker.find(row.key).name, row.product] = row.net

    def write_down(self) -> None:
        """What the exchange's log says of the session."""
        self.record.ended = self.loop.time()
        ledger = self.near.paper.broker.ledger
        for line in ledger.truth(0, 100_000):
            at = (datetime.fromisoformat(str(line.pop("at"))) - MORNING).total_seconds()
            what, order = str(line.pop("what")), str(line.pop("id", ""))
            if what == "square-off":  # an order of mStock's own
                theirs, what = ledger.orders[order], "order"
                line |= {"side": theirs.side, "product": theirs.product, "channel": theirs.channel, "price": theirs.price,
                         "status": "Open"}  # fmt: skip
            if order or what == "converted":
                self.record.deeds.append(Deed(at=at, what=what, order=order, detail=line))
        self.record.secrets = (
            ACCOUNT.password, ACCOUNT.api_key, str(ACCOUNT.totp_seed), self.near.token.partition(":")[2],
        )  # fmt: skip

    async def close(self) -> None:
        await self.start(60.0)
        await self.stop(told=False)
        for eye in self._eyes:
            eye.cancel()
        await asyncio.gather(*self._eyes, return_exceptions=True)


class Template:
    """A directory with everything that sessions have in common: keys, a database with both people, today's scrip master."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def make(cls, root: Path) -> "Template":
        quiet = logging_to(io.StringIO(), redactor=Redactor(), clock=SystemClock())
        with quiet, asyncio.Runner(loop_factory=MortalLoop) as runner:
            runner.run(cls._lived(root))
        return cls(root)

    @staticmethod
    async def _lived(root: Path) -> None:
        loop = asyncio.get_running_loop()
        async with a_house(LoopClock(loop, MORNING - timedelta(minutes=10)), root) as house:
            await house.log_in()
            assert house.store is not None
            now = house.clock.now()
            await house.store.transaction(lambda db: db.people.add(User(telegram_id=GUEST, name="Papa"), Role.TRADER, None, now))
            await asyncio.sleep(20)
            await house.me.ask("/logout", "ogged out")

    @contextmanager
    def copied(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.root.parent) as directory:
            copy = Path(directory) / "world"
            shutil.copytree(self.root, copy)
            yield copy


@contextmanager
def a_template() -> Iterator[Template]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="campaign") as directory:
        yield Template.make(Path(directory) / "template")


@asynccontextmanager
async def a_world(directory: Path, record: Record, chance: random.Random, *, hours: Hours = "always") -> AsyncIterator[World]:
    """A world whose bot is running and logged in. hours: of the exchange and of the bot's calendar."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, MortalLoop)
    clock, host_clock = LoopClock(loop, MORNING), HostClock(loop, MORNING)
    kept = DemoDirectory(directory)
    log = io.StringIO()

    async def no_shift(seconds: float) -> None:
        await asyncio.sleep(seconds)

    async with neighbours(
        clock=clock, chance=random.Random(chance.random()), data=None, shift=no_shift, account=ACCOUNT, walk=0.0, hours=hours
    ) as near:
        settings = replace(demo_settings(kept, near), redirect_url=_own_page(record.seed))
        if hours == "real":
            settings = replace(settings, market_hours=MarketHours.REAL, after_market=Consent.YES)
        _rename_master(settings)
        redactor = Redactor(settings.secrets())
        with logging_to(log, redactor=redactor, clock=clock, level="WARNING"):
            world = World(
                loop=loop,
                near=near,
                settings=settings,
                clock=clock,
                host_clock=host_clock,
                chance=random.Random(chance.random()),
                record=record,
                redactor=redactor,
            )
            try:
                await world.start()
                await world.me.ask("/login", "lives until", 30)
                yield world
                world.write_down()
            finally:
                record.log = log.getvalue()
                await world.close()


def _own_page(seed: int) -> str:
    """The page for secrets, where no session beside this one has its own."""
    return f"http://127.1.{seed // 250 % 250}.{seed % 250 + 1}:5000/mstock/callback"


def _rename_master(settings: Settings) -> None:
    """The kept scrip master is called by the address that it came from, and this broker's port is another."""
    name = hashlib.sha256(settings.broker_url.encode()).hexdigest()[:8]
    for kept in (settings.database.parent / "master").iterdir():
        kept.rename(kept.with_name(re.sub(r"scrips-[0-9a-f]{8}", f"scrips-{name}", kept.name)))
