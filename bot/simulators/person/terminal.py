"""The same chat at a keyboard: words in, the conversation out, buttons by their numbers.

It works through pipes as well.

What is typed is said, except: a number taps that button of the newest card, `7.2` the second button of message 7, and
a line that begins with a colon is an act of the hand (`:help` lists them). `\\5` says a bare 5.
"""

import asyncio
import codecs
import os
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from bot.simulators.telegram.chat.chats import Person
from bot.simulators.telegram.chat.messages import Json
from bot.simulators.telegram.chat.watching import Events
from bot.simulators.telegram.errors import PersonError

IST: Final = timezone(timedelta(hours=5, minutes=30))
HELP: Final = (
    "Type a message or a /command. 1 taps button 1 of the newest card, 7.2 button 2 of message 7, \\5 says 5.\n"
    ":reply [7] words   :edit words   :delete [7]   :menu   :history   :help   :quit"
)
_BUTTON: Final = re.compile(r"(?:(\d{1,5})\.)?(\d{1,2})")
_ACT: Final = re.compile(r":(\w+)\s*(?:#?(\d{1,5})(?=\s|$))?\s*(.*)", re.DOTALL)


class Terminal:
    """One person's chat as lines of text. `paced`: wait for the answer to a line before the next one is read (pipes)."""

    def __init__(
        self,
        person: Person,
        write: Callable[[str], None],
        *,
        paced: bool = False,
        patience: float = 10.0,
        quiet: float = 0.5,
    ) -> None:
        self._person = person
        self._write = write
        self._paced = paced
        self._patience = patience
        self._quiet = quiet
        self._numbers: dict[int, int] = {}  # message id -> the number it is shown under
        self._heard = asyncio.Event()

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Talk until the lines end or `:quit`. OSError when what is written has no reader any more."""
        for message in self._person.history():
            self._show(message)
        self._write(HELP)
        events = self._person.events()
        listening = asyncio.create_task(self._listen(events), name="terminal")
        listening.add_done_callback(lambda _: self._heard.set())  # who waits for an answer waits no longer
        try:
            async for line in lines:
                self._heard.clear()
                if listening.done() or not self._obey(line.rstrip("\r\n")):
                    break
                if self._paced:
                    await self._settle()
        finally:
            await events.aclose()
            await listening

    async def _listen(self, events: Events) -> None:
        async for event in events:
            match event["type"]:
                case "message" if event["message"]["from_bot"]:
                    self._show(event["message"])
                case "message":
                    self._number(event["message"]["id"])
                    continue  # the person sees what they typed
                case "edit" if event["message"]["from_bot"]:
                    self._show(event["message"])
                case "delete":
                    self._write(f"· message {self._number(event['message_id'])} was deleted")
                case "answer" if event["text"]:
                    self._write(f"{'!' if event['alert'] else '·'} {event['text']}")
                case _:
                    continue
            self._heard.set()

    async def _settle(self) -> None:
        """Until the bot has answered and then been quiet for a moment."""
        waited = self._patience
        while True:
            try:
                async with asyncio.timeout(waited):
                    await self._heard.wait()
            except TimeoutError:
                return
            self._heard.clear()
            waited = self._quiet

    def _obey(self, line: str) -> bool:
        """Do what a line says. Returns whether to go on."""
        try:
            if line.startswith(":"):
                return self._act(line)
            match = _BUTTON.fullmatch(line.strip())
            if match is None or not self._tap(match[1], int(match[2])):
                words = line.removeprefix("\\")
                if words.strip():
                    self._person.say(words)
        except PersonError as error:
            self._write(f"! {error}")
        return True

    def _act(self, line: str) -> bool:
        match = _ACT.fullmatch(line)
        act, number, words = match.groups() if match else ("", None, "")
        match act:
            case "quit" | "q":
                return False
            case "reply":
                self._person.say(words, reply_to=self._chosen(number, from_bot=True)["id"])
            case "edit":
                self._person.edit(self._chosen(None, from_bot=False)["id"], f"{number or ''} {words}".strip())
            case "delete":
                self._person.remove(self._chosen(number, from_bot=None if number else False)["id"])
            case "menu":
                self._write("\n".join(f"/{each['command']}  {each['description']}" for each in self._person.menu()))
            case "history":
                for message in self._person.history():
                    self._show(message)
            case _:
                self._write(HELP)
        return True

    def _chosen(self, number: str | None, *, from_bot: bool | None) -> Json:
        """The message of that number, or the newest of that side."""
        for message in reversed(self._person.history()):
            right_side = from_bot is None or message["from_bot"] is from_bot
            if right_side if number is None else self._number(message["id"]) == int(number):
                return message
        raise PersonError(f"there is no message {number}" if number else "there is no message yet")

    def _tap(self, number: str | None, button: int) -> bool:
        """Tap if there is such a button. Otherwise the figures are words."""
        for message in reversed(self._person.history()):
            if number is not None and self._number(message["id"]) != int(number):
                continue
            choices = [choice for row in message["buttons"] for choice in row]
            if not choices and number is None:
                continue
            if not 1 <= button <= len(choices):
                return False
            choice = choices[button - 1]
            if "data" in choice:
                self._person.tap(message["id"], choice["data"])
            else:
                self._write(f"· {choice.get('copy') or choice.get('url')}")
            return True
        return False

    def _number(self, message_id: int) -> int:
        return self._numbers.setdefault(message_id, len(self._numbers) + 1)

    def _show(self, message: Json) -> None:
        when = datetime.fromisoformat(message["date"]).astimezone(IST).strftime("%H:%M:%S")
        marks = "".join(f" ({mark})" for mark in ("edited", "silent") if message[mark])
        reply = f" to {self._number(message['reply_to'])}" if message["reply_to"] else ""
        lines = [f"-- {message['author']} {when} · {self._number(message['id'])}{reply}{marks}"]
        if message["photo_url"]:
            lines.append(f"[picture {message['photo_url']}]")
        if message["document"]:
            lines.append(f"[file {message['document']['name']} {message['document']['url']}]")
        if message["text"]:
            lines.append(message["text"])
        count = 0
        for row in message["buttons"]:
            lines.append("  " + "  ".join(f"[{count + place}] {each['label']}" for place, each in enumerate(row, 1)))
            count += len(row)
        self._write("\n".join(lines))


async def lines_of(file_descriptor: int) -> AsyncIterator[str]:
    """The lines that arrive on a terminal, a pipe or a file, without a thread that could hold up the end."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def arrived() -> None:
        chunks.put_nowait(os.read(file_descriptor, 65_536))

    try:
        loop.add_reader(file_descriptor, arrived)
        watched = True
    except PermissionError:  # a plain file is always ready, and epoll will not watch it
        watched = False
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    try:
        while True:
            if not watched:
                arrived()
            chunk = await chunks.get()
            rest += decoder.decode(chunk, final=not chunk)
            *lines, rest = rest.split("\n")
            for line in lines:
                yield line
            if not chunk:
                break
        if rest:
            yield rest
    finally:
        if watched:
            loop.remove_reader(file_descriptor)
