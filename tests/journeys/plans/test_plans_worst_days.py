"""Trails, P&L exits and baskets on their worst days: slow answers, crooked frames, two phones, lost sessions, last days."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.domain.plans.pnl_exit import PnlExit
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import away_until, until
from tests.journeys.exits.test_exits import RICH, open_rows
from tests.journeys.orders.test_basket import COVER, RESTING, asked
from tests.journeys.plans.test_plans import open_quantity, plan_of, price
from tests.journeys.plans.test_pnl_exits import at, begin, hold, level
from tests.journeys.plans.test_trails import SON, d, enter, walk
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive

LATE = ("answer_late", "request_late")  # with its effect at once, and with its effect as late
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)  # Monday: NIFTY's expiry, moved by Tuesday's holiday
EXITED = "/buy RELIANCE 10 @1475 mis trail 15"


def slow(house: House, fault: str, seconds: float) -> None:
    """From now on every route answers that late."""
    house.near.paper.broker.faults.arm(fault, times=None, seconds=seconds)


def stop_of(house: House) -> Decimal:
    """The trigger that the exchange has of the one stop."""
    (stop,) = [order for order in house.near.paper.broker.ledger.orders.values() if order.working]
    return Decimal(stop.trigger) / 100


async def until_true(met: Callable[[], bool], seconds: float) -> None:
    """Waits until it is so. A failure after so many seconds."""
    for _ in range(int(seconds * 2)):
        if met():
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"not within {seconds} s")


async def watching(house: House) -> list[PnlExit]:
    assert house.store is not None
    return list(await house.store.transaction(lambda db: db.pnl_exits.alive()))


def rung(house: House, words: str) -> list[str]:
    return [each["text"] for each in house.me.rings() if words in each["text"]]


def subscriptions(house: House) -> int:
    assert house.app is not None
    account = next(iter(house.app.core.services.host.lines.connections.opened()))
    return house.app.core.watcher.subscriptions(account)


@pytest.mark.parametrize("fault", LATE)
async def test_answers_that_take_three_seconds_slow_a_trail_and_change_nothing_else(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, EXITED)
        slow(house, fault, 3.0)
        assert await walk(house, "1490.00", "1496.00", "1502.00", seconds=11) == d("1475", "1481", "1487")
        assert stop_of(house) == Decimal(1487)
        assert "No clear answer" not in (await house.me.ask("/trail", "held by me", 60))["text"]
        price(house, "1487.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 60)
        assert (open_quantity(house), house.placed) == (0, 2)
        assert not rung(house, "Trail")


@pytest.mark.parametrize("fault", LATE)
async def test_answers_that_come_too_late_to_be_waited_for_leave_one_stop_and_its_place_is_called_doubtful(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, EXITED)
        assert await walk(house, "1490.00") == d("1475")
        slow(house, fault, 20.0)
        assert await walk(house, "1496.00", "1496.05", "1496.10", seconds=70) == d("1475", "1475", "1475")
        listed = (await house.me.ask("/trail", "held by me", 120))["text"]
        assert "No clear answer to the last move: the stop stands at 1,475.00 or 1,481.00, until the book tells." in listed
        house.near.paper.broker.faults.clear()
        await asyncio.sleep(40)
        assert (await walk(house, "1502.00", seconds=8)) == d("1487")
        assert "No clear answer" not in (await house.me.ask("/trail", "held by me", 60))["text"]
        price(house, "1487.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 60)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_a_stop_that_was_triggered_and_rests_is_called_so_and_follows_no_more(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, EXITED)
        price(house, "1440.00")  # through 1,460.00 and its worst price of 1,445.40
        rung_at = await house.me.wait_for("Stop triggered, not filled", 30)
        assert "Exit at" in rung_at["buttons"][0][0]["label"]
        living = await house.me.wait_for("Stop 1,460.00 was triggered: sells at 1,445.40 or better, not filled yet (#2)", 60)
        assert "#1 BUY 10 RELIANCE" in living["text"]
        assert "Trail" not in living["text"]
        assert "Stop the trail" not in [item["label"] for line in living["buttons"] for item in line]
        listed = await house.me.ask("/trail", "It follows the price no more", 30)
        assert "held by me" not in listed["text"]


@pytest.mark.parametrize("fault", LATE)
async def test_a_struck_pnl_exit_at_answers_of_three_seconds_is_flat_in_leg_order(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, -65, 65, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        slow(house, fault, 3.0)
        at(house, "70.00", names[2])
        await until_true(lambda: not open_rows(house), 40)
        await house.me.wait_for("Flat at", 60)
        sent = [(order.side, order.quantity) for order in house.near.paper.broker.ledger.orders.values()]
        assert sorted(sent) == [("BUY", 65), ("SELL", 65), ("SELL", 130)]
        assert sent.index(("BUY", 65)) < sent.index(("SELL", 65)), "the cover goes after what it covers"
        assert not rung(house, "blind")


@pytest.mark.parametrize("fault", LATE)
async def test_a_pnl_exit_beyond_its_level_whose_books_do_not_come_rings_soon_and_closes_when_they_do(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, -65, 65, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        slow(house, fault, 20.0)
        house.me.look_away()
        at(house, "70.00", names[2])
        blind = await house.me.wait_for("P&L exit blind since", 20)
        assert "Not known: the books. Nothing strikes until I see again." in blind["text"]
        await asyncio.sleep(120)
        assert (len(open_rows(house)), house.placed) == (3, 0)
        house.near.paper.broker.faults.clear()
        await house.me.wait_for("P&L exit struck.", 120)
        await house.me.wait_for("Flat at", 60)
        assert (open_rows(house), house.placed) == ({}, 3)


@pytest.mark.parametrize("fault", ["frames_doubled", "frames_reordered", "frames_garbled", "order_frames_late", "heartbeats"])
async def test_crooked_frames_move_a_trail_as_plain_ones_do(clock: LoopClock, tmp_path: Path, fault: str) -> None:
    async with a_house(clock, tmp_path) as house:
        house.near.paper.broker.faults.arm(fault, times=None)
        await enter(house, EXITED)
        assert await walk(house, "1480.00", "1490.00", "1484.00", "1495.00") == d("1465", "1475", "1475", "1480")
        price(house, "1480.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_of_two_phones_at_one_pnl_exit_the_last_confirm_stands_and_each_act_rings_the_other(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await hold(house, 130)
        son = await house.join(SON, "Ravi", Role.TRADER)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        mine = await house.me.ask(f"/exit all if below {stop - 1000} gross", "P&L EXIT", 30)
        theirs = await son.ask(f"/exit all if below {stop - 2000} gross", "P&L EXIT", 30)
        house.me.press("Confirm P&L exit", mine)
        son.press("Confirm P&L exit", theirs)
        await asyncio.sleep(5)
        (one,) = await watching(house)
        assert one.stop in (stop - 1000, stop - 2000)
        last, other = (house.me, son) if one.stop == stop - 1000 else (son, house.me)
        assert [each for each in other.rings() if "set the P&L exit" in each["text"] and "instead of" in each["text"]]
        listed = await other.ask("/exit if", "Exit at", 30)
        changing = await last.ask("/exit if", "Exit at", 30)
        other.press("Remove", listed)
        last.press("Alert only", changing)
        await asyncio.sleep(5)
        assert await watching(house) == []
        assert [each for each in last.rings() if "removed the P&L exit" in each["text"]]
        last.press("Change", changing)
        await last.wait_for("No P&L exits", 30)


async def test_a_trail_of_another_person_rings_when_it_begins_and_when_it_is_ended(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, "/buy RELIANCE 10 @1475 mis sl 1460")
        son = await house.join(SON, "Ravi", Role.TRADER)
        son.press("Confirm trail", await son.ask("/trail reliance 15", "Stop #2 now", 30))
        began = await house.me.wait_for("Ravi set a trail on the stop of 10 RELIANCE", 30)
        await son.ask("/trail reliance off", "Trail is over", 30)
        ended = await house.me.wait_for("Ravi ended the trail of the stop of 10 RELIANCE; the stop stays where it is", 30)
        assert {began["id"], ended["id"]} <= {each["id"] for each in house.me.rings()}


async def test_a_session_that_ends_under_a_trail_is_told_and_the_next_login_goes_on_without_what_was_not_seen(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await enter(house, EXITED)
        assert await walk(house, "1490.00") == d("1475")
        await house.me.ask("/logout", "Logged out", 30)
        blind = await house.me.wait_for("Trail not watched", 60)
        assert "The stop #2 stands at 1,475.00. It does not follow" in blind["text"]
        assert await walk(house, "1530.00", "1495.00", seconds=60) == d("1475", "1475")
        await house.me.ask("/login", "lives until", 60)
        await house.me.wait_for("Trail watched again", 60)
        assert await walk(house, "1489.00", "1496.00") == d("1475", "1481"), "the high of 1,530.00 was not seen"
        price(house, "1481.00")
        await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 30)
        assert (open_quantity(house), house.placed) == (0, 2)


async def test_what_is_opened_in_its_scope_later_is_closed_with_it_and_another_underlying_is_not(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await hold(house, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit nifty if below {stop} gross")
        for words, card, under in (
            ("/buy nifty 24800 ce 23 nov 2 lots", "BUY 130 NIFTY 24800", True),
            ("/buy itc 10 mis", "BUY 10 ITC", False),
        ):
            asked = await house.me.ask(words, card, 30)
            assert ("Under your P&L exit" in asked["text"]) is under
            house.me.press("Confirm buy", asked)
            await house.me.wait_for("Filled", 30)
        await asyncio.sleep(3)
        at(house, "5.00", "NIFTY26NOV24800CE")  # −3,300
        struck = await house.me.wait_for("P&L exit struck.", 60)
        assert "It closes 2 rows." in struck["text"]
        await until_true(lambda: len(open_rows(house)) == 1, 60)
        await asyncio.sleep(20)
        assert (list(open_rows(house).values()), house.placed) == ([10], 4)


async def test_what_was_closed_by_hand_counts_in_what_may_be_given_back(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        card = await house.me.ask("/exit all if giveback 2000 gross", "of the best from now on", 30)
        house.me.press("Confirm P&L exit", card)
        await house.me.wait_for("if still true after 3 s", 30)
        at(house, "700.00", names[0])
        await asyncio.sleep(8)
        half = await house.me.ask("/exit nf half", "SELL 65", 30)
        house.me.press("Confirm sell", half)
        await house.me.wait_for("Filled", 30)
        await asyncio.sleep(8)
        at(house, "672.00", names[0])  # 65 × 28 = 1,820 of what is left
        await asyncio.sleep(15)
        assert len(open_rows(house)) == 1
        at(house, "668.00", names[0])  # 65 × 32 = 2,080
        await house.me.wait_for("P&L exit struck.", 30)
        await until_true(lambda: not open_rows(house), 30)
        assert house.placed == 2


async def test_an_account_that_is_unlinked_with_plans_alive_names_them_and_nothing_is_told_of_them_later(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await enter(house, EXITED)
        await begin(house, "/exit all if -50000 gross")
        asked = await house.me.ask("/unlink main", "Unlink", 30)
        assert "With it ends, and is not taken up again: 1 trail, 1 P&L exit." in asked["text"]
        await house.me.choose("Yes, unlink main", "Unlinked 🔵 main.", 30)
        await asyncio.sleep(60)
        assert not rung(house, "blind since")
        assert not rung(house, "Trail not watched")
        price(house, "1500.00")
        await asyncio.sleep(10)
        assert stop_of(house) == Decimal(1460)
        assert await watching(house) == []


async def test_on_expiry_day_plans_end_with_what_they_guard_and_a_pnl_exit_with_the_days_trading(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(MONDAY, 15))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        await house.log_in()
        for words, card in (
            ("/buy nifty 24500 ce 23 nov 2 lots", "BUY 130 NIFTY"),
            ("/buy nifty 24500 pe 23 nov 1 lot", "BUY 65 NIFTY"),
        ):
            house.me.press("Confirm buy", await house.me.ask(words, card, 30))
            await house.me.wait_for("Filled", 30)
        house.me.press("Confirm trail", await house.me.ask("/trail nifty 24500 ce 10%", "TRAIL", 30))
        await house.me.wait_for("held by me", 30)
        await begin(house, "/exit nf if -500000 gross")
        listed = await house.me.ask("/exit if", "all NIFTY", 30)
        assert "until 15:40 today, if still true after 3 s" in listed["text"]
        house.me.look_away()
        at(house, "1.00", "NIFTY26NOV24500CE")
        await until(house, at_ist(MONDAY, 15, 39))
        assert len(await watching(house)) == 1
        await until(house, at_ist(MONDAY, 15, 41))
        ended = await house.me.wait_for("P&L exit ended.", 30)
        assert "its day is over" in ended["text"]
        assert not rung(house, "blind since"), "a market that is closed is no blindness"
        assert await watching(house) == []
        await until(house, at_ist(MONDAY, 16, 30))
        assert await plan_of(house) is None
        assert subscriptions(house) == 0
        refused = await house.me.ask("/exit all if -500000 gross", "Today's trading is over", 30)
        assert "Confirm" not in str(refused["buttons"])
        await asyncio.sleep(60)
        assert not rung(house, "Trail")


async def test_the_morning_after_says_nothing_of_yesterdays_stop_that_a_trail_moved(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 19), 15))
    async with a_house(clock, tmp_path, account=PaperAccount(), hours="real") as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy infy 20 cnc", "BUY 20 INFY", 30))
        await house.me.wait_for("Filled", 30)
        house.me.press("Confirm trail", await house.me.ask("/trail infy 2%", "TRAIL", 30))
        await house.me.wait_for("held by me", 30)
        await asyncio.sleep(5)
        (stop,) = [order for order in await house.orders() if order.status is OrderStatus.TRIGGER_PENDING]
        await away_until(house, at_ist(FRIDAY, 8, 33))
        house.me.look_away()
        await house.me.ask("/login", "until", 60)
        await until(house, at_ist(FRIDAY, 9, 20))
        assert not rung(house, f"The stop #{stop.number} stands")
        assert await plan_of(house) is None
        await house.me.ask("/trail", "No trails", 30)


@pytest.mark.parametrize("fault", LATE)
async def test_a_basket_at_answers_of_three_seconds_sends_the_short_after_its_cover_and_each_once(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        card = await asked(house)
        slow(house, fault, 3.0)
        house.me.press("Confirm both", card)
        await house.me.wait_for("2 of 2 filled", 60)
        await asyncio.sleep(30)
        ledger = house.near.paper.broker.ledger
        assert [(order.side, order.quantity) for order in ledger.orders.values()] == [("BUY", 65), ("SELL", 65)]
        cover, short = ledger.orders.values()
        assert short.placed_at > max(trade.at for trade in ledger.trades if trade.order == cover.id)


@pytest.mark.parametrize(("away", "sent"), [(300, 2), (720, 1)])
async def test_a_session_that_ends_between_the_orders_of_a_basket_holds_the_short_back_for_ten_minutes_at_most(
    clock: LoopClock, tmp_path: Path, away: int, sent: int
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        house.me.press("Confirm both", await asked(house, RESTING))
        await house.me.wait_for("waits for the fill of 1", 30)
        await house.me.ask("/logout", "Logged out", 30)
        at(house, "39.00", COVER)
        await asyncio.sleep(away)
        assert house.placed == 1
        await house.me.ask("/login", "lives until", 60)
        await asyncio.sleep(60)
        assert house.placed == sent
        card = next(each for each in house.me.history()[::-1] if each["text"].startswith("🔵 Basket main"))
        assert ("2 of 2 filled" if sent == 2 else "struck off") in card["text"]
