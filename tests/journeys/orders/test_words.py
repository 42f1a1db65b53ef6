"""An order in a trader's own words, in the whole house: questions are answered, lots are mended, nothing is sent unasked."""

from pathlib import Path

import pytest

from bot.simulators.loop import LoopClock
from tests.stage.house import a_house


@pytest.mark.core
async def test_an_index_and_a_strike_become_a_call_that_is_guarded_by_a_reply(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        asked = await house.me.ask("निफ्टी 24500 खरीदो", "NIFTY is an index")
        call, put = (line[0]["label"] for line in asked["buttons"][:2])
        assert call.startswith("NF 24500CE")
        assert put.startswith("NF 24500PE")
        assert "lot ₹" in call
        card = await house.me.choose(call, "BUY 65 NIFTY")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled")
        house.me.say("sl 5%", reply_to=filled["id"])
        guard = await house.me.wait_for("SELL 65 NIFTY")
        assert "Stop" in guard["text"]
        house.me.press("Confirm sell", guard)
        await house.me.wait_for("waiting for")
        assert [order.draft.quantity for order in await house.orders()] == [65, 65]


async def test_the_way_by_plain_words_ends_in_one_order_and_a_lot_mistake_is_mended_by_a_button(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.me.ask("/buy", "Buy what?")
        await house.me.ask("itc", "Which product?")
        await house.me.ask("delivery", "Buy how many?")
        await house.me.ask("7", "At which price?")
        card = await house.me.ask("cmp", "BUY 7 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await house.me.ask("s itc 200", "Only 107 ITC can be sold")
        await house.me.choose("Sell 107", "SELL 107 ITC")
        mistaken = await house.me.ask("b nifty fut 75", "trades in lots of 65")
        assert [line[0]["label"] for line in mistaken["buttons"]] == ["1 lot = 65", "2 lots = 130"]
        await house.me.ask("tcs 2lots kharido", "TCS is a share and has no lots.")
        assert len(await house.orders()) == 1, "questions send nothing"


async def test_the_question_behind_set_stop_is_answered_in_plain_words(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 10 mis", "BUY 10 ITC"))
        await house.me.wait_for("Filled")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        filled = await house.me.wait_for("Filled")
        for said in ("1450", "sl 1450", "2%", "-20", "1450/1440"):
            house.me.press("Set stop", filled)
            await house.me.wait_for("at which price? Tap one, or type it")
            card = await house.me.ask(said, "SELL 10 RELIANCE")
            assert "Stop" in card["text"]
        house.me.press("Set stop", filled)
        await house.me.wait_for("at which price?")
        await house.me.ask("cost", "The break-even is")
        assert len(await house.orders()) == 2, "questions send nothing"


async def test_a_contract_is_named_whole_where_its_stop_is_asked_for_and_changed(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy nifty 24500 ce 1lot", "BUY 65 NIFTY 24500 CE"))
        await house.me.wait_for("Filled")
        await house.me.choose("Set stop", "A stop for +65 NF 24500CE 23Nov at which price?")
        house.me.press("Confirm sell", await house.me.ask("100", "SELL 65 NIFTY 24500 CE"))
        await house.me.wait_for("waiting for 100.00")
        asked = await house.me.choose("Modify", "Reply with a new trigger.")
        house.me.say("105", reply_to=asked["id"])
        await house.me.wait_for("CHANGE #2")
