"""A reply acts on what it replies to: new terms for a proposal, the named act for an order; anything else is read as usual."""

from decimal import Decimal

import pytest

from bot.domain.orders.proposal import Change
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.chat import Stage, a_stage, later


async def a_fill(stage: Stage) -> int:
    """A message with an order's buttons, as its card and its fill have them."""
    shown = await stage.me.ask("/order 12", "At mStock: 115126")
    return int(shown["id"])


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("2905", Change(price=Decimal(2905))),
        ("@2,905.50", Change(price=Decimal("2905.50"))),
        ("134500", Change(price=Decimal(134500))),
        ("q 20", Change(quantity=20)),
        ("Q20", Change(quantity=20)),
    ],
)
async def test_a_reply_to_a_proposal_changes_it_in_its_place(clock: LoopClock, said: str, change: Change) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(1)
        stage.me.say(said, reply_to=card["id"])
        await later(1)
        assert stage.services.desk.changed == [change]
        assert stage.services.desk.bound == {"TOKEN1": card["id"], "TOKEN2": card["id"]}


async def test_six_digits_that_a_login_waits_for_are_a_code_wherever_they_are_typed(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.services.accounts.wants_code = True
        await stage.me.ask("/login", "Six digits, please.")
        stage.me.say("123456", reply_to=card["id"])
        await stage.me.wait_for("Logged in.")
        assert stage.services.desk.changed == []


@pytest.mark.parametrize(("said", "act"), [("same", "same_again"), ("Exit", "exit_of"), ("reverse", "reverse")])
async def test_a_reply_to_an_order_does_what_it_names(clock: LoopClock, said: str, act: str) -> None:
    async with a_stage(clock) as stage:
        stage.me.say(said, reply_to=await a_fill(stage))
        await stage.me.wait_for("BUY 10 RELIANCE          PAPER")
        assert stage.services.desk.acted == [(act, "o12")]


async def test_half_is_the_exit_with_half_the_quantity(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.me.say("half", reply_to=await a_fill(stage))
        await stage.me.wait_for("BUY 5 RELIANCE")
        assert stage.services.desk.acted == [("exit_of", "o12")]
        assert stage.services.desk.changed == [Change(quantity=5)]


async def test_a_price_in_reply_to_a_working_order_changes_that_order(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await a_fill(stage)
        stage.me.say("1475", reply_to=card)
        await stage.me.wait_for("CHANGE #12")
        stage.me.say("q 20", reply_to=card)
        await later(1)
        assert stage.services.desk.modified == [(12, Decimal(1475), None), (12, None, 20)]


async def test_an_order_of_yesterday_is_not_taken_for_today_s_of_the_same_number(loop: VirtualLoop, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await a_fill(stage)
        loop.shift(24 * 3600)
        await later(1)
        stage.me.say("1475", reply_to=card)
        await stage.me.wait_for("#12 does not work any more")
        assert stage.services.desk.modified == []


async def test_a_number_that_replies_to_nothing_of_ours_is_not_an_act(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await stage.me.ask("2905", "I don't understand that.")
        mine = stage.me.say("hello")
        await stage.me.wait_for("I don't understand that.")
        stage.me.say("2905", reply_to=mine["id"])
        await later(1)
        assert stage.services.desk.changed == []
