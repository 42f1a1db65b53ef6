"""Rows of a list that a stop guards: each goes its own way beside the others, and none waits for a slower one."""

import asyncio

from bot.domain.orders.order import OrderStatus
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
    stage.broker.firm.add(ITC.key)
    stubborn = next(order for order in stage.broker.true if order.draft.instrument == ITC)
    stage.broker.stubborn.add(stubborn.broker_id)
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
    stubborn = next(order for order in stage.broker.true if order.draft.instrument == TCS)
    stage.broker.firm.add(TCS.key)
    stage.broker.stubborn.add(stubborn.broker_id)
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
    stubborn = next(order for order in stage.broker.true if order.draft.instrument == ITC)
    stage.broker.firm.add(ITC.key)
    stage.broker.stubborn.add(stubborn.broker_id)
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
