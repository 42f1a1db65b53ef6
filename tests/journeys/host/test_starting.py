"""Starting and stopping: what counts comes first, whatever is slow."""

import asyncio
import dataclasses
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import SettingsError
from bot.domain.news.safety import TradingResumed
from bot.domain.orders.order import CardRef, OrderStatus
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house
from tests.stage.values.orders import an_order

CARDS = 50


@pytest.mark.core
async def test_started_with_a_living_session_the_books_are_read_and_the_phone_is_heard_before_the_scrip_master_is_here(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    tomorrow = ist_date(clock.now()) + timedelta(days=1)
    loop.shift((at_ist(tomorrow, 8, 0) - clock.now()).total_seconds())
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.stop()
        loop.shift((at_ist(tomorrow, 9, 20) - clock.now()).total_seconds())  # the file of 08:00 is not the day's any more
        house.near.paper.broker.faults.arm("request_late", route="master", times=None, seconds=170)
        began, clock_at = loop.time(), clock.now()
        await house.start()
        await house.me.ask("/positions", "POSITIONS")
        assert house.app is not None
        account = (await house.app.store.transaction(lambda db: db.accounts.all()))[0]
        seen = house.app.core.reconcile.seen_at(account.id)
        assert seen is not None
        assert seen - clock_at < timedelta(seconds=5)
        await house.me.ask("/quote ITC", "ITC")
        assert loop.time() - began < 10
        last = await house.app.store.transaction(lambda db: db.scrip_master.last())
        assert last is not None
        assert last.loaded_at < clock_at
        await asyncio.sleep(200)
        last = await house.app.store.transaction(lambda db: db.scrip_master.last())
        assert last is not None
        assert last.loaded_at > clock_at, "it came all the same"


async def test_the_phone_is_heard_while_its_command_menu_is_yet_to_be_set(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.stop()
        house.near.telegram.chats.faults.add("slow", "setMyCommands", seconds=15)
        began = loop.time()
        await house.start()
        await house.me.ask("/accounts", "Accounts")
        assert loop.time() - began < 5
        before = len(house.near.telegram.sent("setMyCommands"))
        await asyncio.sleep(20)
        assert len(house.near.telegram.sent("setMyCommands")) > before, "it is set all the same"


async def test_started_while_telegram_is_away_stop_and_target_do_their_work_and_all_is_told_when_it_is_back(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 9, 20))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        for order, stop, target in ((1, 1450, 1500), (3, 1440, 1600)):
            card = await house.me.ask(f"/buy RELIANCE 10 mis sl {stop} t {target}", "BUY 10 RELIANCE")
            house.me.press("Confirm buy", card)
            await house.me.wait_for(f"Filled #{order}")
            await house.me.wait_for("Stop placed", 30)
        await house.stop()
        told = len(house.me.history())
        faults = house.near.chats.faults
        faults.add("bad_gateway", times=1_000_000)
        faults.add("bad_gateway", "getUpdates", times=1_000_000)
        await asyncio.sleep(120)
        await house.start()
        await asyncio.sleep(30)
        price(house, "1501.00")
        await asyncio.sleep(60)
        price(house, "1439.00")
        await asyncio.sleep(3600)
        assert len(house.me.history()) == told
        assert sorted(order.status for order in await house.orders()) == [OrderStatus.FILLED] * 4
        faults.clear()
        first = await house.me.wait_for("Filled #2 SELL 10 RELIANCE", 60)
        await house.me.wait_for("Filled #4 SELL 10 RELIANCE", 10)
        assert re.search(r"late 6[01] min", first["text"])
        back = await house.me.wait_for("Telegram did not answer", 60)
        assert "2 fills (told apart)" in back["text"]
        assert not any("I was away" in each["text"] and "Missed:" in each["text"] for each in house.me.history())
        await house.me.ask("/positions", "POSITIONS")


async def test_a_telegram_that_comes_late_with_another_bot_ends_the_start_in_a_sentence(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.stop()
        house.near.chats.faults.add("bad_gateway", times=3)
        house.near.chats.bot = dataclasses.replace(house.near.chats.bot, id=7_000_000_999)
        await house.start()
        assert house._running is not None
        with pytest.raises(SettingsError, match="--new-bot"):
            await house._running
        assert house._stack is not None
        await house._stack.aclose()
        house.app = None


async def test_asked_to_stop_with_fifty_cards_to_draw_it_tells_the_news_first_and_ends_in_bounded_time(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await _draw_many(house, clock)
        began = loop.time()
        await house.stop()
        assert loop.time() - began < 30
        assert any("allowed again" in message["text"] for message in house.me.history()), house.me.transcript(3)
        drawn = [message for message in house.me.history() if "#" in message["text"]]
        assert 0 < len(drawn) < CARDS, "the rest waits for the next start"


async def _draw_many(house: House, clock: LoopClock) -> None:
    """Fifty orders change at once, and somebody lifts the kill switch."""
    assert house.store is not None
    shown = [int((await house.me.ask("/funds", "FUNDS"))["id"]) for _ in range(CARDS)]
    now = clock.now()

    def change(db: Repositories) -> None:
        account = db.accounts.all()[0]
        (person,) = db.people.watching(account.id)
        for number, message_id in enumerate(shown, start=1):
            order = an_order(
                id=f"o{number}", account_id=account.id, number=number, tag=f"TAG{number}", status=OrderStatus.REJECTED,
                created_at=now, sent_at=now, updated_at=now,
            )  # fmt: skip
            db.orders.add(order, ist_date(now))
            db.cards.add(CardRef(chat_id=person, message_id=message_id, order_id=order.id, version=0))
        db.outbox.add(account.id, [person], TradingResumed(name="Ravi", at=now), now, order_id=None)

    await house.store.transaction(change)


@pytest.mark.core
async def test_a_first_start_after_the_days_summary_logs_in_by_itself_and_knows_the_instruments(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(LoopClock(loop, at_ist(date(2026, 11, 20), 17, 0)), tmp_path) as house:
        await asyncio.sleep(15)  # the summary of 16:15 was due and read the books
        await house.me.ask("/login", "Already logged in")
        await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
