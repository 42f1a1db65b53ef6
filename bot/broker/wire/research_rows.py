"""The rows of candles, chains and past trades into values: pure, defensive, exact."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from bot.broker.wire import models, vocabulary
from bot.broker.wire.answers import empty, plain
from bot.domain.clock import at_ist, ist, ist_date
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange
from bot.domain.orders.research import Candle, Chain, ChainLine, OrderStep, PastTrade, Underlying
from bot.domain.terms import Product


class _StepRow(models.WireRow, frozen=True, kw_only=True):
    orderid: models.Text = ""
    ordertag: models.Tag = ""
    status: Annotated[models.Text, "status", "orderstatus"] = ""
    quantity: models.Count = 0
    filledshares: models.Count = 0
    updatetime: models.Text = ""


class _PastRow(models.WireRow, frozen=True, kw_only=True):
    exchange: models.Text = ""
    producttype: models.Text = ""
    tradingsymbol: models.Text = ""
    transactiontype: models.Text
    fillprice: models.Money
    fillsize: models.Whole
    fillid: models.Text = ""
    filltime: models.Text = ""


def order_steps(data: object) -> list[OrderStep]:
    """Rows of order details (5.9). Raises Unreadable."""
    steps = []
    for fields in models.rows(data, "order details"):
        row = models.read(_StepRow, fields, "order details")
        if not row.status:
            raise Unreadable("mStock's order details have a row without a status.")
        try:
            at = vocabulary.moment(row.updatetime)
        except ValueError:
            at = None
        status = vocabulary.order_status(row.status, quantity=max(row.quantity, 1), filled=row.filledshares)
        steps.append(
            OrderStep(
                broker_id=row.orderid, tag=row.ordertag or None, status=status, words=row.status, filled=row.filledshares, at=at
            )
        )
    return steps


def past_trades(data: object) -> list[PastTrade]:
    """Rows of the trade history (6.2). Raises Unreadable."""
    trades = []
    for fields in models.rows(data, "trade history"):
        row = models.read(_PastRow, fields, "trade history")
        try:
            side = vocabulary.side(row.transactiontype)
        except ValueError:
            raise Unreadable("mStock's trade history has a side that is not known.") from None
        if row.fillprice is None or row.fillprice <= 0 or row.fillsize is None or row.fillsize < 1:
            raise Unreadable("mStock's trade history has a row without a quantity or a price.")
        trades.append(
            PastTrade(
                exchange=row.exchange, name=row.tradingsymbol, side=side, product=_product(row.producttype),
                quantity=row.fillsize, price=row.fillprice, trade_id=row.fillid, time=row.filltime,
            )
        )  # fmt: skip
    return trades


def _product(text: str) -> Product | None:
    try:
        return vocabulary.product(text)
    except ValueError:
        return None


def candles(data: object) -> list[Candle]:
    """[time, open, high, low, close, volume] in the order they came. Rows of noughts, which indices have, are left out (9.2)."""
    table = data.get("candles") if isinstance(data, Mapping) else data
    bars = []
    for row in models.rows(table, "candles"):
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) < 5:
            raise Unreadable("mStock's candles have a row that cannot be read.")
        try:
            start = vocabulary.moment(plain(row[0]))
            figures = [models.exact(value) for value in row[1:5]]
            volume = models.whole(row[5]) if len(row) > 5 else 0
        except ValueError:
            raise Unreadable("mStock's candles have a figure that cannot be read.") from None
        opened, high, low, close = (figure or Decimal(0) for figure in figures)
        if min(opened, high, low, close) <= 0:
            continue
        if not low <= min(opened, close) <= max(opened, close) <= high:
            raise Unreadable("mStock's candles have a row whose high or low is none.")
        bars.append(Candle(start=start, open=opened, high=high, low=low, close=close, volume=max(volume or 0, 0)))
    return bars


def as_one_day(parts: Sequence[Candle]) -> list[Candle]:
    """One candle of a day's parts, oldest first, or None of none. It starts at midnight, as the broker's own days do."""
    if not parts:
        return []
    return [
        Candle(
            start=at_ist(ist_date(parts[0].start), 0), open=parts[0].open, close=parts[-1].close,
            high=max(part.high for part in parts), low=min(part.low for part in parts),
            volume=sum(part.volume for part in parts),
        )
    ]  # fmt: skip


def expiry_of(epoch: int, now: datetime) -> date:
    """The day of an expiry number: seconds since 1980 in India's wall clock, or Unix time, whichever is near (section 11)."""
    if not 0 < epoch < 4_000_000_000:
        raise ValueError("no epoch")
    for moment in (vocabulary.EPOCH + timedelta(seconds=epoch), datetime.fromtimestamp(epoch, UTC)):
        if abs((moment - now).days) <= 6 * 366:  # long-dated index options run for five years
            return ist(moment).date()
    raise ValueError("no expiry")


def underlyings(data: object, now: datetime) -> list[Underlying]:
    """`name,token,key,key…` under each instrument kind, the keys leading into dctExp (section 11). Raises Unreadable."""
    if not isinstance(data, Mapping) or not isinstance(data.get("dctExp"), Mapping):
        raise Unreadable("mStock's list of option chains has a shape that is not known.")
    days: dict[str, tuple[date, int]] = {}
    for name, number in data["dctExp"].items():
        try:
            epoch = models.whole(number)
            if epoch is not None:
                days[str(name)] = (expiry_of(epoch, now), epoch)
        except ValueError:
            continue  # an expiry that cannot be dated is not offered
    listed = []
    for kind, lines in data.items():
        if kind == "dctExp" or not isinstance(lines, list):
            continue
        for line in lines:
            name, _, rest = plain(line).partition(",")
            token, *keys = rest.split(",")
            if not name or not token.strip().isdigit():
                raise Unreadable("mStock's list of option chains has a line that cannot be read.")
            expiries = tuple(sorted({days[key.strip()] for key in keys if key.strip() in days}))
            listed.append(Underlying(name=name, token=token.strip(), kind=plain(kind), expiries=expiries))
    return listed


def chain(data: object, exchange: Exchange, expiry: date) -> Chain:
    """`token,strike in paise,open interest` (section 11). Raises Unreadable."""
    if not isinstance(data, Mapping):
        raise Unreadable("mStock's option chain has a shape that is not known.")
    calls, puts, futures = (tuple(_chain_line(line) for line in _lines(data.get(name))) for name in ("call", "put", "future"))
    return Chain(exchange=exchange, expiry=expiry, calls=calls, puts=puts, futures=futures)


def _lines(rows: object) -> list[Any]:
    return [] if empty(rows) else models.rows(rows, "option chain")


def _chain_line(line: object) -> ChainLine:
    parts = [part.strip() for part in plain(line).split(",")]
    try:
        paise, interest = models.whole(parts[1]), models.whole(parts[2])
    except (IndexError, ValueError):
        raise Unreadable("mStock's option chain has a line that cannot be read.") from None
    if not parts[0].isalnum() or paise is None:
        raise Unreadable("mStock's option chain has a line that cannot be read.")
    return ChainLine(token=parts[0], strike=Decimal(paise).scaleb(-2) if paise > 0 else None, open_interest=max(interest or 0, 0))
