"""An exit on the day's P&L, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.cli.panic import lift, panic
from bot.domain.clock import at_ist
from bot.domain.people.account import Role
from bot.simulators.broker.accounts.records import CANCELLED
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import until
from tests.journeys.exits.test_exits import OPTIONS, RICH, carry, open_rows
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

SON = 5002
FRIDAY = date(2026, 11, 20)
NFO = "NFO"


def at(house: House, rupees: str, *names: str) -> None:
    for name in names:
        price(house, rupees, name, NFO)


async def hold(house: House, *quantities: int) -> list[str]:
    await house.log_in()
    names = list(OPTIONS[: len(quantities)])
    carry(house, dict(zip(names, quantities, strict=True)))
    return names


async def begin(house: House, words: str) -> None:
    """The day's P&L counts from the previous close, which the carried contracts do not share: the level is set from it."""
    card = await house.me.ask(words, "P&L EXIT", 30)
    button = next(line[0]["label"] for line in card["buttons"])
    house.me.press(button, card)
    await house.me.wait_for("if still true after 3 s", 30)
    await asyncio.sleep(3)


async def level(house: House, below: int) -> int:
    """A level so many rupees below the day's P&L of now."""
    shown = await house.me.ask("/exit all if -99999999", "P&L EXIT", 30)
    row = next(line for line in shown["text"].splitlines() if line.startswith("P&L now"))
    figure = row.removeprefix("P&L now").split()[0].replace(",", "").replace("−", "-").replace("+", "")
    await asyncio.sleep(2)
    return int(float(figure)) - below


@pytest.mark.core
async def test_a_level_that_stands_three_seconds_closes_the_short_before_its_cover(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, -65, 65, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} before charges")
        held = next(each for each in house.me.history()[::-1] if "if still true after 3 s" in each["text"])
        assert "· held by me, seen " in held["text"], "its first figure is waited for"
        positions = await house.me.ask("/positions", "POSITIONS", 30)
        assert "All intraday and carry-forward: under your P&L exit below +" in positions["text"]
        at(house, "70.00", names[2])  # −3,900
        await house.me.wait_for("P&L exit struck.", 30)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}
        assert house.placed == 3
        audit = await house.me.ask("/audit", "pnl exit", 30)
        assert "pnl result" in audit["text"] or "pnl exit" in audit["text"]


async def test_a_spike_that_is_gone_after_the_recheck_closes_nothing(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        at(house, "60.00", names[0])
        await asyncio.sleep(2)
        at(house, "99.00", names[0])
        await asyncio.sleep(20)
        assert open_rows(house) != {}
        assert house.placed == 0


async def test_a_dead_feed_rings_and_strikes_only_when_it_sees_again(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        faults = house.near.paper.broker.faults
        faults.arm("socket_refused", times=None)
        house.near.paper.stream.drop()
        await asyncio.sleep(2)
        at(house, "60.00", names[0])
        blind = await house.me.wait_for("P&L exit blind since", 60)
        assert [item["label"] for line in blind["buttons"] for item in line] == ["Exit now…", "Alert only"]
        assert open_rows(house) != {}
        faults.clear()
        await house.me.wait_for("P&L exit watches again.", 120)
        await house.me.wait_for("P&L exit struck.", 60)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}


async def test_a_leg_without_a_price_strikes_nothing_and_is_named_until_it_has_one(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130, 65)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        (line,) = house.near.paper.stream._lines
        silent = house.near.paper.broker.named(NFO, names[1])
        assert silent is not None
        key = next(each for each in line.subscriptions if each[1] == silent.token)
        mode = line.subscriptions.pop(key)
        await asyncio.sleep(9)
        at(house, "60.00", names[0])
        blind = await house.me.wait_for("P&L exit blind since", 60)
        assert f"Not known: NF {names[1][10:15]}CE 23Nov. Nothing strikes" in blind["text"], "the other one has a price"
        await asyncio.sleep(30)
        assert (len(open_rows(house)), house.placed) == (2, 0)
        line.subscriptions[key] = mode
        await house.me.wait_for("P&L exit watches again.", 60)
        await house.me.wait_for("P&L exit struck.", 60)
        await house.me.wait_for("Flat at", 60)
        assert (open_rows(house), house.placed) == ({}, 2)


async def test_flat_for_a_minute_it_sleeps_and_strikes_for_what_is_opened_then(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 65)
        stop = await level(house, 5000)
        await begin(house, f"/exit all if below {stop} gross")
        card = await house.me.ask("/exit all", "SELL 65 NIFTY", 30)
        house.me.press("Confirm sell", card)
        await house.me.wait_for("position closed", 30)
        house.me.look_away()
        await asyncio.sleep(60)
        listed = await house.me.ask("/exit if", "Exit at", 30)
        assert "Nothing is open: it sleeps." in listed["text"]
        card = await house.me.ask("/buy nifty 24500 ce 23 nov 2 lots", "BUY 130 NIFTY 24500", 30)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled", 30)
        await asyncio.sleep(5)
        assert not [each for each in house.me.rings() if "blind" in each["text"]]
        at(house, "20.00", names[0])
        await house.me.wait_for("P&L exit struck.", 60)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}


async def test_what_is_given_back_of_too_small_a_best_closes_nothing(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        now = await level(house, 0)
        given = abs(now) + 5000
        await begin(house, f"/exit all if giveback {given} gross")
        at(house, "102.00", names[0])
        await asyncio.sleep(10)
        at(house, "20.00", names[0])
        await asyncio.sleep(20)
        listed = await house.me.ask("/exit if", "not armed", 30)
        assert "so at" not in listed["text"]
        assert (len(open_rows(house)), house.placed) == (1, 0)


async def test_what_was_given_back_of_the_best_closes_across_a_restart(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        await level(house, 0)
        before = await house.me.ask("/exit all if giveback 2000 gross", "of the best from now on", 30)
        house.me.press(before["buttons"][0][0]["label"], before)
        await house.me.wait_for("if still true after 3 s", 30)
        at(house, "700.00", names[0])
        await asyncio.sleep(8)
        await house.restart()
        await asyncio.sleep(10)
        at(house, "690.00", names[0])
        await asyncio.sleep(10)
        assert open_rows(house) != {}
        at(house, "680.00", names[0])
        await house.me.wait_for("P&L exit struck.", 60)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}


async def test_entries_are_blocked_after_it_until_the_time_that_was_named(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        stop = await level(house, 3000)
        till = house.clock.now() + timedelta(hours=5, minutes=45)
        await begin(house, f"/exit all if below {stop} gross block till {till:%H:%M}")
        entry = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE", 30)
        assert "Under your P&L exit" in entry["text"]
        house.me.press("Confirm buy", entry)
        await house.me.wait_for("Filled #1", 30)
        listed = await house.me.ask("/orders", "ORDERS", 30)
        assert "All intraday and carry-forward: under your P&L exit −" in listed["text"]
        assert "under your P&L exit" not in (await house.me.ask("/orders rejected", "REJECTED", 30))["text"]
        at(house, "60.00", names[0])
        struck = await house.me.wait_for("P&L exit struck.", 30)
        assert f"No entries until {till:%H:%M}" in struck["text"]
        refused = await house.me.ask("/buy RELIANCE 5 mis", "no entries until", 30)
        assert "Your P&L exit struck" in refused["text"]
        await asyncio.sleep(16 * 60)
        await house.me.ask("/buy RELIANCE 5 mis", "BUY 5 RELIANCE", 30)


async def test_session_lost_and_role_withdrawn_are_told_and_it_strikes_after_the_next_login(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        son = await house.join(SON, "Ravi", Role.TRADER)
        stop = await level(house, 3000)
        card = await son.ask(f"/exit all if below {stop} gross", "P&L EXIT", 30)
        son.press("Confirm P&L exit", card)
        await son.wait_for("if still true after 3 s", 30)
        house.me.say("/people remove Ravi")
        told = await house.me.wait_for("P&L exit lives on.", 30)
        assert "Ravi may not trade here any more" in told["text"]
        await house.me.ask("/logout", "Logged out", 30)
        blind = await house.me.wait_for("P&L exit blind since", 60)
        assert "the session" in blind["text"]
        at(house, "60.00", names[0])
        await asyncio.sleep(30)
        assert open_rows(house) != {}
        await house.me.ask("/login", "lives until", 60)
        await house.me.wait_for("P&L exit struck.", 120)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}


async def test_alert_only_and_remove_by_button(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        stop = await level(house, 3000)
        await begin(house, f"/exit nifty if below {stop} or +99999999 gross")
        await house.me.ask("/exit if", "all NIFTY", 30)
        changing = await house.me.choose("Change", "Or say it whole: exit nifty if", 30)
        labels = [item["label"] for line in changing["buttons"] for item in line]
        assert labels[2:4] == ["Exit at +7,99,99,999.00", "Exit at +11,99,99,999.00"], "a fifth nearer, and farther"
        card = await house.me.choose(labels[2], "Takes the place of", 30)
        house.me.press("Confirm P&L exit", card)
        await house.me.wait_for("or at +7,99,99,999.00", 30)
        await house.me.choose("Change", "Or say it whole: exit nifty if", 30)
        await house.me.choose("Back", "all NIFTY", 30)
        await house.me.choose("Alert only", "Alert only at", 30)
        at(house, "60.00", names[0])
        await house.me.wait_for("P&L level reached.", 30)
        await asyncio.sleep(10)
        assert open_rows(house) != {}
        await house.me.ask("/exit if", "No P&L exits", 30)
        await begin(house, "/alert mtm -99999999 exit")
        await house.me.ask("/exit if", "Exit at", 30)
        await house.me.choose("Remove", "No P&L exits", 30)


async def test_shares_kept_for_delivery_are_never_part_of_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=PaperAccount()) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled #1", 30)
        await house.me.ask("/exit reliance if -100", "Nothing of all RELIANCE is open in intraday or carry-forward", 30)
        await begin(house, "/exit all if -100")
        price(house, "1400.00")
        await asyncio.sleep(30)
        assert house.placed == 1


async def test_in_the_pause_before_the_auction_the_contracts_close_and_the_share_waits_for_twenty_past(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 15, 4))
    async with a_house(clock, tmp_path, account=RICH, hours="real") as house:
        broker = house.near.paper.broker
        await house.log_in()
        for words, card in (
            ("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"),
            ("/buy nifty 24500 ce 23 nov 1 lot", "BUY 65 NIFTY 24500"),
        ):
            house.me.press("Confirm buy", await house.me.ask(words, card))
            await house.me.wait_for("Filled", 30)
        await begin(house, "/exit all if +5000 gross")
        house.me.look_away()
        broker.faults.arm("square_off_rests")
        await until(house, at_ist(FRIDAY, 15, 11))
        (theirs,) = [order for order in broker.ledger.orders.values() if order.working and order.channel == "WEB"]
        broker.book.end(theirs, CANCELLED, "SQUARE OFF FAILED")
        broker.faults.clear()
        await until(house, at_ist(FRIDAY, 15, 15, 10))
        before = house.placed
        at(house, "300.00", "NIFTY26NOV24500CE")
        await house.me.wait_for("P&L exit struck.", 40)
        await until(house, at_ist(FRIDAY, 15, 16, 30))
        assert house.placed == before + 1, "the contract"
        shown = await house.me.ask("/positions", "POSITIONS", 30)
        assert "RELIANCE" in shown["text"]
        await until(house, at_ist(FRIDAY, 15, 20, 3))
        assert house.placed == before + 2
        assert (await house.orders())[-1].draft.instrument.symbol == "RELIANCE"


async def test_after_charges_counts_the_days_fills_and_before_charges_does_not(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 500 mis", "BUY 500 RELIANCE"))
        await house.me.wait_for("Filled", 30)
        stop = await level(house, 1)  # a rupee below the result after charges, which is the default
        gross = await house.me.ask(f"/exit all if below {stop} gross", "before charges", 30)
        assert "Confirm P&L exit" in str(gross["buttons"])
        figure = next(line for line in gross["text"].splitlines() if line.startswith("P&L now")).split()[2]
        before = int(float(figure.replace(",", "").replace("−", "-").replace("+", "")))
        assert before - stop > 40, "brokerage, stamp duty and the exchange's charge of one side"
        refused = await house.me.ask(f"/exit all if below {before} net", "it would strike at once", 30)
        assert "Confirm" not in str(refused["buttons"])


async def test_when_the_host_stops_all_a_pnl_exit_and_a_trail_say_that_they_do_not_watch_and_take_it_up_after_the_login(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        names = await hold(house, 130)
        house.me.press("Confirm trail", await house.me.ask("/trail nf 90%", "TRAIL", 30))
        await house.me.wait_for("Stop placed", 30)
        stop = await level(house, 3000)
        await begin(house, f"/exit all if below {stop} gross")
        house.me.look_away()
        said = await panic(house.settings, clock)
        assert said.startswith("Positions and orders at mStock stay, and nothing here watches them")
        blind = await house.me.wait_for("P&L exit blind since", 90)
        assert "the session" in blind["text"]
        await house.me.wait_for("Trail not watched", 30)
        at(house, "60.00", names[0])
        await asyncio.sleep(30)
        assert (len(open_rows(house)), house.placed) == (1, 1), "the stop alone"
        await lift(house.settings, clock)
        await house.me.ask("/login", "lives until", 60)
        await house.me.wait_for("P&L exit struck.", 120)
        await house.me.wait_for("Flat at", 60)
        assert open_rows(house) == {}
