"""A message as a value: lines, monospace tables, quotes and buttons.

It becomes markup at the last step.

Text is escaped only in `View.html`, so a name such as M&M or a broker's `<` can never break a message.
Limits: telegram.md, "Limits".
"""

import html
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.domain.value import positional

LIMIT = 4096  # UTF-16 units of one message after the markup is read
_MOST_KNOWN = 4096  # characters that clean() remembers; no text of strangers makes it remember more
_ENTITIES = 90  # of the 100 that Telegram takes, a margin for what it finds by itself


@positional
class TextRun:
    """A run of text in one style."""

    text: str
    tag: str = ""  # "b", "i" or "code"; empty: plain


@positional
class Line:
    """One line of running text."""

    spans: tuple[TextRun, ...]


@positional
class Table:
    """Monospace rows, each at most text.WIDTH columns."""

    rows: tuple[str, ...]


@positional
class Detail:
    """Lines in a quote that opens when tapped."""

    lines: tuple[Line, ...]


Part = Line | Table | Detail


@positional
class Button:
    """Either a tap that comes back to us (data, at most 64 bytes) or a text that the phone copies."""

    label: str
    data: str = ""
    copy: str = ""


Keyboard = tuple[tuple[Button, ...], ...]


@positional
class View:
    """A message as a value: compare it, render it, send it."""

    parts: tuple[Part, ...]
    keyboard: Keyboard = ()
    portable: bool = False  # holds what has to be taken elsewhere, so it can be copied even where PROTECT_CONTENT says no

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

    def led_by(self, mark: str) -> "View":
        """The account's mark before the first line, so that it is seen in a push as well."""
        if not mark or not self.parts or not isinstance(self.parts[0], Line):
            return self
        return replace(self, parts=(Line((TextRun(f"{mark} "), *self.parts[0].spans)), *self.parts[1:]))

    def messages(self) -> tuple["View", ...]:
        """The view cut into messages that Telegram takes. The buttons stand under the last."""
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
        views = [View(tuple(_joined(pack)), portable=self.portable) for pack in packs]
        views[-1] = replace(views[-1], keyboard=self.keyboard)
        return tuple(views)


def say(*items: str | TextRun) -> Line:
    """A line of plain strings and styled spans."""
    return Line(tuple(item if isinstance(item, TextRun) else TextRun(item) for item in items))


def bold(text: str) -> TextRun:
    return TextRun(text, "b")


def code(text: str) -> TextRun:
    return TextRun(text, "code")


def message(*parts: Part | str) -> View:
    """A view of lines. A bare string is a line."""
    return View(tuple(say(part) if isinstance(part, str) else part for part in parts))


def detail(*lines: Line | str) -> Detail:
    return Detail(tuple(say(line) if isinstance(line, str) else line for line in lines))


def keyboard(*rows: Sequence[Button]) -> Keyboard:
    """Rows of buttons, empty rows left out."""
    return tuple(tuple(row) for row in rows if row)


def clean(text: str) -> str:
    """Text that can travel: no lone surrogates, no control characters, one kind of quotation marks. Line ends stay."""
    return text.translate(_CLEANED)


class _Cleaned(dict[int, str]):
    """What becomes of a character, worked out once for those that are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        cleaned = '"' if char in "“”„" else " " if char != "\n" and _is_unfit(char) else char
        if len(self) < _MOST_KNOWN:
            self[code] = cleaned
        return cleaned


_CLEANED = _Cleaned()


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


def _span(span: TextRun) -> str:
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
    """Joins adjoining rows of a table, and lines of a quote, into one block again."""
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
