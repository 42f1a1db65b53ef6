"""What the afternoon and the watch over positions tell, with good defaults."""

from datetime import date
from decimal import Decimal

from bot.domain.clock import at_ist
from bot.domain.news.days.rings import (
    AuctionBegun,
    AuctionOver,
    BandNear,
    FeedMute,
    LossNear,
    MarginNear,
    MarginShort,
    NoStop,
    NoStopDelivery,
    OpenRow,
    SessionEnds,
    SquareOffAhead,
    SquareOffNear,
    StopsEnd,
    UnprotectedTonight,
)
from bot.domain.news.notice import Notice
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import OrderKind, Product, Side
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft, an_order

FRIDAY = date(2026, 11, 20)
AT = at_ist(FRIDAY, 15, 10)
SHORT = OpenRow(instrument=RELIANCE, product=Product.MIS, quantity=-10)
LONG = OpenRow(instrument=RELIANCE, product=Product.MIS, quantity=10)
CALL = OpenRow(instrument=NIFTY_CALL, product=Product.NRML, quantity=-65)
ENTRY = an_order(id="o7", number=7, status=OrderStatus.OPEN, draft=a_draft(product=Product.MIS))
STOP = an_order(
    id="o8", number=8, status=OrderStatus.TRIGGER_PENDING,
    draft=a_draft(kind=OrderKind.SL, product=Product.MIS, trigger=Decimal("1500.00"), price=Decimal("1510.00")),
)  # fmt: skip
SALE = an_order(id="o9", number=9, status=OrderStatus.PARTIAL, filled=4, draft=a_draft(side=Side.SELL))


def square_off(kind: type[SquareOffAhead] = SquareOffNear, *, proven: bool = True) -> SquareOffAhead:
    return kind(at=AT, rows=(SHORT,), entries=(ENTRY,), proven=proven)


def every_ring() -> list[Notice]:
    """One of each kind."""
    return [
        square_off(SquareOffAhead),
        square_off(),
        StopsEnd(at=at_ist(FRIDAY, 15, 15), stops=(STOP,)),
        AuctionBegun(orders_from=at_ist(FRIDAY, 15, 20), limits=(ENTRY,), targets=(SALE.draft,)),
        AuctionOver(unsold=(SALE,), shorts=(SHORT,), post_close=at_ist(FRIDAY, 15, 50)),
        UnprotectedTonight(bare=(CALL,), stopped=(CALL,)),
        SessionEnds(at=at_ist(date(2026, 11, 21), 0), rows=(CALL,)),
        NoStop(rows=(SHORT, CALL)),
        NoStopDelivery(rows=(OpenRow(instrument=RELIANCE, product=Product.CNC, quantity=10),)),
        LossNear(at=AT, result=Decimal("-4100.50"), limit=Decimal(5000), charges=Decimal("120.40")),
        MarginShort(at=AT, available=Decimal("-1250.00")),
        MarginShort(at=AT, available=Decimal("1250.00"), over=True),
        MarginNear(at=AT, lost=Decimal(6200), used=Decimal(10_000), closed_at=Decimal(75)),
        BandNear(row=LONG, last=Decimal("1436.00"), moved=Decimal("-3.05"), band=Decimal(5), closed_at=Decimal(80)),
        FeedMute(since=AT),
    ]
