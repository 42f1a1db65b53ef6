"""Questions on the way to an order, answered by a button or in words: which one, product, how many, at which price."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.domain.clock import ist_date
from bot.domain.market.display_names import label as label_of
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.money import tick_down
from bot.domain.orders.order import Order
from bot.domain.orders.order_text import plain, words_of
from bot.domain.terms import Product, Side
from bot.domain.value import positional
from handlers.views.format import count, price, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Button, View, bold, message, say
from handlers.views.orders.card import place
from handlers.views.orders.order import PRODUCTS
from handlers.views.taps.taps import LeaveTap

MOST = 8
SHARES = (1, 10, 50, 100)
LOTS = (1, 2, 5)
NOW = "cmp"  # the word for the price of now: an order without a limit of its own
STOP = "stop"  # the word behind which the price of a stop stands
_PICK = {"modify": "Change which order?", "cancel_order": "Cancel which order?"}


@positional
class Candidate:
    """Something that was traded today or is held, and how much of it."""

    instrument: Instrument
    quantity: int  # held, signed; or of the last order
    product: Product | None = None  # of what is held; None: only traded today
    today: date | None = None  # IST; None: a contract is typed with its year

    @property
    def typed(self) -> str:
        """Its name as it is typed, without the exchange."""
        return words_of(self.instrument, self.today).lower()

    @property
    def words(self) -> str:
        """How it is typed, product and all: the words name exactly this."""
        product_words = f" {self.product}" if self.product is not None else ""
        return f"{self.typed} {self.instrument.exchange}{product_words}".lower()

    def is_of(self, named: "Candidate") -> bool:
        """Whether it is what was named, and not held in another product than was named."""
        same_way = self.product is None or named.product in (None, self.product)
        return self.instrument.key == named.instrument.key and same_way


def which(side: Side, candidates: Sequence[Candidate], label: str, mode: str, now: datetime) -> View:
    """The first step: what is held or was traded today as buttons."""
    command = f"/{side.lower()}"
    today = ist_date(now)
    choices = []
    for candidate in candidates[:MOST]:
        holding = f" · {signed_count(candidate.quantity)} {candidate.product}" if candidate.product is not None else ""
        name = f"{label_of(candidate.instrument, today=today)}{holding}"
        choices.append(words(name, f"{command} {candidate.words}", account=label, stays=True))
    how = "Tap one, or type a name." if choices else "Type a name."
    return message(say(bold(f"{side.capitalize()} what?"), f" {how}"), place(label, mode)).with_keyboard(
        *([candidate] for candidate in choices), [_leave(command, label)]
    )


def which_side(order: str, label: str, mode: str) -> View:
    """An order in words that lacks only its side."""
    choices = [words(side.capitalize(), f"/{side.lower()} {order}", account=label) for side in Side]
    return message(say(bold("Buy or sell?"), f" {order[:60]}"), place(label, mode)).with_keyboard(choices)


def product(side: Side, named: Candidate, label: str, mode: str) -> View:
    """The second step: how the position is to be carried."""
    ways = (Product.NRML, Product.MIS) if named.instrument.is_derivative else (Product.CNC, Product.MIS, Product.MTF)
    command = f"/{side.lower()} {named.words}"
    choices = [[words(PRODUCTS[way], f"{command} {way.lower()}", account=label, stays=True)] for way in ways]
    return message(
        say(bold("Which product?"), f" {side} {_title(named)}"), "Tap one, or type it.", place(label, mode)
    ).with_keyboard(*choices, _back(f"/{side.lower()}", command, label))


def how_many(side: Side, so_far: str, named: Candidate, held: Candidate | None, *, label: str, mode: str) -> View:
    """The third step: all and half of what is held, the last quantity, and usual sizes: lots where there are lots.

    so_far: the words behind the side. held: what is held of it or was last traded.
    """
    command, lot = f"/{side.lower()} {so_far}", named.instrument.lot

    def size(text: str, words_of_it: str) -> Button:
        return words(text, f"{command} {words_of_it}", account=label, stays=True)

    holding = abs(held.quantity) if held is not None and held.product is not None else None
    if named.instrument.is_derivative:
        sizes = [(number * lot, f"{number} lot{'s' if number > 1 else ''} = {count(number * lot)}") for number in LOTS]
    else:
        sizes = [(number, count(number)) for number in SHARES]
    row = [size(text, str(number)) for number, text in sizes if holding is None or number < holding]
    more = []
    if holding is not None:
        half = holding // 2 // lot * lot
        more = [size(f"All {count(holding)}", str(holding)), *([size(f"Half {count(half)}", str(half))] if half else [])]
    elif held is not None and held.quantity and held.quantity not in [number for number, _ in sizes]:
        more = [size(f"As last time {count(held.quantity)}", str(held.quantity))]
    back = f"/{side.lower()}" if named.product is None else f"/{side.lower()} {replace(named, product=None).words}"
    return message(
        say(bold(f"{side.capitalize()} how many?"), f" {_title(named)}"),
        "Tap one, or type a quantity.",
        place(label, mode),
    ).with_keyboard(row, more, _back(back, command, label))


def at_which_price(
    side: Side, so_far: str, named: Candidate, market: Price | None, *, unsized: str, label: str, mode: str
) -> View:
    """The last step: a market order with a worst price, or a limit at the bid, the middle or the ask.

    unsized: the whole command without its size, one step back.
    """
    command = f"/{side.lower()} {so_far}"

    def at(text: str, words_of_it: str) -> Button:
        return words(text, f"{command} {words_of_it}", account=label, stays=True)

    limits = []
    if market is not None and market.bid is not None and market.ask is not None:
        mid = tick_down((market.bid + market.ask) / 2, named.instrument.tick)
        seen = [("Bid", market.bid), *([("Mid", mid)] if market.bid < mid < market.ask else []), ("Ask", market.ask)]
        limits = [at(f"{name} {price(value)}", f"@{plain(value)}") for name, value in seen]
    last = f" · LTP {price(market.last)}" if market is not None else ""
    return message(
        say(bold("At which price?"), f" {side} {_title(named)}{last}"),
        "Tap one, or type a limit.",
        place(label, mode),
    ).with_keyboard([at("Market, with a worst price", NOW)], limits, _back(unsized, command, label))


def at_which_trigger(side: Side, so_far: str, label: str, mode: str) -> View:
    """A stop lacks the price that sets it off."""
    return message(
        say(bold("Stop at which price?"), f" {side} {so_far.upper()}"),
        "Type the price that sets it off, or price/limit.",
        place(label, mode),
    ).with_keyboard(_back(f"/{side.lower()} {so_far.rpartition(' ')[0]}", f"/{side.lower()} {so_far}", label))


def _title(named: Candidate) -> str:
    carried = f" · {named.product}" if named.product is not None else ""
    return f"{label_of(named.instrument, today=named.today)}{carried}"


def _back(before: str, so_far: str, label: str) -> list[Button]:
    return [words("Back", before, account=label, stays=True), _leave(so_far, label)]


def _leave(base: str, label: str) -> Button:
    """The way out. It also carries the words so far, so that a reply can complete them."""
    return button("Leave", LeaveTap(base, label))


def left() -> View:
    return message(say(bold("Left."), " Nothing was sent."))


def pick(orders: Sequence[Order], command: str, label: str, mode: str, now: datetime) -> View:
    """Which order a command without a number means, newest first."""
    if not orders:
        return message(say(bold("No open orders.")), place(label, mode)).with_keyboard(
            [words("Orders", "/orders", account=label)]
        )
    return message(say(bold(_PICK.get(command, "Which order?"))), place(label, mode)).with_keyboard(
        *([words(_line(order, now), f"/{command} {order.number}", account=label)] for order in reversed(orders[-MOST:]))
    )


def _line(order: Order, now: datetime) -> str:
    draft = order.draft
    at = draft.trigger or draft.price
    figure = f" @ {price(at)}" if at is not None else ""
    return f"#{order.number} {draft.side} {count(draft.quantity)} {short(draft.instrument, today=ist_date(now))}{figure}"
