"""The client against the paper broker: what a person's order becomes when the answer is good, bad, late or lost."""

import asyncio
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.broker.connections import Connections, MStockConnection
from bot.domain.errors import AddressRefused, NotSent, OrderOver, Refused, Unclear, Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind
from bot.domain.money import tick_down
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.stage.brokers.exchange import credentials_of, log_in

TAG = "A2B3C4D5E6F7A2B3C4D"


RELIANCE = Instrument(
    exchange=Exchange.NSE, token="2885", symbol="RELIANCE", name="RELIANCE-EQ", kind=InstrumentKind.EQUITY, lot=1,
    tick=Decimal("0.1"), series="EQ",
)  # fmt: skip


async def a_draft(connection: MStockConnection, *, far: bool = False, quantity: int = 10) -> OrderDraft:
    share = RELIANCE
    price = (await connection.broker.quotes([share.key]))[share.key].last
    limit = tick_down(price * (Decimal("0.97") if far else Decimal("1.01")), share.tick)
    return OrderDraft(instrument=share, side=Side.BUY, quantity=quantity, kind=OrderKind.LIMIT, product=Product.CNC, price=limit)


def orders_at(paper: Running) -> list[str]:
    return [order.id for order in paper.broker.ledger.orders.values()]


async def test_an_order_is_placed_found_filled_and_paid_for(connection: MStockConnection) -> None:
    draft = await a_draft(connection)
    before = await connection.broker.funds()
    broker_id = await connection.broker.place(draft, TAG)
    await asyncio.sleep(60)
    (fact,) = await connection.broker.orders()
    assert (fact.broker_id, fact.tag, fact.status, fact.filled) == (broker_id, TAG, OrderStatus.FILLED, 10)
    trades = await connection.broker.trades()
    assert {trade.broker_id for trade in trades} == {broker_id}
    assert sum(trade.quantity for trade in trades) == 10
    (position,) = await connection.broker.positions()
    assert (position.instrument.key, position.quantity, position.average) == (RELIANCE.key, 10, fact.average)
    after = await connection.broker.funds()
    assert before.available is not None
    assert after.available is not None
    assert after.available < before.available


async def test_a_resting_order_is_changed_and_cancelled(connection: MStockConnection) -> None:
    draft = await a_draft(connection, far=True)
    broker_id = await connection.broker.place(draft, TAG)
    await asyncio.sleep(1)
    await connection.broker.modify(broker_id, replace(draft, quantity=20))
    await asyncio.sleep(1)
    assert [(fact.quantity, fact.status) for fact in await connection.broker.orders()] == [(20, OrderStatus.OPEN)]
    await connection.broker.cancel(broker_id)
    await asyncio.sleep(1)
    assert [fact.status for fact in await connection.broker.orders()] == [OrderStatus.CANCELLED]


async def test_an_exit_is_fourth_on_the_wire_however_many_entries_wait(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection, far=True)
    # Three calls that leave together need three connections. They are opened here, because opening one takes as long as it takes.
    await asyncio.gather(connection.broker.orders(), connection.broker.trades(), connection.broker.holdings())
    async with asyncio.TaskGroup() as calls:
        for number in range(9):
            calls.create_task(connection.broker.place(draft, f"ENTRY{number}"))
        await asyncio.sleep(0.5)
        assert len(orders_at(paper)) == 3
        calls.create_task(connection.broker.place(draft, "EXIT", urgent=True))
    tags = [order.tag for order in paper.broker.ledger.orders.values()]
    assert tags == ["ENTRY0", "ENTRY1", "ENTRY2", "EXIT", *(f"ENTRY{number}" for number in range(3, 9))]


async def test_what_is_done_before_the_first_byte_comes_after_the_turn_and_can_keep_the_order_from_leaving(
    connection: MStockConnection, paper: Running
) -> None:
    draft = await a_draft(connection, far=True)
    seen: list[int] = []

    async def leaving() -> None:
        seen.append(len(orders_at(paper)))
        if len(seen) == 5:
            raise NotSent("The records could not be written. Nothing was sent.")

    async with asyncio.TaskGroup() as calls:
        for number in range(4):
            calls.create_task(connection.broker.place(draft, f"ORDER{number}", leaving=leaving))
        await asyncio.sleep(0.5)
        assert len(seen) == 3, "the fourth waits for its turn"
    assert seen[3] == 3
    with pytest.raises(NotSent):
        await connection.broker.place(draft, "ORDER4", leaving=leaving)
    assert len(orders_at(paper)) == 4


async def test_an_order_that_is_over_is_neither_changed_nor_cancelled_and_it_is_said(connection: MStockConnection) -> None:
    draft = await a_draft(connection, far=True)
    broker_id = await connection.broker.place(draft, TAG)
    await asyncio.sleep(1)
    await connection.broker.cancel(broker_id)
    await asyncio.sleep(1)
    for act, word in ((connection.broker.modify(broker_id, draft), "change"), (connection.broker.cancel(broker_id), "cancel")):
        with pytest.raises(OrderOver, match=f"over already, so there was nothing to {word}") as over:
            await act
        assert not over.value.final, "the book decides how it ended"


async def test_a_rejection_in_rms_words_is_final_and_names_its_order(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection)
    paper.broker.faults.arm("order_rejected", reason="funds")
    with pytest.raises(Refused) as refused:
        await connection.broker.place(draft, TAG)
    assert refused.value.final
    assert refused.value.broker_id == orders_at(paper)[0]
    assert "FUND LIMIT INSUFFICIENT" in refused.value.say
    (fact,) = await connection.broker.orders()
    assert fact.status is OrderStatus.REJECTED
    assert fact.broker_id == refused.value.broker_id


@pytest.mark.parametrize("body", ["json", "html", "empty", "truncated", "wrong_type"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500, 502, 504])
async def test_an_error_although_placed_is_never_a_final_refusal(
    connection: MStockConnection, paper: Running, clock: LoopClock, status: int, body: str
) -> None:
    draft = await a_draft(connection, far=True)
    paper.broker.faults.arm("error_although_done", status=status, body=body)
    with pytest.raises((Unclear, Refused)) as told:
        await connection.broker.place(draft, TAG)
    assert not (isinstance(told.value, Refused) and told.value.final)
    if status >= 429 or body != "json":
        assert isinstance(told.value, Unclear)
    assert len(orders_at(paper)) == 1
    paper.broker.faults.clear()
    await asyncio.sleep(130)
    if connection.session is None:  # the 401 told us that the token is dead
        await log_in(connection, credentials_of(PaperAccount()), clock)
    assert [fact.tag for fact in await connection.broker.orders()] == [TAG]


async def test_an_order_that_came_too_fast_is_unclear_and_its_words_say_why(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection)
    paper.broker.faults.arm("rate_limited", route="place")
    with pytest.raises(Unclear) as told:
        await connection.broker.place(draft, TAG)
    assert told.value.words.startswith("Too many requests (")


@pytest.mark.parametrize("fault", ["answer_lost", "answer_truncated", "answer_empty", "connection_dropped", "answer_late"])
async def test_a_lost_answer_is_unclear_and_the_order_was_sent_once_at_most(
    connection: MStockConnection, paper: Running, fault: str
) -> None:
    draft = await a_draft(connection, far=True)
    armed = paper.broker.faults.arm(fault, route="place")
    if fault == "answer_late":
        armed.params["seconds"] = 60.0
    with pytest.raises(Unclear):
        await connection.broker.place(draft, TAG)
    assert len(orders_at(paper)) == (0 if fault == "connection_dropped" else 1)
    assert not paper.broker.faults.armed(), "a second request would have met no fault"


async def test_a_cancel_whose_answer_is_lost_is_unclear_too(connection: MStockConnection, paper: Running) -> None:
    broker_id = await connection.broker.place(await a_draft(connection, far=True), TAG)
    paper.broker.faults.arm("answer_lost", route="cancel")
    with pytest.raises(Unclear):
        await connection.broker.cancel(broker_id)
    paper.broker.faults.arm("cancel_answers_nothing")
    await asyncio.sleep(1)
    assert [fact.status for fact in await connection.broker.orders()] == [OrderStatus.CANCELLED]


@pytest.mark.parametrize(
    "fault", ["place_as_object", "place_in_mock_form", "success_called_false", "blank_in_id", "nulls_as_text", "status_as"]
)
async def test_success_in_any_known_shape_gives_the_order_id(connection: MStockConnection, paper: Running, fault: str) -> None:
    draft = await a_draft(connection, far=True)
    paper.broker.faults.arm(fault, route="place")
    broker_id = await connection.broker.place(draft, TAG)
    assert broker_id == orders_at(paper)[0]
    await asyncio.sleep(1)
    assert [fact.broker_id for fact in await connection.broker.orders()] == [broker_id]


async def test_a_wrong_address_is_recognised_by_its_words(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection)
    for typed in (False, True):
        paper.broker.faults.arm("ip_mismatch", typed=typed)
        with pytest.raises(AddressRefused) as refused:
            await connection.broker.place(draft, TAG)
        assert not refused.value.final
        assert "trade.mstock.com" in refused.value.say
    paper.broker.faults.arm("ip_mismatch_everywhere")
    with pytest.raises(AddressRefused):
        await connection.broker.funds()
    assert orders_at(paper) == []


async def test_where_this_hosts_address_is_known_it_is_named(paper: Running, clock: LoopClock, tmp_path: Path) -> None:
    connections = Connections(
        base_url=paper.rest_url, ws_url=paper.ws_url, clock=clock, chance=random.Random(1), data_dir=tmp_path,
        address="203.0.113.7",
    )  # fmt: skip
    async with connections:
        connection = connections.of("main", credentials_of(PaperAccount()))
        paper.broker.faults.arm("ip_mismatch_everywhere", times=1)
        with pytest.raises(AddressRefused, match=r"Register 203\.0\.113\.7 at trade\.mstock\.com"):
            await log_in(connection, credentials_of(PaperAccount()), clock)
        await asyncio.sleep(130)
        await log_in(connection, credentials_of(PaperAccount()), clock)
        draft = await a_draft(connection)
        paper.broker.faults.arm("ip_mismatch", times=3)
        for call in (
            connection.broker.place(draft, TAG),
            connection.broker.cancel("1191241106101"),
            connection.broker.modify("1191241106101", draft),
        ):
            with pytest.raises(AddressRefused, match=r"203\.0\.113\.7"):
                await call
        paper.broker.faults.arm("ip_mismatch_everywhere", times=1)
        with pytest.raises(AddressRefused, match=r"203\.0\.113\.7"):
            await connection.broker.quotes([RELIANCE.key])


@pytest.mark.parametrize("fault", ["gateway_502", "html_page", "internal_error", "error_instead", "answer_empty", "rate_limited"])
async def test_a_read_outlives_two_failures_of_the_broker(connection: MStockConnection, paper: Running, fault: str) -> None:
    paper.broker.faults.arm(fault, times=2, route="funds")
    assert (await connection.broker.funds()).available == Decimal(250000)


async def test_a_read_that_keeps_failing_says_so_and_never_answers_empty(connection: MStockConnection, paper: Running) -> None:
    for fault in ("html_page", "gateway_502", "connection_dropped", "answer_truncated", "rate_limited", "version_refused"):
        paper.broker.faults.arm(fault, times=None)
        for read in (
            connection.broker.orders,
            connection.broker.trades,
            connection.broker.positions,
            connection.broker.holdings,
            connection.broker.funds,
        ):
            with pytest.raises((Unreadable, Refused)):
                await read()
        paper.broker.faults.clear()


async def test_funds_that_come_empty_are_asked_for_once_more(connection: MStockConnection, paper: Running) -> None:
    paper.broker.faults.arm("data_null", route="funds")
    assert (await connection.broker.funds()).available == Decimal(250000)
    paper.broker.faults.arm("data_null", route="funds", times=2)
    with pytest.raises(Unreadable):
        await connection.broker.funds()


async def test_quotes_come_in_batches_and_unknown_tokens_are_absent(connection: MStockConnection) -> None:
    master = await connection.broker.scrip_master()
    keys = [each.key for each in master[:120]] + [InstrumentKey(Exchange.NSE, "999999999")]
    quotes = await connection.broker.quotes(keys)
    assert set(quotes) == set(keys[:-1])
    assert all(quote.last > 0 for quote in quotes.values())


async def test_the_books_of_a_contract_lead_back_to_the_master(connection: MStockConnection) -> None:
    contract = next(each for each in await connection.broker.scrip_master() if each.symbol == "NIFTY" and each.is_option)
    price = (await connection.broker.quotes([contract.key]))[contract.key].last
    draft = OrderDraft(
        instrument=contract, side=Side.BUY, quantity=contract.lot, kind=OrderKind.LIMIT, product=Product.NRML,
        price=tick_down(price * Decimal("1.05"), contract.tick),
    )  # fmt: skip
    assert (await connection.broker.margin(draft)).required
    await connection.broker.place(draft, TAG)
    await asyncio.sleep(60)
    (fact,) = await connection.broker.orders()
    assert fact.key == contract.key
    (position,) = await connection.broker.positions()
    assert position.instrument == contract
    assert (await connection.broker.trades())[0].key == contract.key


async def test_a_position_that_was_read_before_the_master_came_takes_the_masters_name_when_it_comes(
    connections: Connections, connection: MStockConnection
) -> None:
    await connection.broker.place(await a_draft(connection), TAG)
    await asyncio.sleep(60)
    (before,) = await connection.broker.positions()
    assert before.instrument.tick != Decimal("0.1"), "nobody knows its tick"
    connections.attach(find=lambda key: RELIANCE if key == RELIANCE.key else None)
    (after,) = await connection.broker.positions()
    assert after == replace(before, instrument=RELIANCE)
