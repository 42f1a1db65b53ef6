"""Baskets: saved lists of orders that are priced together and never sent together (section 12)."""

from __future__ import annotations

from bot.simulators.broker.accounts.margin import required
from bot.simulators.broker.accounts.records import Basket, Product
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.requests import bad, rupees, text, whole
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market.instruments import number, plain
from bot.simulators.broker.rest.order_routes import Answer, Call, Route, good

PRODUCT_LETTERS: dict[str, Product] = {"C": "DELIVERY", "I": "INTRADAY", "M": "CARRYFORWARD", "F": "MARGIN"}


def _basket(broker: PaperBroker, call: Call, *names: str) -> Basket:
    number_text = text(call.fields, *names)
    basket = broker.ledger.baskets.get(int(number_text)) if number_text.isdigit() else None
    if basket is None or basket.client != call.owner.client:
        raise Refusal("Basket Not Found", code="MA408")
    return basket


def _mine(broker: PaperBroker, call: Call) -> list[Basket]:
    return [b for b in broker.ledger.baskets.values() if b.client == call.owner.client]


def create_basket(broker: PaperBroker, call: Call) -> Answer:
    name = text(call.fields, "BaskName")
    if not name:
        raise bad("Invalid BaskName.")
    if any(b.name == name for b in _mine(broker, call)):
        raise Refusal("Basket Already Added For This Name", code="MA408")
    created = broker.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with broker.ledger.change():
        broker.ledger.put(
            Basket(id=broker.ledger.next_number("basket", 101), client=call.owner.client, name=name,
                   description=text(call.fields, "BaskDesc"), created=created)
        )  # fmt: skip
    return Answer({"status": True, "message": None, "errorcode": "", "data": "Basket Created Successfully"})


def fetch_baskets(broker: PaperBroker, call: Call) -> Answer:
    rows = [
        {"BASKET_ID": b.id, "BASKET_NAME": b.name, "COUNT": len(b.rows), "CREATE_DATE": b.created, "DESCRIPTOR": b.description}
        for b in _mine(broker, call)
    ]
    return good(rows or None)


def rename_basket(broker: PaperBroker, call: Call) -> Answer:
    basket, name = _basket(broker, call, "BasketId"), text(call.fields, "basketName")
    if not name or any(b.name == name for b in _mine(broker, call)):
        raise Refusal("Basket Already Added For This Name", code="MA408")
    basket.name = name
    with broker.ledger.change():
        broker.ledger.put(basket)
    return good(None)


def delete_basket(broker: PaperBroker, call: Call) -> Answer:
    if call.body is None:
        raise Refusal("Something went wrong. Please try again.", http=500, code="IA500")
    basket = _basket(broker, call, "BasketId")
    with broker.ledger.change():
        broker.ledger.drop(basket)
    return Answer({"status": True, "message": None, "errorcode": "", "data": "Basket Deleted Successfully"})


def calculate_basket(broker: PaperBroker, call: Call) -> Answer:
    """Adds one row to a basket and answers what the whole of it would need."""
    body = call.fields
    basket = _basket(broker, call, "basket_id")
    derivative = text(body, "segment").upper() in ("D", "2")
    exchanges = {"NSE": ("NSE", "NFO"), "1": ("NSE", "NFO"), "BSE": ("BSE", "BFO"), "4": ("BSE", "BFO")}
    pair = exchanges.get(text(body, "exch_id").upper())
    instrument = broker.lookup(pair[derivative], text(body, "scriptcode")) if pair else None
    if instrument is None:
        raise bad("security id not found")
    if any(row["SCRIPT_CODE"] == instrument.token for row in basket.rows):
        raise Refusal("Script Already Added", code="MA408")
    quantity, now = whole(body, "order_qty"), broker.clock.now()
    price = rupees(body, "order_price", blank=0) or broker.market.price(instrument, now)
    product = PRODUCT_LETTERS.get(text(body, "ord_product"))
    if product is None or quantity == 0:
        raise bad("Invalid product. valid product types allowed are DELIVERY, INTRADAY and CARRYFORWARD.", "400")
    side = "SELL" if text(body, "buy_sell_indi").upper() == "S" else "BUY"
    need = required(
        instrument, product=product, side="SELL" if side == "SELL" else "BUY", quantity=quantity, price=price,
        spot=broker.portfolio.spot(instrument, now),
    )  # fmt: skip
    basket.rows.append({
        "BASKET_ID": str(basket.id), "BASKET_NAME": basket.name, "BASKET_PRIORITY": len(basket.rows) + 1, "BROKERAGE": 0,
        "BUY_SELL_IND": side[0], "EQ_VARELM_MARGIN": number(need.var), "EXCH_ID": text(body, "exch_id"),
        "OPT_BUY_PREM": number(need.span) if instrument.is_option and side == "BUY" else 0,
        "ORD_DISC_QTY": text(body, "disc_qty") or "0", "ORD_PRICE": plain(price), "ORD_QTY": str(quantity),
        "ORD_SYMBOL": instrument.symbol, "ORD_SYM_NAME": instrument.company or instrument.book_symbol(),
        "ORD_TRIGG_PRICE": text(body, "trigger_price") or "0", "ORD_TYPE": text(body, "ord_type"),
        "ORD_VALIDITY": text(body, "order_validity"), "PRODUCT": text(body, "ord_product"),
        "REQ_EXP": number(need.exposure), "REQ_MARGIN": number(need.total), "REQ_SPAN": number(need.span),
        "SCRIPT_CODE": instrument.token, "SCRIPT_STATUS": "A", "SEGMENT": instrument.segment, "paise": need.total,
    })  # fmt: skip
    with broker.ledger.change():
        broker.ledger.put(basket)
    total = sum(int(str(row["paise"])) for row in basket.rows)
    details = [{name: value for name, value in row.items() if name != "paise"} for row in basket.rows]
    return good({"TOTAL_FINAL_MARGIN": number(total), "TOTAL_REQ_MARGIN": number(total), "BASKET_DETAILS": details})


ROUTES = [
    Route("createbasket", ("POST",), "CreateBasket", create_basket),
    Route("baskets", ("GET",), "FetchBasket", fetch_baskets),
    Route("renamebasket", ("PUT",), "RenameBasket", rename_basket),
    Route("deletebasket", ("DELETE",), "DeleteBasket", delete_basket),
    Route("calculatebasket", ("POST",), "CalculateBasket", calculate_basket),
]
