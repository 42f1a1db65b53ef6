"""The real application and poller against the demo chat, with hand-made services behind them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from telegram import Update

from bot.domain.clock import Clock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.chats import Chats
from bot.simulators.telegram.server import Serving, serve
from handlers.application import App, build_application, publish_menu, running
from handlers.poller import UpdatePoller
from handlers.telegram.receiver import Heard
from tests.handlers.face import ASHA, FakeInbox, FakeServices, as_allowlist, as_services


async def later(seconds: float) -> None:
    """Lets virtual time pass."""
    await asyncio.sleep(seconds)


def counting_bytes() -> Callable[[int], bytes]:
    """Ids 0001, 0002, ...: different for each incident, the same in each run."""
    count = 0

    def next_bytes(size: int) -> bytes:
        nonlocal count
        count += 1
        return count.to_bytes(size, "big")

    return next_bytes


@dataclass
class Stage:
    """One running bot and the people around it."""

    chats: Chats
    telegram: Serving
    services: FakeServices
    inbox: FakeInbox
    application: App
    intake: UpdatePoller
    me: ScriptedPerson


@asynccontextmanager
async def a_world(clock: Clock) -> AsyncIterator[tuple[Chats, Serving]]:
    """Telegram alone, as it is while the bot is away."""
    chats = Chats(clock)
    async with serve(chats) as telegram:
        yield chats, telegram


@asynccontextmanager
async def a_bot(
    chats: Chats,
    telegram: Serving,
    services: FakeServices,
    inbox: FakeInbox,
    *,
    me: ScriptedPerson | None = None,
    clean: bool = True,
    conflict: Callable[[str], Awaitable[None]] | None = None,
    protect_content: bool = False,
) -> AsyncIterator[Stage]:
    """Starts the bot; leaves by close and drain, or, when not clean, as a kill would: tasks cut off where they are."""
    application = build_application(
        telegram.token,
        telegram_url=telegram.url,
        services=as_services(services),
        random_bytes=counting_bytes(),
        protect_content=protect_content,
    )
    intake = UpdatePoller(
        application, inbox=inbox, allowlist=as_allowlist(services.allowlist), clock=services.clock, conflict=conflict
    )
    async with running(application):
        await publish_menu(application)
        polling = asyncio.create_task(intake.run(), name="telegram")
        person = me or ScriptedPerson(chats, ASHA, name="Asha")
        try:
            yield Stage(chats, telegram, services, inbox, application, intake, person)
        finally:
            if clean:
                intake.close()
            else:
                polling.cancel()
            await asyncio.wait({polling})
            await intake.drain(5 if clean else 0)
        if not polling.cancelled() and (error := polling.exception()) is not None:
            raise error


@asynccontextmanager
async def a_stage(clock: Clock, services: FakeServices | None = None) -> AsyncIterator[Stage]:
    """Telegram, the bot, and Asha, who owns it."""
    async with (
        a_world(clock) as (chats, telegram),
        a_bot(chats, telegram, services or FakeServices(clock), FakeInbox()) as stage,
    ):
        yield stage


def heard(update: Update) -> Heard:
    """An update of a test's own making, as if Telegram had sent it."""
    return Heard(update=update, raw=update.to_dict())
