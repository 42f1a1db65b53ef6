"""Values with good defaults, as the services answer them, for what is shown of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.market.prices import Level, Price
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import Fill, OrderDraft, OrderStatus
from bot.domain.people.account import Account, Session
from bot.domain.people.secret import Secret
from bot.domain.positions.portfolio import DayReport, Holding, Position, PositionLine
from bot.domain.proposals.proposal import (
    OrderDetail,
    Proposal,
    Remark,
)
from bot.domain.terms import OrderKind, Product, Side
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft, an_order
from tests.storage.samples import PERSON

ASHA, RAVI, STRANGER = PERSON, 2002, 666
NOW = datetime(2026, 11, 20, 8, 32, 11, tzinfo=UTC)  # 14:02:11 IST
MAIN = Account(id="a1", label="main", client="MA••••1", created_at=NOW)
PAPA = Account(id="a2", label="papa", client="MA••••2", created_at=NOW)
TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

A_PRICE = Price(
    last=Decimal("1480.30"),
    at=NOW - timedelta(seconds=1),
    bid=Decimal("1480.20"),
    ask=Decimal("1480.30"),
    previous_close=Decimal("1470.00"),
    open=Decimal("1472.00"),
    high=Decimal("1490.00"),
    low=Decimal("1465.10"),
    bids=(Level(price=Decimal("1480.20"), quantity=120), Level(price=Decimal("1480.10"), quantity=98000)),
    asks=(Level(price=Decimal("1480.30"), quantity=500),),
)
PROTECTED = a_draft(price=Decimal("1487.70"), protected=True)


def a_confirmation(**changes: Any) -> Confirmation:
    confirmation = Confirmation(
        token=TOKEN,
        user_id=ASHA,
        chat_id=ASHA,
        message_id=None,
        account_id="a1",
        purpose=Purpose.PLACE,
        digest="d",
        draft=PROTECTED,
        created_at=NOW,
        expires_at=NOW + timedelta(seconds=60),
    )
    return replace(confirmation, **changes)


def a_proposal(**changes: Any) -> Proposal:
    proposal = Proposal(
        confirmation=a_confirmation(),
        account=MAIN,
        draft=PROTECTED,
        price=A_PRICE,
        value=Decimal("14877.00"),
        margin=Decimal("14877.00"),
        cash=Decimal("245310.55"),
        cash_after=Decimal("230433.55"),
        charges=Decimal("17.67"),
        charges_both=Decimal("54.35"),
        break_even=Decimal("5.44"),
        break_even_ticks=55,
        warnings=(Remark(name="limit", say="4.1 % of the daily limit left"),),
    )
    return replace(proposal, **changes)


def a_position(**changes: Any) -> Position:
    position = Position(
        instrument=RELIANCE,
        product=Product.CNC,
        quantity=25,
        bought=25,
        sold=0,
        bought_value=Decimal("36785.00"),
        sold_value=Decimal(0),
        average=Decimal("1471.40"),
    )
    return replace(position, **changes)


SHORT_CALL = a_position(
    instrument=NIFTY_CALL,
    product=Product.NRML,
    quantity=-65,
    bought=0,
    sold=65,
    bought_value=Decimal(0),
    sold_value=Decimal("6038.50"),
    average=Decimal("92.90"),
)
LINES = (
    PositionLine(position=a_position(), price=A_PRICE, booked=Decimal(0), open=Decimal("222.50")),
    PositionLine(position=SHORT_CALL, price=Price(last=Decimal("98.40")), booked=Decimal("640.25"), open=Decimal("-357.50")),
)


def a_holding(**changes: Any) -> Holding:
    holding = Holding(
        instrument=RELIANCE,
        isin="INE002A01018",
        quantity=40,
        t1=5,
        authorised=0,
        collateral=20,
        average=Decimal("1400.00"),
        last=Decimal("1480.30"),
        previous_close=Decimal("1470.00"),
    )
    return replace(holding, **changes)


def a_report(**changes: Any) -> DayReport:
    report = DayReport(
        account_id="a1",
        date="2026-11-20",
        booked=Decimal("4180.00"),
        open=Decimal("-322.50"),
        charges=Decimal("444.80"),
        orders=14,
        filled_orders=11,
        rejected_orders=1,
        trades=18,
        carried=(LINES[1],),
        cash=Decimal("245310.55"),
        made_at=NOW,
    )
    return replace(report, **changes)


def a_session(**changes: Any) -> Session:
    session = Session(token=Secret("jwt"), issued=NOW, expires=datetime(2026, 11, 20, 18, 30, tzinfo=UTC))
    return replace(session, **changes)


A_STOP = OrderDraft(
    instrument=NIFTY_CALL,
    side=Side.SELL,
    quantity=65,
    kind=OrderKind.SL,
    product=Product.NRML,
    price=Decimal("74.00"),
    trigger=Decimal("80.00"),
)


def a_detail() -> OrderDetail:
    order = an_order(id="o12", number=12, status=OrderStatus.PARTIAL, filled=4, average=Decimal("1480.30"), broker_id="115126")
    fill = Fill(broker_id="115126", filled_after=4, quantity=4, price=Decimal("1480.30"), average=Decimal("1480.30"), at=NOW)
    return OrderDetail(account=MAIN, order=order, fills=(fill,), price=A_PRICE)
