"""A scripted person: says, taps and waits as somebody with a phone would, and counts how often the phone rang."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from bot.simulators.telegram.chat.chats import Chats, Person
from bot.simulators.telegram.chat.messages import Chat, Json, Message, view
from bot.simulators.telegram.errors import PersonError

T = TypeVar("T")
Wanted = str | Callable[[Json], bool]

PATIENCE = 30.0  # seconds of loop time


class ScriptedPerson(Person):
    """A person with eyes: what they wait for must be new or changed since they last said, tapped or deleted something."""

    def __init__(self, chats: Chats, user_id: int, *, name: str | None = None, started: bool = False) -> None:
        super().__init__(chats, chats.person(user_id, name=name, started=started).user)
        self._since = chats.event_number

    # Acting

    def say(self, text: str, reply_to: int | None = None, *, chat: Chat | None = None) -> Json:
        """Send a text. What came before no longer counts as an answer."""
        said = super().say(text, reply_to, chat=chat)
        self.look_away()
        return said

    def press(self, button: str, message: Json | None = None) -> str:
        """Tap a button by its label (or its callback data), the newest message first. Returns the query's id."""
        shown = [message] if message is not None else list(reversed(self.history()))
        for exact in (True, False):
            for each in shown:
                for choice in (choice for row in each["buttons"] for choice in row if "data" in choice):
                    if _is(choice, button, exact=exact):
                        self.look_away()
                        return self.tap(each["id"], choice["data"])
        offered = [choice["label"] for each in shown[:5] for row in each["buttons"] for choice in row]
        raise PersonError(f"no button {button!r}; the last messages offer {offered}.\n{self.transcript(6)}")

    def look_away(self) -> None:
        """From here on only what is new or changed counts for `wait_for`."""
        self._since = self.chats.event_number

    # Seeing

    @property
    def last(self) -> Json:
        """The newest message of the bot. PersonError when there is none."""
        for message in reversed(self.history()):
            if message["from_bot"]:
                return message
        raise PersonError("the bot has said nothing")

    def news(self) -> list[Json]:
        """The bot's messages that are new or edited since the person last acted, oldest first."""
        return [view(each) for each in self._from_bot() if not each.deleted and each.changed > self._since]

    def message(self, message_id: int) -> Json | None:
        """One message as it shows now. Nothing when it is gone."""
        found = self.private.present(message_id)
        return None if found is None else view(found)

    def rings(self, after: int = 0) -> list[Json]:
        """The bot's messages that made the phone ring (edits and silent ones do not), newer than message id `after`."""
        return [view(each) for each in self._from_bot() if not each.silent and each.id > after]

    def notes(self) -> list[Json]:
        """The answers to this person's taps, as they popped up."""
        return [each for each in self.chats.answers if each["user_id"] == self.user.id]

    def transcript(self, last: int | None = None) -> str:
        """The chat as plain text, for a report or a failing test."""
        lines = []
        for each in self.history()[-last if last else 0 :]:
            lines.append(f"{'<' if each['from_bot'] else '>'} {each['text']}")
            lines.extend("  " + " ".join(f"[ {choice['label']} ]" for choice in row) for row in each["buttons"])
        return "\n".join(lines)

    # Waiting

    async def wait_for(self, wanted: Wanted, timeout: float = PATIENCE) -> Json:
        """The first new or changed message that holds the text (or meets the predicate). PersonError after `timeout` seconds."""
        return await self._until(lambda: next((each for each in self.news() if _meets(each, wanted)), None), wanted, timeout)

    async def wait_until_gone(self, message_id: int, timeout: float = PATIENCE) -> None:
        """Wait for a message to be deleted."""
        await self._until(lambda: True if self.message(message_id) is None else None, f"end of {message_id}", timeout)

    async def wait_for_note(self, query_id: str, timeout: float = PATIENCE) -> Json:
        """The answer to a tap."""
        return await self._until(
            lambda: next((each for each in self.notes() if each["query_id"] == query_id), None), query_id, timeout
        )

    async def ask(self, text: str, wanted: Wanted = "", timeout: float = PATIENCE) -> Json:
        """Say something and wait for the answer."""
        self.say(text)
        return await self.wait_for(wanted, timeout)

    async def choose(self, button: str, wanted: Wanted = "", timeout: float = PATIENCE) -> Json:
        """Press a button and wait for what comes of it."""
        self.press(button)
        return await self.wait_for(wanted, timeout)

    async def _until(self, found: Callable[[], T | None], wanted: Wanted, timeout: float) -> T:
        try:
            async with asyncio.timeout(timeout):
                while (result := found()) is None:
                    await self.chats.change()
        except TimeoutError:
            words = wanted if isinstance(wanted, str) else getattr(wanted, "__name__", "what was wanted")
            raise PersonError(f"waited {timeout:g} s in vain for {words!r}:\n{self.transcript(8)}") from None
        return result

    def _from_bot(self) -> list[Message]:
        return [each for each in self.private.messages.values() if each.from_bot]


def _is(choice: Json, button: str, *, exact: bool) -> bool:
    if exact:
        return button in (choice["label"], choice["data"])
    return button.casefold() in str(choice["label"]).casefold()


def _meets(message: Json, wanted: Wanted) -> bool:
    return wanted in message["text"] if isinstance(wanted, str) else wanted(message)
