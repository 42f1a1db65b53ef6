"""Questions on the way to an order, answered by a button or by a reply: which one, and how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.clock import ist_date
from bot.domain.market.display_names import label as named
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import Order
from bot.domain.orders.order_text import words_of
from bot.domain.terms import Product, Side
from handlers.views.card import place
from handlers.views.format import count, price, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Button, View, bold, message, say
from handlers.views.taps import LeaveTap

MOST = 8
SHARES = (1, 10, 50, 100)
LOTS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was traded today or is held, and how much of it."""

    instrument: Instrument
    quantity: int  # held, signed; or of the last order
    product: Product | None = None  # of what is held; None: only traded today
    today: date | None = None  # IST; None: a contract is typed with its year

    @property
    def words(self) -> str:
        """How it is typed, product and all: the words name exactly this."""
        product_words = f" {self.product}" if self.product is not None else ""
        return f"{words_of(self.instrument, self.today)} {self.instrument.exchange}{product_words}".lower()


def which(side: Side, candidates: Sequence[Candidate], label: str, mode: str, now: datetime) -> View:
    """The first step: what is held or was traded today as buttons."""
    command = f"/{side.lower()}"
    today = ist_date(now)
    choices = []
    for candidate in candidates[:MOST]:
        holding = f" · {signed_count(candidate.quantity)} {candidate.product}" if candidate.product is not None else ""
        name = f"{named(candidate.instrument, today=today)}{holding}"
        choices.append(words(name, f"{command} {candidate.words}", account=label, stays=True))
    how = "Tap one, or reply with a name." if choices else "Reply with a name."
    return message(say(bold(f"{side.capitalize()} what?"), f" {how}"), place(label, mode)).with_keyboard(
        *([candidate] for candidate in choices), [_leave(command, label)]
    )


def how_many(side: Side, query: str, candidate: Candidate | None, *, lots: bool, label: str, mode: str) -> View:
    """The second step: usual sizes, and all of what is held. lots: the words name a contract."""
    command = f"/{side.lower()} {query}"

    def size(text: str, words_of_it: str) -> Button:
        return words(text, f"{command} {words_of_it}", account=label, stays=True)

    holding = abs(candidate.quantity) if candidate is not None and candidate.product is not None else None
    if candidate is not None and candidate.instrument.is_derivative:
        sizes = [(number * candidate.instrument.lot, f"{number} lot{'s' if number > 1 else ''}") for number in LOTS]
    elif lots:
        sizes = []
    else:
        sizes = [(number, count(number)) for number in SHARES]
    row = [size(text, str(number)) for number, text in sizes if holding is None or number < holding]
    if lots and not sizes:
        row = [size(f"{number} lot{'s' if number > 1 else ''}", f"{number}lot{'s' if number > 1 else ''}") for number in LOTS]
    whole = [size(f"All {count(holding)}", str(holding))] if holding is not None else []
    name = named(candidate.instrument) if candidate is not None else query.upper()
    return message(
        say(bold(f"{side.capitalize()} how many?"), f" {name}"), "Tap one, or reply with a quantity.", place(label, mode)
    ).with_keyboard(row, whole, [_leave(command, label)])


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
    return message(say(bold("Which order?")), place(label, mode)).with_keyboard(
        *([words(_line(order, now), f"/{command} {order.number}", account=label)] for order in reversed(orders[-MOST:]))
    )


def _line(order: Order, now: datetime) -> str:
    draft = order.draft
    at = draft.trigger or draft.price
    figure = f" @ {price(at)}" if at is not None else ""
    return f"#{order.number} {draft.side} {count(draft.quantity)} {short(draft.instrument, today=ist_date(now))}{figure}"
