"""Rows of a list that a stop guards: each goes its own way beside the others, and none waits for a slower one."""

import asyncio

import pytest

from bot.domain.errors import Unreadable
from bot.domain.news.plans.exits import Told, Unguarded
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.terms import OrderKind, Product
from bot.simulators.loop import LoopClock
from tests.stage.floor import BANK, CALL, INFY, ITC, SHORT_CALL, TCS, FloorStage, set_floor
from tests.storage.samples import ACCOUNT

SHARES = (ITC, TCS, INFY)


async def guarded_shares(clock: LoopClock) -> FloorStage:
    """Three intraday positions, each with a stop of the broker's own app."""
    stage = await set_floor(clock)
    for share in SHARES:
        stage.broker.opens(share, 10, Product.MIS)
        stage.broker.guards(share, Product.MIS)
    await stage.desk.reconcile.sync(ACCOUNT.id)
    return stage


def left(stage: FloorStage) -> dict[str, int]:
    """What is open yet, by symbol."""
    names = {key: one.symbol for key, one in stage.broker.instruments.items()}
    return {names[key]: net for (key, _), net in stage.broker.net.items() if net}


async def test_a_stop_that_neither_changes_nor_ends_holds_up_no_other_row(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stubborn = stage.broker.clings(ITC)
    async with stage.running():
        card = await stage.ask("all")
        began = asyncio.get_running_loop().time()
        tap = asyncio.create_task(stage.tap(card))
        await asyncio.sleep(2)
        assert left(stage) == {"ITC": 10}
        await tap
        assert asyncio.get_running_loop().time() - began < 12
        await asyncio.sleep(20)
    assert sorted(await stage.states(card)) == ["FILLED", "FILLED", "KEPT"]
    assert (stage.broker.posts, stage.broker.wrong, stubborn.draft.kind) == (0, [], OrderKind.SL)


async def test_stops_that_will_not_change_are_cancelled_side_by_side_and_each_row_has_one_exit(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stage.broker.firm |= {share.key for share in SHARES}
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        assert left(stage) == {}
        await asyncio.sleep(2)
    assert set(await stage.states(card)) == {"FILLED"}
    assert (stage.broker.posts, len(stage.broker.cancels), stage.broker.wrong) == (3, 3, [])
    assert stage.broker.sent[-1][0] - stage.broker.sent[0][0] < 0.5


async def test_a_cover_waits_for_its_short_and_for_no_other_row(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stage.broker.opens(CALL, 65)
    stage.broker.opens(SHORT_CALL, -65)
    for option in (CALL, SHORT_CALL):
        stage.broker.guards(option)
    stage.broker.clings(TCS)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    await stage.desk.reconcile.sync(ACCOUNT.id)
    async with stage.running():
        card = await stage.ask("all")
        tap = asyncio.create_task(stage.tap(card))
        await asyncio.sleep(2)
        kinds = {order.draft.instrument: order.draft.kind for order in stage.broker.working()}
        assert kinds[SHORT_CALL] is OrderKind.LIMIT
        assert kinds[CALL] is OrderKind.SL, "the cover's stop stands until the short is bought back"
        stage.broker.passes(next(order for order in stage.broker.working() if order.draft.instrument == SHORT_CALL))
        stage.desk.reconcile.notify(ACCOUNT.id)
        await asyncio.sleep(2)
        assert left(stage) == {"TCS": 10}, "it went while the other stop was still being cancelled"
        await tap
    assert stage.broker.wrong == []


async def test_a_part_whose_way_out_is_under_way_is_not_struck_off_by_stop_here(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stage.broker.opens(BANK, 30)
    stubborn = stage.broker.clings(ITC)
    async with stage.running():
        card = await stage.ask("all")
        tap = asyncio.create_task(stage.tap(card))
        await asyncio.sleep(2)
        await stage.desk.core.services.exits.stop_here(stage.desk.actor, card.confirmation.token)
        stage.broker.stubborn.clear()  # its second cancel ends it after all
        await tap
        await asyncio.sleep(10)
    assert left(stage) == {}, "what was under way goes on, and leaves nothing bare"
    assert not [order for order in stage.broker.true if order.status is not OrderStatus.FILLED and order is not stubborn]


async def test_a_stop_that_never_gave_way_is_tried_three_times_and_rings(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stubborn = stage.broker.clings(ITC)
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        await asyncio.sleep(60)
        [told] = await stage.news()
        assert (told.told, [row.draft.instrument for row in told.rows]) == (Told.STANDS, [ITC])
        assert (await stage.shown(card)).over
    assert len(stage.broker.cancels) == 6, "twice each time"
    assert (stage.broker.posts, stubborn.draft.kind, stage.broker.wrong) == (0, OrderKind.SL, [])


async def test_a_stop_that_gives_way_at_the_second_try_becomes_the_exit(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stage.broker.clings(ITC)
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        assert left(stage) == {"ITC": 10}
        stage.broker.firm.clear()
        await asyncio.sleep(8)
    assert (left(stage), stage.broker.posts, await stage.news()) == ({}, 0, [])
    assert await stage.states(card) == ["FILLED"] * 3


async def test_books_that_go_dark_behind_a_cancel_ring_that_nothing_guards_and_the_exit_goes_when_they_are_back(
    clock: LoopClock,
) -> None:
    stage = await guarded_shares(clock)
    stage.broker.firm.add(ITC.key)
    real, dark = stage.broker.cancel, Unreadable("away")

    async def cancels(broker_id: str) -> None:
        await real(broker_id)
        stage.broker.down = dark

    stage.broker.cancel = cancels  # type: ignore[method-assign] # the broker goes away at this very moment
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        await asyncio.sleep(1)
        assert left(stage)["ITC"] == 10
        unguarded = [each.draft for each in await stage.desk.notices() if isinstance(each, Unguarded)]
        assert [(draft.instrument, draft.quantity) for draft in unguarded] == [(ITC, 10)]
        stage.broker.down = None
        await asyncio.sleep(8)
    assert (left(stage), stage.broker.posts, stage.broker.wrong) == ({}, 1, [])
    assert await stage.states(card) == ["FILLED"] * 3


async def test_stop_here_ends_the_tries_for_good(clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stage.broker.clings(ITC)
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        await stage.desk.core.services.exits.stop_here(stage.desk.actor, card.confirmation.token)
        await asyncio.sleep(8)  # the try that is under way
        many = len(stage.broker.cancels)
        again = await set_floor(clock, store=stage.desk.store, broker=stage.broker)
        async with again.running():
            await asyncio.sleep(30)
    assert len(stage.broker.cancels) == many
    assert sorted(await stage.states(card)) == ["FILLED", "FILLED", "KEPT"]


@pytest.mark.parametrize("way", ["fill", "rest"])
async def test_a_restart_while_stops_are_changed_finds_them_as_exits_and_sends_nothing_twice(way: str, clock: LoopClock) -> None:
    stage = await guarded_shares(clock)
    stage.broker.ways = dict.fromkeys((share.key for share in SHARES), way)
    real = stage.broker.modify

    async def changes(broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        await real(broker_id, draft, urgent=urgent)
        await asyncio.sleep(60)  # and no answer

    stage.broker.modify = changes  # type: ignore[method-assign] # its answer comes after the process has ended
    async with stage.running():
        card = await stage.ask("all")
        tap = asyncio.create_task(stage.tap(card))
        await asyncio.sleep(0.5)
    await stage.desk.background.finish(0)
    tap.cancel()
    stage.broker.modify = real  # type: ignore[method-assign] # it answers again
    again = await stage.again()
    async with again.running():
        await asyncio.sleep(10)
        assert await again.states(card) == (["GONE"] * 3 if way == "fill" else ["SENT"] * 3)
        for order in again.broker.working():
            again.broker.passes(order)
        again.desk.reconcile.notify(ACCOUNT.id)
        await asyncio.sleep(5)
    assert await again.states(card) == (["GONE"] * 3 if way == "fill" else ["FILLED"] * 3)
    assert (left(again), again.broker.posts, again.broker.wrong, await again.news()) == ({}, 0, [], [])
