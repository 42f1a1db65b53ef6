"""The bot's token in other hands: trading is sealed within a minute, and a new token loses nothing that was confirmed."""

import asyncio
import dataclasses
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import open_app
from bot.delivery.notifier import WAITS
from bot.domain.errors import SettingsError, StorageError
from bot.domain.orders.order import OrderStatus
from bot.domain.people.secret import Secret
from bot.runtime.redaction import Redactor
from bot.simulators.loop import LoopClock
from bot.trading.people.allowlist import MAX_AGE
from storage.db.engine import FileLock
from tests.stage.house import House, a_house


async def stopped_because(house: House) -> str | None:
    assert house.store is not None
    account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
    stop = await house.store.transaction(lambda db: db.stops.stopped(account.id))
    return stop.why if stop is not None else None


async def test_a_webhook_set_by_somebody_else_seals_trading_within_a_minute_and_the_owner_is_told(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        assert await stopped_because(house) is None
        house.near.chats.updates.webhook = "https://evil.example/hook"
        told = await house.me.wait_for("Stopped by the bot itself", 61)
        assert "Somebody set a webhook" in told["text"]
        assert "/revoke" in told["text"]
        assert "evil.example" not in told["text"], "a stranger's words are not passed on"
        house.near.chats.updates.webhook = ""
        house.me.press("Confirm buy", card)
        await house.me.wait_for("stopped", 120)
        assert house.placed == 0


@pytest.mark.core
async def test_a_second_poller_seals_trading_at_once_and_survives_a_restart(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await asyncio.sleep(1)  # until the bot waits at Telegram again
        house.near.chats.updates.interrupt("Conflict: terminated by other getUpdates request")
        told = await house.me.wait_for("Stopped by the bot itself", 5)
        assert "Another program fetches" in told["text"]
        await house.restart()
        await house.me.ask("/buy RELIANCE 10", "stopped")
        assert house.placed == 0
        await house.me.ask("/resume", "Allow new orders again?")
        await house.me.choose("Yes, allow new orders", "allowed again")
        await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")


async def test_a_copied_database_under_the_same_token_stops_both_bots_and_neither_resumes_by_itself(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path / "first") as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10 sl 1400", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Stop placed", 30)
        open_card = await house.me.ask("/buy ITC 1", "BUY 1 ITC")
        last = house.me.history()[-1]["id"]
        placed = house.placed
        copied = tmp_path / "second" / house.settings.database.name
        shutil.copytree(house.settings.database.parent, copied.parent)
        settings = replace(house.settings, database=copied)
        second_bot = open_app(
            settings, clock=clock, random_bytes=house.chance.randbytes, redactor=Redactor(), inline=True, album=house.album
        )
        stop = asyncio.Event()
        async with second_bot as second:
            running = asyncio.create_task(second.run(stop))
            await asyncio.sleep(60)
            told = [each["text"] for each in house.me.rings(after=last) if "Stopped by the bot itself" in each["text"]]
            assert len(told) == 2, "each says it once"
            assert all("end one of the two" in words and "/revoke" in words for words in told)
            house.me.press("Confirm buy", open_card)
            house.me.say("/buy ITC 2")
            await asyncio.sleep(60)
            assert house.placed == placed
            stop.set()
            await running
        await asyncio.sleep(300)
        await house.me.ask("/buy ITC 3", "Trading is stopped")
        await house.restart()
        await house.me.ask("/buy ITC 3", "Trading is stopped")
        await house.me.ask("/resume", "Allow new orders again?")
        await house.me.choose("Yes, allow new orders", "allowed again")
        await house.me.ask("/buy ITC 3", "BUY 3 ITC")
        resting = [each for each in await house.orders() if each.status is OrderStatus.TRIGGER_PENDING]
        assert [each.draft.quantity for each in resting] == [10], "one stop, of both"


async def test_a_second_bot_on_the_same_database_does_not_start_though_the_lock_file_was_removed(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        lock = house.settings.database.with_name(house.settings.database.name + ".lock")
        for left in range(2):
            if left:
                lock.unlink()
                await asyncio.sleep(MAX_AGE + 1)
            second = open_app(house.settings, clock=clock, random_bytes=house.chance.randbytes, redactor=Redactor(), inline=True)
            with pytest.raises(StorageError, match=rf"process {os.getpid()}.*no file to remove"):
                await second.__aenter__()
        await asyncio.sleep(60)
        assert await stopped_because(house) is None


async def test_a_bot_whose_lock_went_to_another_ends(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        lock = house.settings.database.with_name(house.settings.database.name + ".lock")
        lock.unlink()
        quicker = FileLock(lock)
        assert quicker.take()
        assert house._running is not None
        with pytest.raises(ExceptionGroup) as ended:
            await house._running
        assert ended.group_contains(StorageError, match="Another bot")
        assert house._stack is not None
        await house._stack.aclose()
        house.app = None
        with pytest.raises(StorageError, match="Another bot"):
            await house.start()
        assert house._stack is not None
        await house._stack.aclose()
        house.app = None
        quicker.release()
        await house.start()
        await house.me.ask("/start", "owner")


async def test_an_ordinary_restart_is_no_second_poller(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        for _ in range(3):
            await house.restart()
            await asyncio.sleep(120)
        assert await stopped_because(house) is None


async def test_a_database_belongs_to_one_bot(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.stop()
        ours = house.near.chats.bot
        house.near.chats.bot = dataclasses.replace(ours, id=7_000_000_999)
        with pytest.raises(SettingsError, match="--new-bot"):
            await house.start()
        assert house._stack is not None
        await house._stack.aclose()
        house.near.chats.bot = ours
        await house.start()
        await house.me.ask("/start", "owner")


async def test_a_bot_with_inline_mode_on_does_not_start(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.stop()
        house.near.chats.abilities = {"supports_inline_queries": True}
        with pytest.raises(SettingsError, match="inline"):
            await house.start()
        assert house._stack is not None
        await house._stack.aclose()


async def test_the_drill_a_revoked_token_is_replaced_and_no_confirmed_order_is_lost(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("fill_late", seconds=90)
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at")
        # Step 1: /revoke at @BotFather. From this moment nothing goes in or out, and orders live on.
        house.near.telegram.token = "7000000001:NEW-token-after-the-revocation-00000"
        await asyncio.sleep(300)
        assert [order.status for order in await house.orders()] == [OrderStatus.FILLED]
        assert not [message for message in house.me.rings(after=card["id"]) if "Filled" in message["text"]]
        # The old token is refused at a start, in words that name the setting.
        await house.stop()
        with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN"):
            await house.start()
        assert house._stack is not None
        await house._stack.aclose()
        # Step 2: the new one in the settings, and a start: the fill arrives, once.
        house.settings = replace(house.settings, telegram_bot_token=Secret(house.near.telegram.token))
        await house.start()
        await house.me.wait_for("Filled", WAITS[-1] + 10)
        await asyncio.sleep(60)
        assert len([message for message in house.me.rings(after=card["id"]) if "Filled" in message["text"]]) == 1
        assert house.placed == 1
        await house.me.ask("/positions", "RELIANCE")
