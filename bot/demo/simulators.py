"""The two neighbours of the demo under one port: a Telegram in memory with its page, and the paper exchange beside it."""

import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.domain.clock import Clock
from bot.simulators.broker.market.hours import Hours
from bot.simulators.broker.server import PARTS, Parts, build_app
from bot.simulators.broker.settings import PaperAccount, PaperSettings
from bot.simulators.door import listening
from bot.simulators.person.page import Page
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import DemoServer, new_token
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.persistence import keeping, load

VISITOR = 4211  # the Telegram id of whoever sits before the page

Shift = Callable[[float], Coroutine[Any, Any, None]]  # seconds by which the clock is to be moved on


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulators:
    """Both, answering. All addresses are on loopback."""

    url: str  # the page
    telegram_url: str
    token: str
    broker_url: str
    broker_ws_url: str
    chats: Chats
    telegram: DemoServer
    paper: Parts
    person: ScriptedPerson

    @property
    def port(self) -> int:
        """Where both answer."""
        return urlsplit(self.url).port or 0


@asynccontextmanager
async def neighbours(
    *,
    clock: Clock,
    chance: random.Random,
    data: Path | None,
    shift: Shift,
    port: int = 0,
    account: PaperAccount | None = None,
    walk: float = 1.0,
    hours: Hours = "always",
    keep_hours: Callable[[str], None] | None = None,
) -> AsyncIterator[Simulators]:
    """Starts both. With data None the chat and the paper account live in memory. OSError when the port is taken."""
    history = data / "chat.json" if data is not None else None
    chats = Chats(clock, state=load(history) if history is not None else None)
    telegram = DemoServer(chats, token=new_token(chance))
    person = ScriptedPerson(chats, VISITOR, name="Asha", started=True)
    app = telegram.application()
    settings = PaperSettings(accounts=(account or PaperAccount(),), data=data, walk=walk, hours=hours)
    exchange = build_app(settings, clock=clock, rng=chance)
    app.add_subapp("/exchange", exchange)
    Page(person=person, desk="/exchange/desk", shift=shift, keep_hours=keep_hours).add_to(app)
    async with AsyncExitStack() as stack:
        if history is not None:
            await stack.enter_async_context(keeping(chats, history))
        url = await stack.enter_async_context(listening(app, port=port, pages=frozenset({"/"})))
        yield Simulators(
            url=f"{url}/",
            telegram_url=url,
            token=telegram.token,
            broker_url=f"{url}/exchange",
            broker_ws_url=f"{url.replace('http', 'ws', 1)}/exchange/ws",
            chats=chats,
            telegram=telegram,
            paper=exchange[PARTS],
            person=person,
        )
