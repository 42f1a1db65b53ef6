"""/limits by chat: shown in thirty columns, changed one at a time, refused with an example."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from bot.domain.clock import ist_date
from bot.domain.people.access import DayLock, LimitsShown
from bot.domain.people.account import Limits, Segment
from bot.simulators.loop import LoopClock
from handlers.views.format import columns
from handlers.views.message import Table
from handlers.views.people import limits as views
from tests.handlers.chat import Stage, a_stage
from tests.handlers.samples import ASHA, MAIN, NOW
from tests.storage.samples import ACCOUNT


async def limits_of(stage: Stage) -> tuple[Limits, Limits | None]:
    """Those of today, and those that a later day begins with."""
    actor = await stage.bot.services.accounts.actor(ASHA)
    assert actor is not None
    shown = await stage.bot.services.limits.show(actor)
    return shown.today, shown.later[1] if shown.later is not None else None


async def is_locked(stage: Stage) -> bool:
    today = ist_date(stage.bot.clock.now())
    return await stage.bot.store.transaction(lambda db: db.limits.day_lock(ACCOUNT.id, today)) is not None


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("value 50000", ("value", Decimal(50000))),
        ("value ₹1,00,000.50", ("value", Decimal("100000.50"))),
        ("value off", ("value", None)),
        ("value 1 lakh", ("value", Decimal(100000))),
        ("loss 5k", ("daily_loss", Decimal(5000))),
        ("quantity 1,000", ("quantity", 1000)),
        ("quantity 500", ("quantity", 500)),
        ("orders 50", ("orders_a_day", 50)),
        ("minute off", ("orders_a_minute", None)),
        ("LOSS 5000", ("daily_loss", Decimal(5000))),
        ("segments cash, options", ("segments", (Segment.CASH, Segment.OPTIONS))),
        ("segments all", ("segments", None)),
        ("hours 09:20-15:00", ("hours", (time(9, 20), time(15, 0)))),
        ("hours 9.20 to 15.00", ("hours", (time(9, 20), time(15, 0)))),
        ("pin 100000", ("ask_pin_above", Decimal(100000))),
        ("holdings on", ("guardian_sells_holdings", True)),
    ],
)
async def test_each_limit_is_set_by_a_word_and_a_value(words: str, asked: tuple[str, object], clock: LoopClock) -> None:
    """A looser value takes a night. Whichever day it is for, it is the one that was typed."""
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/limits {words}", "LIMITS 🔵 main")
        today, later = await limits_of(stage)
        name, value = asked
        assert getattr(later or today, name) == value


async def test_the_day_is_locked_by_two_words(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/limits lock now", "LIMITS 🔵 main")
        assert await is_locked(stage)


@pytest.mark.parametrize(
    "words",
    [
        "value", "value ten", "value -5", "value 1e9", "quantity 1.5", "orders ٣", "hours 15:00-09:20", "hours 25:00-26:00",
        "hours 9-15", "segments", "segments crypto", "holdings perhaps", "nonsense 5", "loss 5000 tomorrow", "value 9" + "9" * 20,
        "loss 5,00", "value 5,00,00", "quantity ₹500",
    ],
)  # fmt: skip
async def test_what_is_no_limit_changes_nothing_and_shows_an_example(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/limits {words}", "Try /limits")
        assert await limits_of(stage) == (Limits(), None)


@pytest.mark.parametrize("words", ["value 0", "loss 0", "quantity 0", "orders 0", "minute 0.00"])
async def test_a_limit_of_zero_is_no_slip_that_ends_the_day(words: str, clock: LoopClock) -> None:
    """Many write 0 for no limit, and a tighter one would hold until the next trading day."""
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/limits {words}", "would let no order through")
        assert await limits_of(stage) == (Limits(), None)


async def test_a_pin_above_zero_is_asked_for_each_order(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/limits pin 0", "PIN above: 0.00 from now on")


WIDE = Limits(
    value=Decimal("99999999.99"), quantity=10**9, orders_a_day=10**6, orders_a_minute=10**6, daily_loss=Decimal("99999999.99"),
    segments=tuple(Segment), hours=(time(9, 15), time(15, 30)), ask_pin_above=Decimal("99999999.99"),
    guardian_sells_holdings=True, stops_by_themselves=True,
)  # fmt: skip
SHOWN = LimitsShown(account=replace(MAIN, mark="🔵"), today=WIDE, later=None, day_lock=None, sent_today=12)


def test_the_table_fits_a_narrow_phone() -> None:
    for limits in (WIDE, Limits(), Limits(segments=())):
        view = views.limits(replace(SHOWN, today=limits), "PAPER")
        rows = view.messages()[0].parts[0]
        assert isinstance(rows, Table)
        assert all(columns(row) <= 30 for row in rows.rows)


def test_what_is_to_come_and_a_locked_day_stand_below() -> None:
    later = (date(2026, 11, 23), replace(WIDE, value=None, quantity=7))
    lock = DayLock(account_id="a1", day=date(2026, 11, 20), at=NOW, by=None, why="the daily loss was reached")
    view = views.limits(replace(SHOWN, later=later, day_lock=lock), "PAPER")
    [line] = [line for line in view.plain.splitlines() if line.startswith("From ")]
    assert "23 Nov" in line
    assert line.endswith("One order any, Shares, units 7")
    assert "The day is locked since 14:02:11: the daily loss was reached." in view.plain
    assert view.keyboard == ()
    assert [item.label for row in views.limits(SHOWN, "PAPER").keyboard for item in row] == ["Lock the day"]


async def test_a_limit_that_asks_a_pin_says_to_whom_it_asks_none(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/limits pin 5000", "You have no PIN, so you are not asked for one.")
        await stage.me.choose("Set a PIN", "A new PIN of six digits")
        await stage.bot.set_pin()
        assert "You have no PIN" not in (await stage.me.ask("/limits", "PIN above"))["text"]


async def test_a_day_is_not_locked_by_a_slip_of_the_thumb(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/limits", "LIMITS 🔵 main")
        await stage.me.choose("Lock the day", "nothing lifts it before")
        assert not await is_locked(stage)
        await stage.me.choose("No", "LIMITS 🔵 main")
        assert not await is_locked(stage)
        await stage.me.ask("/limits lock", "Lock the day?")
        await stage.me.choose("Yes, lock the day", "The day is locked")
        assert await is_locked(stage)


def test_a_change_says_first_what_became_of_it() -> None:
    shown = LimitsShown(account=MAIN, today=Limits(value=Decimal(20_000)), later=None, day_lock=None, sent_today=0)
    text = views.limits(shown, "LIVE", changed="value").plain
    assert "One order: 20,000.00 from now on." in text
    later = replace(shown, later=(date(2026, 11, 23), Limits(value=Decimal(90_000))))
    text = views.limits(later, "LIVE", changed="value").plain
    assert "One order: 90,000.00 from 23 Nov (Mon). Until then 20,000.00: looser takes a night." in text
    assert "From 23 Nov (Mon): One order 90,000.00" in text
