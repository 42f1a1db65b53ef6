"""The morning's notices with good defaults."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from bot.domain.market.expiries import STOCKS, Cycle, Expiry
from bot.domain.market.instrument import Exchange
from bot.domain.news.days.readiness import (
    ClosedDay,
    ExpiryAlarm,
    Finding,
    Light,
    LoginReminder,
    NearExpiry,
    Overnight,
    Readiness,
    ReadinessAlarm,
    Repair,
    Settlement,
    Unauthorised,
    WeekAhead,
)
from bot.domain.news.notice import Notice
from bot.domain.positions.held import ContractChange, NewBase
from bot.domain.terms import Product
from tests.handlers.samples import NOW
from tests.stage.values.market import a_future, an_option
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

MONDAY = date(2026, 11, 23)
HOLIDAY = ClosedDay(day=date(2026, 11, 24), name="Guru Nanak Jayanti")
SHORT_CALL = Overnight(instrument=NIFTY_CALL, product=Product.NRML, quantity=-65, guarded=False)
FUTURE = a_future("RELIANCE", date(2026, 11, 30), lot=500, stock=True)


def ends(underlying: str, exchange: Exchange = Exchange.NFO) -> Expiry:
    return Expiry(exchange=exchange, underlying=underlying, cycle=Cycle.MONTHLY, day=MONDAY, scheduled=MONDAY, source="a row")


def a_morning(kind: type[Readiness] = Readiness, **changes: Any) -> Readiness:
    facts: dict[str, Any] = {
        "day": MONDAY,
        "expiries": (ends("BANKNIFTY"), ends("NIFTY"), ends(STOCKS)),
        "held_expiring": (),
        "ahead": (HOLIDAY,),
        "covered": True,
        "skew": Decimal("0.2"),
        "session": True,
        "master": MONDAY,
        "cash": Decimal("245310.55"),
        "feed": True,
        "overnight": (),
        "overnight_of": None,
        "unauthorised": (),
        "changes": (),
        "bases": (),
    }
    return kind(**facts | changes)


BAD: dict[str, Any] = {  # everything that can be wrong or changed at once
    "held_expiring": (NIFTY_CALL,),
    "skew": Decimal("-11.4"),
    "session": False,
    "master": date(2026, 11, 20),
    "cash": None,
    "feed": False,
    "overnight": (SHORT_CALL, replace(SHORT_CALL, instrument=FUTURE, quantity=500, guarded=None)),
    "unauthorised": (Unauthorised(instrument=RELIANCE, quantity=40, authorised=0),),
    "changes": (
        ContractChange(instrument=FUTURE, what="lot", before="500", now="550"),
        ContractChange(instrument=NIFTY_CALL, what="listed", before=NIFTY_CALL.name, now=""),
    ),
    "bases": (NewBase(instrument=RELIANCE, before=Decimal("1502.10"), now=Decimal("751.00")),),
    "findings": (
        Finding(
            light=Light.AMBER,
            name="alerts",
            value="2 armed",
            details=("ended: NF 24500CE 17Nov", "paused: RELIANCE"),
            repairs=(Repair(label="Alerts", command="/alerts"),),
            person=1,
            waits="alerts are armed",
        ),
        Finding(light=Light.AMBER, name="watched", value="changed", details=("BANKNIFTY FUT 24Nov: lot 30 → 35",)),
    ),
}


def a_settlement(**changes: Any) -> Settlement:
    row = Settlement(
        instrument=FUTURE,
        product=Product.NRML,
        quantity=500,
        left=4,
        warned=date(2026, 11, 26),
        refused=date(2026, 11, 27),
        squared_off=date(2026, 11, 27),
        spot=Decimal("1480.30"),
        shares=500,
        money=Decimal("740150.00"),
        owned=None,
        close_now=Decimal("-12300.40"),
        settle=Decimal("-13040.55"),
    )
    return replace(row, **changes)


GIVES = a_settlement(
    instrument=an_option("RELIANCE", "1500", expiry=date(2026, 11, 30), lot=500, stock=True),
    quantity=-500, left=0, shares=-500, money=Decimal("-750000.00"), owned=120, close_now=None,
)  # fmt: skip


def near(*rows: Settlement, kind: type[NearExpiry] = NearExpiry, **changes: Any) -> NearExpiry:
    facts: dict[str, Any] = {"day": date(2026, 11, 24), "at": NOW, "rows": rows or (a_settlement(),), "noted_of": None}
    return kind(**facts | changes)


def a_week(**changes: Any) -> WeekAhead:
    week = WeekAhead(monday=MONDAY, closed=(HOLIDAY,), covered=True, expiring=(SHORT_CALL,), noted_of=date(2026, 11, 20))
    return replace(week, **changes)


def every_morning() -> list[Notice]:
    """One of each kind."""
    return [
        a_morning(),
        a_morning(ReadinessAlarm, **BAD),
        LoginReminder(at=NOW, overnight=(SHORT_CALL,)),
        LoginReminder(at=NOW, overnight=(), findings=BAD["findings"][:1]),
        near(),
        near(GIVES, kind=ExpiryAlarm),
        a_week(),
    ]
