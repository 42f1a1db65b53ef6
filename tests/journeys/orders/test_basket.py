"""Several orders under one Confirm, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.account import Role
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from bot.simulators.telegram.chat.messages import Json
from tests.journeys.exits.test_exits import RICH
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

COVER, SHORT = "NIFTY26NOV24800CE", "NIFTY26NOV24500CE"
SPREAD = "s nifty 24500 ce 1lot\nb nifty 24800 ce 1lot"
RESTING = "s nifty 24500 ce 1lot\nb nifty 24800 ce 1lot @40"


async def asked(house: House, words: str = SPREAD) -> Json:
    """The card of a spread, with its contracts at known prices."""
    price(house, "98.00", SHORT, "NFO")
    price(house, "45.00", COVER, "NFO")
    return await house.me.ask(words, "BASKET 2 orders")


async def sides(house: House) -> list[tuple[Side, OrderStatus]]:
    return [(order.draft.side, order.status) for order in await house.orders()]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.core
async def test_two_lines_are_one_card_and_the_short_goes_after_its_cover_is_filled(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        rows = flat(card["text"])
        for said in ("1 BUY 65 24800 CE m 4", "2 SELL 65 24500 CE m 9", "sent after 1 is filled", "Loss at most", "Charges"):
            assert said in rows, said
        assert "cover" not in rows.split("until")[1].split("m: at")[0], "the short option is covered by the basket"
        assert all(len(line) <= 30 for line in card["text"].splitlines()[:12])
        house.me.press("Confirm both", card)
        done = await house.me.wait_for("2 of 2 filled", 30)
        assert done["id"] == card["id"]
        assert await sides(house) == [(Side.BUY, OrderStatus.FILLED), (Side.SELL, OrderStatus.FILLED)]
        first, second = await house.orders()
        assert second.created_at >= first.updated_at
        assert first.tag != second.tag
        assert house.placed == 2


async def test_a_cover_that_rests_rings_and_its_short_goes_only_by_a_second_tap(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, RESTING)
        house.me.press("Confirm both", card)
        await house.me.wait_for("waits for the fill of 1", 30)
        rung = await house.me.wait_for("The cover is not filled", 30)
        assert rung in house.me.rings()
        assert house.placed == 1
        await house.me.choose("Go on", "its loss has no floor")
        await asyncio.sleep(3)
        assert house.placed == 1, "the question in words was not answered yet"
        house.me.press("Yes, sell it uncovered")
        await house.me.wait_for("1 of 2 filled", 30)
        assert await sides(house) == [(Side.BUY, OrderStatus.OPEN), (Side.SELL, OrderStatus.FILLED)]


async def test_stop_here_strikes_off_the_short_and_a_later_fill_sends_nothing(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, RESTING)
        house.me.press("Confirm both", card)
        await house.me.wait_for("The cover is not filled", 30)
        await house.me.choose("Stop here", "struck off")
        price(house, "39.00", COVER, "NFO")
        await house.me.wait_for("Filled", 30)
        await asyncio.sleep(30)
        assert house.placed == 1


@pytest.mark.core
async def test_kill_between_the_orders_strikes_off_what_was_not_sent_and_the_card_says_so(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, RESTING)
        house.me.press("Confirm both", card)
        await house.me.wait_for("waits for the fill of 1", 30)
        house.me.say("/kill")
        await house.me.wait_for("Struck off, will not be sent", 30)
        await house.me.wait_for(lambda each: each["id"] == card["id"] and "struck off" in each["text"], 30)
        price(house, "39.00", COVER, "NFO")
        await house.me.wait_for("Filled", 30)
        await asyncio.sleep(30)
        assert house.placed == 1


async def test_a_lost_role_strikes_off_what_was_not_sent(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        ravi = await house.join(7001, "Ravi", Role.TRADER)
        price(house, "98.00", SHORT, "NFO")
        price(house, "45.00", COVER, "NFO")
        card = await ravi.ask(RESTING, "BASKET 2 orders")
        ravi.press("Confirm both", card)
        await ravi.wait_for("waits for the fill of 1", 30)
        house.me.say("/people remove Ravi")
        await house.me.wait_for("Struck off, will not be sent", 30)
        price(house, "39.00", COVER, "NFO")
        await asyncio.sleep(60)
        assert house.placed == 1


async def test_the_second_order_refused_is_told_and_the_first_stands(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, RESTING)
        house.me.press("Confirm both", card)
        await house.me.wait_for("waits for the fill of 1", 30)
        house.near.paper.broker.faults.arm("order_rejected")
        price(house, "39.00", COVER, "NFO")
        told = await house.me.wait_for(lambda each: each["id"] == card["id"] and "rejected" in each["text"], 30)
        assert "1 of 2 filled" in told["text"]
        await asyncio.sleep(60)
        assert await sides(house) == [(Side.BUY, OrderStatus.FILLED), (Side.SELL, OrderStatus.REJECTED)]
        assert house.placed == 2


async def test_the_first_order_refused_lets_the_short_wait_and_ring(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        house.near.paper.broker.faults.arm("order_rejected")
        house.me.press("Confirm both", card)
        await house.me.wait_for("The cover is not filled", 30)
        await asyncio.sleep(30)
        assert await sides(house) == [(Side.BUY, OrderStatus.REJECTED)]
        await house.me.choose("Stop here", "struck off")


async def test_a_restart_in_the_middle_goes_on_and_sends_each_order_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, RESTING)
        house.me.press("Confirm both", card)
        await house.me.wait_for("waits for the fill of 1", 30)
        await house.restart()
        price(house, "39.00", COVER, "NFO")
        done = await house.me.wait_for("2 of 2 filled", 60)
        assert done["id"] == card["id"]
        assert house.placed == 2


async def test_an_answer_that_got_lost_leaves_the_short_waiting_and_nothing_goes_twice(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        house.near.paper.broker.faults.arm("answer_lost", route="place")
        house.me.press("Confirm both", card)
        await house.me.wait_for("2 of 2 filled", 120)
        assert house.placed == 2


async def test_a_double_tap_and_a_card_that_is_over_send_nothing_twice(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        await house.me.wait_for("expired", 90)
        again = await house.me.choose("Ask again", "BASKET 2 orders")
        assert again["id"] == card["id"]
        house.me.press("Confirm both", again)
        house.me.press("Confirm both", again)
        await house.me.wait_for("2 of 2 filled", 30)
        await asyncio.sleep(10)
        assert house.placed == 2


async def test_a_bare_short_among_them_is_asked_again_in_words(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, "s nifty 24500 ce 2lots; b nifty 24800 ce 1lot")
        assert "without cover" in card["text"]
        assert "no limit" in card["text"]
        await house.me.choose("Confirm both", "Send these 2 orders?")
        await asyncio.sleep(2)
        assert house.placed == 0
        house.me.press("Yes, send both")
        await house.me.wait_for("2 of 2 filled", 30)


async def test_a_price_that_ran_away_is_a_new_card(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        price(house, "60.00", COVER, "NFO")
        await asyncio.sleep(2)
        anew = await house.me.choose("Confirm both", "Asked again.")
        assert anew["id"] == card["id"]
        assert house.placed == 0
        await asyncio.sleep(2)
        house.me.press("Confirm both", anew)
        await house.me.wait_for("2 of 2 filled", 30)


async def test_a_line_that_cannot_be_read_is_named_and_its_buttons_are_whole_baskets(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        await house.me.ask("b reliance 10\ns infy 5\nthanks", "Line 3")
        await house.me.ask("b reliance 10\ns infy", "Line 2")
        told = await house.me.ask("b itc 1\nb itc 2 sl 400", "Line 2")
        assert "order of its own" in told["text"]
        await house.me.ask("/basket", "two orders or more")
        near = await house.me.ask("b itc 1\nb relianse 1", "Line 2")
        assert any("copy" in item or "basket" in str(item.get("data", "")) for line in near["buttons"] for item in line)


async def test_different_shares_go_side_by_side_and_what_closes_closes(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await house.me.ask("b itc 10 mis\nb sbin 5 mis", "BASKET 2 orders")
        house.me.press("Confirm both", card)
        await house.me.wait_for("2 of 2 filled", 30)
        card = await house.me.ask("s itc 10 mis\nb itc fut 1lot", "BASKET 2 orders")
        assert "closes" in card["text"]
        house.me.press("Confirm both", card)
        await house.me.wait_for("2 of 2 filled", 30)
        orders: list[Order] = await house.orders()
        closing = next(order for order in orders if order.draft.side is Side.SELL)
        assert closing.closes


async def test_the_payoff_is_drawn_before_confirm(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        house.me.press("Payoff", card)
        told = await house.me.wait_for("PAYOFF", 30)
        assert "Most lost" in told["text"]
        await house.me.wait_for("NIFTY payoff", 30)
        assert house.placed == 0
        await house.me.choose("With what I hold", "Nothing is held")
        house.me.press("Margin with hedge", card)
        margin = await house.me.wait_for("Basket route", 30)
        assert "sees no hedge among them" in margin["text"], "the paper broker recognises none"
        assert flat(margin["text"]).count("1,94,212.32") == 2
        assert not house.near.paper.broker.ledger.baskets, "what was made for it is deleted"
        lost = Decimal(flat(told["text"]).split("Most lost −")[1].split()[0].replace(",", ""))
        assert f"{lost:,}"[-6:] in card["text"], "the picture and the card agree on the worst"
        bought = await house.me.ask("b nifty 24500 ce 1lot", "BUY 65 NIFTY 24500 CE")
        house.me.press("Confirm buy", bought)
        await house.me.wait_for("Filled", 30)
        both = await house.me.choose("With what I hold", "These orders and what you hold")
        assert both["text"].count("NF 24500CE") == 2


async def test_all_orders_are_changed_alike_and_the_old_card_is_dead(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        house.me.press("Change", card)
        await house.me.wait_for(lambda each: any("All twice" in item["label"] for line in each["buttons"] for item in line), 30)
        twice = await house.me.choose("All twice", "1 BUY 130 24800 CE")
        assert twice["id"] == card["id"]
        limits = await house.me.choose("Limits at mid", "@ 45.00")
        await house.me.choose("All half", "1 BUY 65 24800 CE")
        house.me.press("All half", house.me.message(card["id"]))
        await house.me.wait_for("cannot be halved", 30)
        house.me.press("Done", house.me.message(card["id"]))
        await house.me.wait_for(lambda each: any("Confirm" in item["label"] for line in each["buttons"] for item in line), 30)
        assert "Market" not in limits["text"]
        house.me.press("Confirm both", house.me.message(card["id"]))
        await house.me.wait_for(lambda each: each["id"] == card["id"] and "1 BUY 65" in each["text"] and "#1" in each["text"], 30)
        assert house.placed >= 1


async def test_a_card_from_before_a_restart_is_asked_anew(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        await house.restart()
        anew = await house.me.choose("Confirm both", "restarted after this card")
        assert anew["id"] == card["id"]
        again = await house.me.choose("Ask again", "BASKET 2 orders")
        house.me.press("Confirm both", again)
        await house.me.wait_for("2 of 2 filled", 30)
        assert house.placed == 2


async def test_a_chased_cover_fills_and_its_short_follows_by_itself(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house, RESTING)
        house.me.press("Confirm both", card)
        await house.me.wait_for("The cover is not filled", 30)
        change = await house.me.choose("Chase #1 to", "CHANGE #1")
        house.me.press("Confirm change", change)
        done = await house.me.wait_for("2 of 2 filled", 60)
        assert done["id"] == card["id"]
        assert house.placed == 2
