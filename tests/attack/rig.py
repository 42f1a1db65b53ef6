"""The real face, heart and memory on virtual time, a Telegram that is a queue, and a broker that counts every call."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from telegram.request import BaseRequest, RequestData

from bot.domain.clock import Clock, ist_date
from bot.domain.orders.order import OrderRequest, OrderStatus
from bot.domain.people.account import Account, Actor, Limits, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from bot.trading.services import Services
from bot.wiring.use_cases import Core
from handlers.application import build_application, running
from handlers.poller import UpdatePoller
from storage.inbox import SqlInbox
from storage.store import SqlStore
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.desk import a_core
from tests.stage.loop import MORNING
from tests.stage.ports import own_page
from tests.storage.samples import ACCOUNT, CREDENTIALS, a_vault

OWNER, TRADER, GUARDIAN, VIEWER, PAPA, REMOVED = 4211, 4212, 4213, 4214, 4215, 4216
LISTED = {OWNER: Role.OWNER, TRADER: Role.TRADER, GUARDIAN: Role.GUARDIAN, VIEWER: Role.VIEWER}
SECOND = Account(id="a2", label="papa", client="MA••••2", created_at=ACCOUNT.created_at + timedelta(seconds=1))
ACTS = frozenset({"place", "modify", "cancel", "begin_login", "finish_login", "logout"})  # whatever changes something there

TOKEN = "99:" + "A" * 35

Json = dict[str, Any]


class CountedBroker:
    """Every call by name, whatever it is."""

    def __init__(self, broker: ScriptedBroker) -> None:
        self.broker = broker
        self.calls: Counter[str] = Counter()

    @property
    def acts(self) -> int:
        return sum(count for name, count in self.calls.items() if name in ACTS)

    @property
    def clock_off(self) -> float | None:
        return self.broker.clock_off

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self.broker, name)

        async def counted(*args: Any, **more: Any) -> Any:
            self.calls[name] += 1
            return await call(*args, **more)

        return counted


class Queue(BaseRequest):
    """Telegram without a network: getUpdates takes the next batch, every other call is answered well."""

    def __init__(self) -> None:
        self.batches: asyncio.Queue[Sequence[Json]] = asyncio.Queue()
        self.said: Counter[int] = Counter()  # chat -> messages sent
        self.last = 10_000
        self.listeners: list[Callable[[int, str], None]] = []

    @property
    def read_timeout(self) -> float:
        return 10

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(  # noqa: PLR0917  # the library's own signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        if name == "getUpdates":
            result: Any = await self.batches.get()
        elif name == "getMe":
            result = {"id": 99, "is_bot": True, "first_name": "bot", "username": "the_bot", "supports_inline_queries": False}
        elif name in ("sendMessage", "editMessageText", "editMessageReplyMarkup"):
            result = self._message(dict(request_data.parameters) if request_data is not None else {}, new=name == "sendMessage")
        else:
            result = True
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def _message(self, asked: Json, *, new: bool) -> Json:
        chat = int(asked.get("chat_id", 0))
        if new:
            self.last += 1
            self.said[chat] += 1
            for listener in self.listeners:
                listener(chat, str(asked.get("text", "")))
        return {
            "message_id": self.last if new else int(asked.get("message_id", 1)),
            "date": int(MORNING.timestamp()),
            "chat": {"id": chat, "type": "private"},
            "text": str(asked.get("text", "…")),
        }


@dataclass
class Rig:
    """All of it, running."""

    clock: LoopClock
    chance: random.Random
    store: SqlStore
    core: Core
    broker: CountedBroker
    wire: Queue
    poller: UpdatePoller
    polling: "asyncio.Task[None]"
    update_id: int = 1000
    message_id: int = 1
    dead: list[str] = field(default_factory=list)  # tokens of questions that are closed
    orders: list[str] = field(default_factory=list)  # ids of working orders

    async def actor(self, person: int = OWNER) -> Actor:
        actor = await self.core.services.accounts.actor(person, ACCOUNT.label)
        assert actor is not None
        return actor

    async def card(self, person: int = OWNER) -> tuple[str, int]:
        """A question that is open to that person: its token, and the message under which it stands."""
        request = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
        proposal = await self.core.services.proposals.propose(await self.actor(person), request, chat_id=person)
        self.message_id += 1
        await self.core.services.proposals.shown(proposal.confirmation.token, self.message_id)
        return proposal.confirmation.token, self.message_id

    async def feed(self, updates: Sequence[Json]) -> None:
        """Hands the updates over as Telegram does, a hundred at a time, and waits until all that came of them has ended."""
        for at in range(0, len(updates), 100):
            batch = []
            for update in updates[at : at + 100]:
                self.update_id += 1
                batch.append({**update, "update_id": self.update_id})
            self.wire.batches.put_nowait(batch)
        while not self.wire.batches.empty() and not self.polling.done():  # noqa: ASYNC110  # virtual time costs nothing
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        if self.polling.done():
            self.polling.result()
        while self.poller._handling or self.poller._telling:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.1)

    async def rows(self) -> dict[str, int]:
        """How many rows each table has."""

        def count(db: Any) -> dict[str, int]:
            run = db.inbox._tx._connection.execute
            names = [row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: run(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608  # our own names

        return await self.store.transaction(count)


def tap(person: int, data: str, message_id: int, *, chat: Json | None = None, **more: Any) -> Json:
    """A tap as Telegram sends it."""
    under = {
        "message_id": message_id,
        "date": int(MORNING.timestamp()),
        "chat": chat or {"id": person, "type": "private"},
        "from": {"id": 99, "is_bot": True, "first_name": "bot"},
        "text": "a card",
    }
    asker = {"id": person, "is_bot": False, "first_name": "Asha"}
    return {"callback_query": {"id": str(message_id), "from": asker, "chat_instance": "1", "data": data, "message": under} | more}


def words(person: int, text: str, *, at: int, chat: Json | None = None, **more: Any) -> Json:
    """A typed message as Telegram sends it. at: seconds since 1970."""
    asker = {"id": person, "is_bot": False, "first_name": "Asha"}
    body = {"message_id": 7, "date": at, "chat": chat or {"id": person, "type": "private"}, "from": asker, "text": text}
    return {"message": body | more}


def a_connection(broker: ScriptedBroker, clock: Clock) -> OneConnection:
    """One line to the hand-made broker, for every account, with a living session."""
    now = clock.now()
    return OneConnection(broker, StillFeed(clock), Session(token=Secret("jwt"), issued=now, expires=now + timedelta(hours=12)))


@asynccontextmanager
async def a_rig(seed: int = 1, *, flaw: Callable[[Services], Services] = lambda sound: sound) -> AsyncIterator[Rig]:
    """Built by the front door's own builder. flaw: spoils the services that the face sees, to show that the counting sees it."""
    chance = random.Random(seed)
    clock = LoopClock(asyncio.get_running_loop(), MORNING)
    store = SqlStore.open(None, a_vault(), inline=True)
    await store.transaction(lambda db: _people(db, clock))
    broker = CountedBroker(ScriptedBroker(clock))
    core = a_core(store, a_connection(cast("ScriptedBroker", broker), clock), clock, chance=seed, REDIRECT_URL=own_page())
    wire, services = Queue(), flaw(core.services)
    application = build_application(TOKEN, services=services, random_bytes=chance.randbytes, wire=wire)
    poller = UpdatePoller(application, inbox=SqlInbox(store), allowlist=services.allowlist, clock=clock)
    await core.services.allowlist.refresh()
    await core.catalogue.refresh(ACCOUNT.id)
    async with running(application):
        polling = asyncio.create_task(poller.run(), name="telegram")
        rig = Rig(clock=clock, chance=chance, store=store, core=core, broker=broker, wire=wire, poller=poller, polling=polling)
        try:
            yield rig
        finally:
            poller.close()
            await asyncio.wait({polling})
            await poller.drain(5)
            await core.background.finish(5)
            await core.services.secret_entry.close()
            await store.close()


def _people(db: Repositories, clock: LoopClock) -> None:
    now = clock.now()
    db.accounts.add(ACCOUNT, CREDENTIALS)
    db.accounts.add(SECOND, CREDENTIALS)
    for person, role in LISTED.items():
        db.people.add(User(telegram_id=person, name=role.title()), role, ACCOUNT.id, now)
    db.people.add(User(telegram_id=PAPA, name="Papa"), Role.OWNER, SECOND.id, now)
    db.people.add(User(telegram_id=REMOVED, name="Gone"), Role.OWNER, None, now)
    db.people.remove(REMOVED)
    for account in (ACCOUNT, SECOND):
        db.limits.put(account.id, ist_date(now), Limits(orders_a_day=None, orders_a_minute=None))


async def working_orders(rig: Rig, count: int) -> None:
    """Orders that stand open, so that there is something to cancel and to change."""
    for _ in range(count):
        token, message_id = await rig.card()
        order = await rig.core.services.desk.confirm(await rig.actor(), token, chat_id=OWNER, message_id=message_id)
        assert getattr(order, "status", None) is OrderStatus.OPEN
        rig.orders.append(order.id)  # type: ignore[union-attr]  # the line above says so
        rig.dead.append(token)
