"""A demo's directory as the version before left it, keys, database, chat and paper books, opens here with nothing lost.

Each fixture was made by that version's own `python -m bot demo`, walked by hand. The first one, of the schema 0004, holds six
orders in every state, a limit, an open invitation and a stopped account. The other one, of the schema 0023, holds what lives
beyond its message: a target, a trail, a P&L exit, a standing stop, alerts, a watch list, a card of later, chosen news. Each
change of the schema keeps both opening.
"""

import asyncio
import random
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.simulators import neighbours
from bot.demo.world import DemoDirectory, demo_settings, seed
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.plans.test_plans import price
from tests.stage.house import House

BEFORE = Path(__file__).parents[2] / "fixtures" / "before"

Answer = Callable[[str, str], Awaitable[str]]


def unpack(archive: Path, target: Path) -> None:
    """Lays the fixture out with the modes that it had. The first Pythons 3.11 know no filter for an archive's members."""
    with tarfile.open(archive) as left:
        for member in left:
            path = target / member.name
            if member.isdir():
                path.mkdir(mode=member.mode, parents=True, exist_ok=True)
            elif (stored := left.extractfile(member)) is not None:
                path.write_bytes(stored.read())
                path.chmod(member.mode)


@asynccontextmanager
async def opened(loop: VirtualLoop, directory: Path, archive: str, at: datetime) -> AsyncIterator[tuple[House, Answer]]:
    """The directory in a house of this version, a few minutes after it was left, and a way to ask in its chat."""
    unpack(BEFORE / archive, directory)
    demo = DemoDirectory(directory / "demo")
    clock, chance, account = LoopClock(loop, at), random.Random(5), PaperAccount()
    demo.prepare(chance.randbytes)

    async def no_shift(_seconds: float) -> None:
        return

    async with neighbours(clock=clock, chance=chance, data=demo.paper, shift=no_shift, account=account, walk=0.0) as near:
        settings = demo_settings(demo, near)
        await seed(settings, account, clock, chance.randbytes, inline=True)
        house = House(near=near, settings=settings, clock=clock, chance=chance)
        await house.start()
        last = max(message["id"] for message in house.me.history())

        async def answer(words: str, wanted: str) -> str:
            """The new message that holds what was wanted: the chat still shows the old ones."""
            found = await house.me.ask(words, lambda message: message["id"] > last and wanted in message["text"])
            return str(found["text"])

        try:
            yield house, answer
        finally:
            await house.stop()


@pytest.mark.core
async def test_orders_limits_secrets_and_a_stopped_account_of_the_first_version_are_all_there(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    async with opened(loop, tmp_path, "demo.tar.xz", datetime(2026, 11, 28, 20, 5, tzinfo=UTC)) as (house, answer):
        assert house.placed == 6
        orders = await answer("/orders", "ORDERS")
        for line in (
            "#1 BUY 10               filled",
            "#2 BUY 65               filled",
            "#3 BUY 5             cancelled",
            "#4 BUY 5                  open",
            "#5 BUY 3                filled",
            "#6 SELL 3              waiting",
        ):
            assert line in orders
        positions = " ".join((await answer("/positions", "POSITIONS")).split())
        for line in ("RELIANCE CNC +10", "NF FUT 29Dec NRML +65", "INFY MIS +3"):
            assert line in positions
        assert "4,00,000.00" in await answer("/limits", "LIMITS")
        assert "Logged in until 00:00" in await answer("/session", "ession")  # sealed with the key beside it
        assert "topped" in await answer("/buy ITC 1", "topped")
        assert "kill" in await answer("/audit", "kill")
        assert "#4 BUY 5 ITC" in await answer("/cancel_order 4", "cancelled")


@pytest.mark.core
async def test_what_the_version_before_watched_over_is_watched_over_as_before(loop: VirtualLoop, tmp_path: Path) -> None:
    async with opened(loop, tmp_path, "demo-0023.tar.xz", datetime(2026, 11, 29, 11, 39, tzinfo=UTC)) as (house, answer):
        assert house.placed == 7
        for words, wanted, lines in (
            (
                "/orders",
                "ORDERS",
                ("#2 SELL 10             waiting", "#4 BUY 5                  open", "#6 BUY 5              rejected"),
            ),
            ("/trail", "Trail", ("#5 at the exchange: waiting for 1,585.00", "15.00 below the high")),
            ("/exit if", "P&L exit", ("all intraday and carry-forward", "−5,000.00 or at +8,000.00")),
            ("/stops", "STOPS", ("1 RELIANCE 10", "sells to 1,455.30", "to 29 Nov 2027")),
            ("/alerts", "ALERTS", ("1 TCS               ≥ 3,100.00", "2 Day's P&L ≤ −4,000.00")),
            ("/watch", "WATCH", ("ITC", "SBIN")),
            ("/limits", "LIMITS", ("4,00,000.00",)),
        ):
            told = await answer(words, wanted)
            for line in lines:
                assert line in told, (words, told)
        price(house, "1521.00")
        price(house, "3101.00", "TCS-EQ")
        price(house, "1620.00", "INFY-EQ")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE, avg 1,521.00", 30)  # the target, which the bot holds
        await house.me.wait_for("Alert TCS 3,101.00", 30)
        await asyncio.sleep(10)
        assert "stop now 1,605.00" in await answer("/trail", "1,605.00")
