"""A stop that follows the price, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
import itertools
import re
from bisect import bisect_left
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.domain.terms import Side
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.journeys.exits.test_exits import RICH, carry, open_rows
from tests.journeys.plans.test_plans import open_quantity, price
from tests.stage.house import House, a_house

SON = 5002


async def enter(house: House, words: str, *, at: str = "1480.00", fill: str = "1474.00") -> None:
    """An entry at 1,475 that fills, with its stop placed."""
    await house.log_in()
    price(house, at)
    card = await house.me.ask(words, "10 RELIANCE")
    house.me.press("Confirm buy" if words.startswith("/buy") else "Confirm sell", card)
    await house.me.wait_for("open at")
    price(house, fill)
    await house.me.wait_for("Stop placed", 30)
    await asyncio.sleep(2)


async def walk(house: House, *prices: str, seconds: float = 6.0) -> list[Decimal | None]:
    """Trades at these prices, and returns the trigger that stands at the exchange after each."""
    stands = []
    for rupees in prices:
        price(house, rupees)
        await asyncio.sleep(seconds)
        waiting = [order for order in await house.orders() if order.status is OrderStatus.TRIGGER_PENDING]
        stands.append(waiting[-1].draft.trigger if waiting else None)
    return stands


def d(*prices: str) -> list[Decimal]:
    return [Decimal(each) for each in prices]


@pytest.mark.core
async def test_an_entry_with_a_trail_by_one_confirm_follows_the_high_and_is_out(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 @1475 mis trail 15", "BUY 10 RELIANCE")
        rows = " ".join(card["text"].split())
        for said in ("Stop, exchange 1,460.00", "Trail, by me 15.00 below high", "trail 15"):
            assert said in rows
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at")
        price(house, "1474.00")
        placed = await house.me.wait_for("Stop placed", 30)
        assert "Trail 15.00 below the high (continuous)" in placed["text"]
        await asyncio.sleep(2)
        assert await walk(house, "1480.00", "1490.00", "1484.00") == d("1465", "1475", "1475")
        living = await house.me.wait_for("Trail 15.00 below the high (continuous): high 1,490.00, stop now 1,475.00", 120)
        assert "#1 BUY 10 RELIANCE" in living["text"]
        assert "Stop the trail" in [item["label"] for line in living["buttons"] for item in line]
        listed = await house.me.ask("/trail", "RELIANCE")
        assert re.search(r"stop now 1,475.00, held by me, seen \d\d:\d\d:\d\d$", listed["text"], re.MULTILINE)
        price(house, "1474.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        await asyncio.sleep(5)
        assert (open_quantity(house), house.placed) == (0, 2)
        await house.me.ask("/trail", "No trails")


async def test_forty_ticks_with_a_dead_minute_move_a_long_and_a_short_to_mirrored_stops(clock: LoopClock, tmp_path: Path) -> None:
    tape = [Decimal(step) * 2 - (5 if step % 7 == 0 else 0) for step in range(1, 41)]
    stops: dict[Side, list[Decimal]] = {}
    for side, words in ((Side.BUY, "/buy RELIANCE 10 @1475 mis trail 15"), (Side.SELL, "/sell RELIANCE 10 @1475 mis trail 15")):
        async with a_house(clock, tmp_path / side, seed_number=7) as house:
            fall = Decimal(-1 if side is Side.BUY else 1)
            await enter(house, words, at=str(1475 - 5 * fall), fill=str(1475 + fall))
            seen = []
            for number, move in enumerate(tape):
                if number == 20:
                    faults = house.near.paper.broker.faults
                    faults.arm("socket_refused", times=None)
                    house.near.paper.stream.drop()
                    await asyncio.sleep(60)
                    faults.clear()
                    await asyncio.sleep(30)
                found = await walk(house, str(1475 - fall * move))
                seen.append(found[0])
            known = [each for each in seen if each is not None]
            assert len(known) == 40
            stops[side] = known
            assert len(set(known)) > 10
            listed = await house.me.ask("/trail", "not seen")
            assert "held by me" in listed["text"]
    assert [2 * Decimal(1475) - stop for stop in stops[Side.SELL]] == stops[Side.BUY]


async def test_a_price_that_is_through_the_new_trigger_before_the_stop_could_move_is_left_at_and_nothing_is_moved(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, "/buy RELIANCE 10 @1475 mis trail 15")
        assert await walk(house, "1480.00", seconds=1.7) == d("1465")
        assert await walk(house, "1500.00", seconds=1.7) == d("1465"), "five seconds are not over"
        price(house, "1484.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        (stop,) = [order for order in await house.orders() if order.draft.side is Side.SELL]
        assert (stop.draft.trigger, stop.filled) == (None, 10), "the stop became the exit"
        assert len(changes(house)) == 2
        assert (open_quantity(house), house.placed) == (0, 2)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_move_whose_answer_is_lost_is_read_from_the_book_and_there_are_never_two_stops(
    clock: LoopClock, tmp_path: Path, arrives: bool
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, "/buy RELIANCE 10 @1475 mis trail 15")
        house.near.paper.broker.faults.arm("answer_lost" if arrives else "gateway_502", route="modify")
        stands = "1475.00" if arrives else "1460.00"
        assert await walk(house, "1490.00", seconds=3) == d(stands)
        listed = await house.me.ask("/trail", "RELIANCE")
        assert f"stop now {Decimal(stands):,}" in listed["text"]
        assert await walk(house, "1490.05", "1496.00", seconds=8) == d("1475", "1481")
        assert [order.status for order in await house.orders()].count(OrderStatus.TRIGGER_PENDING) == 1
        price(house, "1479.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_a_partly_filled_entry_trails_what_is_filled_and_the_rest_joins_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        house.near.paper.broker.faults.arm("fill_in_parts", parts=3, seconds=30)
        await house.log_in()
        nfo = ("NIFTY26NOV24500CE", "NFO")
        price(house, "100.00", *nfo)
        card = await house.me.ask("/buy nifty 24500 ce 3lots @109 trail 10", "BUY 195 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        seen: list[tuple[int, Decimal | None]] = []
        for rupees in ["100.00"] * 5 + ["104.00"] * 10 + ["107.00"] * 20 + ["121.00"] * 4:
            price(house, rupees, *nfo)
            await asyncio.sleep(3)
            stops = [order for order in await house.orders() if order.status is OrderStatus.TRIGGER_PENDING]
            assert len(stops) <= 1
            seen += [(stop.draft.quantity, stop.draft.trigger) for stop in stops]
        assert {quantity for quantity, _ in seen} == {65, 130, 195}
        assert (65, Decimal("94.00")) in seen, "the first part follows before the others are filled"
        assert seen[-1] == (195, Decimal("111.00"))
        price(house, "110.00", *nfo)
        await house.me.wait_for("Filled #2 SELL 195", 60)
        assert (open_rows(house), house.placed) == ({}, 2)


async def test_a_restart_in_the_middle_changes_nothing_but_what_was_not_seen(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, "/buy RELIANCE 10 @1475 mis trail 15")
        assert await walk(house, "1490.00") == d("1475")
        await house.stop()
        price(house, "1520.00")
        await asyncio.sleep(300)
        price(house, "1488.00")
        await house.start()
        told = await house.me.wait_for("Trail watched again", 30)
        assert "The stop #2 stands at 1,475.00" in told["text"]
        assert await walk(house, "1489.00", "1492.00") == d("1475", "1477")
        assert house.placed == 2


async def test_a_position_without_a_stop_gets_one_that_follows_and_the_person_ends_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {"NIFTY26NOV24500CE": 130})
        card = await house.me.ask("/trail nf 10%", "TRAIL")
        rows = " ".join(card["text"].split())
        for said in ("SELL 130 NIFTY 24500 CE", "Stop follows 10.00 below high", "Stop, placed now 90.00"):
            assert said in rows
        house.me.press("Confirm trail", card)
        await house.me.wait_for("Trail 10.00 below the high (continuous)", 30)
        await asyncio.sleep(4)
        nfo = ("NIFTY26NOV24500CE", "NFO")
        price(house, "110.00", *nfo)
        await asyncio.sleep(4)
        stop = (await house.orders())[-1]
        assert (stop.draft.trigger, stop.draft.quantity, house.placed) == (Decimal("100.00"), 130, 1)
        await house.me.ask("/trail", "high 110.00")
        await house.me.choose("Stop the trail: NF 24500CE 23Nov", "Trail is over", 30)
        price(house, "150.00", *nfo)
        await asyncio.sleep(10)
        assert (await house.orders())[-1].draft.trigger == Decimal("100.00")
        house.me.say("/trail nf 20 step 10")  # and again, on the stop that stands
        card = await house.me.wait_for("Stop #1 now", 30)
        house.me.press("Confirm trail", card)
        await house.me.wait_for("every 20.00 up, 10.00 up", 30)
        price(house, "170.00", *nfo)
        await asyncio.sleep(5)
        assert (await house.orders())[-1].draft.trigger == Decimal("110.00")
        await house.me.ask("/trail nf off", "Trail is over", 30)
        await house.me.ask("/trail nf off", "No stop of it follows", 30)
        price(house, "109.00", *nfo)
        await house.me.wait_for("Filled #1 SELL 130", 30)
        await asyncio.sleep(5)
        assert (open_rows(house), house.placed) == ({}, 1)


async def test_a_stop_placed_by_hand_follows_after_a_reply_and_goes_to_cost(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        filled = await house.me.wait_for("Filled #1", 30)
        house.me.say("sl 1460", reply_to=filled["id"])
        card = await house.me.wait_for("SELL 10 RELIANCE", 30)
        house.me.press("Confirm sell", card)
        await asyncio.sleep(3)
        house.me.say("sl cost", reply_to=filled["id"])
        asked = await house.me.wait_for("would strike at once", 30)
        assert [line[0]["label"] for line in asked["buttons"]][1] == "Exit now"
        price(house, "1500.00")
        await asyncio.sleep(2)
        house.me.say("sl cost", reply_to=filled["id"])
        card = await house.me.wait_for("CHANGE #2", 30)
        house.me.press("Confirm change", card)
        await asyncio.sleep(3)
        stop = (await house.orders())[-1]
        assert stop.draft.trigger is not None
        assert Decimal("1480.50") < stop.draft.trigger < Decimal("1484.00")
        house.me.say("trail 15", reply_to=filled["id"])
        card = await house.me.wait_for("Stop #2 now", 30)
        house.me.press("Confirm trail", card)
        await house.me.wait_for("held by me", 30)
        await asyncio.sleep(2)
        assert await walk(house, "1505.00") == d("1490")
        assert house.placed == 2


async def test_who_confirmed_a_trail_is_taken_off_the_list_and_it_lives_on(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        son = await house.join(SON, "Ravi", Role.TRADER)
        price(house, "1480.00")
        card = await son.ask("/buy RELIANCE 10 mis trail 15", "BUY 10 RELIANCE")
        son.press("Confirm buy", card)
        await house.me.wait_for("Stop placed", 30)
        house.me.say("/people remove Ravi")
        told = await house.me.wait_for("Trail lives on", 30)
        assert "Ravi may not trade here any more" in told["text"]
        assert await walk(house, "1500.00") == d("1485")
        price(house, "1484.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_a_session_that_is_lost_rings_and_the_stop_at_the_exchange_closes_all_the_same(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, "/buy RELIANCE 10 @1475 mis trail 15")
        assert await walk(house, "1490.00") == d("1475")
        broker = house.near.paper.broker
        broker.sessions.end_all(PaperAccount().client, house.clock.now())
        told = await house.me.wait_for("Trail not watched", 60)
        assert "The stop #2 stands at 1,475.00" in told["text"]
        price(house, "1470.00")
        await asyncio.sleep(5)
        assert open_quantity(house) == 0


async def test_exit_all_in_the_midst_of_twelve_trails_goes_at_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        names = [f"NIFTY26NOV{strike}CE" for strike in range(24000, 24600, 50)]
        known = [name for name in names if house.near.paper.broker.named("NFO", name) is not None][:12]
        carry(house, dict.fromkeys(known, 65))
        for name in known:
            card = await house.me.ask(f"/trail {name} 10%", f"SELL 65 NIFTY {name[10:15]}", 30)
            house.me.press("Confirm trail", card)
            await house.me.wait_for("held by me", 30)
        await asyncio.sleep(10)
        level = 100
        for _ in range(30):  # an hour would be the same, thirty times longer
            level += 2
            for name in known:
                price(house, f"{level}.00", name, "NFO")
            await asyncio.sleep(4)
        card = await house.me.ask("/exit all", f"EXIT {len(known)} positions", 60)
        begun = asyncio.get_running_loop().time()
        house.me.press(f"Confirm {len(known)} exits", card)
        while open_rows(house):
            await asyncio.sleep(0.5)
            assert asyncio.get_running_loop().time() - begun < 60
        await asyncio.sleep(20)
        assert not [order for order in await house.orders() if order.status.is_working]


async def test_twelve_trails_for_an_hour_keep_to_their_allowance_and_exit_all_goes_at_once(
    clock: LoopClock, tmp_path: Path
) -> None:
    """New highs of all, quick for five minutes and then three a minute: far more than an hour allows.

    The bot runs all the time. Only in the middle it is started anew, which the hour's count outlives.
    """
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        names = [f"NIFTY26NOV{strike}CE" for strike in range(24000, 24600, 50)]
        carry(house, dict.fromkeys(names, 65))
        for name in names:
            card = await house.me.ask(f"/trail {name} 10%", f"SELL 65 NIFTY {name[10:15]}", 30)
            house.me.press("Confirm trail", card)
            await house.me.wait_for("held by me", 30)
        begun = clock.now()
        rupees = itertools.count(102, 2)

        async def rise(minutes: float, every: float) -> int:
            """New highs of all for so long. Returns the moves since the beginning."""
            until = clock.now() + timedelta(minutes=minutes)
            while clock.now() < until:
                high = next(rupees)
                for name in names:
                    price(house, f"{high}.00", name, "NFO")
                await asyncio.sleep(every)
            return len(moves_since(house, begun))

        assert await rise(1, 5) <= 60, "thirteen highs of twelve trails"
        assert await rise(4.5, 5) == 300
        slowed = await house.me.ask("/trail", "trails share", 30)
        assert slowed["text"].count("held by me") == len(names)
        assert await rise(24, 20) == 300, "the hour is not over"
        await house.restart()
        assert await rise(28, 20) == 300, "the count of the hour outlives a restart"
        assert await rise(6, 20) > 300
        assert clock.now() - begun > timedelta(hours=1)
        moves = moves_since(house, begun)
        assert busiest(moves, timedelta(hours=1)) <= 300
        assert busiest(moves, timedelta(seconds=59)) <= 60  # they are counted as they leave, and take a moment to the exchange
        for stop in {stop for _, stop in moves}:
            assert busiest([move for move in moves if move[1] == stop], timedelta(seconds=4)) == 1
        house.me.look_away()
        card = await house.me.ask("/exit all", f"EXIT {len(names)} positions", 60)
        went = asyncio.get_running_loop().time()
        house.me.press(f"Confirm {len(names)} exits", card)
        while open_rows(house):
            await asyncio.sleep(0.1)
            assert asyncio.get_running_loop().time() - went < len(names) / 3 + 3
        await asyncio.sleep(60)
        assert not [order for order in await house.orders() if order.status.is_working]
        assert house.placed == len(names), "each stop became the exit, and there was no second one"
        assert busiest(changes(house), timedelta(seconds=0.9)) <= 3, "no more orders a second than may leave"


def moves_since(house: House, begun: datetime) -> list[tuple[datetime, str]]:
    """What the exchange changed since then: the moves of the stops."""
    return [move for move in changes(house) if move[0] > begun]


def changes(house: House) -> list[tuple[datetime, str]]:
    """When the exchange changed an order, and which."""
    log = house.near.paper.broker.ledger.truth(0, 100_000)
    return [(datetime.fromisoformat(str(line["at"])), str(line["id"])) for line in log if line["what"] == "modified"]


def busiest(moves: list[tuple[datetime, str]], span: timedelta) -> int:
    """The most of them in any such span."""
    at = [moment for moment, _ in moves]
    return max(bisect_left(at, moment + span) - number for number, moment in enumerate(at))
