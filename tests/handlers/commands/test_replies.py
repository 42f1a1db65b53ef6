"""A reply acts on what it replies to: new terms for a proposal, the named act for an order.

Other words are read as usual.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.people.account import Role
from bot.domain.positions.portfolio import Position
from bot.domain.proposals.proposal import Change
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.chat import PAPA, Stage, a_stage, later, token_of
from tests.handlers.samples import SHORT_CALL, a_position


async def a_fill(stage: Stage) -> int:
    """A message with an order's buttons, as its card and its fill have them."""
    shown = await stage.me.ask("/order 12", "At mStock: 1151261120111")
    return int(shown["id"])


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("2905", Change(price=Decimal(2905))),
        ("@2,905.50", Change(price=Decimal("2905.50"))),
        ("134500", Change(price=Decimal(134500))),
        ("q 20", Change(quantity=20)),
        ("Q20", Change(quantity=20)),
        ("20 shares", Change(quantity=20)),
        ("qty: 20", Change(quantity=20)),
        ("@ 2905", Change(price=Decimal(2905))),
        ("rs 2905", Change(price=Decimal(2905))),
        ("2905 par", Change(price=Decimal(2905))),
    ],
)
async def test_a_reply_to_a_proposal_changes_it_in_its_place(clock: LoopClock, said: str, change: Change) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(1)
        stage.me.say(said, reply_to=card["id"])
        await later(1)
        first, second = await stage.bot.questions()
        assert (first.token, first.message_id, second.message_id) == (token_of(card), card["id"], card["id"])
        assert first.draft is not None
        assert second.draft is not None
        assert second.draft.quantity == (change.quantity or first.draft.quantity)
        assert second.draft.price == (change.price or first.draft.price)
        assert second.draft.protected == (change.price is None)


async def test_lots_in_reply_are_those_of_a_contract_on_its_card_and_on_its_order(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy nifty 24500 ce 1lot @90", "BUY 65 NIFTY 24500 CE")
        stage.me.say("q 3 lots", reply_to=card["id"])
        await later(1)
        question = await stage.bot.question()
        assert question.draft is not None
        assert question.draft.quantity == 195
        share = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.say("2 lots", reply_to=share["id"])
        await stage.me.wait_for("RELIANCE is a share and has no lots.")


async def test_six_digits_that_a_login_waits_for_are_a_code_wherever_they_are_typed(clock: LoopClock) -> None:
    async with a_stage(clock, seeds=False) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.bot.connection.adopt(None)  # the session ended at mStock
        await stage.me.ask("/login", "Six digits, please.")
        stage.me.say("123456", reply_to=card["id"])
        await stage.me.wait_for("Logged in.")
        assert stage.broker.codes == ["123456"]
        assert len(await stage.bot.questions()) == 1


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("same", "BUY 10 RELIANCE"),
        ("Exit", "SELL 25 RELIANCE"),
        ("nikal do", "SELL 25 RELIANCE"),
        ("sq off", "SELL 25 RELIANCE"),
        ("सब", "SELL 25 RELIANCE"),
        ("आधा", "SELL 12 RELIANCE"),
        ("reverse", "Delivery is not turned round"),
    ],
)
async def test_a_reply_to_an_order_does_what_it_names(clock: LoopClock, said: str, asked: str) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.me.say(said, reply_to=await a_fill(stage))
        await stage.me.wait_for(asked)


async def test_half_is_the_exit_with_half_the_quantity(clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.me.say("half", reply_to=await a_fill(stage))
        await stage.me.wait_for("SELL 12 RELIANCE")


async def test_a_price_in_reply_to_a_working_order_changes_that_order(clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        card = await a_fill(stage)
        stage.me.say("1475", reply_to=card)
        await stage.me.wait_for("CHANGE #12")
        stage.me.say("q 20", reply_to=card)
        await later(1)
        drafts = [(question.order_id, question.draft) for question in await stage.bot.questions()]
        assert [(order_id, draft.price, draft.quantity) for order_id, draft in drafts if draft is not None] == [
            ("o12", Decimal(1475), 10),
            ("o12", Decimal("1480.30"), 20),
        ]


async def test_an_order_of_yesterday_is_not_taken_for_today_s_of_the_same_number(loop: VirtualLoop, clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        card = await a_fill(stage)
        loop.shift(24 * 3600)
        await later(1)
        stage.me.say("1475", reply_to=card)
        await stage.me.wait_for("#12 does not work any more")
        assert await stage.bot.questions() == []


async def test_a_number_that_replies_to_nothing_of_ours_is_not_an_act(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await stage.me.ask("2905", "I don't understand that.")
        mine = stage.me.say("hello")
        await stage.me.wait_for("I don't understand that.")
        stage.me.say("2905", reply_to=mine["id"])
        await later(1)
        assert len(await stage.bot.questions()) == 1


@pytest.mark.parametrize(
    ("said", "trigger"),
    [
        ("sl 1450", "1450.00"),
        ("stop 1450/1445", "1450.00"),
        ("sl 20pts", "1451.40"),
        ("sl -20", "1451.40"),
        ("एसएल 1%", "1456.60"),
    ],
)
async def test_a_stop_in_reply_to_a_fill_is_a_stop_order_for_its_position(clock: LoopClock, said: str, trigger: str) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.me.say(said, reply_to=await a_fill(stage))
        await stage.me.wait_for("SELL 25 RELIANCE")
        question = await stage.bot.question()
        assert question.draft is not None
        assert (question.draft.side, question.draft.quantity, question.draft.trigger) == (Side.SELL, 25, Decimal(trigger))
        assert question.draft.product is Product.CNC


async def test_a_number_that_may_be_points_is_two_buttons(clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.me.say("sl 30", reply_to=await a_fill(stage))
        asked = await stage.me.wait_for("Is 30.00 a price, or points?")
        assert [line[0]["label"] for line in asked["buttons"]] == ["Stop at 1,450.30", "Stop at 30.00"]
        await stage.me.choose("Stop at 1,450.30", "SELL 25 RELIANCE")


async def test_a_stop_that_the_price_has_passed_offers_the_exit(clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.me.say("sl 1500", reply_to=await a_fill(stage))
        await stage.me.wait_for("The price has passed a stop at 1,500.00 already")
        await stage.me.choose("Exit now", "SELL 25 RELIANCE")


async def test_a_stop_and_a_target_in_reply_to_a_card_make_it_a_plan_and_the_old_card_dies(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.say("sl 1450", reply_to=card["id"])
        guarded = await stage.me.wait_for("Stop, exchange")
        stage.me.say("t 1550", reply_to=guarded["id"])
        both = await stage.me.wait_for("Target, by me")
        assert "1,450.00" in both["text"]
        old, middle, new = await stage.bot.questions()
        assert [question.state for question in (old, middle, new)] == [
            ConfirmationState.REPLACED, ConfirmationState.REPLACED, ConfirmationState.OPEN,
        ]  # fmt: skip


async def test_a_trail_in_reply_to_a_card_follows_the_stop_that_is_there_or_brings_one(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10 @1480", "BUY 10 RELIANCE")
        stage.me.say("trail 15", reply_to=card["id"])
        trailed = await stage.me.wait_for("Trail, by me")
        rows = " ".join(trailed["text"].split())
        assert "Stop, exchange 1,465.00" in rows
        assert "Trail, by me 15.00 below high" in rows
        assert "sl 1465/1" in rows
        assert "trail 15" in rows
        stage.me.say("trail 20 step 10", reply_to=trailed["id"])
        stepped = await stage.me.wait_for("every 20.00 up")
        assert "1,465.00" in stepped["text"], "the stop that was there stays"


async def test_the_break_even_cannot_be_the_stop_of_a_card(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.say("sl cost", reply_to=card["id"])
        await stage.me.wait_for("cannot be attached here")
        assert len(await stage.bot.questions()) == 1


async def a_list(stage: Stage, *held: Position) -> int:
    """The list of positions, of these alone."""
    stage.broker.held = list(held)
    return int((await stage.me.ask("/positions", "POSITIONS"))["id"])


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("sl 1450", "SELL 25 RELIANCE"),
        ("sl 1450 reliance", "SELL 25 RELIANCE"),
        ("reliance sl -20", "SELL 25 RELIANCE"),
        ("एसएल 1%", "SELL 25 RELIANCE"),
        ("trail 15", "TRAIL"),
        ("sl cost", "SELL 25 RELIANCE"),
        ("half", "SELL 12 RELIANCE"),
        ("exit reliance half", "SELL 12 RELIANCE"),
        ("nikal do", "SELL 25 RELIANCE"),
        ("sl 1450 infy", "no open position that"),
        ("sl 1450 reliance 10", "a stop guards all of it"),
        ("t 1550", "A target goes with an entry"),
        ("sl 30", "Is 30.00 a price, or points?"),
        ("buy infy 10", "BUY 10 INFY"),
    ],
)
async def test_a_reply_to_a_list_of_one_position_acts_on_it(clock: LoopClock, said: str, asked: str) -> None:
    async with a_stage(clock) as stage:
        stage.me.say(said, reply_to=await a_list(stage, a_position()))
        await stage.me.wait_for(asked)


async def test_a_reply_to_a_list_of_several_acts_on_the_one_it_names_and_asks_where_it_names_none(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        shown = await a_list(stage, a_position(), replace(SHORT_CALL, average=Decimal(1500)))
        stage.me.say("sl 1450 reliance", reply_to=shown)
        await stage.me.wait_for("SELL 25 RELIANCE")
        stage.me.say("sl 1%", reply_to=shown)
        asked = await stage.me.wait_for("A stop for which of them?")
        names = [line[0]["label"] for line in asked["buttons"]]
        assert [name.partition(" at ")[0] for name in names] == ["RELIANCE CNC", "NF 24500CE 23Nov NRML"]
        stage.me.press(names[0], asked)
        await stage.me.wait_for("SELL 25 RELIANCE")
        stage.me.say("half", reply_to=shown)
        await stage.me.wait_for("Half of which?")
        stage.me.say("exit", reply_to=shown)
        exits = await stage.me.wait_for("POSITIONS")
        assert [line[0]["label"] for line in exits["buttons"][:2]] == ["Exit +25 RELIANCE CNC", "Exit −65 NF 24500CE 23Nov NRML"]


async def test_a_stop_by_its_command_names_its_position_in_any_order_or_is_buttons(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        for words in ("/sl reliance 1450", "sl 1450 reliance", "sl reliance cnc 20 pts"):
            stage.me.say(words)
            await stage.me.wait_for("SELL 25 RELIANCE")
            await later(1)
        stage.me.say("sl cost")
        asked = await stage.me.wait_for("The stop of which of them?")
        stage.me.press("RELIANCE CNC", asked)
        await stage.me.wait_for("SELL 25 RELIANCE")
        await stage.me.ask("/sl reliance", "A stop for which position, and at which price?")
        await stage.me.ask("sl 1450 reliance 10 kharido", "BUY 10 RELIANCE")


async def test_a_reply_to_a_list_of_another_account_acts_on_that_one(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        stage.bot.papas.held = [a_position(quantity=5, bought=5)]
        shown = await stage.me.ask("papa: /positions", "POSITIONS")
        stage.me.say("sl 1450", reply_to=shown["id"])
        await stage.me.wait_for("SELL 5 RELIANCE")
        assert (await stage.bot.question()).account_id == PAPA.id
