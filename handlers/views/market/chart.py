"""The words that come before a picture, and the few that stand under it."""

from datetime import date
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import label as name_of
from bot.domain.market.display_names import title
from bot.domain.money import total
from bot.domain.orders.order_text import words_of
from bot.domain.orders.research import Interval
from bot.domain.pictures import Charted, LevelKind, Payoff
from bot.domain.plans.payoff import break_evens, extremes, profit
from handlers.views.format import (
    RULE,
    clock_time,
    count,
    day_name,
    mark,
    price,
    row,
    short_time,
    signed,
    signed_count,
    table,
    wrapped,
)
from handlers.views.keyboards import words
from handlers.views.message import Part, View, keyboard, message, say

OFFERED = (Interval.MINUTES_5, Interval.MINUTES_15, Interval.HOUR, Interval.DAY)


def candles(charted: Charted, account: str, label: str) -> View:
    """Range and change over what is shown, own levels, and how many of one's trades are on it. account: mark and label."""
    chart, instrument = charted.chart, charted.instrument
    bars = chart.candles
    last, first = bars[-1].close, bars[0].open
    low, high = min(bar.low for bar in bars), max(bar.high for bar in bars)
    change = last - first
    rows = [
        row(f"CHART {account}", chart.mode),
        wrapped(title(instrument, today=ist_date(chart.as_of))),
        row(f" {chart.exchange} · {chart.interval} · {_span(charted)}"),
        row("", f"as of {clock_time(chart.as_of)}"),
        row("Last", price(last)),
        row(f"Since {_beginning(charted)}", f"{signed(change)}{_percent(change, first)} {mark(change) or '  '}"),
        row("Range", f"{price(low)} – {price(high)}"),
    ]
    if volume := sum(bar.volume for bar in bars):
        rows.append(row("Volume", count(volume)))
    if chart.levels or chart.fills:
        rows.append((RULE,))
    for level in sorted(chart.levels, key=lambda level: -level.price):
        held = level.kind is LevelKind.AVERAGE
        rows.append(row(f"{level.kind} {price(level.price)}", f"{'holds ' if held else ''}{signed_count(level.quantity)}"))
    if chart.fills:
        rows.append(row("Your trades shown", count(len(chart.fills))))
    parts: list[Part] = [table(*rows)]
    if not charted.whole:
        parts.append(say(f"The last {count(len(bars))} candles: more do not fit. A longer candle shows more days."))
    if charted.left_out:
        parts.append(say(f"⚠️ Could not be read now and is not shown: {', '.join(charted.left_out)}."))
    query = f"{words_of(instrument, ist_date(chart.as_of))} {instrument.exchange}".lower()
    others = [
        words(interval.value, f"/chart {query} {interval.value}", account=label)
        for interval in OFFERED
        if interval is not chart.interval
    ]
    acts = [words("Refresh", f"/chart {query} {chart.interval.value} {charted.days}", account=label)]
    if instrument.is_tradable:
        acts += [words("Buy…", f"/buy {query}", account=label), words("Sell…", f"/sell {query}", account=label)]
    return View(tuple(parts), keyboard(others, acts))


def _beginning(charted: Charted) -> str:
    """Says from when on the change counts: not from yesterday's close."""
    first, last = charted.chart.candles[0].start, charted.chart.candles[-1].start
    return short_time(first) if ist_date(first) == ist_date(last) else _day(ist_date(first))


def _span(charted: Charted) -> str:
    if charted.days == 1:
        return _day(ist_date(charted.chart.candles[-1].start))
    return f"{charted.days} days"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _percent(change: Decimal, first: Decimal) -> str:
    return f" {signed((change / first * 100).quantize(Decimal('0.01')))} %" if first else ""


def candles_caption(charted: Charted) -> View:
    """One line."""
    chart = charted.chart
    name = name_of(charted.instrument, today=ist_date(chart.as_of))
    return message(say(f"{name} · {chart.interval} · {_span(charted)} · as of {clock_time(chart.as_of)}"))


def payoff(held: Payoff, account: str, label: str) -> View:
    """What can be won and lost at expiry, and at the price of now, before charges. account: mark and label."""
    least, most = extremes(held.legs)
    end = f"at expiry, {day_name(held.expiry)}" if held.expiry is not None else "over its price"
    rows = [
        row(f"PAYOFF {account}", held.mode),
        row(held.name, f"as of {clock_time(held.as_of)}"),
        row(f" {end}"),
    ]
    if held.legs:
        rows += [
            row("Most won", "no limit" if most is None else signed(most)),
            row("Most lost", "no limit" if least is None else signed(least)),
        ]
        rows += [row("Break-even" if place == 0 else "", price(zero)) for place, zero in enumerate(_zeros(held))]
        if held.spot is not None:
            now = profit(held.legs, held.spot)
            rows += [row("Spot now", price(held.spot)), row(" if it ends there", f"{signed(now)} {mark(now) or '  '}")]
        else:
            rows.append(row("Spot now", "not known"))
        rows.append((RULE,))
        rows += [row(leg.name, signed_count(leg.quantity)) + row("", f"at {price(leg.average)}") for leg in held.legs]
        premium = -total(leg.average * leg.quantity for leg in held.legs if leg.right is not None)
        if premium:
            rows.append(row("Premium received" if premium > 0 else "Premium paid", price(abs(premium))))
    parts: list[Part] = [table(*rows), say("Before charges.")]
    if held.left_out:
        parts.append(say(f"Not in it: {', '.join(held.left_out)}."))
    return View(tuple(parts), keyboard([words("Refresh", f"/chart {held.name.lower()} payoff", account=label)]))


def _zeros(held: Payoff) -> list[Decimal]:
    return [zero.quantize(Decimal("0.01")) for zero in break_evens(held.legs) if zero]


def payoff_caption(held: Payoff) -> View:
    """One line."""
    return message(say(f"{held.name} payoff · as of {clock_time(held.as_of)}"))
