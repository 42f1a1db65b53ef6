"""What a message is made of before it is markup: lines, monospace tables, quotes; figures and times as they are read in India.

Markup is made, and text escaped, at the last step (`View.html`), so a name such as M&M or a broker's `<` can never break a
message. Limits: telegram.md, "Limits".
"""

import html
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import ist
from bot.domain.money import to_paise

WIDTH = 30  # columns of a table on a narrow phone (product.md section 9)
LIMIT = 4096  # UTF-16 units of one message after the markup is read
_ENTITIES = 90  # of the 100 that Telegram takes, a margin for what it finds by itself
MINUS = "−"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style."""

    text: str
    tag: str = ""  # "b", "i" or "code"; empty: plain


@dataclass(frozen=True, slots=True)
class Line:
    """One line of running text."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Monospace rows, each at most WIDTH columns."""

    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """Lines in a quote that opens when tapped."""

    lines: tuple[Line, ...]


Part = Line | Table | Detail


@dataclass(frozen=True, slots=True)
class Button:
    """Either a tap that comes back to us (data, at most 64 bytes) or a text that the phone copies."""

    label: str
    data: str = ""
    copy: str = ""


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A message as a value: compare it, render it, send it."""

    parts: tuple[Part, ...]
    keyboard: Keyboard = ()

    @property
    def html(self) -> str:
        return "\n".join(_html(part) for part in self.parts)

    @property
    def plain(self) -> str:
        """The same without any markup: for tests, logs, and the day on which Telegram cannot read the markup."""
        return "\n".join(row for part in self.parts for row in _rows(part))

    def with_keyboard(self, *rows: Sequence[Button]) -> "View":
        return replace(self, keyboard=keyboard(*rows))

    def and_then(self, *parts: Part) -> "View":
        return replace(self, parts=self.parts + parts)

    def messages(self) -> tuple["View", ...]:
        """The view cut into messages that Telegram takes; the buttons stand under the last."""
        packs: list[list[Part]] = [[]]
        room, marks = LIMIT, _ENTITIES
        for part in _atoms(self.parts):
            size = _units("\n".join(_rows(part))) + 1
            weight = _weight(part)
            if packs[-1] and (size > room or weight > marks):
                packs.append([])
                room, marks = LIMIT, _ENTITIES
            packs[-1].append(part)
            room -= size
            marks -= weight
        views = [View(tuple(_joined(pack))) for pack in packs]
        views[-1] = replace(views[-1], keyboard=self.keyboard)
        return tuple(views)


def say(*items: str | Span) -> Line:
    """A line of plain strings and styled spans."""
    return Line(tuple(item if isinstance(item, Span) else Span(item) for item in items))


def bold(text: str) -> Span:
    return Span(text, "b")


def code(text: str) -> Span:
    return Span(text, "code")


def message(*parts: Part | str) -> View:
    """A view of lines; a bare string is a line."""
    return View(tuple(say(part) if isinstance(part, str) else part for part in parts))


def detail(*lines: Line | str) -> Detail:
    return Detail(tuple(say(line) if isinstance(line, str) else line for line in lines))


def keyboard(*rows: Sequence[Button]) -> Keyboard:
    """Rows of buttons, empty rows left out."""
    return tuple(tuple(row) for row in rows if row)


def clean(text: str) -> str:
    """Text that can travel: no lone surrogates, no control characters; line ends stay."""
    return "".join(char if char == "\n" or not _is_unfit(char) else " " for char in text)


def _is_unfit(char: str) -> bool:
    return (
        unicodedata.category(char) in {"Cc", "Cs", "Cn", "Zl", "Zp"}
        or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def _html(part: Part) -> str:
    if isinstance(part, Table):
        return "<pre>" + html.escape(clean("\n".join(part.rows)), quote=False) + "</pre>"
    if isinstance(part, Detail):
        return "<blockquote expandable>" + "\n".join(_html(line) for line in part.lines) + "</blockquote>"
    return "".join(_span(span) for span in part.spans)


def _span(span: Span) -> str:
    escaped = html.escape(clean(span.text), quote=False)
    return f"<{span.tag}>{escaped}</{span.tag}>" if span.tag and escaped.strip() else escaped


def _rows(part: Part) -> Iterator[str]:
    if isinstance(part, Table):
        yield from (clean(row) for row in part.rows)
    elif isinstance(part, Detail):
        for line in part.lines:
            yield from _rows(line)
    else:
        yield clean("".join(span.text for span in part.spans))


def _weight(part: Part) -> int:
    if isinstance(part, Table):
        return 1
    lines = part.lines if isinstance(part, Detail) else (part,)
    return isinstance(part, Detail) + sum(bool(span.tag) for line in lines for span in line.spans)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def _atoms(parts: Iterable[Part]) -> Iterator[Part]:
    """Single rows and lines, none longer than half a message, ready to be packed."""
    for part in parts:
        if isinstance(part, Table):
            yield from (Table((row,)) for row in part.rows)
        elif isinstance(part, Detail):
            yield from (Detail((piece,)) for line in part.lines for piece in _cut(line))
        else:
            yield from _cut(part)


def _cut(line: Line) -> Iterator[Line]:
    half = LIMIT // 4  # characters; each is at most two UTF-16 units
    if sum(len(span.text) for span in line.spans) <= half:
        yield line
        return
    for span in line.spans:
        for start in range(0, len(span.text), half):
            yield Line((replace(span, text=span.text[start : start + half]),))


def _joined(atoms: Iterable[Part]) -> Iterator[Part]:
    """Neighbouring rows of one table, or lines of one quote, become one block again."""
    last: Part | None = None
    for atom in atoms:
        if isinstance(last, Table) and isinstance(atom, Table):
            last = Table(last.rows + atom.rows)
        elif isinstance(last, Detail) and isinstance(atom, Detail):
            last = Detail(last.lines + atom.lines)
        else:
            if last is not None:
                yield last
            last = atom
    if last is not None:
        yield last


# --- tables ---------------------------------------------------------------------------------------------------------


def columns(text: str) -> int:
    """How wide a text stands in a monospace block: an emoji takes two columns, a combining mark none."""
    width = 0
    for char in text:
        if char == "\ufe0f":  # makes the sign before it an emoji, which is one wider
            width += 1
        elif unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
            continue
        else:
            width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return width


def fit(text: str, width: int = WIDTH) -> str:
    """The text in one row, cut with an ellipsis where it is wider; line ends become blanks."""
    text = " ".join(clean(text).split("\n"))
    if columns(text) <= width and len(text) <= width:
        return text
    while text and (columns(text) > width - 1 or len(text) > width - 1):
        text = text[:-1]
    return text + "…"


def row(left: str, right: str = "", width: int = WIDTH) -> tuple[str, ...]:
    """Left text and right text in one row, or in two where they do not fit together."""
    left, right = fit(left, width), fit(right, width)
    if not right:
        return (left.rstrip(),)
    gap = width - columns(left) - columns(right)
    if left.strip() and gap < 1:
        return (left, *row("", right, width))
    return (left + " " * gap + right,)


def wrapped(text: str, width: int = WIDTH, indent: str = " ") -> tuple[str, ...]:
    """Words over as many rows as they need; later rows are indented."""
    rows: list[str] = []
    current = ""
    for word in clean(text).split():
        trial = f"{current} {word}" if current.strip() else current + word
        if current.strip() and (columns(trial) > width or len(trial) > width):
            rows.append(current)
            trial = indent + word
        current = trial
    rows.append(current)
    return tuple(fit(line, width) for line in rows)


def money_row(label: str, amount: Decimal | None, *, marked: bool = True) -> tuple[str, ...]:
    """A label and a signed amount in rupees, figures in one column, the green or red mark behind it."""
    if amount is None:
        return row(label, "not known   ")
    sign = mark(amount) if marked else ""
    return row(label, f"{signed(amount)} {sign or '  '}")


RULE = "-" * WIDTH


def table(*rows: tuple[str, ...] | str) -> Table:
    """Rows, or groups of rows, as one block."""
    return Table(tuple(line for item in rows for line in ((item,) if isinstance(item, str) else item)))


# --- figures and times ----------------------------------------------------------------------------------------------


def grouped(digits: str) -> str:
    """Indian grouping of a run of digits: 123456 -> 1,23,456."""
    head, tail = digits[:-3], digits[-3:]
    if not head:
        return tail
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])


def count(number: int) -> str:
    """Shares or units in Indian grouping, with a minus that is as wide as a plus."""
    return (MINUS if number < 0 else "") + grouped(str(abs(number)))


def signed_count(number: int) -> str:
    return ("+" if number > 0 else "") + count(number)


def amount(rupees: Decimal) -> str:
    """Rupees to the paisa in Indian grouping: 1,23,456.50."""
    paise = to_paise(rupees)
    whole, _, part = f"{abs(paise):f}".partition(".")
    return (MINUS if paise < 0 else "") + grouped(whole) + "." + part


def signed(rupees: Decimal) -> str:
    """Rupees with their sign always: +222.50, −135.00; zero has none."""
    return ("+" if to_paise(rupees) > 0 else "") + amount(rupees)


def rupees(value: Decimal | None) -> str:
    """₹1,23,456.50, or the plain words that it is not known."""
    if value is None:
        return "not known"
    text = amount(value)
    return MINUS + "₹" + text[1:] if text.startswith(MINUS) else "₹" + text


def price(value: Decimal) -> str:
    """A price in Indian grouping: at least two decimals, and all it has."""
    whole, _, part = f"{abs(value):f}".partition(".")
    return (MINUS if value < 0 else "") + grouped(whole) + "." + part.rstrip("0").ljust(2, "0")


def mark(profit: Decimal) -> str:
    """Beside the sign, never instead of it."""
    paise = to_paise(profit)
    return "🟢" if paise > 0 else "🔴" if paise < 0 else ""


def clock_time(moment: datetime) -> str:
    """14:02:11 on India's wall clock."""
    return ist(moment).strftime("%H:%M:%S")


def short_time(moment: datetime) -> str:
    return ist(moment).strftime("%H:%M")


def day_name(day: date) -> str:
    """23 Nov (Mon)."""
    return f"{day.day} {day:%b} ({day:%a})"


def age(at: datetime | None, now: datetime) -> str:
    """How old a price is: 1 s ago, 3 min ago; a source without a time says so."""
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
