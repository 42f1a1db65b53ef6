"""Telegram's limits are kept, and what matters more goes first."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import RetryAfter

from bot.simulators.telegram.flood_limits import FloodLimits
from handlers.telegram.rate_limits import Priority, TelegramRateLimiter, TokenBucket
from tests.handlers.chat import later

ME, YOU = 4211, 4212


class Telegram:
    """Notes when each call went out."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, int, str]] = []
        self.floods: list[int] = []

    async def take(self, chat: int, name: str) -> bool:
        self.calls.append((asyncio.get_running_loop().time(), chat, name))
        if self.floods:
            raise RetryAfter(self.floods.pop(0))
        return True

    @property
    def names(self) -> list[str]:
        return [name for _, _, name in self.calls]


async def send(
    limiter: TelegramRateLimiter,
    telegram: Telegram,
    name: str,
    *,
    chat: int = ME,
    priority: Priority | None = None,
    method: str = "sendMessage",
) -> Any:
    return await limiter.process_request(telegram.take, (chat, name), {}, method, {"chat_id": chat}, priority)


async def test_the_first_messages_go_at_once() -> None:
    limiter, telegram = TelegramRateLimiter(burst=6, room=0), Telegram()
    for number in range(6):
        await send(limiter, telegram, str(number))
    assert {at for at, _, _ in telegram.calls} == {telegram.calls[0][0]}


async def test_a_chat_gets_one_a_second_after_its_burst_and_others_do_not_wait() -> None:
    limiter, telegram = TelegramRateLimiter(burst=2, room=0), Telegram()
    start = asyncio.get_running_loop().time()
    await asyncio.gather(
        *(send(limiter, telegram, f"me{number}") for number in range(5)), send(limiter, telegram, "you", chat=YOU)
    )
    assert [round(at - start, 2) for at, chat, _ in telegram.calls if chat == ME] == [0, 0, 1, 2, 3]
    assert [round(at - start, 2) for at, chat, _ in telegram.calls if chat == YOU] == [0]
    await limiter.shutdown()


async def test_what_matters_more_goes_first() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1, reserve=0), Telegram()
    await send(limiter, telegram, "first")
    waiting = [
        asyncio.create_task(send(limiter, telegram, name, priority=priority))
        for name, priority in (
            ("card", Priority.CARD),
            ("reply", Priority.REPLY),
            ("fill", Priority.FILL),
            ("safety", Priority.SAFETY),
            ("kill", Priority.FIRST),
        )
    ]
    await asyncio.gather(*waiting)
    assert telegram.names == ["first", "kill", "safety", "fill", "reply", "card"]


@pytest.mark.parametrize(
    ("priority", "at_once"), [(Priority.FIRST, 5), (Priority.SAFETY, 4), (Priority.REPLY, 4), (Priority.CARD, 3)]
)
async def test_news_leaves_some_of_a_chats_burst_to_a_way_out_and_cards_leave_some_of_it_to_news(
    priority: Priority, at_once: int
) -> None:
    pace, telegram = TelegramRateLimiter(burst=5, room=1, reserve=0), Telegram()
    start = asyncio.get_running_loop().time()
    await asyncio.gather(*(send(pace, telegram, str(number), priority=priority) for number in range(7)))
    assert sum(at == start for at, _, _ in telegram.calls) == at_once
    await pace.shutdown()


async def test_a_chats_own_order_is_kept_within_a_kind() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1), Telegram()
    await asyncio.gather(*(send(limiter, telegram, str(number)) for number in range(6)))
    assert telegram.names == ["0", "1", "2", "3", "4", "5"]


async def test_the_answer_to_a_way_out_goes_although_the_burst_is_spent() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1, reserve=2), Telegram()
    await send(limiter, telegram, "first")
    start = asyncio.get_running_loop().time()
    await asyncio.gather(*(send(limiter, telegram, f"s{number}", priority=Priority.FIRST) for number in range(2)))
    assert asyncio.get_running_loop().time() == start
    assert telegram.names == ["first", "s0", "s1"]


async def test_cards_and_news_leave_room_so_that_a_way_out_keeps_within_telegrams_own_limit() -> None:
    limiter, telegram, limits = TelegramRateLimiter(), Telegram(), FloodLimits()

    async def counted(name: str, priority: Priority) -> None:
        async def call(chat: int, name: str) -> bool:
            limits.step(chat, asyncio.get_running_loop().time())  # ApiError 429 where it is one too many
            return await telegram.take(chat, name)

        await limiter.process_request(call, (ME, name), {}, "editMessageText", {"chat_id": ME}, priority)

    kinds = (Priority.CARD, Priority.REPLY, Priority.SAFETY, Priority.FILL)
    cards = [asyncio.create_task(counted(f"{number}", kinds[number % 4])) for number in range(40)]
    await asyncio.sleep(20)
    for number in range(4):
        said = asyncio.get_running_loop().time()
        await counted(f"killed {number}", Priority.FIRST)
        assert asyncio.get_running_loop().time() == said
        await asyncio.sleep(1.5)
    await asyncio.gather(*cards)
    assert len(telegram.calls) == 44
    await limiter.shutdown()


async def test_thirty_a_second_in_all() -> None:
    limiter, telegram = TelegramRateLimiter(overall=30), Telegram()
    await asyncio.gather(*(send(limiter, telegram, "x", chat=chat) for chat in range(1, 121)))
    start = telegram.calls[0][0]
    for second in (1, 2, 3):
        assert sum(at - start <= second for at, _, _ in telegram.calls) <= 30 * (second + 1) + 1
    assert telegram.calls[-1][0] - start == pytest.approx(3, abs=0.1)
    assert limiter._queue == []


async def test_answers_to_taps_and_menus_do_not_wait() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1), Telegram()
    await send(limiter, telegram, "first")
    start = asyncio.get_running_loop().time()
    for method in ("answerCallbackQuery", "setMyCommands", "sendChatAction", "getMe"):
        await send(limiter, telegram, method, method=method)
    assert asyncio.get_running_loop().time() == start


async def test_a_reply_sits_out_a_pause_and_is_sent_once_more() -> None:
    limiter, telegram = TelegramRateLimiter(), Telegram()
    telegram.floods = [7]
    start = asyncio.get_running_loop().time()
    assert await send(limiter, telegram, "reply") is True
    assert [round(at - start) for at, _, _ in telegram.calls] == [0, 7]


async def test_news_and_cards_are_handed_back_because_others_keep_them() -> None:
    for priority in (Priority.FILL, Priority.CARD):
        limiter, telegram = TelegramRateLimiter(), Telegram()
        telegram.floods = [7]
        with pytest.raises(RetryAfter):
            await send(limiter, telegram, "news", priority=priority)
        start = asyncio.get_running_loop().time()
        await asyncio.gather(send(limiter, telegram, "paused"), send(limiter, telegram, "free", chat=YOU))
        assert [(name, round(at - start)) for at, _, name in telegram.calls[1:]] == [("free", 0), ("paused", 7)]
        await limiter.shutdown()


async def test_a_pause_too_long_to_sit_out_is_told() -> None:
    limiter, telegram = TelegramRateLimiter(patience=30), Telegram()
    telegram.floods = [31]
    with pytest.raises(RetryAfter):
        await send(limiter, telegram, "reply")


async def test_a_call_that_is_given_up_leaves_its_place_to_the_next() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1), Telegram()
    await send(limiter, telegram, "first")
    gone = asyncio.create_task(send(limiter, telegram, "gone"))
    kept = asyncio.create_task(send(limiter, telegram, "kept"))
    await later(0.1)
    gone.cancel()
    await kept
    assert telegram.names == ["first", "kept"]
    assert telegram.calls[-1][0] - telegram.calls[0][0] == pytest.approx(1, abs=0.05)


async def test_shutting_down_lets_nobody_wait_for_ever() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1), Telegram()
    await send(limiter, telegram, "first")
    waiting = asyncio.create_task(send(limiter, telegram, "waiting"))
    await later(0.1)
    await limiter.shutdown()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.5, 5), st.integers(1, 8))
def test_a_bucket_never_gives_more_than_its_burst_and_rate(gaps: list[float], rate: float, burst: int) -> None:
    bucket, now, given_out = TokenBucket(rate, burst), 100.0, 0
    for gap in gaps:
        now += gap
        while bucket.wait(now) == 0.0:
            bucket.take()
            given_out += 1
        assert given_out <= burst + (now - 100.0) * rate + 1e-6


@pytest.mark.parametrize("method", ["answerCallbackQuery", "getMe", "sendChatAction"])
async def test_a_call_that_is_no_message_counts_among_all_calls_goes_first_and_costs_no_chat_its_turn(method: str) -> None:
    limiter, telegram = TelegramRateLimiter(overall=2, burst=6), Telegram()
    start = asyncio.get_running_loop().time()
    waiting = [asyncio.create_task(send(limiter, telegram, f"card{n}", chat=n, priority=Priority.CARD)) for n in range(4)]
    await asyncio.sleep(0)
    await send(limiter, telegram, "tap", method=method)
    await asyncio.gather(*waiting)
    assert [(name, round(at - start, 1)) for at, _, name in telegram.calls][2] == ("tap", 0.5)
    await asyncio.gather(*(send(limiter, telegram, f"me{n}") for n in range(6)))
    assert round(telegram.calls[-1][0] - start, 1) == 4.5, "only all calls together were slowed, ME had its whole burst"
    await limiter.shutdown()


@pytest.mark.parametrize("method", ["sendMediaGroup", "pinChatMessage", "editMessageCaption", "copyMessage"])
async def test_every_kind_of_message_is_counted_for_its_chat(method: str) -> None:
    limiter, telegram = TelegramRateLimiter(burst=1), Telegram()
    start = asyncio.get_running_loop().time()
    await asyncio.gather(*(send(limiter, telegram, str(n), method=method) for n in range(3)))
    assert [round(at - start) for at, _, _ in telegram.calls] == [0, 1, 2]
    await limiter.shutdown()


async def test_a_watch_list_goes_after_everything_else() -> None:
    limiter, telegram = TelegramRateLimiter(burst=1), Telegram()
    await send(limiter, telegram, "first")
    order = [(priority.name, priority) for priority in reversed(Priority)]
    await asyncio.gather(*(asyncio.create_task(send(limiter, telegram, name, priority=priority)) for name, priority in order))
    assert telegram.names[1:] == ["FIRST", "SAFETY", "FILL", "REPLY", "CARD", "WATCH"]
    await limiter.shutdown()
