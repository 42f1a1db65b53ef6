"""A panic: intraday and carry-forward rows alone, until the books prove that they are flat."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, NotSent, SessionExpired
from bot.domain.exits.exit_list import ExitsShown, RowState
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.ports.broker import Leaving
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.floor import BANK, CALL, INFY, ITC, OPTIONS, PUT, SHORT_CALL, TCS, FloorStage, set_floor
from tests.stage.tape import a_stop
from tests.storage.samples import ACCOUNT, PERSON

ENTRY = OrderDraft(instrument=TCS, side=Side.BUY, quantity=20, kind=OrderKind.LIMIT, product=Product.MIS, price=Decimal("90.00"))


async def open_floor(clock: LoopClock) -> FloorStage:
    stage = await set_floor(clock)
    stage.broker.opens_all(OPTIONS)
    stage.broker.opens(ITC, 10, Product.MIS)
    stage.broker.opens(INFY, -20, Product.CNC)
    return stage


async def last(stage: FloorStage) -> ExitsTold:
    return (await stage.news())[-1]


async def audited(stage: FloorStage) -> list[str]:
    rows = await stage.desk.store.transaction(lambda db: db.audit.page(None, 200, None))
    return [what for _, _, _, what, _ in rows if what.startswith("panic")]


async def test_it_closes_all_but_delivery_and_says_flat_when_the_book_shows_it(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    async with stage.running():
        card = await stage.ask_panic()
        assert card.not_touched == ("−20 INFY sold today from holdings", "holdings")
        await stage.tap(card)
        await asyncio.sleep(8)
        told = await last(stage)
    assert (told.told, told.orders, told.of, told.slippage) == (Told.FLAT, 5, 5, Decimal(0))
    assert stage.broker.quantity(INFY, Product.CNC) == -20
    assert stage.broker.wrong == []
    assert (await stage.shown(card)).over
    assert sorted(await audited(stage)) == ["panic", "panic result"]
    assert await stage.desk.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None


async def test_what_was_opened_elsewhere_while_it_closed_its_rows_is_not_called_flat(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        stage.broker.opens(TCS, 30, Product.MIS)
        stage.broker.opens(ITC, 5, Product.CNC)
        await asyncio.sleep(8)
        told = await last(stage)
    assert (told.told, told.of, told.scope) == (Told.FLAT, 5, "all but TCS MIS")
    assert stage.broker.quantity(TCS, Product.MIS) == 30, "it closes what stood on its card, and nothing that came later"


async def test_entries_are_cancelled_and_what_filled_of_them_meanwhile_is_closed(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.opens(TCS, 0, Product.MIS)
    entry = stage.broker.app_order(ENTRY)
    await stage.desk.reconcile.sync(ACCOUNT.id)
    async with stage.running():
        card = await stage.ask_panic()
        assert len(card.exits.entries) == 1
        stage.broker.passes(entry, 15)
        await stage.tap(card)
        await asyncio.sleep(15)
        assert (await last(stage)).told is Told.FLAT
    assert entry.status is OrderStatus.CANCELLED
    assert stage.broker.quantity(TCS, Product.MIS) == 0
    assert stage.broker.wrong == []


async def test_an_entry_that_will_not_be_cancelled_keeps_it_from_being_proven_flat(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.opens(TCS, 0, Product.MIS)
    entry = stage.broker.app_order(ENTRY)
    stage.broker.stubborn.add(entry.broker_id)
    await stage.desk.reconcile.sync(ACCOUNT.id)
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        await asyncio.sleep(60)
        told = await last(stage)
        assert (told.told, [row.draft.instrument for row in told.rows]) == (Told.NOT_FLAT, [TCS])
        stage.broker.stubborn.clear()
        stage.broker.passes(entry)
        await stage.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(20)
        assert (await last(stage)).told is Told.FLAT, "what it opened at last is closed too"
    assert stage.broker.wrong == []


async def test_it_is_not_called_not_flat_while_an_exit_still_rests_whose_position_the_book_already_shows_closed(
    clock: LoopClock,
) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(ITC, 10, Product.MIS)
    stage.broker.opens(BANK, 60)
    stage.broker.ways |= {ITC.key: "reject", BANK.key: "rest"}
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        await asyncio.sleep(0.5)
        stage.broker.opens(BANK, 0)  # the order book is behind the position book
        await asyncio.sleep(4)
        assert await stage.news() == []
        (rests,) = stage.broker.working()
        rests.status, rests.filled = OrderStatus.FILLED, 60
        await stage.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(10)
        told = await last(stage)
    assert (told.told, [row.draft.instrument for row in told.rows]) == (Told.NOT_FLAT, [ITC])


@pytest.mark.parametrize("falls", [("99.00", "97.00", "80.00", "70.00"), ("99.00", "98.50", "98.00", "97.50", "97.00")])
async def test_what_rests_is_priced_anew_three_times_and_never_beyond_three_slabs(
    clock: LoopClock, falls: tuple[str, ...]
) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.ways[BANK.key] = "rest"
    feed = stage.feed
    async with stage.running():
        card = await stage.ask_panic()
        await stage.tap(card)
        for price in falls:
            feed.at[BANK.key] = Decimal(price)
            await asyncio.sleep(5)
        await asyncio.sleep(20)
        told = await last(stage)
    floor = card.exits.rows[0].draft.price
    prices = [draft.price for _, draft in stage.broker.changes if draft.price is not None]
    assert floor is not None
    assert floor == Decimal("91.00"), "three slabs of 3 %"
    assert len(prices) == 3
    assert prices == sorted(prices, reverse=True)
    assert all(price >= floor for price in prices)
    assert (told.told, told.rows[0].state) == (Told.NOT_FLAT, RowState.SENT)
    assert stage.broker.posts == 1


async def test_a_rejected_row_and_one_of_unknown_outcome_are_told_and_never_sent_again(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.ways |= {BANK.key: "reject", PUT.key: "lost"}
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        await asyncio.sleep(40)
        told = await last(stage)
    assert told.told is Told.NOT_FLAT
    states = {row.draft.instrument.name: row.state for row in told.rows}
    assert states == {BANK.name: RowState.REFUSED, PUT.name: RowState.UNKNOWN}
    assert stage.broker.posts == 5
    assert [each.told for each in await stage.news()].count(Told.NOT_FLAT) == 1


async def test_a_lost_answer_that_arrived_all_the_same_is_flat(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.ways[PUT.key] = "arrives"
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        await asyncio.sleep(20)
        assert (await last(stage)).told is Told.FLAT
    assert stage.broker.posts == 5


async def test_an_order_from_elsewhere_is_waited_for_and_what_it_leaves_is_closed(clock: LoopClock) -> None:
    """mStock's own square-off, for one: it is never raced, and never crossed."""
    stage = await set_floor(clock)
    stage.broker.opens(ITC, 10, Product.MIS)
    theirs = stage.broker.app_order(
        OrderDraft(
            instrument=ITC, side=Side.SELL, quantity=10, kind=OrderKind.LIMIT, product=Product.MIS, price=Decimal("101.00")
        )
    )
    await stage.desk.reconcile.sync(ACCOUNT.id)
    async with stage.running():
        card = await stage.ask_panic()
        await stage.tap(card)
        await asyncio.sleep(5)
        assert await stage.states(card) == ["HELD"]
        assert await stage.news() == []
        await asyncio.sleep(25)
        assert (await last(stage)).rows[0].state is RowState.HELD
        stage.broker.passes(theirs, 6)
        theirs.status = OrderStatus.CANCELLED
        await stage.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(10)
        assert (await last(stage)).told is Told.FLAT
    assert [draft.quantity for _, draft in stage.broker.sent] == [4]
    assert stage.broker.wrong == []


async def test_a_second_panic_shows_the_one_that_runs(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.ways[BANK.key] = "rest"
    async with stage.running():
        card = await stage.ask_panic()
        await stage.tap(card)
        running = await stage.desk.core.services.exits.ask_panic(stage.desk.actor, chat_id=PERSON)
    assert isinstance(running, ExitsShown)
    assert running.exits.plan_id == card.confirmation.token


async def test_it_goes_on_after_a_restart_with_the_moves_that_are_left(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.ways |= {BANK.key: "rest", SHORT_CALL.key: "rest"}
    feed = stage.feed
    async with stage.running():
        card = await stage.ask_panic()
        await stage.tap(card)
        feed.at[BANK.key] = Decimal("99.00")
        await asyncio.sleep(4)
    before = len([1 for broker_id, draft in stage.broker.changes if draft.instrument == BANK])
    again = await stage.again()
    async with again.running():
        for price in ("98.00", "97.00", "96.00", "95.00"):
            again.feed.at[BANK.key] = Decimal(price)
            await asyncio.sleep(6)
        way = await again.shown(card)
        assert not way.over
        assert before == 1
        moves = [piece.moves for row in way.exits.rows for piece in row.slices if row.draft.instrument == BANK]
        assert moves == [3]
        assert len([draft for _, draft in stage.broker.changes if draft.instrument == BANK]) == 3
        for order in stage.broker.working():
            stage.broker.passes(order)
        await again.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(10)
        assert (await last(again)).told is Told.FLAT
    assert (stage.broker.posts, stage.broker.wrong) == (5, [])


async def test_what_waited_for_its_turn_when_the_process_was_gone_never_left_and_goes_after_the_restart(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.turns = 2  # as many leave; the rest wait for the order rate
    async with stage.running():
        card = await stage.ask_panic()
        tap = asyncio.create_task(stage.tap(card))
        await asyncio.sleep(2)
        assert stage.broker.posts == 2
        stage.broker.turns = None  # nothing of the first process ever runs again
        again = await stage.again()
        async with again.running():
            await asyncio.sleep(15)
            told = await last(again)
        assert (told.told, told.orders, stage.broker.posts) == (Told.FLAT, 5, 5)
        assert stage.broker.wrong == []
        stage.broker.gone.set()
        await tap


async def test_an_order_whose_turn_had_come_when_the_process_was_gone_is_unknown(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(ITC, 10, Product.MIS)
    stage.broker.ways[ITC.key] = "rest"
    hung = asyncio.Event()
    sends = stage.broker.place

    async def hangs_once_it_left(draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        assert leaving is not None
        await leaving()
        await hung.wait()
        return await sends(draft, tag, urgent=urgent)

    stage.broker.place = hangs_once_it_left  # type: ignore[method-assign] # this one order
    async with stage.running():
        card = await stage.ask_panic()
        tap = asyncio.create_task(stage.tap(card))
        await asyncio.sleep(2)
        again = await stage.again()
        (order,) = await again.desk.store.transaction(lambda db: list(db.orders.unsettled(ACCOUNT.id)))
        assert order.status is OrderStatus.UNKNOWN, "its first byte may have left"
        hung.set()
        await tap


async def test_a_session_that_ends_in_the_middle_is_gone_on_with_after_the_login(clock: LoopClock) -> None:
    stage = await open_floor(clock)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        stage.broker.down = SessionExpired("over")
        stage.broker.passes(stage.broker.true[0])
        await asyncio.sleep(30)
        assert stage.broker.quantity(CALL) == 65
        stage.broker.down = None
        await stage.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(10)
        assert (await last(stage)).told is Told.FLAT


async def test_an_exit_that_never_left_is_sent_once_more(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(ITC, 10, Product.MIS)
    card = await stage.ask_panic()
    real = stage.broker.place
    failed: list[int] = []

    async def fails_once(draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        if not failed:
            failed.append(1)
            raise NotSent("No connection. Nothing was sent.")
        return await real(draft, tag, urgent=urgent, leaving=leaving)

    stage.broker.place = fails_once  # type: ignore[method-assign] # this one answer alone
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(15)
        assert (await last(stage)).told is Told.FLAT
    assert stage.broker.posts == 1


async def test_a_stop_left_over_on_a_flat_row_is_cancelled(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(ITC, 10, Product.MIS)
    stage.broker.opens(TCS, 0, Product.MIS)
    stop = stage.broker.app_order(
        replace(a_stop(10), instrument=TCS, price=Decimal("80.00"), trigger=Decimal("90.00")), status=OrderStatus.TRIGGER_PENDING
    )
    await stage.desk.reconcile.sync(ACCOUNT.id)
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        await asyncio.sleep(20)
        assert (await last(stage)).told is Told.FLAT
    assert stop.status is OrderStatus.CANCELLED


async def test_a_stop_that_outlives_a_row_closed_elsewhere_meanwhile_is_cancelled_before_it_is_flat(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(ITC, 10, Product.MIS)
    stage.broker.ways[ITC.key] = "reject"
    async with stage.running():
        await stage.tap(await stage.ask_panic())
        await asyncio.sleep(10)
        assert (await last(stage)).told is Told.NOT_FLAT
        stop = stage.broker.app_order(replace(a_stop(10, "90.00", "80.00"), instrument=ITC), status=OrderStatus.TRIGGER_PENDING)
        stage.broker.opens(ITC, 0, Product.MIS)
        await stage.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(15)
        assert (await last(stage)).told is Told.FLAT
    assert stop.status is OrderStatus.CANCELLED, "it would have opened a short"


async def test_nothing_open_asks_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(INFY, -20, Product.CNC)
    with pytest.raises(CheckFailed, match="Nothing is open"):
        await stage.ask_panic()
