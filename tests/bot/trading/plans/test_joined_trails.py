"""A later entry joins a stop under a living trail: what is held after it is trailed, by one exit order, from its last fill on."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import CheckFailed
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import OrderRequest
from bot.domain.plans.plan import Attached
from bot.domain.terms import OrderKind, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.plans.test_trail_runner import ENTRY, TRAIL, d, filled, told, trailing, walk
from tests.stage.tape import REFUSED, TapeStage, set_tape
from tests.storage.samples import PERSON

MORE = replace(ENTRY, quantity=10, price=Decimal("1488.00"))
SHORT = Attached(stop=Decimal("1495.00"), stop_limit=Decimal("1505.00"), trail=TRAIL)


async def add(stage: TapeStage, request: OrderRequest = MORE, message: int = 88) -> None:
    """A later entry that joins the stop, as its card proposes."""
    desk = stage.desk
    card = await desk.proposals.propose(desk.actor, request, chat_id=PERSON)
    assert card.raising is not None
    assert card.raising.raised
    await desk.tap(await desk.card(card, message), message)


async def test_what_was_added_is_trailed_as_well_and_the_best_counts_from_its_fill(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1490.00") == d("1475")
        await add(stage)
        assert await walk(stage, "1495.00") == d("1480"), "it follows what is held while the later entry rests"
        assert sorted(stage.standing()) == [(OrderKind.LIMIT, 10), (OrderKind.SL, 10)]
        assert await walk(stage, "1488.00") == d("1480")
        assert stage.standing() == [(OrderKind.SL, 20)]
        trail = stage.desk.core.trails.seen((await stage.desk.store.transaction(lambda db: db.plans.alive()))[0].id)
        assert trail is not None
        assert trail.trail.best is None, "the trade that filled it arms nothing"
        assert await walk(stage, "1494.00", "1497.00") == d("1480", "1482"), "the high of before its fill counts no more"
        assert stage.standing() == [(OrderKind.SL, 20)]
        stage.trade("1481.00")
        await asyncio.sleep(4)
    assert (stage.broker.net, stage.standing(), stage.broker.over, stage.broker.posts) == (0, [], [], 3)


async def test_a_short_that_grows_is_the_mirror(clock: LoopClock) -> None:
    stage = await trailing(clock, SHORT, replace(ENTRY, side=Side.SELL))
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1470.00") == d("1485")
        await add(stage, replace(MORE, side=Side.SELL, price=Decimal("1472.00")))
        assert await walk(stage, "1465.00", "1472.00", "1466.00", "1463.00") == d("1480", "1480", "1480", "1478")
        assert stage.standing() == [(OrderKind.SL, 20)]
        stage.trade("1479.00")
        await asyncio.sleep(4)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])


async def test_each_part_that_fills_is_trailed_and_begins_the_best_anew(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        await add(stage)
        stage.broker.part = 4
        assert await walk(stage, "1488.00", "1489.00") == d("1475", "1475")
        assert sorted(stage.standing()) == [(OrderKind.LIMIT, 6), (OrderKind.SL, 14)]
        assert await walk(stage, "1493.00") == d("1478")
        stage.broker.part = None
        assert await walk(stage, "1488.00", "1492.00", "1495.00") == d("1478", "1478", "1480")
        assert stage.standing() == [(OrderKind.SL, 20)]
    assert stage.broker.over == []


async def test_the_exit_where_the_price_was_quicker_closes_what_was_added_too(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        await add(stage)
        await walk(stage, "1488.00", "1492.00")
        stage.trade("1493.00")
        await asyncio.sleep(1)
        stage.trade("1510.00")
        await asyncio.sleep(0.5)
        stage.trade("1494.00")
        await asyncio.sleep(10)
    assert (stage.broker.net, stage.standing(), stage.broker.over, stage.broker.posts) == (0, [], [], 3)


async def test_a_stop_trailed_by_hand_without_an_entry_is_joined_the_same(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stage.broker.trade("1480.00")
    async with stage.running():
        trails = stage.desk.core.services.trails
        card = await trails.ask(stage.desk.actor, "reliance", TRAIL, chat_id=PERSON)
        await stage.desk.proposals.shown(card.confirmation.token, 70)
        await trails.confirm(stage.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=70)
        await asyncio.sleep(5)
        assert await walk(stage, "1490.00") == d("1475")
        await add(stage)
        assert await walk(stage, "1488.00", "1495.00", "1497.00") == d("1475", "1480", "1482")
        assert stage.standing() == [(OrderKind.SL, 20)]
    assert stage.broker.over == []


async def test_a_restart_between_the_fill_and_the_raise_goes_on(clock: LoopClock, tmp_path: Path) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        await add(stage)
        await asyncio.sleep(3)
    stage.broker.told = lambda: None
    stage.trade("1488.00")  # it fills while nobody looks
    await asyncio.sleep(30)
    again = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with again.running():
        await asyncio.sleep(10)
        assert again.standing() == [(OrderKind.SL, 20)]
        assert await walk(again, "1494.00", "1497.00") == d("1479", "1482")
    assert (again.broker.over, again.broker.posts) == ([], 3)


async def test_a_raise_that_is_refused_rings_and_the_trail_goes_on_with_what_it_has(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        await add(stage)
        stage.broker.modify_fails = [REFUSED]
        assert await walk(stage, "1488.00") == d("1475")
        assert await walk(stage, "1494.00", seconds=14.0) == d("1479")
        assert stage.standing() == [(OrderKind.SL, 20)], "tried again, and raised"
    assert stage.broker.over == []


async def test_an_exit_by_hand_after_it_is_the_one_stop_for_all_of_it(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        await add(stage)
        await walk(stage, "1488.00")
        leave = replace(MORE, side=Side.SELL, quantity=20, price=None)
        card = await stage.desk.proposals.propose(stage.desk.actor, leave, chat_id=PERSON)
        await stage.desk.tap(await stage.desk.card(card, 90), 90)
        await asyncio.sleep(5)
        assert await told(stage) == []
    assert (stage.broker.net, stage.standing(), stage.broker.over, stage.broker.posts) == (0, [], [], 3)


async def test_the_stop_strikes_while_the_later_entry_rests_and_that_is_told(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00", "1500.00")
        await add(stage, replace(MORE, price=Decimal("1482.00")))
        stage.trade("1484.00")
        await asyncio.sleep(6)
        assert (stage.broker.net, stage.standing()) == (0, [(OrderKind.LIMIT, 10)])
        asks = [each for each in await stage.desk.notices() if isinstance(each, ExitAsks)]
        assert [(each.why, each.order.number) for each in asks] == [(ExitTrouble.ENTRY_LEFT, 3)]


async def test_the_rest_of_an_entry_whose_trail_struck_is_told_of(clock: LoopClock) -> None:
    stage = await trailing(clock)
    stage.broker.part = 4
    async with stage.running():
        await filled(stage)
        await walk(stage, "1505.00")
        stage.trade("1489.00")
        await asyncio.sleep(6)
        assert (stage.broker.net, stage.standing()) == (0, [(OrderKind.LIMIT, 6)])
        asks = [each for each in await stage.desk.notices() if isinstance(each, ExitAsks)]
        assert [(each.why, each.order.number) for each in asks] == [(ExitTrouble.ENTRY_LEFT, 1)]


async def test_a_card_from_before_the_trail_struck_sends_no_entry(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        token = await stage.desk.card(await stage.desk.proposals.propose(stage.desk.actor, MORE, chat_id=PERSON), 88)
        stage.trade("1474.00")
        await asyncio.sleep(5)
        with pytest.raises(CheckFailed, match="stop"):
            await stage.desk.tap(token, 88)
    assert (stage.broker.net, stage.broker.posts) == (0, 2)
