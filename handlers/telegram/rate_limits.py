"""One limiter for every call to Telegram: ways out before safety before fills before replies before cards before watch lists.

About thirty calls a second in all, and one a second to a chat with a small burst. A chat that Telegram told to wait waits alone.
Waiting is plain asyncio on loop time.
"""

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

_log = logging.getLogger(__name__)

JSON = dict[str, Any]
Answer = bool | JSON | list[JSON]

# Calls about a chat that put nothing into it: counted among all calls, not among the messages of the chat.
_UNSEEN = frozenset({"answerCallbackQuery", "sendChatAction", "getChat", "getMe", "setMyCommands", "setChatMenuButton"})


class Priority(IntEnum):
    """Who goes first when there is a queue."""

    FIRST = 1  # the answer to a way out: kill, panic, an exit. The library takes 0 for no priority at all
    SAFETY = 2
    FILL = 3
    REPLY = 4
    CARD = 5
    WATCH = 6


class TokenBucket:
    """Tokens that come back at a rate. Loop time in seconds."""

    __slots__ = ("_burst", "_rate", "_stamp", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._stamp: float | None = None

    def wait(self, now: float, reserve: float = 0.0) -> float:
        """Seconds until one may be taken. `reserve` is how far below zero this caller may go."""
        if self._stamp is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._stamp) * self._rate)
        self._stamp = now
        return max(0.0, (1.0 - reserve - self._tokens) / self._rate)

    def take(self) -> None:
        self._tokens -= 1.0

    def is_full(self, now: float) -> bool:
        self.wait(now)
        return self._tokens >= self._burst


class TelegramRateLimiter(BaseRateLimiter[Priority]):
    """The queue before Telegram."""

    def __init__(
        self,
        *,
        overall: float = 30.0,
        per_chat: float = 1.0,
        burst: float = 5.0,
        reserve: float = 4.0,
        room: float = 1.0,
        patience: float = 30.0,
        tries: int = 2,
    ) -> None:
        """reserve: how many answers to ways out go although the chat's burst is spent. patience: the longest pause, in
        seconds, that a reply sits out. News is left to the outbox, which keeps it.

        room: what all others leave of a chat's burst, cards and watch lists twice that. Without it many cards, or much news,
        keep the chat at Telegram's own limit, and an answer above that makes the whole chat wait.
        """
        self._overall = TokenBucket(overall, overall)
        self._per_chat = per_chat
        self._burst = burst
        self._reserve = reserve
        self._leaves = {each: min(2 * room if each >= Priority.CARD else room, burst - 1) for each in Priority}
        self._patience = patience
        self._tries = tries
        self._chats: dict[int, TokenBucket] = {}
        self._paused: dict[int, float] = {}
        self._queue: list[tuple[Priority, int, int | None, asyncio.Future[None]]] = []
        self._count = 0
        self._pump: asyncio.Task[None] | None = None
        self._stir = asyncio.Event()

    async def initialize(self) -> None:
        """Nothing to open: buckets are made when first needed."""

    async def shutdown(self) -> None:
        """Stops the queue. Whoever still waits is cancelled."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait({self._pump})
            self._pump = None
        for *_, turn in self._queue:
            turn.cancel()
        self._queue.clear()

    async def process_request(  # noqa: PLR0917  # the library's own signature
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: JSON,
        endpoint: str,
        data: JSON,
        rate_limit_args: Priority | None,
    ) -> Answer:
        """Waits for a turn, calls, and sits out one or two short pauses that Telegram asks for (a 429 did nothing)."""
        chat = data.get("chat_id")
        if endpoint in _UNSEEN or not isinstance(chat, int):  # the answer to a tap above all, which somebody waits for
            await self._turn(None, Priority.FIRST)
            return await callback(*args, **kwargs)
        priority = Priority.REPLY if rate_limit_args is None else rate_limit_args
        for attempt in range(self._tries + 1):
            await self._turn(chat, priority)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                pause = seconds(error)
                self._paused[chat] = asyncio.get_running_loop().time() + pause
                stored = priority in (Priority.FILL, Priority.CARD)  # who sends these tries again later from the store
                if stored or pause > self._patience or attempt == self._tries:
                    raise
                _log.warning("telegram asks chat %s to wait %.0f s", chat, pause)
        msg = "unreachable: the last attempt returns or raises"
        raise AssertionError(msg)

    async def _turn(self, chat: int | None, priority: Priority) -> None:
        now = asyncio.get_running_loop().time()
        if not self._queue and self._take(chat, priority, now) == 0.0:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._queue, (priority, self._count, chat, turn))
        self._stir.set()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._serve(), name="telegram pace")
        await turn

    def _take(self, chat: int | None, priority: Priority, now: float) -> float:
        """0.0 and a token taken from both buckets, or the seconds to wait. None: a call that is no message to a chat."""
        if chat is None:
            if (wait := self._overall.wait(now)) == 0.0:
                self._overall.take()
            return wait
        own = self._chats.get(chat)
        if own is None:
            self._tidy(now)
            own = self._chats[chat] = TokenBucket(self._per_chat, self._burst)
        reserve = self._reserve if priority is Priority.FIRST else -self._leaves[priority]
        wait = max(own.wait(now, reserve), self._overall.wait(now), self._paused.get(chat, 0.0) - now)
        if wait > 0.0:
            return wait
        own.take()
        self._overall.take()
        return 0.0

    def _tidy(self, now: float) -> None:
        if len(self._chats) >= 1000:
            self._chats = {chat: bucket for chat, bucket in self._chats.items() if not bucket.is_full(now)}
        self._paused = {chat: until for chat, until in self._paused.items() if until > now}

    async def _serve(self) -> None:
        """Gives turns in the order of priority, past those whose chat has to wait, until nobody waits."""
        loop = asyncio.get_running_loop()
        while self._queue:
            self._stir.clear()
            now = loop.time()
            blocked_turns: list[tuple[Priority, int, int | None, asyncio.Future[None]]] = []
            shortest = 60.0
            blocked: set[int | None] = set()
            while self._queue:
                if (wait := self._overall.wait(now)) > 0.0:  # nobody at all may go, so nobody is asked
                    shortest = min(shortest, wait)
                    break
                priority, count, chat, turn = heapq.heappop(self._queue)
                if turn.done():
                    continue
                wait = 1e-3 if chat in blocked else self._take(chat, priority, now)
                if wait == 0.0:
                    turn.set_result(None)
                    continue
                if chat not in blocked:
                    shortest = min(shortest, wait)
                    blocked.add(chat)
                blocked_turns.append((priority, count, chat, turn))
            for waiting in blocked_turns:
                heapq.heappush(self._queue, waiting)
            if self._queue:
                try:
                    await asyncio.wait_for(self._stir.wait(), max(shortest, 1e-3))
                except TimeoutError:
                    continue


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait, whichever type the library hands out."""
    pause = error.retry_after
    return float(pause) if isinstance(pause, int | float) else pause.total_seconds()
