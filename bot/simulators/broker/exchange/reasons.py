"""Rejections in the words of RMS and of the exchange, by name (F16)."""

from __future__ import annotations

# Where the true text was never seen, it is near that of the exchanges and carries the word that clients look for.
REASONS = {
    "market_closed": "MARKET IS CLOSE YOU CANNOT PLACE AN ORDER NOW",
    "amo_open": "AMO ORDER NOT ALLOWED IN MARKET HOURS",
    "funds": "FUND LIMIT INSUFFICIENT",
    "lot": "ORDER QUANTITY SHOULD BE IN multiple of LOT SIZE",
    "freeze": "QUANTITY EXCEEDS freeze QUANTITY",
    "tick": "ORDER PRICE SHOULD BE IN multiple of TICK SIZE",
    "price_range": "EXCH:16284:The order price is out of the days price range.",
    "circuit": "ORDER PRICE IS OUTSIDE circuit LIMIT",
    "holdings": "SELL QUANTITY EXCEEDS AVAILABLE HOLDINGS",
    "authorisation": "HOLDINGS NOT AUTHORISED. KINDLY AUTHORISE THROUGH CDSL TPIN",
    "trade_to_trade": "INTRADAY NOT ALLOWED IN TRADE TO TRADE SECURITY",
    "ban": "SECURITY IN BAN PERIOD. FRESH POSITION NOT ALLOWED",
    "stop_market": "STOP LOSS MARKET ORDER NOT ALLOWED IN THIS SEGMENT",
    "market_order": "MARKET ORDER NOT ALLOWED. PLACE LIMIT ORDER",
    "auction_stop": "STOP LOSS IOC AND DISCLOSED QUANTITY ORDERS NOT ALLOWED IN CLOSING AUCTION",
    "pre_open": "STOP LOSS AND IOC ORDERS NOT ALLOWED IN PRE OPEN SESSION",
    "auction_pause": "ORDER ENTRY NOT ALLOWED IN REFERENCE PRICE PERIOD",
    "product": "PRODUCT NOT ALLOWED FOR THIS SECURITY",
    "square_off": "INTRADAY ORDER NOT ALLOWED AFTER SQUARE OFF TIME",
    "price_protection": "EXCH:17070:The Price is out of the LPP range",
}
