"""The bench that a card is played on: the ports, the bare wire, and what a card needs to know of the account."""

import asyncio
import functools
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Protocol, Self
from urllib.parse import quote

import aiohttp
import pyotp
import pytest

from bot.domain.clock import Clock
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind
from bot.domain.market.prices import Tick
from bot.domain.orders.order import OrderDraft, OrderFact, OrderStatus
from bot.domain.people.account import Credentials
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import Broker, Feed
from bot.domain.terms import OrderKind, Product, Side

CARDS: dict[int, str] = {}


class Ears(Protocol):
    """What the feed has told so far."""

    bells: list[str]
    ticks: list[Tick]


@dataclass
class Bench:
    """One account, logged in. `live` means that money is real and every order is asked for."""

    broker: Broker
    feed: Feed
    ears: Ears
    rest_url: str
    ws_url: str
    clock: Clock
    credentials: Credentials
    token: Secret
    seed: Secret | None
    live: bool
    confirm: Callable[[str], bool]
    number: int = 0
    _allowed: int = 0  # orders that were said yes to and not sent yet
    _placed: list[str] = field(default_factory=list)  # by the card that is being played
    _http: list[aiohttp.ClientSession] = field(default_factory=list)
    _master: Sequence[Instrument] | None = None
    _share: Instrument | None = None

    async def __aenter__(self) -> Self:
        self._http.append(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False))
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._http[0].close()

    # The bare wire.

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        leave_out: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """(HTTP status, parsed body or None), asked with the headers of a logged-in client less those left out."""
        if method == "POST" and path in ("orders/regular", "orders/cancelall"):
            self._use_yes()
        await asyncio.sleep(0.3)
        sent = {
            "X-Mirae-Version": "1",
            "X-PrivateKey": self.credentials.api_key.reveal(),
            "Authorization": f"Bearer {self.token.reveal()}",
            **(headers or {}),
        }
        for name in leave_out:
            del sent[name]
        url = f"{self.rest_url}/openapi/typeb/{path}"
        async with self._http[0].request(method, url, json=body, headers=sent, allow_redirects=False) as response:
            text = await response.text()
        told = json.loads(text) if text.strip() else None
        if method == "POST" and path == "orders/regular":
            self._placed += re.findall(r'"orderid": ?"\s*(\d+)\s*"', text)
        return response.status, told

    async def data(self, method: str, path: str, body: object = None) -> Any:
        """The data of an answer that must be a success."""
        status, told = await self.call(method, path, body)
        if status == 404:
            pytest.skip(f"no route {path} there")
        assert status == 200
        assert told["status"] is True
        return told["data"]

    async def socket(self, query: str | None = None) -> aiohttp.ClientWebSocketResponse:
        """A socket beside the feed's own. Without a query it has the right key and token."""
        if query is None:
            query = f"API_KEY={_quoted(self.credentials.api_key)}&ACCESS_TOKEN={self.token.reveal()}"
        return await self._http[0].ws_connect(f"{self.ws_url}?{query}", autoclose=True)

    async def login_answer(self) -> dict[str, Any]:
        """The raw answer of step one, on paper only: a real password step sends a message or counts."""
        self.only_paper("a second login")
        body = {
            "clientcode": self.credentials.client_code.reveal(),
            "password": self.credentials.password.reveal(),
            "totp": "",
            "state": "",
        }
        _, told = await self.call("POST", "connect/login", body, leave_out=("Authorization",))
        assert isinstance(told, dict)
        return told

    async def session_answer(self) -> dict[str, Any]:
        """The raw answer of step two, with a fresh code."""
        step = await self.login_answer()
        assert self.seed is not None
        await asyncio.sleep(31)
        body = {"refreshToken": step["data"]["refreshToken"], "totp": pyotp.TOTP(self.seed.reveal()).at(self.clock.now())}
        _, told = await self.call("POST", "session/verifytotp", body, leave_out=("Authorization",))
        assert isinstance(told, dict)
        return told

    # What is traded on it.

    async def master(self) -> Sequence[Instrument]:
        """The scrip master, fetched once."""
        if self._master is None:
            self._master = await self.broker.scrip_master()
        return self._master

    async def share(self) -> Instrument:
        """A share that is cheap and always trades. It is looked for once."""
        if self._share is None:
            self._share = await self._first(lambda each: each.exchange is Exchange.NSE and each.name == "IDEA-EQ", "RELIANCE-EQ")
        return self._share

    async def _first(self, fits: Callable[[Instrument], bool], otherwise: str) -> Instrument:
        master = await self.master()
        found = next((each for each in master if fits(each)), None)
        return found or next(each for each in master if each.exchange is Exchange.NSE and each.name == otherwise)

    async def option(self) -> Instrument:
        """A NIFTY option far from the money and so cheap, of the nearest expiry."""
        nifty = InstrumentKey(Exchange.NSE, "26000")
        spot = (await self.broker.quotes([nifty]))[nifty].last
        chain = [
            each for each in await self.master()
            if each.symbol == "NIFTY" and each.kind is InstrumentKind.INDEX_OPTION and each.exchange is Exchange.NFO
        ]  # fmt: skip
        nearest = min(each.expiry for each in chain if each.expiry)
        return min((each for each in chain if each.expiry == nearest), key=lambda each: abs((each.strike or Decimal(0)) - spot))

    async def last(self, instrument: Instrument) -> Decimal:
        """The last price by REST."""
        return (await self.broker.quotes([instrument.key]))[instrument.key].last

    async def draft(self, *, side: Side = Side.BUY, away: str = "0.97", quantity: int = 1, **terms: Any) -> OrderDraft:
        """A limit order for a share at `away` times the last price: 0.97 rests below the market."""
        share = await self.share()
        price = (await self.last(share) * Decimal(away) / share.tick).to_integral_value(ROUND_FLOOR) * share.tick
        settled: dict[str, Any] = {"kind": OrderKind.LIMIT, "product": Product.MIS, "price": price, **terms}
        return OrderDraft(instrument=share, side=side, quantity=quantity, **settled)

    async def place(self, draft: OrderDraft) -> str:
        """Places the order after a yes, and returns the broker's id."""
        self.ask(f"{draft.side} {draft.quantity} {draft.instrument.name} {draft.kind} {draft.price or ''} {draft.trigger or ''}")
        self._use_yes()
        self.number += 1
        broker_id = await self.broker.place(draft, self.tag())
        self._placed.append(broker_id)
        return broker_id

    def ask(self, what: str) -> None:
        """Skips the card unless the person says yes. One yes is good for one order."""
        if not self.confirm(f"This card sends an order: {what}"):
            pytest.skip("not confirmed")
        self._allowed += 1

    def _use_yes(self) -> None:
        if not self._allowed:
            msg = "a card sends an order that nobody was asked about"
            raise RuntimeError(msg)
        self._allowed -= 1

    async def tidy(self) -> None:
        """After a card: nothing of it rests at the exchange, however it ended, and no yes is left over."""
        self._allowed = 0
        mine, self._placed = set(self._placed), []
        if mine:
            for fact in await self.broker.orders():
                if fact.broker_id in mine and fact.status.is_working:
                    await self.broker.cancel(fact.broker_id)

    def tag(self) -> str:
        """The tag of the order placed last."""
        return f"CARDCARDCARD{self.number:07d}"

    def wire_body(self, draft: OrderDraft, **changes: str) -> dict[str, str]:
        """A place body by hand, so that the client's own spelling is not what is checked."""
        kinds = {OrderKind.SL: "STOPLOSS_LIMIT", OrderKind.SL_M: "STOPLOSS_MARKET"}
        products = {Product.CNC: "DELIVERY", Product.MIS: "INTRADAY", Product.NRML: "CARRYFORWARD"}
        return {
            "variety": "STOPLOSS" if draft.trigger else "NORMAL", "tradingsymbol": draft.instrument.name,
            "symboltoken": draft.instrument.token, "exchange": draft.instrument.exchange.value,
            "transactiontype": draft.side.value, "ordertype": kinds.get(draft.kind, draft.kind.value),
            "quantity": str(draft.quantity), "producttype": products[draft.product], "price": str(draft.price or 0),
            "triggerprice": str(draft.trigger or 0), "squareoff": "0", "stoploss": "0", "trailingStopLoss": "",
            "disclosedquantity": "0", "duration": "DAY", "ordertag": "card", **changes,
        }  # fmt: skip

    async def fact(self, broker_id: str, *, until: Callable[[OrderFact], bool] = lambda _fact: True) -> OrderFact:
        """The order's row in the book, looked for during ten seconds."""
        seen = None
        for _ in range(20):
            seen = next((each for each in await self.broker.orders() if each.broker_id == broker_id), seen)
            if seen is not None and until(seen):
                return seen
            await asyncio.sleep(0.5)
        raise AssertionError(f"the book does not show it: {seen}")

    async def row(self, broker_id: str) -> dict[str, Any]:
        """The order's raw row."""
        await self.fact(broker_id)
        rows = await self.data("GET", "orders")
        found = next(row for row in rows if row["orderid"].strip() == broker_id)
        assert isinstance(found, dict)
        return found

    async def filled(self, draft: OrderDraft) -> str:
        """Places an order that fills at once, and returns its id."""
        broker_id = await self.place(draft)
        await self.fact(broker_id, until=lambda fact: fact.status is OrderStatus.FILLED)
        return broker_id

    def only_paper(self, what: str) -> None:
        """Skips a card that a real account should not be made to play."""
        if self.live:
            pytest.skip(f"not with a real account: {what}")


Card = Callable[[Bench], Awaitable[None]]


def card(number: int, section: str) -> Callable[[Card], Card]:
    """Numbers a card and names the section of mstock-type-b.md that it checks. Its failure says both."""

    def wrap(play: Card) -> Card:
        assert number not in CARDS, f"card {number} is there twice"
        assert inspect.getdoc(play), f"card {number} says neither action nor expectation"
        CARDS[number] = section

        @functools.wraps(play)
        async def played(bench: Bench) -> None:
            try:
                await play(bench)
            except Exception as failed:  # the last resort: whatever a card dies of, its number and section are said
                kind = "" if isinstance(failed, AssertionError) else f"{type(failed).__name__}: "
                raise AssertionError(f"card {number}, mstock-type-b.md {section}: {kind}{failed}") from failed
            finally:
                await bench.tidy()

        return played

    return wrap


def _quoted(key: Secret) -> str:
    return quote(key.reveal(), safe="")
