"""Tables of the ledger: every trade, what was carried into a day, what a day was worth."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.positions.held import HeldNote
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product, Side
from storage.db.columns import Day, ExactText, Flag, Json, UtcTime, Word
from storage.db.metadata import metadata


class _Reports(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    body: Named[DayReport] = Column(Json(DayReport))


reports = Table("reports", metadata, _Reports, sqlite_strict=True)


class _FoundOut(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    body: Named[DayReport] = Column(Json(DayReport))  # the row of a day without data, with the figures that it turned out to have


found_out = Table("found_out", metadata, _FoundOut, sqlite_strict=True)


class _Lent(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    exchange: Named[Exchange] = Column(Word(Exchange), primary_key=True)
    token: Named[str] = Column(Text, primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    part: Named[Decimal] = Column(ExactText)  # of the value of a purchase on margin on that day


lent = Table("lent", metadata, _Lent, sqlite_strict=True)


class _Trades(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    broker_id = Column(Text, primary_key=True)  # of the order; the broker's ids carry their date
    step = Column(Integer, primary_key=True, autoincrement=False)  # filled of the order after it: trade numbers may be empty
    day: Named[date] = Column(Day)
    trade_id: Named[str] = Column(Text)
    order_id: Named[str | None] = Column(Text, ForeignKey("orders.id"))
    exchange: Named[Exchange] = Column(Word(Exchange))
    token: Named[str] = Column(Text)
    instrument: Named[Instrument] = Column(Json(Instrument))  # as it was told then
    product: Named[Product] = Column(Word(Product))
    side: Named[Side] = Column(Word(Side))
    quantity: Named[int]
    price: Named[Decimal | None] = Column(ExactText)
    at: Named[datetime] = Column(UtcTime)
    missing: Named[bool] = Column(Flag)  # not in the trade book


trades = Table("trades", metadata, _Trades, sqlite_strict=True)
Index("ix_trades_day", trades.c.account_id, trades.c.day)
Index("ix_trades_row", trades.c.account_id, trades.c.token, trades.c.product, trades.c.day)


class _BroughtForward(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    exchange: Named[Exchange] = Column(Word(Exchange), primary_key=True)
    token: Named[str] = Column(Text, primary_key=True)
    product: Named[Product] = Column(Word(Product), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    quantity: Named[int]
    price: Named[Decimal | None] = Column(ExactText)


brought_forward = Table("brought_forward", metadata, _BroughtForward, sqlite_strict=True)


class _DayMarks(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    exchange: Named[Exchange] = Column(Word(Exchange), primary_key=True)
    token: Named[str] = Column(Text, primary_key=True)
    product: Named[Product] = Column(Word(Product), primary_key=True)
    instrument: Named[Instrument] = Column(Json(Instrument))
    quantity: Named[int]
    mark: Named[Decimal | None] = Column(ExactText)
    booked: Named[Decimal | None] = Column(ExactText)
    open: Named[Decimal | None] = Column(ExactText)
    adjustment: Named[Decimal] = Column(ExactText)
    since_entry: Named[Decimal | None] = Column(ExactText)


day_marks = Table("day_marks", metadata, _DayMarks, sqlite_strict=True)


class _DayCurve(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    at: Named[datetime] = Column(UtcTime, primary_key=True)
    net: Named[Decimal] = Column(ExactText)


day_curve = Table("day_curve", metadata, _DayCurve, sqlite_strict=True)


class _Held(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    body: Named[HeldNote] = Column(Json(HeldNote))


held = Table("held", metadata, _Held, sqlite_strict=True)
