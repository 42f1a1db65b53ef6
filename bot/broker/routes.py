"""Every endpoint of mStock Type B: method, path, whether a call may be repeated, and which rate bucket it draws from."""

from enum import StrEnum

from bot.domain.value import value

PREFIX = "/openapi/typeb/"


class Bucket(StrEnum):
    """What the broker counts together (mstock-type-b.md 1.6). The figures are in rate_limits.py."""

    ORDERS = "orders"
    DATA = "data"
    QUOTES = "quotes"
    BOOKS = "books"  # the broker says "non-trading"
    LOGIN = "login"


@value
class Route:
    """One endpoint. `repeat` says whether asking twice is the same as asking once."""

    method: str
    path: str  # below PREFIX; {names} are filled in by the caller
    repeat: bool
    bucket: Bucket
    open: bool = False  # needs no session
    seconds: float = 15.0  # longest a whole call may take, the body included
    limit: int = 16 * 1024 * 1024  # bytes of body that are read at most


# Where the documentation says GET with a body we use POST, as the vendor's SDKs do: many HTTP stacks drop such a body (1.2).
LOGIN = Route(method="POST", path="connect/login", repeat=False, bucket=Bucket.LOGIN, open=True)
SESSION_BY_SMS = Route(method="POST", path="session/token", repeat=False, bucket=Bucket.LOGIN, open=True)
SESSION_BY_TOTP = Route(method="POST", path="session/verifytotp", repeat=False, bucket=Bucket.LOGIN, open=True)
LOGOUT = Route(method="GET", path="logout", repeat=False, bucket=Bucket.LOGIN)
FUNDS = Route(method="GET", path="user/fundsummary", repeat=True, bucket=Bucket.BOOKS)
PLACE = Route(method="POST", path="orders/regular", repeat=False, bucket=Bucket.ORDERS)
MODIFY = Route(method="PUT", path="orders/regular/{orderid}", repeat=False, bucket=Bucket.ORDERS)
CANCEL = Route(method="DELETE", path="orders/regular/{orderid}", repeat=False, bucket=Bucket.ORDERS)
CANCEL_ALL = Route(method="POST", path="orders/cancelall", repeat=False, bucket=Bucket.ORDERS)
ORDERS = Route(method="GET", path="orders", repeat=True, bucket=Bucket.BOOKS)
ORDER_DETAILS = Route(method="POST", path="order/details", repeat=True, bucket=Bucket.BOOKS)
TRADES = Route(method="GET", path="tradebook", repeat=True, bucket=Bucket.BOOKS)
TRADE_HISTORY = Route(method="POST", path="trades", repeat=True, bucket=Bucket.BOOKS)
POSITIONS = Route(method="GET", path="portfolio/positions", repeat=True, bucket=Bucket.BOOKS)
CONVERT = Route(method="POST", path="portfolio/convertposition", repeat=False, bucket=Bucket.ORDERS)
HOLDINGS = Route(method="GET", path="portfolio/holdings", repeat=True, bucket=Bucket.BOOKS)
MARGIN = Route(method="POST", path="margins/orders", repeat=True, bucket=Bucket.BOOKS)
QUOTE = Route(method="POST", path="instruments/quote", repeat=True, bucket=Bucket.QUOTES)
HISTORICAL = Route(method="POST", path="instruments/historical", repeat=True, bucket=Bucket.DATA)
INTRADAY = Route(method="POST", path="instruments/intraday", repeat=True, bucket=Bucket.DATA)
SCRIP_MASTER = Route(
    method="GET", path="instruments/OpenAPIScripMaster", repeat=True, bucket=Bucket.DATA, seconds=180.0, limit=256 * 1024 * 1024
)
CHAIN_MASTER = Route(method="GET", path="getoptionchainmaster/{exchange}", repeat=True, bucket=Bucket.DATA)
CHAIN = Route(method="GET", path="GetOptionChain/{exchange}/{expiry}/{token}", repeat=True, bucket=Bucket.DATA)
# A saved basket is made only to be reckoned, and deleted at once; no order goes by it (section 12).
CREATE_BASKET = Route(method="POST", path="CreateBasket", repeat=False, bucket=Bucket.BOOKS)
BASKETS = Route(method="GET", path="FetchBasket", repeat=True, bucket=Bucket.BOOKS)
CALCULATE_BASKET = Route(method="POST", path="CalculateBasket", repeat=False, bucket=Bucket.BOOKS)
DELETE_BASKET = Route(method="DELETE", path="DeleteBasket", repeat=False, bucket=Bucket.BOOKS)

ROUTES = (
    LOGIN, SESSION_BY_SMS, SESSION_BY_TOTP, LOGOUT, FUNDS, PLACE, MODIFY, CANCEL, CANCEL_ALL, ORDERS, ORDER_DETAILS, TRADES,
    TRADE_HISTORY, POSITIONS, CONVERT, HOLDINGS, MARGIN, QUOTE, HISTORICAL, INTRADAY, SCRIP_MASTER, CHAIN_MASTER, CHAIN,
    CREATE_BASKET, BASKETS, CALCULATE_BASKET, DELETE_BASKET,
)  # fmt: skip
