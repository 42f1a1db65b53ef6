"""A price with its real age, its depth, and the instruments that some words may mean."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import label, title
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Level, Price
from bot.domain.orders.order_text import words_of
from bot.domain.proposals.proposal import Quoted
from handlers.views.format import RULE, WIDTH, age, clock_time, columns, count, mark, price, row, signed, table, wrapped
from handlers.views.keyboards import words
from handlers.views.message import Part, View, bold, keyboard, message, say


def quote(quoted: Quoted, now: datetime) -> View:
    """Last price and its age, change, range, and five rungs of the book where they are known."""
    market, instrument = quoted.price, quoted.instrument
    name = wrapped(title(instrument, today=ist_date(now)))
    rows: list[tuple[str, ...]] = [name, row(f" {instrument.exchange}", f"as of {clock_time(quoted.as_of)}")]
    rows.append(row(f"LTP {price(market.last)}", age(market.at, now)))
    rows += _change(market)
    rows += [row(name, f"{price(each.last)}  {age(each.at, now)}") for name, each in quoted.beside]
    rows += _range(market)
    depth = _depth(market.bids[:5], market.asks[:5])
    if depth:
        rows += [(RULE,), *depth]
    elif market.bid is not None or market.ask is not None:
        bid = price(market.bid) if market.bid is not None else "none"
        ask = price(market.ask) if market.ask is not None else "none"
        rows.append(row("Bid/Ask", f"{bid} / {ask}"))
    parts: list[Part] = [table(*rows)]
    if instrument.is_derivative:
        parts.append(say(f"Lot {count(instrument.lot)}, tick {price(instrument.tick)}"))
    query = f"{words_of(instrument, ist_date(now))} {instrument.exchange}".lower()
    buttons = [words("Refresh", f"/quote {query}")]
    if instrument.is_tradable:
        buttons += [words("Buy…", f"/buy {query}"), words("Sell…", f"/sell {query}")]
    return View(tuple(parts), keyboard(buttons, [words("Chart", f"/chart {query}")]))


def _change(market: Price) -> list[tuple[str, ...]]:
    if market.previous_close is None or not market.previous_close:
        return []
    change = market.last - market.previous_close
    percent = (change / market.previous_close * 100).quantize(Decimal("0.01"))
    return [
        row("Change", f"{signed(change)} {signed(percent)} % {mark(change) or '  '}"),
        row("Prev close", price(market.previous_close)),
    ]


def _range(market: Price) -> list[tuple[str, ...]]:
    rows = []
    if market.open is not None:
        rows.append(row("Open", price(market.open)))
    if market.low is not None and market.high is not None:
        rows.append(row("Day", f"{price(market.low)} – {price(market.high)}"))
    return rows


def _depth(bids: Sequence[Level], asks: Sequence[Level]) -> list[tuple[str, ...]]:
    """Bids left, asks right, best on top: quantities at the edges, prices in the middle."""
    if not bids and not asks:
        return []
    half = WIDTH // 2 - 1
    rows = [row("Bid", "Ask")]
    short = any(columns(f"{count(level.quantity)} {price(level.price)}") > half for level in (*bids, *asks))
    for place in range(max(len(bids), len(asks))):
        bid = _level(bids[place], short=short) if place < len(bids) else ("", "")
        ask = _level(asks[place], short=short) if place < len(asks) else ("", "")
        left = " ".join(bid) if columns(" ".join(bid)) > half else row(bid[0], bid[1], half)[0]
        right = " ".join(reversed(ask)) if columns(" ".join(ask)) > half else row(ask[1] or " ", ask[0], half)[0]
        rows.append(row(left, right) if right.strip() else row(left))
    return rows


def _level(level: Level, *, short: bool) -> tuple[str, str]:
    """Quantity and price. Where one of a table is too wide, all are in thousands (k), lakhs (L) or crores (Cr), rounded down."""
    at, size = price(level.price), count(level.quantity)
    if not short:
        return size, at
    for unit, name in ((10_000_000, "Cr"), (100_000, "L"), (1_000, "k")):
        if level.quantity >= unit:
            whole, tenths = divmod(level.quantity * 10 // unit, 10)
            return (f"{whole}.{tenths}{name}" if whole < 10 else f"{count(whole)}{name}"), at
    return size, at


def search(instruments: Sequence[Instrument], query: str, now: datetime) -> View:
    """What the words may mean. A tap asks for the price."""
    if not instruments:
        return message(say(bold("Nothing found"), f' for "{query[:60]}".'))
    today = ist_date(now)
    buttons = [
        [
            words(
                f"{label(instrument, today=today)} · {instrument.exchange}",
                f"/quote {words_of(instrument, today)} {instrument.exchange}".lower(),
            )
        ]
        for instrument in instruments[:8]
    ]
    return message(say(bold("Found"), f' for "{query[:60]}". Tap for the price.')).with_keyboard(*buttons)
