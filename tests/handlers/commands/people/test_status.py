"""/status tells of each line, and `full` of the bot itself on one screen of a phone.

/audit pages through the record of acts for an owner, and for nobody else.
"""

import pytest

from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock
from handlers.views.format import WIDTH, columns
from tests.handlers.chat import a_stage
from tests.handlers.samples import ASHA
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT


async def test_the_newest_acts_come_first_and_the_buttons_lead_to_older_ones(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:

        def record(db: Repositories) -> None:
            for number in range(1, 21):
                db.audit.add(clock.now(), ASHA, "order", ACCOUNT.id, f"o{number} · update {1000 + number}", before="", after="")

        await stage.bot.store.transaction(record)
        first = await stage.me.ask("/audit", "Acts")
        assert "20 order · Asha" in first["text"]
        assert "update 1020" in first["text"]
        second = await stage.me.choose("Older", "12 order")
        assert "20 order" not in second["text"]
        last = await stage.me.choose("Older", "1 order")
        assert [choice["label"] for row in last["buttons"] for choice in row] == ["Newest"]
        await stage.me.ask("/audit #1", "No act is on record there.")


async def test_words_that_are_no_number_are_taught(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/audit all", "/audit 120")


@pytest.mark.parametrize("role", [Role.TRADER, Role.GUARDIAN, Role.VIEWER])
async def test_nobody_but_an_owner_reads_it(role: Role, clock: LoopClock) -> None:
    async with a_stage(clock, role) as stage:
        told = await stage.me.ask("/audit", "it is the owner's")
        assert "order" not in told["text"]


async def test_the_state_tells_of_ticks_books_places_and_telegram(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.broker.latency = 0.12
        await stage.me.ask("/quote reliance", "LTP")
        tick = stage.bot.connection.feed.last(RELIANCE.key)
        assert tick is not None
        stage.bot.core.watcher.tick(ACCOUNT.id, tick)
        await stage.bot.core.reconcile.sync(ACCOUNT.id)
        told = [" ".join(line.split()) for line in (await stage.me.ask("/status", "STATUS"))["text"].splitlines()]
        assert {"Last tick 0 s ago", "Books read 0 s ago", "mStock answers in 120 ms", "Prices watched 1 of 400"} <= set(told)
        assert any(line.startswith("Telegram answers in") and not line.endswith("not known") for line in told)


async def test_status_full_fits_one_screen_of_a_phone_and_leaves_settings_and_versions_to_the_host(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        told = (await stage.me.ask("/status full", "python -m bot diagnose"))["text"].splitlines()
        assert len(told) <= 20
        assert all(columns(line) <= WIDTH for line in told[:-1])
        assert {"vault secrets that open: 4", "database people: 1"} <= set(told)
        assert not any("given" in line or "library" in line for line in told)
        marked = [line.startswith(("🔴", "🟢")) for line in told if not line.startswith(" ")]
        assert marked[0]
        assert marked == sorted(marked, reverse=True), "what is wrong stands first"
