"""The control desk: a JSON interface over everything a person may do to the paper exchange from outside.

Prices in requests and answers are texts in rupees, times ISO in UTC. An instrument is named by `name`: a scrip-master
name (`RELIANCE-EQ`, `NIFTY26DECFUT`), a bare share or index symbol (`RELIANCE`, `NIFTY`), with `exchange` to tell NSE
from BSE. Failures answer HTTP 400 (or 404) with `{"error": words}`. Below the desk's base address (`/desk`):

| route | body or query | does |
|---|---|---|
| GET `/state` | `?client=` | clock, hours, `closed` (the real exchange), accounts, today's orders, armed faults, sockets, calls |
| GET `/faults` | | `table` (name, stage, says, routes, params) and `armed` |
| POST `/faults` | `{"name", "times", "skip", "route", "client", ...params}` | arms one; `times` null: until cleared |
| DELETE `/faults` | `?name=` | clears one fault, or all |
| GET `/prices` | `?names=RELIANCE,NIFTY` | last, bid, ask, open, high, low, close of each |
| POST `/prices` | `{"name", "price"}` or `{"name", "move"}` (`"1%"`, `"-5.50"`) | the price jumps there and walks on |
| POST `/prices` | `{"name", "tick"}` or `{"ticks": [{"name", "price"}]}` | the price stands there until the next tick |
| POST `/prices` | `{"closes": [{"name", "price"}]}` | the previous day closed there, and the price stands until a tick comes |
| GET `/search` | `?q=nifty 24500` | up to 20 instruments whose name contains all the words |
| GET `/orders` | `?client=` | today's orders, newest first |
| POST `/orders` | `{"client", "name", "side", "quantity", "kind", "price", "trigger", "product"}` | an order "from the app" |
| POST `/orders/{id}/fill` | `{"quantity", "price"}` (both optional) | fills it, wholly or in part, now |
| POST `/orders/{id}/cancel`, `/orders/{id}/reject` | `{"reason"}` | the exchange ends it |
| POST `/orders/{id}/modify` | `{"price", "quantity", "trigger"}` | changed "in the app" |
| POST `/sockets/drop` | `{"client"}` optional | cuts the open sockets |
| POST `/sockets/text` | `{"text"}` | sends any text frame to every socket |
| POST `/sessions/end` | `{"client"}` | the broker forgets the session: the next call meets IA401 |
| POST `/squareoff` | `{"client"}` | the broker closes all INTRADAY positions with its own orders |
| POST `/accounts` | the fields of settings.PaperAccount, money in rupees | opens an account, or renews its keys |
| POST `/accounts/{client}` | `{"cash", "ddpi", "unlock": true, "authorise": {"ITC": 50}}` | changes one |
| GET `/truth` | `?since=0` | the truth log, which the bot cannot see |
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from bot.simulators.broker.accounts.records import REJECTED, Account, Order
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.desk.views import account_row, order_line, price_row, price_step
from bot.simulators.broker.exchange.reasons import REASONS
from bot.simulators.broker.exchange.requests import KINDS, PRODUCTS, SIDES, OrderRequest, rupees, text, whole
from bot.simulators.broker.faults.errors import PaperError, Refusal
from bot.simulators.broker.faults.table import FAULTS
from bot.simulators.broker.market.hours import Phase, Timetable
from bot.simulators.broker.market.instruments import Instrument
from bot.simulators.broker.rest.endpoint import Endpoint
from bot.simulators.broker.rows import Row
from bot.simulators.broker.settings import PaperAccount, PaperHolding
from bot.simulators.broker.stream import Stream

Act = Callable[[web.Request, Row], Row]


class ControlPanel:
    """Every route is a plain function of request and body. `routes()` lists them."""

    def __init__(self, broker: PaperBroker, stream: Stream, counter: Endpoint) -> None:
        self._broker = broker
        self._stream = stream
        self._counter = counter

    def routes(self, base: str) -> list[web.RouteDef]:
        table: list[tuple[str, str, Act]] = [
            ("GET", "/state", self.state), ("GET", "/faults", self.faults), ("POST", "/faults", self.arm),
            ("DELETE", "/faults", self.clear), ("GET", "/prices", self.prices), ("POST", "/prices", self.set_prices),
            ("GET", "/search", self.search), ("GET", "/orders", self.orders), ("POST", "/orders", self.place),
            ("POST", "/orders/{id}/fill", self.fill), ("POST", "/orders/{id}/cancel", self.cancel),
            ("POST", "/orders/{id}/reject", self.reject), ("POST", "/orders/{id}/modify", self.modify),
            ("POST", "/sockets/drop", self.drop), ("POST", "/sockets/text", self.send_text),
            ("POST", "/sessions/end", self.end_session), ("POST", "/squareoff", self.square_off),
            ("POST", "/accounts", self.open_account), ("POST", "/accounts/{client}", self.change_account),
            ("GET", "/truth", self.truth),
        ]  # fmt: skip
        return [web.route(method, base + path, self._serve(act)) for method, path, act in table]

    def _serve(self, act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                self._broker.roll()
                return web.json_response(act(request, _object(await request.read())))
            except Refusal as refusal:
                return web.json_response({"error": refusal.message}, status=max(refusal.http, 400))
            except PaperError as error:
                return web.json_response({"error": str(error)}, status=400)
            except ValueError as error:
                return web.json_response({"error": f"not understood: {error}"}, status=400)

        return handle

    # Looking.

    def state(self, request: web.Request, body: Row) -> Row:
        broker = self._broker
        accounts = [a for a in broker.ledger.accounts.values() if request.query.get("client") in (None, a.client)]
        return {
            "now": broker.clock.now().isoformat(), "hours": broker.settings.hours, "day": broker.today().isoformat(),
            "closed": self._closed(),
            "accounts": [account_row(self._broker, a) for a in accounts], "orders": self.orders(request, body)["orders"],
            "faults": [a.describe() for a in broker.faults.armed()], "sockets": self._stream.open,
            "calls": dict(self._counter.calls),
        }  # fmt: skip

    def _closed(self) -> bool:
        """Whether the real exchange is closed now, shares at least, whatever the hours of this one."""
        share = self._instrument({"name": "RELIANCE", "exchange": "NSE"})
        return Timetable("real").phase(share, self._broker.clock.now()) is Phase.CLOSED

    def orders(self, request: web.Request, body: Row) -> Row:
        client = request.query.get("client")
        accounts = [a for a in self._broker.ledger.accounts.values() if client in (None, a.client)]
        found = [o for a in accounts for o in self._broker.ledger.orders_of(a.client, a.day)]
        return {"orders": [order_line(self._broker, o) for o in sorted(found, key=lambda o: o.placed_at, reverse=True)]}

    def truth(self, request: web.Request, body: Row) -> Row:
        return {"lines": self._broker.ledger.truth(int(request.query.get("since", "0")))}

    # Faults.

    def faults(self, request: web.Request, body: Row) -> Row:
        table = [
            {"name": f.name, "stage": f.stage, "says": f.says, "routes": sorted(f.routes), "params": f.params}
            for f in FAULTS.values()
        ]
        return {"table": table, "reasons": REASONS, "armed": [a.describe() for a in self._broker.faults.armed()]}

    def arm(self, request: web.Request, body: Row) -> Row:
        known = {"name", "times", "skip", "route", "client"}
        times = body.get("times", 1)
        armed = self._broker.faults.arm(
            text(body, "name"), times=None if times is None else int(str(times)), skip=whole(body, "skip", blank=0),
            route=text(body, "route") or None, client=text(body, "client") or None,
            **{name: value for name, value in body.items() if name not in known},
        )  # fmt: skip
        return armed.describe()

    def clear(self, request: web.Request, body: Row) -> Row:
        return {"cleared": self._broker.faults.clear(request.query.get("name"))}

    # Prices.

    def _instrument(self, body: Row) -> Instrument:
        name = text(body, "name")
        exchanges = [text(body, "exchange")] if text(body, "exchange") else ["NSE", "NFO", "BSE", "BFO"]
        for exchange in exchanges:
            for spelled in (name, f"{name}-EQ", f"{name}-BE"):
                found = self._broker.named(exchange, spelled)
                if found is not None:
                    return found
        raise Refusal(f"no instrument is called {name!r}", http=404)

    def prices(self, request: web.Request, body: Row) -> Row:
        names = [name for name in request.query.get("names", "").split(",") if name]
        return {"prices": [price_row(self._broker, self._instrument({"name": name})) for name in names]}

    def set_prices(self, request: web.Request, body: Row) -> Row:
        closes = isinstance(body.get("closes"), list)
        wanted = body.get("closes" if closes else "ticks")
        pushed = isinstance(wanted, list)
        rows = [row for row in (wanted if isinstance(wanted, list) else [body]) if isinstance(row, dict)]
        now = self._broker.clock.now()
        asked, left_out = list[tuple[Instrument, int, bool]](), list[str]()
        for row in rows:  # all are understood before the first one counts
            try:
                asked.append(self._price_asked(row, now, pushed=pushed))
            except Refusal as refusal:
                if not pushed:
                    raise
                left_out.append(refusal.message)  # a feed's other ticks are good without it
        with self._broker.ledger.change():  # all of a feed's ticks become durable together
            for instrument, price, stands in asked:
                if closes:
                    move = self._broker.market.put_close(instrument, price, now)
                    self._broker.ledger.put_move(instrument.key, move.at, move.offset, move.fixed)
                else:
                    self._put_price(instrument, price, now, stands=stands)
        for instrument, _, _ in asked:
            self._broker.matcher.look(instrument.key)
        if pushed:  # a feed does not read what it sent, and a row takes far longer than a tick
            return {"taken": len(asked), "left_out": left_out}
        return {"prices": [price_row(self._broker, instrument) for instrument, _, _ in asked]}

    def _price_asked(self, row: Row, now: datetime, *, pushed: bool) -> tuple[Instrument, int, bool]:
        """Instrument, price in paise, and whether it is to stand there until the next tick."""
        instrument = self._instrument(row)
        if pushed or "tick" in row:
            return instrument, rupees(row, "price" if pushed else "tick"), True
        last = self._broker.market.price(instrument, now)
        price = rupees(row, "price") if "price" in row else last + price_step(text(row, "move"), last)
        return instrument, max(price, instrument.tick), False

    def _put_price(self, instrument: Instrument, price: int, now: datetime, *, stands: bool) -> None:
        broker = self._broker
        if stands:
            move, replaces = broker.market.push(instrument, price, now)
            broker.ledger.put_move(instrument.key, move.at, move.offset, move.fixed, replace=replaces)
            return
        last = broker.market.price(instrument, now)
        move = broker.market.set_price(instrument, price, now)
        broker.ledger.put_move(instrument.key, move.at, move.offset, move.fixed)
        broker.ledger.tell(now, "", "price", name=instrument.name, was=last, now=broker.market.price(instrument, now))

    def search(self, request: web.Request, body: Row) -> Row:
        words = request.query.get("q", "").upper().split()
        found = [
            i for i in self._broker.master.by_key.values()
            if all(w in i.name or w in i.company.upper() for w in words)
        ]  # fmt: skip
        return {"found": [{"name": i.name, "exchange": i.exchange, "token": i.token, "lot": i.lot} for i in found[:20]]}

    # Orders from elsewhere, and the exchange's hand in ours.

    def _client(self, body: Row) -> Account:
        accounts = self._broker.ledger.accounts
        account = accounts.get(text(body, "client") or next(iter(accounts), ""))
        if account is None:
            raise Refusal("no such client", http=404)
        return account

    def place(self, request: web.Request, body: Row) -> Row:
        instrument = self._instrument(body)
        kind, side = KINDS.get(text(body, "kind") or "MARKET"), SIDES.get(text(body, "side").upper())
        product = PRODUCTS.get(text(body, "product") or ("CARRYFORWARD" if instrument.is_derivative else "DELIVERY"))
        if kind is None or side is None or product is None:
            raise Refusal("kind, side or product is not known", http=400)
        asked = OrderRequest(
            exchange=instrument.exchange, token=instrument.token, symbol=instrument.name, side=side, kind=kind,
            product=product, validity="DAY", variety="NORMAL", quantity=whole(body, "quantity"),
            price=rupees(body, "price", blank=0), trigger=rupees(body, "trigger", blank=0),
        )  # fmt: skip
        return order_line(self._broker, self._broker.exchange.place(self._client(body), asked, "WEB"))

    def _found(self, request: web.Request) -> Order:
        order = self._broker.ledger.orders.get(request.match_info["id"])
        if order is None:
            raise Refusal("no such order", http=404)
        if not order.working:
            raise Refusal(f"the order is {order.status}", http=400)
        return order

    def fill(self, request: web.Request, body: Row) -> Row:
        order = self._found(request)
        instrument = self._broker.find(order.key)
        units = whole(body, "quantity", blank=order.remaining)
        bid, ask = self._broker.market.best(instrument, self._broker.clock.now())
        price = rupees(body, "price", blank=order.price or (ask if order.side == "BUY" else bid))
        if not 0 < units <= order.remaining or units % instrument.lot:
            raise Refusal(f"a fill is whole lots of {instrument.lot}, at most {order.remaining}", http=400)
        self._broker.book.fill(order, units, price, by="desk")
        return order_line(self._broker, order)

    def cancel(self, request: web.Request, body: Row) -> Row:
        order = self._found(request)
        self._broker.exchange.cancel(self._broker.ledger.accounts[order.client], order.id, by="desk")
        return order_line(self._broker, order)

    def reject(self, request: web.Request, body: Row) -> Row:
        order = self._found(request)
        reason = text(body, "reason") or "price_protection"
        self._broker.book.end(order, REJECTED, REASONS.get(reason, reason))
        return order_line(self._broker, order)

    def modify(self, request: web.Request, body: Row) -> Row:
        order = self._found(request)
        asked = OrderRequest(
            exchange=order.exchange, token=order.token, symbol="", side=order.side, kind=order.kind,
            product=order.product, validity=order.validity, variety=order.variety,
            quantity=whole(body, "quantity", blank=order.quantity), price=rupees(body, "price", blank=order.price),
            trigger=rupees(body, "trigger", blank=order.trigger),
        )  # fmt: skip
        return order_line(self._broker, self._broker.exchange.modify(self._broker.ledger.accounts[order.client], order.id, asked))

    def square_off(self, request: web.Request, body: Row) -> Row:
        orders = self._broker.square_off(self._client(body))
        return {"orders": [order_line(self._broker, o) for o in orders]}

    # Sockets and sessions.

    def drop(self, request: web.Request, body: Row) -> Row:
        return {"dropped": self._stream.drop(text(body, "client") or None)}

    def send_text(self, request: web.Request, body: Row) -> Row:
        self._stream.send_text(text(body, "text"))
        return {"sockets": self._stream.open}

    def end_session(self, request: web.Request, body: Row) -> Row:
        return {"ended": self._broker.sessions.end_all(self._client(body).client, self._broker.clock.now())}

    # Accounts.

    def open_account(self, request: web.Request, body: Row) -> Row:
        defaults = PaperAccount()
        owned = body.get("holdings")
        client = text(body, "client")
        if not client:
            raise Refusal("a client code is needed", http=400)
        self._broker.open_account(
            PaperAccount(
                client=client, password=text(body, "password") or defaults.password,
                api_key=text(body, "api_key") or defaults.api_key,
                totp_seed=(text(body, "totp_seed") or None) if "totp_seed" in body else defaults.totp_seed,
                name=text(body, "name") or defaults.name, cash=rupees(body, "cash", blank=defaults.cash),
                holdings=tuple(
                    PaperHolding(symbol=text(row, "symbol"), quantity=whole(row, "quantity"), average=rupees(row, "average"),
                                 t1=whole(row, "t1", blank=0), authorised=whole(row, "authorised", blank=0))
                    for row in (owned if isinstance(owned, list) else []) if isinstance(row, dict)
                ),
            )
        )  # fmt: skip
        return account_row(self._broker, self._broker.ledger.accounts[client])

    def change_account(self, request: web.Request, body: Row) -> Row:
        broker = self._broker
        account = self._client({"client": request.match_info["client"]})
        with broker.ledger.change():
            if "cash" in body:
                account.sod = rupees(body, "cash")
            if "ddpi" in body:
                account.ddpi = body["ddpi"] is True
            if body.get("unlock"):
                account.attempts_left = 10
            allowed = body.get("authorise")
            for symbol, units in (allowed if isinstance(allowed, dict) else {}).items():
                holding = broker.ledger.holdings.get((account.client, self._instrument({"name": symbol}).key))
                if holding is not None:
                    holding.authorised = int(str(units))
                    broker.ledger.put(holding)
            broker.ledger.put(account)
        return account_row(self._broker, account)


def _object(raw: bytes) -> Row:
    body = json.loads(raw or b"{}")
    if not isinstance(body, dict):
        raise Refusal("the body is a JSON object", http=400)
    return body
