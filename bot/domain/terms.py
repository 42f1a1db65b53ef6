"""The terms of an order: which way it goes, how its price is bound, how its position is carried, how long it lives."""

from enum import StrEnum


class Side(StrEnum):
    """Which way the trade goes."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: what it does to the position."""
        return 1 if self is Side.BUY else -1


class OrderKind(StrEnum):
    """How the price of an order is bound."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"  # a stop whose order is a limit
    SL_M = "SL-M"  # a stop whose order is a market order


class Product(StrEnum):
    """How the position is carried: delivery, intraday, carry-forward, margin trade funding."""

    CNC = "CNC"
    MIS = "MIS"
    NRML = "NRML"
    MTF = "MTF"


class Validity(StrEnum):
    """How long the order lives at the exchange."""

    DAY = "DAY"
    IOC = "IOC"
