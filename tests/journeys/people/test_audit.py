"""Who did what, when, from which message, before and after: told in the chat, chained in the database."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.audit import read_audit
from bot.cli.backup import make_backup
from bot.cli.key import change_data_keys, change_keys
from bot.cli.panic import lift, panic
from bot.cli.restore import restore
from bot.database import without_keys
from bot.domain.people.account import Role, User
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.trading.people.invitations import put_on_list, take_off_list, unlock
from tests.journeys.people.test_people import PIN, invite, tap_pin
from tests.stage.command import SET_UP, run
from tests.stage.house import House, a_house

Row = tuple[int, int | None, str, str]


async def rows(house: House) -> list[Row]:
    assert house.store is not None

    def read(db: Repositories) -> list[Row]:
        return [(number, who, what, detail) for number, _, who, what, detail in db.audit.page(limit=200)]

    return list(reversed(await house.store.transaction(read)))


@pytest.mark.core
async def test_a_days_acts_are_on_record_with_the_message_behind_each(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        me = house.me.user.id
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        working = await house.me.wait_for("open at 380.00")
        number = re.search(r"#(\d+)", working["text"])
        assert number is not None
        change = await house.me.ask(f"/modify {number[1]} 381", "CHANGE")
        house.me.press("Confirm change", change)
        await house.me.wait_for("381.00")
        await house.me.ask(f"/cancel_order {number[1]}", "ancel")
        await house.me.ask("/kill", "Stopped")
        await house.me.ask("/resume", "Allow new orders again?")
        await house.me.choose("Yes, allow new orders", "allowed again")
        await house.me.ask("/logout", "Logged out")
        await house.me.ask("/kill", "Stopped")
        found = {what: (who, detail) for _, who, what, detail in await rows(house)}
        for what in ("login", "order", "modify", "cancel", "kill", "resume", "logout"):
            who, detail = found[what]
            assert who == me, what
            assert re.search(r"update \d+, (tap on )?message \d+$", detail), f"{what}: {detail}"
            assert "before: " in detail, what
        assert "before: none, after: BUY 5 ITC" in found["order"][1]
        assert re.search(r"before: BUY 5 ITC .*380\.?0*, after: BUY 5 ITC .*381", found["modify"][1])
        assert "before: OPEN" in found["cancel"][1]
        assert f"before: stopped by {me}" in found["resume"][1]
        page = await house.me.ask("/audit", "Acts")
        assert "resume · " in page["text"]
        assert "before: stopped by Asha (no reason given), after: running" in page["text"]
        older = await house.me.choose("Older", "Acts")
        assert page["text"] != older["text"]
        read = page["text"] + older["text"]
        for words in ("#1 BUY 5 ITC · before: none, after: BUY 5 ITC NSE LIMIT CNC 380", "#1 BUY 5 ITC · before: OPEN BUY 5 ITC"):
            assert words in read
        assert not re.search(r"[0-9a-f]{12,}|…", read), "no id and no digest"
        assert str(me) not in read


async def acts(house: House) -> dict[str, list[str]]:
    """Every act's details, by what it was, in order."""
    found: dict[str, list[str]] = {}
    for _, _, what, detail in await rows(house):
        found.setdefault(what, []).append(detail)
    return found


FROM_CHAT = r" · update \d+, (tap on )?message \d+"


async def test_roles_limits_pins_and_refusals_say_what_they_were_before_and_after(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        opened = await invite(house, "/people add trader")
        ravi = ScriptedPerson(house.near.chats, 5001, name="Ravi", started=True)
        mallory = ScriptedPerson(house.near.chats, 666, name="Mallory", started=True)
        await ravi.ask(opened, "Welcome. You are trader")
        await mallory.ask(opened, "This link is over")
        await house.me.ask("/limits quantity 50", "LIMITS")
        await house.me.ask("/limits quantity 80", "LIMITS")
        await house.me.ask("/pin", "A new PIN of six digits")
        await tap_pin(house.me, PIN + PIN)
        await house.me.wait_for("Your PIN is set.")
        await house.me.ask("/lock", "Sealed.")
        await house.me.ask("/unlock", "Your PIN")
        await tap_pin(house.me)
        await house.me.wait_for("open again")
        await house.me.ask("/people remove Ravi", "your PIN, please")
        await tap_pin(house.me)
        await house.me.wait_for("Ravi is off the list.")
        await house.me.ask("/logout", "Logged out")
        await house.me.ask("/login 000000", "mStock")
        found = await acts(house)
        for what, pattern in (
            ("invited", r"before: none, after: a link for a trader of every account until \d\d:\d\d UTC"),
            ("joined", r"invited by \d+ · before: no role, after: trader"),
            ("refused", r"came with a joining link that was used or had expired"),
            ("limits", r"quantity · before: no limit, after: 50"),
            ("pin", r"set · before: none, after: a new one"),
            ("lock", r"before: open, after: sealed"),
            ("person removed", r"5001 Ravi · before: trader of every account, after: not on the list"),
            ("logout", r"before: a session until 21 Nov 00:00 IST, after: logged out"),
            ("login refused", r"mStock did not take it"),
        ):
            assert re.fullmatch(pattern + FROM_CHAT, found[what][0]), (what, found[what])
        assert re.fullmatch(r"quantity · before: 50, after: 50, from 2026-11-21 80" + FROM_CHAT, found["limits"][1])
        assert any(re.fullmatch(r"unseal · before: sealed, after: open" + FROM_CHAT, each) for each in found["pin"])
        assert any(re.fullmatch(r"given for remove:5001" + FROM_CHAT, each) for each in found["pin"])
        assert PIN not in str(found)


async def test_the_alarm_and_the_hosts_commands_are_on_record_as_the_hosts(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path / "house") as house:
        await house.log_in()
        await panic(house.settings, clock)
        await lift(house.settings, clock)
        await house.stop()
        await change_keys("rotate", house.settings, None)
        await change_data_keys(house.settings, None)
        await make_backup(house.settings, tmp_path / "copy.db")
        words, given = "people add 77 --role viewer --name Ravi", {**SET_UP, "DATABASE": str(house.settings.database)}
        done = await asyncio.to_thread(run, *words.split(), at=tmp_path, given=given)
        assert done.code == 0, done.err
        ravi, now = User(telegram_id=77, name="Ravi"), clock.now()
        async with without_keys(house.settings) as store:
            await store.transaction(lambda db: put_on_list(db, ravi, Role.TRADER, None, now))
            assert await store.transaction(lambda db: take_off_list(db, 77, now))
            assert not await store.transaction(lambda db: take_off_list(db, 77, now))
            assert not await store.transaction(lambda db: unlock(db, 77, now))
        await restore(house.settings, tmp_path / "copy.db", clock)
        await house.start()
        found = await acts(house)
        assert found["panic"] == [
            "before: running, after: stopped, session forgotten",
            "before: 1 phones, after: all sealed, 0 open questions refused",
        ]
        assert found["panic lifted"] == ["before: 1 phones sealed, after: open, trading stopped"]
        assert re.fullmatch(r"main, .*wrapping\.key · before: [0-9a-f]{16}, after: [0-9a-f]{16}", found["key rotate"][0])
        assert found["key rotate"][1] == "data keys · before: older data keys, after: 4 secrets of 1 accounts sealed anew"
        assert re.fullmatch(r"before: what is kept beside it, after: 1 accounts, .*", found["restored"][0])
        assert "person added" not in found, "the record is the backup's, which was made before"
        await house.stop()
        (aside,) = house.settings.database.parent.glob("*.before-*")
        told, _ = await read_audit(replace(house.settings, database=aside))
        kept = [(act.what, act.detail) for act in told]
        assert kept[-4:] == [
            ("person added", "77 Ravi · before: not on the list, after: viewer of every account · host: people add"),
            ("person added", "77 Ravi · before: viewer of every account, after: trader of every account"),
            ("person removed", "77 Ravi · before: trader of every account, after: not on the list"),
            ("unlocked", "77 · before: open, without a PIN, after: open, without a PIN"),
        ]
        assert kept[-5][1].startswith("before: none, after: copy.db: 1 accounts, ")


async def test_an_owner_of_one_account_sees_that_one_alone(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        assert house.store is not None
        account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        papa = await house.join(7001, "Papa", Role.OWNER, account.id)
        now = clock.now()
        await house.store.transaction(lambda db: db.audit.add(now, None, "elsewhere", "another-account", before="", after=""))
        await house.store.transaction(lambda db: db.audit.add(now, None, "about no account", before="", after=""))
        page = await papa.ask("/audit", "Acts")
        assert "login" in page["text"]
        assert "elsewhere" not in page["text"]
        assert "about no account" not in page["text"]
        assert "elsewhere" in (await house.me.ask("/audit", "Acts"))["text"]


async def test_what_the_bot_does_by_itself_names_no_message(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        pinned = [row for row in await rows(house) if row[2] == "bot pinned"]
        assert pinned == [(pinned[0][0], None, "bot pinned", "before: none, after: 7000000001")]
