"""What is said reaches the queue before Telegram with the priority that it was given, and its message is known by its id."""

from typing import Any

import pytest

from bot.simulators.loop import LoopClock
from handlers.application import build_application
from handlers.telegram.rate_limits import Priority, TelegramRateLimiter
from handlers.telegram.sender import Sender
from handlers.views.message import message
from tests.handlers.chat import a_bot, a_world, counting_bytes
from tests.handlers.samples import ASHA


class Seen(TelegramRateLimiter):
    """Notes what it is asked to let through."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, Priority | None]] = []

    async def process_request(self, *given: Any, **named: Any) -> Any:
        self.asked.append((named["endpoint"], named["rate_limit_args"]))
        return await super().process_request(*given, **named)


@pytest.mark.parametrize("priority", Priority)
async def test_every_priority_arrives_as_it_was_given(priority: Priority, clock: LoopClock) -> None:
    seen = Seen()
    async with a_world(clock) as (chats, telegram):
        chats.person(ASHA, name="Asha", started=True)
        services = (await a_bot(clock)).services
        application = build_application(
            telegram.token, telegram_url=telegram.url, services=services, random_bytes=counting_bytes(), rate_limiter=seen
        )
        async with application:
            sender = Sender(application.bot)
            seen.asked.clear()
            first = await sender.send(ASHA, message("Stopped."), priority=priority)
            assert await sender.edit(ASHA, first, message("Stopped, and said again."), priority=priority) == first
            assert await sender.send(ASHA, message("Once more."), priority=priority) > first
    assert seen.asked == [("sendMessage", priority), ("editMessageText", priority), ("sendMessage", priority)]
