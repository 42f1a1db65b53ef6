"""Cards 49 to 60: rejections, steps of an order, cancel-all, margin."""

import asyncio
import re
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import Refused
from bot.domain.market.instrument import Exchange
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.terms import OrderKind, Product, Side
from tests.contract.bench import Bench, card
from tests.contract.test_order_cards import opened, resting

pytestmark = pytest.mark.asyncio(loop_scope="module", **({"loop_factories": ["real"]} if "--live" in sys.argv else {}))


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
