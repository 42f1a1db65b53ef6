"""The sheet that every picture is drawn on: its colours and letters, shapes with smooth edges, and the bytes in the end.

A person's theme is not known to a bot, so the sheet is dark slate with light letters: it reads in a light chat and does not
glare in a dark one. A phone shows it about 330 points wide, so a letter of 36 here is one of 10 or 11 there.
"""

import io
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

WIDTH = 1080  # pixels
MARGIN = 36
BACK, PANEL, GRID, EDGE = (22, 27, 34), (32, 39, 48), (45, 53, 64), (82, 92, 106)
TEXT, FAINT = (230, 234, 240), (158, 168, 181)
UP, DOWN, MARK = (63, 191, 143), (242, 107, 115), (245, 196, 83)  # each over 6:1 on the sheet
BIG, NORMAL, SMALL = 50, 40, 36

Colour = tuple[int, int, int]
Point = tuple[float, float]
Anchor = Literal["la", "ma", "ra", "lm", "mm", "rm", "ls", "ms", "rs"]

_FONTS = Path(__file__).parent / "fonts"
_FINER = 3  # how many times finer smooth shapes are drawn before they are made smaller


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / f"Roboto-{'Bold' if bold else 'Regular'}.ttf"), size)


def width_of(words: str, size: int = NORMAL, *, bold: bool = False) -> float:
    """Pixels that a line of words takes."""
    return _font(size, bold=bold).getlength(_on_one_line(words))


def _on_one_line(words: str) -> str:
    """A label of a stranger's making may hold anything."""
    return "".join(char if char.isprintable() else " " for char in words)


def fitted(words: str, room: float, size: int = NORMAL, *, bold: bool = False) -> str:
    """The words, cut with an ellipsis where they are wider than the room."""
    if width_of(words, size, bold=bold) <= room:
        return words
    while words and width_of(words + "…", size, bold=bold) > room:
        words = words[:-1]
    return words.rstrip() + "…"


class Canvas:
    """One picture in the making. x grows to the right and y downwards, in pixels."""

    def __init__(self, height: int) -> None:
        self.height = height
        self._image = Image.new("RGB", (WIDTH, height), BACK)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: int = NORMAL,
        colour: Colour = TEXT,
        bold: bool = False,
        anchor: Anchor = "la",
        room: float | None = None,
    ) -> None:
        """A line of words.

        The anchor says which point of it stands there: left, middle or right, and ascender, middle or baseline.
        """
        words = fitted(words, room, size, bold=bold) if room is not None else words
        self._draw.text(at, _on_one_line(words), font=_font(size, bold=bold), fill=colour, anchor=anchor)

    def tag(self, right: float, middle: float, words: str, *, colour: Colour, size: int = SMALL, ink: Colour = BACK) -> float:
        """Words on a filled box that ends at `right`. Returns where the box begins."""
        left, half = right - width_of(words, size, bold=True) - 20, size * 0.66
        self.box((left, middle - half), (right, middle + half), fill=colour, radius=6)
        self.text(((left + right) / 2, middle), words, size=size, colour=ink, bold=True, anchor="mm")
        return left

    def box(
        self,
        start: Point,
        end: Point,
        *,
        fill: Colour | None = None,
        outline: Colour | None = None,
        width: int = 2,
        radius: int = 0,
    ) -> None:
        """A rectangle between two corners, upper left and lower right, on whole pixels. It has at least one of each."""
        left, top = round(start[0]), round(start[1])
        right, bottom = max(left, round(end[0]) - 1), max(top, round(end[1]) - 1)
        if radius:
            self._draw.rounded_rectangle((left, top, right, bottom), radius=radius, fill=fill, outline=outline, width=width)
        else:
            self._draw.rectangle((left, top, right, bottom), fill=fill, outline=outline, width=width)

    def across(self, y: float, left: float, right: float, *, colour: Colour = GRID, width: int = 2, dash: int = 0) -> None:
        """A level line. dash: length of its strokes, zero for one without gaps."""
        self._strokes((left, y), (right, y), colour, width, dash)

    def upright(self, x: float, top: float, bottom: float, *, colour: Colour = GRID, width: int = 2, dash: int = 0) -> None:
        """A line from top to bottom."""
        self._strokes((x, top), (x, bottom), colour, width, dash)

    def _strokes(self, start: Point, end: Point, colour: Colour, width: int, dash: int) -> None:
        (x, y), (right, bottom) = start, end
        length = max(right - x, bottom - y)
        step = 2 * dash or max(length, 1)
        done = 0.0
        while done < length:
            reach = min(done + (dash or length), length)
            if y == bottom:
                self.box((x + done, y - width / 2), (x + reach, y + width / 2), fill=colour)
            else:
                self.box((x - width / 2, y + done), (x + width / 2, y + reach), fill=colour)
            done += step

    def curve(self, points: Sequence[Point], *, colour: Colour, width: float = 5) -> None:
        """A line through points, with smooth edges. One point is a dot."""
        if len(points) == 1:
            (x, y) = points[0]
            self.disc((x, y), width * 1.4, colour=colour)
            return
        self._smooth(
            points, width, colour, 255, lambda draw, fine: draw.line(fine, fill=255, width=round(width * _FINER), joint="curve")
        )

    def area(self, points: Sequence[Point], *, colour: Colour, strength: float = 0.22) -> None:
        """A filled shape, see-through: strength 1 hides what is below."""
        if len(points) >= 3:
            self._smooth(points, 0, colour, round(strength * 255), lambda draw, fine: draw.polygon(fine, fill=255))

    def disc(self, at: Point, radius: float, *, colour: Colour, ring: Colour | None = None) -> None:
        """A filled circle. ring: the colour around it, which sets it off from what it lies on."""
        x, y = at
        for reach, shade in ((radius + 4, ring), (radius, colour)):
            if shade is not None:
                corners = [(x - reach, y - reach), (x + reach, y + reach)]
                self._smooth(corners, 0, shade, 255, lambda draw, fine: draw.ellipse([*fine[0], *fine[1]], fill=255))

    def arrow(self, at: Point, size: float, *, up: bool, colour: Colour) -> None:
        """A triangle whose point stands there, set off from what it lies on."""
        x, y = at
        for grown, shade in ((4.0, BACK), (0.0, colour)):
            tip, base = (y - 2 * grown, y + size * 1.5 + grown) if up else (y + 2 * grown, y - size * 1.5 - grown)
            half = size + grown * 1.4
            shape = [(x, tip), (x - half, base), (x + half, base)]
            self._smooth(shape, 0, shade, 255, lambda draw, fine: draw.polygon(fine, fill=255))

    def _smooth(
        self,
        points: Sequence[Point],
        reach: float,
        colour: Colour,
        strength: int,
        put: Callable[[ImageDraw.ImageDraw, list[Point]], None],
    ) -> None:
        """Draws into a finer mask of the shape's own surroundings, and lays the colour on through it."""
        pad = round(reach) + 2
        left, top = int(min(x for x, _ in points)) - pad, int(min(y for _, y in points)) - pad
        right, bottom = int(max(x for x, _ in points)) + pad, int(max(y for _, y in points)) + pad
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, WIDTH), min(bottom, self.height)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", ((right - left) * _FINER, (bottom - top) * _FINER))
        put(ImageDraw.Draw(mask), [((x - left) * _FINER, (y - top) * _FINER) for x, y in points])
        mask = mask.reduce(_FINER)
        if strength < 255:
            mask = mask.point([value * strength // 255 for value in range(256)])
        self._image.paste(colour, (left, top), mask)

    def head(self, title: str, under: str, *, mode: str, right: str) -> float:
        """Title and mode on the first line, what it is of and its moment on the second. Returns where the picture begins."""
        begin = self.tag(WIDTH - MARGIN, 58, mode, colour=EDGE, ink=TEXT)
        room = begin - MARGIN - 20
        size = next((size for size in range(BIG, NORMAL, -1) if width_of(title, size, bold=True) <= room), NORMAL)
        self.text((MARGIN, 58), title, size=size, bold=True, anchor="lm", room=room)
        self.text((WIDTH - MARGIN, 118), right, size=SMALL, colour=FAINT, anchor="rm")
        room = WIDTH - 2 * MARGIN - width_of(right, SMALL) - 20
        self.text((MARGIN, 118), under, size=SMALL, colour=FAINT, anchor="lm", room=room)
        return 160

    def empty(self, words: str) -> None:
        """Says in the middle why there is nothing to see."""
        self.text((WIDTH / 2, self.height / 2), words, colour=FAINT, anchor="mm", room=WIDTH - 2 * MARGIN)

    def png(self) -> bytes:
        """The file. A palette of 128 colours keeps it small, and none of ours is lost in it."""
        small = self._image.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        file = io.BytesIO()
        small.save(file, "PNG", compress_level=6)
        return file.getvalue()
