"""A watch list: each price with its change and its age, and until when the message refreshes itself."""

from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.market.watch_list import WatchRow, WatchShown
from bot.domain.orders.order_text import words_of
from handlers.views.format import age, clock_time, fit, mark, price, row, short_time, signed, table
from handlers.views.keyboards import words
from handlers.views.message import Button, Part, View, keyboard, say

EMPTY = "Nothing is on your list yet. For example: /watch RELIANCE"


def watch(shown: WatchShown, now: datetime, mode: str) -> View:
    """Two rows an instrument. What is over says so, with the way on."""
    account = shown.account
    rows = [row(fit(f"WATCH {account.name}", 23), mode), row(f" as of {clock_time(shown.as_of)}")]
    for each in shown.rows:
        rows += _rows(each, now)
    parts: list[Part] = [table(*rows)]
    if not shown.rows:
        parts.append(say(EMPTY))
    elif shown.until is not None:
        parts.append(say(f"Refreshes itself until {short_time(shown.until)}."))
    elif shown.over:
        parts.append(say(f"No longer refreshed: these are the prices of {clock_time(shown.as_of)}."))
    go_on = "Refresh" if shown.until is not None else "Go on"
    buttons = [words("Edit", "/watch edit", account=account.label, stays=True)]
    if shown.rows:
        buttons.insert(0, words(go_on, "/watch", account=account.label, stays=True))
    return View(tuple(parts), keyboard(buttons))


def _rows(each: WatchRow, now: datetime) -> list[tuple[str, ...]]:
    name = short(each.instrument, today=ist_date(now))
    if each.price is None:
        return [row(name, "not known")]
    market = each.price
    change = ""
    if market.previous_close:
        difference = market.last - market.previous_close
        percent = (difference / market.previous_close * 100).quantize(Decimal("0.01"))
        change = f" {signed(percent)} % {mark(percent)}".rstrip()
    return [row(name, price(market.last)), row(change or " ", age(market.at, now))]


def edit(shown: WatchShown, mode: str) -> View:
    """A button for each that takes it away."""
    account, today = shown.account, ist_date(shown.as_of)
    back = [words("Back", "/watch", account=account.label, stays=True)]
    text = "Tap one to take it off the list. /watch and a symbol puts one on it." if shown.rows else EMPTY
    lines = [[_away(each, today, account.label)] for each in shown.rows]
    return View((say(text), say(f"{account.label} · {mode}")), keyboard(*lines, back))


def _away(each: WatchRow, today: date, label: str) -> Button:
    query = f"{words_of(each.instrument, today)} {each.instrument.exchange}".lower()
    return words(f"✕ {short(each.instrument, today=today)}", f"/watch remove {query}", account=label, stays=True)
