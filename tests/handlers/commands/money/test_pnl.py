"""/pnl in the chat: today, a range, its sections, its refresh, and a range that cannot be read."""

from datetime import timedelta
from decimal import Decimal

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import NotSent
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.chat import Stage, a_stage, later
from tests.handlers.samples import a_report
from tests.stage.values.ledger import a_fill
from tests.storage.samples import ACCOUNT


async def with_yesterday(stage: Stage, clock: LoopClock) -> None:
    """Yesterday has its final row and a round trip that made 650."""
    day = ist_date(clock.now()) - timedelta(days=1)
    at = at_ist(day, 10)

    def keep(db: Repositories) -> None:
        db.reports.add(a_report(account_id=ACCOUNT.id, date=day.isoformat(), booked=Decimal(650), open=Decimal(0), trades=2))
        for number, signed, price in ((1, 65, "100.00"), (2, -65, "110.00")):
            fill = a_fill(signed, price, number, at=at + timedelta(minutes=number), account_id=ACCOUNT.id)
            db.ledger.replace(ACCOUNT.id, fill.broker_id, [fill])

    await stage.bot.store.transaction(keep)


async def test_today_is_drawn_as_it_is_now_and_its_sections_stand_a_tap_away(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        today = await stage.me.ask("/pnl", "P&L")
        assert "as of" in today["text"]
        assert "if closed now" in today["text"]
        parts = await stage.me.choose("By symbol", "Placed by")
        assert parts["id"] == today["id"], "it takes the place of the card"
        await stage.me.choose("Whole", "as of")


async def test_a_range_adds_up_the_rows_of_its_days(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await with_yesterday(stage, clock)
        shown = await stage.me.ask("/pnl yesterday", "Booked")
        assert "+205.20 🟢" in shown["text"], "650.00 less 444.80"
        assert "Round trips 1, won 1 (100 %), trades 2." in shown["text"]
        exits = await stage.me.choose("Exits", "Since entry")
        assert "100.00 → 110.00    +650.00 🟢" in exits["text"]
        assert exits["id"] == shown["id"]
        labels = [choice["label"] for row in exits["buttons"] for choice in row]
        assert labels == ["Whole", "By symbol", "Slippage", "Export"], "a day that is over does not change"


async def test_days_before_today_are_shown_though_the_broker_is_away(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await with_yesterday(stage, clock)
        stage.broker.books_down = NotSent("mStock cannot be reached.")
        yesterday = ist_date(clock.now()) - timedelta(days=1)
        shown = await stage.me.ask(f"/pnl {yesterday}..today", "Booked")
        assert "+205.20 🟢" in shown["text"]
        assert "Today is left out: mStock cannot be reached." in shown["text"]


async def test_words_that_are_no_range_are_taught(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/pnl tuesday", "/pnl week")
        await stage.me.ask("pnl exit -5000 +9000", "/exit all if -5000")


async def test_the_month_comes_as_words_and_then_as_a_calendar(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await with_yesterday(stage, clock)
        words = await stage.me.ask("/pnl month", "1–20 Nov 2026")
        picture = await stage.me.wait_for("November 2026: each day's net after charges.")
        assert picture["photo_url"]
        assert (picture["reply_to"], picture["silent"]) == (words["id"], True), "an answer to one's own words makes no sound"
        await stage.me.ask("/pnl week", "16–20 Nov 2026")
        await later(60)
        assert sum(bool(message["photo_url"]) for message in stage.me.history()) == 1, "a week is no month"


async def test_a_week_that_is_one_day_old_is_a_range_and_not_the_card_of_today(clock: LoopClock, loop: VirtualLoop) -> None:
    monday = at_ist(ist_date(clock.now()) + timedelta(days=3), 10)
    assert monday.weekday() == 0
    loop.shift((monday - clock.now()).total_seconds())
    async with a_stage(clock) as stage:
        today = await stage.me.ask("/pnl", "as of")
        week = await stage.me.choose("Week", f" {ist_date(monday).day} {monday:%b %Y}")
        assert week["id"] != today["id"]
        assert "Open, change" in week["text"], "a range"
        labels = [choice["label"] for row in week["buttons"] for choice in row]
        assert "Export" in labels
        assert "Month" not in labels
