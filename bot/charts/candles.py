"""Candles with volume, own entries and exits, and what stands for the account: average, stops, targets."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.charts import axes
from bot.charts.canvas import (
    BACK,
    DOWN,
    EDGE,
    FAINT,
    GRID,
    MARGIN,
    MARK,
    SMALL,
    TEXT,
    UP,
    WIDTH,
    Canvas,
    Colour,
    width_of,
)
from bot.domain.clock import ist, ist_date
from bot.domain.orders.research import Candle, Interval
from bot.domain.pictures import CandleChart, ChartLevel, LevelKind
from bot.domain.terms import Side
from bot.domain.value import value

HEIGHT = 1080
VOLUME = 150  # pixels
FAR = Decimal("1.5")  # a level further from the candles than this many times their own range is told, not drawn
LINES: dict[LevelKind, Colour] = {
    LevelKind.AVERAGE: TEXT, LevelKind.STOP: DOWN, LevelKind.TARGET: UP, LevelKind.LIMIT: MARK,
}  # fmt: skip


def candle_chart(chart: CandleChart) -> bytes:
    """The PNG. Gaps in which nobody trades are left out. A rising candle is hollow, a falling one filled."""
    canvas = Canvas(HEIGHT)
    candles = chart.candles
    top = canvas.head(chart.name, _under(chart), mode=chart.mode, right=axes.as_of_words(chart.as_of))
    if not candles:
        canvas.empty("No candles")
        return canvas.png()
    top = _summary(canvas, candles, top)
    near, far = _levels(chart)
    floor = HEIGHT - 70.0 - (46 if far else 0)
    has_volume = any(candle.volume for candle in candles)
    bottom = floor - (VOLUME + 24 if has_volume else 0)
    values = [price for candle in candles for price in (candle.low, candle.high)] + [level.price for level in near]
    prices = axes.spread(values, start=bottom, end=top)
    labels = _labels(candles[-1], near, prices)
    right = WIDTH - MARGIN - max(axes.axis_width(prices), *(width_of(label.words, SMALL, bold=True) + 12 for label in labels))
    axes.lay_ticks(canvas, prices, MARGIN, right, taken=[label.y for label in labels])
    places = _places(len(candles), MARGIN, right)
    _days(canvas, chart, places, (top, HEIGHT - 70))
    if has_volume:
        _volume(canvas, candles, places, (floor - VOLUME, floor))
    _bodies(canvas, candles, places, prices)
    for label in labels:
        canvas.across(prices.at(label.price), MARGIN, right, colour=label.colour, width=label.width, dash=label.dash)
    _fills(canvas, chart, places, prices)
    for label in labels:
        if label.is_last:
            canvas.tag(WIDTH - 8, label.y, label.words, colour=label.colour)
        else:
            canvas.text((WIDTH - 18, label.y), label.words, size=SMALL, colour=label.colour, bold=True, anchor="rm")
    if far:
        words = " · ".join(f"{level.kind} {axes.figure(level.price)}" for level in far)
        canvas.text((MARGIN, floor + 28), f"Beyond: {words}", size=SMALL, colour=FAINT, anchor="lm", room=right - MARGIN)
    return canvas.png()


@value
class _Label:
    """A price with a line across and its words at the right edge, pushed away from its neighbours."""

    price: Decimal
    words: str
    colour: Colour
    y: float  # of the words
    width: int = 3  # of the line
    dash: int = 0
    is_last: bool = False


def _labels(last: Candle, levels: Sequence[ChartLevel], prices: axes.Scale) -> list[_Label]:
    """From the top down. Words keep a row's distance, and the last price gives way to none above the scale's end."""
    colour = UP if last.close >= last.open else DOWN
    labels = [
        _Label(
            price=last.close, words=axes.figure(last.close), colour=colour, y=prices.at(last.close), width=2, dash=6, is_last=True
        )
    ]
    for level in levels:
        words = f"{level.kind} {axes.figure(level.price)}"
        dash = 0 if level.kind is LevelKind.AVERAGE else 16
        labels.append(_Label(price=level.price, words=words, colour=LINES[level.kind], y=prices.at(level.price), dash=dash))
    labels.sort(key=lambda label: label.y)
    row = SMALL + 12
    for place in range(1, len(labels)):
        labels[place] = replace(labels[place], y=max(labels[place].y, labels[place - 1].y + row))
    room = prices.start
    for place in reversed(range(len(labels))):
        labels[place] = replace(labels[place], y=min(labels[place].y, room))
        room = labels[place].y - row
    return labels


def _under(chart: CandleChart) -> str:
    span = ""
    if chart.candles:
        first, last = ist_date(chart.candles[0].start), ist_date(chart.candles[-1].start)
        span = f" · {axes.day_words(first)}" + (f" – {axes.day_words(last)}" if last != first else "")
    return f"{chart.exchange} · {chart.interval}{span}"


def _summary(canvas: Canvas, candles: Sequence[Candle], top: float) -> float:
    """The range and the change over what is shown, in one line. Returns where the chart begins."""
    first, last = candles[0].open, candles[-1].close
    low, high = min(candle.low for candle in candles), max(candle.high for candle in candles)
    change = last - first
    colour = UP if change > 0 else DOWN if change < 0 else FAINT
    percent = f" ({axes.figure(change / first * 100, signed=True)} %)" if first else ""
    told = f"{axes.figure(change, signed=True)}{percent}"
    canvas.text((MARGIN, top), told, colour=colour, bold=True, anchor="lm")
    words = f"Low {axes.figure(low)}   High {axes.figure(high)}"
    canvas.text((WIDTH - MARGIN, top), words, size=SMALL, colour=FAINT, anchor="rm")
    since, beside = f"since {_beginning(candles)}", MARGIN + width_of(told, bold=True) + 14
    if beside + width_of(since, SMALL) + 14 < WIDTH - MARGIN - width_of(words, SMALL):
        canvas.text((beside, top), since, size=SMALL, colour=FAINT, anchor="lm")
    return top + 50


def _beginning(candles: Sequence[Candle]) -> str:
    """Says from when on the change counts: not from yesterday's close."""
    first, last = candles[0].start, candles[-1].start
    return axes.time_words(first) if ist_date(first) == ist_date(last) else axes.day_words(ist_date(first))


def _levels(chart: CandleChart) -> tuple[list[ChartLevel], list[ChartLevel]]:
    """(drawn, too far off to draw without flattening the candles)."""
    low, high = min(candle.low for candle in chart.candles), max(candle.high for candle in chart.candles)
    reach = max(high - low, high / 100) * FAR
    near = [level for level in chart.levels if low - reach <= level.price <= high + reach]
    return near, [level for level in chart.levels if level not in near]


def _places(count: int, left: float, right: float) -> list[tuple[float, float]]:
    """(middle, half of the body's width) of each candle. Few candles do not grow into blocks."""
    step = min((right - left) / count, 40.0)
    half = max(step * 0.34, 0.5)
    return [(right - step * (count - place - 0.5), half) for place in range(count)]


def _days(canvas: Canvas, chart: CandleChart, places: Sequence[tuple[float, float]], span: tuple[float, float]) -> None:
    """Upright lines where a day, or on daily candles a month, begins. Words stand below as far as they do not touch."""
    top, floor = span
    until = -1.0
    marks = list(_marks(chart))
    some_days = len({ist_date(candle.start) for candle in chart.candles}) > 1
    for place, words, is_border in marks:
        x, half = places[place]
        edge = x - half - 1
        if is_border and place:
            canvas.upright(edge, top, floor, colour=EDGE if some_days else GRID)
        wide = width_of(words, SMALL)
        middle = min(max(x, MARGIN + wide / 2), WIDTH - MARGIN - wide / 2)
        if middle - wide / 2 > until:
            canvas.text((middle, floor + 34), words, size=SMALL, colour=FAINT, anchor="mm")
            until = middle + wide / 2 + 36


def _marks(chart: CandleChart) -> Iterator[tuple[int, str, bool]]:
    """(place of a candle, words for it, whether a line stands before it), from left to right."""
    candles = chart.candles
    days = [ist_date(candle.start) for candle in candles]
    if chart.interval is Interval.DAY:
        for place, day in enumerate(days):
            begins = place == 0 or days[place - 1].month != day.month
            if begins or len(days) <= 12:
                yield place, f"{day:%b %Y}" if begins and len(days) > 12 else axes.day_words(day), begins
        return
    if days[0] != days[-1]:
        for place, day in enumerate(days):
            if place == 0 or days[place - 1] != day:
                yield place, axes.day_words(day), True
        return
    hours = [place for place, candle in enumerate(candles) if place and ist(candle.start).minute == 0]
    for place in [0, *(hours if len(hours) > 2 else range(1, len(candles)))]:
        yield place, axes.time_words(candles[place].start), False


def _volume(canvas: Canvas, candles: Sequence[Candle], places: Sequence[tuple[float, float]], span: tuple[float, float]) -> None:
    top, floor = span
    most = max(candle.volume for candle in candles)
    for candle, (x, half) in zip(candles, places, strict=True):
        if candle.volume:
            height = max((floor - top - 26) * candle.volume / most, 2)
            canvas.box((x - half, floor - height), (x + half, floor), fill=EDGE)
    canvas.text((MARGIN, top + 4), f"Vol, most {axes.short_figure(Decimal(most))}", size=SMALL, colour=FAINT, anchor="lm")


def _bodies(canvas: Canvas, candles: Sequence[Candle], places: Sequence[tuple[float, float]], prices: axes.Scale) -> None:
    for candle, (x, half) in zip(candles, places, strict=True):
        rising = candle.close >= candle.open
        colour = UP if rising else DOWN
        canvas.upright(x, prices.at(candle.high), prices.at(candle.low), colour=colour, width=2)
        upper, lower = prices.at(max(candle.open, candle.close)), prices.at(min(candle.open, candle.close))
        hollow = rising and half > 1.5  # below that a body is a line
        start, end = (x - half, upper), (x + half, max(lower, upper + 2))
        canvas.box(start, end, fill=BACK if hollow else colour, outline=colour, width=2 if half > 3 else 1)


def _fills(canvas: Canvas, chart: CandleChart, places: Sequence[tuple[float, float]], prices: axes.Scale) -> None:
    """B from below and S from above, at the price of the trade, on the candle in which it fell."""
    for fill in chart.fills:
        place = next((at for at in reversed(range(len(places))) if chart.candles[at].start <= fill.at), None)
        if place is None or fill.at > chart.as_of:
            continue
        x, y = places[place][0], prices.at(min(max(fill.price, prices.low), prices.high))
        bought = fill.side is Side.BUY
        canvas.arrow((x, y), 13, up=bought, colour=MARK)
        words = "B" if bought else "S"
        canvas.text((x, y + 40 if bought else y - 40), words, size=SMALL, colour=MARK, bold=True, anchor="mm")
