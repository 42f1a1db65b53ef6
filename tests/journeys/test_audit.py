"""Who did what, when, from which message, before and after: told in the chat, chained in the database."""

import re
from pathlib import Path

from bot.demo.loop import LoopClock
from bot.domain.account import Role
from bot.domain.drawers import Drawers
from tests.stage.house import House, a_house

Row = tuple[int, int | None, str, str]


async def rows(house: House) -> list[Row]:
    assert house.store is not None

    def read(drawers: Drawers) -> list[Row]:
        return [(number, who, what, detail) for number, _, who, what, detail in drawers.audit.page(limit=200)]

    return list(reversed(await house.store.run(read)))


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
        older = await house.me.choose("Older", "Acts")
        assert page["text"] != older["text"]


async def test_an_owner_of_one_account_sees_that_one_alone(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        assert house.store is not None
        account = (await house.store.run(lambda drawers: drawers.accounts.all()))[0]
        papa = await house.join(7001, "Papa", Role.OWNER, account.id)
        now = clock.now()
        await house.store.run(lambda drawers: drawers.audit.add(now, None, "elsewhere", "another-account", before="", after=""))
        await house.store.run(lambda drawers: drawers.audit.add(now, None, "about no account", before="", after=""))
        page = await papa.ask("/audit", "Acts")
        assert "login" in page["text"]
        assert "elsewhere" not in page["text"]
        assert "about no account" not in page["text"]
        assert "elsewhere" in (await house.me.ask("/audit", "Acts"))["text"]


async def test_what_the_bot_does_by_itself_names_no_message(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        pinned = [row for row in await rows(house) if row[2] == "bot pinned"]
        assert pinned == [(pinned[0][0], None, "bot pinned", "before: none, after: 7000000001")]
