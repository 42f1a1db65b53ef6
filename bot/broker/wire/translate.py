"""mStock's rows into our values: the only file that knows both vocabularies of what is read."""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bot.broker.wire import models, vocabulary
from bot.broker.wire.answers import empty, plain
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.market.prices import Quote
from bot.domain.money import ZERO
from bot.domain.orders.order import OrderFact, OrderStatus, TradeFact
from bot.domain.positions.portfolio import Funds, Holding, Margin, Position
from bot.domain.terms import OrderKind

log = logging.getLogger(__name__)

Find = Callable[[InstrumentKey], Instrument | None]

_FALLBACK_TICK = Decimal("0.05")
_FINE = Decimal("0.0001")  # rupees: what an average is reckoned to


def placed_id(data: object) -> str:
    """The order id in whichever key it sits, without the stray blanks. "" when there is none (5.2, quirk 14)."""
    answer = data[0] if isinstance(data, list) and len(data) == 1 else data
    if not isinstance(answer, Mapping):
        return ""
    for name in ("orderid", "order_id", "orderId", "uniqueorderid"):
        value = answer.get(name)
        text = plain(value) if isinstance(value, str | int) and not isinstance(value, bool) and not empty(value) else ""
        if 6 <= len(text) <= 32 and text.isascii() and text.isalnum() and text.strip("0"):
            return text
    return ""


def order_fact(fields: object) -> OrderFact | None:
    """One row of the order book. None for a segment that we do not trade. Raises Unreadable."""
    row = models.read(models.OrderRow, fields, "order book")
    exchange = vocabulary.exchange_of(row.exchange, row.instrumenttype)
    if exchange is None:
        log.info("a row of the order book is of a segment that is not traded here")
        return None
    try:
        kind = vocabulary.order_kind(row.ordertype)
        product, side = vocabulary.product(row.producttype), vocabulary.side(row.transactiontype)
    except ValueError as unknown:
        raise Unreadable(f"mStock's order book has a word that is not known ({unknown}).") from None
    if not row.orderid or not row.symboltoken or row.quantity is None or row.quantity < 1:
        raise Unreadable("mStock's order book has a row without an id, a token or a quantity.")
    if not 0 <= row.filledshares <= row.quantity:
        raise Unreadable("mStock's order book has a row that is filled beyond its quantity.")
    if kind is OrderKind.SL and not row.price:
        kind = OrderKind.SL_M
    stop = kind in (OrderKind.SL, OrderKind.SL_M)
    status = vocabulary.order_status(row.status, quantity=row.quantity, filled=row.filledshares, stop=stop)
    if not vocabulary.is_known_status(row.status):
        log.warning("unknown order status %r is held to be %s", row.status[:40], status.value)
    return OrderFact(
        broker_id=row.orderid,
        tag=row.ordertag or None,
        key=InstrumentKey(exchange, row.symboltoken),
        symbol=_book_symbol(row.tradingsymbol),
        side=side,
        product=product,
        kind=kind,
        quantity=row.quantity,
        filled=row.filledshares,
        status=status,
        price=_above_zero(row.price),
        trigger=_above_zero(row.triggerprice),
        average=_above_zero(row.averageprice),
        reason=_reason(row.text) if status in (OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.EXPIRED) else "",
        at=_moment(row.exchorderupdatetime) or _moment(row.updatetime),
    )


def _reason(text: str) -> str:
    """Why an order ended. What a row says of the fills before its end is no reason for it (5.6)."""
    return "" if text.upper() in ("CONFIRMED", "TRADE CONFIRMED") else text


def is_from_elsewhere(fields: object) -> bool:
    """Whether a row of the order book carries no tag, as those of the app and the website (quirk 25).

    The book is the whole account's: one such row in words that nobody knows must not blind us to our own for the day.
    """
    if not isinstance(fields, Mapping):
        return False
    tag = fields.get("ordertag")
    return empty(tag) or plain(tag).upper() == "NA"


def trade_fact(fields: object) -> TradeFact | None:
    """One row of the trade book: one fill. None for a segment that we do not trade. Raises Unreadable."""
    row = models.read(models.TradeRow, fields, "trade book")
    kind = row.INSTRUMENT_NAME
    if row.SEGMENT.upper().startswith("D") and not vocabulary.squeezed(kind).startswith(("OPT", "FUT")):
        kind = f"FUT{kind}"  # some contract, whichever: the exchange is all that hangs on it here
    exchange = vocabulary.exchange_of(row.EXCHANGE, kind)
    if exchange is None:
        log.info("a row of the trade book is of a segment that is not traded here")
        return None
    try:
        product, side = vocabulary.product(row.PRODUCT), vocabulary.side(row.BUY_SELL)
    except ValueError as unknown:
        raise Unreadable(f"mStock's trade book has a word that is not known ({unknown}).") from None
    if not row.ORDER_NUMBER or not row.SEC_ID:
        raise Unreadable("mStock's trade book has a row without its numbers.")
    if row.QUANTITY is None or row.QUANTITY < 1 or row.PRICE is None or row.PRICE <= 0:
        raise Unreadable("mStock's trade book has a row without a quantity or a price.")
    return TradeFact(
        broker_id=row.ORDER_NUMBER,
        trade_id=row.TRADE_NUMBER,
        key=InstrumentKey(exchange, row.SEC_ID),
        side=side,
        product=product,
        quantity=row.QUANTITY,
        price=row.PRICE,
        at=_moment(row.ORDER_DATE_TIME),
    )


def position(fields: object, find: Find) -> Position | None:
    """One row of the position book. None for a segment that we do not trade. Raises Unreadable."""
    row = models.read(models.PositionRow, fields, "position book")
    exchange = vocabulary.exchange_of(row.exchange, row.instrumenttype)
    if exchange is None:
        log.info("a row of the position book is of a segment that is not traded here")
        return None
    try:
        product = vocabulary.product(row.producttype)
    except ValueError as unknown:
        raise Unreadable(f"mStock's position book has a word that is not known ({unknown}).") from None
    if row.netqty is None or not row.symboltoken:
        raise Unreadable("mStock's position book has a row without a quantity or a token.")
    key = InstrumentKey(exchange, row.symboltoken)
    bought, sold, bought_value, sold_value = _turnover(row)
    carried = row.cfbuyqty - row.cfsellqty
    multiplier = row.multiplier or Decimal(1)
    if multiplier != int(multiplier) or multiplier < 1:
        raise Unreadable("mStock's position book has a multiplier that is no whole number.")
    return Position(
        instrument=find(key) or _from_position(key, row),
        product=product,
        quantity=row.netqty,
        bought=bought,
        sold=sold,
        bought_value=bought_value,
        sold_value=sold_value,
        average=_average(row, (bought, bought_value) if row.netqty > 0 else (sold, sold_value)),
        carried=carried,
        carried_average=_above_zero(row.cfbuyavgprice if carried > 0 else row.cfsellavgprice) if carried else None,
        multiplier=int(multiplier),
    )


def _average(row: models.PositionRow, side: tuple[int, Decimal]) -> Decimal | None:
    """The open side's average, rupees. Some rows say only at which it was carried. None: flat, or it says nothing at all."""
    if not row.netqty:
        return None
    if told := _above_zero(row.avgnetprice):
        return told
    is_long = row.netqty > 0
    carried, today = (row.cfbuyqty, row.buyavgprice) if is_long else (row.cfsellqty, row.sellavgprice)
    if not carried:
        return _above_zero(today)
    quantity, value = side
    return _above_zero((value / quantity).quantize(_FINE)) if quantity else None


def _turnover(row: models.PositionRow) -> tuple[int, int, Decimal, Decimal]:
    """Quantities and values in and out, what was carried included once: the rows do not say whether the totals hold it."""
    bought, bought_value = _one_way(row.buyqty, row.cfbuyqty, row.buyavgprice, row.cfbuyavgprice, row.totalbuyvalue)
    sold, sold_value = _one_way(row.sellqty, row.cfsellqty, row.sellavgprice, row.cfsellavgprice, row.totalsellvalue)
    if row.netqty == row.buyqty - row.sellqty:  # the quantities hold it already, and so do the values
        return row.buyqty, row.sellqty, _value(row.totalbuyvalue, bought_value), _value(row.totalsellvalue, sold_value)
    return bought, sold, bought_value, sold_value


def _one_way(
    today: int, carried: int, average: Decimal | None, carried_average: Decimal | None, total: Decimal | None
) -> tuple[int, Decimal]:
    price = average or ZERO
    if total is None:
        return today + carried, price * today + (carried_average or ZERO) * carried
    holds_carried = abs(total - price * (today + carried)) <= abs(total - price * today)
    return today + carried, total if holds_carried else total + (carried_average or ZERO) * carried


def _value(total: Decimal | None, reckoned: Decimal) -> Decimal:
    return reckoned if total is None else total


def holding(fields: object, find: Find) -> Holding:
    """One row of the holdings. A holding without an exchange is NSE's (7.3). Raises Unreadable."""
    row = models.read(models.HoldingRow, fields, "holdings")
    if not row.symboltoken:
        raise Unreadable("mStock's holdings have a row without a token.")
    exchange = Exchange.BSE if row.exchange.upper() == "BSE" else Exchange.NSE
    key = InstrumentKey(exchange, row.symboltoken)
    symbol = row.tradingsymbol or row.isin or row.symboltoken
    return Holding(
        instrument=find(key) or _cash(key, symbol),
        isin=row.isin,
        quantity=_settled(row),
        t1=row.t1quantity,
        authorised=row.authorisedquantity,
        collateral=row.collateralquantity,
        average=_above_zero(row.averageprice),
        last=_above_zero(row.ltp),
        previous_close=_above_zero(row.close),
    )


def _settled(row: models.HoldingRow) -> int:
    """Shares delivered, those pledged included: what `quantity` counts is not documented, so the figures are compared.

    More pledged than listed means that the pledged ones are listed apart.
    """
    pledged, listed = row.collateralquantity, row.quantity
    if pledged > listed or (pledged and row.realisedquantity + row.t1quantity + pledged == listed):
        return row.realisedquantity + pledged if row.realisedquantity + row.t1quantity <= listed else listed + pledged
    if row.realisedquantity + row.t1quantity == listed:
        return row.realisedquantity
    return listed


def funds(data: object, now: datetime) -> Funds:
    """Section 4: a list of one, or the object itself. Figures that are not there stay None. Raises Unreadable."""
    answer = data[0] if isinstance(data, list) and data else data
    row = models.read(models.FundsRow, answer, "funds")
    if row.AVAILABLE_BALANCE is None:
        raise Unreadable("mStock's funds do not say what is available. Try again in a moment.")
    parts = [part for part in (row.COLLATERALS, row.MF_COLLATERAL) if part is not None]
    return Funds(
        available=row.AVAILABLE_BALANCE,
        used=row.AMOUNT_UTILIZED,
        start_of_day=row.LIMIT_SOD,
        realised_loss=row.OPT_BUY_PRIMIUM_UTILIZE,
        collateral=sum(parts, ZERO) if parts else None,
        as_of=now,
    )


_MARGIN_PARTS = ("SPANMARGIN", "EXPOMARGIN", "VARELMMARGIN")


def margin(data: object) -> Margin:
    """Section 8: the three margins together.

    The figure called total_charges counts only where they are missing. Raises Unreadable.
    """
    summary = data.get("summary") if isinstance(data, Mapping) else None
    row = models.read(models.MarginSummary, summary, "margin answer")
    amounts = {part.name.upper(): part.amount for part in row.breakup}
    parts = [amount for name in _MARGIN_PARTS if (amount := amounts.get(name)) is not None]
    return Margin(required=sum(parts, ZERO) if parts else row.total_charges)


def quotes(data: object, asked: Collection[InstrumentKey]) -> dict[InstrumentKey, Quote]:
    """Prices of what was asked for, in any of the three shapes (9.1). A price of nought is no price. Raises Unreadable."""
    by_token: dict[str, list[InstrumentKey]] = {}
    for key in asked:
        by_token.setdefault(key.token, []).append(key)
    by_key: dict[InstrumentKey, Quote] = {}
    for fields in _quote_rows(data):
        row = models.read(models.QuoteRow, fields, "quote")
        keys = by_token.get(row.symbolToken, [])
        exact = [key for key in keys if key.exchange.value == row.exchange.upper()]
        # Another route's habit (a contract's exchange called NSE) is forgiven only where the token leaves no doubt.
        match = exact or (keys if len(keys) == 1 else [])
        if not match or row.ltp is None or row.ltp <= 0:
            continue
        by_key[match[0]] = Quote(
            last=row.ltp,
            open=_above_zero(row.open),
            high=_above_zero(row.high),
            low=_above_zero(row.low),
            previous_close=_above_zero(row.close),
        )
    return by_key


def _quote_rows(data: object) -> list[Any]:
    if isinstance(data, Mapping) and "fetched" in data:
        return models.rows(data["fetched"], "quote")
    if isinstance(data, Mapping):
        nested = [
            {"exchange": exchange, "symbolToken": token, **row}
            for exchange, tokens in data.items()
            if isinstance(tokens, Mapping)
            for token, row in tokens.items()
            if isinstance(row, Mapping)
        ]
        if not nested and data:
            raise Unreadable("mStock's quote has a shape that is not known.")
        return nested
    return models.rows(data, "quote")


def _from_position(key: InstrumentKey, row: models.PositionRow) -> Instrument:
    """What the row itself tells of an instrument that is not in the master (an expired contract, a new listing)."""
    name = _book_symbol(row.symbolname or row.tradingsymbol) or key.token
    kind = vocabulary.instrument_kind(row.instrumenttype) or InstrumentKind.EQUITY
    if kind in (InstrumentKind.EQUITY, InstrumentKind.INDEX):
        return _cash(key, name)
    is_option = kind in (InstrumentKind.INDEX_OPTION, InstrumentKind.STOCK_OPTION)
    return Instrument(
        exchange=key.exchange,
        token=key.token,
        symbol=name.split("-")[0],
        name=name,
        kind=kind,
        lot=row.lotsize if row.lotsize and row.lotsize > 0 else 1,
        tick=_FALLBACK_TICK,
        expiry=_day(row.expirydate),
        strike=_above_zero(row.strikeprice) if is_option else None,
        right=Right(row.optiontype.upper()) if is_option and row.optiontype.upper() in Right.__members__ else None,
    )


def _cash(key: InstrumentKey, symbol: str) -> Instrument:
    bare, _, series = symbol.partition("-")
    suffix = series if series in ("EQ", "BE", "BZ", "SM", "ST") else ""
    return Instrument(
        exchange=key.exchange,
        token=key.token,
        symbol=bare if suffix else symbol,
        name=symbol,
        kind=InstrumentKind.EQUITY,
        lot=1,
        tick=_FALLBACK_TICK,
        series=suffix,
    )


def _book_symbol(symbol: str) -> str:
    """Since February 2026 contracts end in -NA (5.6)."""
    return symbol.removesuffix("-NA")


def _above_zero(price: Decimal | None) -> Decimal | None:
    return price if price is not None and price > 0 else None


def _moment(text: str) -> datetime | None:
    try:
        return vocabulary.moment(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return vocabulary.day(text)
    except ValueError:
        return None
