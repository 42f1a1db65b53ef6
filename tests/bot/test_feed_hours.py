"""When the feed's silence is a sign of anything: in the calendar's hours, with the host's own days, or always in practice."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.domain.market.instrument import Exchange
from bot.reference.load import load_reference
from bot.wiring.ground import market_times
from tests.bot.config.test_addresses import LIVE
from tests.stage.values.market import ist_at

PRACTICE = LIVE | {"MODE": "paper", "MARKET_HOURS": "always"}


@pytest.mark.parametrize(
    ("at", "exchange", "expected"),
    [
        (ist_at("2026-11-20 11:00"), Exchange.NSE, True),
        (ist_at("2026-11-20 15:35"), Exchange.NFO, True),
        (ist_at("2026-11-20 15:35"), Exchange.NSE, False),
        (ist_at("2026-11-24 11:00"), Exchange.NFO, False),  # a holiday
        (ist_at("2026-11-21 11:00"), Exchange.NSE, False),  # a Saturday
        (ist_at("2025-10-21 14:00"), Exchange.NFO, True),  # a holiday but for its hour of muhurat trading
        (ist_at("2033-03-01 11:00"), Exchange.NSE, True),  # beyond the calendar: by the clock
        (ist_at("2033-03-01 20:00"), Exchange.NSE, False),
    ],
)
def test_prices_are_expected_by_the_dated_calendar(at: datetime, exchange: Exchange, expected: bool) -> None:
    assert market_times(Settings.read(LIVE), load_reference()).in_hours(exchange, at) is expected


def test_a_holiday_that_the_host_added_counts(tmp_path: Path) -> None:
    rows = tmp_path / "days.toml"
    rows.write_text('[[days]]\ndate = 2026-11-20\nwhat = "holiday"\nname = "Cyclone"\nsource = "NSE circular"\n')
    times = market_times(Settings.read(LIVE), load_reference(rows))
    assert not times.in_hours(Exchange.NSE, ist_at("2026-11-20 11:00"))


def test_a_practice_market_that_never_closes_is_never_silent() -> None:
    assert market_times(Settings.read(PRACTICE), load_reference()).in_hours(Exchange.BFO, ist_at("2026-11-22 03:00"))
