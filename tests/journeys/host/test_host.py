"""The host's own commands against a whole running bot: the alarm, a tampered audit, backup and restore, a report."""

import asyncio
import hashlib
import json
import random
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bot.cli.audit import as_json, read_audit
from bot.cli.backup import make_backup
from bot.cli.diagnose import diagnosis
from bot.cli.key import change_data_keys, change_keys
from bot.cli.panic import lift, panic
from bot.cli.restore import restore
from bot.config.keys import KeySource
from bot.domain.errors import StorageError
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.people.account import Role
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from storage.backup import check_copy
from tests.stage.gate.canaries import Canaries, Planted, plant
from tests.stage.house import House, a_house

PLANTED: Planted = plant(random.Random(5))
ACCOUNT = PaperAccount(client=PLANTED.client_code, password=PLANTED.password, totp_seed=PLANTED.totp_seed)
BEAT = 6.0  # seconds: longer than the running bot's look at its store
SECOND = 77  # Telegram id of somebody else on the list


async def alive(house: House) -> bool:
    """Whether the running bot holds a session."""
    assert house.app is not None
    assert house.store is not None
    (account,) = await house.store.transaction(lambda db: db.accounts.all())
    state = await house.app.core.logins.state_of(account)
    return state.session is not None


@pytest.mark.core
async def test_the_alarm_stops_a_running_bot_and_no_phone_brings_it_back(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        other = await house.join(SECOND, "Ravi", Role.TRADER)
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        said = await panic(house.settings, clock)
        assert "Stopped: 1 accounts. Sealed: 2 phones. Refused: 1 open questions" in said
        assert "running bot ends the sessions" in said
        house.me.press("Confirm buy", card)  # the thief taps what was open
        await asyncio.sleep(BEAT)
        assert not await alive(house)
        for phone in (house.me, other):
            for words in ("/buy INFY 1", "b infy 1", "/login", "/login 123456", "/resume", "/positions", "/exit all", "/unlock"):
                phone.say(words)
                await asyncio.sleep(BEAT)
        assert house.placed == 0
        assert not await alive(house)
        await house.restart()
        assert not await alive(house)
        assert house.placed == 0

        assert "over" in await lift(house.settings, clock)
        await house.me.ask("/login", "lives until")
        blocked = await house.me.ask("/buy INFY 1", lambda message: message["from_bot"])
        assert "Confirm buy" not in str(blocked)
        assert house.placed == 0


async def test_what_the_host_stopped_is_told_to_everybody_though_nobody_says_a_word(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        other = await house.join(SECOND, "Ravi", Role.TRADER)
        await house.log_in()
        await asyncio.sleep(BEAT)
        await panic(house.settings, clock)
        await other.wait_for("the host", 2 * BEAT)


async def test_the_alarm_works_without_a_running_bot_and_ends_the_session_at_the_broker(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        await house.log_in()
        await house.stop()
        said = await panic(house.settings, clock)
        assert "1 of 1 ended at the broker" in said
        await house.start()
        assert not await alive(house)


async def test_a_changed_audit_row_is_named_at_the_start_stops_trading_and_lets_people_look(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        await house.log_in()
        await house.stop()
        with sqlite3.connect(house.settings.database) as raw:
            raw.execute("DROP TRIGGER audit_no_update")
            (row,) = raw.execute("SELECT max(id) FROM audit WHERE what = 'login'").fetchone()
            raw.execute("UPDATE audit SET who = 666 WHERE id = ?", (row,))
        raw.close()
        await house.start()
        await house.me.wait_for(f"Row {row} of the audit")
        await house.me.ask("/login", "lives until")
        await house.me.ask("/funds", "Available")
        house.me.say("/buy RELIANCE 10")
        await asyncio.sleep(BEAT)
        assert house.placed == 0
        assert house.store is not None
        (account,) = await house.store.transaction(lambda db: db.accounts.all())
        stop = await house.store.transaction(lambda db: db.stops.stopped(account.id))
        assert stop is not None
        assert f"Row {row} " in stop.why
        _, broken = await read_audit(house.settings)
        assert broken == row


async def test_an_untouched_audit_starts_without_a_word_and_its_export_proves_itself(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        await house.log_in()
        await house.restart()
        assert house.store is not None
        (account,) = await house.store.transaction(lambda db: db.accounts.all())
        assert await house.store.transaction(lambda db: db.stops.stopped(account.id)) is None
        rows, broken = await read_audit(house.settings)
        assert broken is None
    exported = [json.loads(as_json(row)) for row in rows]
    assert [each["id"] for each in exported] == list(range(1, len(rows) + 1))
    assert "login" in {each["what"] for each in exported}
    before = bytes(32)
    for each in exported:  # by hand, as somebody without this program would
        at = datetime.fromisoformat(each["at"]).astimezone(UTC).isoformat(timespec="microseconds")
        row = (each["id"], at, each["who"], each["what"], each["account"], each["detail"])
        before = hashlib.sha256(before + msgspec.json.encode(row)).digest()
        assert each["hash"] == before.hex()


async def test_a_backup_of_a_running_bot_brings_its_day_back_and_does_nothing_twice(clock: LoopClock, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with a_house(clock, tmp_path / "house", account=ACCOUNT) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        assert "whole, and without any key" in await make_backup(house.settings, copy)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        with pytest.raises(StorageError, match="running"):
            await restore(house.settings, copy, clock)
        await house.stop()
        assert "Trading is stopped on 1 accounts" in await restore(house.settings, copy, clock)
        await house.start()
        token = re.findall(r"c:([a-z0-9]{20,}):y", json.dumps(card))[0]
        assert house.store is not None
        question = await house.store.transaction(lambda db: db.confirmations.find(token))
        assert question is not None  # it was open in the backup, and its order was placed since
        assert question.state is ConfirmationState.REFUSED
        await house.me.ask("/login", "lives until")
        await asyncio.sleep(BEAT)
        assert house.placed == 1
        seen = await house.orders()
        assert [order.filled for order in seen] == [10]  # the books were asked, and the order that the backup missed is there
    leaks = Canaries({"password": PLANTED.password, "seed": PLANTED.totp_seed or "", "client": PLANTED.client_code})
    assert leaks.leaks(copy.read_bytes()) == []
    assert check_copy(copy).accounts == 1


async def test_an_alarm_outlives_a_restore(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path / "house", account=ACCOUNT) as house:
        await house.stop()
        await make_backup(house.settings, tmp_path / "copy.db")
        await panic(house.settings, clock)
        assert "on again" in await restore(house.settings, tmp_path / "copy.db", clock)
        await house.start()
        await house.me.ask("/start", lambda message: message["from_bot"])
        house.me.say("/login")
        await asyncio.sleep(BEAT)
        assert not await alive(house)


async def test_keys_are_changed_between_two_starts_and_everything_goes_on(clock: LoopClock, tmp_path: Path) -> None:
    words = "correct horse battery staple"
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        with pytest.raises(StorageError, match="Another bot"):
            await change_keys("rotate", house.settings, None)
        await house.stop()
        for seed in (False, True):
            assert "1 data keys" in await change_keys("rotate", house.settings, None, seed=seed)
        assert "4 secrets" in await change_data_keys(house.settings, None)
        await house.start()
        await house.log_in()
        await house.stop()
        told = await change_keys("rotate", house.settings, lambda _: words, to=KeySource.PASSPHRASE)
        assert "KEY_SOURCE=passphrase" in told
        with pytest.raises(StorageError):
            await house.start()
        house.settings = replace(house.settings, key_source=KeySource.PASSPHRASE, key_passphrase=None)
        with pytest.raises(StorageError, match="KEY_PASSPHRASE_FILE"):
            await house.start()


async def test_an_owner_reads_on_the_phone_what_the_settings_are_warned_of(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        shown = await house.me.ask("/status full", "python -m bot diagnose")
        assert "stands in the environment" not in shown["text"], "a demo's own settings stand in none"
        await house.stop()
        house.settings = replace(house.settings, warnings=(".env can be changed by others: chmod go-w .env",))
        await house.start()
        viewer = await house.join(SECOND, "Meera", Role.VIEWER)
        shown = await house.me.ask("/status full", "python -m bot diagnose")
        assert "🔴 .env can be changed by others: chmod go-w .env" in " ".join(shown["text"].split())
        refused = await viewer.ask("/status full", "it is the owner's")
        assert "chmod" not in refused["text"]


async def test_a_report_holds_no_secret_and_no_text_of_anybody(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=ACCOUNT) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        report = "\n".join(await diagnosis(house.settings, clock))
        shown = await house.me.ask("/status full", "vault secrets that open: 5")
        report += str(shown["text"])
        assert house.store is not None
        (account,) = await house.store.transaction(lambda db: db.accounts.all())
        session = await house.store.transaction(lambda db: db.accounts.session(account.id))
        assert session is not None
        planted = {
            "client": PLANTED.client_code,
            "password": PLANTED.password,
            "seed": PLANTED.totp_seed or "",
            "token": session.token.reveal(),
            "bot": house.settings.telegram_bot_token.reveal().partition(":")[2],
            "path": str(tmp_path),
        }
    assert Canaries(planted).leaks(report) == []
    for text in (account.label, account.client, "RELIANCE", "You", str(tmp_path), "XXXXX", "PAN"):
        assert text not in report.replace("KEY_SOURCE", "").split()
    assert "vault secrets that open: 5" in report
    assert "database accounts: 1" in report
    assert "process dumpable:" in report
    assert "audit broken at row: none" in report
