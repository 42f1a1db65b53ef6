"""Chats that outlive their process: all of them in one JSON file, written a moment after each change and at the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import State

SOON: Final = 0.2  # seconds; changes close together are one write
MOST_MESSAGES: Final = 500  # of each chat


def load(path: Path) -> State:
    """What was kept there. Empty when nothing was, or when it cannot be read (the demo then simply starts anew)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return State()


def save(state: State, path: Path) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    chats = {chat.id: replace(chat, messages=dict(list(chat.messages.items())[-MOST_MESSAGES:])) for chat in state.chats.values()}
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(msgspec.json.encode(replace(state, chats=chats)))
    beside.replace(path)


@contextlib.asynccontextmanager
async def keeping(chats: Chats, path: Path) -> AsyncIterator[None]:
    """Keep `chats` in the file while the block runs."""

    async def follow() -> None:
        while True:
            await chats.change()
            await asyncio.sleep(SOON)
            save(chats.state, path)

    following = asyncio.create_task(follow(), name="chat keeper")
    try:
        yield
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        save(chats.state, path)
