"""Panic on a rough day, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.exits.test_exits import OPTIONS, RICH, carry, open_rows
from tests.stage.house import a_house

CALLS = tuple(f"NIFTY26NOV{strike}CE" for strike in range(24500, 25000, 50))


@pytest.mark.core
async def test_a_panic_without_a_session_asks_for_the_login_and_goes_on_by_itself(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-65, 65, 130, -130), strict=True)))
        await house.me.ask("/logout", "Logged out")
        asked = await house.me.ask("/panic", "Not logged in.")
        house.me.press("Log in", asked)
        card = await house.me.wait_for("PANIC", 30)
        await house.me.ask("/logout", "Logged out")
        house.me.press("Close these", card)
        waits = await house.me.wait_for("nothing is sent until you log in", 30)
        await house.me.wait_for("Closing waits: not logged in.", 30)
        assert house.placed == 0
        house.me.press("Log in", waits)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}
        assert house.placed == 4


async def test_a_panic_that_mstock_refuses_to_show_anything_says_why(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-65, 65, 130, -130), strict=True)))
        house.near.paper.broker.faults.arm("key_expired", times=None)
        blind = await house.me.ask("/panic", "I cannot see what is open", 90)
        assert "mStock does not accept the API key" in blind["text"]
        assert "does not answer" not in blind["text"]
        assert "The mStock app may still work." in blind["text"]


async def test_an_entry_that_will_not_be_cancelled_keeps_a_panic_from_flat_and_is_named_as_what_it_is(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-65, 65, 130, -130), strict=True)))
        house.me.press("Confirm buy", await house.me.ask("/buy INFY 5 1500", "BUY 5 INFY"))
        await house.me.wait_for("open at")
        house.near.paper.broker.faults.arm("error_instead", route="cancel", status=403, body="json", times=None)
        house.me.press("Close these", await house.me.ask("/panic", "PANIC"))
        told = await house.me.wait_for("Not proven flat. 4 of 4 closed.", 300)
        assert "BUY 5 INFY #1 rests at 1,500.00" in told["text"]
        assert "Cancel #1" in str(told["buttons"])
        assert "Chase" not in str(told["buttons"])


@pytest.mark.parametrize("fault", ["connection_dropped", "html_page", "internal_error", "rate_limited"])
async def test_a_panic_while_mstock_does_not_answer_says_that_nothing_was_done_and_carries_both_ways_on(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-65, 65, 130, -130), strict=True)))
        await asyncio.sleep(2)
        faults = house.near.paper.broker.faults
        faults.arm(fault, times=None)
        house.me.say("/panic")
        blind = await house.me.wait_for("mStock does not answer. I cannot see what is open", 90)
        assert "New orders are not blocked yet" in blind["text"]
        house.me.press("Kill", blind)
        await house.me.wait_for("New orders are blocked", 60)
        still = await house.me.ask("/panic", "mStock does not answer. I cannot see what is open", 90)
        assert "New orders are blocked already." in still["text"]
        assert "Kill" not in str(still["buttons"])
        faults.clear()
        await asyncio.sleep(5)
        house.me.press("Try again", blind)
        house.me.press("Close these", await house.me.wait_for("PANIC", 60))
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}


async def test_a_panic_in_a_closed_market_says_on_its_card_that_the_exits_will_be_refused(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 14, 40))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy nifty dec fut 65 nrml", "BUY 65"))
        await house.me.wait_for("Filled")
        await asyncio.sleep(3700)
        card = await house.me.ask("/panic", "PANIC", 30)
        said = " ".join(card["text"].split())
        assert "The market is closed. Orders are taken again on Mon 23 Nov 2026 at 09:00; mStock will refuse its exit now" in said


@pytest.mark.parametrize("beside", [True, False])
async def test_a_panic_closes_no_contract_that_has_ended_and_says_what_becomes_of_it(
    beside: bool, loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 23), 14, 40))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        await house.log_in()
        for contract in ("24500 ce 23 nov", *(["dec fut"] if beside else [])):
            house.me.press("Confirm buy", await house.me.ask(f"/buy nifty {contract} 65 nrml", "BUY 65"))
            await house.me.wait_for("Filled")
        await asyncio.sleep(4200)
        card = await house.me.ask("/panic", "PANIC" if beside else "Nothing can be closed in intraday", 30)
        said = " ".join(card["text"].split())
        assert "+65 NF 24500CE 23Nov: ended today, what is open of it is settled by the exchange" in said
        assert ("1 SELL 65 NF FUT 29Dec" in said) is beside
        assert "SELL 65 NF 24500CE" not in said


async def test_twelve_rows_two_above_the_freeze_a_rejection_an_unknown_outcome_a_delivery_sale_and_a_kill_in_the_middle(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        faults = house.near.paper.broker.faults
        await house.log_in()
        carry(house, {**dict.fromkeys(CALLS, 65), "NIFTY26NOV24000PE": 1950, "NIFTY26NOV23800PE": 2600})
        house.me.press("Confirm sell", await house.me.ask("/sell ITC 10 cnc", "SELL 10 ITC"))
        await house.me.wait_for("Filled")
        card = await house.me.ask("/panic", "PANIC", 30)
        assert card["text"].count("in 2 orders") == 2
        assert "ITC sold today from holdings" in card["text"]
        before = house.placed
        faults.arm("answer_lost", route="place", skip=2)
        faults.arm("order_rejected", skip=5)
        house.me.press("Close these", card)
        await asyncio.sleep(1.2)
        assert before < house.placed < before + 14
        again = await house.me.ask("/panic", "Closing", 10)
        assert "of 12 closed" in again["text"]
        await house.restart()
        told = await house.me.wait_for("Not proven flat. 11 of 12 closed.", 240)
        assert len([order for order in await house.orders() if order.status is OrderStatus.REJECTED]) == 1
        assert house.placed == before + 14, "none goes twice, the one of unknown outcome included"
        exit_ = next(item["label"] for row in told["buttons"] for item in row if item["label"].startswith("Exit "))
        house.me.press("Confirm sell", await house.me.choose(exit_, "SELL ", 30))
        await house.me.wait_for("Flat at", 120)
        assert open_rows(house) == {}
        await asyncio.sleep(5)
        second = house.me.message(again["id"])
        assert second is not None
        assert "12 of 12 closed · over" in second["text"], "the answer to a second /panic lives on like the first"


async def test_a_session_that_dies_in_the_middle_rings_and_nothing_goes_twice(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict.fromkeys(CALLS, 65))
        card = await house.me.ask("/panic", "PANIC", 30)
        house.me.press("Close these", card)
        await asyncio.sleep(0.4)
        await house.me.ask("/logout", "Logged out")
        await house.me.wait_for("Closing waits: not logged in.", 60)
        await asyncio.sleep(20)
        assert house.me.transcript(40).count("Closing waits: not logged in.") == 1
        assert open_rows(house)
        await house.me.ask("/login", "lives until")
        await house.me.wait_for("Flat at", 120)
        assert open_rows(house) == {}
        sold = [order for order in house.near.paper.broker.ledger.orders.values() if order.filled]
        assert len(sold) == 10


async def test_two_phones_that_panic_at_one_moment_run_one_panic_and_each_hears_flat_once(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-65, 65, 130, -130), strict=True)))
        other = await house.join(5001, "Ravi", Role.TRADER)
        phones = (house.me, other)
        cards = [await phone.ask("/panic", "This closes") for phone in phones]
        for phone, card in zip(phones, cards, strict=True):
            phone.press("Close these", card)
        for phone in phones:
            await phone.wait_for("Flat at", 60)
        await asyncio.sleep(30)
        for phone in phones:
            said = [message["text"] for message in phone.history() if message["from_bot"]]
            assert len([text for text in said if "Flat at" in text]) == 1
            assert not any("Not flat" in text or "Not proven flat" in text for text in said)
        assert open_rows(house) == {}
        assert house.placed == 4
