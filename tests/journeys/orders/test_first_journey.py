"""The first journey, from one command to a filled order on the phone, over real sockets in virtual time."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyotp import TOTP

from bot.demo.smoke import story
from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from tests.stage.house import House, a_house


@pytest.mark.core
async def test_the_scripted_person_walks_the_whole_journey(clock: LoopClock, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_house(clock, tmp_path) as house:
        assert await story(house.demo, said.append), said[-1]


@pytest.mark.core
async def test_two_taps_at_once_place_one_order_and_the_second_is_told_so(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        taps = [house.me.press("Confirm buy", card) for _ in range(5)]
        for tap in taps:
            await house.me.wait_for_note(tap)
        await house.me.wait_for("Filled")
        assert house.placed == 1


@pytest.mark.core
async def test_a_stranger_gets_silence_and_leaves_no_trace(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        stranger = ScriptedPerson(house.near.chats, 666, name="Mallory")
        for words in ("/start", "/buy RELIANCE 10", "123456", "hello"):
            stranger.say(words)
        await asyncio.sleep(60)
        assert [each for each in stranger.history() if each["from_bot"]] == []
        assert house.store is not None
        assert await house.store.transaction(lambda db: db.inbox.highest()) is None


async def test_without_a_stored_seed_the_six_digits_are_asked_for_used_and_deleted(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await forget_seed(house, account)
        house.me.say("/start")
        await house.me.wait_for("owner")
        await house.me.ask("/login", "Six digits")
        assert account.totp_seed is not None
        sent = house.me.say(TOTP(account.totp_seed).at(clock.now()))
        await house.me.wait_for("lives until 00:00")
        await house.me.wait_until_gone(sent["id"])


async def forget_seed(house: House, account: PaperAccount) -> None:
    def strip(db: Repositories) -> None:
        linked = db.accounts.all()[0]
        kept = db.accounts.credentials(linked.id)
        assert kept is not None
        db.accounts.add(linked, replace(kept, totp_seed=None))

    assert house.store is not None
    await house.store.transaction(strip)


async def test_a_wrong_code_is_a_clear_sentence_and_the_bot_goes_on(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await forget_seed(house, account)
        await house.me.ask("/start", "owner")
        await house.me.ask("/login", "Six digits")
        sent = house.me.say("000000")
        answer = await house.me.wait_for(lambda message: message["from_bot"])
        assert "code" in answer["text"].lower() or "TOTP" in answer["text"]
        await house.me.wait_until_gone(sent["id"])
        await house.me.ask("/help", "/buy")


@pytest.mark.core
async def test_the_answer_is_lost_and_the_order_is_found_by_its_tag(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("answer_lost", route="place")
        house.near.paper.broker.faults.arm("book_late", seconds=20)
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("I will not send it again")
        await house.me.wait_for("ound", 60)
        assert house.placed == 1
        assert [order.status for order in await house.orders()] == [OrderStatus.OPEN]


async def test_the_socket_is_dropped_and_the_fill_still_arrives_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("fill_late", seconds=6)
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at")
        house.near.paper.stream.drop()
        await house.me.wait_for("Filled", 60)
        await asyncio.sleep(120)
        assert len([message for message in house.me.history() if "Filled #" in message["text"]]) == 1


async def test_partial_fills_ring_and_the_last_one_rings_anew(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("fill_in_parts", parts=3, seconds=5)
        card = await house.me.ask("/buy nifty 24500 ce 3lots", "BUY 195 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        await asyncio.sleep(60)
        fills = [message["text"] for message in house.me.rings(after=card["id"]) if "illed" in message["text"]]
        assert len(fills) >= 2
        assert [order.filled for order in await house.orders()] == [195]


async def test_kill_survives_a_restart(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.me.ask("/kill", "Stopped")
        await house.restart()
        await house.me.ask("/buy RELIANCE 1", "stopped since")
        assert house.placed == 0


async def test_the_session_survives_a_restart_and_ends_at_midnight(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await house.log_in()
        await house.restart()
        await house.me.ask("/funds", "2,50,000.00")
        await forget_seed(house, account)
        await house.restart()
        await house.me.ask("/login", "Six digits")  # linking anew forgot the session too


async def test_the_summary_comes_by_the_clock_once_whatever_restarts(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 16, 10))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await asyncio.sleep((at_ist(date(2026, 11, 20), 16, 14, 50) - clock.now()).total_seconds())
        await house.restart()
        summary = await house.me.wait_for("20 NOV 2026", 60)
        assert "Late" not in summary["text"]
        await house.restart()
        await asyncio.sleep(timedelta(minutes=20).total_seconds())
        assert len([message for message in house.me.history() if "20 NOV 2026" in message["text"]]) == 1


async def test_a_summary_whose_hour_passed_while_the_bot_was_away_comes_late_and_says_so(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 16, 10))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.stop()
        await asyncio.sleep(timedelta(minutes=30).total_seconds())
        await house.start()
        summary = await house.me.wait_for("20 NOV 2026", 60)
        assert "Late" in summary["text"]


async def test_an_act_of_one_rings_the_other_and_a_viewer_cannot_act(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        ravi = await house.join(5001, "Ravi", Role.VIEWER)
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        await ravi.wait_for("BUY 5 ITC")
        await ravi.ask("/buy ITC 1", "viewer")
        await ravi.ask("/orders", "ITC")
        assert house.placed == 1


async def test_the_tours_own_words_lead_through_a_stop_a_target_and_a_panic(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 5 mis sl 1% t 1%", "Target, by me")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Stop placed", 30)
        card = await house.me.ask("/panic", "PANIC")
        house.me.press("Close these", card)
        await house.me.wait_for("Flat at", 60)
        house.me.press("Yes, allow new orders", await house.me.ask("/resume", "Allow new orders again?"))
        await house.me.wait_for("allowed again")
        assert [order.draft.quantity for order in await house.orders()] == [5, 5]
