"""The scrip master of a date: names by the grammar, expiries moved for holidays, true ticks and lots."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.broker.market.hours import is_trading_day
from bot.simulators.broker.market.instruments import Instrument, java, plain, two_places
from bot.simulators.broker.market.master import (
    INDICES,
    Master,
    contract_name,
    index_future_tick,
    monthly_expiries,
    share_tick,
    weekly_expiries,
)
from tests.bot.simulators.broker.wire import Wire


def level(instrument: Instrument, day: date) -> int:
    return instrument.base


def token(exchange: str, name: str) -> str:
    return f"{exchange}:{name}"


SUNDAY = Master(date(2026, 11, 22), level, token)


@pytest.mark.parametrize(
    ("expiry", "strike", "option", "monthly", "name"),
    [
        (date(2025, 10, 20), "25800", "PE", False, "NIFTY25O2025800PE"),
        (date(2026, 9, 22), "20350", "CE", False, "NIFTY2692220350CE"),
        (date(2026, 10, 27), "24500", "CE", True, "NIFTY26OCT24500CE"),
        (date(2026, 9, 29), "", "", True, "NIFTY26SEPFUT"),
    ],
)
def test_names_follow_the_grammar(expiry: date, strike: str, option: str, monthly: bool, name: str) -> None:
    assert contract_name("NIFTY", expiry, strike, option, monthly=monthly) == name


def test_november_monthly_of_2026_moves_to_monday_and_weeklies_exist_on_two_indices_only() -> None:
    found: dict[str, set[date]] = {}
    for one in SUNDAY.by_key.values():
        if one.kind == "OPTIDX" and one.expiry:
            found.setdefault(one.symbol, set()).add(one.expiry)
    assert sorted(found["NIFTY"]) == [date(2026, 11, 23), date(2026, 12, 1), date(2026, 12, 29)]
    assert sorted(found["BANKNIFTY"]) == [date(2026, 11, 23), date(2026, 12, 29)]
    assert sorted(found["SENSEX"]) == [date(2026, 11, 26), date(2026, 12, 3)]
    assert SUNDAY.by_name["NFO", "NIFTY26NOV24500CE"].expiry == date(2026, 11, 23)
    assert SUNDAY.by_name["NFO", "NIFTY26D0124500CE"].expiry == date(2026, 12, 1)
    assert SUNDAY.by_name["BFO", "SENSEX26NOV80000PE"].lot == 20


@given(st.dates(date(2026, 8, 3), date(2027, 3, 31)))
def test_expiries_are_trading_days_from_today_on(today: date) -> None:
    for weekday in (1, 3):
        for days in (monthly_expiries(today, weekday, 3), weekly_expiries(today, weekday, 3)):
            assert days == sorted(set(days))
            assert all(day >= today and is_trading_day(day) for day in days)


@pytest.mark.parametrize("today", [date(2026, 11, 23), date(2026, 11, 24), date(2026, 12, 31), date(2027, 1, 25)])
def test_each_name_and_each_token_is_one_contract(today: date) -> None:
    master = Master(today, level, token)
    names = Counter((one.exchange, one.name) for one in master.by_key.values())
    assert max(names.values()) == 1
    assert len(names) == len(master.by_key)


def test_lots_and_ticks_are_those_of_november_2026() -> None:
    lots = {spec.symbol: spec.lot for spec in INDICES if spec.lot}
    assert lots == {"NIFTY": 65, "BANKNIFTY": 30, "FINNIFTY": 60, "MIDCPNIFTY": 120, "SENSEX": 20}
    at_the_slabs = [share_tick(price) for price in (24999, 25000, 100000, 500000, 1000000, 2000000)]
    assert at_the_slabs == [1, 5, 5, 10, 50, 100]
    assert [share_tick(price) for price in (100005, 500010, 1000050, 2000100)] == [10, 50, 100, 500]
    assert (SUNDAY.by_name["NFO", "HDFCBANK26NOVFUT"].lot, SUNDAY.by_name["NFO", "TATASTEEL26NOVFUT"].lot) == (650, 2750)
    assert [index_future_tick(p) for p in (1500000, 2451235, 5524060)] == [5, 10, 20]
    assert SUNDAY.by_name["NFO", "NIFTY26NOVFUT"].tick == 10
    assert SUNDAY.by_name["NFO", "IDEA26NOV10CE"].tick == 1
    assert all(one.base % one.tick == 0 for one in SUNDAY.by_key.values() if one.kind == "EQ")
    known = {"RELIANCE": "2885", "TCS": "11536", "INFY": "1594", "HDFCBANK": "1333", "SBIN": "3045", "ACC": "22"}
    assert {name: SUNDAY.by_name["NSE", f"{name}-EQ"].token for name in known} == known
    assert {"M&M-EQ", "J&KBANK-EQ", "BAJAJ-AUTO-EQ", "360ONE-EQ"} <= {name for _, name in SUNDAY.by_name}


def test_every_value_of_a_row_is_text_and_no_index_is_among_them() -> None:
    rows = SUNDAY.rows()
    assert sum(row["exch_seg"] == "NSE" for row in rows) > 200
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert not {row["token"] for row in rows if row["exch_seg"] == "NSE"} & {
        spec.code for spec in INDICES if spec.exchange == "NSE"
    }
    acc = next(row for row in rows if row["name"] == "ACC-EQ")
    assert acc == {"token": "22", "symbol": "ACC", "name": "ACC-EQ", "expiry": "", "strike": "", "lotsize": "1",
                   "instrumenttype": "EQ", "exch_seg": "NSE", "tick_size": "0.10"}  # fmt: skip
    option = next(row for row in rows if row["name"] == "NIFTY26NOV24500CE")
    assert (option["symbol"], option["expiry"], option["strike"], option["lotsize"]) == ("NIFTY", "23Nov2026", "24500", "65")


@pytest.mark.parametrize(
    ("paise", "as_plain", "as_java", "as_two"),
    [
        (25715, "257.15", "257.15", "257.15"),
        (-1212000, "-12120", "-12120.0", "-12120.00"),
        (50, "0.5", "0.5", "0.50"),
        (-5, "-0.05", "-0.05", "-0.05"),
        (0, "0", "0.0", "0.00"),
    ],
)
def test_money_is_printed_in_the_three_ways_of_the_wire(paise: int, as_plain: str, as_java: str, as_two: str) -> None:
    assert (plain(paise), java(paise), two_places(paise)) == (as_plain, as_java, as_two)


async def test_indices_are_quoted_though_they_stand_in_no_master(wire: Wire) -> None:
    body = {"mode": "LTP", "exchangeTokens": {"NSE": ["26000", "26009", "26037", "26074", "26017", "nobody"], "BSE": ["51"]}}
    data = await wire.data("POST", "instruments/quote", body)
    assert [row["tradingSymbol"] for row in data["fetched"]] == [
        "NIFTY",
        "BANKNIFTY",
        "FINNIFTY",
        "MIDCPNIFTY",
        "INDIAVIX",
        "SENSEX",
    ]
    assert [row["symbolToken"] for row in data["unfetched"]] == ["nobody"]
    assert (
        "Invalid symboltoken" in (await wire.call("POST", "orders/regular", wire.order() | {"symboltoken": "26000"}))["message"]
    )
