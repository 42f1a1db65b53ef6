"""The ways out, on a rough broker: a cancel is told as it went, kill names what it leaves, and no slow read stands before."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from tests.stage.house import House, a_house


async def rests(house: House, words: str, named: str) -> None:
    """An order that stays open at the exchange."""
    house.near.paper.broker.faults.arm("fill_never")
    card = await house.me.ask(words, named)
    house.me.press("Confirm", card)
    await house.me.wait_for("open at")


def refuses(house: House, times: int | None = None) -> None:
    house.near.paper.broker.faults.arm("problem_body", route="cancel", times=times)


@pytest.mark.core
async def test_a_refused_cancel_is_told_as_refused_from_the_card_from_the_list_and_after_kill(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await rests(house, "/buy ITC 5 @380", "BUY 5 ITC")
        refuses(house)
        for words in ("/cancel_order 1", "/cancel_all"):
            told = (await house.me.ask(words, "Not cancelled: 1 order. It works on."))["text"]
            assert "#1 BUY 5 ITC: open at 380.00" in told
            assert "mStock refused the cancel" in told
            assert "Cancel sent" not in told
        killed = await house.me.ask("/kill", "1 entry order still rests")
        house.me.press("Cancel it", killed)
        await house.me.wait_for(lambda message: message["id"] > killed["id"] and "Not cancelled: 1 order." in message["text"])
        house.near.paper.broker.faults.clear()
        await house.me.ask("/cancel_all", "Cancelled 1 order.")
        assert [order.status for order in await house.orders()] == [OrderStatus.CANCELLED]


async def test_cancel_all_names_the_stop_that_it_leaves_and_its_button_asks_in_words(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 5 mis", "BUY 5 ITC"))
        await house.me.wait_for("Filled")
        house.me.press("Confirm sell", await house.me.ask("/sell ITC 5 mis stop 380/375", "SELL 5 ITC"))
        await house.me.wait_for("waiting for 380.00")
        alone = await house.me.ask("/cancel_all", "1 stop stays: it guards a position.")
        assert "No open orders" not in alone["text"]
        assert "#2 SELL 5 ITC" in alone["text"]
        await rests(house, "/buy ITC 3 @380", "BUY 3 ITC")
        both = await house.me.ask("/cancel_all", "Cancelled 1 order.")
        assert "1 stop stays" in both["text"]
        house.me.press("Cancel #2", both)
        asked = await house.me.wait_for("guards", 30)
        assert len(asked["buttons"][0]) == 1


async def test_a_cancel_whose_yes_changed_nothing_is_asked_for_again(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await rests(house, "/buy ITC 5 @380", "BUY 5 ITC")
        house.near.paper.broker.faults.arm("cancel_not_final")
        await house.me.ask("/cancel_order 1", "Cancelled 1 order.")
        (order,) = house.near.paper.broker.ledger.orders.values()
        assert not order.working


@pytest.mark.core
async def test_kill_names_a_resting_exit_and_an_unknown_outcome_and_cancels_neither(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy ITC 5 mis", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await rests(house, "/sell ITC 5 mis @450", "SELL 5 ITC")
        await asyncio.sleep(5)
        killed = await house.me.ask("/kill", "1 exit stays:")
        assert "#2 SELL 5 ITC" in killed["text"]
        assert "No entry order rests." in killed["text"]
        assert [button["label"] for row in killed["buttons"] for button in row] == ["Resume…"]

        resumed = await house.me.ask("/resume", "Allow new orders again?")
        house.me.press("Yes, allow new orders", resumed)
        await house.me.wait_for("New orders are allowed again.")
        broker = house.near.paper.broker
        broker.faults.arm("answer_lost", route="place")
        broker.faults.arm("fill_never")
        broker.faults.arm("book_late", times=None, seconds=60)
        card = await house.me.ask("/buy ITC 7 @380", "BUY 7 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("no clear answer")
        killed = await house.me.ask("/kill", "1 order's outcome is unknown:")
        assert "#3 BUY 7 ITC" in killed["text"]


@pytest.mark.core
async def test_exits_cancels_and_kill_do_not_wait_behind_a_read_of_the_same_person_that_hangs(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy ITC 5 mis", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled")
        await rests(house, "/buy ITC 3 @380", "BUY 3 ITC")
        house.near.paper.broker.faults.arm("request_late", route="holdings", seconds=30, times=None)
        house.me.say("/holdings")
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await house.me.ask("/cancel_all", "Cancelled 1 order.")
        house.me.press("Exit", filled)
        way_out = await house.me.wait_for("SELL 5 ITC")
        house.me.press("Confirm sell", way_out)
        await house.me.wait_for(lambda message: "Filled" in message["text"] and "SELL 5 ITC" in message["text"])
        await house.me.ask("/kill", "New orders are blocked.")
        assert loop.time() - began < 5
        await house.me.wait_for("mStock did not answer as it should", 60)


async def test_a_far_limit_of_ours_that_closes_all_is_the_exit_by_two_taps(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 10 mis", "BUY 10 ITC"))
        await house.me.wait_for("Filled")
        house.me.press("Confirm sell", await house.me.ask("/sell ITC 10 @450 mis", "SELL 10 ITC"))
        await house.me.wait_for("open at 450.00")
        part = await house.me.ask("/exit ITC 5", "#2 may be closing it already.")
        assert not any("changes #2" in choice["label"] for line in part["buttons"] for choice in line), "it closes more than 5"
        held = await house.me.ask("/exit ITC", "#2 may be closing it already.")
        turn = held["buttons"][0][0]["label"]
        assert turn.endswith(": changes #2")
        card = await house.me.choose(turn, "CHANGE #2")
        house.me.press("Confirm change", card)
        await house.me.wait_for("position closed", 30)
        assert house.placed == 2, "the order that rested is the exit"


async def test_a_stop_that_became_the_exit_is_not_measured_against_the_bid_that_its_own_card_saw(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 10 mis", "BUY 10 ITC"))
        await house.me.wait_for("at the ask seen")
        house.me.press("Confirm sell", await house.me.ask("/sell ITC 10 stop 400 mis", "SELL 10 ITC"))
        await house.me.wait_for("waiting for 400")
        house.me.press("Confirm sell", await house.me.ask("/exit ITC", "SELL 10 ITC"))
        await house.me.wait_for("position closed", 30)
        await asyncio.sleep(5)
        assert house.placed == 2, "the stop is the exit"
        assert "the bid seen" not in house.me.transcript()
