"""An order by buttons, step by step in one message, and the orders that a bare command may mean."""

from decimal import Decimal

import pytest

from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.handlers.chat import a_stage, later


def labels(message: dict[str, list[list[dict[str, str]]]]) -> list[str]:
    return [item["label"] for line in message["buttons"] for item in line]


async def test_an_order_is_made_by_buttons_in_one_message(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/buy", "Buy what?")
        assert "Leave" in labels(asked)
        sized = await stage.me.choose("RELIANCE", "Buy how many?")
        assert sized["id"] == asked["id"], "one message, step by step"
        proposal = await stage.me.choose("50", "BUY 10 RELIANCE")
        assert proposal["id"] == asked["id"]
        await later(1)
        request = stage.services.desk.proposed[-1]
        assert (request.side, request.symbol, request.quantity) == (Side.BUY, "RELIANCE", 50)
        assert stage.services.desk.bound == {"TOKEN1": asked["id"]}, "Confirm counts under that message"


async def test_a_sale_offers_what_is_held_first_and_all_of_it(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/sell", "Sell what?")
        assert labels(asked)[0] == "RELIANCE · +25 CNC"
        sized = await stage.me.choose("RELIANCE · +25 CNC", "Sell how many?")
        assert labels(sized) == ["1", "10", "All 25", "Leave"]
        stage.me.press("All 25")
        await later(1)
        request = stage.services.desk.proposed[-1]
        assert (request.side, request.quantity, request.product) == (Side.SELL, 25, Product.CNC)


async def test_a_short_is_bought_back_whole_by_the_product_it_is_held_in(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.choose("NIFTY 24500 CE · 23 Nov · −65 NRML", "Buy how many?")
        stage.me.press("All 65")
        await later(1)
        request = stage.services.desk.proposed[-1]
        assert (request.symbol, request.quantity, request.product) == ("NIFTY 24500 CE 23 NOV", 65, Product.NRML)


async def test_each_step_takes_a_typed_reply_as_well(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("papa: /buy", "Buy what?")
        stage.me.say("infy", reply_to=asked["id"])
        sized = await stage.me.wait_for("Buy how many? INFY")
        stage.me.say("15 @1500", reply_to=sized["id"])
        await later(1)
        request = stage.services.desk.proposed[-1]
        assert (request.symbol, request.quantity, request.price) == ("INFY", 15, Decimal(1500))
        assert stage.services.accounts.asked_for[-1][1] == "papa", "the account of the question"


async def test_a_command_as_a_reply_is_still_that_command(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/buy", "Buy what?")
        stage.me.say("/kill", reply_to=asked["id"])
        await stage.me.wait_for("Stopped. New orders are blocked.")


async def test_leaving_sends_nothing_and_takes_the_buttons_away(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/buy reliance", "Buy how many?")
        gone = await stage.me.choose("Leave", "Left. Nothing was sent.")
        assert (gone["id"], gone["buttons"]) == (asked["id"], [])
        assert stage.services.desk.proposed == []


@pytest.mark.parametrize(
    ("command", "then"), [("/cancel_order", "Cancel sent"), ("/modify", "Tap a price"), ("/order", "At mStock: 115126")]
)
async def test_a_command_without_its_order_offers_the_orders(clock: LoopClock, command: str, then: str) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask(command, "Which order?")
        assert labels(asked)[0] == "#12 BUY 10 RELIANCE @ 1,480.30"
        assert len(labels(asked)) == 8, "a screenful"
        await stage.me.choose("#12 BUY 10 RELIANCE @ 1,480.30", then)
