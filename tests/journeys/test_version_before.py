"""A demo's directory as the version before left it, keys, database, chat and paper books, opens here with nothing lost.

The fixture was made by that version's own `python -m bot demo`, walked by hand: six orders in every state, a limit, an open
invitation, a stopped account. Each change of the schema keeps it opening.
"""

import random
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.demo.simulators import neighbours
from bot.demo.world import DemoDirectory, demo_settings, seed
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.house import House

BEFORE = Path(__file__).parents[1] / "fixtures" / "before" / "demo.tar.xz"
NEXT = datetime(2026, 11, 28, 20, 5, tzinfo=UTC)  # a few minutes after it was left


def unpack(target: Path) -> None:
    """Lays the fixture out with the modes that it had. The first Pythons 3.11 know no filter for an archive's members."""
    with tarfile.open(BEFORE) as left:
        for member in left:
            path = target / member.name
            if member.isdir():
                path.mkdir(mode=member.mode, parents=True, exist_ok=True)
            elif (stored := left.extractfile(member)) is not None:
                path.write_bytes(stored.read())
                path.chmod(member.mode)


@pytest.mark.core
async def test_what_the_version_before_left_is_all_there(loop: VirtualLoop, tmp_path: Path) -> None:
    unpack(tmp_path)
    directory = DemoDirectory(tmp_path / "demo")
    clock, chance, account = LoopClock(loop, NEXT), random.Random(5), PaperAccount()
    directory.prepare(chance.randbytes)

    async def no_shift(_seconds: float) -> None:
        return

    async with neighbours(clock=clock, chance=chance, data=directory.paper, shift=no_shift, account=account, walk=0.0) as near:
        settings = demo_settings(directory, near)
        await seed(settings, account, clock, chance.randbytes, inline=True)
        house = House(near=near, settings=settings, clock=clock, chance=chance)
        await house.start()
        try:
            await _all_is_there(house)
        finally:
            await house.stop()


async def _all_is_there(house: House) -> None:
    me = house.me
    last = max(message["id"] for message in me.history())

    async def answer(words: str, wanted: str) -> str:
        """The new message that holds what was wanted: the chat still shows the old ones."""
        found = await me.ask(words, lambda message: message["id"] > last and wanted in message["text"])
        return str(found["text"])

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
