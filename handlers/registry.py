"""All commands and taps in two tables, put together from the families, and the way from words to a command.

/help, Telegram's command menu, the README's list and the router read them.
"""

import re
from functools import lru_cache

from bot.domain.exits.exit_choice import means_demat_alone, means_everything
from bot.domain.people.account import Permission
from bot.domain.value import value
from handlers.commands import position_replies
from handlers.commands.command import Command, Pages, Taps
from handlers.commands.market import alerts, chain, chart, market, watch
from handlers.commands.money import books, export, money, pnl
from handlers.commands.orders import confirm, convert, later, order, reverse
from handlers.commands.people import account, limits, people, pin, safety, settings, start, status
from handlers.commands.plans import basket, exits, pnl_exits, standing, trails
from handlers.context.context import Ctx
from handlers.context.words.script import in_hindi, latin, unadorned
from handlers.context.words.terms import PORTIONS, SPELLED
from handlers.views.taps.taps import ListingTap

COMMANDS: tuple[Command, ...] = (
    *start.COMMANDS,
    *account.COMMANDS,
    *order.COMMANDS,
    *exits.COMMANDS,
    *position_replies.COMMANDS,
    *trails.COMMANDS,
    *basket.COMMANDS,
    *convert.COMMANDS,
    *standing.COMMANDS,
    *books.COMMANDS,
    *pnl.COMMANDS,
    *money.COMMANDS,
    *export.COMMANDS,
    *market.COMMANDS,
    *chart.COMMANDS,
    *chain.COMMANDS,
    *alerts.COMMANDS,
    *watch.COMMANDS,
    *safety.COMMANDS,
    *status.COMMANDS,
    *settings.COMMANDS,
    *limits.COMMANDS,
    *pin.COMMANDS,
    *people.COMMANDS,
)
PAGES: Pages = {**books.PAGES, **pnl.PAGES, **status.PAGES}


async def _draw_again(ctx: Ctx, tap: ListingTap) -> None:
    await PAGES[tap.listing](ctx, tap)


TAPS: Taps = {
    **confirm.TAPS, **order.TAPS, **exits.TAPS, **trails.TAPS, **pnl_exits.TAPS, **basket.TAPS,
    **convert.TAPS, **reverse.TAPS, **later.TAPS, **standing.TAPS,
    **safety.TAPS, **settings.TAPS,
    ListingTap: _draw_again,
}  # fmt: skip

_BY_WORD: dict[str, Command] = {word: command for command in COMMANDS for word in (command.name, *command.short)}
_BY_SIDE = {word: command for word, command in _BY_WORD.items() if command.name in ("buy", "sell") and len(word) > 1}
_OUT = {word for word, command in _BY_WORD.items() if command.name in ("sell", "exit") and len(word) > 1}
_HINDI = _BY_SIDE.keys() - {"buy", "sell"}
_SHORT = 4  # words of a sentence that orders by its verb at the end, without a figure: itc becho
_LINE_ENDS = re.compile(r"[\n;]")
_LABEL = re.compile(r"([\w-]{1,32})\s*:\s*(?=\S)")
_PRICE_BEHIND = re.compile(r"([^/].*?)\s+(?:(?:ka|का)\s+)?(?:bhav|भाव|rate|price)\??", re.IGNORECASE)
_STOP_OF = re.compile(r"(?:stop[ -]?loss|stop)\s+(.*[a-z].*[0-9].*)", re.IGNORECASE)
_NIKALO = re.compile(r"([^/].*?)\s+(?:nikal|niklo|nikalo|निकाल|निकालो)(?:\s+(?:do|de|lo|दो|लो))?[.,!?।]*", re.IGNORECASE)
_LELO = re.compile(r"\ble\s+lo\b", re.IGNORECASE)  # Hindi for buy, and one word as often
_TWO_WORDS = re.compile(r"cancel\s+(all|order)(?:\s+|$)", re.IGNORECASE)
_WITH_NUMBER = re.compile(r"/?cancel(?:@\w+)?\s+(#?[0-9]+)\s*", re.IGNORECASE)


@value
class ParsedCommand:
    """A text as a command: for which account, which command, and the words behind it."""

    command: Command
    words: str = ""
    label: str | None = None


def parse_command(text: str) -> ParsedCommand | None:
    """Finds the command in a text, with or without a slash: `/b reliance 10`, `papa: becho infy 5`, `10 infy kharido`, `?`."""
    found = _read(unadorned(text))
    if found is not None and found.command.name in ("buy", "sell", "basket"):
        return _read(text) or found  # an emoji may be a figure (🔟): in an order it is asked about
    return found


def _read(text: str) -> ParsedCommand | None:
    return _basket(text) or _parse_command(text) or _parse_command(latin(text))


def _basket(text: str) -> ParsedCommand | None:
    """Several orders, a line each or with semicolons between them, or whatever follows the word `basket`."""
    label: str | None = None
    if match := _LABEL.match(text.strip()):
        label, text = match[1], text.strip()[match.end() :]
    lines = [" ".join(line.split()) for line in _LINE_ENDS.split(text) if line.strip()]
    named = _first_word(lines[0]) if lines else None
    is_named = named is not None and named.command.name == "basket"
    if len(lines) < 2 and not is_named:
        return None
    if named is not None and is_named:
        lines = [line for line in (named.words, *lines[1:]) if line]
    orders = [_order(line) for line in lines]
    if not is_named and sum(order is not None for order in orders) < 2:
        return None
    words = "; ".join(order or line for order, line in zip(orders, lines, strict=True))
    return ParsedCommand(command=_BY_WORD["basket"], words=words, label=label)


def _order(line: str) -> str | None:
    """A line as an order with its side in front. None for any other line."""
    parsed = _parse_command(line) or _parse_command(latin(line))
    return f"{parsed.command.name} {parsed.words}" if parsed and parsed.command.name in ("buy", "sell") else None


def _parse_command(text: str) -> ParsedCommand | None:
    rest = _LELO.sub("lelo", " ".join(text.split()))
    label: str | None = None
    if match := _LABEL.match(rest):
        label, rest = match[1], rest[match.end() :]
    readings = (
        _with_cancel, _of_holdings, _of_everything, _with_its_stop, _stop_of, _first_word, _side_inside, _nikalo, _price_behind,
    )  # fmt: skip
    parsed = next((found for read in readings if (found := read(rest)) is not None), None)
    return ParsedCommand(command=parsed.command, words=parsed.words, label=label) if parsed else None


def _first_word(rest: str) -> ParsedCommand | None:
    first, _, words = rest.partition(" ")
    name = first.removeprefix("/").partition("@")[0].lower()
    command = _BY_WORD.get(name)
    if command is None:
        return None
    return ParsedCommand(command=command, words=in_hindi(words.strip()) if name in _HINDI else words.strip())


def _with_its_stop(rest: str) -> ParsedCommand | None:
    """An order whose stop is said first: `sl 1450 reliance 10 kharido`."""
    return _side_inside(rest) if rest.lower().startswith("sl ") else None


def _stop_of(rest: str) -> ParsedCommand | None:
    """`stop reliance 1450`, `stop loss itc 380`: the stop of what is open, where no word makes an order of it."""
    match = _STOP_OF.fullmatch(rest)
    if match is None or any(_bare(word) in _BY_SIDE for word in match[1].split(" ")):
        return None
    return ParsedCommand(command=_BY_WORD["sl"], words=match[1])


def _of_holdings(rest: str) -> ParsedCommand | None:
    """`sell my holdings`, `sab holdings becho`, `half of the holdings nikal do`: all of them or a part of each, and no name."""
    said = latin(rest).lower().removeprefix("/").split()
    others = [word for word in said if word not in _OUT]
    if len(others) == len(said) or not means_demat_alone(" ".join(others)):
        return None
    return ParsedCommand(command=_BY_WORD["exit"], words=" ".join(others))


def _of_everything(rest: str) -> ParsedCommand | None:
    """`sab nikalo`, `sab kuch bech do`: one word for the act, wherever it stands, and the others say all of it."""
    said = [_bare(word) for word in latin(rest).removeprefix("/").split()]
    acts = [word for word in said if word in _OUT]
    others = " ".join(word for word in said if word not in _OUT)
    return ParsedCommand(command=_BY_WORD[acts[0]], words=others) if len(acts) == 1 and means_everything(others) else None


def _with_cancel(rest: str) -> ParsedCommand | None:
    """A hurried hand: `cancel 12`, `cancel all`."""
    if match := _WITH_NUMBER.fullmatch(rest):
        return ParsedCommand(command=_BY_WORD["cancel_order"], words=match[1])
    if match := _TWO_WORDS.match(rest.removeprefix("/")):
        words = rest.removeprefix("/")[match.end() :]
        return ParsedCommand(command=_BY_WORD["cancel_all" if match[1].lower() == "all" else "cancel_order"], words=words)
    return None


def _side_inside(rest: str) -> ParsedCommand | None:
    """`10 reliance kharido`, `itc all becho`: exactly one word for a side, and a figure or a part of what is held somewhere."""
    words = rest.split(" ")
    sides = [place for place, word in enumerate(words) if _bare(word) in _BY_SIDE]
    sized = any(char.isdigit() for char in rest) or any(word.lower() in PORTIONS or word.lower() in SPELLED for word in words)
    ends = bool(sides) and 0 < sides[-1] >= len(words) - 2 and len(words) <= _SHORT and _bare(words[sides[-1]]) in _HINDI
    if rest.startswith("/") or len(sides) != 1 or not (sized or ends):
        return None
    place = sides[0]
    side, left = _bare(words[place]), " ".join(words[:place] + words[place + 1 :])
    return ParsedCommand(command=_BY_SIDE[side], words=in_hindi(left) if side in _HINDI else left)


def _nikalo(rest: str) -> ParsedCommand | None:
    """`itc nikalo`, `half of my itc nikal do`: Hindi for the way out at the end of a short sentence."""
    match = _NIKALO.fullmatch(rest)
    if match is None or len(match[1].split()) > _SHORT + 2:
        return None
    return ParsedCommand(command=_BY_WORD["exit"], words=in_hindi(match[1]))


def _bare(word: str) -> str:
    """A word without what ends a sentence."""
    return word.lower().rstrip(".,!?।")


def _price_behind(rest: str) -> ParsedCommand | None:
    """`reliance bhav`, `reliance ka bhav`: the price of what stands before."""
    match = _PRICE_BEHIND.fullmatch(rest)
    return ParsedCommand(command=_BY_WORD["quote"], words=match[1]) if match else None


@lru_cache(maxsize=1024)
def permission_of(text: str) -> Permission | None:
    """What the words of a button need. None where they are no command. Kept, since each card asks it of the same few."""
    parsed = parse_command(text)
    return parsed.command.permission if parsed is not None else None
