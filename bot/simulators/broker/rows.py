"""The broker's facts in the shapes of the wire: rows of the books, positions, holdings, funds (sections 4 to 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from bot.simulators.broker.accounts.portfolio import Funds, Position
from bot.simulators.broker.accounts.records import Account, Holding, Order, Trade, moment
from bot.simulators.broker.market.frames import Quote
from bot.simulators.broker.market.hours import ist
from bot.simulators.broker.market.instruments import Instrument, java, number, plain, two_places

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Manners:
    """Spellings that the reference leaves open and the desk may switch."""

    na_suffix: bool = False
    stop_called_sl: bool = False


def average_paise(value: Fraction) -> int:
    """A price per unit rounded to the paisa, halves up, sign kept."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def book_time(text: str) -> str:
    """`2025-Oct-17 09:15:19`, IST."""
    return ist(moment(text)).strftime("%Y-%b-%d %H:%M:%S")


def _kind(order: Order, manners: Manners) -> str:
    if manners.stop_called_sl:
        return {"STOPLOSS_LIMIT": "SL", "STOPLOSS_MARKET": "SL-M"}.get(order.kind, order.kind)
    return order.kind


def _average(order: Order) -> str:
    return plain(average_paise(Fraction(order.value, order.filled))) if order.filled else "0"


def order_row(order: Order, instrument: Instrument, manners: Manners) -> Row:
    """One row of the order book: strings throughout, `variety` null, `unfilledshares` not to be trusted (5.6)."""
    at = book_time(order.updated_at)
    option = instrument.option or ("XX" if instrument.is_derivative else "")
    return {
        "variety": None, "ordertype": _kind(order, manners), "producttype": order.product, "duration": order.validity,
        "price": two_places(order.price), "triggerprice": plain(order.trigger), "quantity": str(order.quantity),
        "disclosedquantity": str(order.disclosed), "squareoff": "0", "stoploss": "0", "trailingstoploss": "0",
        "tradingsymbol": instrument.book_symbol(suffix=manners.na_suffix), "transactiontype": order.side,
        "exchange": instrument.book_exchange, "symboltoken": order.token, "instrumenttype": instrument.book_kind,
        "strikeprice": instrument.strike_text or ("-0.01" if instrument.is_derivative else "0"), "optiontype": option,
        "expirydate": instrument.expiry.strftime("%Y-%b-%d") if instrument.expiry else "", "lotsize": "",
        "cancelsize": str(order.cancelled), "averageprice": _average(order), "filledshares": str(order.filled),
        "unfilledshares": "0", "orderid": order.id, "text": order.text, "status": order.status,
        "orderstatus": order.status, "updatetime": at, "exchtime": at, "exchorderupdatetime": at, "fillid": "",
        "filltime": "", "parentorderid": "", "uniqueorderid": order.id, "exchangeorderid": order.exchange_id,
        "ordertag": order.tag,
    }  # fmt: skip


def details_rows(order: Order, instrument: Instrument, manners: Manners) -> list[Row]:
    """The steps of one order's life: some fields as numbers, a 12-hour time, no exchange id (5.9)."""
    rows: list[Row] = []
    for step in order.steps:
        then = order.as_of(step)
        row = order_row(then, instrument, manners)
        del row["exchangeorderid"]
        for name, value in (("price", then.price), ("triggerprice", then.trigger), ("strikeprice", instrument.strike)):
            row[name] = number(value)
        for name in ("squareoff", "stoploss", "trailingstoploss"):
            row[name] = 0
        row["updatetime"] = ist(moment(then.updated_at)).strftime("%d-%m-%Y %I:%M:%S %p")
        rows.append(row)
    return rows


def frame_row(order: Order, instrument: Instrument, manners: Manners) -> Row:
    """`orderData` of an order frame (14.6): the 35 names of the vendor's type, some numbers, the rest text."""
    row = order_row(order, instrument, manners)
    row.update(variety="", price=number(order.price), triggerprice=number(order.trigger), trailingstoploss=0,
               strikeprice=number(instrument.strike))  # fmt: skip
    del row["uniqueorderid"]
    if order.exchange_id == "0":
        del row["exchangeorderid"]
    return row


def trade_row(trade: Trade, instrument: Instrument, account: Account) -> Row:
    """One row of the trade book: upper-case keys, mixed types, the PAN among them (6.1)."""
    product = {"DELIVERY": "CNC", "MARGIN": "MTF"}.get(trade.product, trade.product)
    return {
        "ALGO_ID": "0", "BUY_SELL": trade.side.capitalize(), "CLIENT_ID": trade.client, "ENCASH_FLG": "N",
        "EXCHANGE": instrument.book_exchange, "EXCH_ORDER_NUMBER": trade.exchange_order,
        "EXPIRY_DATE": instrument.expiry.strftime("%d-%b-%Y") if instrument.expiry else "0",
        "FULL_SYMBOL": instrument.company or instrument.book_symbol(), "GTC_FLG": "N",
        "INSTRUMENT_NAME": instrument.book_kind, "MKT_PROTECT_FLG": "N", "MKT_PROTECT_VAL": 0, "MKT_TYPE": "NL",
        "OPT_TYPE": instrument.option or "XX", "ORDER_DATE_TIME": ist(moment(trade.at)).strftime("%d-%m-%Y %H:%M:%S"),
        "ORDER_NUMBER": trade.order, "ORDER_TYPE": trade.kind, "PAN_NO": account.pan, "PARTICIPANT_TYPE": "B",
        "PRICE": number(trade.price), "PRODUCT": product, "QUANTITY": trade.quantity, "R": 1, "REMARKS1": "NA",
        "REMARKS2": "NA", "SEC_ID": trade.token, "SEGMENT": instrument.segment, "SETTLOR": "90144",
        "SOURCE_FLG": trade.channel, "STRIKE_PRICE": number(instrument.strike), "SYMBOL": instrument.symbol,
        "TRADE_NUMBER": trade.number, "TRADE_VALUE": number(trade.price * trade.quantity),
    }  # fmt: skip


def history_row(trade: Trade, instrument: Instrument | None, book_exchange: str) -> Row:
    """One row of the trade history: company names, time only, most fields empty (6.2)."""
    return {
        "exchange": book_exchange, "producttype": trade.product,
        "tradingsymbol": (instrument.company or instrument.book_symbol()) if instrument else trade.token,
        "instrumenttype": "", "symbolgroup": "", "strikeprice": "", "optiontype": "", "expirydate": "", "marketlot": "",
        "precision": "", "multiplier": "", "tradevalue": "", "transactiontype": trade.side,
        "fillprice": plain(trade.price), "fillsize": str(trade.quantity), "orderid": trade.exchange_order,
        "fillid": trade.number, "filltime": ist(moment(trade.at)).strftime("%H:%M:%S"),
    }  # fmt: skip


def position_row(position: Position, instrument: Instrument, manners: Manners) -> Row:
    """One row of the positions: all text, amounts that are prices, a net value that is no P&L while open (7.1)."""

    def mean(value: int, quantity: int) -> str:
        return plain(average_paise(Fraction(value, quantity))) if quantity else "0"

    carried, cost = position.carried, position.carried_cost
    bought = (position.buy_value + max(cost, 0), position.buy_quantity + max(carried, 0))
    sold = (position.sell_value + max(-cost, 0), position.sell_quantity + max(-carried, 0))
    net_price = plain(average_paise(position.average))
    return {
        "exchange": instrument.book_exchange, "symboltoken": instrument.token, "producttype": position.product,
        "tradingsymbol": "" if instrument.is_derivative else instrument.symbol,
        "symbolname": instrument.book_symbol(suffix=manners.na_suffix), "instrumenttype": instrument.book_kind,
        "priceden": "", "pricenum": "", "genden": "", "gennum": "", "precision": "", "multiplier": "1",
        "boardlotsize": "", "buyqty": str(position.buy_quantity), "sellqty": str(position.sell_quantity),
        "buyamount": mean(position.buy_value, position.buy_quantity),
        "sellamount": mean(position.sell_value, position.sell_quantity), "symbolgroup": instrument.series,
        "strikeprice": instrument.strike_text or "0", "optiontype": instrument.option or "XX",
        "expirydate": instrument.expiry.strftime("%d-%b-%Y") if instrument.expiry else "",
        "lotsize": str(instrument.lot), "cfbuyqty": str(max(carried, 0)), "cfsellqty": str(max(-carried, 0)),
        "cfbuyamount": plain(cost) if carried > 0 else "", "cfsellamount": plain(-cost) if carried < 0 else "",
        "buyavgprice": mean(*bought), "sellavgprice": mean(*sold), "avgnetprice": net_price,
        "netvalue": plain(sold[0] - bought[0]), "netqty": str(position.net), "totalbuyvalue": plain(bought[0]),
        "totalsellvalue": plain(sold[0]), "cfbuyavgprice": mean(cost, carried) if carried > 0 else "0",
        "cfsellavgprice": mean(cost, carried) if carried < 0 else "0", "totalbuyavgprice": "", "totalsellavgprice": "",
        "netprice": net_price,
    }  # fmt: skip


def holding_row(holding: Holding, instrument: Instrument, ltp: int, close: int) -> Row:
    """One row of the holdings: numbers, the company's name as symbol, exchange null (7.3)."""
    units = holding.quantity + holding.t1
    average = average_paise(Fraction(holding.cost, units)) if units else 0
    return {
        "tradingsymbol": instrument.company or instrument.name, "exchange": None, "isin": isin(instrument),
        "t1quantity": holding.t1, "realisedquantity": holding.quantity, "quantity": units,
        "authorisedquantity": holding.authorised, "product": None, "collateralquantity": holding.collateral,
        "collateraltype": None, "haircut": 0, "averageprice": number(average), "ltp": number(ltp),
        "symboltoken": instrument.token, "close": number(close), "profitandloss": 0, "pnlpercentage": 0,
    }  # fmt: skip


def isin(instrument: Instrument) -> str:
    """A made-up number in the form of an ISIN: the paper broker knows no true ones."""
    return f"INE{int(instrument.token) % 1000:03d}P01{int(instrument.token) % 97:02d}0"


def funds_rows(funds: Funds) -> list[Row]:
    """A list with one object of text and nulls (section 4)."""
    available = java(funds.available)
    return [
        {
            "ADDITIONAL_MARGIN": None, "ADHOC_LIMIT": "0.0", "AMOUNT_UTILIZED": java(funds.utilised),
            "AVAILABLE_BALANCE": available, "BANK_HOLDING": None, "CLEAR_BALANCE": available, "COLLATERALS": None,
            "LIMIT_SOD": java(funds.sod), "LIMIT_TYPE": "CAPITAL", "MF_COLLATERAL": "0.0",
            "MTF_AVAILABLE_BALANCE": available, "MTF_COLLATERAL": "0.0", "MTF_UTILIZE": "0.0", "MTM_COMBINED": None,
            "OFS_UTILIZED": None, "OPT_BUY_PRIMIUM_UTILIZE": java(funds.lost), "PAY_OUT_AMT": "0.0",
            "PEAK_MARGIN": java(funds.peak) if funds.peak else None, "PHYSICAL_MARGIN": None, "REALISED_PROFITS": None,
            "RECEIVABLES": None, "SEG": "A", "SUM_OF_ALL": java(funds.sod), "UNCLEAR_BALANCE": None,
        }
    ]  # fmt: skip


def quote_row(instrument: Instrument, quote: Quote, mode: str) -> Row:
    """One fetched quote: camelCase, numbers, the underlying's name for contracts (9.1)."""
    row: Row = {
        "exchange": instrument.exchange, "tradingSymbol": instrument.symbol, "symbolToken": instrument.token,
        "ltp": number(quote.ltp),
    }  # fmt: skip
    if mode != "LTP":
        row.update(open=number(quote.open), high=number(quote.high), low=number(quote.low), close=number(quote.close))
    return row


def candle_time(at: datetime) -> str:
    return ist(at).strftime("%Y-%m-%d %H:%M")
