"""Leads an update to its handler: finds the command or the button, who acts, and whether the role allows it."""

import asyncio
import difflib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from telegram import Message, Update
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.domain.clock import ist_date
from bot.domain.errors import BrokerError, CheckFailed, ChoiceWanted, PersonError, PinWanted, UsageError
from bot.domain.people.account import Actor, Permission
from bot.domain.terms import Side
from handlers.commands import replies
from handlers.commands.people import account, pin
from handlers.commands.position_replies import RowsWanted
from handlers.commands.replies import NewTerms, StopWanted
from handlers.context.context import Ctx, Waiting
from handlers.context.permissions import demand
from handlers.context.words.readings import readings
from handlers.context.words.script import unadorned
from handlers.registry import COMMANDS, TAPS, ParsedCommand, parse_command
from handlers.telegram.admission import is_kill
from handlers.telegram.sender import sorted_error
from handlers.views.orders import steps as step_views
from handlers.views.people import start as start_views
from handlers.views.taps.tap import Tap, TokenTap, decode, encode
from handlers.views.taps.taps import ChangeTap, DoItNowTap, LeaveTap, OrderTap, PadTap, WordsTap

_log = logging.getLogger(__name__)

AWAY = timedelta(seconds=90)  # what was typed longer ago is offered, not done
ALIKE = 0.75  # of 1: a slip of the thumb ("postions") is offered, another word ("hello") is not
_OUT = ("positions", "cancel_all", "kill")  # the first has a button that closes each position
_HALT = ("kill", "cancel_all", "positions")
# Said in a hurry.
WAYS_OUT = {
    **dict.fromkeys(("flat", "out", "bachao", "bacha", "bachalo", "बचाओ", "sos", "🆘"), _OUT),
    **dict.fromkeys(("stop", "halt", "band", "bandh", "बंद", "बन्द", "rok", "roko", "ruko", "रोक", "रोको", "रुको"), _HALT),
}
AGREES = frozenset({
    "yes", "y", "ok", "okay", "confirm", "confirmed", "sure", "haan", "han", "ha", "theek", "हाँ", "हां", "ठीक", "👍", "✅",
})  # fmt: skip
A_MOMENT = 0.8  # seconds; work that takes longer shows "typing"


async def on_text(update: Update, ctx: Ctx) -> None:
    """Handles words that a person typed."""
    message = update.message
    if message is None or message.text is None:
        return
    ctx.cause, ctx.message = update, message
    await _act_on(ctx, message, message.text)


async def _act_on(ctx: Ctx, message: Message, text: str, *, now: bool = False) -> None:
    """now: the person said so just now, however old the words are."""
    if account.is_blanked(text):
        await _run_code(ctx, text, late=True)
        return
    reply = None if now else replies.meant(message, text)
    if isinstance(reply, RowsWanted) and (spoken := parse_command(text)) and spoken.command.name not in ("exit", "sl", "trail"):
        reply = None  # an order under a list of positions
    code_wanted = ctx.services.logins.expects_code(ctx.chat_id)
    if account.six_digits(text) is not None and (reply is None or code_wanted):
        await _run_code(ctx, text, late=ctx.now - message.date > AWAY)
        return
    if not now and ctx.now - message.date > AWAY and not is_kill(text):
        if await _actor(ctx, None) is not None:
            await ctx.reply(start_views.offered(message.date), to=message.message_id, marked=False)
        return
    if code_wanted and reply is None and account.code_among(text) and parse_command(text) is None:
        await _run_code(ctx, text, late=False)
        return
    if reply is not None:
        await _answer(ctx, message, reply)
        return
    parsed = parse_command(text)
    if parsed is None and not now:
        base = replies.base(message) or await ctx.services.prompts.answered(ctx.chat_id)
        completed = parse_command(f"{base} {text}") if base is not None else None
        if base is not None and completed is not None:
            await _complete(ctx, completed, base, f"{base} {text}")
            return
    if parsed is None and await ctx.services.market.names(text):
        parsed = parse_command(f"/quote {text}")  # a bare symbol
    if parsed is None:
        await _puzzled(ctx, text)
        return
    await _run(ctx, parsed, text)


async def _complete(ctx: Ctx, parsed: ParsedCommand, base: str, text: str) -> None:
    """Takes words as the answer to a question of ours. It stays open where they answer it with another question."""
    ctx.completes = True
    try:
        await _run(ctx, parsed, text)
    except (UsageError, ChoiceWanted, CheckFailed) as question:
        await ctx.services.prompts.ask(ctx.chat_id, base)
        if parsed.label is not None and not isinstance(question, UsageError):  # the answer alone does not name the account
            question.near = tuple((name, f"{parsed.label}: {command}") for name, command in question.near)
        raise


async def _answer(ctx: Ctx, message: Message, reply: ChangeTap | OrderTap | NewTerms | StopWanted | RowsWanted) -> None:
    """A reply to one of our own messages does what a button there would."""
    if isinstance(reply, ChangeTap):
        ctx.concerns = message.reply_to_message
    if not isinstance(reply, NewTerms | StopWanted | RowsWanted):
        await _do(ctx, reply, message)
        return
    if await _actor(ctx, reply.label or None) is None:
        return
    demand(ctx.actor, Permission.OPEN if isinstance(reply, NewTerms) else Permission.REDUCE)
    async with _showing_work(ctx):
        await replies.act(ctx, reply)


async def _run(ctx: Ctx, parsed: ParsedCommand, text: str) -> None:
    actor = await _actor(ctx, parsed.label)
    if actor is None:
        return
    demand(actor, parsed.command.permission)
    ctx.words = parsed.words
    try:
        async with _showing_work(ctx):
            await parsed.command.handler(ctx)
    except PinWanted as wanted:
        if ctx.message is None:
            raise
        await pin.ask(ctx, wanted, Waiting(ctx.message, words=text))


async def _run_code(ctx: Ctx, text: str, *, late: bool) -> None:
    """Takes six digits for the account whose login asked for them. Tried on another account they would lock that one."""
    actor = await _actor(ctx, ctx.state.code_for.get(ctx.chat_id))
    if actor is None:
        return
    ctx.words = text
    async with _showing_work(ctx):
        alone = account.six_digits(text) is not None
        await (account.late_code(ctx) if late else account.code(ctx) if alone else account.code_in_words(ctx))


async def _puzzled(ctx: Ctx, text: str) -> None:
    if await _actor(ctx, None) is None:
        return
    demand(ctx.actor, Permission.LOOK)
    said = [word.removeprefix("/").partition("@")[0].lower() for word in unadorned(text).split()]
    if said and said[0] in AGREES:
        await ctx.reply(start_views.not_by_words(), marked=False)
        return
    way_out = next((WAYS_OUT[word] for word in said if word in WAYS_OUT), None)
    names = way_out or difflib.get_close_matches("".join(said[:1]), [command.name for command in COMMANDS], n=3, cutoff=ALIKE)
    near = [command for name in names for command in COMMANDS if command.name == name and ctx.actor.may(command.permission)]
    if not near and await _is_an_order(ctx, text):
        await ctx.reply(step_views.which_side(text, ctx.label, ctx.mode))
        return
    await ctx.reply(start_views.not_understood(near, is_near=way_out is not None), marked=False)


async def _is_an_order(ctx: Ctx, text: str) -> bool:
    """Whether only the side is missing: `itc 10`."""
    if not any(char.isdigit() for char in text) or not ctx.actor.may(Permission.REDUCE):
        return False
    try:
        order = await ctx.services.proposals.meant(ctx.actor, readings(Side.BUY, text, ist_date(ctx.now)))
    except PersonError:
        return False
    return order.is_sized


async def _actor(ctx: Ctx, label: str | None) -> Actor | None:
    """Sets who acts. None for somebody who was taken off the list since admission. Such a person gets no answer."""
    actor = await ctx.services.accounts.actor(ctx.chat_id, label)
    if actor is not None:
        ctx.actor = actor
    return actor


async def on_tap(update: Update, ctx: Ctx) -> None:
    """Handles a tap on a button. Every tap is answered, whatever becomes of it."""
    query = update.callback_query
    if query is None or query.data is None:
        return
    ctx.cause, ctx.query = update, query
    ctx.message = query.message if isinstance(query.message, Message) else None
    tap = decode(query.data)
    try:
        if tap is None or ctx.message is None:
            await ctx.answer("I don't know this button any more. Nothing was done.", alert=True)
        else:
            await _do(ctx, tap, ctx.message)
    finally:
        await ctx.answer()


async def _do(ctx: Ctx, tap: Tap, under: Message) -> None:
    if isinstance(tap, LeaveTap):
        if await _actor(ctx, None) is not None:
            await ctx.services.prompts.answered(ctx.chat_id)
            await ctx.redraw(step_views.left(), marked=False)
        return
    if isinstance(tap, WordsTap):
        ctx.stays = tap.stays
        await _act_on(ctx, under, tap.words, now=True)
        return
    if isinstance(tap, DoItNowTap):
        await _do_it_now(ctx, under)
        return
    if isinstance(tap, PadTap):
        await _key(ctx, tap)
        return
    if await _actor(ctx, tap.label or None) is None:
        return
    if tap.permission is not None:
        demand(ctx.actor, tap.permission)
    try:
        async with _showing_work(ctx):
            await (_answer_question(ctx, tap) if isinstance(tap, TokenTap) else TAPS[type(tap)](ctx, tap))
    except PinWanted as wanted:
        await pin.ask(ctx, wanted, Waiting(under, data=encode(tap)))


async def _answer_question(ctx: Ctx, tap: TokenTap[Any]) -> None:
    """Does what a button of a question says. Where its message could not be redrawn the card updater does it later."""
    answers, ctx.redrawn = ctx.services.answers, False
    with answers.drawing(tap.token):
        try:
            await TAPS[type(tap)](ctx, tap)
        except TelegramError as error:
            if sorted_error(error).permanent or not await answers.is_owed(tap.token):
                raise
            _log.info("what became of the card %s is drawn later: %s", tap.token[:4], error.message)
            return
        except BrokerError as error:  # told before anybody else draws what became of it
            await ctx.application.process_error(ctx.cause, error)
            return
        if ctx.redrawn:
            await answers.shown(tap.token)


async def _key(ctx: Ctx, tap: PadTap) -> None:
    """Takes a key of the keypad. After the last one it does the act that waited, as if it were asked for now."""
    if await _actor(ctx, None) is None:
        return
    demand(ctx.actor, tap.permission)
    waiting = await pin.tapped(ctx, tap)
    if waiting is None:
        return
    await ctx.answer()
    ctx.message = waiting.message
    act = decode(waiting.data) if waiting.data is not None else None
    if act is not None:
        await _do(ctx, act, waiting.message)
    elif waiting.words is not None:
        ctx.query = None  # answered; what the words bring is a message of its own
        await _act_on(ctx, waiting.message, waiting.words, now=True)


async def _do_it_now(ctx: Ctx, under: Message) -> None:
    """Does what was typed while the bot was away. Telegram hands the words over with the tap."""
    original = under.reply_to_message
    if original is None or original.text is None or original.from_user is None or original.from_user.id != ctx.chat_id:
        if await _actor(ctx, None) is not None:
            await ctx.redraw(start_views.words_gone(), marked=False)
        return
    await _act_on(ctx, original, original.text, now=True)


@asynccontextmanager
async def _showing_work(ctx: Ctx) -> AsyncIterator[None]:
    """Shows "typing" when something takes longer than a moment."""
    signs: list[asyncio.Task[None]] = []  # none is made for what is quicker, which is nearly everything
    later = asyncio.get_running_loop().call_later(
        A_MOMENT, lambda: signs.append(asyncio.create_task(_typing(ctx), name="typing"))
    )
    try:
        yield
    finally:
        later.cancel()
        for sign in signs:
            sign.cancel()
            with suppress(asyncio.CancelledError):
                await sign


async def _typing(ctx: Ctx) -> None:
    with suppress(TelegramError):
        await ctx.bot.send_chat_action(ctx.chat_id, ChatAction.TYPING)
