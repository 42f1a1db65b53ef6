"""The poller: getUpdates, guard, read, into the inbox and committed, offset raised, handed on.

Marked done when handled.

Telegram is told that we have an update only by the next getUpdates, which is sent after the commit, so a kill at any moment
loses nothing (telegram.md, "Updates must not be lost"). A login code never reaches the disk: it is blanked
before it is stored.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.constants import UpdateType
from telegram.error import Conflict, RetryAfter, TelegramError

from bot.domain.clock import Clock
from bot.domain.errors import StorageAway, StorageError
from bot.domain.people.access import Welcome
from bot.domain.people.origin import of_update, origin
from bot.domain.ports.inbox import Inbox, InboxEntry
from bot.trading.people.allowlist import Allowlist
from handlers.application import App
from handlers.commands.people import account
from handlers.registry import parse_command
from handlers.telegram.admission import TOO_FAST, Allowance, Judgement, Verdict, joining_code, judge
from handlers.telegram.rate_limits import seconds
from handlers.telegram.receiver import Json, Received, UnreadUpdate, number, read_one
from handlers.telegram.sender import Sender
from handlers.views.message import message
from handlers.views.people import people as people_views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import PadTap

_log = logging.getLogger(__name__)

ALLOWED = (UpdateType.MESSAGE, UpdateType.EDITED_MESSAGE, UpdateType.CALLBACK_QUERY, UpdateType.MY_CHAT_MEMBER)
POLL = 25  # seconds that Telegram holds an empty getUpdates
LONGEST_PAUSE = 30.0  # seconds between tries while Telegram is away
HEAD_START = 0.02  # seconds; a tap that was just taken comes to its order before the next call is made ready
UNREADABLE = "I could not read that. Nothing was done with it. Send it again as plain words."


class UpdatePoller:
    """What comes in from Telegram, each update stored before it is acknowledged and handled once."""

    def __init__(
        self,
        application: App,
        *,
        inbox: Inbox,
        allowlist: Allowlist,
        clock: Clock,
        allowance: Allowance | None = None,
        conflict: Callable[[str], Awaitable[None]] | None = None,
        heard: Callable[[int], None] | None = None,
        back: Callable[[float], None] | None = None,
    ) -> None:
        self._application = application
        self._inbox = inbox
        self._allowlist = allowlist
        self._clock = clock
        self._allowance = allowance or Allowance()
        self._knocks = Allowance(most=5, within=600.0)  # of one stranger
        self._all_knocks = Allowance(most=20, within=60.0)  # of all of them
        self._lines = Allowance(most=1, within=60.0)  # in the log about what cannot be read
        self.left_out = 0  # updates that the guard let through and that could not be read, since the start
        self._conflict = conflict  # Telegram's words when somebody else receives in our place
        self._heard = heard  # a person on the list wrote or tapped: their chat is open
        self._back = back  # Telegram answers again, after so many seconds
        self._offset: int | None = None
        self._closing = asyncio.Event()
        self._asking: asyncio.Task[Received] | None = None
        self._handling: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._away_since: str | None = None
        self._away_from = 0.0  # the same in loop time

    async def run(self) -> None:
        """Handles what was left from before, then polls until close() is called. StorageError: nothing may be taken any more.

        While the database takes nothing for now (StorageAway), what is said is handled all the same: looking, /kill and cancels
        need no row.
        """
        await self._resume()
        pause = 1.0
        while not self._closing.is_set():
            try:
                received = await self._poll()
            except TelegramError as error:
                self._outage_began(error)
                if isinstance(error, Conflict) and self._conflict is not None:
                    await self._conflict(error.message)
                await self._rest(seconds(error) if isinstance(error, RetryAfter) else pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            self._outage_ended()
            pause = 1.0
            await self._take(received)
            if self._handling:
                await asyncio.wait(self._handling, timeout=HEAD_START)

    def was_away(self, seconds: float) -> None:
        """Telegram could not be reached for so long before this began."""
        if seconds and self._back is not None:
            self._back(seconds)

    def close(self) -> None:
        """Takes no more updates. What was taken goes on."""
        self._closing.set()
        if self._asking is not None:
            self._asking.cancel()

    async def drain(self, seconds: float) -> None:
        """Waits for handlers in flight, at most so long. What is cut off stays in the inbox and is handled at the next start."""
        if self._handling:
            _, late = await asyncio.wait(self._handling, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                _log.warning("%d updates were not finished; they are handled at the next start", len(late))
                await asyncio.wait(late)

    async def _resume(self) -> None:
        """Hands on what was stored and not handled before the last stop, oldest first."""
        highest = await self._inbox.highest()
        self._offset = None if highest is None else highest + 1
        for entry in await self._inbox.waiting():
            try:
                update = read_one(json.loads(entry.body), self._application.bot)
            except ValueError:  # no JSON at all
                update = UnreadUpdate(update_id=entry.update_id, error="ValueError")
            if isinstance(update, UnreadUpdate):  # must not stop every start to come
                _log.error("update %s in the inbox cannot be read any more (%s); it is left out", entry.update_id, update.error)
                await self._inbox.done(entry.update_id, self._clock.now())
            else:
                self._hand_on(entry, update)

    async def _poll(self) -> Received:
        """What came in, or nothing when the poller is closed meanwhile (an unanswered poll confirms nothing new)."""
        asking = self._application.bot.receive(self._offset, wait=POLL, kinds=ALLOWED)
        self._asking = asyncio.create_task(asking, name="getUpdates")
        try:
            return await self._asking
        except asyncio.CancelledError:
            if self._closing.is_set():
                return Received()
            raise

    async def _take(self, received: Received) -> None:
        """Guard, read, store, commit. Only then the offset moves on and the handlers start."""
        if received.offset is None:
            return
        if self._allowlist.stale:
            await self._allowlist.refresh()
        accepted: dict[int, Update] = {}
        entries: list[InboxEntry] = []
        for raw in received.updates:
            try:
                admitted = self._admitted(raw)
            except Exception as error:  # noqa: BLE001  # last resort: what nobody sends must not stop the poller for good
                self._leave_out(UnreadUpdate(update_id=number(raw.get("update_id")), error=type(error).__name__))
                continue
            if admitted is not None:
                entry, accepted[entry.update_id] = admitted
                entries.append(entry)
        try:
            fresh = await self._inbox.add(entries) if entries else ()
        except StorageAway as error:  # what would send an order needs a row of its own, and is refused there
            _log.warning("%d updates are handled without a row: %s", len(entries), error.say)
            fresh = entries
        self._offset = received.offset
        for entry in fresh:
            if self._heard is not None:
                self._heard(entry.user_id)
            self._hand_on(entry, accepted[entry.update_id])

    def _admitted(self, raw: Json) -> tuple[InboxEntry, Update] | None:
        """The update and its row, when it is taken. What else the guard wants done is begun. What it drops is not even read."""
        judgement = self._judged(raw)
        if judgement.verdict is Verdict.DROP:
            return None
        update = read_one(raw, self._application.bot)
        if isinstance(update, UnreadUpdate):
            self._leave_out(update, person=0 if judgement.verdict is Verdict.KNOCK else judgement.user_id)
        elif judgement.verdict is Verdict.TAKE:
            body, now = stored_body(update, raw), self._clock.now()
            return InboxEntry(update_id=update.update_id, user_id=judgement.user_id, body=body, received_at=now), update
        elif judgement.verdict is Verdict.KNOCK:
            self._answer(self._knocked(update), "knock")
        else:
            self._answer(self._told(update, judgement), "guard's answer")
        return None

    def _leave_out(self, update: UnreadUpdate, *, person: int = 0) -> None:
        """Counted, a line in the log at most once a minute, a word to the person. Its number is confirmed with the batch."""
        self.left_out += 1
        if self._lines.takes(0, asyncio.get_running_loop().time()):
            _log.warning(
                "update %s cannot be read (%s); it is left out, as %s since the start",
                update.update_id,
                update.error,
                self.left_out,
            )
        if person:
            self._answer(self._say(person, UNREADABLE), "unreadable")

    def _judged(self, raw: Json) -> Judgement:
        """The guard's verdict, and whether this person has said too much too fast. The kill switch is never too much."""
        judgement = judge(raw, self._allowlist.known)
        if not judgement.user_id or judgement.urgent:
            return judgement
        now = asyncio.get_running_loop().time()
        if judgement.verdict is Verdict.KNOCK:
            heard = self._knocks.takes(judgement.user_id, now) and self._all_knocks.takes(0, now)
            return judgement if heard else Judgement(Verdict.DROP)
        if self._allowance.takes(judgement.user_id, now):
            return judgement
        if self._allowance.tells(judgement.user_id, now):
            return Judgement(Verdict.TELL, judgement.user_id, TOO_FAST)
        return Judgement(Verdict.DROP)

    def _hand_on(self, entry: InboxEntry, update: Update) -> None:
        task = asyncio.create_task(self._handle(entry, update), name=f"update {entry.update_id}")
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _handle(self, entry: InboxEntry, update: Update) -> None:
        """Through the processor, so that turns are kept. Handlers' errors are told by the error handler and never arrive here."""
        application = self._application
        _begin(update)
        await application.update_processor.process_update(update, application.process_update(update))
        try:
            await self._inbox.done(entry.update_id, self._clock.now())
        except StorageError as error:
            _log.error("update %s was handled but not marked: %s", entry.update_id, error)

    def _answer(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """One line, a knock, or walking out of a group. None of them holds up the poller, and a failure harms nobody."""
        task = asyncio.create_task(work, name=name)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _knocked(self, update: Update) -> None:
        """A stranger with a joining code: let in, told that the link is over, or met with silence. It is not stored here."""
        heard = update.message
        code = joining_code(heard.text) if heard is not None and heard.text else None
        if heard is None or heard.from_user is None or code is None:
            return
        _begin(update)
        try:
            outcome = await self._application.bot_data.services.invitations.join(
                heard.from_user.id, heard.from_user.full_name, code
            )
            if isinstance(outcome, Welcome):
                await Sender(self._application.bot).send(heard.chat.id, people_views.welcome(outcome), silent=True)
            elif outcome is not None:
                await Sender(self._application.bot).send(heard.chat.id, people_views.no_entry(outcome), silent=True)
        except (StorageError, TelegramError) as error:
            _log.warning("a knock of %s was not answered: %s", heard.from_user.id, type(error).__name__)

    async def _told(self, update: Update, judgement: Judgement) -> None:
        bot = self._application.bot
        try:
            if judgement.verdict is Verdict.LEAVE and update.effective_chat is not None:
                await bot.leave_chat(update.effective_chat.id)
            elif update.callback_query is not None:
                await bot.answer_callback_query(update.callback_query.id, judgement.say, show_alert=True)
            else:
                under = update.effective_message.message_id if update.effective_message is not None else None
                await Sender(bot).send(judgement.user_id, message(judgement.say), reply_to=under, silent=True)
        except TelegramError as error:
            _log.info("the guard's answer was not taken: %s", error.message)

    async def _say(self, person: int, words: str) -> None:
        try:
            await Sender(self._application.bot).send(person, message(words), silent=True)
        except TelegramError as error:
            _log.info("a word to %s was not taken: %s", person, error.message)

    def _outage_began(self, error: TelegramError) -> None:
        if self._away_since is None:
            self._away_from = asyncio.get_running_loop().time()
            self._away_since = f"{self._clock.now():%H:%M:%S} UTC"
            _log.warning("telegram does not answer (%s: %s); trying again until it does", type(error).__name__, error.message)

    def _outage_ended(self) -> None:
        if self._away_since is not None:
            _log.warning("telegram answers again; it did not since %s", self._away_since)
            self._away_since = None
            if self._back is not None:
                self._back(asyncio.get_running_loop().time() - self._away_from)

    async def _rest(self, pause: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), pause)
        except TimeoutError:
            return


def _begin(update: Update) -> None:
    """From here on every act names this message."""
    under = update.effective_message
    tapped = update.callback_query is not None
    origin.set(of_update(update.update_id, under.message_id if under is not None else None, tapped=tapped))


def stored_body(update: Update, raw: Json) -> str:
    """The update as JSON, a secret in it blanked: six digits, whatever stands behind /login, what else stands behind /link."""
    if update.callback_query is not None and isinstance(decode(update.callback_query.data or ""), PadTap):
        return json.dumps({**raw, "callback_query": _blank_key(raw["callback_query"])})
    heard_words = update.message
    text = heard_words.text if heard_words is not None else None
    blank = _blanked(text, answers=heard_words is not None and heard_words.reply_to_message is not None) if text else None
    if blank is None:
        return json.dumps(raw)
    return json.dumps({**raw, "message": {**_without(raw["message"], "entities"), "text": blank}})


def _blank_key(tap: Json) -> dict[str, Any]:
    """A key of a PIN's keypad without its place and without the keypad, which together would name the digit.

    Read back after a restart it is a key of a keypad that is over, as every keypad is by then.
    """
    return {**tap, "data": "k:gone:x", "message": _without(tap["message"], "reply_markup")}


def _without(body: Json, name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _blanked(text: str, *, answers: bool) -> str | None:
    """answers: it is a reply to a message of ours, whose six digits may be a price or a quantity."""
    if account.six_digits(text) is not None:
        return account.BLANK
    parsed = parse_command(text)
    if parsed is None and not answers and account.code_among(text) is not None:
        return account.BLANK
    if parsed is None or not parsed.words:
        return None
    name = parsed.command.name
    if name == "login" and parsed.words.lower() in ("all", "page"):
        return None
    if name == "login" or (name == "link" and " " in parsed.words):
        return (f"{parsed.label}: " if parsed.label else "") + f"/{name} {account.BLANK}"
    return None
