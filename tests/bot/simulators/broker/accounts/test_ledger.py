"""The books after any history of orders, price moves and restarts: nothing is lost, nothing is made up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import random
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.simulators.broker.accounts.ledger import Ledger
from bot.simulators.broker.accounts.records import FINAL, Order, Product
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.orderbook import Clock
from bot.simulators.broker.exchange.requests import OrderRequest
from bot.simulators.broker.faults.errors import BadSettings, BooksInUse, Refusal
from bot.simulators.broker.market.instruments import Instrument, Key
from bot.simulators.broker.rows import Manners, funds_rows, order_row, position_row
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.simulators.broker.oracle import replayed, tied_up
from tests.bot.simulators.broker.wire import ACCOUNT, STILL, Days
from tests.stage.depth import examples

START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NAMES = [("NSE", "RELIANCE-EQ"), ("NSE", "ITC-EQ"), ("NFO", "NIFTY26DEC24500CE"), ("NFO", "NIFTY26DECFUT")]
PLACE = st.tuples(
    st.just("place"), st.integers(0, 3), st.sampled_from(["BUY", "SELL"]), st.integers(1, 60), st.integers(-20, 20),
    st.sampled_from(["MARKET", "LIMIT", "STOPLOSS_LIMIT"]), st.sampled_from([False, False, True]),
)  # fmt: skip
STEP = st.one_of(
    PLACE, PLACE, PLACE,
    st.tuples(st.just("move"), st.integers(0, 3), st.integers(-25, 25)),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("modify"), st.integers(0, 20), st.integers(-20, 20), st.integers(1, 40)),
    st.tuples(st.just("behave"), st.sampled_from(["fill_late", "fill_in_parts", "fill_never", "part_then_cancelled"])),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.1, 2.0, 25.0, 40.0])),
    st.tuples(st.just("square off")),
    st.tuples(st.just("restart")),
)  # fmt: skip


def start(clock: Clock, directory: Path, seed: int) -> tuple[PaperBroker, asyncio.Task[None]]:
    broker = PaperBroker(
        replace(STILL, data=directory, accounts=(replace(ACCOUNT, cash=10**9),)), clock=clock, rng=random.Random(seed)
    )
    broker.matcher.resume()
    return broker, asyncio.create_task(broker.matcher.run())


def instrument(broker: PaperBroker, number: int) -> Instrument:
    found = broker.named(*NAMES[number])
    assert found is not None
    return found


def request(broker: PaperBroker, step: tuple[Any, ...]) -> OrderRequest:
    _, number, side, lots, ticks, kind, intraday = step
    one = instrument(broker, number)
    price = broker.market.price(one, broker.clock.now()) + ticks * one.tick * 10
    product: Product = "INTRADAY" if intraday else "CARRYFORWARD" if one.is_derivative else "DELIVERY"
    return OrderRequest(
        exchange=one.exchange, token=one.token, symbol=one.name, side=side, kind=kind, product=product, validity="DAY",
        variety="NORMAL", quantity=lots * one.lot, price=0 if kind == "MARKET" else max(price, one.tick),
        trigger=max(price, one.tick) if kind == "STOPLOSS_LIMIT" else 0, tag="x",
    )  # fmt: skip


def check(broker: PaperBroker) -> None:
    account = broker.ledger.accounts[ACCOUNT.client]
    orders = broker.ledger.orders_of(account.client, account.day)
    trades = broker.ledger.trades_of(account.client, account.day)
    for order in orders:
        mine = [t for t in trades if t.order == order.id]
        assert order.filled == sum(t.quantity for t in mine) <= order.quantity
        assert order.value == sum(t.quantity * t.price for t in mine)
        assert 0 <= order.filled + order.cancelled <= order.quantity
        assert order.filled % broker.find(order.key).lot == 0
        assert (order.status == "Traded") == (order.filled == order.quantity)
        for trade in mine:
            if order.kind != "MARKET" and order.price:
                assert (trade.price <= order.price) if order.side == "BUY" else (trade.price >= order.price)
    funds = broker.portfolio.funds(account, broker.clock.now())
    (row,) = funds_rows(funds)
    told = {name: Decimal(str(value)) for name, value in row.items() if value is not None and name not in ("LIMIT_TYPE", "SEG")}
    used, lost = told["AMOUNT_UTILIZED"], told["OPT_BUY_PRIMIUM_UTILIZE"]
    assert told["AVAILABLE_BALANCE"] == told["LIMIT_SOD"] - used - lost
    assert told["AVAILABLE_BALANCE"] == told["CLEAR_BALANCE"] == told["MTF_AVAILABLE_BALANCE"]
    assert (told["SUM_OF_ALL"], told["LIMIT_SOD"]) == (told["LIMIT_SOD"], Decimal(account.sod) / 100)
    assert used * 100 == tied_up(broker, account, broker.clock.now())
    lines = replayed(broker.ledger.carried.values(), trades)
    assert lost * 100 == max(-round(sum((n.made for (_, p), n in lines.items() if p != "DELIVERY"), Fraction(0))), 0)
    positions = broker.portfolio.positions(account.client, account.day)
    assert {(p.key, p.product): (p.net, p.cost, p.realised) for p in positions} == {
        line: (found.net, found.cost, found.made) for line, found in lines.items()
    }
    for number in (0, 1):  # shares: what is sold for delivery, or offered so, is owned
        key = instrument(broker, number).key
        held = broker.ledger.holdings.get((account.client, key))
        net = sum(p.net for p in positions if p.product == "DELIVERY" and p.key == key)
        offered = sum(o.remaining for o in orders if o.working and (o.key, o.product, o.side) == (key, "DELIVERY", "SELL"))
        assert (held.quantity + held.t1 if held else 0) + net - offered >= 0


def picture(broker: PaperBroker) -> list[object]:
    account = broker.ledger.accounts[ACCOUNT.client]
    orders = broker.ledger.orders_of(account.client, account.day)
    rows: list[object] = [order_row(o, broker.find(o.key), Manners()) for o in orders]
    rows += [position_row(p, broker.find(p.key), Manners()) for p in broker.portfolio.positions(account.client, account.day)]
    return [*rows, broker.portfolio.funds(account, broker.clock.now()), broker.ledger.truth(limit=10_000)]


def chosen(broker: PaperBroker, number: int) -> Order | None:
    orders = list(broker.ledger.orders.values())
    return orders[number % len(orders)] if orders else None


def night(broker: PaperBroker, calendar: Days) -> None:
    """The next day: what was paid and made is in the new limit, shares came and went, contracts are carried, orders are over."""
    account = broker.ledger.accounts[ACCOUNT.client]
    day, sod, carried = account.day, account.sod, list(broker.ledger.carried.values())
    owned = {key: h.quantity + h.t1 for (_, key), h in broker.ledger.holdings.items()}
    paid: dict[Key, Fraction | int] = {key: h.cost for (_, key), h in broker.ledger.holdings.items()}
    calendar.pass_days(1)
    broker.roll()
    lines = replayed(carried, broker.ledger.trades_of(account.client, day))
    for (key, product), line in lines.items():
        if product == "DELIVERY":
            owned[key] = owned.get(key, 0) + line.net
            paid[key] = (paid.get(key, 0) + line.cost - line.made) if line.net > 0 else -1
        sod += round(line.made - line.cost) if product == "DELIVERY" else round(line.made)
        assert product != "INTRADAY" or line.net == 0
    assert account.sod == sod
    assert {key: h.quantity + h.t1 for (_, key), h in broker.ledger.holdings.items()} == {k: n for k, n in owned.items() if n}
    assert all(h.cost == paid[key] for (_, key), h in broker.ledger.holdings.items() if paid[key] >= 0)
    kept = {(c.key, c.product): c.quantity for c in broker.ledger.carried.values()}
    assert kept == {line: found.net for line, found in lines.items() if found.net and line[1] != "DELIVERY"}
    assert all(order.status in FINAL for order in broker.ledger.orders_of(account.client, day))


async def live(steps: list[tuple[Any, ...]], directory: Path) -> None:
    clock = Days(LoopClock(asyncio.get_running_loop(), START))
    broker, task = start(clock, directory, 1)
    for number, step in enumerate(steps):
        account = broker.ledger.accounts[ACCOUNT.client]
        try:
            if step[0] == "place":
                broker.exchange.place(account, request(broker, step))
            elif step[0] == "move":
                one = instrument(broker, step[1])
                price = broker.market.price(one, clock.now()) + step[2] * one.tick * 10
                move = broker.market.set_price(one, max(price, one.tick), clock.now())
                with broker.ledger.change():
                    broker.ledger.put_move(one.key, move.at, move.offset, move.fixed)
                broker.matcher.look(one.key)
            elif step[0] == "cancel" and (order := chosen(broker, step[1])):
                broker.exchange.cancel(account, order.id)
            elif step[0] == "modify" and (order := chosen(broker, step[1])):
                one = broker.find(order.key)
                asked = OrderRequest(
                    exchange=order.exchange, token=order.token, symbol="", side=order.side, kind=order.kind,
                    product=order.product, validity="DAY", variety="NORMAL", quantity=step[3] * one.lot,
                    price=max(order.price + step[2] * one.tick, one.tick) if order.price else 0, trigger=order.trigger,
                )  # fmt: skip
                broker.exchange.modify(account, order.id, asked)
            elif step[0] == "behave":
                broker.faults.arm(step[1])
            elif step[0] == "square off":
                broker.square_off(account)
            elif step[0] == "restart":
                before = picture(broker)
                task.cancel()
                broker.ledger.close()
                broker, task = start(clock, directory, number)
                assert picture(broker) == before
            elif step[0] == "night":
                night(broker, clock)
            else:
                await asyncio.sleep(step[1] if step[0] == "wait" else 0)
        except Refusal:
            pass  # what may not be done is refused; the books must hold all the same
        check(broker)
    await asyncio.sleep(60)
    check(broker)
    for order in broker.ledger.orders.values():
        assert order.status in FINAL or order.never or order.kind != "MARKET", "a market order is still waiting"
    task.cancel()
    broker.ledger.close()


SOLD = [("place", 1, "SELL", 5, 0, "MARKET", False), ("wait", 2.0), ("wait", 25.0), ("wait", 40.0)]


@pytest.mark.exhaustive
@settings(max_examples=examples(25), deadline=None)
@given(st.lists(STEP, max_size=25))
@example(SOLD)
@example([("place", 2, "BUY", 2, 0, "MARKET", True), ("wait", 2.0), ("place", 2, "SELL", 3, 10, "LIMIT", True), ("square off",)])
def test_books_hold_through_any_history(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as directory, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(live(steps, Path(directory)))


@pytest.mark.exhaustive
@settings(max_examples=examples(6), deadline=None)  # each night makes a new scrip master, a fifth of a second
@given(st.lists(STEP, max_size=12), st.lists(STEP, max_size=8), st.integers(1, 3))
@example([("place", 0, "BUY", 7, 0, "MARKET", False), *SOLD], [], 2)
def test_books_hold_through_the_night(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]], nights: int) -> None:
    with tempfile.TemporaryDirectory() as directory, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(live([*before, *[("night",)] * nights, *after], Path(directory)))


def test_a_change_that_fails_halfway_leaves_nothing_on_disk_and_tells_nobody(tmp_path: Path) -> None:
    told: list[str] = []
    ledger = Ledger(tmp_path)

    def half() -> None:
        with ledger.change():
            ledger.tell(START, "x", "half")
            ledger.afterwards(lambda: told.append("half"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with ledger.change():
        ledger.tell(START, "x", "whole")
        ledger.afterwards(lambda: told.append("whole"))
        assert told == []
    ledger.close()
    again = Ledger(tmp_path)
    assert [line["what"] for line in again.truth()] == told == ["whole"]
    again.close()


async def test_a_full_disk_undoes_the_act_in_memory_too_and_orders_go_on_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker, task = start(LoopClock(asyncio.get_running_loop(), START), tmp_path, 1)
    account = broker.ledger.accounts[ACCOUNT.client]
    taken = [broker.exchange.place(account, request(broker, ("place", 0, "BUY", 5, 0, "MARKET", True))).id]
    disk = broker.ledger._db
    (pages,) = disk.execute("PRAGMA page_count").fetchone()
    disk.execute(f"PRAGMA max_page_count = {pages}")

    def one_more() -> str:
        return broker.exchange.place(account, request(broker, ("place", 1, "BUY", 1, -20, "LIMIT", True))).id

    def on_disk() -> list[tuple[str, str]]:
        docs = [json.loads(doc) for (doc,) in disk.execute("SELECT doc FROM facts WHERE kind = 'Order' ORDER BY n")]
        return [(doc["id"], doc["status"]) for doc in docs]

    with contextlib.suppress(sqlite3.OperationalError):
        while True:
            taken.append(one_more())
    assert [order for order, _ in on_disk()] == list(broker.ledger.orders) == taken
    await asyncio.sleep(5)
    assert "database or disk is full" in caplog.text
    assert on_disk() == [(order.id, order.status) for order in broker.ledger.orders.values()]
    assert broker.ledger.orders[taken[0]].status != "Traded"
    disk.execute(f"PRAGMA max_page_count = {pages * 100}")
    await asyncio.sleep(30)
    statuses = [broker.ledger.orders[order].status for order in taken]
    assert (statuses[0], set(statuses[1:])) == ("Traded", {"Pending"})
    check(broker)
    task.cancel()
    broker.ledger.close()


async def test_a_fill_that_was_undone_is_in_no_position_and_may_come_again(tmp_path: Path) -> None:
    broker, task = start(LoopClock(asyncio.get_running_loop(), START), tmp_path, 1)
    account = broker.ledger.accounts[ACCOUNT.client]
    order = broker.exchange.place(account, request(broker, ("place", 0, "BUY", 5, -20, "LIMIT", True)))
    await asyncio.sleep(1)
    with pytest.raises(ZeroDivisionError), broker.ledger.change():  # noqa: PT012 - the failure comes after the fill
        broker.book.fill(order, 5, order.price)
        assert broker.portfolio.positions(account.client, account.day)[0].net == 5
        raise ZeroDivisionError
    check(broker)
    assert broker.portfolio.positions(account.client, account.day) == []
    broker.book.fill(broker.ledger.orders[order.id], 5, order.price)
    check(broker)
    assert broker.portfolio.positions(account.client, account.day)[0].net == 5
    task.cancel()
    broker.ledger.close()


def test_books_of_another_version_are_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with ledger.change():
        ledger.set_meta("schema", "999")
    ledger.close()
    with pytest.raises(BadSettings, match="999"):
        Ledger(tmp_path)


async def test_what_a_frame_tells_is_on_disk_before_it_is_told(tmp_path: Path) -> None:
    broker, task = start(LoopClock(asyncio.get_running_loop(), START), tmp_path, 1)
    told: list[tuple[str, bool]] = []

    def hear(client: str, kind: str, order: Order) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / "paper.sqlite")) as other:
            (doc,) = other.execute("SELECT doc FROM facts WHERE kind = 'Order' AND id = ?", (order.id,)).fetchone()
        told.append((order.status, json.loads(doc)["status"] == order.status))

    broker.listeners.append(hear)
    account = broker.ledger.accounts[ACCOUNT.client]
    broker.exchange.place(account, request(broker, ("place", 0, "BUY", 5, 0, "MARKET", True)))
    await asyncio.sleep(1)
    broker.square_off(account)
    assert told == [("Transit", True), ("Pending", True), ("Traded", True), ("Traded", True)]
    task.cancel()
    broker.ledger.close()


def test_a_second_broker_on_the_same_books_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    with pytest.raises(BooksInUse, match="another paper broker") as refused:
        Ledger(tmp_path)
    assert isinstance(refused.value, OSError)
    assert refused.value.errno == errno.EADDRINUSE
    first.close()
    Ledger(tmp_path).close()
