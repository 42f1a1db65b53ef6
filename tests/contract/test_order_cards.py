"""Cards 30 to 48: orders."""

import re
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.errors import OrderOver, Refused
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.terms import OrderKind, Side
from tests.contract.bench import Bench, card

pytestmark = pytest.mark.asyncio(loop_scope="module", **({"loop_factories": ["real"]} if "--live" in sys.argv else {}))


def opened(told: Any) -> dict[str, Any]:
    """A place answer without its list."""
    assert isinstance(told, list), "a place answer is a list of one"
    (only,) = told
    assert isinstance(only, dict)
    return only


async def resting(bench: Bench, **terms: Any) -> tuple[str, OrderDraft]:
    draft = await bench.draft(**terms)
    return await bench.place(draft), draft


@card(30, "0.2, point 3")
async def test_card_30(bench: Bench) -> None:
    """Empty books are status true and data null. Skip: something is in them already."""
    for path in ("orders", "tradebook", "portfolio/positions"):
        _, told = await bench.call("GET", path)
        if told["data"]:
            pytest.skip("the day has begun")
        assert told["data"] is None
        assert told["status"] is True
    assert (await bench.broker.orders(), await bench.broker.trades(), await bench.broker.positions()) == ([], [], [])


@card(31, "5.2")
async def test_card_31(bench: Bench) -> None:
    """A limit order far from the market: a list of one, the id twice, the symbol echoed. It is cancelled then."""
    draft = await bench.draft()
    bench.ask(f"BUY 1 {draft.instrument.name} at {draft.price}")
    status, told = await bench.call("POST", "orders/regular", bench.wire_body(draft))
    answer = opened(told)
    assert (status, answer["status"]) == (200, True)
    assert answer["data"]["orderid"] == answer["data"]["uniqueorderid"]
    assert answer["data"]["script"] == draft.instrument.name
    await bench.fact(answer["data"]["orderid"])
    await bench.broker.cancel(answer["data"]["orderid"])


@card(32, "5.8")
async def test_card_32(bench: Bench) -> None:
    """Order ids are 13 to 15 digits: channel, stream, segment, date, counter."""
    broker_id, _ = await resting(bench)
    assert re.fullmatch(r"[12]\d{2}[12]\d{6}\d{3,5}", broker_id)
    await bench.broker.cancel(broker_id)


@card(33, "5.6")
async def test_card_33(bench: Bench) -> None:
    """A row of the book: texts throughout but for variety, which is null, and two decimals in the price."""
    broker_id, draft = await resting(bench)
    row = await bench.row(broker_id)
    assert row["variety"] is None
    assert all(isinstance(value, str) for name, value in row.items() if name != "variety")
    assert row["price"] == f"{draft.price:.2f}"
    assert row["symboltoken"] == draft.instrument.token
    await bench.broker.cancel(broker_id)


@card(34, "5.6")
async def test_card_34(bench: Bench) -> None:
    """The book is newest first. The port turns it round."""
    first, _ = await resting(bench)
    second, _ = await resting(bench)
    await bench.fact(second)
    ids = [row["orderid"].strip() for row in await bench.data("GET", "orders")]
    assert ids.index(second) < ids.index(first)
    facts = [fact.broker_id for fact in await bench.broker.orders()]
    assert facts.index(first) < facts.index(second)
    for broker_id in (first, second):
        await bench.broker.cancel(broker_id)


@card(35, "5.6")
async def test_card_35(bench: Bench) -> None:
    """The tag comes back with the row: it is how a lost order is found."""
    broker_id, _ = await resting(bench)
    assert (await bench.fact(broker_id)).tag == bench.tag()
    await bench.broker.cancel(broker_id)


@card(36, "5.3")
async def test_card_36(bench: Bench) -> None:
    """A modification replaces price and quantity of a resting order."""
    broker_id, draft = await resting(bench)
    await bench.fact(broker_id)
    assert draft.price is not None
    news = replace(draft, quantity=2, price=draft.price - draft.instrument.tick)
    await bench.broker.modify(broker_id, news)
    fact = await bench.fact(broker_id, until=lambda fact: fact.quantity == 2)
    assert (fact.price, fact.status) == (news.price, OrderStatus.OPEN)
    await bench.broker.cancel(broker_id)


@card(37, "5.3")
async def test_card_37(bench: Bench) -> None:
    """The answer to a modification is an object (or a list of one) with the order's id."""
    broker_id, draft = await resting(bench)
    await bench.fact(broker_id)
    body = bench.wire_body(draft, orderid=broker_id, modqty_remng="0", quantity="3")
    _, told = await bench.call("PUT", f"orders/regular/{broker_id}", body)
    answer = told[0] if isinstance(told, list) else told
    assert answer["status"] is True
    assert answer["data"]["orderid"].strip() == broker_id
    await bench.broker.cancel(broker_id)


@card(38, "5.4")
async def test_card_38(bench: Bench) -> None:
    """A cancel ends the order, and what was not filled is in cancelsize."""
    broker_id, _ = await resting(bench, quantity=4)
    await bench.fact(broker_id)
    await bench.broker.cancel(broker_id)
    await bench.fact(broker_id, until=lambda fact: fact.status is OrderStatus.CANCELLED)
    assert (await bench.row(broker_id))["cancelsize"] == "4"


@card(39, "5.4")
async def test_card_39(bench: Bench) -> None:
    """A cancel without a body is a server error, and cancels nothing."""
    broker_id, _ = await resting(bench)
    await bench.fact(broker_id)
    status, told = await bench.call("DELETE", f"orders/regular/{broker_id}")
    assert (status, told["errorcode"]) == (500, "IA500")
    assert (await bench.fact(broker_id)).status is OrderStatus.OPEN
    await bench.broker.cancel(broker_id)


@card(40, "5.4")
async def test_card_40(bench: Bench) -> None:
    """Cancelling what is cancelled already: RS-00093. The port says that the order is over."""
    broker_id, _ = await resting(bench)
    await bench.fact(broker_id)
    await bench.broker.cancel(broker_id)
    await bench.fact(broker_id, until=lambda fact: fact.status is OrderStatus.CANCELLED)
    _, told = await bench.call("DELETE", f"orders/regular/{broker_id}", {"variety": "NORMAL", "orderid": broker_id})
    assert told["errorcode"] == "RS-00093"
    with pytest.raises(OrderOver, match="over already"):
        await bench.broker.cancel(broker_id)


@card(41, "5.3")
async def test_card_41(bench: Bench) -> None:
    """Modifying what is cancelled: RS-0034. The port says that the order is over."""
    broker_id, draft = await resting(bench)
    await bench.fact(broker_id)
    await bench.broker.cancel(broker_id)
    await bench.fact(broker_id, until=lambda fact: fact.status is OrderStatus.CANCELLED)
    body = bench.wire_body(draft, orderid=broker_id, modqty_remng="0")
    _, told = await bench.call("PUT", f"orders/regular/{broker_id}", body)
    assert told["errorcode"] == "RS-0034"
    with pytest.raises(OrderOver, match="nothing to change"):
        await bench.broker.modify(broker_id, draft)


@card(42, "5.7")
async def test_card_42(bench: Bench) -> None:
    """A stop below the market waits for its trigger, under the spelling that we send."""
    base = await bench.draft()
    tick = base.instrument.tick
    assert base.price is not None
    draft = replace(base, side=Side.SELL, kind=OrderKind.SL, trigger=base.price, price=base.price - tick)
    broker_id = await bench.place(draft)
    fact = await bench.fact(broker_id, until=lambda fact: fact.status is OrderStatus.TRIGGER_PENDING)
    assert (fact.kind, fact.trigger) == (OrderKind.SL, draft.trigger)
    await bench.broker.cancel(broker_id)


@card(43, "5.2")
async def test_card_43(bench: Bench) -> None:
    """A stop without a trigger is refused as IA400 or 400, and the port knows the words."""
    base = await bench.draft()
    bench.ask("a stop without a trigger (to be refused)")
    body = bench.wire_body(base, variety="STOPLOSS", ordertype="STOPLOSS_LIMIT", triggerprice="")
    status, told = await bench.call("POST", "orders/regular", body)
    answer = told[0] if isinstance(told, list) else told
    assert status == 400
    assert answer["errorcode"] in ("IA400", "400")


@card(44, "5.7")
async def test_card_44(bench: Bench) -> None:
    """An order across the spread fills within seconds: Traded, all shares, an average."""
    broker_id = await bench.filled(await bench.draft(away="1.01"))
    row = await bench.row(broker_id)
    assert (row["status"], row["orderstatus"], row["filledshares"]) == ("Traded", "Traded", "1")
    assert Decimal(row["averageprice"]) > 0
    assert row["text"] == "TRADE CONFIRMED"


@card(45, "5.1")
async def test_card_45(bench: Bench) -> None:
    """A plain MARKET order is taken. Skip: refused since the rules of April 2026 (1.8)."""
    draft = await bench.draft(kind=OrderKind.MARKET, price=None)
    try:
        broker_id = await bench.place(draft)
    except Refused as refused:
        pytest.skip(f"market orders are refused: {refused.say}")
    fact = await bench.fact(broker_id, until=lambda fact: fact.status is OrderStatus.FILLED)
    assert fact.average


@card(46, "6.1")
async def test_card_46(bench: Bench) -> None:
    """The trade book has one row for each fill, upper-case keys, numbers for price and quantity."""
    broker_id = await bench.filled(await bench.draft(away="1.01"))
    rows = [row for row in await bench.data("GET", "tradebook") if row["ORDER_NUMBER"].strip() == broker_id]
    assert sum(row["QUANTITY"] for row in rows) == 1
    assert isinstance(rows[0]["PRICE"], int | float)
    assert rows[0]["BUY_SELL"] == "Buy"
    assert re.fullmatch(r"\d{2}-\d{2}-\d{4} \d{2}:\d{2}:\d{2}", rows[0]["ORDER_DATE_TIME"])


@card(47, "6.1")
async def test_card_47(bench: Bench) -> None:
    """The port's trades add up to the order: shares, and the average within the paisa that the book rounds to."""
    broker_id = await bench.filled(await bench.draft(away="1.01", quantity=3))
    fact = await bench.fact(broker_id)
    trades = [trade for trade in await bench.broker.trades() if trade.broker_id == broker_id]
    assert sum(trade.quantity for trade in trades) == fact.filled == 3
    assert fact.average is not None
    mean = sum((trade.quantity * trade.price for trade in trades), Decimal(0)) / 3
    assert abs(mean - fact.average) <= Decimal("0.01")


@card(48, "7.1")
async def test_card_48(bench: Bench) -> None:
    """A position row: texts throughout, the token, a signed quantity."""
    await bench.filled(await bench.draft(away="1.01"))
    share = await bench.share()
    rows = [row for row in await bench.data("GET", "portfolio/positions") if row["symboltoken"] == share.token]
    assert rows
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert "ltp" not in rows[0]
