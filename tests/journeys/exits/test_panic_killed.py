"""A real process is killed in the midst of a panic, and the next one goes on until the books show that all is closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.simulators import VISITOR, Simulators
from bot.domain.clock import ist_date
from bot.simulators.broker.accounts.records import Carried
from bot.simulators.broker.market.instruments import Instrument
from bot.simulators.telegram.chat.messages import Json
from tests.journeys.exits.test_exits import RICH
from tests.journeys.host.test_killed import a_process

pytestmark = [pytest.mark.asyncio(loop_factories=["real"]), pytest.mark.exhaustive]
LOT, ABOVE = 65, 1950  # units of a NIFTY contract: its lot, and thirty lots, which are over the freeze


def contracts(near: Simulators) -> list[Instrument]:
    """Ten calls and two puts of NIFTY that end another day than today, whatever day it is."""
    broker = near.paper.broker
    nifty = [each for each in broker.master.by_name.values() if each.is_option and each.name.startswith("NIFTY2")]
    later = min(each.expiry for each in nifty if each.expiry is not None and each.expiry > broker.today())
    ending = sorted((each for each in nifty if each.expiry == later), key=lambda each: each.strike)
    calls, puts = ([each for each in ending if each.option == right] for right in ("CE", "PE"))
    assert {each.lot for each in (*calls[:10], *puts[:2])} == {LOT}
    return [*calls[:10], *puts[:2]]


def carry(near: Simulators, quantities: dict[str, int]) -> None:
    """Carried positions of the account, each at a price of 100 rupees."""
    broker = near.paper.broker
    now = near.chats.clock.now()
    with broker.ledger.change():
        for name, quantity in quantities.items():
            option = broker.named("NFO", name)
            assert option is not None
            broker.market.set_price(option, 100_00, now)
            fact = Carried(
                client=RICH.client, exchange="NFO", token=option.token, product="CARRYFORWARD", quantity=quantity,
                cost=quantity * 100_00, name=name,
            )  # fmt: skip
            broker.ledger.put(fact)


def open_rows(near: Simulators) -> dict[str, int]:
    """What the exchange has open in intraday and carry-forward."""
    broker = near.paper.broker
    rows = broker.portfolio.positions(RICH.client, ist_date(near.chats.clock.now()).isoformat())
    return {row.key[1]: row.net for row in rows if row.net and row.product != "DELIVERY"}


@asynccontextmanager
async def looked_at(near: Simulators, words: str) -> AsyncIterator[list[dict[str, int]]]:
    """What was open at the exchange whenever the phone came to show these words."""
    found: list[dict[str, int]] = []

    async def look() -> None:
        nonlocal found
        async for event in near.chats.events(VISITOR):
            if words in str((event.get("message") or {}).get("text")):
                found += [open_rows(near)]

    eye = asyncio.create_task(look())
    try:
        yield found
    finally:
        eye.cancel()


async def knows_the_names(near: Simulators) -> None:
    """Waits for the list of instruments, which comes behind the session."""
    for _ in range(60):
        answer = await near.person.ask("/quote ITC", lambda each: each["from_bot"], 60)
        if "LTP" in answer["text"]:
            return
        await asyncio.sleep(1)


def button(message: Json, begins: str) -> str:
    return next(str(each["label"]) for row in message["buttons"] for each in row if str(each["label"]).startswith(begins))


@pytest.mark.parametrize("sent", [3, 9])
async def test_a_panic_of_twelve_rows_whose_process_is_killed_goes_on_and_says_flat_only_when_the_book_shows_it(
    tmp_path: Path, sent: int
) -> None:
    async with a_process(tmp_path, RICH) as (process, near, _), looked_at(near, "Flat at") as flat:
        me, broker = near.person, near.paper.broker
        rows = contracts(near)  # before the process has come up and reads the day's positions
        carry(near, dict(zip((each.name for each in rows), [LOT] * 10 + [ABOVE] * 2, strict=True)))
        await me.ask("/start", "owner", 60)
        await me.ask("/login", "lives until", 60)
        await knows_the_names(near)
        me.press("Confirm sell", await me.ask("/sell ITC 10 cnc", "SELL 10 ITC", 60))
        await me.wait_for("Filled", 60)
        card = await me.ask("/panic", "PANIC", 60)
        assert card["text"].count("in 2 orders") == 2
        assert "ITC sold today from holdings" in card["text"]
        broker.faults.arm("request_late", route="place", skip=1, seconds=45)  # the second is of unknown outcome for a while
        broker.faults.arm("order_rejected", skip=1)  # of those that arrive
        before = len(broker.ledger.orders)
        me.press("Close these", card)
        async with asyncio.timeout(60):
            while len(broker.ledger.orders) < before + sent:  # noqa: ASYNC110 - the exchange tells nobody
                await asyncio.sleep(0)
        await asyncio.sleep(0.4)  # between two turns of the order rate: none is half sent
        await process.kill()
        assert len(open_rows(near)) > 2, "it was killed in the midst"
        await process.start()

        told = await me.wait_for("Not proven flat. 10 of 12 closed.", 120)
        assert "ended unfilled: Not enough funds" in told["text"]
        assert "outcome unknown" in told["text"]
        assert len(broker.ledger.orders) == before + 13, (
            "two rows take two orders each, one order is not there yet, none goes twice"
        )
        assert len(open_rows(near)) == 2
        tags = [order.tag for order in broker.ledger.orders.values()]
        assert len(tags) == len(set(tags))
        assert button(told, f"Exit NF {rows[1].strike_text}CE"), "another exit beside the lost one is the person's to send"
        refused = button(told, f"Exit NF {rows[2].strike_text}CE")
        me.press("Confirm sell", await me.choose(refused, "SELL 65 NIFTY", 60))
        await me.wait_for("position closed", 60)
        assert flat == []
        await me.wait_for("Flat at", 120)
        await asyncio.sleep(0.1)
        assert len(broker.ledger.orders) == before + 15
        assert flat
        assert all(each == {} for each in flat)
