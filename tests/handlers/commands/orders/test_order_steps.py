"""An order by buttons, step by step in one message, and the orders that a bare command may mean."""

from decimal import Decimal

import pytest

from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Role
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from tests.handlers.chat import PAPA, Stage, a_bot, a_stage, a_world, later, run_bot
from tests.handlers.samples import ASHA
from tests.stage.values.orders import NIFTY_CALL, RELIANCE


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
        carried = await stage.me.choose("RELIANCE", "Which product?")
        sized = await stage.me.choose("Delivery (CNC)", "Buy how many?")
        assert carried["id"] == sized["id"] == asked["id"], "one message, step by step"
        await stage.me.choose("50", "At which price?")
        proposal = await stage.me.choose("Market, with a worst price", "BUY 50 RELIANCE")
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
        assert labels(sized) == ["1", "10", "All 25", "Half 12", "Back", "Leave"]
        await stage.me.choose("All 25", "At which price?")
        stage.me.press("Market, with a worst price")
        await later(1)
        _, draft = await asked_last(stage)
        assert (draft.side, draft.quantity, draft.product) == (Side.SELL, 25, Product.CNC)


async def test_a_short_is_bought_back_whole_by_the_product_it_is_held_in(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.choose("NIFTY 24500 CE · 23 Nov · −65 NRML", "Buy how many?")
        await stage.me.choose("All 65", "At which price?")
        stage.me.press("Market, with a worst price")
        await later(1)
        _, draft = await asked_last(stage)
        assert (draft.side, draft.instrument, draft.quantity) == (Side.BUY, NIFTY_CALL, 65)
        assert draft.product is Product.NRML


async def test_each_step_takes_a_typed_reply_as_well(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        asked = await stage.me.ask("papa: /buy", "Buy what?")
        stage.me.say("infy", reply_to=asked["id"])
        carried = await stage.me.wait_for("Which product? BUY INFY")
        stage.me.say("cnc", reply_to=carried["id"])
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
    ("command", "words", "then"),
    [("/cancel_order", "12", "Cancelled 1 order."), ("/modify", "12 1475", "CHANGE #12"), ("/modify 12", "1475", "CHANGE #12")],
)
async def test_which_order_and_what_price_are_answered_in_plain_words(
    clock: LoopClock, command: str, words: str, then: str
) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.me.say(command)
        await later(2)
        await stage.me.ask(words, then)


@pytest.mark.parametrize(
    ("command", "asks", "then"),
    [
        ("/cancel_order", "Cancel which order?", "Cancelled 1 order."),
        ("/modify", "Change which order?", "Tap a price"),
        ("/order", "Which order?", "At mStock: 1151261120111"),
    ],
)
async def test_a_command_without_its_order_offers_the_orders(clock: LoopClock, command: str, asks: str, then: str) -> None:
    async with a_stage(clock, orders=12) as stage:
        asked = await stage.me.ask(command, asks)
        assert labels(asked)[0] == "#12 BUY 10 RELIANCE @ 1,480.30"
        assert len(labels(asked)) == 8, "a screenful"
        await stage.me.choose("#12 BUY 10 RELIANCE @ 1,480.30", then)


async def test_every_step_can_go_back(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.choose("RELIANCE", "Which product?")
        await stage.me.choose("Intraday (MIS)", "Buy how many?")
        await stage.me.choose("10", "At which price?")
        await stage.me.choose("Back", "Buy how many?")
        await stage.me.choose("Back", "Which product?")
        await stage.me.choose("Back", "Buy what?")
        assert await stage.bot.questions() == []


async def test_back_from_a_price_or_a_trigger_goes_one_step_however_the_size_was_said(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.ask("nifty 24500 ce", "Which product?")
        await stage.me.ask("nrml", "Buy how many?")
        await stage.me.ask("2 lots", "At which price?")
        await stage.me.ask("stop", "Stop at which price?")
        await stage.me.choose("Back", "At which price?")
        await stage.me.choose("Back", "Buy how many?")
        await stage.me.choose("All 65", "At which price?")
        await stage.me.choose("Market, with a worst price", "BUY 65 NIFTY 24500 CE")


async def test_plain_words_answer_the_question_that_was_asked_for_a_minute(loop: VirtualLoop, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.ask("infy", "Which product?")
        await stage.me.ask("mis", "Buy how many?")
        await stage.me.ask("7", "At which price?")
        await stage.me.ask("1500", "BUY 7 INFY")
        _, draft = await asked_last(stage)
        assert (draft.quantity, draft.price, draft.product) == (7, Decimal(1500), Product.MIS)
        await stage.me.ask("b reliance", "Buy how many? RELIANCE")
        loop.shift(61)
        await stage.me.ask("10", "I don't understand that.")


async def test_a_name_that_is_mistyped_in_an_answer_is_a_question_and_the_way_goes_on(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy", "Buy what?")
        await stage.me.ask("relaince", 'No "RELAINCE"')
        await stage.me.choose("RELIANCE", "Buy how many? RELIANCE")


async def test_an_answer_stays_with_the_account_that_was_asked_for_also_where_it_is_a_question(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        await stage.me.ask("papa: /buy", "Buy what?")
        await stage.me.ask("relaince", 'No "RELAINCE"')
        await stage.me.choose("RELIANCE", "Buy how many? RELIANCE")
        await stage.me.ask("10", "BUY 10 RELIANCE")
        question, _ = await asked_last(stage)
        assert question.account_id == PAPA.id


async def test_a_question_on_the_way_is_kept_after_a_restart(clock: LoopClock) -> None:
    bot = await a_bot(clock)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha")
        async with run_bot(chats, telegram, bot, me=me):
            await me.ask("/sell", "Sell what?")
        await bot.start()
        async with run_bot(chats, telegram, bot, me=me):
            await me.ask("reliance", "Which product?")


async def test_a_command_in_between_is_that_command_and_cancel_leaves_the_way(clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        await stage.me.ask("/buy reliance", "Buy how many?")
        await stage.me.ask("f", "FUNDS")
        await stage.me.ask("/cancel", "Left. Nothing was sent.")
        await stage.me.ask("10", "I don't understand that.")
        listed = await stage.me.ask("/cancel", "OPEN ORDERS")
        assert labels(listed)[:2] == ["Cancel #12", "Modify #12"]
        stage.me.press("Cancel #12")
        await later(2)
        assert stage.bot.cancelled() == [12]


async def test_a_bare_symbol_is_its_price_with_buy_and_sell(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        quoted = await stage.me.ask("reliance", "LTP")
        assert labels(quoted) == ["Refresh", "Buy…", "Sell…", "Chart"]


async def test_stop_by_itself_offers_what_a_hurried_hand_may_mean(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("stop", "Tap what you mean")
        assert labels(asked) == ["/kill", "/cancel_all", "/positions"]


async def test_what_the_person_ordered_on_earlier_days_and_holds_is_offered_with_its_last_size(
    loop: VirtualLoop, clock: LoopClock
) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("b infy 35", "BUY 35 INFY")
        stage.me.press("Confirm buy", card)
        await later(2)
        loop.shift(24 * 3600)
        await stage.me.ask("/login", "lives until")
        asked = await stage.me.ask("/buy", "Buy what?")
        assert "INFY" in labels(asked)
        await stage.me.choose("INFY", "Which product?")
        sized = await stage.me.choose("Intraday (MIS)", "Buy how many?")
        assert "As last time 35" in labels(sized)


async def test_a_wrong_answer_leaves_the_question_open(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("b reliance", "Buy how many?")
        await stage.me.ask("ten", "is not a quantity")
        await stage.me.ask("10", "BUY 10 RELIANCE")


async def test_an_order_without_its_side_asks_for_it(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("reliance 10 @1475", "Buy or sell?")
        assert labels(asked) == ["Buy", "Sell"]
        await stage.me.choose("Sell", "SELL 10 RELIANCE")
        await stage.me.ask("10 rupees for your thoughts", "I don't understand that.")


async def test_a_stop_without_its_price_is_asked_for_it(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        asked = await stage.me.ask("/buy nifty 24500 ce 23 nov nfo nrml 65 stop", "Stop at which price?")
        assert "BUY" in asked["text"]
        assert labels(asked) == ["Back", "Leave"]
        await stage.me.ask("120", "Stop")
        await later(1)
        _, draft = await asked_last(stage)
        assert (draft.side, draft.instrument, draft.quantity, draft.trigger) == (Side.BUY, NIFTY_CALL, 65, Decimal(120))
        assert draft.product is Product.NRML
