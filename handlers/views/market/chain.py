"""A page of an option chain in thirty columns, and the ticket of one contract."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import day_words, strike_words
from bot.domain.market.instrument import Exchange
from bot.domain.market.option_chain import ChainPage, ChainSide, ChainStrike
from bot.domain.money import in_price
from bot.domain.orders.order_text import words_of
from bot.domain.proposals.proposal import Quoted
from bot.domain.terms import Side
from handlers.views.format import RULE, WIDTH, age, clock_time, count, price, row, rupees, table
from handlers.views.keyboards import words
from handlers.views.market.market import quote
from handlers.views.message import Button, Part, View, keyboard, say

NONE = "-"
NARROW = 8  # characters of a label of which four stand side by side on a phone: the table stays in sight
A_YEAR = 300  # days, as contracts are named
_UNITS = ((10_000_000, "Cr"), (100_000, "L"), (1_000, "k"))


def chain(page: ChainPage, now: datetime, mode: str) -> View:
    """Call, strike and put of each row. A tap on one is its ticket."""
    cycle = "monthly" if page.monthly else "weekly"
    spot = price(page.spot.last) if page.spot is not None else "not known"
    where = "auction" if page.auction else "spot"
    rows: list[tuple[str, ...]] = [
        row(f"{page.symbol} {spot}", f"{day_words(page.expiry)} {cycle}"),
        row(
            f"{where} {age(page.spot.at, now)}" if page.spot is not None else mode,
            f"as of {clock_time(page.as_of)}",
        ),
        (RULE,),
    ]
    grid, rounded = _grid(page.strikes, page.middle)
    rows += [(line,) for line in grid]
    rows.append((RULE,))
    if (oldest := _oldest(page.sides)) is not None:
        rows.append(row("Oldest trade", age(oldest, now)))
    parts: list[Part] = [table(*rows)]
    parts += [say(words_of_it) for words_of_it in _remarks(page, rounded=rounded)]
    return View(tuple(parts), keyboard(*_buttons(page, ist_date(now))))


def _remarks(page: ChainPage, *, rounded: bool) -> list[str]:
    by_list = " Where the feed has none it is mStock's list's, of unknown time." if page.by_chain else ""
    said = [f"OI in units.{by_list}"]
    if page.middle is None:
        said.append("The price of the underlying is not known: these are the strikes in the middle.")
    if untimed := sum(side.price is not None and side.price.at is None for side in page.sides):
        every = "All prices are" if untimed == len(page.sides) else f"{untimed} prices are"
        said.append(f"{every} quotes, whose time is unknown.")
    if rounded:
        said.append("Prices are rounded here; a ticket has them whole.")
    return said


def _oldest(sides: Sequence[ChainSide]) -> datetime | None:
    return min((side.price.at for side in sides if side.price is not None and side.price.at is not None), default=None)


def _grid(strikes: Sequence[ChainStrike], middle: Decimal | None) -> tuple[list[str], bool]:
    """The rows under their head, each at most thirty columns, and whether prices had to be rounded for that."""
    lines: list[str] = []
    for grouped, decimals, tenths in ((True, 2, True), (False, 2, True), (False, 2, False), (False, 1, False), (False, 0, False)):
        lines = _lines(strikes, middle, grouped=grouped, decimals=decimals, tenths=tenths)
        if all(len(line) <= WIDTH for line in lines):
            return lines, decimals < 2
    return [line[:WIDTH] for line in lines], True


def _lines(strikes: Sequence[ChainStrike], middle: Decimal | None, *, grouped: bool, decimals: int, tenths: bool) -> list[str]:
    def cells(side: ChainSide | None) -> tuple[str, str]:
        if side is None:
            return "", ""
        last = _figure(side.price.last, grouped=grouped, decimals=decimals) if side.price is not None else NONE
        return last, interest(side.interest, tenths=tenths) if side.interest is not None else NONE

    calls, puts = [("CE", "OI")], [("PE", "OI")]
    names = ["strike"]
    for each in strikes:
        calls.append(cells(each.call))
        puts.append(cells(each.put))
        names.append(strike_words(each.strike) + ("*" if each.strike == middle else " "))
    wide = [max(len(cell[place]) for cell in side) for side in (calls, puts) for place in (0, 1)]
    inner = max(len(name) for name in names)
    return [
        f"{call[0]:>{wide[0]}} {call[1]:>{wide[1]}}|{name:^{inner}}|{put[1]:>{wide[3]}} {put[0]:>{wide[2]}}".rstrip()
        for call, name, put in zip(calls, names, puts, strict=True)
    ]


def _figure(last: Decimal, *, grouped: bool, decimals: int) -> str:
    """A price with all it has, or rounded to so many decimals below two."""
    text = in_price(last) if decimals == 2 else f"{last.quantize(Decimal(1).scaleb(-decimals)):f}"
    return text if grouped else text.replace(",", "")


def interest(units: int, *, tenths: bool) -> str:
    """Units in thousands (k), lakhs (L) or crores (Cr), rounded down, with a tenth below ten."""
    for unit, name in _UNITS:
        if units >= unit:
            whole, tenth = divmod(units * 10 // unit, 10)
            return f"{whole}.{tenth}{name}" if tenths and whole < 10 else f"{whole}{name}"
    return str(units)


def _buttons(page: ChainPage, today: date) -> list[list[Button]]:
    """Call and put of each strike, then the pages of the neighbouring expiries."""
    account = page.account.label

    def opens(name: str, day: date) -> Button:
        at = "bfo " if page.market is Exchange.BFO else ""
        return words(name, f"/chain {page.symbol} {at}{_typed(day, today)}".lower(), account=account, stays=True)

    tickets = [[_ticket(side, today, account) for side in (each.call, each.put) if side is not None] for each in page.strikes]
    beside = 2 if all(len(each.label) <= NARROW for strike in tickets for each in strike) else 1
    lines = [[each for strike in tickets[at : at + beside] for each in strike] for at in range(0, len(tickets), beside)]
    pages = [opens("Refresh", page.expiry)]
    if page.before is not None:
        pages.insert(0, opens(f"◂ {day_words(page.before)}", page.before))
    if page.after is not None:
        pages.append(opens(f"{day_words(page.after)} ▸", page.after))
    return [*lines, pages]


def _typed(day: date, today: date) -> str:
    """A day as it is typed. One whose day and month come sooner in another year with its own."""
    return f"{day_words(day)} {day.year}" if (day - today).days > A_YEAR else day_words(day)


def _ticket(side: ChainSide, today: date, account: str) -> Button:
    contract = side.instrument
    query = f"{words_of(contract, today)} {contract.exchange}".lower()
    return words(f"{strike_words(contract.strike)} {contract.right}", f"/chain {query}", account=account)


def ticket(quoted: Quoted, now: datetime, account: str) -> View:
    """One contract: its price and book, what one lot comes to, and an order of one lot or the steps to another."""
    contract = quoted.instrument
    today = ist_date(now)
    query = f"{words_of(contract, today)} {contract.exchange}".lower()
    lot = f"1 lot = {count(contract.lot)}"
    worth = quoted.price.last * contract.lot
    acts = [words(f"{side.capitalize()} 1 lot", f"/{side.lower()} {query} 1lot", account=account) for side in Side]
    more = [words(f"{side.capitalize()}…", f"/{side.lower()} {query}", account=account, stays=True) for side in Side]
    view = quote(quoted, now)
    return View((*view.parts, say(f"{lot}, at the last price {rupees(worth)}")), keyboard(acts, more))
