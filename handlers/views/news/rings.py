"""The afternoon and the watch over positions as messages."""

from collections.abc import Sequence
from datetime import date

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.news.days.rings import (
    AuctionBegun,
    AuctionOver,
    BandNear,
    FeedMute,
    LossNear,
    MarginNear,
    MarginShort,
    NoStop,
    NoStopDelivery,
    OpenRow,
    SessionEnds,
    SquareOffAhead,
    SquareOffNear,
    StopsEnd,
    UnprotectedTonight,
)
from bot.domain.orders.order import Order
from bot.domain.terms import Product, Side
from handlers.views.format import amount, clock_time, count, price, rupees, short_time, signed, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, keyboard, say
from handlers.views.orders.order_news import Scene, renders
from handlers.views.taps.taps import ExitTap, OrderTap, OrderVerb

MOST = 8  # rows, and orders, that one message names


@renders(SquareOffAhead, SquareOffNear)
def square_off(news: SquareOffAhead, scene: Scene) -> View:
    """Rows with their way out, and resting entries."""
    parts: list[Part] = [say(bold(f"mStock closes these from {short_time(news.at)}"), " and asks a fee for it.")]
    if not news.proven:
        parts.append(say("For F&O that time is not proven: it may come later."))
    today = ist_date(scene.now)
    for row in news.rows[:MOST]:
        tail = "" if row.can_be_carried else "; cannot be carried"
        parts.append(say(f"{_row(row, today)}{tail}"))
    parts += _more(len(news.rows), "/positions")
    parts += _orders("Resting, would open more:", news.entries, today)
    cancels = [[_cancel(order, scene)] for order in news.entries[:MOST]]
    carries = [[_carry(row, scene)] for row in news.rows[:MOST] if row.can_be_carried]
    return View(tuple(parts), keyboard(*_exits(news.rows, scene), *carries, *cancels))


@renders(StopsEnd)
def stops_end(news: StopsEnd, scene: Scene) -> View:
    """Each stop, with the way out of what it guards."""
    title = say(bold(f"The exchange cancels these stops at {short_time(news.at)}"), ": their shares go into the closing auction.")
    parts: list[Part] = [title, *_orders("", news.stops, ist_date(scene.now)), say("After that nothing guards these shares.")]
    exits = [[_exit(order, scene)] for order in news.stops[:MOST]]
    return View(tuple(parts), keyboard(*exits))


@renders(AuctionBegun)
def auction_begun(news: AuctionBegun, scene: Scene) -> View:
    """What waits in the auction, and what does not work in it."""
    opens, today = short_time(news.orders_from), ist_date(scene.now)
    parts: list[Part] = [say(bold("Closing auction."), f" No orders until {opens}.")]
    parts += _orders("Now in the auction:", news.limits, today)
    if news.targets:
        parts.append(say("Targets held by me end here; they do not act in the auction:"))
        for draft in news.targets[:MOST]:
            at = f" at {price(draft.price)}" if draft.price is not None else ""
            parts.append(say(f"{draft.side} {count(draft.quantity)} {short(draft.instrument, today=today)}{at}"))
        parts.append(say(f"From {opens} an exit goes into the auction."))
    rows = [words("Positions", "/positions", account=scene.label)] if news.targets else []
    return View(tuple(parts), keyboard([words("Orders", "/orders", account=scene.label), *rows]))


@renders(AuctionOver)
def auction_over(news: AuctionOver, scene: Scene) -> View:
    """What was not sold, what the post-close session still takes of it, and shorts that nobody can close any more."""
    today = ist_date(scene.now)
    parts: list[Part] = []
    sales: list[list[Button]] = []
    if news.unsold:
        parts += [say(bold("Not sold in the auction.")), *_orders("", news.unsold, today)]
        delivery = [order for order in news.unsold[:MOST] if order.draft.product is Product.CNC]
        if delivery and news.post_close is not None:
            opens = short_time(news.post_close)
            parts.append(say(f"From {opens} the post-close session takes delivery at the closing price."))
            sales = [[_post_close(order, opens, scene)] for order in delivery]
    if news.shorts:
        parts.append(
            say(bold("Will go to auction"), ": short, and not bought back today. The exchange buys them, with a penalty.")
        )
        parts += [say(_row(row, today)) for row in news.shorts[:MOST]]
        parts += _more(len(news.shorts), "/positions")
    return View(tuple(parts), keyboard(*sales, [words("Positions", "/positions", account=scene.label)]))


@renders(UnprotectedTonight)
def unprotected(news: UnprotectedTonight, scene: Scene) -> View:
    """A stop at the exchange is a day order: none guards the open of the next day."""
    today = ist_date(scene.now)
    parts: list[Part] = [say(bold("Unprotected tonight."), " Carried, and no stop stands at the next open.")]
    parts += [say(f"{_row(row, today)}: no stop") for row in news.bare[:MOST]]
    parts += _more(len(news.bare), "/positions")
    parts += [say(f"{_row(row, today)}: its stop ends with the day") for row in news.stopped[:MOST]]
    parts += _more(len(news.stopped), "/positions")
    if news.kept:
        parts.append(say(f"Asked about at the next open: {', '.join(_row(row, today) for row in news.kept[:MOST])}."))
    return View(tuple(parts), keyboard(*_exits((*news.bare, *news.stopped), scene)))


@renders(SessionEnds)
def session_ends(news: SessionEnds, scene: Scene) -> View:
    """Named once in the evening: what is held then, and from when nobody watches it."""
    held = ", ".join(_row(row, ist_date(scene.now)) for row in news.rows[:MOST])
    more = f" and {len(news.rows) - MOST} more" if len(news.rows) > MOST else ""
    title = bold(f"mStock's session ends at {short_time(news.at)}.")
    return View((say(title, " Nothing is watched from then until the next login."), say(f"Held: {held}{more}.")))


@renders(NoStop, NoStopDelivery)
def no_stop(news: NoStop, scene: Scene) -> View:
    """Open for minutes, and nothing guards it."""
    today = ist_date(scene.now)
    parts: list[Part] = [say(bold("No stop.")), *(say(_row(row, today)) for row in news.rows[:MOST])]
    parts += _more(len(news.rows), "/positions")
    return View(tuple(parts), keyboard(*_exits(news.rows, scene), [words("Positions", "/positions", account=scene.label)]))


@renders(LossNear)
def loss_near(news: LossNear, scene: Scene) -> View:
    """How far it is to the lock of the day."""
    charges = f"after charges ≈ {amount(news.charges)}" if news.charges is not None else "before charges, which are not known"
    text = f"{signed(news.result)} at {clock_time(news.at)}, {charges}; the limit is {amount(news.limit)}."
    more = say("When it is reached, new orders are blocked for the day. Exits and cancels work.")
    buttons = [words("Positions", "/positions", account=scene.label), words("P&L", "/pnl", account=scene.label)]
    return View((say(bold("The daily loss is near"), f": {text}"), more), keyboard(buttons))


@renders(MarginShort)
def margin_short(news: MarginShort, scene: Scene) -> View:
    """Money for trading below zero: mStock may close positions. And the end of it."""
    title = "Margin is enough again." if news.over else "Margin shortfall."
    risk = "" if news.over else " mStock may close positions by itself."
    text = f" Available {rupees(news.available)} at {clock_time(news.at)}.{risk}"
    buttons = [words("Funds", "/funds", account=scene.label), words("Positions", "/positions", account=scene.label)]
    return View((say(bold(title), text),), keyboard(buttons))


@renders(MarginNear)
def margin_near(news: MarginNear, scene: Scene) -> View:
    """How much of the margin the intraday positions lost."""
    lost = f"{rupees(news.lost)} of {rupees(news.used)} ({news.percent:.0f} %)"
    text = f" Intraday positions lost {lost} at {clock_time(news.at)}. mStock closes them at {news.closed_at:f} %."
    buttons = [words("Positions", "/positions", account=scene.label), words("Funds", "/funds", account=scene.label)]
    return View((say(bold("Margin nearly used."), text),), keyboard(buttons))


@renders(BandNear)
def band_near(news: BandNear, scene: Scene) -> View:
    """How much of the price band is used against the position."""
    name = _row(news.row, ist_date(scene.now))
    moved = f"{news.moved:+.1f} %".replace("-", "−")
    text = (
        f" {name} at {price(news.last)}: {moved} of a band of {news.band:f} %. mStock closes it at {news.closed_at:f} % of that."
    )
    return View((say(bold("Price band nearly used."), text),), keyboard(*_exits((news.row,), scene)))


@renders(FeedMute)
def feed_mute(news: FeedMute, scene: Scene) -> View:
    """Who does not see meanwhile, and when it sees again."""
    if news.sees:
        unseen = f"{clock_time(news.since)}-{clock_time(scene.now)}"
        return View((say(bold("Live prices are back."), f" Not seen: {unseen}."),))
    text = f" mStock's feed is connected and silent since {clock_time(news.since)}."
    more = "What I watch on live prices is not watched. Stops at the exchange stand, and the books are read."
    return View((say(bold("No live prices."), text), say(more)), keyboard([words("Status", "/status", account=scene.label)]))


def _row(row: OpenRow, today: date) -> str:
    of_all = f" of {signed_count(row.held)}" if row.held is not None else ""
    return f"{signed_count(row.quantity)}{of_all} {short(row.instrument, today=today)} {row.product}"


def _orders(title: str, orders: Sequence[Order], today: date) -> list[Part]:
    if not orders:
        return []
    parts: list[Part] = [say(title)] if title else []
    for order in orders[:MOST]:
        draft = order.draft
        left = f"{draft.side} {count(draft.quantity - order.filled)} {short(draft.instrument, today=today)}"
        trigger = f", trigger {price(draft.trigger)}" if draft.trigger is not None else ""
        at = f" at {price(draft.price)}" if draft.price is not None and not trigger else ""
        parts.append(say(f"#{order.number} {left} {draft.product}{at}{trigger}"))
    return [*parts, *_more(len(orders), "/orders")]


def _more(number: int, command: str) -> list[Part]:
    return [say(f"And {number - MOST} more: {command}")] if number > MOST else []


def _exits(rows: Sequence[OpenRow], scene: Scene) -> list[list[Button]]:
    """One way out a row."""
    today = ist_date(scene.now)
    return [
        [button(f"Exit {short(row.instrument, today=today)}", ExitTap(row.instrument.key, row.product, scene.label))]
        for row in rows[:MOST]
    ]


def _carry(row: OpenRow, scene: Scene) -> Button:
    """The question about its conversion, with what it blocks more."""
    to = Product.NRML if row.instrument.is_derivative else Product.CNC
    name = short(row.instrument, today=ist_date(scene.now))
    more = f": needs {rupees(row.needs)} more" if row.needs is not None and row.needs > 0 else ""
    return words(f"Carry {name}{more}", f"/convert {row.instrument.name} {to.lower()}", account=scene.label)


def _exit(order: Order, scene: Scene) -> Button:
    draft = order.draft
    name = short(draft.instrument, today=ist_date(scene.now))
    return button(f"Exit {name}", ExitTap(draft.instrument.key, draft.product, scene.label))


def _cancel(order: Order, scene: Scene) -> Button:
    return button(f"Cancel #{order.number}", OrderTap(order.id, OrderVerb.CANCEL, scene.label))


def _post_close(order: Order, opens: str, scene: Scene) -> Button:
    draft = order.draft
    left = draft.quantity - order.filled
    command = f"/{Side.SELL.lower()} {draft.instrument.symbol} {left} market cnc"
    return words(f"Post-close {opens}: {draft.instrument.symbol}", command, account=scene.label, stays=True)
