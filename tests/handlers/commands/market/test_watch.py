"""/watch by chat: one message that refreshes itself within its budget, ends by itself and says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.clock import Clock
from bot.domain.market.watch_list import WatchRow, WatchShown
from bot.simulators.loop import LoopClock
from handlers.messenger import TelegramMessenger
from handlers.views.format import columns
from handlers.views.market import watch as views
from handlers.views.message import Table
from tests.handlers.chat import Stage, a_stage, later
from tests.handlers.samples import A_PRICE, ASHA, MAIN, NOW
from tests.stage.loop import HostClock
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT


@asynccontextmanager
async def refreshing(clock: Clock) -> AsyncIterator[Stage]:
    async with a_stage(clock) as stage:
        lists = stage.bot.services.watch_lists
        messenger = TelegramMessenger(
            stage.application.bot, pictures=stage.bot.services.pictures, mode="PAPER", clock=clock, explain=str,
            role_on=stage.bot.services.allowlist.role_on,
        )  # fmt: skip
        lists.attach(messenger.draw_watch)
        yield stage
        await lists.close()


def as_it_is(stage: Stage, card: dict[str, Any]) -> dict[str, Any]:
    (now,) = [message for message in stage.me.history() if message["id"] == card["id"]]
    return now


async def test_it_follows_the_price_in_one_message_and_ends_after_ten_minutes(clock: LoopClock) -> None:
    async with refreshing(clock) as stage:
        card = await stage.me.ask("/watch reliance", "WATCH 🔵 main")
        said = len(stage.me.history())
        assert "1,480.30" in card["text"]
        assert "Refreshes itself until" in card["text"]
        await later(1)
        assert stage.chats.pinned == {ASHA: card["id"]}
        stage.bot.connection.feed.ask = Decimal(1490)
        await later(15)
        assert "1,490.00" in as_it_is(stage, card)["text"]
        await later(600)
        over = as_it_is(stage, card)
        assert "No longer refreshed: these are the prices of" in over["text"]
        assert [choice["label"] for row in over["buttons"] for choice in row] == ["Go on", "Edit"]
        stage.bot.connection.feed.ask = Decimal(1500)
        await later(60)
        assert "1,500.00" not in as_it_is(stage, card)["text"]
        stage.me.press("Go on", over)
        await later(15)
        assert "1,500.00" in as_it_is(stage, card)["text"]
        assert "Refreshes itself until" in as_it_is(stage, card)["text"]
        assert len(stage.me.history()) == said
        assert stage.me.rings() == []


@pytest.mark.parametrize("step", [-7200, 0])
async def test_after_a_restart_it_goes_on_for_ten_minutes_at_most_however_the_clock_was_set(
    host_clock: HostClock, step: int
) -> None:
    async with refreshing(host_clock) as stage:
        card = await stage.me.ask("/watch reliance", "WATCH 🔵 main")
        lists = stage.bot.services.watch_lists
        await later(300)
        await lists.close()
        host_clock.step(step)
        await lists.resume()
        await later(200)
        assert "Refreshes itself" in as_it_is(stage, card)["text"]
        await later(450)
        assert "No longer refreshed" in as_it_is(stage, card)["text"]


async def test_a_second_list_ends_the_first_and_says_so_there(clock: LoopClock) -> None:
    async with refreshing(clock) as stage:
        first = await stage.me.ask("/watch reliance", "WATCH 🔵 main")
        second = await stage.me.ask("/watch infy", "INFY")
        await later(15)
        assert "No longer refreshed" in as_it_is(stage, first)["text"]
        assert "Refreshes itself" in as_it_is(stage, second)["text"]


async def test_symbols_come_by_words_and_go_by_buttons_and_are_kept_across_a_restart(clock: LoopClock) -> None:
    async with refreshing(clock) as stage:
        await stage.me.ask("/watch reliance", "WATCH 🔵 main")
        await stage.me.ask("/watch add infy", "INFY")
        card = await stage.me.choose("Edit", "Tap one")
        stage.me.press("✕ RELIANCE", card)
        await later(2)
        left = as_it_is(stage, card)["text"]
        assert ("RELIANCE" in left, "INFY" in left) == (False, True)
        await stage.me.ask("/watch remove reliance", "is not on your list")
        await stage.bot.start()
        listed = await stage.bot.store.transaction(lambda db: db.flags.watched(ACCOUNT.id, ASHA))
        assert [name.partition(":")[0] for name in listed] == ["NSE"]


async def test_who_left_the_list_of_people_is_shown_nothing_more(clock: LoopClock) -> None:
    async with refreshing(clock) as stage:
        card = await stage.me.ask("/watch reliance", "WATCH 🔵 main")
        await stage.bot.store.transaction(lambda db: db.people.remove(ASHA))
        stage.bot.connection.feed.ask = Decimal(1490)
        await later(60)
        assert as_it_is(stage, card)["text"] == card["text"]


def test_the_list_fits_a_narrow_phone_and_each_price_has_its_age() -> None:
    old = replace(A_PRICE, at=NOW - timedelta(minutes=7), last=Decimal("123456.75"))
    rows = (
        WatchRow(instrument=RELIANCE, price=A_PRICE),
        WatchRow(instrument=NIFTY_CALL, price=old),
        WatchRow(instrument=RELIANCE, price=replace(A_PRICE, at=None, previous_close=None)),
        WatchRow(instrument=RELIANCE, price=None),
    )
    shown_list = WatchShown(account=replace(MAIN, mark="🔵"), rows=rows, as_of=NOW)
    view = views.watch(shown_list, NOW, "PAPER")
    shown = [line for part in view.parts if isinstance(part, Table) for line in part.rows]
    assert max(columns(line) for line in shown) <= 30
    flat = [" ".join(line.split()) for line in shown]
    assert flat[:4] == ["WATCH 🔵 main PAPER", "as of 14:02:11", "RELIANCE 1,480.30", "+0.70 % 🟢 1 s ago"]
    assert any(line.endswith("7 min ago") for line in flat)
    still = WatchRow(instrument=RELIANCE, price=replace(A_PRICE, last=Decimal("1480.35"), previous_close=Decimal("1480.30")))
    assert "0.00 % 1 s ago" in " ".join(views.watch(replace(shown_list, rows=(still,)), NOW, "PAPER").plain.split())
    assert {"time unknown", "RELIANCE not known"} <= set(flat)
