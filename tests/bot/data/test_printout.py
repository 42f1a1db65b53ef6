"""What `python -m bot calendar` and `python -m bot charges` print, and which words they refuse."""

from datetime import UTC, datetime

import pytest

from bot.data.printout import calendar_page, charges_page
from bot.domain.errors import UsageError
from tests.stage.market import SHELF

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # already Monday 23 November in India


def calendar(*words: str) -> str:
    return "\n".join(calendar_page(words, now=NOW, shelf=SHELF))


def charges(words: str = "") -> str:
    return "\n".join(charges_page(words.split(), now=NOW, shelf=SHELF))


def test_without_a_date_the_calendar_page_is_of_indias_today() -> None:
    page = calendar()
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


def test_every_group_of_the_calendar_page_names_its_source() -> None:
    page = calendar("2026-11-20")
    assert page.count("source: ") >= 8
    assert "source: )" not in page
    assert "source: none" not in page


def test_an_order_is_priced_line_by_line_with_both_sides_and_the_break_even() -> None:
    page = charges("NSE CNC BUY 10 RELIANCE 1487.70 plan zero on 2026-11-20")
    assert "total               17.6650" in page
    assert "DP                  21.2400" in page
    assert "Break-even 1493.14: 5.44 a unit, 55 ticks of 0.10" in page
    assert "NSE FA73061" in page


def test_without_a_plan_the_page_says_that_brokerage_is_not_known() -> None:
    page = charges("NFO NRML SELL 65 NIFTY 24500 ce 101.20 on 2026-11-20")
    assert "plan not set" in page
    assert "BROKERAGE         not known" in page
    assert "(by what is known)" in page


def test_a_delivery_sale_shows_one_side_and_a_hopeless_short_says_so() -> None:
    assert "Both sides" not in charges("NSE CNC SELL 10 RELIANCE 1480 plan zero")
    assert "No price pays for it." in charges("NFO NRML SELL 1 NIFTY 24500 pe 0.05 plan flat-20")


def test_dates_futures_and_slices_are_understood() -> None:
    before = charges("NFO NRML SELL 65 NIFTY fut 26000 on 2026-03-31 plan flat-5 orders 3")
    after = charges("NFO NRML SELL 65 NIFTY fut 26000 on 2026-04-01 plan flat-5 orders 3")
    assert "STT                338.0000" in before
    assert "STT                845.0000" in after
    assert "BROKERAGE           15.0000" in after
    assert "STOCK" not in after


def test_without_words_every_rate_fee_and_plan_is_listed_with_its_source() -> None:
    page = charges()
    tariff = SHELF.tariff
    assert page.count("(source: ") == len(tariff.rates) + len(tariff.taxes) + len(tariff.fees) + len(tariff.interest) + len(
        tariff.plans
    )
    assert "flat-5: ₹0 delivery, ₹5 an order" in page
    assert "not known" in page
    assert "besides" not in page
    assert "not BANKEX/SENSEX" in page


@pytest.mark.parametrize(
    "words",
    ["24-11-2026", "tomorrow", "2026-11-24 2026-11-25"],
)
def test_a_date_that_cannot_be_read_is_answered_with_one_that_can(words: str) -> None:
    with pytest.raises(UsageError) as caught:
        calendar(*words.split())
    assert caught.value.example == "python -m bot calendar 2026-11-24"
