"""The table of Type B routes and the answers of those that concern the account (mstock-type-b.md sections 2 to 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from bot.simulators.broker.accounts.margin import Margin, required
from bot.simulators.broker.accounts.records import Account, Product, day_text
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.requests import PRODUCTS, SIDES, OrderRequest, bad, read_order, rupees, text, whole
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.faults.table import ACTS
from bot.simulators.broker.market.instruments import number
from bot.simulators.broker.rows import (
    Row,
    details_rows,
    funds_rows,
    history_row,
    holding_row,
    order_row,
    position_row,
    trade_row,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated call: whose it is, its body (or query), what stood in its path."""

    account: Account | None
    token: str
    key: str
    body: dict[str, object] | None
    path: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Account:
        assert self.account is not None  # every route but login's has been authenticated  # noqa: S101
        return self.account

    @property
    def fields(self) -> dict[str, object]:
        return self.body or {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a payload for JSON, or text as it stands."""

    payload: object
    http: int = 200
    content_type: str = "application/json"


Handler = Callable[[PaperBroker, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    methods: tuple[str, ...]
    path: str
    handler: Handler
    bucket: str = "books"  # which limit of 1.6 it counts against: orders, data, quotes, books
    open: bool = False  # no session needed

    @property
    def is_act(self) -> bool:
        return self.name in ACTS


def good(data: object, *, code: str | None = "", message: str = "SUCCESS") -> Answer:
    return Answer({"status": True, "message": message, "errorcode": code, "data": data})


# Login.


def login(broker: PaperBroker, call: Call) -> Answer:
    body = call.fields
    client = text(body, "clientcode", "clientCode")
    uuid_form = broker.faults.take("login", "login", client) is not None
    data = broker.sessions.login(client, str(body.get("password") or ""), broker.clock.now(), uuid_form=uuid_form)
    return good(data, message="Please enter OTP sent on XXXXXXX123 & XXXXAB@GMAIL.COM")


def session_by_totp(broker: PaperBroker, call: Call) -> Answer:
    handle, code = text(call.fields, "refreshToken"), text(call.fields, "totp")
    return good(broker.sessions.by_totp(handle, code, call.key, broker.clock.now()))


def session_by_sms(broker: PaperBroker, call: Call) -> Answer:
    handle, code = text(call.fields, "refreshToken"), text(call.fields, "otp")
    return good(broker.sessions.by_sms(handle, code, call.key, broker.clock.now()))


def logout(broker: PaperBroker, call: Call) -> Answer:
    broker.sessions.end(call.token, broker.clock.now())
    return good(None, code=None, message="Success")


# Orders.


def _request(broker: PaperBroker, call: Call) -> OrderRequest:
    spelling = broker.faults.on("stop_spelling_refused", call.owner.client)
    return read_order(call.fields, stop_spelling=str(spelling["spelling"]) if spelling else None)


def place(broker: PaperBroker, call: Call) -> Answer:
    order = broker.exchange.place(call.owner, _request(broker, call))
    if not order.working:
        message = order.text.replace(",", " ")
        return Answer([{"status": False, "message": message, "errorcode": "MA200", "data": None}])
    data = {"script": text(call.fields, "tradingsymbol"), "orderid": order.id, "uniqueorderid": order.id}
    return Answer([{"status": True, "message": "SUCCESS", "errorcode": "", "data": data}])


def modify(broker: PaperBroker, call: Call) -> Answer:
    body = dict(call.fields)
    order = broker.ledger.orders.get(call.path["order"].strip())
    if order is not None:  # the vendor's SDK leaves the side out; an order keeps it
        body["transactiontype"] = text(body, "transactiontype") or order.side
    call = Call(account=call.account, token=call.token, key=call.key, body=body, path=call.path)
    changed = broker.exchange.modify(call.owner, call.path["order"], _request(broker, call))
    return good({"orderid": changed.id, "uniqueorderid": ""})


def cancel(broker: PaperBroker, call: Call) -> Answer:
    if call.body is None:
        raise Refusal("Something went wrong. Please try again.", http=500, code="IA500")
    order = broker.exchange.cancel(call.owner, call.path["order"])
    return good({"orderid": order.id, "uniqueorderid": ""})


def cancel_all(broker: PaperBroker, call: Call) -> Answer:
    cancelled = broker.exchange.cancel_all(call.owner)
    if not cancelled:
        raise Refusal("Order Does not Exsist.Need to refresh orderbook / relogin in application ",
                      code="InputException", typed=True, status="error")  # fmt: skip
    return Answer({"status": "success", "data": {"order_id": cancelled[-1].id}})


def order_book(broker: PaperBroker, call: Call) -> Answer:
    orders = [*broker.ledger.orders_of(call.owner.client, call.owner.day), *broker.ledger.waiting_of(call.owner)]
    manners = broker.manners(call.owner.client)
    return good([order_row(o, broker.find(o.key), manners) for o in reversed(orders)] or None)


def order_details(broker: PaperBroker, call: Call) -> Answer:
    order = broker.ledger.orders.get(text(call.fields, "order_no"))
    if order is None or order.client != call.owner.client:
        return good(None)
    return good(details_rows(order, broker.find(order.key), broker.manners(call.owner.client)))


# Trades.


def trade_book(broker: PaperBroker, call: Call) -> Answer:
    trades = [t for t in broker.ledger.trades_of(call.owner.client, call.owner.day) if not t.from_product]
    return good([trade_row(t, broker.find(t.key), call.owner) for t in reversed(trades)] or None)


def trade_history(broker: PaperBroker, call: Call) -> Answer:
    first, last = _day(call, "fromdate"), _day(call, "todate")
    if first > last:
        raise bad("Invalid date range.")
    found = [
        t
        for t in broker.ledger.trades_of(call.owner.client)
        if first <= t.day <= last and not t.from_product and t.day < call.owner.day
    ]
    return good([history_row(t, broker.find(t.key), broker.find(t.key).book_exchange) for t in found])


def _day(call: Call, name: str) -> str:
    value = text(call.fields, name)
    try:
        return day_text(date.fromisoformat(value[:10]))
    except ValueError:
        raise bad(f"Invalid {name}.") from None


# Portfolio.


def positions(broker: PaperBroker, call: Call) -> Answer:
    rows = broker.portfolio.positions(call.owner.client, call.owner.day)
    manners = broker.manners(call.owner.client)
    return good([position_row(p, broker.find(p.key), manners) for p in rows] or None)


def convert(broker: PaperBroker, call: Call) -> Answer:
    body = call.fields
    exchange, token = text(body, "exchange").upper(), text(body, "symboltoken")
    instrument = broker.lookup(exchange, token) or broker.lookup({"NSE": "NFO", "BSE": "BFO"}.get(exchange, ""), token)
    old, new = PRODUCTS.get(text(body, "oldproducttype").upper()), PRODUCTS.get(text(body, "newproducttype").upper())
    side = SIDES.get(text(body, "transactiontype").upper())
    if instrument is None or old is None or new is None or old == new or side is None:
        raise bad("Invalid product. valid product types allowed are DELIVERY, INTRADAY and CARRYFORWARD.", "400")
    broker.exchange.convert(call.owner, instrument, old=old, new=new, side=side, quantity=whole(body, "quantity"))
    return good(None)


def holdings(broker: PaperBroker, call: Call) -> Answer:
    now = broker.clock.now()
    rows: list[Row] = []
    for holding in broker.ledger.holdings.values():
        if holding.client == call.owner.client:
            instrument = broker.find(holding.key)
            price, close = broker.market.price(instrument, now), broker.market.previous_close(instrument, now)
            rows.append(holding_row(holding, instrument, price, close))
    return good(rows or None, code=None)


def funds(broker: PaperBroker, call: Call) -> Answer:
    return good(funds_rows(broker.portfolio.funds(call.owner, broker.clock.now())))


# Margin.


def margin(broker: PaperBroker, call: Call) -> Answer:
    orders = call.fields.get("orders")
    if not isinstance(orders, list) or not orders or not all(isinstance(o, dict) for o in orders):
        return problem({"orders": ["The orders field is required."]}, broker)
    parts = [_margin_of(broker, o) for o in orders]
    total = Margin(sum(m.span for m, _ in parts), sum(m.exposure for m, _ in parts), sum(m.var for m, _ in parts))
    summary = _breakup(total, sum(value for _, value in parts))
    return good({"summary": summary, "charges": [_breakup(m, value) for m, value in parts]}, code=None)


def _margin_of(broker: PaperBroker, row: dict[str, object]) -> tuple[Margin, int]:
    instrument = broker.lookup(text(row, "exchange").upper(), text(row, "token"))
    product: Product | None = PRODUCTS.get(text(row, "product_type").upper())
    side = SIDES.get(text(row, "transaction_type").upper())
    if instrument is None or product is None or side is None or instrument.is_index:
        raise bad("Invalid request. Please provide valid order details.")
    now = broker.clock.now()
    price = rupees(row, "price", blank=0) or broker.market.price(instrument, now)
    quantity = whole(row, "quantity")
    spot = broker.portfolio.spot(instrument, now)
    return required(instrument, product=product, side=side, quantity=quantity, price=price, spot=spot), quantity * price


def _breakup(margin: Margin, value: int) -> Row:
    names = ("BROKERAGE", "BROKER_BROKERAGE", "EXPOMARGIN", "LEVIES_BROKERAGE", "OTHER_BROKERAGE", "SPANMARGIN", "VARELMMARGIN")
    amounts = {"EXPOMARGIN": margin.exposure, "SPANMARGIN": margin.span, "VARELMMARGIN": margin.var}
    breakup: list[Row] = [{"name": n, "amount": number(amounts.get(n, 0)), "msg": "", "breakup": []} for n in names]
    return {"total_charges": number(margin.total), "trade_value": number(value), "breakup": breakup}


def problem(errors: dict[str, list[str]], broker: PaperBroker) -> Answer:
    """ASP.NET's model validation, without the envelope (1.5)."""
    trace = f"00-{broker.rng.randbytes(16).hex()}-{broker.rng.randbytes(8).hex()}-00"
    body = {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1", "title": "One or more validation errors occurred.",
        "status": 400, "errors": errors, "traceId": trace,
    }  # fmt: skip
    return Answer(body, 400, "application/problem+json")


ROUTES = [
    Route("login", ("POST",), "connect/login", login, open=True),
    Route("session_sms", ("POST",), "session/token", session_by_sms, open=True),
    Route("session_totp", ("POST",), "session/verifytotp", session_by_totp, open=True),
    Route("logout", ("GET",), "logout", logout),
    Route("funds", ("GET",), "user/fundsummary", funds),
    Route("place", ("POST",), "orders/regular", place, "orders"),
    Route("modify", ("PUT",), "orders/regular/{order}", modify, "orders"),
    Route("cancel", ("DELETE",), "orders/regular/{order}", cancel, "orders"),
    Route("cancelall", ("POST",), "orders/cancelall", cancel_all, "orders"),
    Route("orders", ("GET",), "orders", order_book),
    Route("details", ("POST", "GET"), "order/details", order_details),
    Route("tradebook", ("GET",), "tradebook", trade_book),
    Route("trades", ("POST", "GET"), "trades", trade_history),
    Route("positions", ("GET",), "portfolio/positions", positions),
    Route("convert", ("POST",), "portfolio/convertposition", convert),
    Route("holdings", ("GET",), "portfolio/holdings", holdings),
    Route("margin", ("POST",), "margins/orders", margin),
]
