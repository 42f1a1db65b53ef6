"""Two panics that were asked before either was confirmed: the second Confirm joins the one that runs, and Flat is said once."""

import asyncio

from bot.domain.exits.exit_list import RowState
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from tests.bot.trading.exit_runs.test_panic import ENTRY, audited, open_floor
from tests.stage.floor import BANK, CALL, ITC, SHORT_CALL, TCS, FloorStage, set_floor
from tests.storage.samples import ACCOUNT, PERSON


def ends(told: list[ExitsTold]) -> list[Told]:
    return [each.told for each in told if each.told is not Told.STALLED]


async def audited_as(stage: FloorStage, what: str) -> int:
    return (await audited(stage)).count(what)


async def test_two_phones_that_confirm_at_one_moment_run_one_panic_and_hear_flat_once(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    async with stage.running():
        first, second = await stage.ask_panic(), await stage.ask_panic()
        ways = await asyncio.gather(stage.tap(first), stage.tap(second, 78))
        await asyncio.sleep(10)
        told = await stage.news()
    assert {way.exits.plan_id for way in ways} == {first.confirmation.token}, "both messages show the one that runs"
    assert ends(told) == [Told.FLAT]
    assert told[-1].of == 5
    assert len(stage.broker.sent) == 5
    assert stage.broker.wrong == []
    assert (await audited_as(stage, "panic"), await audited_as(stage, "panic result")) == (2, 1)
    question = await stage.desk.store.transaction(lambda db: db.confirmations.find(second.confirmation.token))
    assert question is not None
    assert question.state is ConfirmationState.CLAIMED, "a second tap on it begins nothing"


async def test_a_second_confirm_while_the_first_rests_shows_the_one_that_runs(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.ways[BANK.key] = "rest"
    async with stage.running():
        first, second = await stage.ask_panic(), await stage.ask_panic()
        await stage.tap(first)
        await asyncio.sleep(3)
        way = await stage.tap(second, 78)
        assert way.exits.plan_id == first.confirmation.token
        assert not way.over
        assert len(stage.broker.working()) == 1, "what rests is not doubled"
    assert way.exits.copies == ((PERSON, 78),), "the second message is a card of it too, and is drawn as it goes on"


async def test_what_only_the_second_card_names_is_closed_by_the_one_that_runs_before_it_says_flat(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.ways[BANK.key] = "rest"
    async with stage.running():
        first = await stage.ask_panic()
        stage.broker.opens(ITC, 10, Product.MIS)
        stage.broker.opens(CALL, 65)
        stage.broker.opens(SHORT_CALL, -65)
        stage.broker.opens(TCS, 0, Product.MIS)
        entry = stage.broker.app_order(ENTRY)
        await stage.desk.reconcile.sync(ACCOUNT.id)
        second = await stage.ask_panic()
        await stage.tap(first)
        await asyncio.sleep(3)
        assert (await stage.states(first)) == [RowState.SENT]
        stage.broker.ways[SHORT_CALL.key] = "rest"
        await stage.tap(second, 78)
        await asyncio.sleep(3)
        sent = {draft.instrument for _, draft in stage.broker.sent}
        assert (SHORT_CALL in sent, CALL in sent) == (True, False), "the cover waits for the fill of what it covers"
        assert entry.status.is_final
        assert ends(await stage.news()) == []
        for rests in stage.broker.working():
            stage.broker.passes(rests)
        await asyncio.sleep(6)
        told = await stage.news()
    assert ends(told) == [Told.FLAT]
    assert (told[-1].of, stage.broker.wrong) == (5, [])
    assert set(stage.broker.net.values()) == {0}


async def test_more_of_a_row_on_the_second_card_is_closed_as_well(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        first = await stage.ask_panic()
        stage.broker.opens(BANK, 120)
        await asyncio.sleep(2)
        second = await stage.ask_panic()
        await asyncio.gather(stage.tap(first), stage.tap(second, 78))
        await asyncio.sleep(12)
        told = await stage.news()
    assert stage.broker.quantity(BANK, Product.NRML) == 0
    assert (ends(told), stage.broker.wrong) == ([Told.FLAT], [])


async def test_a_panic_that_took_another_in_goes_on_after_a_restart(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.ways |= {BANK.key: "rest", ITC.key: "rest"}
    async with stage.running():
        first = await stage.ask_panic()
        stage.broker.opens(ITC, 10, Product.MIS)
        second = await stage.ask_panic()
        await stage.tap(first)
        await stage.tap(second, 78)
    again = await set_floor(clock, store=stage.desk.store, broker=stage.broker)
    await again.desk.core.reconcile.settle_start()
    async with again.running():
        await asyncio.sleep(5)
        for order in stage.broker.working():
            stage.broker.passes(order, order.draft.quantity)
        await asyncio.sleep(6)
        told = await again.news()
    assert (ends(told), stage.broker.wrong) == ([Told.FLAT], [])
