"""What this process waits for or remembers for a while lasts as long as it should, however the host's clock is set."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, NotFound, NotSent
from bot.domain.news.connections import FeedBack
from bot.domain.orders.order import OrderRequest
from bot.domain.people.access import PadEnded, PadUse
from bot.domain.terms import Side
from bot.trading.feed_events import FeedEvents
from bot.trading.safety.pins import TRIES
from bot.trading.sessions.spent_codes import spend
from tests.stage.access import PIN, access
from tests.stage.desk import set_stage
from tests.stage.loop import HostClock
from tests.storage.samples import ACCOUNT, NOW, PERSON, a_store


@pytest.mark.parametrize("step", [-7200, -120, 120, 7200])
async def test_a_keypad_is_over_after_two_minutes_and_not_before(host_clock: HostClock, step: int) -> None:
    room = access(await set_stage(host_clock))
    pad = await room.pins.open(room.stage.actor, PadUse.SET)
    host_clock.step(step)
    await asyncio.sleep(110)
    await room.pins.press(room.stage.actor, pad.id, 0)
    await asyncio.sleep(11)
    with pytest.raises(NotFound):
        await room.pins.press(room.stage.actor, pad.id, 0)


async def test_tries_at_a_pin_are_closed_no_longer_than_the_pause_though_the_clock_was_set_back(host_clock: HostClock) -> None:
    room = access(await set_stage(host_clock))
    await room.set_pin(room.stage.actor)
    pad = await room.pins.open(room.stage.actor, PadUse.PROVE, proof="x")
    ended = await room.tap(room.stage.actor, pad, "111112" * TRIES)
    assert isinstance(ended, PadEnded)
    assert (await room.pins.state(room.stage.actor)).closed_until is not None
    host_clock.step(-7200)
    assert (await room.pins.state(room.stage.actor)).closed_until is not None
    await asyncio.sleep(301)
    proven = await room.prove(room.stage.actor, "x", PIN)
    assert isinstance(proven, PadEnded)
    assert proven.right


async def test_a_roster_is_read_again_after_five_seconds_though_the_clock_was_set_back(host_clock: HostClock) -> None:
    room = access(await set_stage(host_clock))
    await room.allowlist.refresh()
    host_clock.step(-7200)
    assert not room.allowlist.stale
    await asyncio.sleep(6)
    assert room.allowlist.stale


async def test_a_spent_code_from_the_future_is_forgotten_and_one_of_now_is_not() -> None:
    store = await a_store()
    await store.transaction(lambda db: spend(db, ACCOUNT.id, "123456", NOW))
    with pytest.raises(NotSent):
        await store.transaction(lambda db: spend(db, ACCOUNT.id, "123456", NOW - timedelta(seconds=60)))
    await store.transaction(lambda db: spend(db, ACCOUNT.id, "123456", NOW - timedelta(hours=2)))


@pytest.mark.parametrize("step", [-7200, -120])
async def test_orders_of_before_the_clock_was_set_back_are_none_of_the_last_minutes(host_clock: HostClock, step: int) -> None:
    room = access(await set_stage(host_clock))
    await room.put(orders_a_minute=1)
    stage = room.stage
    limit = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=1, price=Decimal("1475.00"))
    await stage.tap(await stage.card(await stage.proposals.propose(stage.actor, limit, chat_id=PERSON)))
    with pytest.raises(CheckFailed, match="last minute"):
        await stage.proposals.propose(stage.actor, limit, chat_id=PERSON)
    await asyncio.sleep(61)
    host_clock.step(step)
    asked = await stage.proposals.propose(stage.actor, limit, chat_id=PERSON)
    assert [remark.say for remark in asked.warnings if remark.name == "twin"] == ["Same as #1, how long ago is not known"]


@pytest.mark.parametrize("step", [-7200, 7200])
@pytest.mark.parametrize(("away", "told"), [(5, False), (60, True)])
async def test_the_length_of_a_gap_of_the_feed_is_the_time_that_passed(
    host_clock: HostClock, step: int, away: int, told: bool
) -> None:
    stage = await set_stage(host_clock)
    feed = FeedEvents(
        store=stage.store,
        reconcile=stage.reconcile,
        watcher=stage.core.watcher,
        background=stage.background,
        clock=host_clock,
    )
    since = host_clock.now()
    feed.gap(ACCOUNT.id, since, None)
    host_clock.step(step)
    await asyncio.sleep(away)
    feed.gap(ACCOUNT.id, since, host_clock.now())
    await asyncio.sleep(1)
    backs = [notice for notice in await stage.notices() if isinstance(notice, FeedBack)]
    assert [back.until - back.since for back in backs] == ([timedelta(seconds=away)] if told else [])
