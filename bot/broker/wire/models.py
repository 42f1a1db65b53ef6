"""The JSON as mStock writes it: rows with strings for numbers, blanks in ids and nothing in many spellings.

Every field is read by one of five readers, so a number is always an exact Decimal or a whole number within reason, and
"None", "NA" and "" are nothing. A row that does not fit raises Unreadable, which names the field and never its content:
the trade book carries the PAN.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

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
        raise ValueError("no number")  # noqa: TRY004 - pydantic turns a ValueError, and no other, into its own
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


Text = Annotated[str, BeforeValidator(_text)]
Tag = Annotated[str, BeforeValidator(_tag)]
Money = Annotated[Decimal | None, BeforeValidator(exact)]
Whole = Annotated[int | None, BeforeValidator(whole)]
Count = Annotated[int, BeforeValidator(_count)]


class WireRow(BaseModel):
    """What all rows share: unknown keys are ignored, and an error keeps no input."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, arbitrary_types_allowed=True)


class LoginData(WireRow):
    """connect/login (3.1). Which field holds the handle depends on the server's age."""

    jwtToken: Text = ""  # noqa: N815 - the wire's own names, here and below
    refreshToken: Text = ""  # noqa: N815

    @property
    def handle(self) -> str:
        return self.refreshToken or self.jwtToken


class SessionData(WireRow):
    """session/token and session/verifytotp (3.2)."""

    jwtToken: Text = ""  # noqa: N815


class FundsRow(WireRow):
    """user/fundsummary (section 4)."""

    AVAILABLE_BALANCE: Money = None
    AMOUNT_UTILIZED: Money = None
    LIMIT_SOD: Money = None
    OPT_BUY_PRIMIUM_UTILIZE: Money = None
    COLLATERALS: Money = None
    MF_COLLATERAL: Money = None


class OrderRow(WireRow):
    """One row of the order book (5.6) or of order details (5.9)."""

    orderid: Text
    ordertype: Text
    producttype: Text
    transactiontype: Text
    quantity: Whole
    status: Text = Field(validation_alias=AliasChoices("status", "orderstatus"))
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


class TradeRow(WireRow):
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


class PositionRow(WireRow):
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


class HoldingRow(WireRow):
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


class QuoteRow(WireRow):
    """One row of a quote (9.1)."""

    exchange: Text
    symbolToken: Text = Field(validation_alias=AliasChoices("symbolToken", "symboltoken", "token"))  # noqa: N815
    ltp: Money = None
    open: Money = None
    high: Money = None
    low: Money = None
    close: Money = None


class MarginPart(WireRow):
    """One line of the margin calculator's break-up (section 8)."""

    name: Text = ""
    amount: Money = None


class MarginSummary(WireRow):
    """What all the orders asked about would block together (section 8)."""

    total_charges: Money = None
    breakup: list[MarginPart] = Field(default_factory=list)


R = TypeVar("R", bound=WireRow)


def read(model: type[R], value: object, what: str) -> R:
    """One row. Unreadable, naming the fields that do not fit, for anything else."""
    try:
        return model.model_validate(value)
    except ValidationError as broken:
        fields = sorted({".".join(str(part) for part in error["loc"]) or "row" for error in broken.errors(include_input=False)})
        raise Unreadable(f"mStock's {what} has fields that cannot be read: {', '.join(fields)[:120]}.") from None
    except RecursionError:
        raise Unreadable(f"mStock's {what} cannot be read.") from None


def rows(data: object, what: str) -> list[Any]:
    """The rows of a book. An empty book is null, [] or one of their spellings, and any other shape is Unreadable."""
    if empty(data):
        return []
    if isinstance(data, list):
        return data
    raise Unreadable(f"mStock's {what} is not a list.")
