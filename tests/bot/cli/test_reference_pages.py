"""What `python -m bot calendar` and `python -m bot charges` print, and which flags they refuse."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.cli.calendar import calendar_page
from bot.cli.charges import charges_page, order_of, rates_page
from bot.cli.exit_codes import WRONG_SETTINGS
from bot.cli.main import build_parser
from bot.config.settings import market_data
from bot.domain.charges.charges import Trade
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.terms import Product, Side
from tests.stage.values.market import REFERENCE_DATA

TODAY = date(2026, 11, 23)


def calendar(day: str) -> str:
    return "\n".join(calendar_page(build_parser(["calendar"]).parse_args(["calendar", day]).date, REFERENCE_DATA))


def asked(words: str) -> tuple[Trade, BrokeragePlan | None] | None:
    return order_of(build_parser(["charges"]).parse_args(["charges", *words.split()]), TODAY, REFERENCE_DATA)


def order(words: str) -> tuple[Trade, BrokeragePlan | None]:
    found = asked(words)
    assert found is not None
    return found


def charges(words: str) -> str:
    return "\n".join(charges_page(*order(words), REFERENCE_DATA))


def test_the_calendar_page_tells_all_that_is_known_of_a_day() -> None:
    page = calendar("2026-11-23")
    assert page.startswith("Monday 23 November 2026: trading")
    assert "15:15-15:20 REFERENCE" in page
    assert "15:25-15:30 AUCTION_LIMIT, may end at any second from 15:28" in page
    assert "NFO NIFTY monthly, moved from 2026-11-24" in page
    assert "Tue 2026-11-24: holiday" in page
    assert "(not proven)" in page
    assert "AMO not known" in page


def test_a_holiday_and_a_day_outside_the_data_are_called_so() -> None:
    assert calendar("2026-01-15").startswith("Thursday 15 January 2026: holiday, Maharashtra municipal elections\n")
    assert "announced: 2026-01-12" in calendar("2026-01-15")
    assert "no calendar for 2027" in calendar("2027-03-01")
    assert "from 2027-01-01: no calendar for 2027" in calendar("2026-12-15")


def test_a_muhurat_day_and_the_auctions_exceptions_are_told() -> None:
    page = calendar("2026-11-08")
    assert "trades are real and settle; it counts for no expiry" in page
    assert "00:00-24:00 UNKNOWN" in page
    assert "Not in BSE's closing auction: BSE, CDSL (source: BSE 20260610-41)" in page
    assert "closing auction:" not in calendar("2026-07-31")
    assert "BFO FOCIT monthly" in calendar("2026-11-26")


def test_a_line_that_is_not_known_says_why() -> None:
    page = charges("--side buy --quantity 40 --symbol RELIANCE --price 1480.30 --product mtf --plan flat-20")
    assert "BROKERAGE         not known  (what plan flat-20 takes for mtf)" in page


def test_every_group_of_the_calendar_page_names_its_source() -> None:
    page = calendar("2026-11-20")
    assert page.count("source: ") >= 8
    assert "source: )" not in page
    assert "source: none" not in page


def test_an_order_is_priced_line_by_line_with_both_sides_and_the_break_even() -> None:
    page = charges("--side buy --quantity 10 --symbol reliance --price 1487.70 --plan zero --on 2026-11-20")
    assert "total               17.6650" in page
    assert "DP                  21.2400" in page
    assert "Break-even 1493.14: 5.44 a unit, 55 ticks of 0.10" in page
    assert "NSE FA73061" in page


def test_without_a_plan_the_page_says_that_brokerage_is_not_known() -> None:
    page = charges("--side sell --quantity 65 --symbol NIFTY --call 24500 --price 101.20 --on 2026-11-20")
    assert "plan not set" in page
    assert "BROKERAGE         not known" in page
    assert "(by what is known)" in page


def test_a_delivery_sale_shows_one_side_and_a_hopeless_short_says_so() -> None:
    assert "Both sides" not in charges("--side sell --quantity 10 --symbol RELIANCE --price 1480 --plan zero")
    assert "No price pays for it." in charges("--side sell --quantity 1 --symbol NIFTY --put 24500 --price 0.05 --plan flat-20")


def test_dates_futures_and_slices_are_understood() -> None:
    before = charges("--side sell --quantity 65 --symbol NIFTY --future --price 26000 --on 2026-03-31 --plan flat-5 --orders 3")
    after = charges("--side sell --quantity 65 --symbol NIFTY --future --price 26000 --on 2026-04-01 --plan flat-5 --orders 3")
    assert "STT                338.0000" in before
    assert "STT                845.0000" in after
    assert "BROKERAGE           15.0000" in after
    assert "STOCK" not in after


def test_without_flags_every_rate_fee_and_plan_is_listed_with_its_source() -> None:
    assert asked("") is None
    page = "\n".join(rates_page(REFERENCE_DATA))
    tariff = REFERENCE_DATA.tariff
    assert page.count("(source: ") == len(tariff.rates) + len(tariff.taxes) + len(tariff.fees) + len(tariff.interest) + len(
        tariff.plans
    )
    assert "flat-5: ₹0 delivery, ₹5 an order" in page
    assert "MTF_INTEREST a year 14.99 % up to ₹25,00,000.00, 9.99 % up to ₹5,00,00,000.00, 6.99 % from" in page
    assert "BSE series SS/ST: 1 % from" in page
    assert "BFO FOCIT: 0 % from 2026-05-11" in page
    assert "not known" in page
    assert "besides" not in page
    assert "not BANKEX/SENSEX" in page


BUY = "--side buy --quantity 10 --symbol RELIANCE --price 1480"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        *[(f"calendar {day}", "no date") for day in ("24-11-2026", "tomorrow", "9999-12-31", "0001-01-01", "2026-11-31")],
        *[(f"charges --price {price}", "no price") for price in ("1e999", "-5", "nan", "0", "cheap", "1" * 40, "1.23456")],
        *[(f"charges --quantity {count}", "no number") for count in ("0", "1.5", "ten", "1e9", "9" * 40)],
        *[(f"charges --call {strike}", "no price") for strike in ("1e999", "0")],
        ("charges --orders 0", "no number"), ("charges --on friday", "no date"), ("charges --exchange LSE", "invalid choice"),
        ("charges --call 5 --put 5", "not allowed with"), ("charges buy 10 RELIANCE 1480", "unrecognized"),
    ],
)  # fmt: skip
def test_a_flag_that_cannot_be_read_is_refused_in_one_sentence(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser(words.split()).parse_args(words.split())
    assert ended.value.code == WRONG_SETTINGS
    assert says in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--symbol RELIANCE", "--side, --quantity, --price"),
        ("--future", "--side, --quantity, --symbol, --price"),
        (f"{BUY} --plan flat5", "no plan 'flat5', only zero, flat-20, flat-5"),
        (f"{BUY} --exchange NFO", "contracts only"),
        (f"{BUY} --exchange NSE --future", "no contracts"),
    ],
)
def test_flags_that_make_no_order_are_answered_with_a_command_that_works(words: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        asked(words)
    trade, plan = order(caught.value.example.removeprefix("python -m bot charges "))
    assert trade.quantity == 10
    assert plan is not None


@pytest.mark.parametrize(
    ("words", "exchange", "kind", "product"),
    [
        ("reliance", Exchange.NSE, InstrumentKind.EQUITY, Product.CNC),
        ("reliance --exchange bse --product intraday", Exchange.BSE, InstrumentKind.EQUITY, Product.MIS),
        ("sensex --put 84500", Exchange.BFO, InstrumentKind.INDEX_OPTION, Product.NRML),
        ("nifty --future --product intraday", Exchange.NFO, InstrumentKind.INDEX_FUTURE, Product.MIS),
        ("reliance --future", Exchange.NFO, InstrumentKind.STOCK_FUTURE, Product.NRML),
        ("reliance --call 1480 --exchange BFO", Exchange.BFO, InstrumentKind.STOCK_OPTION, Product.NRML),
        ("reliance --product mtf", Exchange.NSE, InstrumentKind.EQUITY, Product.MTF),
    ],
)
def test_the_segment_follows_from_the_flags(words: str, exchange: Exchange, kind: InstrumentKind, product: Product) -> None:
    trade, plan = order(f"--side sell --quantity 20 --price 310.15 --symbol {words}")
    assert (trade.instrument.exchange, trade.instrument.kind, trade.product) == (exchange, kind, product)
    assert (trade.side, trade.quantity, trade.price, trade.day) == (Side.SELL, 20, Decimal("310.15"), TODAY)
    assert plan is None


def test_the_tick_of_the_exchanges_ladder_is_used_where_it_is_known() -> None:
    assert order(BUY)[0].instrument.tick == Decimal("0.10")
    assert order("--side buy --quantity 500 --symbol reliance --call 1480 --price 32.45")[0].instrument.tick == Decimal("0.05")


def test_the_last_date_that_can_be_asked_for_has_a_page() -> None:
    assert "no calendar for 2100" in calendar("2100-12-31")
    assert calendar("1990-01-01")


def test_the_hosts_own_rows_are_found_in_dotenv_too_whatever_else_stands_there(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MARKET_DATA=rows.toml\nMODE=nonsense\nFAVOURITE_COLOUR=blue\n")
    assert market_data({}, tmp_path) == Path("rows.toml")
    assert market_data({"MARKET_DATA": "own.toml"}, tmp_path) == Path("own.toml")
    assert market_data({}, tmp_path / "elsewhere") is None
