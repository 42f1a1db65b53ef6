"""The words of an order as they come over the wire, read into values or refused as the broker refuses them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot.simulators.broker.accounts.records import Kind, Product, Side
from bot.simulators.broker.faults.errors import Refusal

# Ten spellings are known (mstock-type-b.md 5.1); all are taken.
KINDS: dict[str, Kind] = {
    "MARKET": "MARKET", "MKT": "MARKET", "LIMIT": "LIMIT", "L": "LIMIT",
    "STOPLOSS_LIMIT": "STOPLOSS_LIMIT", "STOP_LOSS_LIMIT": "STOPLOSS_LIMIT", "STOP_LOSS": "STOPLOSS_LIMIT",
    "STOPLOSS": "STOPLOSS_LIMIT", "SL": "STOPLOSS_LIMIT", "SL-L": "STOPLOSS_LIMIT",
    "STOPLOSS_MARKET": "STOPLOSS_MARKET", "STOP_LOSS_MARKET": "STOPLOSS_MARKET", "SL-M": "STOPLOSS_MARKET",
    "SLM": "STOPLOSS_MARKET",
}  # fmt: skip
PRODUCTS: dict[str, Product] = {
    "DELIVERY": "DELIVERY", "INTRADAY": "INTRADAY", "CARRYFORWARD": "CARRYFORWARD", "MARGIN": "MARGIN",
}  # fmt: skip
SIDES: dict[str, Side] = {"BUY": "BUY", "SELL": "SELL"}
VARIETIES = frozenset({"NORMAL", "STOPLOSS", "AMO", "ROBO"})
STOPS = frozenset({"STOPLOSS_LIMIT", "STOPLOSS_MARKET"})
TAG_LENGTH = 20  # "fewer than 20 characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A well-formed request. Prices in paise, quantities in units."""

    exchange: str
    token: str
    symbol: str
    side: Side
    kind: Kind
    product: Product
    validity: str
    variety: str
    quantity: int
    price: int
    trigger: int
    disclosed: int = 0
    tag: str = ""


def bad(message: str, code: str = "IA400") -> Refusal:
    return Refusal(message, http=400, code=code)


def text(body: dict[str, object], *names: str) -> str:
    """The first of these fields that is there, as text. Numbers are taken as well (section 8)."""
    for name in names:
        value = body.get(name)
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def whole(body: dict[str, object], name: str, *, blank: int | None = None) -> int:
    value = text(body, name)
    if not value and blank is not None:
        return blank
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise bad(f"Invalid {name}.") from None
    if not number.is_finite() or number != number.to_integral_value() or not 0 <= number < 10**9:
        raise bad(f"Invalid {name}.")
    return int(number)


def rupees(body: dict[str, object], name: str, *, blank: int | None = None) -> int:
    """A price field in paise. Finer than a paisa is refused."""
    value = text(body, name)
    if not value and blank is not None:
        return blank
    try:
        paise = Decimal(value) * 100
    except InvalidOperation:
        raise bad(f"Invalid {name}.") from None
    if not paise.is_finite() or paise != paise.to_integral_value() or not 0 <= paise < 10**10:
        raise bad(f"Invalid {name}.")
    return int(paise)


def _kind(body: dict[str, object], stop_spelling: str | None) -> Kind:
    spelled = text(body, "ordertype").upper()
    kind = KINDS.get(spelled)
    refused = stop_spelling is not None and kind in STOPS and not spelled.startswith(stop_spelling)
    if kind is None or refused:
        raise bad("Invalid ordertype. Please provide valid order type.")
    return kind


def _prices(body: dict[str, object], kind: Kind, side: Side) -> tuple[int, int]:
    """Price and trigger in paise, as far as the kind of order has them."""
    price = rupees(body, "price", blank=0)
    if kind in ("LIMIT", "STOPLOSS_LIMIT") and price == 0:
        raise bad("Enter valid price.", "400")
    if kind not in STOPS:
        return (price if kind == "LIMIT" else 0), 0
    if not text(body, "triggerprice"):
        raise bad("Trigger price can not be blank.")
    trigger = rupees(body, "triggerprice")
    if kind == "STOPLOSS_MARKET":
        price = 0
    wrong_side = price and ((trigger > price) if side == "BUY" else (trigger < price))
    if trigger == 0 or wrong_side:
        raise bad("Enter valid trigger price.", "400")
    return price, trigger


def read_order(body: dict[str, object], *, stop_spelling: str | None = None) -> OrderRequest:
    """The body of place (5.2) and modify (5.3). Raises Refusal in the words of 1.4."""
    variety = text(body, "variety").upper() or "NORMAL"
    if variety not in VARIETIES:
        raise bad("Invalid variety. valid variety types allowed are NORMAL, STOPLOSS and AMO.", "400")
    kind = _kind(body, stop_spelling)
    product = PRODUCTS.get(text(body, "producttype").upper())
    if product is None:
        raise bad("Invalid product. valid product types allowed are DELIVERY, INTRADAY and CARRYFORWARD.", "400")
    side = SIDES.get(text(body, "transactiontype").upper())
    if side is None:
        raise bad("Invalid transactiontype.")
    validity = text(body, "duration").upper() or "DAY"
    if validity not in ("DAY", "IOC"):
        raise bad("Invalid duration.")
    quantity = whole(body, "quantity")
    if quantity == 0:
        raise bad("Invalid quantity.")
    price, trigger = _prices(body, kind, side)
    tag = text(body, "ordertag")
    if len(tag) >= TAG_LENGTH:
        raise bad("Invalid ordertag.")
    disclosed = whole(body, "disclosedquantity", blank=0)
    if disclosed and disclosed * 10 < quantity * 3:
        raise bad("Disclosed quantity should be at least 30% of quantity.")
    return OrderRequest(
        exchange=text(body, "exchange").upper(), token=text(body, "symboltoken"), symbol=text(body, "tradingsymbol"),
        side=side, kind=kind, product=product, validity=validity, variety=variety, quantity=quantity,
        price=price, trigger=trigger, disclosed=disclosed, tag=tag,
    )  # fmt: skip
