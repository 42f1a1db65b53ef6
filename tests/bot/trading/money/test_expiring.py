"""Stock contracts are told of from E-4: shares, money, closing against settling.

Sunday tells what the week brings.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.clock import at_ist
from bot.domain.market.instrument import Instrument, Right
from bot.domain.news.days.readiness import ExpiryAlarm, NearExpiry, Settlement, WeekAhead
from bot.domain.news.notice import Notice, Sound
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.samples import a_holding, a_position
from tests.stage.mornings import Failing, Morning, a_held, a_morning
from tests.stage.values.market import REFERENCE_DATA, a_future, an_option
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

EXPIRY = date(2026, 12, 29)  # a Tuesday; the 25th is a holiday
E4, E2, E1 = date(2026, 12, 22), date(2026, 12, 24), date(2026, 12, 28)
FUTURE = a_future("RELIANCE", EXPIRY, lot=500, stock=True)
SPOT = Decimal("1480.30")


def option(strike: str, right: Right) -> Instrument:
    return an_option("RELIANCE", strike, right=right, expiry=EXPIRY, lot=500, stock=True)


def held(instrument: Instrument, quantity: int, average: str | None = "1500.00") -> Position:
    changes: dict[str, Any] = {"average": Decimal(average) if average is not None else None}
    return a_position(instrument=instrument, product=Product.NRML, quantity=quantity, **changes)


async def on(loop: VirtualLoop, day: date, *positions: Position) -> Morning:
    morning = await a_morning(LoopClock(loop, at_ist(day, 8, 39)), *[one.instrument for one in positions])
    morning.broker.held = list(positions)
    return morning


async def cards(morning: Morning, hour: int = 9) -> list[NearExpiry]:
    day = morning.clock.now().date()
    return [one for one in await morning.until(at_ist(day, hour)) if isinstance(one, NearExpiry)]


async def settlement(loop: VirtualLoop, position: Position, day: date = E4) -> Settlement:
    (card,) = await cards(await on(loop, day, position))
    (row,) = card.rows
    return row


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (date(2026, 12, 21), []),
        (E4, [NearExpiry, NearExpiry]),
        (date(2026, 12, 23), [NearExpiry, NearExpiry]),
        (E2, [ExpiryAlarm, ExpiryAlarm]),
        (date(2026, 12, 25), []),  # Christmas
        (E1, [ExpiryAlarm, ExpiryAlarm]),
        (EXPIRY, [ExpiryAlarm, ExpiryAlarm]),
    ],
)
async def test_from_four_days_before_its_end_a_contract_is_told_of_twice_a_day_and_from_two_days_on_it_rings(
    loop: VirtualLoop, day: date, kinds: list[type[Notice]]
) -> None:
    morning = await on(loop, day, held(FUTURE, 500), held(NIFTY_CALL, -65))
    told = await cards(morning, 15)
    assert [type(one) for one in told] == kinds
    assert [row.instrument for one in told for row in one.rows] == [FUTURE] * len(kinds)
    assert all(one.sound is (Sound.ALWAYS if isinstance(one, ExpiryAlarm) else Sound.SILENT) for one in told)


async def test_a_future_is_taken_at_the_shares_price_and_its_dates_are_named(loop: VirtualLoop) -> None:
    row = await settlement(loop, held(FUTURE, 500))
    assert (row.left, row.warned, row.refused, row.squared_off) == (4, E2, E1, E1)
    assert (row.shares, row.money, row.spot, row.owned) == (500, Decimal("740150.00"), SPOT, None)


@pytest.mark.parametrize(
    ("contract", "quantity", "shares", "money"),
    [
        (FUTURE, -500, -500, "-740150.00"),
        (option("1450", Right.CE), 500, 500, "725000"),
        (option("1450", Right.CE), -500, -500, "-725000"),
        (option("1500", Right.CE), -500, 0, "0"),
        (option("1500", Right.PE), 500, -500, "-750000"),
        (option("1500", Right.PE), -1000, 1000, "1500000"),
        (option("1450", Right.PE), 500, 0, "0"),
    ],
)
async def test_shares_to_give_or_take_and_their_money(
    loop: VirtualLoop, contract: Instrument, quantity: int, shares: int, money: str
) -> None:
    row = await settlement(loop, held(contract, quantity, "20.00"))
    assert (row.shares, row.money) == (shares, Decimal(money))


async def test_who_has_to_give_shares_sees_how_many_lie_in_the_account(loop: VirtualLoop) -> None:
    morning = await on(loop, E4, held(FUTURE, -500))
    morning.broker.demat = [a_holding(quantity=120, t1=30)]
    (card,) = await cards(morning)
    assert card.rows[0].owned == 120


async def test_shares_that_cannot_be_counted_in_time_are_not_known(loop: VirtualLoop) -> None:
    morning = await on(loop, E4, held(FUTURE, -500))
    morning.broker.failing["holdings"] = Failing(hangs=True)
    (card,) = await cards(morning)
    assert card.rows[0].owned is None


async def test_closing_now_stands_beside_settling_each_after_its_charges(loop: VirtualLoop) -> None:
    call = option("1450", Right.CE)
    morning = await on(loop, E4, held(call, 500, "25.00"))
    morning.broker.prices[call.key] = Decimal("34.00")
    (card,) = await cards(morning)
    (row,) = card.rows
    tariff = REFERENCE_DATA.tariff
    physical = tariff.physical(call, Side.BUY, 500, SPOT, E4).total
    assert physical > 0
    assert row.settle == (SPOT - 1450 - 25) * 500 - physical
    assert row.close_now is not None
    assert Decimal(4400) < row.close_now < Decimal(4500), "9.00 a unit, less the sale's charges"


async def test_a_cost_or_a_price_that_is_not_known_leaves_the_figure_open(loop: VirtualLoop) -> None:
    row = await settlement(loop, held(FUTURE, 500, None))
    assert (row.close_now, row.settle, row.shares) == (None, None, 500)


async def test_without_a_session_the_card_goes_by_the_note(loop: VirtualLoop) -> None:
    morning = await on(loop, E4)
    call = option("1450", Right.CE)
    await morning.note(date(2026, 12, 21), a_held(FUTURE, 500), a_held(call, -500))
    morning.log_out()
    (card,) = await cards(morning)
    assert card.noted_of == date(2026, 12, 21)
    assert {(row.instrument, row.shares, row.close_now) for row in card.rows} >= {(FUTURE, 500, None)}


async def test_what_is_intraday_does_not_live_to_its_end(loop: VirtualLoop) -> None:
    assert await cards(await on(loop, E1, replace(held(FUTURE, 500), product=Product.MIS))) == []


async def test_a_market_without_a_calendar_has_no_such_cards(loop: VirtualLoop) -> None:
    morning = await a_morning(LoopClock(loop, at_ist(E4, 8, 39)), FUTURE, hours="always")
    morning.broker.held = [held(FUTURE, 500)]
    assert await cards(morning) == []


async def the_week(loop: VirtualLoop, sunday: date, *contracts: Instrument, noted: date) -> list[WeekAhead]:
    evening = await a_morning(LoopClock(loop, at_ist(sunday, 17, 59)))
    await evening.note(noted, *[a_held(one) for one in contracts])
    evening.log_out()
    return [one for one in await evening.until(at_ist(sunday, 18, 5)) if isinstance(one, WeekAhead)]


async def test_on_sunday_the_holidays_and_what_ends_of_what_is_held(loop: VirtualLoop) -> None:
    later = replace(NIFTY_CALL, token="9", expiry=date(2026, 12, 1))
    (week,) = await the_week(loop, date(2026, 11, 22), later, NIFTY_CALL, noted=date(2026, 11, 20))
    assert [day.day for day in week.closed] == [date(2026, 11, 24)]
    assert week.expiring is not None
    assert [row.instrument for row in week.expiring] == [NIFTY_CALL]
    assert (week.monday, week.noted_of, week.covered) == (date(2026, 11, 23), date(2026, 11, 20), True)


async def test_a_week_that_brings_nothing_is_not_spoken_of(loop: VirtualLoop) -> None:
    assert await the_week(loop, date(2026, 11, 29), RELIANCE, noted=date(2026, 11, 27)) == []


async def test_a_week_that_leads_into_a_year_without_a_calendar_says_so(loop: VirtualLoop) -> None:
    (week,) = await the_week(loop, date(2026, 12, 27), noted=date(2026, 12, 24))
    assert (week.covered, week.expiring) == (False, ())
