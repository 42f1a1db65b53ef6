"""What stands beside exported files: their names, their captions, and the choice of what to export."""

import re
from datetime import date

from bot.domain.pnl.sheets import Sheet
from bot.trading.money.exports import Export
from handlers.views.format import count
from handlers.views.keyboards import words
from handlers.views.message import View, keyboard, message, say

_TITLES = {Export.TRADES: "Trades", Export.ORDERS: "Orders", Export.PNL: "P&L by day", Export.TAX: "Tax year"}


def offer(label: str) -> View:
    """What there is to export, a button each."""
    month = [words(f"{_TITLES[what]}, this month", f"/export {what}", account=label) for what in (Export.TRADES, Export.ORDERS)]
    more = [
        words("P&L, this month", f"/export {Export.PNL}", account=label),
        words("Tax year", f"/export {Export.TAX}", account=label),
    ]
    lines = (say("Export what? Behind it any range: ", "/export trades nov, /export pnl 1 oct..15 oct, /export tax 2025-26."),)
    return View(lines, keyboard(month, more))


def nothing(what: Export, first: date, last: date) -> View:
    """There is no row in that range."""
    return message(f"{_TITLES[what]} {_days(first, last)}: nothing is on record.")


def caption(what: Export, sheet: Sheet, first: date, last: date, *, name: str, mode: str) -> str:
    """What the files hold, in one line and a word about what they are and what they leave out."""
    rows = f"{count(len(sheet.rows))} row{'' if len(sheet.rows) == 1 else 's'}"
    about = " An aid, not a return: the definition of turnover stands under the table." if what is Export.TAX else ""
    left_out = "".join(f" ⚠️ {hole}" for hole in sheet.holes)
    return f"{_TITLES[what]} {_days(first, last)} · {name} · {mode} · {rows}. Charges are estimates.{about}{left_out}"


def file_name(what: Export, first: date, last: date, *, label: str, mode: str) -> str:
    """pnl-main-2026-11-01-2026-11-25-PAPER, in characters that every file system takes."""
    plain = re.sub(r"[^\w-]+", "_", label, flags=re.ASCII)
    return "-".join(part for part in (what, plain, first.isoformat(), last.isoformat(), mode) if part)


def _days(first: date, last: date) -> str:
    return f"{first.day} {first:%b %Y}" if first == last else f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"
