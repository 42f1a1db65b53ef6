"""The morning's cards: what ends today stands first, each fact has its light, and what can be repaired has a button."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.clock import at_ist
from bot.domain.market.instrument import Exchange
from bot.domain.news.days.readiness import ClosedDay, ExpiryAlarm, LoginReminder, NearExpiry, Readiness, ReadinessAlarm, WeekAhead
from bot.domain.pnl.range_report import RangeReport
from bot.domain.positions.portfolio import Holdings, PnL
from bot.domain.terms import Product
from bot.trading.money.range_pnl import TodayPnl
from handlers.views.format import WIDTH, columns
from handlers.views.message import Table, View
from handlers.views.money import books, pnl
from handlers.views.news import readiness
from handlers.views.orders.order_news import Scene
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import ExitTap, Listing, ListingTap, WordsTap
from tests.handlers.mornings import (
    BAD,
    GIVES,
    HOLIDAY,
    MONDAY,
    SHORT_CALL,
    a_morning,
    a_settlement,
    a_week,
    ends,
    every_morning,
    near,
)
from tests.handlers.samples import NOW, a_holding
from tests.stage.values.market import an_option


def draw(news: object) -> View:
    scene = Scene(label="main", mark="", mode="PAPER", now=NOW, explain=str)
    match news:
        case Readiness():
            return readiness.readiness(news, scene)
        case LoginReminder():
            return readiness.login_reminder(news, scene)
        case NearExpiry():
            return readiness.near_expiry(news, scene)
        case _:
            assert isinstance(news, WeekAhead)
            return readiness.week_ahead(news, scene)


def rows(view: View) -> list[str]:
    return [row for part in view.parts if isinstance(part, Table) for row in part.rows]


def labels(view: View) -> list[str]:
    return [item.label for line in view.keyboard for item in line]


def test_a_good_morning() -> None:
    view = draw(a_morning())
    assert view.plain.splitlines() == [
        "MON 23 NOV main          PAPER",
        "Expiry today: BANKNIFTY,",
        " NIFTY, all stock F&O",
        "Tue 24 Nov: holiday, Guru",
        " Nanak Jayanti",
        "🟢 clock       +0.2 s",
        "🟢 session     logged in",
        "🟢 contracts   dated 23 Nov",
        "🟢 cash        2,45,310.55",
        "🟢 feed        connected",
        "🟢 overnight   none",
    ]
    assert labels(view) == []


def test_a_morning_on_which_everything_is_wrong() -> None:
    view = draw(a_morning(ReadinessAlarm, **BAD))
    assert view.plain.splitlines() == [
        "Nothing is being watched. Positions are held and alerts are armed, and there is no mStock session.",
        "MON 23 NOV main          PAPER",
        "Expiry today: BANKNIFTY,",
        " NIFTY, all stock F&O",
        "Held and ends: NF 24500CE",
        " 23Nov",
        "Tue 24 Nov: holiday, Guru",
        " Nanak Jayanti",
        "🔴 clock       −11.4 s",
        "🔴 session     log in",
        "🟡 contracts   dated 20 Nov",
        "🟡 cash        not known",
        "🟡 feed        not connected",
        "🟡 overnight   2",
        "   −65 NF 24500CE 23Nov NRML",
        "   no stop",
        "   +500 RELIANCE FUT 30Nov",
        "    NRML",
        "   stop not known",
        "🟡 changed",
        "   RELIANCE FUT 30Nov: lot 500",
        "    → 550",
        "   NF 24500CE 23Nov: not",
        "    listed any more",
        "🟡 bonus or split?",
        "   RELIANCE 1,502.10 → 751.00",
        "   day change not known",
        "🟡 not authorised",
        "   RELIANCE stop 40,",
        "    authorised 0",
        "🟡 alerts      2 armed",
        "   ended: NF 24500CE 17Nov",
        "   paused: RELIANCE",
        "🟡 watched     changed",
        "   BANKNIFTY FUT 24Nov: lot 30",
        "    → 35",
        "⚠️ mStock may need your CDSL TPIN today; authorise in the mStock app.",
    ]
    assert labels(view) == ["Log in", "Holdings", "Alerts"]


@pytest.mark.parametrize("news", every_morning(), ids=lambda news: type(news).__name__)
def test_every_table_fits_a_narrow_phone(news: object) -> None:
    assert [row for row in rows(draw(news)) if columns(row) > WIDTH] == []


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"skew": None}, "🟡 clock       not known"),
        ({"skew": Decimal("2.1")}, "🟡 clock       +2.1 s"),
        ({"skew": Decimal("-10.1")}, "🔴 clock       −10.1 s"),
        ({"session": False}, "🔴 session     log in"),
        ({"master": None}, "🔴 contracts   none"),
        ({"master": date(2026, 11, 20)}, "🟡 contracts   dated 20 Nov"),
        ({"cash": None}, "🟡 cash        not known"),
        ({"cash": Decimal("-5000.00")}, "🟡 cash        −5,000.00"),
        ({"feed": False}, "🟡 feed        not connected"),
        ({"overnight": None}, "🟡 overnight   not known"),
        ({"overnight": (replace(SHORT_CALL, guarded=True),)}, "🟢 overnight   1"),
        ({"overnight": (replace(SHORT_CALL, guarded=None),)}, "🟡 overnight   1"),
        ({"overnight": (replace(SHORT_CALL, product=Product.MTF),)}, "🟢 overnight   1"),
        ({"overnight": (SHORT_CALL,), "overnight_of": date(2026, 11, 20)}, "🟡 overnight   as of 20 Nov"),
        ({"changes": None}, "🟡 changes     not known"),
        ({"bases": None}, "🟡 holdings    not known"),
        ({"expiries": ()}, "No expiry today"),
        ({"expiries": (ends("stocks", Exchange.BFO),)}, "Expiry today: BSE stock F&O"),
        ({"covered": False, "expiries": ()}, "I have no calendar for 2026"),
        ({"ahead": (ClosedDay(day=MONDAY, name="Muhurat", special=True),)}, "Mon 23 Nov: special session,"),
    ],
)
def test_each_fact_has_its_light(facts: dict[str, Any], line: str) -> None:
    assert line in rows(draw(a_morning(**facts)))


@pytest.mark.parametrize(
    ("facts", "buttons"),
    [
        ({"session": False}, ["Log in"]),
        ({"cash": None}, ["Funds"]),
        ({"overnight": (replace(SHORT_CALL, guarded=True),)}, ["Positions"]),
        ({"overnight": (SHORT_CALL,)}, ["Positions", "Set stop: NF 24500CE 23Nov"]),
        ({"bases": BAD["bases"]}, ["Holdings"]),
    ],
)
def test_what_can_be_repaired_has_its_button(facts: dict[str, Any], buttons: list[str]) -> None:
    assert labels(draw(a_morning(**facts))) == buttons


def test_the_words_of_a_stop_lack_its_price_alone() -> None:
    *_, stop = (item for line in draw(a_morning(overnight=(SHORT_CALL,))).keyboard for item in line)
    assert decode(stop.data) == WordsTap("main: /buy nifty 24500 ce 23 nov nfo nrml 65 stop")


def test_the_reminder_says_that_nothing_is_watched() -> None:
    view = draw(LoginReminder(at=at_ist(MONDAY, 9, 5), overnight=(SHORT_CALL,) * 8))
    assert view.plain.startswith("Nothing is being watched. There is no mStock session.\nHeld: −65 NF 24500CE 23Nov NRML, ")
    assert view.plain.endswith(" and 2 more.")
    assert labels(view) == ["Log in"]


def test_a_future_that_will_be_taken_and_a_call_whose_shares_are_to_be_given() -> None:
    view = draw(near(a_settlement(), GIVES, kind=ExpiryAlarm))
    assert rows(view) == [
        "ENDS IN SHARES main      PAPER",
        "------------------------------",
        "+500 RELIANCE FUT 30Nov   NRML",
        " 4 trading days left",
        " take 500 shares",
        " needs          7,40,150.00",
        " share now         1,480.30",
        " close now       −12,300.40 🔴",
        " settle          −13,040.55 🔴",
        " mStock closes it Fri 27 Nov,",
        "  best effort",
        "------------------------------",
        "−500 RELIANCE 1500CE 30Nov",
        "                          NRML",
        " expires today",
        " give 500 shares",
        " you own 120",
        " brings         7,50,000.00",
        " share now         1,480.30",
        " close now        not known",
        " settle          −13,040.55 🔴",
        " mStock was to close it Fri 27",
        "  Nov, best effort",
        "------------------------------",
        "RELIANCE together",
        " ends without shares",
        " brings            9,850.00",
    ]
    assert "What mStock blocks for a delivery rises day by day until the end." in view.plain
    taps = [decode(item.data) for line in view.keyboard for item in line]
    assert all(isinstance(tap, ExitTap) and tap.label == "main" for tap in taps)
    assert labels(view) == ["Exit RELIANCE FUT 30Nov", "Exit RELIANCE 1500CE 30Nov"]


def test_contracts_that_meet_on_one_share_say_what_they_come_to_together_and_call_for_no_auction_alone() -> None:
    contract = an_option("RELIANCE", "1400", expiry=date(2026, 11, 30), lot=500, stock=True)
    long = a_settlement(instrument=contract, shares=500, money=Decimal(700000))
    assert not any("auction" in line for line in rows(draw(near(long, GIVES))))
    twice = rows(draw(near(long, replace(GIVES, quantity=-1000, shares=-1000, money=Decimal(-1500000)))))
    assert twice[twice.index("RELIANCE together") :] == [
        "RELIANCE together",
        " give 500 shares",
        " you own 120",
        " 380 not there: auction",
        " brings         8,00,000.00",
    ]
    assert " 380 not there: auction" in rows(draw(near(GIVES)))
    assert "RELIANCE together" not in rows(draw(near(replace(long, shares=None, money=None), GIVES))), "nobody knows it"


def test_what_is_only_noted_offers_the_login_and_no_exit() -> None:
    bare = a_settlement(spot=None, shares=None, money=None, close_now=None, settle=None, left=None, squared_off=None)
    view = draw(near(bare, noted_of=date(2026, 11, 23)))
    assert " shares not known" in rows(view)
    assert " days left not known" in rows(view)
    assert view.plain.endswith("As of the evening of Mon 23 Nov: mStock's books could not be read.")
    assert labels(view) == ["Log in"]


def test_a_week_with_a_holiday_and_an_expiry() -> None:
    assert draw(a_week()).plain.splitlines() == [
        "WEEK OF 23 NOV main      PAPER",
        "Tue 24 Nov: holiday, Guru",
        " Nanak Jayanti",
        "------------------------------",
        "Ends, of what is held",
        " Mon 23 Nov",
        "   −65 NF 24500CE 23Nov NRML",
        "Held as of the evening of Fri 20 Nov.",
    ]


def test_a_week_of_which_little_is_known() -> None:
    plain = draw(a_week(closed=(), covered=False, expiring=None, noted_of=None)).plain
    assert "No holiday" in plain
    assert "I have no calendar for all of" in plain
    assert "What is held is not known" in plain
    assert "Nothing that is held ends" in draw(a_week(expiring=(), closed=(HOLIDAY,))).plain


def test_a_long_list_is_cut_and_says_so() -> None:
    many = a_morning(Readiness, overnight=(SHORT_CALL,) * 9)
    assert "   and 3 more" in rows(draw(many))
    assert len(draw(many).messages()) == 1


BASE = BAD["bases"][0]


def test_holdings_and_the_days_result_ask_for_a_bonus_or_split_and_give_no_change() -> None:
    listed = Holdings(lines=(a_holding(base=BASE),), as_of=NOW)
    assert " bonus or split?  was 1,502.10" in rows(books.holdings(listed, ListingTap(Listing.HOLDINGS), "main", "PAPER"))
    result = PnL(booked=Decimal(0), open=Decimal(0), charges=None, as_of=NOW, bases=(BASE,))
    made = TodayPnl(pnl=result, report=RangeReport(account_id="a1", first=MONDAY, last=MONDAY, days=()), if_closed={})
    view = pnl.today(made, ListingTap(Listing.PNL), "main", "PAPER")
    assert "Holdings today    not known" in rows(view)
    assert "Bonus or split? RELIANCE 1,502.10 → 751.00. Their change today is not known." in view.plain
