"""/export sends two files as documents into the chat, and says so where there is nothing to send."""

from bot.domain.errors import NotSent
from bot.simulators.loop import LoopClock
from tests.handlers.chat import Stage, a_stage
from tests.handlers.commands.money.test_pnl import with_yesterday


def files(stage: Stage) -> dict[str, bytes]:
    """The documents of the chat, by their names."""
    return {file.name: file.content for file in stage.chats.state.files.values()}


async def test_the_trades_of_a_range_come_as_a_workbook_and_as_a_table(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await with_yesterday(stage, clock)
        told = await stage.me.ask("/export trades week", "Trades 16 Nov 2026 to 20 Nov 2026")
        assert "PAPER · 2 rows" in told["text"]
        assert told["document"]["name"] == "trades-main-2026-11-16-2026-11-20-PAPER.xlsx"
        table = await stage.me.wait_for(lambda message: (message["document"] or {}).get("name", "").endswith(".csv"))
        content = files(stage)[table["document"]["name"]].decode("utf-8-sig")
        assert content.splitlines()[1].startswith(
            "2026-11-19,2026-11-19 10:01:00,NFO,NIFTY26NOV24500CE,NRML,BUY,65,100.00,6500.00,"
        )
        assert files(stage)[told["document"]["name"]].startswith(b"PK")


async def test_the_tax_year_comes_with_its_definition_of_turnover(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await with_yesterday(stage, clock)
        told = await stage.me.ask("/export tax", "Tax year 1 Apr 2026 to 20 Nov 2026")
        assert "An aid, not a return" in told["text"]
        table = await stage.me.wait_for(lambda message: (message["document"] or {}).get("name", "").endswith(".csv"))
        content = files(stage)[table["document"]["name"]].decode("utf-8-sig")
        assert "F&O (non-speculative),1,6500.00,7150.00,650.00,0.00,650.00,650.00,0" in content
        assert "ICAI Guidance Note" in content


async def test_a_day_that_cannot_be_read_is_named_beside_the_files_and_in_them(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await with_yesterday(stage, clock)
        stage.broker.books_down = NotSent("mStock cannot be reached.")
        told = await stage.me.ask("/export pnl week", "P&L by day 16 Nov 2026 to 20 Nov 2026")
        assert "⚠️ Today is left out: mStock cannot be reached." in told["text"]
        table = await stage.me.wait_for(lambda message: (message["document"] or {}).get("name", "").endswith(".csv"))
        content = files(stage)[table["document"]["name"]].decode("utf-8-sig")
        assert content.splitlines()[-1] == "Today is left out: mStock cannot be reached."


async def test_an_empty_range_sends_no_file(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/export trades last month", "Trades 1 Oct 2026 to 31 Oct 2026: nothing is on record.")
        assert files(stage) == {}


async def test_without_words_the_choice_is_offered_and_strange_words_are_taught(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        offered = await stage.me.ask("/export", "Export what?")
        labels = [choice["label"] for row in offered["buttons"] for choice in row]
        assert labels == ["Trades, this month", "Orders, this month", "P&L, this month", "Tax year"]
        await stage.me.ask("/export everything", "/export trades nov")
