"""A trader's worst days: whatever the broker answers, one order at most, a clear sentence in the chat, and the bot goes on."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.house import House, a_house

READS_FAIL = [
    ("html_page", {}),
    ("gateway_502", {}),
    ("internal_error", {}),
    ("error_instead", {"status": 503, "body": "html"}),
    ("error_instead", {"status": 500, "body": "truncated"}),
    ("connection_dropped", {}),
    ("answer_empty", {}),
    ("answer_truncated", {}),
]
ANSWERS = {400: "json", 401: "json", 403: "html", 429: "empty", 500: "json", 502: "html", 504: "truncated", 200: "wrong_type"}
ACTS_FAIL: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("answer_lost", "answer_truncated", "answer_empty")),
    *(("error_although_done", {"status": status, "body": body}) for status, body in ANSWERS.items()),
]
SHAPES = ["place_as_object", "place_in_mock_form", "success_called_false", "blank_in_id", "gzipped"]


async def tap_buy(house: House, words: str = "/buy ITC 5 @380", shows: str = "BUY 5 ITC") -> int:
    card = await house.me.ask(words, shows)
    house.me.press("Confirm buy", card)
    return int(card["id"])


@pytest.mark.parametrize(("fault", "how"), READS_FAIL, ids=str)
async def test_a_read_that_is_no_answer_is_a_sentence_and_the_next_one_works(
    clock: LoopClock, tmp_path: Path, fault: str, how: dict[str, Any]
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm(fault, route="funds", times=None, **how)
        house.me.say("/funds")
        answer = await house.me.wait_for(lambda message: message["from_bot"], 120)
        assert "id " in answer["text"], "no id that finds the log line"
        house.near.paper.broker.faults.clear()
        await house.me.ask("/funds", "2,50,000.00")


@pytest.mark.parametrize(("fault", "how"), ACTS_FAIL, ids=str)
async def test_an_answer_that_is_no_answer_leaves_one_order_and_finds_it(
    clock: LoopClock, tmp_path: Path, fault: str, how: dict[str, Any]
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm(fault, route="place", **how)
        await tap_buy(house)
        await asyncio.sleep(60)
        assert house.placed == 1
        assert [order.status for order in await house.orders()] == [OrderStatus.OPEN]
        rejected = [message for message in house.me.history() if "Rejected #" in message["text"]]
        found = [message for message in house.me.history() if "ound" in message["text"]]
        assert not rejected or found, "an order that stands was called rejected and never called back"


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_success_in_an_unexpected_shape_is_a_success(clock: LoopClock, tmp_path: Path, shape: str) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm(shape, route="place")
        await tap_buy(house)
        await house.me.wait_for("open at 380.00")
        assert house.placed == 1


async def test_a_session_that_ended_is_renewed_with_the_seed_before_the_answer(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await asyncio.sleep(60)  # a code is good for one login
        house.near.paper.broker.faults.arm("token_expired", route="funds")
        await house.me.ask("/funds", "2,50,000.00")


async def test_an_order_that_meets_an_expired_token_is_never_sent_twice(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await asyncio.sleep(60)
        house.near.paper.broker.faults.arm("token_expired", route="place")
        await tap_buy(house)
        await asyncio.sleep(300)
        assert house.placed == 0
        assert len(await house.orders()) == 1
        assert (await house.orders())[0].status in (OrderStatus.REJECTED, OrderStatus.UNKNOWN)


async def test_a_wrong_password_is_said_once_and_not_tried_again(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:

        def spoil(db: Repositories) -> None:
            account = db.accounts.all()[0]
            kept = db.accounts.credentials(account.id)
            assert kept is not None
            db.accounts.add(account, replace(kept, password=Secret("another")))

        assert house.store is not None
        await house.store.transaction(spoil)
        await house.me.ask("/start", "owner")
        answer = await house.me.ask("/login", "assword")
        assert "attempts" in answer["text"]
        await asyncio.sleep(600)
        assert house.near.paper.counter.calls.get("login") == 1


async def test_an_address_that_is_not_registered_is_said_with_what_to_do(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("ip_mismatch", route="place")
        await tap_buy(house)
        notice = await house.me.wait_for("Primary IP")
        assert "the address of this host" in notice["text"]  # loopback is none that anybody could register
        assert house.placed == 0
        await house.me.ask("/funds", "Available")


async def test_a_broker_that_is_away_for_an_hour_is_said_and_comes_back(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("connection_dropped", times=None)
        house.near.paper.stream.drop()
        await house.me.ask("/positions", "mStock")
        await asyncio.sleep(3600)
        house.near.paper.broker.faults.clear()
        await asyncio.sleep(120)
        await house.me.ask("/positions", "as of")
        await tap_buy(house)
        await house.me.wait_for("open at 380.00")


async def test_at_midnight_the_session_ends_and_the_morning_begins_with_a_login(loop: VirtualLoop, tmp_path: Path) -> None:

    clock = LoopClock(loop, at_ist(date(2026, 11, 19), 23, 50))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await asyncio.sleep(1200)
        await house.me.ask("/funds", "2,50,000.00")  # with a stored seed a new session is there when it is asked for
        assert house.near.paper.counter.calls["login"] == 2


@pytest.mark.core
async def test_telegram_floods_and_outages_lose_no_fill_and_repeat_none(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await tap_buy(house, "/buy RELIANCE 10 @1500", "BUY 10 RELIANCE")
        house.near.chats.faults.add("flood", method="sendMessage", times=3, seconds=5)
        house.near.chats.faults.add("bad_gateway", method="sendMessage", times=2)
        await asyncio.sleep(300)
        assert len([message for message in house.me.history() if "Filled #" in message["text"]]) == 1


async def test_commands_typed_while_the_bot_was_away_are_offered_and_not_done(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.stop()
        house.me.say("/buy RELIANCE 10")
        await asyncio.sleep(600)
        await house.start()
        await house.me.wait_for("Typed")
        assert house.placed == 0
        await house.me.choose("Do it now", "BUY 10 RELIANCE")


async def test_looking_shows_what_was_known_with_its_time_while_mstock_does_not_answer(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled")
        lists = {"/positions": "POSITIONS", "/pnl": "P&L", "/holdings": "HOLDINGS", "/funds": "FUNDS"}
        for words, title in lists.items():
            assert "This is what I knew" not in (await house.me.ask(words, title))["text"]
        await asyncio.sleep(60)
        house.near.paper.broker.faults.arm("connection_dropped", times=None)
        for words, title in lists.items():
            shown = (await house.me.ask(words, title, 60))["text"]
            assert "⚠️ mStock did not answer as it should. Try again. This is what I knew at " in shown
            assert "+10" in shown or words in ("/holdings", "/funds")


async def test_positions_that_nobody_asked_for_before_are_shown_as_the_last_look_had_them_while_mstock_does_not_answer(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled")
        await asyncio.sleep(60)
        house.near.paper.broker.faults.arm("connection_dropped", times=None)
        for words, title in {"/positions": "POSITIONS", "/pnl": "P&L"}.items():
            shown = (await house.me.ask(words, title, 60))["text"]
            assert "This is what I knew at " in shown
            assert "+10" in shown
