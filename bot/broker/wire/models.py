"""The JSON as mStock writes it: rows with strings for numbers, blanks in ids and nothing in many spellings.

Every field is read by one of five readers, so a number is always an exact Decimal or a whole number within reason, and
"None", "NA" and "" are nothing. A row that does not fit raises Unreadable, which names the field and never its content:
the trade book carries the PAN.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec

from bot.broker.wire.answers import empty, plain
from bot.domain.errors import Unreadable

_MOST = Decimal(10) ** 15  # rupees or shares; more is no figure of a broker
_FINEST = -8  # decimal places
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}(\.[0-9]+)?")  # 1,23,456.50, and 123,456.50 of the west


def exact(value: object) -> Decimal | None:
    """An exact number or None for nothing. ValueError for what is neither, and for figures beyond reason."""
    if empty(value) or (isinstance(value, str) and value.strip().upper() == "NA"):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("no number")  # noqa: TRY004 - a reader says so by a ValueError, and by no other
    if isinstance(value, str) and (len(value) > 40 or not value.isascii() or "_" in value):
        raise ValueError("no number")
    if isinstance(value, str) and _GROUPED.fullmatch(value.strip()):
        value = value.replace(",", "")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError("no number") from None
    if not number.is_finite() or number.adjusted() > 15 or abs(number) > _MOST:
        raise ValueError("no figure of a broker")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < _FINEST:
        if number != round(number, -_FINEST):
            raise ValueError("finer than any price")
        number = round(number, -_FINEST)
    return number


def whole(value: object) -> int | None:
    """A whole number or None for nothing. "75.0" is 75, "75.5" is a ValueError."""
    number = exact(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError("no whole number")
    return int(number)


def _text(value: object) -> str:
    if empty(value):
        return ""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return plain(value)
    raise ValueError("no text")


def _tag(value: object) -> str:
    text = _text(value)
    return "" if text.upper() == "NA" else text


def _count(value: object) -> int:
    return whole(value) or 0


Reader = Callable[[object], object]  # ValueError for what does not fit
Text = Annotated[str, _text]
Tag = Annotated[str, _tag]
Money = Annotated[Decimal | None, exact]
Whole = Annotated[int | None, whole]
Count = Annotated[int, _count]


class WireRow(msgspec.Struct, frozen=True, kw_only=True):
    """What all rows share: unknown keys are ignored, and an error keeps no input.

    A field's type carries its reader, and behind it the names by which it may come where its own is not the only one.
    """


class LoginData(WireRow, frozen=True, kw_only=True):
    """connect/login (3.1). Which field holds the handle depends on the server's age."""

    jwtToken: Text = ""  # noqa: N815 - the wire's own names, here and below
    refreshToken: Text = ""  # noqa: N815

    @property
    def handle(self) -> str:
        return self.refreshToken or self.jwtToken


class SessionData(WireRow, frozen=True, kw_only=True):
    """session/token and session/verifytotp (3.2)."""

    jwtToken: Text = ""  # noqa: N815


class FundsRow(WireRow, frozen=True, kw_only=True):
    """user/fundsummary (section 4)."""

    AVAILABLE_BALANCE: Money = None
    AMOUNT_UTILIZED: Money = None
    LIMIT_SOD: Money = None
    OPT_BUY_PRIMIUM_UTILIZE: Money = None
    COLLATERALS: Money = None
    MF_COLLATERAL: Money = None


class OrderRow(WireRow, frozen=True, kw_only=True):
    """One row of the order book (5.6) or of order details (5.9)."""

    orderid: Text
    ordertype: Text
    producttype: Text
    transactiontype: Text
    quantity: Whole
    status: Annotated[Text, "status", "orderstatus"]
    exchange: Text = ""
    symboltoken: Text = ""
    tradingsymbol: Text = ""
    instrumenttype: Text = ""
    price: Money = None
    triggerprice: Money = None
    averageprice: Money = None
    filledshares: Count = 0
    text: Text = ""
    updatetime: Text = ""
    exchorderupdatetime: Text = ""
    ordertag: Tag = ""


class TradeRow(WireRow, frozen=True, kw_only=True):
    """One row of the trade book (6.1). The PAN and the client code in it are left where they are."""

    ORDER_NUMBER: Text
    TRADE_NUMBER: Text
    EXCHANGE: Text
    SEC_ID: Text
    BUY_SELL: Text
    PRODUCT: Text
    QUANTITY: Whole
    PRICE: Money
    INSTRUMENT_NAME: Text = ""
    SEGMENT: Text = ""
    ORDER_DATE_TIME: Text = ""


class PositionRow(WireRow, frozen=True, kw_only=True):
    """One row of the position book (7.1)."""

    exchange: Text
    symboltoken: Text
    producttype: Text
    netqty: Whole
    tradingsymbol: Text = ""
    symbolname: Text = ""
    instrumenttype: Text = ""
    strikeprice: Money = None
    optiontype: Text = ""
    expirydate: Text = ""
    lotsize: Whole = None
    multiplier: Money = None
    buyqty: Count = 0
    sellqty: Count = 0
    cfbuyqty: Count = 0
    cfsellqty: Count = 0
    cfbuyavgprice: Money = None
    cfsellavgprice: Money = None
    buyavgprice: Money = None
    sellavgprice: Money = None
    avgnetprice: Money = None
    totalbuyvalue: Money = None
    totalsellvalue: Money = None


class HoldingRow(WireRow, frozen=True, kw_only=True):
    """One row of the holdings (7.3)."""

    symboltoken: Text
    tradingsymbol: Text = ""
    exchange: Text = ""
    isin: Text = ""
    quantity: Count = 0
    t1quantity: Count = 0
    realisedquantity: Count = 0
    authorisedquantity: Count = 0
    collateralquantity: Count = 0
    averageprice: Money = None
    ltp: Money = None
    close: Money = None


class QuoteRow(WireRow, frozen=True, kw_only=True):
    """One row of a quote (9.1)."""

    exchange: Text
    symbolToken: Annotated[Text, "symbolToken", "symboltoken", "token"]  # noqa: N815
    ltp: Money = None
    open: Money = None
    high: Money = None
    low: Money = None
    close: Money = None


class MarginPart(WireRow, frozen=True, kw_only=True):
    """One line of the margin calculator's break-up (section 8)."""

    name: Text = ""
    amount: Money = None


def _parts(value: object) -> list[MarginPart]:
    if not isinstance(value, list):
        raise ValueError("no list")  # noqa: TRY004 - as above
    parts = [_fitted(MarginPart, part) for part in value]
    if not all(isinstance(part, MarginPart) for part in parts):
        raise ValueError("a line that cannot be read")
    return [part for part in parts if isinstance(part, MarginPart)]


class MarginSummary(WireRow, frozen=True, kw_only=True):
    """What all the orders asked about would block together (section 8)."""

    total_charges: Money = None
    breakup: Annotated[list[MarginPart], _parts] = msgspec.field(default_factory=list)


class BasketRow(WireRow, frozen=True, kw_only=True):
    """One saved basket (section 12)."""

    BASKET_ID: Text
    BASKET_NAME: Text = ""


class BasketTotals(WireRow, frozen=True, kw_only=True):
    """What the orders of a saved basket would block together (section 12)."""

    TOTAL_FINAL_MARGIN: Money = None
    TOTAL_REQ_MARGIN: Money = None


R = TypeVar("R", bound=WireRow)


@cache
def _fields(model: type[WireRow]) -> list[tuple[str, Reader, tuple[str, ...], bool]]:
    """Lists of each field its name, its reader, the names by which it may come, and whether it must."""
    fields = []
    for field in msgspec.structs.fields(model):
        reader, *names = field.type.__metadata__
        fields.append((field.name, reader, tuple(names) or (field.name,), field.required))
    return fields


def _fitted(model: type[R], value: object) -> R | list[str]:
    """The row, or the names of the fields that do not fit."""
    if not isinstance(value, dict):
        return ["row"]
    values: dict[str, object] = {}
    broken: list[str] = []
    for name, reader, names, required in _fields(model):
        there = next((key for key in names if key in value), None)
        try:
            if there is not None:
                values[name] = reader(value[there])
            elif required:
                broken.append(names[0])
        except ValueError:
            broken.append(there or name)
    return sorted(broken) or model(**values)


def read(model: type[R], value: object, what: str) -> R:
    """One row. Unreadable, naming the fields that do not fit, for anything else."""
    try:
        row = _fitted(model, value)
    except RecursionError:
        raise Unreadable(f"mStock's {what} cannot be read.") from None
    if isinstance(row, list):
        raise Unreadable(f"mStock's {what} has fields that cannot be read: {', '.join(row)[:120]}.")
    return row


def rows(data: object, what: str) -> list[Any]:
    """The rows of a book. An empty book is null, [] or one of their spellings, and any other shape is Unreadable."""
    if empty(data):
        return []
    if isinstance(data, list):
        return data
    raise Unreadable(f"mStock's {what} is not a list.")
