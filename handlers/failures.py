"""The error handler.

It tells the person, writes one log line with the id that stands in the words, and carries on.
"""

import logging
from contextlib import suppress

from telegram import Update
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.domain.errors import (
    BotError,
    BrokerError,
    ConfirmationGone,
    DeliveryError,
    NotAllowed,
    PhoneLocked,
    PinClosed,
    StorageError,
    UnknownSymbol,
    Unreadable,
    UsageError,
)
from bot.runtime.logs import correlation
from handlers.context.context import Ctx
from handlers.registry import parse_command
from handlers.telegram.rate_limits import Priority
from handlers.telegram.sender import Sender, sorted_error
from handlers.views.failures import failure, has_incident
from handlers.views.message import View
from handlers.views.taps.tap import TokenTap, decode
from handlers.views.taps.taps import DoItNowTap, PadTap, WordsTap

_log = logging.getLogger(__name__)


async def tell(update: object, ctx: Ctx) -> None:
    """Called by the application with whatever a handler raised."""
    error = ctx.error
    if error is None:
        return
    if isinstance(error, TelegramError) and not isinstance(error, BadRequest | ChatMigrated):  # those two are mistakes of ours
        error = sorted_error(error)
    incident = correlation.get()
    _write_down(error, incident, ctx.chat_id)
    if not isinstance(update, Update) or not ctx.chat_id:
        return
    if isinstance(error, DeliveryError) and (error.may_have_arrived or error.permanent):
        return  # what was sent may stand there and work, or there is nobody to tell
    if trying := _trying(error, update):
        await _tell_owners(update, ctx, trying)
    account = _addressed(update)
    with suppress(BotError):  # what went wrong may be the account's own name, or the store
        if (actor := await ctx.services.accounts.actor(ctx.chat_id, account or None)) is not None:
            ctx.actor = actor
    of_account = not isinstance(error, UsageError | UnknownSymbol | PhoneLocked | PinClosed)
    view = ctx.own(failure(error, incident, account=account), marked=of_account)
    under = update.effective_message.message_id if update.effective_message is not None else None
    telling = _tell_person(ctx, view, under, incident)
    if isinstance(error, DeliveryError):  # Telegram may ask for minutes: what the person says next must not wait behind that
        ctx.application.create_task(telling, update)
    elif await telling and isinstance(error, BrokerError) and update.callback_query is not None:
        tap = decode(update.callback_query.data or "")
        if isinstance(tap, TokenTap):
            await ctx.services.answers.told(tap.token)


async def _tell_person(ctx: Ctx, view: View, under: int | None, incident: str) -> bool:
    """Whether the words arrived."""
    try:
        await Sender(ctx.bot).send(ctx.chat_id, view, reply_to=under, priority=Priority.REPLY, silent=True)
    except TelegramError as deaf:
        _log.warning("id %s: the person could not be told: %s", incident, deaf.message)
        return False
    return True


async def _tell_owners(update: Update, ctx: Ctx, trying: str) -> None:
    """Tells the owners. The person gets an answer also when the record cannot be written."""
    user = update.effective_user
    try:
        await ctx.services.invitations.tried(ctx.chat_id, user.full_name if user is not None else str(ctx.chat_id), trying)
    except StorageError as error:
        _log.warning("the owners could not be told of a refusal: %s", error.say)


def _trying(error: Exception, update: Update) -> str:
    """What the owners should hear of a refusal that looks like trying. Empty for the usual slips of a finger."""
    if isinstance(error, NotAllowed):
        # The command alone: what was typed behind it may be anything.
        parsed = parse_command(update.message.text) if update.message is not None and update.message.text else None
        what = f"/{parsed.command.name}" if parsed is not None else "a button"
        return f"tried {what}, which the role does not allow"
    if isinstance(error, ConfirmationGone) and error.foreign:
        return "tapped on a card of somebody else's"
    return ""


def _write_down(error: Exception, incident: str, chat_id: int) -> None:
    if not has_incident(error):
        _log.info("id %s chat %s: %s: %s", incident, chat_id, type(error).__name__, error)
    elif isinstance(error, DeliveryError):
        became = "may have arrived" if error.may_have_arrived else "did not arrive"
        _log.warning("id %s chat %s: an answer %s: %s", incident, chat_id, became, error)
    elif isinstance(error, BrokerError) and not isinstance(error, Unreadable):  # expected: where it was raised says nothing more
        _log.warning("id %s chat %s: %s: %s", incident, chat_id, type(error).__name__, error)
    elif isinstance(error, BotError):
        _log.warning("id %s chat %s: %s: %s", incident, chat_id, type(error).__name__, error, exc_info=error)
    else:
        _log.error("id %s chat %s: unexpected %s", incident, chat_id, type(error).__name__, exc_info=error)


def _addressed(update: Update) -> str:
    """The account that the words or the button named, so that a command offered in the answer goes to the same one."""
    text = ""
    if update.message is not None and update.message.text:
        text = update.message.text
    elif update.callback_query is not None and update.callback_query.data:
        tap = decode(update.callback_query.data)
        if tap is not None and not isinstance(tap, WordsTap | DoItNowTap | PadTap):
            return tap.label
        text = tap.words if isinstance(tap, WordsTap) else ""
    parsed = parse_command(text) if text.strip() else None
    return parsed.label or "" if parsed is not None else ""
