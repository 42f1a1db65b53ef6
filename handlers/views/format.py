"""Rows that fit a narrow phone, figures in Indian grouping with their signs, and times as India's clocks show them."""

import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.clock import ist
from bot.domain.money import grouped, in_figures, in_price, to_paise
from handlers.views.message import Table, clean

WIDTH = 30  # columns of a table
MINUS = "−"
_PAISA, _FINER = Decimal("0.01"), Decimal("0.0001")


def columns(text: str) -> int:
    """How wide a text stands in a monospace block: an emoji takes two columns, the rest one."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def fit(text: str, width: int = WIDTH) -> str:
    """The text in one row, cut with an ellipsis where it is wider. Line ends become blanks."""
    text = " ".join(clean(text).split("\n"))
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text + "…"


def row(left: str, right: str = "", width: int = WIDTH) -> tuple[str, ...]:
    """Left text and right text in one row, or in two where they do not fit together."""
    left, right = fit(left, width), fit(right, width)
    if not right:
        return (left.rstrip(),)
    if not left.strip():
        left = ""
    gap = width - columns(left) - columns(right)
    if left and gap < 1:
        return (left, *row("", right, width))
    return (left + " " * gap + right,)


def wrapped(text: str, width: int = WIDTH, indent: str = " ") -> tuple[str, ...]:
    """Words over as many rows as they need. Later rows are indented."""
    rows: list[str] = []
    current = ""
    for word in clean(text).split():
        trial = f"{current} {word}" if current.strip() else current + word
        if current.strip() and columns(trial) > width:
            rows.append(current)
            trial = indent + word
        current = trial
    rows.append(current)
    return tuple(fit(line, width) for line in rows)


def joined(*parts: str, width: int = WIDTH) -> tuple[str, ...]:
    """Parts with dots between them, over as many rows as they need. No row begins or ends with a dot."""
    rows: list[str] = []
    for part in (fit(text, width) for text in parts if text):
        if rows and columns(f"{rows[-1]} · {part}") <= width:
            rows[-1] = f"{rows[-1]} · {part}"
        else:
            rows.append(part)
    return tuple(rows)


def money_row(label: str, amount: Decimal | None, *, marked: bool = True) -> tuple[str, ...]:
    """A label and a signed amount in rupees, figures in one column, the green or red mark behind it."""
    if amount is None:
        return row(label, "not known   ")
    sign = mark(amount) if marked else ""
    return row(label, f"{signed(amount)} {sign or '  '}")


RULE = "-" * WIDTH


def table(*rows: tuple[str, ...] | str) -> Table:
    """Rows, or groups of rows, as one block."""
    return Table(tuple(line.rstrip() for item in rows for line in ((item,) if isinstance(item, str) else item)))


def count(number: int) -> str:
    """Shares or units in Indian grouping, with a minus that is as wide as a plus."""
    return (MINUS if number < 0 else "") + grouped(str(abs(number)))


def signed_count(number: int) -> str:
    return ("+" if number > 0 else "") + count(number)


def amount(rupees: Decimal) -> str:
    """Rupees to the paisa in Indian grouping: 1,23,456.50."""
    return (MINUS if to_paise(rupees) < 0 else "") + in_figures(rupees)


def signed(rupees: Decimal) -> str:
    """Rupees with their sign always: +222.50, −135.00. Zero has none."""
    return ("+" if to_paise(rupees) > 0 else "") + amount(rupees)


def rupees(value: Decimal | None) -> str:
    """₹1,23,456.50, or the plain words that it is not known."""
    if value is None:
        return "not known"
    text = amount(value)
    return MINUS + "₹" + text[1:] if text.startswith(MINUS) else "₹" + text


def price(value: Decimal) -> str:
    """A price in Indian grouping: at least two decimals, and all it has."""
    return (MINUS if value < 0 else "") + in_price(abs(value))


def average(value: Decimal, tick: Decimal) -> str:
    """An average price with two decimals, four where the instrument's tick is finer than a paisa."""
    return price(value.quantize(_FINER if tick % _PAISA else _PAISA, ROUND_HALF_UP))


def mark(profit: Decimal) -> str:
    """Beside the sign, never instead of it."""
    paise = to_paise(profit)
    return "🟢" if paise > 0 else "🔴" if paise < 0 else ""


def clock_time(moment: datetime) -> str:
    """14:02:11 on India's wall clock."""
    return ist(moment).strftime("%H:%M:%S")


def day_and_time(moment: datetime) -> str:
    """Mon 30 Nov at 09:00, in India."""
    return f"{ist(moment):%a %-d %b at %H:%M}"


def time_on_day(moment: datetime) -> str:
    """09:16 on Mon 30 Nov, in India."""
    return f"{ist(moment):%H:%M on %a %-d %b}"


def short_time(moment: datetime) -> str:
    return ist(moment).strftime("%H:%M")


def day_name(day: date) -> str:
    """23 Nov (Mon)."""
    return f"{day.day} {day:%b} ({day:%a})"


def age(at: datetime | None, now: datetime) -> str:
    """How old a price is: 1 s ago, 3 min ago. A source without a time says so."""
    if at is None:
        return "time unknown"
    seconds = int((now - at).total_seconds())
    if seconds < 0:
        return "just now"
    if seconds < 120:
        return f"{seconds} s ago"
    if seconds < 7200:
        return f"{seconds // 60} min ago"
    if ist(at).date() == ist(now).date():
        return "at " + short_time(at)
    return f"{ist(at).day} {ist(at):%b} {short_time(at)}"
