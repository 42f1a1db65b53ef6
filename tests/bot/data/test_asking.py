"""Words of an order at the command line: any order of them, usual ones left out, and nonsense answered with an example."""

from datetime import date
from decimal import Decimal

import pytest

from bot.data.asking import read_order
from bot.domain.charges import Trade
from bot.domain.errors import UsageError
from bot.domain.instrument import Exchange, InstrumentKind
from bot.domain.order import Product, Side
from bot.domain.tariff import Plan
from tests.stage.market import SHELF


def asked(words: str) -> tuple[Trade, Plan | None]:
    return read_order(words.split(), date(2026, 11, 23), SHELF)


@pytest.mark.parametrize(
    "words",
    [
        "", "NSE", "LSE CNC BUY 10 RELIANCE 1480", "NSE CNC HOLD 10 RELIANCE 1480", "NSE CNC BUY ten RELIANCE 1480",
        "NSE CNC BUY 10 RELIANCE cheap", "NFO NRML BUY 65 NIFTY 24500 xx 100", "NFO NRML BUY 65 NIFTY", "BUY 0 RELIANCE 1480",
        "BUY 10 RELIANCE -5", "BUY 10 RELIANCE 1480 plan gold", "BUY 10 RELIANCE 1480 on friday", "BUY 1.5 RELIANCE 1480",
        "BUY 10 RELIANCE 1480 orders 0", "BUY 10 RELIANCE 1480 please", "BUY 10 RELIANCE 1480 1490", "NSE BUY 65 NIFTY fut 26000",
        "NFO BUY 65 NIFTY 26000", "BUY 65 NIFTY ce 101",
    ],
)  # fmt: skip
def test_words_that_are_no_order_are_answered_with_one_that_works(words: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(words)
    trade, plan = asked(caught.value.example.removeprefix("python -m bot charges "))
    assert trade.quantity == 10
    assert plan is not None


def test_words_come_in_any_order_and_the_usual_ones_need_not_be_said() -> None:
    whole = asked("NSE CNC BUY 10 RELIANCE 1480.30 plan flat-5 on 2026-11-20 orders 2")
    assert asked("flat-5 reliance buy orders 2 10 1480.30 on 2026-11-20") == whole
    trade, plan = whole
    assert (trade.side, trade.product, trade.quantity, trade.price) == (Side.BUY, Product.CNC, 10, Decimal("1480.30"))
    assert (trade.day, trade.orders) == (date(2026, 11, 20), 2)
    assert plan is SHELF.tariff.plan("flat-5")
    assert asked("sell 10 tcs 3105.40 intraday") == asked("NSE MIS SELL 10 TCS 3105.40")


@pytest.mark.parametrize(
    ("words", "exchange", "kind", "product"),
    [
        ("buy 10 reliance 1480", Exchange.NSE, InstrumentKind.EQUITY, Product.CNC),
        ("buy 10 reliance 1480 bse", Exchange.BSE, InstrumentKind.EQUITY, Product.CNC),
        ("buy 20 sensex 84500 pe 310.15", Exchange.BFO, InstrumentKind.INDEX_OPTION, Product.NRML),
        ("buy 65 nifty fut 26000 mis", Exchange.NFO, InstrumentKind.INDEX_FUTURE, Product.MIS),
        ("buy 500 reliance fut 1484.60", Exchange.NFO, InstrumentKind.STOCK_FUTURE, Product.NRML),
        ("buy 500 reliance 1480 ce 32.45 bfo", Exchange.BFO, InstrumentKind.STOCK_OPTION, Product.NRML),
    ],
)
def test_the_segment_follows_from_the_words(words: str, exchange: Exchange, kind: InstrumentKind, product: Product) -> None:
    trade, plan = asked(words)
    assert (trade.instrument.exchange, trade.instrument.kind, trade.product) == (exchange, kind, product)
    assert trade.day == date(2026, 11, 23)
    assert plan is None


def test_the_tick_of_the_exchanges_ladder_is_used_where_it_is_known() -> None:
    assert asked("buy 10 reliance 1480")[0].instrument.tick == Decimal("0.10")
    assert asked("buy 500 reliance 1480 ce 32.45")[0].instrument.tick == Decimal("0.05")
