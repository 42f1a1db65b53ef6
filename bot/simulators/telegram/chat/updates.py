"""The queue of updates between the chats and the bot: kept until confirmed by offset, or for 24 hours.

The rules are Telegram's: an offset forgets all before it for good, whatever was not forgotten is given again, a second
poller ends the first with 409, a webhook and polling exclude each other, and a poller that hurries on the same offset
is slowed down to a long poll of three seconds.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from bot.simulators.telegram.chat.messages import State, Waiting
from bot.simulators.telegram.errors import ApiError

LIFETIME: Final = timedelta(hours=24)
MOST_AT_ONCE: Final = 100
LONGEST_POLL: Final = 50.0  # seconds
HURRY: Final = 3.0  # seconds between polls of one offset below which a short poll becomes a long one

KINDS: Final = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
    }
)
# These come only to a bot that asks for them by name.
_ON_REQUEST: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Clock(Protocol):
    """Where the demo reads the date: UTC aware."""

    def now(self) -> datetime: ...


class UpdateQueue:
    """One bot's updates, kept in `state`. Ids go on from its last one."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock = clock
        self._state = state
        self._allowed: frozenset[str] = KINDS - _ON_REQUEST
        self._poller: asyncio.Future[None] | None = None
        self._last_offset: int | None = None
        self._last_poll_at = 0.0
        self.webhook = ""

    @property
    def pending(self) -> list[dict[str, Any]]:
        """What the bot has not confirmed yet, oldest first."""
        self._expire()
        return [each.update for each in self._state.waiting]

    def put(self, update: dict[str, Any]) -> int | None:
        """Queue one update (its kind is its one key). Returns its id, or nothing when the bot does not want that kind."""
        kinds = [key for key in update if key != "update_id"]
        if any(kind in KINDS and kind not in self._allowed for kind in kinds):
            return None
        self._state.update_id += 1
        update_id = self._state.update_id
        self._state.waiting.append(Waiting(update={"update_id": update_id, **update}, since=self._clock.now()))
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)
        return update_id

    def allow(self, kinds: Collection[str] | None) -> None:
        """Remember which kinds the bot wants. Nothing leaves it as it was, an empty list means the usual ones."""
        if kinds is not None:
            self._allowed = frozenset(kinds) & KINDS if kinds else KINDS - _ON_REQUEST

    def forget_all(self) -> None:
        """Drop everything that waits."""
        self._state.waiting.clear()

    def interrupt(self, words: str) -> None:
        """End a poll that waits, with 409."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(ApiError(409, words))
        self._poller = None

    async def poll(
        self, *, offset: int = 0, limit: int = MOST_AT_ONCE, timeout: float = 0, allowed: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """The unconfirmed updates from `offset` on, waiting up to `timeout` seconds for the first. ApiError 409 as above."""
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        self.interrupt("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        self.allow(allowed)
        timeout = self._patience(offset, timeout)
        self._confirm(offset)
        if not self._state.waiting and timeout > 0:
            await self._arrival(timeout)
        self._expire()
        return [each.update for each in self._state.waiting[: max(1, min(limit, MOST_AT_ONCE))]]

    def _patience(self, offset: int, timeout: float) -> float:
        now = asyncio.get_running_loop().time()
        hurried = offset == self._last_offset and now < self._last_poll_at + HURRY
        self._last_offset, self._last_poll_at = offset, now
        return min(max(timeout, HURRY if hurried else 0.0), LONGEST_POLL)

    def _confirm(self, offset: int) -> None:
        self._expire()
        if offset < 0:  # counted from the end; what stands before is forgotten
            del self._state.waiting[: max(0, len(self._state.waiting) + offset)]
        else:
            self._state.waiting = [each for each in self._state.waiting if each.update["update_id"] >= offset]

    def _expire(self) -> None:
        oldest = self._clock.now() - LIFETIME
        self._state.waiting = [each for each in self._state.waiting if each.since > oldest]

    async def _arrival(self, timeout: float) -> None:
        poller: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._poller = poller
        try:
            await asyncio.wait_for(poller, timeout)
        except TimeoutError:
            return
        finally:
            if self._poller is poller:
                self._poller = None
