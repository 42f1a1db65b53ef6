"""An order with its stop and its target, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.account import Role
from bot.domain.plans.plan import Plan
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.stage.house import House, a_house


def price(house: House, rupees: str, name: str = "RELIANCE-EQ", exchange: str = "NSE") -> None:
    broker = house.near.paper.broker
    instrument = broker.named(exchange, name)
    assert instrument is not None
    broker.market.set_price(instrument, int(Decimal(rupees) * 100), house.clock.now())


async def plan_of(house: House) -> Plan | None:
    assert house.store is not None
    plans = await house.store.transaction(lambda db: db.plans.alive())
    return plans[0] if plans else None


async def enter(house: House, words: str = "/buy RELIANCE 10 @1475 mis sl 1450/1440 t 1500", to: str = "1474.00") -> None:
    await house.log_in()
    price(house, "1480.00")
    card = await house.me.ask(words, "BUY 10 RELIANCE")
    house.me.press("Confirm buy", card)
    await house.me.wait_for("open at")
    price(house, to)


async def exits(house: House) -> list[Order]:
    return [order for order in await house.orders() if order.draft.side is Side.SELL]


def open_quantity(house: House) -> int:
    broker = house.near.paper.broker
    signed = {"BUY": 1, "SELL": -1}
    return sum(signed[trade.side] * trade.quantity for trade in broker.ledger.trades)


@pytest.mark.core
async def test_an_order_with_stop_and_target_by_one_confirm_guards_itself_and_takes_its_target(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        filled = await house.me.wait_for("Filled #1 BUY 10 RELIANCE", 30)
        assert [each["label"] for each in filled["buttons"][0]] == ["Exit", "Add"], "its stop is on its way"
        placed = await house.me.wait_for("Stop placed", 30)
        assert "1,450.00" in placed["text"]
        assert [(order.status, order.draft.quantity) for order in await exits(house)] == [(OrderStatus.TRIGGER_PENDING, 10)]
        price(house, "1501.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert open_quantity(house) == 0
        await asyncio.sleep(10)
        assert await plan_of(house) is None
        assert house.placed == 2


@pytest.mark.core
async def test_the_card_names_the_stop_its_loss_and_who_holds_the_target(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 @1475 mis sl 1450/1440 t 1500", "BUY 10 RELIANCE")
        rows = " ".join(card["text"].split())
        for said in ("Stop, exchange 1,450.00", "sells to 1,440.00", "if hit −350.00", "Target, by me 1,500.00"):
            assert said in rows
        assert "sl 1450/1440 t 1500" in card["text"]


async def test_the_stop_is_hit_and_the_target_stays_silent_afterwards(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        price(house, "1449.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        price(house, "1501.00")
        await asyncio.sleep(30)
        assert (open_quantity(house), house.placed, await plan_of(house)) == (0, 2, None)


async def test_a_limit_fills_in_three_parts_and_the_stop_follows_each(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        house.near.paper.broker.faults.arm("fill_in_parts", parts=3, seconds=20)
        await house.log_in()
        price(house, "100.00", "NIFTY26NOV24500CE", "NFO")
        card = await house.me.ask("/buy nifty 24500 ce 3lots @95 sl 80/70 t 130", "BUY 195 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at 95.00")
        await asyncio.sleep(20)
        assert (open_quantity(house), await exits(house)) == (0, []), "it rests, and nothing is there to guard"
        price(house, "94.00", "NIFTY26NOV24500CE", "NFO")
        seen: list[int] = []
        for _ in range(100):
            await asyncio.sleep(1)
            guards = [order.draft.quantity for order in await exits(house)]
            if guards and guards[-1] not in seen:
                seen.append(guards[-1])
        assert seen == [65, 130, 195]
        assert house.placed == 2
        price(house, "131.00", "NIFTY26NOV24500CE", "NFO")
        await asyncio.sleep(30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_stop_and_target_within_one_second_close_once(clock: LoopClock, tmp_path: Path) -> None:
    for first, second in (("1501.00", "1445.00"), ("1445.00", "1501.00")):
        async with a_house(clock, tmp_path / first) as house:
            await enter(house)
            await house.me.wait_for("Stop placed", 30)
            price(house, first)
            await asyncio.sleep(0.5)
            price(house, second)
            await asyncio.sleep(40)
            assert (open_quantity(house), house.placed, await plan_of(house)) == (0, 2, None)
            (way_out,) = await exits(house)
            assert (way_out.status, way_out.filled) == (OrderStatus.FILLED, 10)


async def test_a_stop_that_is_gapped_through_rings_and_is_sent_after_the_price_by_its_button(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        price(house, "1430.00")
        rung = await house.me.wait_for("Stop triggered, not filled", 60)
        button = rung["buttons"][0][0]["label"]
        assert button.startswith("Exit at 1,42")
        card = await house.me.choose(button, "CHANGE #2")
        house.me.press("Confirm change", card)
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_a_restart_in_the_middle_goes_on_with_the_plan(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        await house.restart()
        await asyncio.sleep(10)
        price(house, "1501.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_the_targets_change_is_refused_and_it_goes_alone_once_the_stop_is_read_as_cancelled(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        house.near.paper.broker.faults.arm("error_instead", route="modify", status=400, body="json")
        price(house, "1501.00")
        await house.me.wait_for("Filled #3 SELL 10 RELIANCE", 60)
        assert (open_quantity(house), house.placed) == (0, 3)


async def test_the_answer_to_the_targets_change_is_lost_and_nothing_is_sold_twice(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        house.near.paper.broker.faults.arm("answer_lost", route="modify")
        price(house, "1501.00")
        await asyncio.sleep(60)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_kill_leaves_stop_and_target_alive(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        await house.me.ask("/kill", "Stopped")
        price(house, "1501.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert open_quantity(house) == 0


async def test_an_exit_by_two_taps_is_the_stop_itself(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        card = await house.me.ask("/sell RELIANCE 10 mis", "SELL 10 RELIANCE")
        assert "The stop #2 becomes this order" in card["text"]
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        await asyncio.sleep(30)
        assert (open_quantity(house), house.placed, await plan_of(house)) == (0, 2, None)


async def test_the_lost_exit_that_did_not_arrive_may_be_sent_again_and_the_card_names_the_worst_case(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        house.near.paper.broker.faults.arm("error_instead", route="place")
        card = await house.me.ask("/sell RELIANCE 10 mis", "SELL 10 RELIANCE")
        house.me.press("Confirm sell", card)
        await house.me.wait_for("I will not send it again")
        house.me.say("/sell RELIANCE 10 mis")
        await asyncio.sleep(3)
        early = house.me.last
        assert "its outcome is still unknown. It is being looked for" in early["text"]
        assert "Confirm" not in str(early["buttons"])
        await asyncio.sleep(11)
        card = await house.me.ask("/sell RELIANCE 10 mis", "if all fill you are short 10")
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled #3 SELL 10 RELIANCE", 30)
        assert open_quantity(house) == 0


async def test_the_lost_exit_that_arrives_after_a_second_was_sent_rings_and_is_told_as_it_is(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        house.near.paper.broker.faults.arm("request_late", route="place", seconds=40)
        card = await house.me.ask("/sell RELIANCE 10 @1485 mis", "SELL 10 RELIANCE")
        house.me.press("Confirm sell", card)
        await house.me.wait_for("I will not send it again", 60)
        await asyncio.sleep(14)
        card = await house.me.ask("/sell RELIANCE 10 mis", "if all fill you are short 10")
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled #3 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2), "the first is not there yet"
        found = await house.me.wait_for("Found in the order book", 120)
        assert any(ring["id"] == found["id"] for ring in house.me.rings())
        states = {order.number: order.status for order in await house.orders()}
        assert states == {1: OrderStatus.FILLED, 2: OrderStatus.OPEN, 3: OrderStatus.FILLED}
        price(house, "1486.00")
        over = await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert "Position −10" in over["text"]
        assert open_quantity(house) == -10, "what the card named as the worst case"
        back = await house.me.choose("Exit", "BUY 10 RELIANCE")
        house.me.press("Confirm", back)
        await house.me.wait_for("position closed", 30)
        assert open_quantity(house) == 0


async def test_kill_between_the_second_and_the_third_part_strikes_off_the_rest(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "51.00", "NIFTY26NOV24500CE", "NFO")
        house.near.paper.broker.faults.arm("request_late", route="place", skip=1, seconds=5)
        card = await house.me.ask("/buy nifty 24500 ce 60lots @50", "sent in 3 orders")
        house.me.press("Confirm buy", card)
        await asyncio.sleep(2)  # the second is on its way
        await house.me.ask("/kill", "Stopped")
        told = await house.me.wait_for("Not sent whole", 30)
        assert "3,510 of 3,900 were sent" in told["text"]
        await asyncio.sleep(60)
        assert [order.quantity for order in house.near.paper.broker.ledger.orders.values()] == [1755, 1755]
        assert await plan_of(house) is None


async def test_set_stop_under_a_fill_offers_prices_each_of_which_is_a_card(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        fill = await house.me.wait_for("Position +10")
        house.me.press("Set stop", fill)
        asked = await house.me.wait_for("A stop for +10 RELIANCE at which price?")
        labels = [line[0]["label"] for line in asked["buttons"]]
        assert [label.split(":")[0] for label in labels] == ["1 %", "2 %", "3 %", "Trail 1 %"]
        card = await house.me.choose(labels[1], "SELL 10 RELIANCE")
        assert "Stop" in card["text"]
        house.me.press("Confirm sell", card)
        await house.me.wait_for("waiting for")
        assert [(order.status, order.draft.quantity) for order in await exits(house)] == [(OrderStatus.TRIGGER_PENDING, 10)]


async def test_adding_to_a_guarded_position_raises_its_stop_after_the_fill(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        card = await house.me.ask("/buy RELIANCE 10 @1475 mis", "BUY 10 RELIANCE")
        rows = " ".join(card["text"].split())
        for said in ("Stop #2 10 → 20", "Stop, exchange 1,450.00", "Target, by me 1,500.00"):
            assert said in rows
        kept = await house.me.choose("Leave the stop at 10", "stays at 10")
        assert "Raise stop to 20" in [line[0]["label"] for line in kept["buttons"]]
        card = await house.me.choose("Raise stop to 20", "10 → 20")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Position +20", 30)
        await asyncio.sleep(10)
        assert [(order.status, order.draft.quantity) for order in await exits(house)] == [(OrderStatus.TRIGGER_PENDING, 20)]
        price(house, "1501.00")
        await asyncio.sleep(30)
        assert (open_quantity(house), house.placed, await plan_of(house)) == (0, 3, None)


async def test_an_exit_closed_as_not_there_that_turns_up_rings_and_is_taken_back_by_its_button(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        house.near.paper.broker.faults.arm("request_late", route="place", seconds=400)
        card = await house.me.ask("/sell RELIANCE 10 @1485 mis", "SELL 10 RELIANCE")
        house.me.press("Confirm sell", card)
        lost = await house.me.wait_for("It is not in the order book, three minutes after", 400)
        house.me.press("It is not in the mStock app", lost)
        sure = await house.me.wait_for("You looked in the mStock app", 30)
        house.me.press("Yes, allow a new order", sure)
        card = await house.me.ask("/sell RELIANCE 10 mis", "10 of 10")
        assert "if all fill" not in card["text"], "one that was closed counts no more"
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled #3 SELL 10 RELIANCE", 30)
        found = await house.me.wait_for("It exists after all. You closed it", 400)
        assert "if you sent another after it and both fill, you are short" in found["text"]
        house.me.press("Cancel", found)
        await asyncio.sleep(10)
        states = {order.number: order.status for order in await house.orders()}
        assert states[2] is OrderStatus.CANCELLED
        assert open_quantity(house) == 0


async def test_two_exits_from_two_phones_at_once_never_turn_the_position_over(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house)
        await house.me.wait_for("Stop placed", 30)
        other = await house.join(2002, "Ravi", Role.TRADER)
        cards = [(each, await each.ask("/sell RELIANCE 10 mis", "10 of 10")) for each in (house.me, other)]
        for each, card in cards:
            each.press("Confirm sell", card)
        await asyncio.sleep(60)
        sells = [trade.quantity for trade in house.near.paper.broker.ledger.trades if trade.side == "SELL"]
        assert (sum(sells), open_quantity(house), await plan_of(house)) == (10, 0, None)
        working = [order for order in await house.orders() if order.status.is_working]
        assert working == []


async def test_a_stop_that_the_person_takes_away_says_that_its_target_ended_with_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis sl 1470 t 1500", "BUY 10 RELIANCE"))
        await house.me.wait_for("Stop placed.")
        question = await house.me.ask("/cancel_order 2", "Cancel the stop #2?")
        assert "Without it nothing guards the position, and its target 1,500.00 ends with it." in question["text"]
        house.me.press("Yes, cancel the stop", question)
        told = await house.me.wait_for("its stop is over. Nothing guards it.", 30)
        assert "Its target 1,500.00 ended with it." in told["text"]
        await asyncio.sleep(5)
        price(house, "1501.00")
        await asyncio.sleep(10)
        assert house.placed == 2
