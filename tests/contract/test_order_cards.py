"""Cards 30 to 60: orders, books, positions, margin."""

import asyncio
import re
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.errors import OrderOver, Refused
from bot.domain.market.instrument import Exchange
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.terms import OrderKind, Product, Side
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


@card(49, "7.1")
async def test_card_49(bench: Bench) -> None:
    """What was bought and sold again stays as a flat row whose net value is what was made."""
    await bench.filled(await bench.draft(away="1.01"))
    share = await bench.share()
    held = sum(each.quantity for each in await bench.broker.positions() if each.instrument.key == share.key)
    await bench.filled(await bench.draft(side=Side.SELL, away="0.99", quantity=held))
    (row,) = [
        row for row in await bench.data("GET", "portfolio/positions")
        if row["symboltoken"] == share.token and row["producttype"] == "INTRADAY"
    ]  # fmt: skip
    (position,) = [
        each for each in await bench.broker.positions() if each.instrument.key == share.key and each.product is Product.MIS
    ]  # fmt: skip
    assert (row["netqty"], position.quantity, position.average) == ("0", 0, None)
    assert position.booked_profit() == Decimal(row["netvalue"])


@card(50, "5.2")
async def test_card_50(bench: Bench) -> None:
    """An order beyond the funds: HTTP 200, a list of one, MA200, RMS text with the id of an order that exists."""
    funds = await bench.broker.funds()
    draft = await bench.draft(product=Product.CNC, quantity=1)
    assert funds.available is not None
    assert draft.price is not None
    many = int(funds.available / draft.price) * 3
    bench.ask("an order beyond the funds (to be rejected)")
    status, told = await bench.call("POST", "orders/regular", bench.wire_body(draft, quantity=str(many)))
    answer = opened(told)
    assert (status, answer["status"], answer["data"]) == (200, False, None)
    found = re.search(r"RMS:(\d+):", answer["message"])
    assert found
    fact = await bench.fact(found[1])
    assert fact.status is OrderStatus.REJECTED


@card(51, "5.2")
async def test_card_51(bench: Bench) -> None:
    """The port calls that a final refusal and names the order. The book's text has commas where the answer has blanks."""
    funds = await bench.broker.funds()
    draft = await bench.draft(product=Product.CNC)
    assert funds.available is not None
    assert draft.price is not None
    with pytest.raises(Refused) as refused:
        await bench.place(replace(draft, quantity=int(funds.available / draft.price) * 3))
    assert refused.value.final
    assert refused.value.broker_id is not None
    row = await bench.row(refused.value.broker_id)
    assert row["text"].replace(",", " ") == refused.value.words.replace(",", " ")
    assert row["exchangeorderid"] == "0"


@card(52, "1.4")
async def test_card_52(bench: Bench) -> None:
    """A product that is none: HTTP 400, code 400, the list of those that are."""
    draft = await bench.draft()
    bench.ask("an order with an unknown product (to be refused)")
    status, told = await bench.call("POST", "orders/regular", bench.wire_body(draft, producttype="NRML"))
    answer = told[0] if isinstance(told, list) else told
    assert (status, answer["errorcode"]) == (400, "400")
    assert "DELIVERY, INTRADAY and CARRYFORWARD" in answer["message"]


@card(53, "5.2")
async def test_card_53(bench: Bench) -> None:
    """A contract in no whole lots is refused by RMS."""
    option = await bench.option()
    price = await bench.last(option)
    draft = OrderDraft(
        instrument=option, side=Side.BUY, quantity=option.lot, kind=OrderKind.LIMIT, product=Product.NRML, price=price
    )
    bench.ask("a contract in no whole lots (to be rejected)")
    _, told = await bench.call("POST", "orders/regular", bench.wire_body(draft, quantity=str(option.lot + 1)))
    answer = told[0] if isinstance(told, list) else told
    assert answer["status"] is False
    assert answer["errorcode"] in ("MA200", "400", "IA400")


@card(54, "0.2, point 10")
async def test_card_54(bench: Bench) -> None:
    """The book calls a contract's exchange NSE. Only instrumenttype tells them apart, and the port says NFO."""
    option = await bench.option()
    price = option.tick * 20
    draft = OrderDraft(
        instrument=option, side=Side.BUY, quantity=option.lot, kind=OrderKind.LIMIT, product=Product.NRML, price=price
    )
    broker_id = await bench.place(draft)
    row = await bench.row(broker_id)
    assert (row["exchange"], row["instrumenttype"]) == ("NSE", "OPTIDX")
    assert row["tradingsymbol"].startswith("NIFTY-")
    assert (await bench.fact(broker_id)).key == option.key
    assert option.exchange is Exchange.NFO
    await bench.broker.cancel(broker_id)


@card(55, "5.9")
async def test_card_55(bench: Bench) -> None:
    """Order details, by POST and by GET with a body: the steps of one order, with its tag and prices as numbers."""
    broker_id, _ = await resting(bench)
    await bench.fact(broker_id)
    body = {"order_no": broker_id, "segment": "E"}
    by_post = await bench.data("POST", "order/details", body)
    by_get = await bench.data("GET", "order/details", body)
    assert by_post == by_get
    assert by_post[0]["ordertag"] == bench.tag()
    assert isinstance(by_post[0]["price"], int | float)
    await bench.broker.cancel(broker_id)


@card(56, "5.5")
async def test_card_56(bench: Bench) -> None:
    """Cancel-all names one id and no count. The book shows that all are gone."""
    ids = [(await resting(bench))[0] for _ in range(2)]
    for broker_id in ids:
        await bench.fact(broker_id)
    bench.ask("cancel all orders of the account")
    _, told = await bench.call("POST", "orders/cancelall")
    assert str(told["status"]).lower() in ("success", "true")
    for broker_id in ids:
        await bench.fact(broker_id, until=lambda fact: fact.status is OrderStatus.CANCELLED)


@card(57, "5.5")
async def test_card_57(bench: Bench) -> None:
    """Cancel-all with nothing to cancel is an error. Skip: real account (another's order might be cancelled)."""
    bench.only_paper("cancel all")
    for fact in await bench.broker.orders():
        if fact.status.is_working:
            await bench.broker.cancel(fact.broker_id)
    await asyncio.sleep(2)
    bench.ask("cancel all orders of the account")
    _, told = await bench.call("POST", "orders/cancelall")
    assert told["status"] is not True
    assert told.get("data") is None


@card(58, "8")
async def test_card_58(bench: Bench) -> None:
    """The margin calculator: a summary whose parts bear the known names. The port adds the three margins."""
    draft = await bench.draft(product=Product.CNC, quantity=10)
    margin = await bench.broker.margin(draft)
    assert draft.price is not None
    assert margin.required is not None
    assert draft.price * 9 < margin.required < draft.price * 12
    order = {
        "product_type": "DELIVERY", "transaction_type": "BUY", "quantity": "10", "price": str(draft.price), "exchange": "NSE",
        "symbol_name": draft.instrument.symbol, "token": draft.instrument.token, "trigger_price": 0,
    }  # fmt: skip
    data = await bench.data("POST", "margins/orders", {"orders": [order]})
    names = {part["name"] for part in data["summary"]["breakup"]}
    assert {"SPANMARGIN", "EXPOMARGIN", "VARELMMARGIN"} <= names
    assert len(data["charges"]) == 1


@card(59, "1.5")
async def test_card_59(bench: Bench) -> None:
    """A body that does not fit the model: HTTP 400, the number 400 as status, a map of fields."""
    status, told = await bench.call("POST", "margins/orders", {})
    assert status == 400
    assert told["status"] == 400
    assert isinstance(told["errors"], dict)
    assert told["traceId"]


@card(60, "6.2")
async def test_card_60(bench: Bench) -> None:
    """Trade history of a day without trades is an empty list, by POST and by GET."""
    body = {"fromdate": "2024-01-06", "todate": "2024-01-06"}
    assert await bench.data("POST", "trades", body) == []
    assert await bench.data("GET", "trades", body) == []
