"""The whole way from typed words to what they order, over a made scrip master and made prices, without broker and chat."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bench.master import TODAY, UNDERLYINGS
from bot.domain.errors import ChoiceWanted, UsageError
from bot.domain.market.display_names import label
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.orders.order import OrderRequest
from bot.domain.terms import Side
from bot.trading.drafts.meaning import meant, priced
from bot.trading.instruments.finder import Found
from handlers.context.words.readings import readings
from handlers.registry import parse_command
from tests.stage.values.master import ALL

PREMIUM = Decimal(300)  # of every option
LEVELS = {"NIFTY": 24_512, "BANKNIFTY": 54_020}


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """Words with one meaning."""

    instrument: Instrument
    request: OrderRequest

    @property
    def rupees(self) -> Decimal:
        """What the order is worth at its limit, or at the price of now."""
        each = self.request.price or self.request.trigger or price_of(self.instrument).last
        if self.request.rupees is not None:
            return self.request.rupees
        lots = self.request.lots or 0
        return (self.request.quantity or lots * self.instrument.lot) * each


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Words that are a question: the sentence, and its buttons with the commands behind them."""

    say: str
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Words that have no meaning as an order."""

    say: str
    example: str = ""


Meaning = Ordered | Asked | Refused


def price_of(instrument: Instrument) -> Price:
    if instrument.is_option:
        return Price(last=PREMIUM)
    return Price(last=Decimal(LEVELS.get(instrument.symbol) or UNDERLYINGS.get(instrument.symbol, 100)))


def meaning(text: str, *, today: date = TODAY) -> Meaning:
    """What a typed message orders, asks or refuses."""
    typed = parse_command(text)
    if typed is None or typed.command.name not in ("buy", "sell"):
        return Refused(say="no order")

    def read(request: OrderRequest) -> Found:
        found = ALL.read(request.symbol, exchange=request.exchange, today=today)
        return found if found.instrument is None or found.instrument.is_tradable else Found()

    def guess(request: OrderRequest) -> Found:
        return ALL.find(request.symbol, exchange=request.exchange, today=today, tradable=True)

    try:
        spoken = readings(Side(typed.command.name.upper()), typed.words, today)
        order = meant(spoken, read, guess, lambda instrument: label(instrument, today=today))
        if not order.is_sized:
            return Asked(say="How many?")
        request = priced(order.readings, order.instrument, price_of(order.instrument))
    except UsageError as error:
        return Refused(say=error.say, example=error.example)
    except ChoiceWanted as error:
        return Asked(say=error.say, buttons=error.near)
    if request.lots is not None and not order.instrument.is_derivative:
        return Asked(say="lots of a share")
    return Ordered(instrument=order.instrument, request=request)
