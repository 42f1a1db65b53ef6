"""What can be traded or quoted: one value for a share, an index or a contract, with its three names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# exchangeType on the socket (mstock-type-b.md 14.3, map A).
STREAM_CODES = {"NSE": 1, "NFO": 2, "BSE": 3, "BFO": 4}
# exchange in `instruments/intraday` (9.3) and the option chain routes (11).
NUMERIC_CODES = {"1": "NSE", "2": "NFO", "4": "BSE", "5": "BFO"}

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One row of the scrip master, or an index (kind INDEX), which is quotable but in no master.

    Prices (`tick`, `strike`, `base`) are whole paise, `lot` and `freeze` are units of shares (freeze 0: none).
    """

    token: str
    exchange: str
    symbol: str
    name: str
    kind: str
    tick: int
    lot: int = 1
    freeze: int = 0
    expiry: date | None = None
    strike: int = 0
    option: str = ""
    company: str = ""
    series: str = ""
    underlying: Key | None = None
    base: int = 0
    has_derivatives: bool = False
    is_front: bool = False  # the future of the current month

    @property
    def key(self) -> Key:
        return (self.exchange, self.token)

    @property
    def is_derivative(self) -> bool:
        return self.expiry is not None

    @property
    def is_option(self) -> bool:
        return self.option != ""

    @property
    def is_index(self) -> bool:
        return self.kind == "INDEX"

    @property
    def book_exchange(self) -> str:
        """Books say NSE or BSE for contracts too (0.2, point 10)."""
        return {"NFO": "NSE", "BFO": "BSE"}.get(self.exchange, self.exchange)

    @property
    def book_kind(self) -> str:
        return self.kind if self.is_derivative else "EQUITY"

    @property
    def segment(self) -> str:
        return "D" if self.is_derivative else "E"

    @property
    def strike_text(self) -> str:
        """Rupees without forced decimals: `25800`, `182.5`. Empty for what has no strike."""
        return plain(self.strike) if self.is_option else ""

    def book_symbol(self, *, suffix: bool = False) -> str:
        """The second of a contract's three names (0.2, point 9). `suffix` adds the `-NA` seen since February 2026."""
        if self.expiry is None:
            return self.symbol
        day = self.expiry.strftime("%d%b%Y")
        tail = f"{self.strike_text}-{self.option}" if self.is_option else "FUT"
        return f"{self.symbol}-{day}-{tail}" + ("-NA" if suffix else "")

    def master_row(self) -> dict[str, str]:
        """One object of the scrip master, every value a string (section 10)."""
        return {
            "token": self.token,
            "symbol": self.symbol,
            "name": self.name,
            "expiry": self.expiry.strftime("%d%b%Y") if self.expiry else "",
            "strike": self.strike_text,
            "lotsize": str(self.lot),
            "instrumenttype": self.kind,
            "exch_seg": self.exchange,
            "tick_size": f"{self.tick / 100:.2f}",
        }


def plain(paise: int) -> str:
    """Paise as rupees with no forced decimals, as the books print numbers: 25715 -> `257.15`, 7500 -> `75`."""
    sign, whole, rest = "-" if paise < 0 else "", abs(paise) // 100, abs(paise) % 100
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:02d}".rstrip("0")


def two_places(paise: int) -> str:
    """Paise as rupees with two decimals: 240000 -> `2400.00`."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def java(paise: int) -> str:
    """Paise as Java prints a double, as the funds do: 5000000 -> `50000.0`, 1929325 -> `19293.25`."""
    text = plain(paise)
    return text if "." in text else f"{text}.0"


def number(paise: int) -> int | float:
    """Paise as a JSON number of rupees, an integer when whole (9.1). Only for the wire, never for arithmetic."""
    return paise // 100 if paise % 100 == 0 else paise / 100
