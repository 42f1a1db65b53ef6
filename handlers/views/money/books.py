"""Orders, trades, positions, holdings and funds as lists with pages and a refresh button."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.orders.order import Fill, Order, OrderStatus
from bot.domain.positions.portfolio import Funds, Holding, Holdings, PositionLine, Positions
from bot.domain.proposals.proposal import OrderDetail, OrderList, TradeList
from bot.domain.proposals.repairs import Repaired
from bot.domain.terms import Product
from handlers.views.format import (
    RULE,
    WIDTH,
    age,
    amount,
    clock_time,
    columns,
    count,
    fit,
    mark,
    money_row,
    price,
    row,
    signed,
    signed_count,
    table,
    wrapped,
)
from handlers.views.format import average as mean
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, detail, keyboard, say
from handlers.views.money.net_lots import net_lot_rows
from handlers.views.orders.card import card
from handlers.views.taps.taps import EXITS, ExitTap, ListingTap, OrderTap, OrderVerb

Rows = tuple[str, ...]
OLD = timedelta(seconds=60)
MOST_OLD = 3  # prices whose age is named one by one
PAGE = 8  # entries; with two or three rows each they stand on one screen


def _head(what: str, name: str, mode: str, as_of: datetime) -> list[Rows]:
    return [row(fit(f"{what} {name}", 23), mode), row(f" as of {clock_time(as_of)}")]


def page_of(items: Sequence[Rows], tap: ListingTap) -> tuple[list[Rows], list[Button]]:
    """The entries of one page and the buttons that turn it. A page that no longer exists is the last one."""
    pages = max(1, -(-len(items) // PAGE))
    page = min(tap.page, pages - 1)
    turn: list[Button] = []
    if page > 0:
        turn.append(button("‹", ListingTap(tap.listing, tap.label, tap.argument, page - 1)))
    if pages > 1:
        turn.append(button(f"{page + 1}/{pages}", ListingTap(tap.listing, tap.label, tap.argument, page)))
    if page < pages - 1:
        turn.append(button("›", ListingTap(tap.listing, tap.label, tap.argument, page + 1)))
    return list(items[page * PAGE : (page + 1) * PAGE]), turn


def no_newer(why: str | None, as_of: datetime) -> list[Part]:
    """Says of which moment a list is that could not be read anew."""
    return [say(f"⚠️ {why} This is what I knew at {clock_time(as_of)}.")] if why else []


# --- orders and trades ----------------------------------------------------------------------------------------------

_STATES = {
    OrderStatus.SUBMITTING: "sending",
    OrderStatus.UNKNOWN: "unknown",
    OrderStatus.NOT_SEEN: "not seen",
    OrderStatus.REFUSED: "rejected",
    OrderStatus.OPEN: "open",
    OrderStatus.TRIGGER_PENDING: "waiting",
    OrderStatus.PARTIAL: "partly",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.EXPIRED: "expired",
}


def orders(book: OrderList, tap: ListingTap, mode: str, explain: Callable[[str], str] = str) -> View:
    """Orders of the day, newest first, of the rejected ones also why."""
    names = {"open": "OPEN ORDERS", "rejected": "REJECTED"}
    rows = _head(names.get(tap.argument, "ORDERS"), book.account.name, mode, book.as_of)
    entries = [_order_rows(order, book.as_of) for order in reversed(book.orders)]
    page, turn = page_of(entries, tap)
    rows += page or [row("none")]
    parts: list[Part] = [table(*rows)]
    parts += no_newer(book.stale, book.as_of)
    if tap.argument == "rejected":
        parts += [say(bold(f"#{order.number} "), _why(order, explain)) for order in _of_page(book, tap)]
    parts += [say(line) for line in book.plans]
    lists = [("Open", "open"), ("All", "all"), ("Rejected", "rejected")]
    now_shown = tap.argument or "all"
    others = [words(name, f"/orders {which}", account=tap.label) for name, which in lists if which != now_shown]
    acts = _order_buttons(book, tap) if tap.argument == "open" else []
    return View(tuple(parts), keyboard(*acts, turn, [button("Refresh", tap), *others]))


def _order_buttons(book: OrderList, tap: ListingTap) -> list[list[Button]]:
    """Cancel and Modify for each order of the page."""
    return [
        [
            button(f"Cancel #{order.number}", OrderTap(order.id, OrderVerb.CANCEL, tap.label)),
            button(f"Modify #{order.number}", OrderTap(order.id, OrderVerb.MODIFY, tap.label)),
        ]
        for order in _of_page(book, tap)
        if order.status.is_working
    ]


def _of_page(book: OrderList, tap: ListingTap) -> Sequence[Order]:
    """The orders that this page shows."""
    newest = list(reversed(book.orders))
    pages = max(1, -(-len(newest) // PAGE))
    start = min(tap.page, pages - 1) * PAGE
    return newest[start : start + PAGE]


def _why(order: Order, explain: Callable[[str], str]) -> str:
    if order.never_left:
        return order.reason
    return explain(order.reason) if order.reason else "mStock gave no reason."


def _order_rows(order: Order, as_of: datetime) -> Rows:
    draft = order.draft
    size = f"{count(order.filled)}/{count(draft.quantity)}" if 0 < order.filled < draft.quantity else count(draft.quantity)
    first = row(f"#{order.number} {draft.side} {size}", _STATES[order.status])
    at = order.average if order.filled and order.average is not None else draft.price
    if draft.trigger is not None and not order.filled and order.status is not OrderStatus.OPEN:  # it waits, or ended waiting
        at = draft.trigger
    figure = price(at) if at is not None else "market"
    return (*first, *row(f" {short(draft.instrument, today=ist_date(as_of))} {draft.product}", figure))


def order(
    entry: OrderDetail, mode: str, now: datetime, explain: Callable[[str], str], repairs: tuple[Repaired, ...] = ()
) -> View:
    """One order whole: its card, its fills, its ids."""
    order = entry.order
    view = card(order, label=entry.account.label, mode=mode, now=now, explain=explain, repairs=repairs)
    parts: list[Part] = [*view.parts]
    if entry.fills:
        rows = [_fill_row(fill) for fill in entry.fills]
        parts.append(table(row("FILLS"), *rows))
    if entry.price is not None:
        parts.append(say(f"LTP {price(entry.price.last)}"))
    facts = [f"Asked for at {clock_time(order.created_at)}."]
    unnumbered = "It never reached mStock." if order.never_left else "mStock has given it no number yet."
    facts.append(f"At mStock: {order.broker_id}" if order.broker_id else unnumbered)
    if not order.is_ours:
        facts.append("Placed outside this bot.")
    if order.reason and not order.never_left:
        facts.append(f"mStock's words: {order.reason}")
    parts.append(detail(*facts))
    copy = [Button("Copy mStock's number", copy=order.broker_id)] if order.broker_id else []
    refresh = [button("Refresh", OrderTap(order.id, OrderVerb.DETAIL, entry.account.label))]
    return View(tuple(parts), keyboard(*view.keyboard, refresh, copy))


def _fill_row(fill: Fill) -> Rows:
    at = price(fill.price) if fill.price is not None else "price to come"
    return row(f"{clock_time(fill.at)}  {count(fill.quantity)}", at)


def trades(book: TradeList, tap: ListingTap, mode: str) -> View:
    """Trades of the day, newest first."""
    rows = _head("TRADES", book.account.name, mode, book.as_of)
    entries = []
    for trade in reversed(book.trades):
        which = f"#{trade.number} " if trade.number is not None else ""
        at = clock_time(trade.at) if trade.at is not None else "time unknown"
        first = row(f"{which}{trade.side} {count(trade.quantity)}", at)
        entries.append((*first, *row(f" {short(trade.instrument, today=ist_date(book.as_of))}", price(trade.price))))
    page, turn = page_of(entries, tap)
    return View((table(*rows, *(page or [row("none")])),), keyboard(turn, [button("Refresh", tap)]))


# --- positions ------------------------------------------------------------------------------------------------------


def positions(positions: Positions, tap: ListingTap, name: str, mode: str) -> View:
    """Every position with its day, and since entry beside it where it was carried. What a sum leaves out is named."""
    rows = _head("POSITIONS", name, mode, positions.as_of)
    page, turn = page_of([position_rows(line, positions.as_of) for line in positions.lines], tap)
    rows += page or [row("none")]
    rows += [net] if (net := net_lot_rows(positions)) else []
    if positions.lines:
        rows += [(RULE,), *day_rows(positions.open, positions.booked, positions.adjustment)]
        rows += net_rows(positions.charges, positions.gross, positions.charges_missing)
    parts: list[Part] = [table(*rows), *no_newer(positions.stale, positions.as_of)]
    parts += left_out(positions.unknown)
    parts += old_prices(positions.lines, positions.as_of)
    parts += [say(line) for line in positions.plans]
    back = ListingTap(tap.listing, tap.label, page=tap.page)
    if tap.argument == EXITS:
        rows_of_exits = [[_exit(line, tap.label, positions.as_of)] for line in _open_lines(positions)[:PAGE]]
        return View(tuple(parts), keyboard(turn, *rows_of_exits, [button("Back", back)]))
    others = [words("P&L", "/pnl", account=tap.label), words("Holdings", "/holdings", account=tap.label)]
    exits = [button("Exit…", replace(back, argument=EXITS))] if _open_lines(positions) else []
    return View(tuple(parts), keyboard(turn, [button("Refresh", tap), *exits], others))


def left_out(lines: Sequence[PositionLine]) -> list[Part]:
    """What the sums leave out, and what nobody says of it."""
    names = ", ".join(f"{short(line.position.instrument)}{_what(line)}" for line in lines[:5])
    return [say(f"⚠️ Left out of the sums, because a price or a cost is not known: {names}")] if lines else []


def _what(line: PositionLine) -> str:
    return f" ({', '.join(line.missing)})" if line.missing else ""


def old_prices(lines: Sequence[PositionLine], as_of: datetime) -> list[Part]:
    """How old the prices behind the figures are, where they are not of this minute. A REST quote has no time at all."""
    ages = [
        f"{short(line.position.instrument, today=ist_date(as_of))} {age(line.price.at, as_of)}"
        for line in lines
        if line.position.quantity and line.price is not None and (line.price.at is None or as_of - line.price.at > OLD)
    ]
    more = f", and {len(ages) - MOST_OLD} more" if len(ages) > MOST_OLD else ""
    return [say(f"Prices not of this minute: {', '.join(ages[:MOST_OLD])}{more}.")] if ages else []


def _open_lines(positions: Positions) -> list[PositionLine]:
    return [line for line in positions.lines if line.position.is_open]


def _exit(line: PositionLine, label: str, as_of: datetime) -> Button:
    """Asks for the order that closes the line. Nothing is sent by it."""
    position = line.position
    name = f"Exit {signed_count(position.quantity)} {short(position.instrument, today=ist_date(as_of))} {position.product}"
    return button(name, ExitTap(position.instrument.key, position.product, label))


def day_rows(opened: Decimal, booked: Decimal, adjustment: Decimal) -> list[Rows]:
    """What made the day before charges. The close adjustment stands only where there is one."""
    rows = [money_row("Open", opened), money_row("Booked today", booked)]
    return [*rows, money_row("Close adjustment", adjustment)] if adjustment else rows


def net_rows(charges: Decimal | None, gross: Decimal, missing: tuple[str, ...] = ()) -> list[Rows]:
    """What the day cost and what is left of it. The charges that are not known are named, and the net is of the others."""
    if charges is None:
        return [row("Charges", "not known   "), money_row("Before charges", gross)]
    open_lines = [row(f" {name}", "not known   ") for name in missing]
    net = "Net of these" if missing else "Net"
    return [money_row("Charges ≈", -charges, marked=False), *open_lines, money_row(net, gross - charges)]


def position_rows(line: PositionLine, as_of: datetime) -> Rows:
    """RELIANCE CNC +25 +222.50, and under it the way from average to last price."""
    position = line.position
    name = f"{short(position.instrument, today=ist_date(as_of))} {position.product}"
    if not position.quantity:
        return (*row(name, "closed"), *money_row(" booked", line.booked))
    if position.is_sold_holding:
        return (*row(fit(name), f"{signed_count(position.quantity)}   "), *money_row(" sold from holdings", line.booked))
    profit = f"{signed(line.open)} {mark(line.open) or '  '}" if line.open is not None else "P&L not known"
    today = "today  " if position.carried else ""
    rows = row(fit(name), f"{today}{signed_count(position.quantity)}  {profit}")
    cost = line.average or position.average
    average = mean(cost, position.instrument.tick) if cost is not None else "cost unknown"
    last = price(line.price.last) if line.price is not None else "price unknown"
    if line.settled:
        last = f"ended ≈ {last}"
    note = "no stop" if wants_stop(line) else ""
    way = f" {average} → {last}"
    if note and columns(f"{way}   {note}") <= WIDTH:
        rows = (*rows, f"{way}   {note}")
    else:
        rows = (*rows, *row(way), *(row(f" {note}") if note else ()))
    return (*rows, *money_row(" since entry", line.since_entry, marked=False)) if position.carried else rows


def wants_stop(line: PositionLine) -> bool:
    """Whether to say that no stop stands against it: delivery is not watched that way."""
    return line.guarded is False and not line.settled and line.position.product in (Product.MIS, Product.NRML)


# --- holdings and funds ---------------------------------------------------------------------------------------------


def holdings(holdings: Holdings, tap: ListingTap, name: str, mode: str) -> View:
    """Shares in the demat account, their value, and what could be sold."""
    rows = _head("HOLDINGS", name, mode, holdings.as_of)
    page, turn = page_of([_holding_rows(line) for line in holdings.lines], tap)
    rows += page or [row("none")]
    if holdings.lines:
        profits = [line.profit for line in holdings.lines if line.profit is not None]
        invested = f"{amount(holdings.invested)}   " if holdings.invested is not None else "not known   "
        rows += [(RULE,), row("Value", f"{amount(holdings.value)}   "), row("Invested", invested)]
        rows.append(money_row("Since bought", sum(profits, Decimal(0)) if profits else None))
    parts: list[Part] = [table(*rows), *no_newer(holdings.stale, holdings.as_of)]
    if holdings.left_out:
        unread = "row of mStock's holdings" if holdings.left_out == 1 else "rows of mStock's holdings"
        parts.append(say(f"⚠️ {holdings.left_out} {unread} could not be read, and is in no figure here."))
    left_out = [line for line in holdings.lines if line.profit is None and line.total]
    if left_out:
        names = ", ".join(short(line.instrument) for line in left_out[:5])
        parts.append(say(f"⚠️ Left out of a sum, because a price or a cost is not known: {names}"))
    return View(tuple(parts), keyboard(turn, [button("Refresh", tap), words("Funds", "/funds", account=tap.label)]))


def _holding_rows(line: Holding) -> Rows:
    name = f"{short(line.instrument)} {count(line.total)}"
    if line.sold and not line.total:
        return (*row(fit(name)), *row(f" {count(line.sold)} sold today"))
    profit = f"{signed(line.profit)} {mark(line.profit) or '  '}" if line.profit is not None else "P&L not known"
    average = mean(line.average, line.instrument.tick) if line.average is not None else "cost unknown"
    last = price(line.last) if line.last is not None else "price unknown"
    notes = []
    if line.sold:
        notes.append(f"{count(line.sold)} sold today")
    if coming := min(line.t1, line.total):
        notes.append(f"{count(coming)} not yet delivered")
    if line.collateral:
        notes.append(f"{count(line.collateral)} pledged")
    rows = (*row(fit(name), profit), *row(f" {average} → {last}"))
    if line.base is not None:
        rows += row(" bonus or split?", f"was {price(line.base.before)}")
    return (*rows, *(row_ for note in notes for row_ in row(f" {note}")))


def funds(funds: Funds, tap: ListingTap, name: str, mode: str) -> View:
    """Money for trading, as mStock reports it. What it does not say is not zero."""
    rows = _head("FUNDS", name, mode, funds.as_of)
    sold = funds.used is not None and funds.used < 0
    for what, value in (
        ("Available", funds.available),
        ("Sales of today", -funds.used) if sold and funds.used is not None else ("Used", funds.used),
        ("At the start", funds.start_of_day),
        ("Collateral", funds.collateral),
        ("Loss booked", funds.realised_loss),
    ):
        rows.append(row(what, amount(value) if value is not None else "not known"))
    parts: list[Part] = [table(*rows), *no_newer(funds.stale, funds.as_of)]
    if funds.sold_at is not None:
        parts.append(say(f"Sold at {clock_time(funds.sold_at)}: mStock adds what it brought within a minute."))
    return View(
        (*parts, say("Collateral buys no shares and no premium.")),
        keyboard([button("Refresh", tap), words("Positions", "/positions", account=tap.label)]),
    )


def glance(listing: OrderList, positions: Positions, session: str, label: str, mode: str) -> View:
    """`?`: the last order, the positions and the session in one short message."""
    rows = [row(fit(label, 23), mode), *([wrapped(session)])]
    if listing.orders:
        rows += [row("Last order"), _order_rows(listing.orders[-1], listing.as_of)]
    else:
        rows.append(row("No order today"))
    opened = [line for line in positions.lines if line.position.quantity]
    rows += [position_rows(line, positions.as_of) for line in opened[:3]]
    if len(opened) > 3:
        rows.append(row(f" and {len(opened) - 3} more"))
    if positions.lines:
        rows += [(RULE,), money_row("Open", positions.open), money_row("Booked today", positions.booked)]
    else:
        rows.append(row("No positions"))
    return View(
        (
            say(bold("Now"), f" · as of {clock_time(positions.as_of)}"),
            table(*rows),
            *no_newer(positions.stale, positions.as_of),
        ),
        keyboard(
            [
                words("Orders", "/orders", account=label),
                words("Positions", "/positions", account=label),
                words("P&L", "/pnl", account=label),
            ]
        ),
    )
