"""Every table: what is kept, and what the database itself refuses."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import DDL, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Named, Table, Text, TypedColumns, event

from bot.domain.jobs import JobOutcome
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.orders.alert import Alert, AlertState
from bot.domain.orders.exit_list import ExitList
from bot.domain.orders.held import HeldNote
from bot.domain.orders.order import ConfirmationState, OrderDraft, OrderStatus, Purpose
from bot.domain.orders.plan import LegKind, LegState, PlanState
from bot.domain.orders.portfolio import DayReport
from bot.domain.orders.trail import Trail
from bot.domain.people.account import Limits, Role
from bot.domain.terms import Product, Side
from storage.db.columns import Day, ExactText, Flag, Json, UtcTime, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _People(TypedColumns):
    telegram_id = Column(Integer, primary_key=True)
    name: Named[str] = Column(Text)
    active: Named[bool] = Column(Flag)


people = Table("people", metadata, _People, sqlite_strict=True)


class _Roles(TypedColumns):
    telegram_id: Named[int] = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"))
    account_id: Named[str | None] = Column(Text, ForeignKey("accounts.id"))  # None: every account
    role: Named[Role] = Column(Word(Role))
    given_at: Named[datetime] = Column(UtcTime)


roles = Table("roles", metadata, _Roles, sqlite_strict=True)
Index("uq_roles_one", roles.c.telegram_id, roles.c.account_id, unique=True, sqlite_where=roles.c.account_id.is_not(None))
Index("uq_roles_all", roles.c.telegram_id, unique=True, sqlite_where=roles.c.account_id.is_(None))


class _Accounts(TypedColumns):
    id = Column(Text, primary_key=True)
    label: Named[str] = Column(Text(collation="NOCASE"))
    client: Named[str] = Column(Text)
    created_at: Named[datetime] = Column(UtcTime)
    linked: Named[bool] = Column(Flag)  # an unlinked account stays for its orders
    stop_words: Named[str | None] = Column(Text)  # None: the broker has refused no words yet


accounts = Table("accounts", metadata, _Accounts, sqlite_strict=True)
Index("uq_accounts_label", accounts.c.label, unique=True, sqlite_where=accounts.c.linked)


class _DataKeys(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)  # each encrypted value names the number of its key
    wrapped: Named[bytes] = Column(LargeBinary)


data_keys = Table("data_keys", metadata, _DataKeys, sqlite_strict=True)


class _Secrets(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    field = Column(Text, primary_key=True)
    sealed: Named[bytes] = Column(LargeBinary)


secrets = Table("secrets", metadata, _Secrets, sqlite_strict=True)


class _LimitSets(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    from_day: Named[date] = Column(Day, primary_key=True)  # in force from this date in India until the next set begins
    body: Named[Limits] = Column(Json(Limits))


limit_sets = Table("limit_sets", metadata, _LimitSets, sqlite_strict=True)


class _DayLocks(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    at: Named[datetime] = Column(UtcTime)
    by: Named[int | None]
    why: Named[str] = Column(Text)


day_locks = Table("day_locks", metadata, _DayLocks, sqlite_strict=True)


class _Invitations(TypedColumns):
    digest = Column(Text, primary_key=True)
    role: Named[Role] = Column(Word(Role))
    account_id: Named[str | None] = Column(Text, ForeignKey("accounts.id"))
    made_by: Named[int]
    made_at: Named[datetime] = Column(UtcTime)
    expires_at: Named[datetime] = Column(UtcTime)
    used_by: Named[int | None]


invitations = Table("invitations", metadata, _Invitations, sqlite_strict=True)


class _OwnKeys(TypedColumns):
    number = Column(Integer, primary_key=True, autoincrement=False)  # each encrypted value names the number of its key
    wrapped: Named[bytes] = Column(LargeBinary)


own_keys = Table("own_keys", metadata, _OwnKeys, sqlite_strict=True)


class _Pins(TypedColumns):
    telegram_id: Named[int] = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"), primary_key=True)
    hashed: Named[str] = Column(Text)  # encrypted under one of the bot's own keys; plain until the next use of a PIN from before
    set_at: Named[datetime] = Column(UtcTime)
    failures: Named[int]
    closed_until: Named[datetime | None] = Column(UtcTime)
    proven_at: Named[datetime | None] = Column(UtcTime)
    proven_for: Named[str | None] = Column(Text)


pins = Table("pins", metadata, _Pins, sqlite_strict=True)


class _Seals(TypedColumns):
    telegram_id: Named[int] = Column(Integer, ForeignKey("people.telegram_id", ondelete="CASCADE"), primary_key=True)
    at: Named[datetime] = Column(UtcTime)


seals = Table("seals", metadata, _Seals, sqlite_strict=True)


class _Choices(TypedColumns):
    telegram_id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    until: Named[datetime] = Column(UtcTime)


choices = Table("choices", metadata, _Choices, sqlite_strict=True)


class _Stops(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    by: Named[int | None]
    at: Named[datetime] = Column(UtcTime)
    why: Named[str] = Column(Text)


stops = Table("stops", metadata, _Stops, sqlite_strict=True)


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


class _Cards(TypedColumns):
    id = Column(Integer, primary_key=True)
    chat_id: Named[int]
    message_id: Named[int]
    order_id: Named[str] = Column(Text, ForeignKey("orders.id"), index=True)
    version: Named[int]
    due: Named[bool] = Column(Flag)  # it shows an older version than the order has; a search over all cards ever would grow slow
    buried: Named[bool] = Column(Flag)


cards = Table("cards", metadata, _Cards, sqlite_strict=True)
Index("ix_cards_due", cards.c.due, cards.c.buried)
Index("uq_cards_message", cards.c.chat_id, cards.c.message_id, unique=True)


class _Outbox(TypedColumns):
    id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    chat_id: Named[int]
    order_id: Named[str | None] = Column(Text, ForeignKey("orders.id"))
    kind: Named[str] = Column(Text)
    body: Named[str] = Column(Text)
    loudness: Named[int]
    created_at: Named[datetime] = Column(UtcTime)
    state: Named[str] = Column(Text)  # WAITING, SENT, BURIED
    due_at: Named[datetime] = Column(UtcTime)  # the end of a postponement or of a lease
    attempts: Named[int]
    why: Named[str] = Column(Text)
    closed_at: Named[datetime | None] = Column(UtcTime)
    message_id: Named[int | None]


outbox = Table("outbox", metadata, _Outbox, sqlite_strict=True, sqlite_autoincrement=True)  # an event number is never reused
Index("ix_outbox_state", outbox.c.state, outbox.c.chat_id, outbox.c.id)
Index("ix_outbox_order_id", outbox.c.order_id)


class _Inbox(TypedColumns):
    update_id = Column(Integer, primary_key=True, autoincrement=False)
    user_id: Named[int]
    body: Named[str] = Column(Text)
    received_at: Named[datetime] = Column(UtcTime)
    handled_at: Named[datetime | None] = Column(UtcTime, index=True)


inbox = Table("inbox", metadata, _Inbox, sqlite_strict=True)


class _Reports(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    body: Named[DayReport] = Column(Json(DayReport))


reports = Table("reports", metadata, _Reports, sqlite_strict=True)


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


class _Touches(TypedColumns):
    order_id: Named[str] = Column(Text, ForeignKey("orders.id"), primary_key=True)
    price: Named[Decimal] = Column(ExactText)  # the ask of a purchase, the bid of a sale, at the tap


touches = Table("touches", metadata, _Touches, sqlite_strict=True)


class _Held(TypedColumns):
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"), primary_key=True)
    day: Named[date] = Column(Day, primary_key=True)
    body: Named[HeldNote] = Column(Json(HeldNote))


held = Table("held", metadata, _Held, sqlite_strict=True)


class _Alerts(TypedColumns):
    id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    telegram_id: Named[int]
    state: Named[AlertState] = Column(Word(AlertState))
    body: Named[Alert] = Column(Json(Alert))


alerts = Table("alerts", metadata, _Alerts, sqlite_strict=True, sqlite_autoincrement=True)
Index("ix_alerts_account_id", alerts.c.account_id, alerts.c.telegram_id)


class _Flags(TypedColumns):
    name = Column(Text, primary_key=True)
    subject = Column(Text, primary_key=True)  # empty: the bot itself
    value = Column(Text, primary_key=True)
    at: Named[datetime] = Column(UtcTime)


flags = Table("flags", metadata, _Flags, sqlite_strict=True)


class _Jobs(TypedColumns):
    name = Column(Text, primary_key=True)
    day: Named[date] = Column(Day)  # the last one in India that it is settled for
    at: Named[datetime] = Column(UtcTime)
    outcome: Named[JobOutcome] = Column(Word(JobOutcome))


jobs = Table("jobs", metadata, _Jobs, sqlite_strict=True)


class _Master(TypedColumns):
    id = Column(Integer, primary_key=True)  # always 1: there is one master
    day: Named[date] = Column(Day)
    rows: Named[int]
    loaded_at: Named[datetime] = Column(UtcTime)


master = Table("master", metadata, _Master, sqlite_strict=True)


class _Audit(TypedColumns):
    id = Column(Integer, primary_key=True)
    at: Named[datetime] = Column(UtcTime)
    who: Named[int | None]
    what: Named[str] = Column(Text)
    account_id: Named[str | None] = Column(Text)
    detail: Named[str] = Column(Text)
    hash: Named[bytes] = Column(LargeBinary)  # over this row and the hash before it


audit = Table("audit", metadata, _Audit, sqlite_strict=True, sqlite_autoincrement=True)

for _act in ("UPDATE", "DELETE"):
    _trigger = (
        f"CREATE TRIGGER audit_no_{_act.lower()} BEFORE {_act} ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    )
    event.listen(audit, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]  # the library left it untyped
