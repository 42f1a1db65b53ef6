"""A chat, one person, and the real Telegram library over loopback."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import Serving, serve
from bot.simulators.telegram.chat.chats import Chats
from tests.stage.telegram import bot_for


@pytest.fixture
async def chats(clock: LoopClock) -> Chats:
    return Chats(clock)


@pytest.fixture
async def asha(chats: Chats) -> ScriptedPerson:
    """A person who has talked to the bot before."""
    return ScriptedPerson(chats, 4211, name="Asha", started=True)


@pytest.fixture
async def serving(chats: Chats) -> AsyncIterator[Serving]:
    async with serve(chats) as running:
        yield running


@pytest.fixture
async def bot(serving: Serving) -> AsyncIterator[Bot]:
    async with bot_for(serving) as ready:
        yield ready
