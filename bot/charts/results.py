"""Money over time: the day's curve with its symbols, the equity curve of some days, and the month as a calendar."""

import calendar
import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.charts import axes
from bot.charts.canvas import (
    BACK,
    BIG,
    DOWN,
    EDGE,
    FAINT,
    MARGIN,
    MARK,
    NORMAL,
    PANEL,
    SMALL,
    TEXT,
    UP,
    WIDTH,
    Anchor,
    Canvas,
    Colour,
    Point,
    width_of,
)
from bot.domain.clock import ist_date
from bot.domain.money import ZERO, total
from bot.domain.pictures import DayPicture, DayResult, EquityCurve, MonthHeatmap, SymbolResult
from bot.domain.terms import Side
from bot.domain.value import value

MOST_BARS = 8
ROW = 62  # pixels of one symbol
CURVE = 560  # pixels that a curve is high
TIME_ROOM = 200  # pixels between an end of the curve and the time in its middle
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")


def shade(net: Decimal | None) -> Colour:
    """The colour of a result. It stands beside its sign, never instead of it."""
    return FAINT if not net else UP if net > 0 else DOWN


def money(net: Decimal | None) -> str:
    """A result with its sign, or the words that it is not known."""
    if net is None:
        return "not known"
    words = axes.figure(net, signed=True)
    return words[0] + "₹" + words[1:] if words[0] in ("+", axes.MINUS) else "₹" + words


def day_picture(picture: DayPicture) -> bytes:
    """The PNG: net through the session, a mark for each fill, and the symbols by what they brought."""
    bars = _bars(picture.symbols)
    curve = CURVE if picture.curve else 140
    foot = 140 if picture.curve and picture.fills else 90
    canvas = Canvas(250 + curve + foot + (len(bars) * ROW + 30 if bars else 0))
    title = f"{axes.day_words(picture.day)} {picture.day.year} ({picture.day:%a})"
    top = canvas.head(title, "Net of the day after charges", mode=picture.mode, right=axes.as_of_words(picture.as_of))
    canvas.text((MARGIN, top + 20), money(picture.net), size=BIG + 14, colour=shade(picture.net), bold=True, anchor="lm")
    top += 90
    if picture.curve:
        _day_curve(canvas, picture, top, top + curve)
    else:
        why = "Not watched through the day" if picture.fills else "No trades"
        canvas.text((WIDTH / 2, top + curve / 2), why, colour=FAINT, anchor="mm")
    _draw_bars(canvas, bars, top + curve + foot)
    return canvas.png()


def _day_curve(canvas: Canvas, picture: DayPicture, top: float, bottom: float) -> None:
    points = picture.curve
    values = axes.spread([ZERO, *(point.net for point in points)], start=bottom, end=top, air="0.1")
    right = WIDTH - MARGIN - axes.axis_width(values, signed=True)
    axes.lay_ticks(canvas, values, MARGIN, right, signed=True)
    moments = axes.Scale(
        low=_seconds(points[0].at.timestamp()), high=_seconds(points[-1].at.timestamp()), start=MARGIN, end=right - 14
    )
    where = [(moments.at(_seconds(point.at.timestamp())), values.at(point.net)) for point in points]
    draw_curve(canvas, where, values, right)
    canvas.disc(where[-1], 9, colour=shade(points[-1].net) if points[-1].net else TEXT, ring=BACK)
    seen = [fill for fill in picture.fills if points[0].at <= fill.at <= points[-1].at]
    for fill in seen:
        x = moments.at(_seconds(fill.at.timestamp()))
        canvas.arrow((x, _height_at(where, x)), 11, up=fill.side is Side.BUY, colour=MARK)
    middle = middle_of([x for x, _ in where])
    _moment(canvas, points[0].at, MARGIN, bottom, "lm")
    if middle is not None:
        _moment(canvas, points[middle].at, where[middle][0], bottom, "mm")
    if len(points) > 1:
        _moment(canvas, points[-1].at, right - 14, bottom, "rm")
    if seen:
        words = "arrow up: bought   arrow down: sold"
        canvas.text((WIDTH / 2, bottom + 88), words, size=SMALL, colour=MARK, anchor="mm")


def middle_of(pixels: Sequence[float]) -> int | None:
    """The place nearest to the middle of an axis, where the words of a time do not touch those at its two ends."""
    inner = range(1, len(pixels) - 1)
    middle = min(inner, key=lambda place: abs(pixels[place] - (pixels[0] + pixels[-1]) / 2), default=None)
    if middle is None or min(pixels[middle] - pixels[0], pixels[-1] - pixels[middle]) < TIME_ROOM:
        return None
    return middle


def _moment(canvas: Canvas, at: datetime, x: float, bottom: float, anchor: Anchor) -> None:
    canvas.text((x, bottom + 36), axes.time_words(at), size=SMALL, colour=FAINT, anchor=anchor)


def _seconds(stamp: float) -> Decimal:
    return Decimal(int(stamp))


def _height_at(where: Sequence[Point], x: float) -> float:
    """The curve's height at an x between its first and its last point."""
    for (left, high), (right, low) in itertools.pairwise(where):
        if left <= x <= right:
            return high if right == left else high + (low - high) * (x - left) / (right - left)
    return where[-1][1]


def draw_curve(canvas: Canvas, where: Sequence[Point], values: axes.Scale, right: float) -> None:
    """The line, and the ground between it and zero in the colour of its sign."""
    zero = values.at(ZERO)
    for above, colour in ((True, UP), (False, DOWN)):
        bound = [(x, min(y, zero) if above else max(y, zero)) for x, y in _with_crossings(where, zero)]
        canvas.area([(bound[0][0], zero), *bound, (bound[-1][0], zero)], colour=colour)
    canvas.across(zero, MARGIN, right, colour=EDGE, width=3)
    canvas.curve(where, colour=TEXT, width=5)


def _with_crossings(where: Sequence[Point], zero: float) -> list[Point]:
    """The points, and those between them at which the line crosses zero."""
    points = [where[0]]
    for (left, high), (right, low) in itertools.pairwise(where):
        if (high - zero) * (low - zero) < 0:
            points.append((left + (right - left) * (zero - high) / (low - high), zero))
        points.append((right, low))
    return points


def _bars(symbols: Sequence[SymbolResult]) -> list[SymbolResult]:
    """Best first. Where there are too many the middle ones become one row."""
    ordered = sorted(symbols, key=lambda symbol: (-symbol.net, symbol.name))
    if len(ordered) <= MOST_BARS:
        return ordered
    half = MOST_BARS // 2
    middle = ordered[half : 1 - half]
    rest = SymbolResult(name=f"{len(middle)} others", net=total(symbol.net for symbol in middle))
    return [*ordered[:half], rest, *ordered[1 - half :]]


def _draw_bars(canvas: Canvas, bars: Sequence[SymbolResult], top: float) -> None:
    """Names left, figures right, and between them bars from one line of zero."""
    if not bars:
        return
    figures = [axes.figure(symbol.net, signed=True) for symbol in bars]
    names_end = MARGIN + min(max(width_of(symbol.name) for symbol in bars), 400.0) + 20
    bars_end = WIDTH - MARGIN - max(width_of(words) for words in figures) - 20
    low, high = min(ZERO, *(symbol.net for symbol in bars)), max(ZERO, *(symbol.net for symbol in bars))
    scale = axes.Scale(low=low, high=high if high > low else low + 1, start=names_end, end=bars_end)
    zero = scale.at(ZERO)
    for place, (symbol, words) in enumerate(zip(bars, figures, strict=True)):
        middle = top + place * ROW + ROW / 2
        canvas.text((MARGIN, middle), symbol.name, anchor="lm", room=names_end - MARGIN - 20)
        canvas.text((WIDTH - MARGIN, middle), words, colour=shade(symbol.net), anchor="rm")
        x = scale.at(symbol.net)
        start, end = (min(x, zero), middle - 16), (max(x, zero), middle + 16)
        if symbol.net > 0:  # hollow, as a rising candle
            canvas.box(start, end, outline=UP, width=3)
        elif symbol.net < 0:
            canvas.box(start, end, fill=DOWN)
    canvas.upright(zero, top, top + len(bars) * ROW, colour=EDGE)


def equity_curve(picture: EquityCurve) -> bytes:
    """The PNG: the days summed up, and each day's own result as a bar below. A day that is not known is a gap in the bars."""
    canvas = Canvas(1000)
    known = [result for result in picture.days if result.net is not None]
    top = canvas.head(picture.title, _days_words(picture.days), mode=picture.mode, right=axes.as_of_words(picture.as_of))
    if not known:
        canvas.empty("No days with a known result")
        return canvas.png()
    net = total(result.net or ZERO for result in known)
    canvas.text((MARGIN, top + 20), money(net), size=BIG + 14, colour=shade(net), bold=True, anchor="lm")
    canvas.text((WIDTH - MARGIN, top + 20), _tally(picture.days), size=SMALL, colour=FAINT, anchor="rm")
    top, middle, bottom = top + 90, 660.0, 900.0
    sums, running = [ZERO], ZERO
    for result in picture.days:
        running += result.net or ZERO
        sums.append(running)
    values = axes.spread([*sums, ZERO], start=middle, end=top, air="0.1")
    nets = axes.spread([ZERO, *(result.net or ZERO for result in known)], start=bottom, end=middle + 60, air="0.02")
    right = WIDTH - MARGIN - max(axes.axis_width(values, signed=True), axes.axis_width(nets, most=3, signed=True))
    axes.lay_ticks(canvas, values, MARGIN, right, signed=True)
    axes.lay_ticks(canvas, nets, MARGIN, right, most=3, signed=True)
    step = (right - MARGIN - 14) / len(picture.days)
    draw_curve(canvas, [(MARGIN + step * place, values.at(value)) for place, value in enumerate(sums)], values, right)
    zero, half = nets.at(ZERO), min(max(step * 0.34, 1), 40)
    canvas.across(zero, MARGIN, right, colour=EDGE)
    for place, result in enumerate(picture.days):
        x = MARGIN + step * (place + 0.5)
        if result.net is None:
            canvas.text((x, zero), "?", size=SMALL, colour=MARK, anchor="mm")
        elif result.net > 0:
            canvas.box((x - half, nets.at(result.net)), (x + half, zero), outline=UP, width=3, fill=None if half > 4 else UP)
        elif result.net < 0:
            canvas.box((x - half, zero), (x + half, nets.at(result.net)), fill=DOWN)
    canvas.text((MARGIN, bottom + 40), axes.day_words(picture.days[0].day), size=SMALL, colour=FAINT, anchor="lm")
    if len(picture.days) > 1:
        canvas.text((right, bottom + 40), axes.day_words(picture.days[-1].day), size=SMALL, colour=FAINT, anchor="rm")
    return canvas.png()


def _days_words(days: Sequence[DayResult]) -> str:
    count = len(days)
    return f"Net after charges, {count} day{'' if count == 1 else 's'}"


def _tally(days: Sequence[DayResult]) -> str:
    nets = [result.net for result in days]
    parts = [f"{sum(net > 0 for net in nets if net is not None)} up", f"{sum(net < 0 for net in nets if net is not None)} down"]
    if unknown := nets.count(None):
        parts.append(f"{unknown} not known")
    return " · ".join(parts)


def month_heatmap(picture: MonthHeatmap) -> bytes:
    """The PNG: weekdays in columns, a Saturday or Sunday with a session too.

    The stronger the colour, the larger the result. Signs always stand.
    """
    first = picture.month.replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    results = {result.day: result for result in picture.days}
    days = [first + timedelta(days=offset) for offset in range(last.day)]
    columns = 5 if all(day.weekday() < 5 for day in results) else 7
    weeks = sorted({day - timedelta(days=day.weekday()) for day in days if day.weekday() < columns})
    cell = (WIDTH - 2 * MARGIN) / columns
    height = 132
    canvas = Canvas(round(310 + len(weeks) * height + 90))
    top = canvas.head(f"{first:%B %Y}", "Net after charges by day", mode=picture.mode, right=axes.as_of_words(picture.as_of))
    net = total(result.net for result in picture.days if result.net is not None)
    canvas.text((MARGIN, top + 20), money(net), size=BIG + 14, colour=shade(net), bold=True, anchor="lm")
    canvas.text((WIDTH - MARGIN, top + 20), _tally(picture.days), size=SMALL, colour=FAINT, anchor="rm")
    top += 110
    for column in range(columns):
        name = (*WEEKDAYS, "Sat", "Sun")[column]
        canvas.text((MARGIN + cell * (column + 0.5), top - 22), name, size=SMALL, colour=FAINT, anchor="mm")
    most = max((abs(result.net) for result in picture.days if result.net), default=Decimal(1))
    today = ist_date(picture.as_of)
    for day in days:
        if day.weekday() < columns:
            corner = (MARGIN + cell * day.weekday(), top + height * weeks.index(day - timedelta(days=day.weekday())))
            look = _Cell(day=day, result=results.get(day), closed=day in picture.closed, today=day == today)
            _draw_cell(canvas, look, corner, (cell, height), most)
    foot = f"Strongest colour: {axes.short_figure(most)}" if any(result.net for result in picture.days) else ""
    canvas.text((MARGIN, top + height * len(weeks) + 44), foot, size=SMALL, colour=FAINT, anchor="lm")
    return canvas.png()


@value
class _Cell:
    """One date of the month."""

    day: date
    result: DayResult | None
    closed: bool
    today: bool


def _draw_cell(canvas: Canvas, cell: _Cell, corner: Point, size: Point, most: Decimal) -> None:
    (x, y), (wide, high) = corner, size
    result = cell.result
    net = result.net if result is not None else None
    fill = PANEL if result is not None else BACK
    if net:
        strength = 0.25 + 0.75 * min(float(abs(net) / most), 1.0)
        fill = _mixed(_DEEP_UP if net > 0 else _DEEP_DOWN, strength)
    edge, line = (TEXT, 4) if cell.today else (PANEL, 2)
    canvas.box((x + 4, y + 4), (x + wide - 4, y + high - 4), fill=fill, outline=edge, width=line, radius=10)
    colour = TEXT if result is not None else FAINT
    canvas.text((x + 18, y + 34), str(cell.day.day), size=SMALL, colour=colour, anchor="lm")
    middle = (x + wide / 2, y + high * 0.66)
    if result is None:
        canvas.text(middle, "closed" if cell.closed else "", size=SMALL, colour=FAINT, anchor="mm")
    elif net is None:
        canvas.text(middle, "not known" if wide > 180 else "?", size=SMALL, colour=MARK, anchor="mm")
    else:
        words = axes.short_figure(net, signed=True)
        canvas.text(middle, words, size=NORMAL if wide > 180 else SMALL, bold=bool(net), anchor="mm", room=wide - 12)


_DEEP_UP, _DEEP_DOWN = (24, 122, 88), (168, 52, 62)  # light letters read on them


def _mixed(colour: Colour, strength: float) -> Colour:
    red, green, blue = (round(low + (high - low) * strength) for low, high in zip(PANEL, colour, strict=True))
    return red, green, blue
