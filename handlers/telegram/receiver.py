"""Our bot: it receives updates as JSON, and each is read by itself, so one that cannot be read costs no other.

Of an answer only the id is read.

The library reads a batch as a whole and raises when any part of it is of a shape that it does not know. Asked again, Telegram
sends the same batch, so a single such message would keep the bot from hearing anything for a day. It also builds every part
of an update, which costs fifty times what the guard needs to drop a stranger's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from telegram import Bot, Update
from telegram.error import TelegramError
from telegram.ext import ExtBot
from telegram.request import BaseRequest

from bot.domain.value import value
from handlers.telegram.rate_limits import Priority

UNREAD = ("entities", "link_preview_options", "reply_markup")  # of the message under a tapped button

Json = Mapping[str, Any]


@value
class UnreadUpdate:
    """An update of which no more is known than its number, and what the library stumbled over."""

    update_id: int
    error: str  # the kind of the error alone: its words may hold what a person typed


@value
class Received:
    """One answer of Telegram: its updates as JSON, in their order. `offset` confirms all of it, None when nothing came."""

    updates: tuple[Json, ...] = ()
    offset: int | None = None


class Receiver(ExtBot[Priority]):
    """The bot that hears and writes. The rest is the library's."""

    async def receive(self, offset: int | None, *, wait: int, kinds: Sequence[str]) -> Received:
        """What came in since offset, held back by Telegram for up to `wait` seconds while there is nothing.

        TelegramError: no answer, or one in which no update has a number, so that nothing could be confirmed.
        """
        asked = {"offset": offset, "timeout": wait, "allowed_updates": list(kinds)}
        read_timeout = (self._request[0].read_timeout or 0) + wait
        answer: object = await self._post("getUpdates", asked, read_timeout=read_timeout)
        if not isinstance(answer, list):
            raise TelegramError("An answer without a list of updates")
        numbered = {update_id: raw for raw in answer if isinstance(raw, dict) and (update_id := number(raw.get("update_id")))}
        if answer and not numbered:
            raise TelegramError("Updates without a number")
        updates = tuple(raw for _, raw in sorted(numbered.items()))
        return Received(updates=updates, offset=max(numbered) + 1 if numbered else None)

    async def write(self, method: str, words: Mapping[str, object], priority: Priority) -> int:
        """Sends or edits a text by that method. Gives the id of the message, 0 where Telegram names none.

        The library would build the whole message of the answer, with a hundred fields that nobody reads.
        """
        data = {"protect_content": BaseRequest.DEFAULT_NONE, **words}  # what the application's defaults say
        answer: object = await self._post(method, data, api_kwargs=self._merge_api_rl_kwargs(None, priority))
        return number(answer.get("message_id")) if isinstance(answer, dict) else 0


def read_one(raw: object, bot: Bot) -> Update | UnreadUpdate:
    """The update that Telegram's JSON stands for. Never raises."""
    if not isinstance(raw, dict):
        return UnreadUpdate(update_id=0, error=type(raw).__name__)
    try:
        return Update.de_json(_as_read(raw), bot)
    except Exception as error:  # noqa: BLE001  # last resort: the library raises whatever its dates, enums and fields raise
        return UnreadUpdate(update_id=number(raw.get("update_id")), error=type(error).__name__)


def _as_read(raw: dict[str, Any]) -> dict[str, Any]:
    """The update without what nobody reads of it. Of a tap the library would build every span and button of the card anew."""
    tap = part(raw, "callback_query")
    message = part(tap, "message")
    if not message:
        return raw
    return {**raw, "callback_query": {**tap, "message": {name: message[name] for name in message if name not in UNREAD}}}


def part(raw: Json, name: str) -> Json:
    """The object of that name, empty where there is none."""
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def number(value: object) -> int:
    """The whole number that the value is, 0 where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
