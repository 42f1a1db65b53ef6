"""What is held on one underlying, as a line over its price when the contracts end."""

from collections.abc import Sequence
from decimal import Decimal

from bot.charts import axes
from bot.charts.canvas import BACK, DOWN, EDGE, FAINT, MARGIN, MARK, SMALL, TEXT, UP, WIDTH, Canvas, width_of
from bot.charts.results import draw_curve
from bot.domain.market.instrument import Right
from bot.domain.money import ZERO
from bot.domain.pictures import Payoff
from bot.domain.plans.payoff import PayoffLeg, break_evens, corners, extremes, profit

HEIGHT = 1080
MOST_LEGS = 6


def payoff(picture: Payoff) -> bytes:
    """The PNG: rupees won or lost at expiry over the underlying's price, break-evens, spot, and the legs in words."""
    legs = picture.legs
    rows = _leg_rows(legs)
    if picture.left_out:
        rows.append("Left out: " + ", ".join(picture.left_out))
    canvas = Canvas(HEIGHT + len(rows) * 44)
    end = f"at expiry {axes.day_words(picture.expiry)}" if picture.expiry is not None else "over its price"
    top = canvas.head(picture.name, f"Payoff {end}, before charges", mode=picture.mode, right=axes.as_of_words(picture.as_of))
    if not legs:
        canvas.empty("Nothing held")
        return canvas.png()
    _figures(canvas, legs, top)
    top, bottom = top + 110, HEIGHT - 100.0
    low, high = _window(legs, picture.spot)
    bends = [low, *(bend for bend in corners(legs) if low < bend < high), high]
    values = axes.spread([ZERO, *(profit(legs, bend) for bend in bends)], start=bottom, end=top, air="0.1")
    right = WIDTH - MARGIN - axes.axis_width(values, signed=True)
    axes.lay_ticks(canvas, values, MARGIN, right, signed=True)
    prices = axes.Scale(low=low, high=high, start=MARGIN, end=right)
    draw_curve(canvas, [(prices.at(bend), values.at(profit(legs, bend))) for bend in bends], values, right)
    _prices(canvas, picture, prices, (top, bottom), right)
    if picture.spot is not None and low <= picture.spot <= high:
        x, now = prices.at(picture.spot), profit(legs, picture.spot)
        canvas.upright(x, top, bottom, colour=MARK, width=3, dash=12)
        canvas.disc((x, values.at(now)), 10, colour=MARK, ring=BACK)
        words = f"{axes.figure(picture.spot)}: {axes.figure(now, 0, signed=True)}"
        half = width_of(words, SMALL, bold=True) / 2 + 12
        canvas.tag(min(max(x + half, MARGIN + 2 * half), right), top - 6, words, colour=MARK)
    for place, words in enumerate(rows):
        canvas.text((MARGIN, HEIGHT - 6 + place * 44), words, size=SMALL, colour=FAINT, anchor="lm", room=WIDTH - 2 * MARGIN)
    return canvas.png()


def _figures(canvas: Canvas, legs: Sequence[PayoffLeg], top: float) -> None:
    """The most that can be won and lost. What has no end says so."""
    least, most = extremes(legs)
    won = "no limit" if most is None else axes.figure(most, 0, signed=True)
    lost = "no limit" if least is None else axes.figure(least, 0, signed=True)
    canvas.text((MARGIN, top + 10), f"Most won {won}", colour=UP, bold=True, anchor="lm")
    canvas.text((WIDTH - MARGIN, top + 10), f"Most lost {lost}", colour=DOWN, bold=True, anchor="rm")


def _window(legs: Sequence[PayoffLeg], spot: Decimal | None) -> tuple[Decimal, Decimal]:
    """The prices between which something happens: strikes, break-evens and spot, with room on both sides."""
    seen = [leg.strike for leg in legs if leg.strike is not None]
    seen += [leg.average for leg in legs if leg.right is None]
    if spot is not None:
        seen.append(spot)
    middle = sum(seen, ZERO) / len(seen)
    seen += [zero for zero in break_evens(legs) if abs(zero - middle) <= middle / 4]
    low, high = min(seen), max(seen)
    room = max((high - low) * Decimal("0.35"), middle * Decimal("0.02"))
    return max(low - room, ZERO), high + room


def _prices(canvas: Canvas, picture: Payoff, prices: axes.Scale, span: tuple[float, float], right: float) -> None:
    """Break-evens as marks on the line of zero with their prices below, or round prices where there is none in sight."""
    _, bottom = span
    zeros = [zero for zero in break_evens(picture.legs) if prices.low < zero < prices.high]
    until = -1.0
    values, places = (zeros, 2) if zeros else axes.ticks(prices, 4)
    for value in values:
        x = prices.at(value)
        words = ("BE " if zeros else "") + axes.figure(value, places)
        wide = width_of(words, SMALL)
        middle = min(max(x, MARGIN + wide / 2), right - wide / 2)
        canvas.upright(x, bottom - 12, bottom + 12, colour=TEXT if zeros else EDGE, width=3)
        if middle - wide / 2 > until:
            canvas.text((middle, bottom + 40), words, size=SMALL, colour=TEXT if zeros else FAINT, anchor="mm")
            until = middle + wide / 2 + 30


def _leg_rows(legs: Sequence[PayoffLeg]) -> list[str]:
    rows = [
        f"{axes.figure(Decimal(leg.quantity), 0, signed=True)}  {leg.name}  at {axes.figure(leg.average)}"
        for leg in sorted(legs, key=lambda leg: (leg.right is not None, leg.right is Right.PE, leg.strike or ZERO))
    ]
    return rows if len(rows) <= MOST_LEGS else [*rows[: MOST_LEGS - 1], f"and {len(rows) - MOST_LEGS + 1} more"]
