"""Freeze, protected prices, stop limits, stock contracts near expiry, and what is not known."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.market.rules import ExpiryStage
from bot.domain.money import on_tick
from bot.domain.terms import Side
from tests.stage.values.market import REFERENCE_DATA, a_future, a_share, an_option

RULES = REFERENCE_DATA.rules
CALENDAR = REFERENCE_DATA.calendar
TODAY = date(2026, 11, 20)
CASH = InstrumentKind.EQUITY
OPTION = InstrumentKind.INDEX_OPTION
FUTURE = InstrumentKind.INDEX_FUTURE

TRADABLE = [kind for kind in InstrumentKind if kind is not InstrumentKind.INDEX]
TICKS = st.sampled_from([Decimal(text) for text in ("0.01", "0.05", "0.10", "0.50", "1", "5")])


# --- freeze ---


@pytest.mark.parametrize(
    ("symbol", "day", "units", "stale"),
    [
        ("NIFTY", date(2026, 8, 3), 1800, False),
        ("NIFTY", TODAY, 1800, True),
        ("BANKNIFTY", date(2025, 8, 31), 600, False),
        ("BANKNIFTY", date(2025, 9, 1), 900, False),
        ("BANKNIFTY", date(2025, 10, 15), 900, True),
        ("BANKNIFTY", date(2025, 11, 3), 600, False),
        ("BANKNIFTY", date(2026, 6, 30), 900, False),
        ("BANKNIFTY", date(2026, 7, 1), 600, False),
        ("FINNIFTY", date(2025, 12, 1), 1200, False),
        ("FINNIFTY", date(2026, 2, 2), 1800, False),
        ("FINNIFTY", date(2026, 3, 2), 1200, False),
        ("MIDCPNIFTY", TODAY, 2800, True),
        ("NIFTYNXT50", TODAY, 600, True),
    ],
)
def test_nse_freeze_is_the_newest_notice_and_says_when_a_newer_one_must_exist(
    symbol: str, day: date, units: int, stale: bool
) -> None:
    freeze = RULES.freeze(a_future(symbol), day)
    assert freeze is not None
    assert freeze.quantity == units
    assert freeze.stale(day) is stale
    assert freeze.source


# Every NSE notice by hand: first day -> NIFTY, FINNIFTY, BANKNIFTY, MIDCPNIFTY, NIFTYNXT50.
NOTICES = {
    date(2025, 7, 1): (1800, 1800, 600, 2800, 600),
    date(2025, 8, 1): (1800, 1800, 600, 2800, 600),
    date(2025, 9, 1): (1800, 1800, 900, 2800, 600),
    date(2025, 11, 3): (1800, 1800, 600, 2800, 600),
    date(2025, 12, 1): (1800, 1200, 600, 2800, 600),
    date(2026, 1, 1): (1800, 1200, 600, 2800, 600),
    date(2026, 2, 1): (1800, 1800, 600, 2800, 600),
    date(2026, 3, 2): (1800, 1200, 600, 2800, 600),
    date(2026, 4, 1): (1800, 1800, 900, 2800, 600),
    date(2026, 5, 4): (1800, 1800, 900, 2800, 600),
    date(2026, 6, 1): (1800, 1800, 900, 2800, 600),
    date(2026, 7, 1): (1800, 1800, 600, 2800, 600),
    date(2026, 8, 3): (1800, 1800, 600, 2800, 600),
}


@pytest.mark.parametrize("first", NOTICES)
def test_every_monthly_notice_gives_its_five_quantities_from_its_first_day(first: date) -> None:
    names = ("NIFTY", "FINNIFTY", "BANKNIFTY", "MIDCPNIFTY", "NIFTYNXT50")
    freezes = [RULES.freeze(a_future(name), first) for name in names]
    assert tuple(row.quantity for row in freezes if row is not None) == NOTICES[first]
    assert all(row is not None and row.since == first for row in freezes)


def test_before_the_first_notice_the_freeze_is_not_known() -> None:
    assert RULES.freeze(a_future("NIFTY"), date(2025, 6, 30)) is None


def test_bse_freeze_is_known_for_two_indices_and_nothing_is_made_up_for_others() -> None:
    sensex, bankex = (RULES.freeze(a_future(name, lot=20), TODAY) for name in ("SENSEX", "BANKEX"))
    assert sensex is not None
    assert bankex is not None
    assert (sensex.quantity, bankex.quantity) == (1000, 900)
    assert RULES.freeze(a_future("SENSEX50"), TODAY) is None
    assert RULES.freeze(a_future("RELIANCE", lot=500, stock=True), TODAY) is None
    assert RULES.freeze(a_share("NIFTY"), TODAY) is None
    assert RULES.freeze(a_future("SENSEX"), date(2026, 1, 31)) is None


# --- protection ---


@pytest.mark.parametrize(
    ("kind", "price", "percent"),
    [
        (CASH, "99.95", "2"), (CASH, "100", "1"), (CASH, "500", "1"), (CASH, "500.05", "0.5"), (FUTURE, "26000", "0.5"),
        (OPTION, "9.95", "5"), (OPTION, "10", "3"), (OPTION, "100", "3"), (OPTION, "100.05", "2"), (OPTION, "500", "2"),
        (OPTION, "500.05", "1"), (InstrumentKind.STOCK_OPTION, "32.45", "3"), (InstrumentKind.STOCK_FUTURE, "90", "2"),
    ],
)  # fmt: skip
def test_slabs_step_where_the_product_says(kind: InstrumentKind, price: str, percent: str) -> None:
    assert RULES.slab(kind, Decimal(price), TODAY) == Decimal(percent)


@pytest.mark.parametrize(
    ("side", "kind", "best", "tick", "worst"),
    [
        (Side.BUY, CASH, "1480.30", "0.10", "1487.70"),  # the card of cards.md
        (Side.SELL, CASH, "1480.20", "0.10", "1472.80"),
        (Side.BUY, OPTION, "101.25", "0.05", "103.25"),
        (Side.SELL, OPTION, "101.20", "0.05", "99.20"),
        (Side.BUY, OPTION, "0.50", "0.05", "0.70"),  # 5 % is less than four ticks
        (Side.SELL, OPTION, "0.50", "0.05", "0.30"),
        (Side.SELL, OPTION, "0.10", "0.05", "0.05"),  # never below one tick
    ],
)
def test_a_protected_market_order_names_its_worst_price(
    side: Side, kind: InstrumentKind, best: str, tick: str, worst: str
) -> None:
    bid, ask = (None, Decimal(best)) if side is Side.BUY else (Decimal(best), None)
    assert RULES.protected_price(side=side, kind=kind, bid=bid, ask=ask, tick=Decimal(tick), on=TODAY) == Decimal(worst)


@given(side=st.sampled_from(list(Side)), kind=st.sampled_from(TRADABLE), steps=st.integers(1, 2_000_000), tick=TICKS)
def test_the_worst_price_stands_on_the_tick_beyond_the_best_and_within_slab_or_four_ticks(
    side: Side, kind: InstrumentKind, steps: int, tick: Decimal
) -> None:
    best = steps * tick
    worst = RULES.protected_price(side=side, kind=kind, bid=best, ask=best, tick=tick, on=TODAY)
    room = max(best * RULES.slab(kind, best, TODAY) / 100, 4 * tick)
    assert on_tick(worst, tick)
    assert worst > 0
    assert abs(worst - best) <= room
    if side is Side.BUY:
        assert worst >= best + 4 * tick
    else:
        assert worst <= best
        assert worst <= best - 4 * tick or worst == tick


@pytest.mark.parametrize("side", list(Side))
def test_an_empty_side_of_the_book_cannot_price_a_market_order(side: Side) -> None:
    with pytest.raises(ValueError, match="to price a market order from"):
        RULES.protected_price(side=side, kind=CASH, bid=None, ask=None, tick=Decimal("0.05"), on=TODAY)
    with pytest.raises(ValueError, match="to price a market order from"):
        RULES.protected_price(side=side, kind=CASH, bid=Decimal(0), ask=Decimal(0), tick=Decimal("0.05"), on=TODAY)


def test_a_date_before_the_slabs_is_refused_rather_than_guessed() -> None:
    with pytest.raises(ValueError, match="no protection slabs"):
        RULES.slab(CASH, Decimal(100), date(2020, 1, 1))


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "tick", "limit"),
    [
        (Side.SELL, OPTION, "80", "0.05", "75.20"),  # two slabs of 3 %
        (Side.BUY, OPTION, "80", "0.05", "84.80"),
        (Side.SELL, OPTION, "2", "0.05", "1.50"),  # ten ticks
        (Side.SELL, CASH, "1480", "0.10", "1465.20"),
        (Side.SELL, InstrumentKind.STOCK_FUTURE, "60", "0.01", "58.20"),  # two slabs of 2 % would leave the exchange's 3 %
        (Side.SELL, InstrumentKind.STOCK_FUTURE, "6.98", "0.01", "6.71"),
        (Side.SELL, OPTION, "0.30", "0.05", "0.05"),
    ],
)
def test_a_stops_limit_lies_two_slabs_from_its_trigger_and_inside_the_exchanges_range(
    side: Side, kind: InstrumentKind, trigger: str, tick: str, limit: str
) -> None:
    assert RULES.stop_limit(side=side, kind=kind, trigger=Decimal(trigger), tick=Decimal(tick), on=TODAY) == Decimal(limit)


@given(side=st.sampled_from(list(Side)), kind=st.sampled_from(TRADABLE), steps=st.integers(1, 2_000_000), tick=TICKS)
def test_a_stops_limit_is_on_the_tick_on_the_worse_side_and_taken_by_the_exchange(
    side: Side, kind: InstrumentKind, steps: int, tick: Decimal
) -> None:
    trigger = steps * tick
    limit = RULES.stop_limit(side=side, kind=kind, trigger=trigger, tick=tick, on=TODAY)
    assert on_tick(limit, tick)
    assert limit > 0
    assert limit >= trigger if side is Side.BUY else limit <= trigger
    widest = RULES.trigger_range(kind, trigger, TODAY)
    if widest is not None:
        assert abs(limit - trigger) <= widest


@pytest.mark.parametrize(
    ("kind", "trigger", "widest"),
    [
        (FUTURE, "50", "1.5"), (FUTURE, "50.05", "1.5015"), (InstrumentKind.STOCK_FUTURE, "1480", "44.4"), (OPTION, "50", "10"),
        (OPTION, "50.05", "10.01"), (InstrumentKind.STOCK_OPTION, "32.45", "10"),
    ],
)  # fmt: skip
def test_the_exchanges_range_between_trigger_and_limit(kind: InstrumentKind, trigger: str, widest: str) -> None:
    assert RULES.trigger_range(kind, Decimal(trigger), TODAY) == Decimal(widest)
    assert RULES.trigger_range(CASH, Decimal(trigger), TODAY) is None


def test_stop_market_orders_are_offered_only_where_exchanges_still_take_them() -> None:
    assert RULES.offers_slm(a_share(), TODAY)
    assert RULES.offers_slm(a_future(), TODAY)
    assert not RULES.offers_slm(an_option(), TODAY)
    assert not RULES.offers_slm(a_share(exchange=Exchange.BSE), TODAY)
    assert not RULES.offers_slm(a_future("SENSEX"), TODAY)
    assert RULES.offers_slm(a_share(exchange=Exchange.BSE), date(2023, 10, 8))


# --- stock contracts near expiry ---


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        (date(2026, 11, 16), ExpiryStage.FAR),  # E-5
        (date(2026, 11, 17), ExpiryStage.TELL),  # E-4
        (date(2026, 11, 18), ExpiryStage.TELL),
        (date(2026, 11, 19), ExpiryStage.WARN),  # E-2
        (date(2026, 11, 20), ExpiryStage.REFUSE),  # E-1
        (date(2026, 11, 23), ExpiryStage.REFUSE),  # E
    ],
)
def test_a_stock_contract_is_spoken_of_warned_about_and_refused_by_trading_days(day: date, stage: ExpiryStage) -> None:
    contract = an_option("RELIANCE", "1480", expiry=date(2026, 11, 23), lot=500, stock=True)
    assert RULES.stage(contract, day, CALENDAR) is stage


def test_mstock_closes_a_stock_contract_on_the_trading_day_before_its_expiry() -> None:
    assert RULES.squared_off_on(a_future("RELIANCE", date(2026, 11, 23), lot=500, stock=True), CALENDAR) == date(2026, 11, 20)
    assert RULES.squared_off_on(a_future("RELIANCE", date(2026, 12, 29), lot=500, stock=True), CALENDAR) == date(2026, 12, 28)
    assert RULES.squared_off_on(a_future("RELIANCE", date(2027, 1, 26), lot=500, stock=True), CALENDAR) is None
    assert RULES.squared_off_on(a_future(), CALENDAR) is None
    assert RULES.squared_off_on(a_share(), CALENDAR) is None


def test_index_contracts_and_shares_have_no_physical_settlement() -> None:
    assert RULES.stage(an_option(), TODAY, CALENDAR) is None
    assert RULES.stage(a_share(), TODAY, CALENDAR) is None


def test_an_expiry_beyond_the_calendar_is_far_while_far_and_a_warning_when_close() -> None:
    january = a_future("RELIANCE", date(2027, 1, 26), lot=500, stock=True)
    assert RULES.stage(january, TODAY, CALENDAR) is ExpiryStage.FAR
    assert RULES.stage(january, date(2027, 1, 11), CALENDAR) is ExpiryStage.FAR
    assert RULES.stage(january, date(2027, 1, 12), CALENDAR) is ExpiryStage.WARN


def test_the_stage_never_falls_as_expiry_nears() -> None:
    contract = a_future("RELIANCE", date(2026, 11, 23), lot=500, stock=True)
    stages = [RULES.stage(contract, date(2026, 10, 1) + timedelta(days=n), CALENDAR) for n in range(54)]
    assert all(stage is not None for stage in stages)
    assert stages == sorted(stage for stage in stages if stage is not None)


# --- what is not known, and checks on the master ---


def test_a_price_band_without_a_source_is_not_known() -> None:
    assert RULES.price_band(a_share(), TODAY) is None


def test_the_broker_closes_early_near_the_band_and_at_a_loss() -> None:
    risk = RULES.broker_risk(TODAY)
    assert risk is not None
    assert (risk.band_used, risk.margin_lost) == (Decimal(80), Decimal(75))
    assert RULES.broker_risk(date(2020, 1, 1)) is None


@pytest.mark.parametrize(
    ("kind", "price", "day", "tick"),
    [
        (CASH, "249.99", TODAY, "0.01"), (CASH, "250", TODAY, "0.05"), (CASH, "1000", TODAY, "0.05"),
        (CASH, "5000", TODAY, "0.10"), (CASH, "10000", TODAY, "0.50"), (CASH, "20000", TODAY, "1"),
        (FUTURE, "15000", TODAY, "0.05"),
        (FUTURE, "30000", TODAY, "0.10"), (CASH, "249.99", date(2025, 4, 14), "0.01"), (CASH, "250", date(2025, 4, 14), "0.05"),
        (CASH, "1480.30", TODAY, "0.10"),
        (CASH, "5000.50", TODAY, "0.50"), (CASH, "15000", TODAY, "1"), (CASH, "120000", TODAY, "5"),
        (CASH, "1480.30", date(2025, 4, 14), "0.05"), (FUTURE, "14000", TODAY, "0.05"), (FUTURE, "26000", TODAY, "0.10"),
        (FUTURE, "58200", TODAY, "0.20"), (OPTION, "101.20", TODAY, "0.05"),
    ],
)  # fmt: skip
def test_the_ladder_of_ticks_checks_the_master(kind: InstrumentKind, price: str, day: date, tick: str) -> None:
    assert RULES.expected_tick(kind, Decimal(price), day) == Decimal(tick)


def test_a_stock_options_tick_depends_on_the_share_and_is_not_known_from_its_own_price() -> None:
    assert RULES.expected_tick(InstrumentKind.STOCK_OPTION, Decimal(10), TODAY) is None


def test_lots_by_the_notices_check_the_master() -> None:
    names = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50", "SENSEX", "BANKEX", "SENSEX50")
    assert [RULES.expected_lot(name, date(2025, 12, 30)) for name in names] == [75, 35, 65, 140, 25, 20, 30, None]
    assert [RULES.expected_lot(name, date(2026, 1, 6)) for name in names] == [65, 30, 60, 120, 25, 20, 30, None]


@pytest.mark.parametrize(
    ("underlying", "expiry", "units"),
    [
        ("SENSEX50", date(2025, 6, 24), 60), ("SENSEX50", date(2025, 7, 29), 75), ("SENSEX50", date(2025, 10, 30), None),
        ("HDFCBANK", date(2026, 6, 30), None), ("HDFCBANK", date(2026, 7, 28), 650), ("HDFCBANK", date(2026, 12, 29), 650),
        ("TATASTEEL", date(2026, 4, 28), None), ("TATASTEEL", date(2026, 5, 26), 2750), ("ITC", date(2026, 12, 29), None),
    ],
)  # fmt: skip
def test_a_lot_holds_from_the_month_of_expiry_that_its_notice_names(underlying: str, expiry: date, units: int | None) -> None:
    assert RULES.expected_lot(underlying, expiry) == units


def test_the_last_days_of_a_stock_contract_step_over_a_holiday_and_count_down_to_zero() -> None:
    contract = a_future("RELIANCE", date(2026, 11, 23), lot=500, stock=True)  # moved from Tuesday the 24th, a holiday
    seen = RULES.countdown(contract, TODAY, CALENDAR)
    assert seen is not None
    assert (seen.left, seen.expiry) == (1, date(2026, 11, 23))
    assert (seen.warned, seen.refused, seen.squared_off) == (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 20))
    last = RULES.countdown(contract, date(2026, 11, 23), CALENDAR)
    assert last is not None
    assert last.left == 0
    beyond = RULES.countdown(a_future("RELIANCE", date(2027, 1, 26), lot=500, stock=True), TODAY, CALENDAR)
    assert beyond is not None
    assert (beyond.left, beyond.squared_off) == (None, None)
    assert RULES.countdown(a_future(), TODAY, CALENDAR) is None
    before = RULES.countdown(contract, date(2024, 12, 31), CALENDAR)
    assert before is None, "no rule reaches back there"
