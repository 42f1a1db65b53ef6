"""A Confirm whose answer Telegram would not take: its card is drawn as what became of it, later, after a restart too."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from bot.simulators.telegram.chat.messages import Json
from tests.journeys.exits.test_convert import bought, products
from tests.journeys.exits.test_exits import RICH
from tests.journeys.plans.test_plans import price
from tests.journeys.plans.test_pnl_exits import hold
from tests.stage.house import House, a_house


@asynccontextmanager
async def unheard(house: House, seconds: float = 30.0) -> AsyncIterator[None]:
    """Telegram takes nothing of the bot, whose polls go on: what is tapped here is answered into the void."""
    faults = house.near.chats.faults
    faults.add("bad_gateway", times=1000)
    try:
        yield
        await asyncio.sleep(seconds)
    finally:
        faults.clear()


@contextmanager
def no_more_messages(house: House) -> Iterator[None]:
    """What became of the tap is told in the message that was tapped, and in no other."""
    before = len(house.me.history())
    yield
    assert len(house.me.history()) == before, house.me.transcript(5)


async def becomes(house: House, card: Json, words: str, seconds: float = 30.0) -> str:
    """The text of the card once it says so, without a button that would confirm it."""
    async with asyncio.timeout(seconds):
        while words not in (now := house.me.message(card["id"]) or card)["text"]:
            await house.near.chats.change()
    assert not any(item["label"].startswith(("Confirm", "Yes")) for row in now["buttons"] for item in row)
    return str(now["text"])


async def a_small_order(house: House) -> Json:
    await house.log_in()
    price(house, "1480.00")
    return await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")


@pytest.mark.core
async def test_a_refusal_that_telegram_would_not_take_is_drawn_on_its_card_once_it_takes_it(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        await house.me.ask("/kill", "Stopped")
        with no_more_messages(house):
            async with unheard(house):
                house.me.press("Confirm buy", card)
            said = await becomes(house, card, "Trading is stopped since")
            assert "Not sent." in said
            assert "BUY 10 RELIANCE" in said
            await asyncio.sleep(120)
        assert said == (house.me.message(card["id"]) or {})["text"], "the end of its time says nothing else"
        assert house.placed == 0


async def test_a_refusal_whose_process_ended_before_telegram_took_it_is_drawn_by_the_next_one(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        await house.me.ask("/limits value 5000", "5,000")
        async with unheard(house, 5.0):
            house.me.press("Confirm buy", card)
            await asyncio.sleep(1)
            await house.stop()
        await house.start()
        await becomes(house, card, "over your own limit of 5,000.00")
        assert house.placed == 0


async def test_a_refusal_that_arrived_is_drawn_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        await house.me.ask("/kill", "Stopped")
        house.me.press("Confirm buy", card)
        await becomes(house, card, "Trading is stopped since")
        edits = len(house.near.telegram.sent("editMessageText"))
        await asyncio.sleep(120)
        assert len(house.near.telegram.sent("editMessageText")) == edits


async def test_a_card_whose_time_is_over_while_telegram_takes_nothing_folds_afterwards(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        async with unheard(house, 200.0):
            pass
        await becomes(house, card, "expired")
        assert house.placed == 0


async def test_a_discard_that_was_not_shown_is_drawn(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        async with unheard(house):
            house.me.press("Discard", card)
        await becomes(house, card, "Discarded. Nothing was sent.")


async def test_cards_that_a_lock_closed_say_so(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        await house.me.ask("/lock now", "locked")
        assert "BUY 10 RELIANCE" in await becomes(house, card, "This phone was locked.")


async def test_a_card_that_a_reply_replaced_asks_no_more(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        card = await a_small_order(house)
        house.me.say("sl 1450", reply_to=card["id"])
        anew = await house.me.wait_for("Stop, exchange")
        await becomes(house, card, "Replaced.")
        house.me.press("Confirm buy", anew)
        await house.me.wait_for("Filled #1 BUY 10 RELIANCE")


async def test_an_exit_that_its_stop_would_not_become_says_so_on_its_card(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis sl 1450/1440", "BUY 10 RELIANCE"))
        await house.me.wait_for("Stop placed", 30)
        card = await house.me.ask("/exit reliance", "SELL 10 RELIANCE")
        for route in ("modify", "cancel"):
            house.near.paper.broker.faults.arm("error_instead", route=route, status=400, body="json", times=None)
        async with unheard(house):
            house.me.press("Confirm sell", card)
        await becomes(house, card, "stands as it was. Nothing was sent.")
        assert [order.status for order in await house.orders()] == [OrderStatus.FILLED, OrderStatus.TRIGGER_PENDING]


async def test_a_conversion_whose_answer_was_not_shown_says_on_its_card_how_it_ended(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await bought(house)
        card = await house.me.ask("/convert reliance", "CONVERT +10 RELIANCE")
        async with unheard(house):
            house.me.press("Confirm conversion", card)
        await becomes(house, card, "Converted.")
        assert products(house) == {"DELIVERY": 10}


async def test_a_conversion_that_is_seen_only_later_says_so_on_its_card_too(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await bought(house)
        house.near.paper.broker.faults.arm("gateway_502", route="convert")
        card = await house.me.ask("/convert reliance", "CONVERT +10 RELIANCE")
        house.me.press("Confirm conversion", card)
        await becomes(house, card, "Conversion unclear.")
        await becomes(house, card, "Not converted as far as I see.", 120)


async def test_the_cancel_of_a_stop_whose_answer_was_not_shown_becomes_the_stops_card(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis sl 1450/1440", "BUY 10 RELIANCE"))
        await house.me.wait_for("Stop placed", 30)
        card = await house.me.ask("/cancel_order 2", "Cancel the stop #2?")
        async with unheard(house):
            house.me.press("Yes, cancel the stop", card)
        assert "cancelled" in await becomes(house, card, "#2 SELL 10 RELIANCE")


async def test_a_pnl_exit_and_a_resume_whose_answers_were_not_shown_say_that_they_are_confirmed(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await hold(house, 65)
        pnl = await house.me.ask("/exit all if -90000", "P&L EXIT", 30)
        async with unheard(house):
            house.me.press("Confirm", pnl)
        assert "The P&L exit was set." in await becomes(house, pnl, "Confirmed.")
        listed = await house.me.ask("/exit if", "90,000")
        assert "90,000" in listed["text"]
        await house.me.ask("/kill", "Stopped")
        resume = await house.me.ask("/resume", "Allow new orders again?")
        async with unheard(house):
            house.me.press("Yes, allow new orders", resume)
        await becomes(house, resume, "New orders were allowed again.")


async def test_a_trail_whose_answer_was_not_shown_says_that_it_is_confirmed(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled #1 BUY 10 RELIANCE")
        card = await house.me.ask("/trail reliance 15", "RELIANCE")
        async with unheard(house):
            house.me.press(card["buttons"][0][0]["label"], card)
        await becomes(house, card, "The stop was set to follow the price.")
        (stop,) = [order for order in await house.orders() if order.status is OrderStatus.TRIGGER_PENDING]
        assert stop.draft.trigger == Decimal(1465)


@pytest.mark.parametrize("lost", [False, True])
async def test_a_change_that_mstock_refused_is_told_once_on_its_card_where_the_words_were_lost(
    clock: LoopClock, tmp_path: Path, lost: bool
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 @1475", "BUY 10 RELIANCE"))
        await house.me.wait_for("open at 1,475.00")
        card = await house.me.ask("/modify 1 1470", "CHANGE #1")
        house.near.paper.broker.faults.arm("error_instead", route="modify", status=400, body="json")
        if lost:
            async with unheard(house):
                house.me.press("Confirm change", card)
            assert "Change to BUY 10 RELIANCE" in await becomes(house, card, "Not changed.")
        else:
            house.me.press("Confirm change", card)
            await becomes(house, card, "open at 1,475.00")
            await asyncio.sleep(60)
            assert "open at 1,475.00" in (house.me.message(card["id"]) or {})["text"]
        assert [order.draft.price for order in await house.orders()] == [1475]
