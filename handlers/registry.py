"""COMMANDS, the one table: /help, Telegram's command menu, the README's list and the routing of words all read it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.people.account import GRANTS, Permission, Role
from handlers.commands import account, books, limits, market, money, order, people, pin, safety, start, status
from handlers.context import order_words
from handlers.context.context import Ctx

Handler = Callable[[Ctx], Awaitable[None]]


class Family(StrEnum):
    """A family of commands is one handler file, one view file, one test file."""

    START = "Start"
    ACCOUNT = "Account"
    ORDER = "Orders"
    BOOKS = "Books"
    MONEY = "Money"
    MARKET = "Market"
    SAFETY = "Safety"
    HOST = "The bot itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as a person meets it."""

    name: str
    short: tuple[str, ...] = ()  # other words for it, with or without a slash
    arguments: str = ""
    help: str  # one line
    example: str  # a whole command that works
    family: Family
    permission: Permission
    handler: Handler
    in_menu: bool = True  # Telegram's own menu takes only names of letters


COMMANDS: tuple[Command, ...] = (
    Command(
        name="start", help="Who you are here and what to do first", example="/start",
        family=Family.START, permission=Permission.LOOK, handler=start.start,
    ),
    Command(
        name="help", arguments="[command]", help="All commands, or one explained", example="/help buy",
        family=Family.START, permission=Permission.LOOK, handler=start.help_,
    ),
    Command(
        name="menu", help="The usual things as buttons", example="/menu",
        family=Family.START, permission=Permission.LOOK, handler=start.menu,
    ),
    Command(
        name="cancel", help="Leave what you are in; otherwise list the open orders", example="/cancel",
        family=Family.START, permission=Permission.LOOK, handler=start.cancel,
    ),
    Command(
        name="?", help="Last order, positions and session in one short message", example="?",
        family=Family.START, permission=Permission.LOOK, handler=start.glance, in_menu=False,
    ),
    Command(
        name="accounts", help="Your accounts and what you may do there", example="/accounts",
        family=Family.ACCOUNT, permission=Permission.LOOK, handler=account.accounts,
    ),
    Command(
        name="use", arguments="<label>", help="Work with another account for 30 minutes", example="/use papa",
        family=Family.ACCOUNT, permission=Permission.LOOK, handler=account.use,
    ),
    Command(
        name="link", arguments="<label>", help="A page, for you alone, to enter an account's secrets", example="/link papa",
        family=Family.ACCOUNT, permission=Permission.ADMIN, handler=account.link,
    ),
    Command(
        name="login", arguments="[code | page | all]", help="Log in at mStock", example="/login",
        family=Family.ACCOUNT, permission=Permission.SESSION, handler=account.login,
    ),
    Command(
        name="logout", help="End the session at mStock", example="/logout",
        family=Family.ACCOUNT, permission=Permission.SESSION, handler=account.logout,
    ),
    Command(
        name="session", help="Until when the session lives", example="/session",
        family=Family.ACCOUNT, permission=Permission.LOOK, handler=account.session,
    ),
    Command(
        name="unlink", arguments="<label>", help="Destroy an account's secrets here", example="/unlink papa",
        family=Family.ACCOUNT, permission=Permission.ADMIN, handler=account.unlink,
    ),
    Command(
        name="buy", short=("b", "kharido", "kharid", "khareedo", "खरीदो"),
        arguments="<symbol> <quantity> [price | mkt] [stop trigger[/limit]] [product] [exchange] [ioc]",
        help="Buy; you see the order before it is sent", example="/buy RELIANCE 10",
        family=Family.ORDER, permission=Permission.REDUCE, handler=order.buy,  # a guardian may buy a short back
    ),
    Command(
        name="sell", short=("s", "becho", "bech", "बेचो"),
        arguments="<symbol> <quantity> [price | mkt] [stop trigger[/limit]] [product] [exchange] [ioc]",
        help="Sell; you see the order before it is sent", example="/sell RELIANCE 10 2900",
        family=Family.ORDER, permission=Permission.REDUCE, handler=order.sell,  # the desk decides what only reduces
    ),
    Command(
        name="modify", arguments="<#> [price] [q quantity]", help="New price or quantity for an open order",
        example="/modify 12 2905", family=Family.ORDER, permission=Permission.OPEN, handler=order.modify,
    ),
    Command(
        name="cancel_order", arguments="<#>", help="Cancel an open order", example="/cancel_order 12",
        family=Family.ORDER, permission=Permission.REDUCE, handler=order.cancel_order,
    ),
    Command(
        name="cancel_all", help="Cancel every open order", example="/cancel_all",
        family=Family.ORDER, permission=Permission.REDUCE, handler=order.cancel_all,
    ),
    Command(
        name="orders", arguments="[open|all|rejected]", help="Orders of today", example="/orders open",
        family=Family.BOOKS, permission=Permission.LOOK, handler=books.orders,
    ),
    Command(
        name="order", arguments="<#>", help="One order with its fills", example="/order 12",
        family=Family.BOOKS, permission=Permission.LOOK, handler=books.order,
    ),
    Command(
        name="trades", help="Trades of today", example="/trades",
        family=Family.BOOKS, permission=Permission.LOOK, handler=books.trades,
    ),
    Command(
        name="positions", short=("p",), help="Open and closed positions of today", example="/positions",
        family=Family.BOOKS, permission=Permission.LOOK, handler=books.positions,
    ),
    Command(
        name="holdings", short=("h",), help="Shares in the demat account", example="/holdings",
        family=Family.BOOKS, permission=Permission.LOOK, handler=books.holdings,
    ),
    Command(
        name="funds", short=("f",), help="Money for trading", example="/funds",
        family=Family.BOOKS, permission=Permission.LOOK, handler=books.funds,
    ),
    Command(
        name="pnl", arguments="[today]", help="Profit and loss of today", example="/pnl",
        family=Family.MONEY, permission=Permission.LOOK, handler=money.pnl,
    ),
    Command(
        name="report", arguments="[date]", help="Summary of a day", example="/report 20 nov",
        family=Family.MONEY, permission=Permission.LOOK, handler=money.report,
    ),
    Command(
        name="quote", short=("q",), arguments="<symbol>", help="Price, bid and ask, range of the day", example="/quote NIFTY",
        family=Family.MARKET, permission=Permission.LOOK, handler=market.quote,
    ),
    Command(
        name="search", arguments="<words>", help="Find a share or contract", example="/search tata motors",
        family=Family.MARKET, permission=Permission.LOOK, handler=market.search,
    ),
    Command(
        name="kill", help="Stop all new orders at once", example="/kill",
        family=Family.SAFETY, permission=Permission.STOP, handler=safety.kill,
    ),
    Command(
        name="resume", help="Allow new orders again", example="/resume",
        family=Family.SAFETY, permission=Permission.ADMIN, handler=safety.resume,
    ),
    Command(
        name="audit", arguments="[number]", help="Who did what, when, from which message", example="/audit",
        family=Family.HOST, permission=Permission.ADMIN, handler=status.audit,
    ),
    Command(
        name="status", arguments="[full]", help="How the bot is doing", example="/status",
        family=Family.HOST, permission=Permission.LOOK, handler=status.status,
    ),
    Command(
        name="limits", arguments="[name value | lock]", help="Your own limits: tighter at once, looser from the next trading day",
        example="/limits value 50000", family=Family.SAFETY, permission=Permission.LOOK, handler=limits.limits,
    ),
    Command(
        name="lock", help="Seal this phone: it shows and sends nothing until it is unlocked", example="/lock",
        family=Family.SAFETY, permission=Permission.OWN, handler=pin.lock,
    ),
    Command(
        name="unlock", help="Open a sealed phone with your PIN", example="/unlock",
        family=Family.SAFETY, permission=Permission.OWN, handler=pin.unlock,
    ),
    Command(
        name="pin", arguments="[change | remove]", help="A PIN, tapped on a keypad, for what is large or loosens",
        example="/pin", family=Family.SAFETY, permission=Permission.OWN, handler=pin.pin,
    ),
    Command(
        name="people", arguments="[add role [account] | remove person]", help="Who may use the bot; invite, take off",
        example="/people add trader", family=Family.HOST, permission=Permission.ADMIN, handler=people.people,
    ),
)  # fmt: skip

_BY_WORD: dict[str, Command] = {word: command for command in COMMANDS for word in (command.name, *command.short)}
_BY_SIDE: dict[str, Command] = {
    word: command
    for command in COMMANDS
    if command.name in ("buy", "sell")
    for word in (command.name, *command.short)
    if len(word) > 1
}
_LABEL = re.compile(r"([\w-]{1,32})\s*:\s*(?=\S)")
_TWO_WORDS = re.compile(r"cancel\s+(all|order)(?:\s+|$)", re.IGNORECASE)
_WITH_NUMBER = re.compile(r"/?cancel(?:@\w+)?\s+(#?[0-9]+)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCommand:
    """A text as a command: for which account, which command, and the words behind it."""

    command: Command
    words: str = ""
    label: str | None = None


def parse_command(text: str) -> ParsedCommand | None:
    """Finds the command in a text, with or without a slash: `/b reliance 10`, `papa: becho infy 5`, `10 infy kharido`, `?`."""
    return _parse_command(text) or _parse_command(order_words.legible(text))


def _parse_command(text: str) -> ParsedCommand | None:
    rest = " ".join(text.split())
    label: str | None = None
    if found := _LABEL.match(rest):
        label, rest = found[1], rest[found.end() :]
    spoken = _with_cancel(rest) or _first_word(rest) or _side_inside(rest)
    return ParsedCommand(command=spoken.command, words=spoken.words, label=label) if spoken else None


def _first_word(rest: str) -> ParsedCommand | None:
    first, _, words = rest.partition(" ")
    name = first.removeprefix("/").partition("@")[0].lower()
    command = _BY_WORD.get(name)
    return ParsedCommand(command=command, words=words.strip()) if command else None


def _with_cancel(rest: str) -> ParsedCommand | None:
    """A hurried hand: `cancel 12`, `cancel all`."""
    if found := _WITH_NUMBER.fullmatch(rest):
        return ParsedCommand(command=_BY_WORD["cancel_order"], words=found[1])
    if found := _TWO_WORDS.match(rest.removeprefix("/")):
        words = rest.removeprefix("/")[found.end() :]
        return ParsedCommand(command=_BY_WORD["cancel_all" if found[1].lower() == "all" else "cancel_order"], words=words)
    return None


def _side_inside(rest: str) -> ParsedCommand | None:
    """`10 reliance kharido`: exactly one word for a side, and a figure somewhere."""
    words = rest.split(" ")
    sides = [place for place, word in enumerate(words) if word.lower() in _BY_SIDE]
    if rest.startswith("/") or len(sides) != 1 or not any(char.isdigit() for char in rest):
        return None
    place = sides[0]
    return ParsedCommand(command=_BY_SIDE[words[place].lower()], words=" ".join(words[:place] + words[place + 1 :]))


def for_role(role: Role) -> Sequence[Command]:
    """What a role finds in its command menu and in /help."""
    return tuple(command for command in COMMANDS if command.permission in GRANTS[role])
