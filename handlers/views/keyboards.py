"""Buttons and their callback data, both ways: what a tap means as a value, and its at most 64 bytes on the wire.

A callback is an untrusted bearer text (failure-modes.md finding 7): it names a row (a token, an order id) or repeats words that
the same person could type; what it may do is decided from the database. Values chosen on a Change keyboard travel in it because
they only ever make a new question.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.terms import Product
from handlers.views.message import Button, Keyboard

MOST_BYTES = 64
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class CardVerb(StrEnum):
    """What a tap does with an open question."""

    CONFIRM = "y"
    DISCARD = "n"
    CHANGE = "c"  # open the keyboard of changes
    BACK = "b"  # close it again
    AGAIN = "a"  # an expired card: ask again at the price of now
    YES = "k"  # a question in words, not an order: cancel the stop, lift the kill switch
    UNLINK = "u"  # another such question: whether an account's secrets are to be destroyed


class OrderVerb(StrEnum):
    """What a tap does with an order."""

    MODIFY = "m"
    CANCEL = "x"
    LOOK = "l"
    NOT_THERE = "g"  # first tap: it is not in the broker's app
    GIVE_UP = "G"  # second tap: yes, allow a new order
    SAME = "s"
    REVERSE = "r"
    EXIT = "e"
    HALF = "h"  # close half of the position
    DETAIL = "d"


class Listing(StrEnum):
    """Lists with a refresh button."""

    ORDERS = "o"
    TRADES = "t"
    POSITIONS = "p"
    HOLDINGS = "h"
    FUNDS = "f"
    PNL = "n"
    STATUS = "s"


@dataclass(frozen=True, slots=True)
class CardTap:
    """A tap under a question."""

    token: str
    verb: CardVerb
    label: str = ""  # of the account; empty: the one in use


@dataclass(frozen=True, slots=True)
class ChangeTap:
    """A new value for one field of a question; exactly one is set."""

    token: str
    quantity: int | None = None
    price: Decimal | None = None
    product: Product | None = None
    protected: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class OrderTap:
    """A tap under an order."""

    order_id: str
    verb: OrderVerb
    label: str = ""


@dataclass(frozen=True, slots=True)
class ListingTap:
    """Draw a list again, with the account and the arguments it had."""

    book: Listing
    label: str = ""  # of the account; empty: the one in use
    argument: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class WordsTap:
    """Words that the person could have typed; stays: their answer takes the place of the message with the button."""

    words: str
    stays: bool = False


@dataclass(frozen=True, slots=True)
class LeaveTap:
    """Leave a question on the way to an order; the words so far travel along, for a reply to complete."""

    words: str
    label: str = ""  # of the account; empty: the one in use


@dataclass(frozen=True, slots=True)
class EntriesTap:
    """Cancel the entry orders that the kill switch left resting."""

    label: str = ""


@dataclass(frozen=True, slots=True)
class DoItNowTap:
    """Do what was typed while the bot was away: the words stand in the message that this one answers."""


@dataclass(frozen=True, slots=True)
class ExitTap:
    """Ask for the order that closes one position."""

    key: InstrumentKey
    product: Product
    label: str = ""  # of the account; empty: the one in use


@dataclass(frozen=True, slots=True)
class PadTap:
    """A key of a PIN's keypad, by its place and never by its digit; None: give up."""

    pad_id: str
    place: int | None


Tap = ExitTap | CardTap | ChangeTap | OrderTap | ListingTap | WordsTap | LeaveTap | EntriesTap | DoItNowTap | PadTap


def encode(tap: Tap) -> str:
    """The callback data; ValueError when it would not fit."""
    data = _encode(tap)
    if _bytes(data) > MOST_BYTES:
        msg = f"callback data of {_bytes(data)} bytes: {data!r}"
        raise ValueError(msg)
    return data


def _bytes(data: str) -> int:
    return len(data.encode("utf-8", "replace"))  # a name that cannot travel must not cost the message its words


def _encode(tap: Tap) -> str:
    match tap:
        case CardTap():
            return f"c:{tap.token}:{tap.verb}{_behind(tap.label)}"
        case ChangeTap():
            return f"v:{tap.token}:{_change(tap)}{_behind(tap.label)}"
        case OrderTap():
            return f"o:{tap.order_id}:{tap.verb}{_behind(tap.label)}"
        case ListingTap():
            return f"b:{tap.book}:{tap.page}:{tap.argument}:{tap.label}"
        case WordsTap():
            return f"{'i' if tap.stays else 'w'}:{tap.words}"
        case LeaveTap():
            return f"l:{tap.label}:{tap.words}"
        case ExitTap():
            return f"x:{tap.key.exchange}:{tap.key.token}:{tap.product}{_behind(tap.label)}"
        case EntriesTap():
            return f"e{_behind(tap.label)}"
        case DoItNowTap():
            return "n"
        case PadTap():
            return f"k:{tap.pad_id}:{'x' if tap.place is None else tap.place}"


def _behind(label: str) -> str:
    return f":{label}" if label else ""


def _change(tap: ChangeTap) -> str:
    if tap.quantity is not None:
        return f"q{tap.quantity}"
    if tap.price is not None:
        return f"p{tap.price:f}"
    if tap.product is not None:
        return f"t{tap.product}"
    return "m"


def decode(data: str) -> Tap | None:
    """What a tap means; None for what this version does not know. Never raises."""
    kind, _, rest = data.partition(":")
    try:
        match kind:
            case "c":
                token, verb, label = _parts(rest)
                return CardTap(token, CardVerb(verb), label)
            case "v":
                token, change, label = _parts(rest)
                return _changed(token, change, label)
            case "o":
                order_id, verb, label = _parts(rest)
                return OrderTap(order_id, OrderVerb(verb), label)
            case "b":
                book, page, argument, label = rest.split(":", 3)
                return ListingTap(Listing(book), label, argument, _natural(page))
            case "x":
                exchange, token, product, *label_ = rest.split(":", 3)
                return ExitTap(InstrumentKey(Exchange(exchange), _token(token)), Product(product), *label_)
            case "w" | "i":
                return WordsTap(rest, stays=kind == "i") if rest.strip() else None
            case "l":
                label, _, words_so_far = rest.partition(":")
                return LeaveTap(words_so_far, label)
            case "e":
                return EntriesTap(rest)
            case "k":
                return _key(rest)
            case "n":
                return None if rest else DoItNowTap()
    except (ValueError, InvalidOperation):
        return None
    return None


def _parts(rest: str) -> tuple[str, str, str]:
    name, _, more = rest.partition(":")
    if not _ID.fullmatch(name):
        raise ValueError(name)
    verb, _, label = more.partition(":")
    return name, verb, label


def _token(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return text


def _key(rest: str) -> PadTap:
    pad_id, _, key = rest.partition(":")
    if not _ID.fullmatch(pad_id):
        raise ValueError(pad_id)
    place = None if key == "x" else _natural(key)
    if place is not None and place > 10:
        raise ValueError(key)
    return PadTap(pad_id, place)


def _natural(digits: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        raise ValueError(digits)
    return int(digits)


def _changed(token: str, change: str, label: str) -> ChangeTap | None:
    field, value = change[:1], change[1:]
    if field == "q":
        return ChangeTap(token, quantity=_natural(value), label=label)
    if field == "p" and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", value):
        return ChangeTap(token, price=Decimal(value), label=label)
    if field == "t":
        return ChangeTap(token, product=Product(value), label=label)
    return ChangeTap(token, protected=True, label=label) if change == "m" else None


def button(text: str, tap: Tap) -> Button:
    """A button that comes back as this tap; an account label, or words, too long to travel are left out."""
    if isinstance(tap, LeaveTap) and _bytes(_encode(tap)) > MOST_BYTES:
        tap = LeaveTap("")
    if not isinstance(tap, WordsTap | DoItNowTap | PadTap) and _bytes(_encode(tap)) > MOST_BYTES:
        tap = replace(tap, label="")
    return Button(text, data=encode(tap))


def words(label: str, command: str, *, account: str = "", stays: bool = False) -> Button:
    """A button that stands for a whole command; one too long to travel becomes a text to copy."""
    command = f"{account}: {command}" if account else command
    tap = WordsTap(command, stays=stays)
    if _bytes(_encode(tap)) > MOST_BYTES:
        return Button(label, copy=command[:256])
    return button(label, tap)


def markup(rows: Keyboard) -> InlineKeyboardMarkup | None:
    """Telegram's own shape; None where there is nothing to tap."""
    return InlineKeyboardMarkup([[_telegram(item) for item in line] for line in rows]) if rows else None


def _telegram(item: Button) -> InlineKeyboardButton:
    if item.copy:
        return InlineKeyboardButton(item.label, copy_text=CopyTextButton(item.copy))
    return InlineKeyboardButton(item.label, callback_data=item.data)
