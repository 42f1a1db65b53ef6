"""An order by buttons, step by step in one message, and the orders that a bare command may mean."""

from decimal import Decimal

import pytest

from bot.domain.orders.order import Confirmation, OrderDraft
from bot.domain.people.account import Role
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.handlers.chat import PAPA, Stage, a_stage, later
from tests.stage.orders import NIFTY_CALL, RELIANCE


def labels(message: dict[str, list[list[dict[str, str]]]]) -> list[str]:
    return [item["label"] for line in message["buttons"] for item in line]


async def asked_last(stage: Stage) -> tuple[Confirmation, OrderDraft]:
    """The newest question, and the order that it is about."""
    question = await stage.bot.question()
    assert question.draft is not None
    return question, question.draft


async def test_an_order_is_made_by_buttons_in_one_message(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/buy", "Buy what?")
        assert "Leave" in labels(asked)
        sized = await stage.me.choose("RELIANCE", "Buy how many?")
        assert sized["id"] == asked["id"], "one message, step by step"
        proposal = await stage.me.choose("50", "BUY 50 RELIANCE")
        assert proposal["id"] == asked["id"]
        await later(1)
        question, draft = await asked_last(stage)
        assert (draft.side, draft.instrument, draft.quantity) == (Side.BUY, RELIANCE, 50)
        assert question.message_id == asked["id"], "Confirm counts under that message"


async def test_a_sale_offers_what_is_held_first_and_all_of_it(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/sell", "Sell what?")
        assert labels(asked)[0] == "RELIANCE · +25 CNC"
        sized = await stage.me.choose("RELIANCE · +25 CNC", "Sell how many?")
        assert labels(sized) == ["1", "10", "All 25", "Leave"]
        stage.me.press("All 25")
        await later(1)
        _, draft = await asked_last(stage)
        assert (draft.side, draft.quantity, draft.product) == (Side.SELL, 25, Product.CNC)


async def test_a_short_is_bought_back_whole_by_the_product_it_is_held_in(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.choose("NIFTY 24500 CE · 23 Nov · −65 NRML", "Buy how many?")
        stage.me.press("All 65")
        await later(1)
        _, draft = await asked_last(stage)
        assert (draft.side, draft.instrument, draft.quantity) == (Side.BUY, NIFTY_CALL, 65)
        assert draft.product is Product.NRML


async def test_each_step_takes_a_typed_reply_as_well(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        asked = await stage.me.ask("papa: /buy", "Buy what?")
        stage.me.say("infy", reply_to=asked["id"])
        sized = await stage.me.wait_for("Buy how many? INFY")
        stage.me.say("15 @1500", reply_to=sized["id"])
        await later(1)
        question, draft = await asked_last(stage)
        assert (draft.instrument.symbol, draft.quantity, draft.price) == ("INFY", 15, Decimal(1500))
        assert question.account_id == PAPA.id, "the account of the question"


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
        assert await stage.bot.questions() == []


@pytest.mark.parametrize(
    ("command", "then"),
    [("/cancel_order", "Cancelled 1 order."), ("/modify", "Tap a price"), ("/order", "At mStock: 1151261120111")],
)
async def test_a_command_without_its_order_offers_the_orders(clock: LoopClock, command: str, then: str) -> None:
    async with a_stage(clock, orders=12) as stage:
        asked = await stage.me.ask(command, "Which order?")
        assert labels(asked)[0] == "#12 BUY 10 RELIANCE @ 1,480.30"
        assert len(labels(asked)) == 8, "a screenful"
        await stage.me.choose("#12 BUY 10 RELIANCE @ 1,480.30", then)
