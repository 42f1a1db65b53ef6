"""Shares on margin through a week: what no card asked about is asked at the day's end, and what nobody knows stays open."""

from datetime import date, timedelta
from decimal import Decimal

from bot.domain.money import total
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product
from bot.simulators.loop import VirtualLoop
from tests.stage.trading_days import TradingDays, trading_days
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT

FRIDAY, MONDAY = date(2026, 11, 13), date(2026, 11, 16)
LENT = Decimal(1480 * 100) * Decimal("0.75")
A_NIGHT = LENT * Decimal("14.99") / 100 / 365


def interest(report: DayReport) -> Decimal:
    assert report.facts is not None
    return total(line.rupees for line in report.facts.charges if line.name == "MTF interest")


async def a_purchase_in_the_app(loop: VirtualLoop, *, lends: Decimal | None = Decimal("0.75")) -> TradingDays:
    """A hundred shares on margin, of which the bot showed no card."""
    account = await trading_days(loop, FRIDAY)
    account.broker.lends = lends
    await account.trade(FRIDAY, [(RELIANCE, 100, "1480.00")], {RELIANCE: ("1485.00", "1470.00")}, product=Product.MTF)
    lines = (await account.days.pnl()).lines
    await account.days.stage.core.services.account_views.events.loans.ask(ACCOUNT.id, lines)
    await account.close(FRIDAY)
    return account


async def test_a_purchase_that_no_card_asked_about_pays_for_three_nights_on_monday_and_one_on_tuesday(loop: VirtualLoop) -> None:
    account = await a_purchase_in_the_app(loop)
    monday = await account.a_day(MONDAY, [], {RELIANCE: ("1490.00", "1485.00")})
    tuesday = await account.a_day(
        MONDAY + timedelta(days=1), [(RELIANCE, -100, "1492.00")], {RELIANCE: ("1492.00", "1490.00")}, product=Product.MTF
    )
    assert (interest(monday), interest(tuesday)) == ((3 * A_NIGHT).quantize(Decimal("0.01")), A_NIGHT.quantize(Decimal("0.01")))
    assert monday.charges_missing == ()
    assert monday.charges == interest(monday), "no fee on a day on which nothing was pledged"
    made = await account.days.stage.core.services.range_pnl.of(account.days.stage.actor, FRIDAY, MONDAY + timedelta(days=1))
    (trip,) = made.trips
    assert abs(trip.charges - made.charges) < 2, "its trip has borne all of it, but for STT in whole rupees"
    assert [part.name for part in made.sources] == ["elsewhere", "rounding, other"]


async def test_where_the_broker_does_not_say_what_it_lends_the_line_stands_open_until_it_is_sold(loop: VirtualLoop) -> None:
    account = await a_purchase_in_the_app(loop, lends=None)
    monday = await account.a_day(MONDAY, [], {RELIANCE: ("1490.00", "1485.00")})
    assert monday.charges_missing == ("MTF interest",)
    tuesday = await account.a_day(
        MONDAY + timedelta(days=1), [(RELIANCE, -100, "1492.00")], {RELIANCE: ("1492.00", "1490.00")}, product=Product.MTF
    )
    assert tuesday.charges_missing == ("MTF interest",)
    wednesday = await account.a_day(MONDAY + timedelta(days=2), [], {})
    assert wednesday.charges_missing == ()
    assert wednesday.net == 0
