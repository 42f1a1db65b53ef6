"""/accounts /use /link /login /logout /session /unlink.

A message that held a code is deleted.
"""

import logging
import re

from bot.domain.errors import BotError, UsageError
from bot.domain.people.account import GRANTS, Permission
from bot.domain.proposals.proposal import LoggedIn
from handlers.commands.command import Command
from handlers.commands.questions import pose
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.permissions import demand
from handlers.context.words.script import legible
from handlers.views.failures import failure
from handlers.views.message import message
from handlers.views.people import account as views

_log = logging.getLogger(__name__)

_SIX = re.compile(r"\s*([0-9]{3})[ -]?([0-9]{3})\s*")
_OF_A_CODE = re.compile(r"otp|totp|code|the|my|is|its?|s|here|login|pin|mera|hai|yeh?")
BLANK = "••••••"  # stands in the inbox where a code stood (handlers/poller.py)
_BLANKED = re.compile(rf"(?:(?:[\w-]{{1,32}}\s*:\s*)?/?login(?:@\w+)?\s+)?{BLANK}\s*", re.IGNORECASE)


def six_digits(text: str) -> str | None:
    """The code in a text that is nothing but six digits of any script, also written 123 456."""
    match = _SIX.fullmatch(legible(text))
    return match[1] + match[2] if match else None


def code_among(text: str) -> str | None:
    """The one run of six digits among other words. None where there is none, or a longer number, or more than one."""
    numbers = re.findall(r"[0-9]+", legible(text))
    return numbers[0] if len(numbers) == 1 and len(numbers[0]) == 6 else None


def names_a_code(text: str) -> bool:
    """Whether nothing stands beside the digits but words that announce a code: otp 862996."""
    return all(_OF_A_CODE.fullmatch(word) for word in re.findall(r"[^\W\d_]+", text.lower()))


def is_blanked(text: str) -> bool:
    """A message that held a code when it came, read back after a restart."""
    return _BLANKED.fullmatch(text) is not None


async def accounts(ctx: Ctx) -> None:
    await ctx.reply(views.accounts(await ctx.services.accounts.all(ctx.actor), ctx.actor.account), marked=False)


async def use(ctx: Ctx) -> None:
    """Works with another account for half an hour."""
    if not ctx.words:
        raise UsageError("Which account?", example="/use papa")
    await ctx.reply(views.using(await ctx.services.accounts.use(ctx.actor, ctx.words)), marked=False)


async def link(ctx: Ctx) -> None:
    """Offers a one-time page. No secret of an account is ever typed into the chat."""
    words = ctx.words.split()
    if len(words) != 1:
        if words:
            await ctx.reply(message(views.secret_hidden(deleted=await ctx.delete_words())), marked=False)
        raise UsageError("One word: how the account will be called. Its secrets are typed on a page.", example="/link papa")
    await ctx.reply(views.offered(await ctx.services.secret_entry.link(ctx.actor, words[0]), ctx.mode), marked=False)


async def login(ctx: Ctx) -> None:
    """Logs in at mStock. Without a stored seed it asks for six digits, here or on a page."""
    if ctx.words.lower() == "all":
        await _log_in_all(ctx)
        return
    if not ctx.words:
        ctx.state.to_log_in.pop(ctx.chat_id, None)
        await _log_in(ctx, None, "")
        return
    if ctx.words.lower() == "page":
        await ctx.reply(views.offered(await ctx.services.secret_entry.login(ctx.actor), ctx.mode))
        return
    code = six_digits(ctx.words)
    note = await _hide(ctx)
    if code is None:
        if note == views.NOT_DELETED:
            await ctx.reply(message(note), marked=False)
        raise UsageError("A code is six digits. Nothing was sent to mStock.", example="/login 123456")
    await _log_in(ctx, code, note)


async def code(ctx: Ctx) -> None:
    """A message of six digits and nothing else."""
    digits = six_digits(ctx.words)
    note = await _hide(ctx)
    if digits is None or not ctx.services.logins.expects_code(ctx.chat_id):
        await ctx.reply(views.code_not_expected(note), marked=False)
        return
    await _log_in_or_go_on(ctx, digits, note)


async def code_in_words(ctx: Ctx) -> None:
    """Six digits among words while a code is awaited: deleted, then taken where the words announce a code, else asked about."""
    digits = code_among(ctx.words)
    note = await _hide(ctx)
    if digits is None or not names_a_code(ctx.words):
        await ctx.reply(views.code_alone(note), marked=False)
        return
    await _log_in_or_go_on(ctx, digits, note)


async def late_code(ctx: Ctx) -> None:
    """Says that a code which came while the bot was away is not used. It was never stored."""
    await ctx.reply(views.code_not_used(await _hide(ctx)), marked=False)


async def _hide(ctx: Ctx) -> str:
    """Deletes the message that held the code, before the code is tried. Returns what to say about that."""
    return views.DELETED if await ctx.delete_words() else views.NOT_DELETED


async def _log_in(ctx: Ctx, digits: str | None, note: str) -> None:
    try:
        demand(ctx.actor, Permission.SESSION)  # bare digits come by no command, and a walk comes to other accounts
        outcome = await ctx.services.logins.login(ctx.actor, digits)
    finally:
        if note == views.NOT_DELETED:  # said whatever becomes of the login
            await ctx.reply(message(note), marked=False)
    if isinstance(outcome, LoggedIn):
        ctx.state.code_for.pop(ctx.chat_id, None)
        await ctx.reply(views.logged_in(outcome, ctx.mode, ctx.now, views.DELETED if note == views.DELETED else ""))
        await _next_login(ctx)
        await ctx.state.go_on_after_login(ctx, outcome.account.label)
    else:
        ctx.state.code_for[ctx.chat_id] = outcome.account.label
        await ctx.reply(views.code_wanted(outcome, ctx.mode))


async def _log_in_all(ctx: Ctx) -> None:
    """Logs in to the accounts one by one, and asks for each one's six digits before the next."""
    entries = await ctx.services.accounts.all(ctx.actor)
    ctx.state.to_log_in[ctx.chat_id] = [account.label for account, role in entries if Permission.SESSION in GRANTS[role]]
    await _next_login(ctx)


async def _next_login(ctx: Ctx) -> None:
    """Logs in to the next account that /login all has before it."""
    labels = ctx.state.to_log_in.get(ctx.chat_id)
    if not labels:
        ctx.state.to_log_in.pop(ctx.chat_id, None)
        return
    actor = await ctx.services.accounts.actor(ctx.chat_id, labels.pop(0))
    if actor is None:
        return
    ctx.actor = actor
    await _log_in_or_go_on(ctx, None, "")


async def _log_in_or_go_on(ctx: Ctx, digits: str | None, note: str) -> None:
    """Goes on to the next account when mStock refuses one of /login all. The last one's refusal is raised as any other."""
    try:
        await _log_in(ctx, digits, note)
    except BotError as refused:
        if not ctx.state.to_log_in.get(ctx.chat_id):
            raise
        incident = ctx.state.random_bytes(2).hex()
        _log.info("id %s chat %s: %s in a walk through the accounts", incident, ctx.chat_id, type(refused).__name__)
        await ctx.reply(failure(refused, incident, account=ctx.label))
        await _next_login(ctx)


async def logout(ctx: Ctx) -> None:
    await ctx.reply(views.logged_out(await ctx.services.logins.logout(ctx.actor), ctx.mode))


async def session(ctx: Ctx) -> None:
    await ctx.reply(views.session(await ctx.services.logins.session(ctx.actor), ctx.mode, ctx.now))


async def unlink(ctx: Ctx) -> None:
    """Asks again in words before the secrets are destroyed. The account is always named."""
    if not ctx.words:
        raise UsageError("Which account? Its secrets are destroyed for good.", example="/unlink papa")
    question = await ctx.services.unlinking.ask(ctx.actor, ctx.words, chat_id=ctx.chat_id)
    await pose(ctx, question.confirmation, views.unlink_question(question, ctx.mode, ctx.now), marked=False)


async def ddpi(ctx: Ctx) -> None:
    """Whether a DDPI of the account is on file, as its owner says."""
    said = {"": None, "yes": True, "no": False}
    word = ctx.words.lower().strip()
    if word not in said:
        raise UsageError("Is a DDPI on file at mStock? yes or no.", example="/ddpi yes")
    if said[word] is not None:
        demand(ctx.actor, Permission.ADMIN)
    account, on_file = await ctx.services.accounts.ddpi(ctx.actor, on_file=said[word])
    await ctx.reply(views.ddpi(account, ctx.mode, on_file=on_file, may_say=ctx.actor.may(Permission.ADMIN)))


COMMANDS = (
    Command(
        name="accounts", help="Your accounts and what you may do there", example="/accounts",
        family=Family.ACCOUNT, permission=Permission.LOOK, handler=accounts,
    ),
    Command(
        name="use", arguments="<label>", help="Work with another account for 30 minutes", example="/use papa",
        family=Family.ACCOUNT, permission=Permission.LOOK, handler=use,
    ),
    Command(
        name="link", arguments="<label>", help="A page, for you alone, to enter an account's secrets", example="/link papa",
        family=Family.ACCOUNT, permission=Permission.ADMIN, handler=link,
    ),
    Command(
        name="login", arguments="[code | page | all]", help="Log in at mStock", example="/login",
        family=Family.ACCOUNT, permission=Permission.SESSION, handler=login,
    ),
    Command(
        name="logout", help="End the session at mStock", example="/logout",
        family=Family.ACCOUNT, permission=Permission.SESSION, handler=logout,
    ),
    Command(
        name="session", help="Until when the session lives", example="/session",
        family=Family.ACCOUNT, permission=Permission.LOOK, handler=session,
    ),
    Command(
        name="ddpi", arguments="[yes | no]", help="Whether a DDPI is on file: then no TPIN is asked when holdings are sold",
        example="/ddpi yes", family=Family.ACCOUNT, permission=Permission.LOOK, handler=ddpi,
    ),
    Command(
        name="unlink", arguments="<label>", help="Destroy an account's secrets here", example="/unlink papa",
        family=Family.ACCOUNT, permission=Permission.ADMIN, handler=unlink,
    ),
)  # fmt: skip
