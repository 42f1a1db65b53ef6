"""Tables of orders: what was asked, what was sent, what filled, and the plans that orders belong to."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from bot.domain.exits.exit_list import ExitList
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.plans.plan import LegKind, LegState, PlanState
from bot.domain.plans.pnl_exit import PnlExit, PnlState
from bot.domain.plans.trail import Trail
from bot.domain.positions.conversion import Conversion, ConversionState
from storage.db.columns import Day, ExactText, Flag, Json, UtcTime, Word
from storage.db.metadata import metadata


class _Numbers(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    last: Named[int]


order_numbers = Table("order_numbers", metadata, _Numbers, sqlite_strict=True)


class _Orders(TypedColumns):
    id = Column(Text, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    day: Named[date] = Column(Day)
    number: Named[int]
    tag: Named[str | None] = Column(Text)
    broker_id: Named[str | None] = Column(Text)
    draft: Named[OrderDraft] = Column(Json(OrderDraft))
    status: Named[OrderStatus] = Column(Word(OrderStatus))
    settled: Named[bool] = Column(Flag)  # whether the status is final
    filled: Named[int]
    average: Named[Decimal | None] = Column(ExactText)
    reason: Named[str] = Column(Text)
    placed_by: Named[int | None]
    cancelled_by: Named[int | None]
    created_at: Named[datetime] = Column(UtcTime)
    sent_at: Named[datetime | None] = Column(UtcTime)
    updated_at: Named[datetime] = Column(UtcTime)
    looks: Named[int]
    looked_at: Named[datetime | None] = Column(UtcTime)
    version: Named[int]
    closes: Named[bool | None] = Column(Flag)


orders = Table("orders", metadata, _Orders, sqlite_strict=True)
Index("uq_orders_number", orders.c.account_id, orders.c.day, orders.c.number, unique=True)
Index("uq_orders_tag", orders.c.account_id, orders.c.tag, unique=True)  # SQL's NULLs differ from one another
Index("uq_orders_broker_id", orders.c.account_id, orders.c.broker_id, unique=True)  # the broker's ids carry their date
Index("ix_orders_settled", orders.c.settled, orders.c.account_id, orders.c.created_at)
Index("ix_orders_created_at", orders.c.account_id, orders.c.created_at)


class _Fills(TypedColumns):
    id = Column(Integer, primary_key=True)
    order_id: Named[str] = Column(Text, ForeignKey("orders.id"), index=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    broker_id: Named[str] = Column(Text)
    filled_after: Named[int]
    quantity: Named[int]
    price: Named[Decimal | None] = Column(ExactText)
    average: Named[Decimal | None] = Column(ExactText)
    at: Named[datetime] = Column(UtcTime)


fills = Table("fills", metadata, _Fills, sqlite_strict=True)
Index("uq_fills_step", fills.c.account_id, fills.c.broker_id, fills.c.filled_after, unique=True)
Index("ix_fills_at", fills.c.account_id, fills.c.at)


class _Confirmations(TypedColumns):
    token = Column(Text, primary_key=True)
    user_id: Named[int]
    chat_id: Named[int]
    message_id: Named[int | None]
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    purpose: Named[Purpose] = Column(Word(Purpose))
    digest: Named[str] = Column(Text)
    draft: Named[OrderDraft | None] = Column(Json(OrderDraft))
    order_id: Named[str | None] = Column(Text, ForeignKey("orders.id"))
    created_at: Named[datetime] = Column(UtcTime)
    expires_at: Named[datetime] = Column(UtcTime)
    state: Named[ConfirmationState] = Column(Word(ConfirmationState))
    taps_from: Named[datetime | None] = Column(UtcTime)
    light: Named[bool | None] = Column(Flag)  # None: asked by an earlier version


confirmations = Table("confirmations", metadata, _Confirmations, sqlite_strict=True)
Index("ix_confirmations_open", confirmations.c.state, confirmations.c.account_id)
Index("ix_confirmations_expires_at", confirmations.c.expires_at)


class _Answers(TypedColumns):
    token: Named[str] = Column(Text, ForeignKey("confirmations.token", ondelete="CASCADE"), primary_key=True)
    why: Named[str] = Column(Text)  # reasons, one a line


answers = Table("answers", metadata, _Answers, sqlite_strict=True)  # what became of a question, until its message shows it


class _Plans(TypedColumns):
    id = Column(Text, primary_key=True)  # the token of the question that it was confirmed with
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    placed_by: Named[int]
    state: Named[PlanState] = Column(Word(PlanState))
    until: Named[datetime] = Column(UtcTime)
    created_at: Named[datetime] = Column(UtcTime)
    taking_since: Named[datetime | None] = Column(UtcTime)
    why: Named[str] = Column(Text)
    trail: Named[Trail | None] = Column(Json(Trail))
    joins: Named[str | None] = Column(Text)
    base: Named[int] = Column(Integer, server_default="0")
    halved: Named[bool] = Column(Flag, server_default="0")
    sliced: Named[bool] = Column(Flag, server_default="0")


plans = Table("plans", metadata, _Plans, sqlite_strict=True)
Index("ix_plans_state", plans.c.state, plans.c.account_id)


class _PlanLegs(TypedColumns):
    plan_id: Named[str] = Column(Text, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)
    kind: Named[LegKind] = Column(Word(LegKind))
    draft: Named[OrderDraft] = Column(Json(OrderDraft))
    state: Named[LegState] = Column(Word(LegState))
    order_id: Named[str | None] = Column(Text, ForeignKey("orders.id"))


plan_legs = Table("plan_legs", metadata, _PlanLegs, sqlite_strict=True)
Index("uq_plan_legs_order_id", plan_legs.c.order_id, unique=True)  # one order is the order of one leg


class _ExitLists(TypedColumns):
    plan_id = Column(Text, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    body: Named[ExitList] = Column(Json(ExitList))


exit_lists = Table("exit_lists", metadata, _ExitLists, sqlite_strict=True)


class _PnlExits(TypedColumns):
    id = Column(Text, primary_key=True)  # the token of the question that it was confirmed with
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    state: Named[PnlState] = Column(Word(PnlState))
    blocks_until: Named[datetime | None] = Column(UtcTime)  # of one that has struck: no entries until then
    body: Named[PnlExit] = Column(Json(PnlExit))


pnl_exits = Table("pnl_exits", metadata, _PnlExits, sqlite_strict=True)
Index("ix_pnl_exits_state", pnl_exits.c.state, pnl_exits.c.account_id)


class _Conversions(TypedColumns):
    id = Column(Text, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    state: Named[ConversionState] = Column(Word(ConversionState))
    body: Named[Conversion] = Column(Json(Conversion))


conversions = Table("conversions", metadata, _Conversions, sqlite_strict=True)


class _Touches(TypedColumns):
    order_id: Named[str] = Column(Text, ForeignKey("orders.id"), primary_key=True)
    price: Named[Decimal] = Column(ExactText)  # the ask of a purchase, the bid of a sale, at the tap


touches = Table("touches", metadata, _Touches, sqlite_strict=True)
