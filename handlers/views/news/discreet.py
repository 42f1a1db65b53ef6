"""News without rupees, for a phone that shows pushes while it is locked, and the button that shows the whole."""

import re
from dataclasses import replace
from typing import Self

from bot.domain.people.account import Permission
from bot.domain.value import positional
from handlers.views.keyboards import button
from handlers.views.message import Detail, Line, Part, Table, View
from handlers.views.taps.tap import Tap, travels_as

HIDDEN = "•••"
_SIGN = r"[+\-−]?"
_RUPEES = re.compile(
    rf"{_SIGN}(?:₹|\bRs\.?|\bINR)\s?[0-9][0-9,]*(?:\.[0-9]+)?(?:\s?(?:k|L|cr)\b)?|{_SIGN}\b[0-9][0-9,]*\.[0-9]{{2,}}(?![0-9]|\s?%)"
)


@travels_as("a")
@positional
class ShowTap(Tap):
    """Show what the message with the button tells, with its rupees."""

    @property
    def permission(self) -> Permission:
        return Permission.LOOK

    def encode(self) -> str:
        return "a"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self | None:
        return None if rest else cls()


def discreet(view: View) -> View:
    """The view with each price and amount hidden, whatever its size. Quantities and percentages stand."""
    hidden = replace(view, parts=tuple(_hidden(part) for part in view.parts))
    return hidden.with_keyboard(*hidden.keyboard, [button("Show", ShowTap())])


def _hidden(part: Part) -> Part:
    if isinstance(part, Table):
        return Table(tuple(_RUPEES.sub(lambda found: HIDDEN.rjust(len(found[0])), row) for row in part.rows))
    if isinstance(part, Detail):
        return Detail(tuple(_in_line(line) for line in part.lines))
    return _in_line(part)


def _in_line(line: Line) -> Line:
    return Line(tuple(replace(span, text=_RUPEES.sub(HIDDEN, span.text)) for span in line.spans))
