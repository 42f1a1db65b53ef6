"""What the settings choose by name has to exist.

Else the start stops and names what there is.
"""

from datetime import date, datetime, time
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.domain.clock import at_ist
from bot.domain.errors import SettingsError
from bot.domain.news.days.days import HostFactsRead
from bot.reference.load import load_reference
from bot.simulators.loop import LoopClock
from bot.trading.market_times import MarketTimes
from bot.wiring.ground import chosen_plan
from bot.wiring.laid_beside import LaidBeside
from tests.bot.config.test_addresses import LIVE
from tests.stage.desk import set_stage
from tests.stage.values.market import REFERENCE_DATA, an_index, an_option

SUMMARY = time(16, 15)


@pytest.mark.parametrize("named", ["flat5", "FLAT-5", "flat-5.", "flat-50", "free"])
def test_a_brokerage_plan_that_there_is_not_is_refused_with_the_names_of_those_there_are(named: str) -> None:
    with pytest.raises(SettingsError, match=r"BROKERAGE_PLAN is none of zero, flat-20, flat-5\.$"):
        chosen_plan(Settings.read(LIVE | {"BROKERAGE_PLAN": named}), REFERENCE_DATA.tariff)


def test_each_plan_there_is_can_be_chosen_and_none_need_be() -> None:
    assert chosen_plan(Settings.read(LIVE), REFERENCE_DATA.tariff) is None
    for plan in REFERENCE_DATA.tariff.plans:
        assert chosen_plan(Settings.read(LIVE | {"BROKERAGE_PLAN": plan.name}), REFERENCE_DATA.tariff) is plan


def test_a_plan_of_the_hosts_own_rows_can_be_chosen(tmp_path: Path) -> None:
    rows = tmp_path / "own.toml"
    rows.write_text('[[plans]]\nname = "family"\ntitle = "as agreed"\nsource = "letter"\ndelivery = "0"\n')
    plan = chosen_plan(Settings.read(LIVE | {"BROKERAGE_PLAN": "family"}), load_reference(rows).tariff)
    assert plan is not None
    assert plan.title == "as agreed"


async def test_the_chosen_plan_follows_the_hosts_rows_and_stays_where_they_lose_it(clock: LoopClock, tmp_path: Path) -> None:
    rows = tmp_path / "own.toml"
    text = '[[plans]]\nname = "family"\ntitle = "TITLE"\nsource = "letter"\ndelivery = "0"\n'
    rows.write_text(text.replace("TITLE", "as agreed"))
    settings = Settings.read(LIVE | {"BROKERAGE_PLAN": "family", "MARKET_DATA": str(rows)})
    stage, reference = await set_stage(clock), load_reference(rows)
    plan = chosen_plan(settings, reference.tariff)
    beside = LaidBeside(settings=settings, reference=reference, plan=plan, store=stage.store, clock=clock)

    async def read_anew(text: str) -> str | None:
        rows.write_text(text)
        await beside.look()
        assert await stage.notices() == [], "it may be written to still"
        await beside.look()
        notices = await stage.notices()
        await beside.look()
        assert await stage.notices() == [], "a file is told of once"
        return next((notice.wrong for notice in notices if isinstance(notice, HostFactsRead)), None)

    assert plan is not None
    assert await read_anew(text.replace("TITLE", "agreed anew")) == ""
    assert plan.title == "agreed anew"
    wrong = await read_anew(text.replace("family", "friends"))
    assert wrong is not None
    assert "BROKERAGE_PLAN is none of" in wrong
    assert (plan.title, reference.tariff.plan("family")) == ("agreed anew", plan)


def test_an_index_is_in_the_auction_of_the_shares_that_it_is_made_of_and_its_contracts_are_not() -> None:
    def at(hour: int, minute: int) -> datetime:
        return at_ist(date(2026, 11, 20), hour, minute)

    exchange, nifty = MarketTimes(calendar=REFERENCE_DATA.calendar, summary=SUMMARY), an_index()
    assert [exchange.in_auction(nifty, at(*moment)) for moment in ((15, 10), (15, 17), (15, 24), (15, 52))] == [
        False,
        True,
        True,
        False,
    ]
    assert not exchange.in_auction(an_option(), at(15, 24))
    assert not MarketTimes(calendar=None, summary=SUMMARY).in_auction(nifty, at(15, 24)), "a practice market has none"
