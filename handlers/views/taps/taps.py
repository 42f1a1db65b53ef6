"""The kinds of taps under questions, orders, lists and words.

Values chosen on a Change keyboard travel in a tap because they only ever make a new question.
"""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Self

from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.people.account import Permission
from bot.domain.terms import Product
from bot.domain.value import positional
from handlers.views.taps.tap import OfAccount, Tap, TokenTap, id_in, label_behind, number_in, parts_of, travels_as


class CardVerb(StrEnum):
    """What a tap does with an open question."""

    CONFIRM = "y"
    DISCARD = "n"
    CHANGE = "c"  # open the keyboard of changes
    BACK = "b"  # close it again
    AGAIN = "a"  # an expired card: ask again at the price of now
    YES = "k"  # a question in words, not an order: cancel the stop, lift the kill switch
    RAISE = "r"  # an entry that adds to a guarded position: the stop that rests is to guard it as well
    KEEP = "p"  # the stop stays as it is
    LATER = "w"  # the market is closed: ask again when it is open
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
    STOP = "p"  # a stop for the position
    DETAIL = "d"
    LEAVE = "w"  # let it rest: takes the buttons of its ring away


class Listing(StrEnum):
    """Lists with a refresh button."""

    ORDERS = "o"
    TRADES = "t"
    POSITIONS = "p"
    HOLDINGS = "h"
    FUNDS = "f"
    PNL = "n"
    STATUS = "s"


@travels_as("c")
@positional
class CardTap(TokenTap[CardVerb]):
    """A tap under a question."""

    verbs = CardVerb

    @property
    def permission(self) -> Permission:
        return Permission.ADMIN if self.verb is CardVerb.UNLINK else Permission.REDUCE


@travels_as("v")
@positional
class ChangeTap(OfAccount):
    """A new value for one field of a question. Exactly one is set."""

    token: str
    quantity: int | None = None
    price: Decimal | None = None
    product: Product | None = None
    protected: bool = False
    label: str = ""
    lots: int | None = None

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE

    def encode(self) -> str:
        return f"v:{self.token}:{self.change_code()}{label_behind(self.label)}"

    def change_code(self) -> str:
        if self.quantity is not None:
            return f"q{self.quantity}"
        if self.lots is not None:
            return f"l{self.lots}"
        if self.price is not None:
            return f"p{self.price:f}"
        return f"t{self.product}" if self.product is not None else "m"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self | None:
        token, change, label = parts_of(rest)
        field, value = change[:1], change[1:]
        if field == "q":
            return cls(token, quantity=number_in(value), label=label)
        if field == "l":
            return cls(token, lots=number_in(value), label=label)
        if field == "p" and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", value):
            return cls(token, price=Decimal(value), label=label)
        if field == "t":
            return cls(token, product=Product(value), label=label)
        return cls(token, protected=True, label=label) if change == "m" else None


@travels_as("o")
@positional
class OrderTap(TokenTap[OrderVerb]):
    """A tap under an order, whose id is the token."""

    verbs = OrderVerb

    @property
    def order_id(self) -> str:
        return self.token

    @property
    def permission(self) -> Permission:
        match self.verb:
            case OrderVerb.LOOK | OrderVerb.DETAIL | OrderVerb.LEAVE:
                return Permission.LOOK
            case OrderVerb.CANCEL | OrderVerb.EXIT | OrderVerb.HALF | OrderVerb.STOP:
                return Permission.REDUCE
            case OrderVerb.MODIFY | OrderVerb.NOT_THERE | OrderVerb.GIVE_UP | OrderVerb.SAME | OrderVerb.REVERSE:
                return Permission.OPEN


EXITS = "exit"  # the list of positions with a button under it for each


@travels_as("b")
@positional
class ListingTap(OfAccount):
    """Draw a list again, with the account and the arguments it had."""

    listing: Listing
    label: str = ""
    argument: str = ""
    page: int = 0

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE if (self.listing, self.argument) == (Listing.POSITIONS, EXITS) else Permission.LOOK

    def encode(self) -> str:
        return f"b:{self.listing}:{self.page}:{self.argument}:{self.label}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        listing, page, argument, label = rest.split(":", 3)
        return cls(Listing(listing), label, argument, number_in(page))


@travels_as("x")
@positional
class ExitTap(OfAccount):
    """Ask for the order that closes one position."""

    key: InstrumentKey
    product: Product
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE

    def encode(self) -> str:
        return f"x:{self.key.exchange}:{self.key.token}:{self.product}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        exchange, token, product, *label = rest.split(":", 3)
        return cls(InstrumentKey(Exchange(exchange), id_in(token)), Product(product), *label)


@travels_as("e")
@positional
class EntriesTap(OfAccount):
    """Cancel the entry orders that the kill switch left resting."""

    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE

    def encode(self) -> str:
        return f"e{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        return cls(rest)


@travels_as("w", "i")
@positional
class WordsTap(Tap):
    """Words that the person could have typed. stays: their answer takes the place of the message with the button."""

    words: str
    stays: bool = False

    def encode(self) -> str:
        return f"{'i' if self.stays else 'w'}:{self.words}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self | None:
        return cls(rest, stays=kind == "i") if rest.strip() else None


@travels_as("l")
@positional
class LeaveTap(Tap):
    """Leave a question on the way to an order. The words so far travel along, for a reply to complete."""

    words: str
    label: str = ""

    def encode(self) -> str:
        return f"l:{self.label}:{self.words}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        label, _, words_so_far = rest.partition(":")
        return cls(words_so_far, label)

    def shortened(self) -> Tap:
        return LeaveTap("")


@travels_as("n")
@positional
class DoItNowTap(Tap):
    """Do what was typed while the bot was away: the words stand in the message that this one answers."""

    def encode(self) -> str:
        return "n"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self | None:
        return None if rest else cls()


@travels_as("k")
@positional
class PadTap(Tap):
    """A key of a PIN's keypad, by its place and never by its digit. None: give up."""

    pad_id: str
    place: int | None

    @property
    def permission(self) -> Permission:
        return Permission.OWN

    def encode(self) -> str:
        return f"k:{self.pad_id}:{'x' if self.place is None else self.place}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self:
        pad_id, _, key = rest.partition(":")
        place = None if key == "x" else number_in(key)
        if place is not None and place > 10:
            raise ValueError(key)
        return cls(id_in(pad_id), place)
