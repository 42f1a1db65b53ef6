"""The callback context of every handler: who acts, with which words, and the few ways to answer."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, Message, Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import CallbackContext

from bot.domain.people.account import Actor
from bot.domain.ports.broker import RandomBytes
from bot.domain.value import positional
from bot.trading.services import Services
from handlers.context.command import CommandInfo
from handlers.context.permissions import PermissionOf, offered
from handlers.telegram.rate_limits import Priority
from handlers.telegram.receiver import Receiver
from handlers.telegram.sender import Sender
from handlers.views.message import View

_log = logging.getLogger(__name__)

Explain = Callable[[str], str]

GoOn = Callable[["Ctx"], Awaitable[None]]

REMEMBERED = 500  # tokens


@positional
class Waiting:
    """An act that waits for a PIN: words with the message that held them, or a button's data with the message it stood under."""

    message: Message
    words: str | None = None
    data: str | None = None


def as_said(words: str) -> str:
    """The broker's words as they came, where nobody explains them."""
    return words


class BotState:
    """What all handlers share. The application carries it, so there are no globals."""

    def __init__(
        self,
        *,
        services: Services,
        commands: Sequence[CommandInfo],
        permission_of: PermissionOf,
        random_bytes: RandomBytes,
        explain: Explain = as_said,
    ) -> None:
        self.services = services
        self.commands = commands
        self.permission_of = permission_of
        self.random_bytes = random_bytes
        self.explain = explain
        self.code_for: dict[int, str] = {}  # person -> label of the account whose login waits for six digits
        self.after_login: dict[int, tuple[str, GoOn]] = {}  # person -> account and what goes on once a login was made there
        self.to_log_in: dict[int, list[str]] = {}  # person -> labels that /login all has still before it
        self._tapped: OrderedDict[str, None] = OrderedDict()
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    async def go_on_after_login(self, ctx: "Ctx", label: str) -> None:
        """Takes up what waited for the login of this account, once."""
        waiting = self.after_login.get(ctx.chat_id)
        if waiting is not None and waiting[0] == label:
            del self.after_login[ctx.chat_id]
            await waiting[1](ctx)

    def forget_code_of(self, label: str) -> None:
        """Takes six digits no longer for the login of this account: it is unlinked."""
        self.code_for = {person: of for person, of in self.code_for.items() if of != label}

    def wait_for_pin(self, pad_id: str, waiting: Waiting) -> None:
        """Holds an act until its keypad is over. The oldest of some hundreds is dropped."""
        self._waiting[pad_id] = waiting
        while len(self._waiting) > REMEMBERED:
            self._waiting.popitem(last=False)

    def take_waiting(self, pad_id: str) -> Waiting | None:
        """The act behind a keypad, once."""
        return self._waiting.pop(pad_id, None)

    def first_tap(self, token: str) -> bool:
        """Whether this is the first Confirm of that question in this process. Only the words of the answer hang on it.

        The database decides what a tap may do.
        """
        first = token not in self._tapped
        self._tapped[token] = None
        while len(self._tapped) > REMEMBERED:
            self._tapped.popitem(last=False)
        return first


class Ctx(CallbackContext[Receiver, dict[Any, Any], dict[Any, Any], BotState]):
    """One update on its way through one handler."""

    actor: Actor  # set before a handler is called
    cause: Update | None = None  # what the person sent or tapped
    words: str = ""  # what stands behind the command
    message: Message | None = None  # the person's own message, or the message under whose button was tapped
    query: CallbackQuery | None = None
    stays: bool = False  # the answer to the tapped words takes the place of the message with the button
    completes: bool = False  # the words answer a question on the way to an order
    concerns: Message | None = None  # our own message, where the words are a reply that acts on it
    answered: bool = False
    redrawn: bool = False  # our message shows what the tap or the reply led to

    @property
    def state(self) -> BotState:
        return self.bot_data

    @property
    def services(self) -> Services:
        return self.bot_data.services

    @property
    def mode(self) -> str:
        return self.bot_data.services.mode

    @property
    def now(self) -> datetime:
        return self.bot_data.services.clock.now()

    @property
    def chat_id(self) -> int:
        """The private chat. Its id equals the person's (admission.py)."""
        return self._chat_id or 0

    @property
    def message_id(self) -> int:
        return self.message.message_id if self.message is not None else 0

    @property
    def label(self) -> str:
        """The account's label, or nothing where none is linked."""
        return self.actor.account.label if self.actor.account is not None else ""

    @property
    def name(self) -> str:
        """Mark and label of the account, as a table's head shows them."""
        return self.actor.account.name if self.actor.account is not None else ""

    @property
    def mark(self) -> str:
        """The account's own mark, or nothing where none is linked."""
        return self.actor.account.mark if self.actor.account is not None else ""

    def own(self, view: View, *, marked: bool = True) -> View:
        """The view as this person sees it: the account's mark leads it, and buttons that the role may not use are gone."""
        actor: Actor | None = getattr(self, "actor", None)  # not yet known where an update failed before it was looked up
        if actor is None:
            return view
        mark = actor.account.mark if marked and actor.account is not None else ""
        return offered(view.led_by(mark), actor.role, self.state.permission_of)

    async def reply(self, view: View, *, to: int | None = None, priority: Priority = Priority.REPLY, marked: bool = True) -> int:
        """Sends a view without a sound: the person is looking. Returns the message id. marked: the account's mark leads it."""
        own = self.own(view, marked=marked)
        return await Sender(self.bot).send(self.chat_id, own, reply_to=to, priority=priority, silent=True)

    async def redraw(self, view: View, *, priority: Priority = Priority.REPLY, marked: bool = True) -> int:
        """Edits our message after a tap on it or a reply to it, else sends a new one. Returns the message id."""
        over = self.concerns or (self.message if self.query is not None else None)
        if over is None:
            return await self.reply(view, priority=priority, marked=marked)
        own = self.own(view, marked=marked)
        message_id = await Sender(self.bot).edit(self.chat_id, over.message_id, own, priority=priority, silent=True)
        self.redrawn = True
        return message_id

    async def pin(self, message_id: int) -> None:
        """Puts a message on top of the chat. It stands there all the same where Telegram would not."""
        try:
            await Sender(self.bot).pin(self.chat_id, message_id)
        except TelegramError as error:
            _log.info("a message was not pinned: %s", error.message)

    async def redraw_or_reply(self, view: View) -> int:
        """Answers a command, in place of the message with its button where that is a step on the same way."""
        return await (self.redraw(view) if self.stays else self.reply(view))

    async def answer(self, text: str = "", *, alert: bool = False) -> None:
        """Answers a tap once. A tap too old to be answered is no error."""
        if self.query is None or self.answered:
            return
        self.answered = True
        try:
            await self.bot.answer_callback_query(self.query.id, text[:200] or None, show_alert=alert)
        except BadRequest as error:
            _log.debug("a tap was not answered: %s", error.message)
        except TelegramError as error:  # the act behind the tap matters more than its little sign
            _log.warning("a tap was not answered: %s", error.message)

    async def delete_words(self) -> bool:
        """Deletes the person's own message. Returns False when Telegram would not."""
        if self.message is None or self.query is not None:
            return False
        try:
            return await self.bot.delete_message(self.chat_id, self.message.message_id, rate_limit_args=Priority.FIRST)
        except TelegramError as error:
            _log.warning("a message that held a code was not deleted: %s", error.message)
            return False
