"""How a paper broker is set up: its accounts, its hours, its prices, where it keeps its books."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bot.simulators.broker.market.hours import Hours

LAKH = 100_000_00  # paise


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperHolding:
    """Shares the account owns when it is made. The average is in paise."""

    symbol: str
    quantity: int
    average: int
    t1: int = 0
    authorised: int = 0
    collateral: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAccount:
    """A client as the caller wants it. `totp_seed` None means codes by SMS, shown at the desk. `cash` in paise."""

    client: str = "MA00001"
    password: str = "Paper@1234"  # noqa: S105 - the demo account's, printed on its page
    api_key: str = "cGFwZXItYnJva2VyLWRlbW8ta2V5LzAwMDErYWJjPT0="
    totp_seed: str | None = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    name: str = "PAPER TRADER"
    pan: str = "ABCPX0000X"
    cash: int = 5 * LAKH // 2
    ddpi: bool = True
    allowed_ips: tuple[str, ...] = ()
    key_expires: str | None = None  # ISO, UTC
    holdings: tuple[PaperHolding, ...] = (
        PaperHolding(symbol="ITC", quantity=100, average=39815),
        PaperHolding(symbol="INFY", quantity=20, average=148260),
        PaperHolding(symbol="M&M", quantity=5, average=312040),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSettings:
    """`data` None keeps everything in memory. `walk` scales the price movement. At 0 prices stand still.

    Prices can come from a `replay` file of candles. Ticks pushed at the desk win over both.
    """

    accounts: tuple[PaperAccount, ...] = field(default_factory=lambda: (PaperAccount(),))
    data: Path | None = None
    seed: int = 1
    hours: Hours = "always"
    walk: float = 1.0
    replay: Path | None = None
    transit: float = 0.02  # seconds from an order's answer to the exchange
    match: float = 0.02  # seconds from there to the first match
    desk: bool = True
