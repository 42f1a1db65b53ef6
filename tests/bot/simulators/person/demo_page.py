"""The page as it is served to a visitor, and the bot behind it, which says what the test says."""

import base64
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.server import PARTS, build_app
from bot.simulators.broker.settings import PaperSettings
from bot.simulators.door import listening
from bot.simulators.person.page import Page
from bot.simulators.telegram.bot_api.server import DemoServer, new_token
from bot.simulators.telegram.chat import entities
from bot.simulators.telegram.chat.chats import Chats, Person

Json = dict[str, Any]
Shift = Callable[[float], Coroutine[Any, Any, None]]
ONE_PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


class Bot:
    """Stands for the bot at the other end of the chat: sends, edits, deletes and answers as it is told."""

    def __init__(self, chats: Chats, person: Person) -> None:
        self.chats = chats
        self.person = person

    def send(self, html: str, *rows: list[Json], silent: bool = False, reply_to: int | None = None) -> int:
        text, found = entities.finish(*entities.parse(html))
        message = self.chats.new_message(
            self.person.private,
            self.chats.bot,
            text=text,
            entities=found,
            rows=list(rows),
            silent=silent,
            reply_to=reply_to,
        )
        return self.chats.send(self.person.private, message).id

    def edit(self, message_id: int, html: str, *rows: list[Json]) -> None:
        message = self.person.private.present(message_id)
        assert message is not None
        message.text, message.entities = entities.finish(*entities.parse(html))
        message.rows = list(rows)
        self.chats.touch(message)
        self.chats.amend(self.person.private, message)

    def delete(self, message_id: int) -> None:
        self.chats.erase(self.person.private, message_id)

    def answer(self, query: Json, text: str = "", *, alert: bool = False) -> None:
        self.chats.answer(query["id"], text=text, alert=alert, url=None)

    async def hears(self) -> Json:
        """The next update. Earlier ones are confirmed."""
        update, *_ = await self.chats.updates.poll(offset=self._offset, timeout=10)
        self._offset = update["update_id"] + 1
        return update

    _offset = 0


def button(label: str, data: str) -> Json:
    return {"text": label, "callback_data": data}


@dataclass
class Demo:
    """A page that is served, and the bot behind it."""

    url: str
    token: str
    bot: Bot
    broker: PaperBroker
    shifted: list[float] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return self.bot.person


@asynccontextmanager
async def served(
    bot: Bot, *, port: int = 0, shift: Shift | None = None, keep_hours: Callable[[str], None] | None = None
) -> AsyncIterator[Demo]:
    """The page with the paper exchange beside it, whose prices stand still."""
    exchange = build_app(PaperSettings(walk=0), clock=bot.chats.clock, rng=random.Random(1))
    token = new_token(random.Random(1))
    demo = Demo(url="", token=token, bot=bot, broker=exchange[PARTS].broker)

    async def note(seconds: float) -> None:
        demo.shifted.append(seconds)

    app = DemoServer(bot.chats, token=token).application()
    app.add_subapp("/exchange", exchange)
    Page(person=bot.person, desk="/exchange/desk", shift=shift or note, keep_hours=keep_hours).add_to(app)
    async with listening(app, port=port, pages=frozenset({"/"})) as demo.url:
        yield demo
