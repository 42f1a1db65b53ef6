"""Every kind of news has words, and late news says so.

Nothing in them can break a message.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.exits.exit_list import ListKind, RowState, RowTold
from bot.domain.news.alert import Alert, AlertKind, AlertPaused, AlertsBlind, AlertStruck
from bot.domain.news.connections import AddressNotRegistered, FeedBack, FeedLost, SessionLost, SessionReplaced, Source
from bot.domain.news.days.days import DaySummary, HostFactsRead, YearNotCovered
from bot.domain.news.days.period_summary import PeriodSummary
from bot.domain.news.days.picture import Pictured
from bot.domain.news.delivery import Delivery
from bot.domain.news.families import KINDS
from bot.domain.news.notice import Notice, Sound
from bot.domain.news.orders.after_market import AfterMarketFate
from bot.domain.news.orders.conversions import ConversionUnclear, Converted
from bot.domain.news.orders.later_cards import LaterCardDue, LaterCardsAhead, LaterCardStruck
from bot.domain.news.orders.orders import (
    ActSeen,
    Filled,
    MarketUnfilled,
    OrderByOther,
    OrderElsewhere,
    OrderEnded,
    OrderFound,
    OrderNotSeen,
    OrderRejected,
    OrdersElsewhere,
    OrderUnclear,
    SlicesStruck,
    TradeTakenBack,
)
from bot.domain.news.people import ActByOther, ActionKind, PersonJoined, PersonRemoved, Tried
from bot.domain.news.plans.exits import ExitAsks, ExitsTold, ExitTrouble, GuardPlaced, TargetBlind, Told, Unguarded
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.news.plans.standing_stops import StandingStopPaused, StandingStopsDue
from bot.domain.news.plans.trails import TrailNews, TrailTold
from bot.domain.news.safety import DayLocked, TradingResumed, TradingStopped
from bot.domain.orders.doubt import DoubtedAct
from bot.domain.orders.order import Fill, Order, OrderStatus
from bot.domain.orders.position_after import PositionAfter
from bot.domain.plans.standing_stop import StandingState, StandingStop
from bot.domain.positions.conversion import Conversion, ConversionState
from bot.domain.positions.held import NewBase
from bot.domain.proposals.later_card import LaterCard
from bot.domain.terms import OrderKind, Product, Side
from bot.reference.load import load_reference
from handlers.views.message import Table, View
from handlers.views.news.notices import notice
from handlers.views.news.readiness import OWN_PLACE
from tests.handlers.mornings import every_morning
from tests.handlers.rings import every_ring
from tests.handlers.samples import NOW, a_report
from tests.handlers.views.money.test_money import WEEK
from tests.handlers.views.test_message import read_back
from tests.stage.values.orders import RELIANCE, a_draft, an_order
from tests.stage.values.pictures import a_day

S = OrderStatus
FILL = Fill(broker_id="1", filled_after=10, quantity=10, price=Decimal("1480.30"), average=Decimal("1480.30"), at=NOW)
AN_ALERT = Alert(id=3, account_id="a1", person=1, kind=AlertKind.ABOVE, level=Decimal(1500), instrument=RELIANCE, created_at=NOW)
CONVERSION = Conversion(
    id="t1", account_id="a1", by=1, name="Ravi", instrument=RELIANCE, product=Product.MIS, to=Product.CNC, quantity=10,
    side=Side.BUY, was=10, was_there=0, began_at=NOW, state=ConversionState.DONE,
)  # fmt: skip
DONE = an_order(number=12, status=S.FILLED, filled=10, average=Decimal("1480.30"))
SHORT_STOP = replace(
    an_order(number=12, status=S.TRIGGER_PENDING),
    draft=replace(DONE.draft, side=Side.BUY, kind=OrderKind.SL, price=Decimal("1500.00"), trigger=Decimal("1490.00")),
)

BACK = "Back. Without mStock's feed 14:02:11-14:02:11."

OF_BASKETS = (Told.STALLED, Told.CUT, Told.STRUCK)
OF_EXITS = tuple(told for told in Told if told is not Told.STRUCK)
ROWS = tuple(RowTold(draft=DONE.draft, state=state, order=DONE) for state in RowState)


def every_kind(order: Order, words: str = "words") -> list[Notice]:
    return [
        Filled(order=order, fill=FILL, after=PositionAfter(quantity=25, average=Decimal("1471.40"))),
        TradeTakenBack(order=order, filled=5, held=5),
        OrderRejected(order=order),
        OrderEnded(order=order),
        OrderUnclear(order=order),
        OrderFound(order=order),
        OrderNotSeen(order=order),
        *(ActSeen(order=order, act=act, done=done) for act in DoubtedAct for done in (True, False)),
        OrderElsewhere(order=order),
        Unguarded(draft=order.draft),
        Unguarded(draft=order.draft, is_over=True, target=Decimal("1500.00")),
        GuardPlaced(order=order, target=Decimal("1500.00")),
        TargetBlind(draft=order.draft, since=NOW),
        TrailTold(plan_id="plan", stop=order, told=TrailNews.BLIND, since=NOW),
        PnlExitTold(exit_id="token", told=PnlNews.BLIND, scope=words, levels=words, at=NOW, since=NOW),
        MarketUnfilled(order=order, price=Decimal("107.00"), touch=Decimal("106.20")),
        SlicesStruck(draft=order.draft, sent=5, why=words),
        ExitAsks(order=order, why=ExitTrouble.TRIGGERED, price=Decimal("71.50")),
        *(ExitsTold(plan_id="P1", told=told, at=NOW, rows=ROWS, waiting=1, of=2, orders=1) for told in OF_EXITS),
        *(
            ExitsTold(plan_id="P1", kind=ListKind.BASKET, told=told, at=NOW, rows=ROWS, waiting=1, why=words)
            for told in OF_BASKETS
        ),
        OrdersElsewhere(orders=(order, order)),
        OrderByOther(order=order, name=words),
        ActByOther(name=words, deed=ActionKind.CANCELLED, at=NOW, detail=words),
        DayLocked(at=NOW, result=Decimal("-5012.50")),
        PersonJoined(name=words, telegram_id=5, role="trader", everywhere=True, by=words, at=NOW),
        PersonRemoved(name=words, telegram_id=5, by=words, at=NOW),
        Tried(name=words, telegram_id=5, what=words, at=NOW),
        TradingStopped(name=words, at=NOW),
        TradingResumed(name=words, at=NOW),
        SessionLost(at=NOW, why=words, positions=True),
        SessionReplaced(at=NOW),
        FeedLost(since=NOW),
        FeedLost(source=Source.BOOKS, since=NOW),
        FeedBack(since=NOW, until=NOW, fills=2, rejections=1),
        AddressNotRegistered(at=NOW, words=words),
        DaySummary(report=a_report()),
        YearNotCovered(year=2027),
        HostFactsRead(file=words, wrong=words),
        HostFactsRead(file=words),
        WEEK,
        Pictured(day=a_day()),
        *every_morning(),
        AlertStruck(alert=AN_ALERT, value=Decimal("1500.10"), at=NOW),
        AlertsBlind(alerts=(AN_ALERT, replace(AN_ALERT, kind=AlertKind.LOSS, instrument=None)), since=NOW),
        AlertPaused(alert=AN_ALERT, base=NewBase(instrument=RELIANCE, before=Decimal(1490), now=Decimal(745))),
        AfterMarketFate(at=NOW, orders=(order,)),
        LaterCardsAhead(cards=(LATER,)),
        LaterCardDue(card=LATER),
        LaterCardStruck(card=LATER, why=words),
        StandingStopsDue(to_place=(STANDING,), untraded=(STANDING,), beyond=(STANDING,), gone=(STANDING,)),
        StandingStopsDue(to_place=(), placing=(STANDING,)),
        StandingStopsDue(to_place=(STANDING,), session=False),
        StandingStopPaused(stop=replace(STANDING, state=StandingState.PAUSED, base=SPLIT), base=SPLIT),
        Converted(conversion=CONVERSION),
        ConversionUnclear(conversion=CONVERSION),
        *every_ring(),
    ]


SPLIT = NewBase(instrument=RELIANCE, before=Decimal(1490), now=Decimal(745))
STANDING = StandingStop(
    id=3, account_id="a1", by=1001, instrument=RELIANCE, product=Product.CNC, side=Side.SELL, quantity=10,
    trigger=Decimal("1400.00"), limit=Decimal("1380.00"), until=date(2026, 12, 31), made_at=NOW,
)  # fmt: skip
LATER = LaterCard(id=7, account_id="a1", by=1001, draft=a_draft(), closes=False, due=NOW, made_at=NOW)


def a_parcel(kind: Notice, **changes: object) -> Delivery:
    delivery = Delivery(
        id=41,
        chat_id=1,
        account_id="a1",
        label="main",
        notice=kind,
        sound=Sound.RING,
        created_at=NOW,
    )
    return replace(delivery, **changes)  # type: ignore[arg-type]  # any field may be changed


def draw(kind: Notice, *, explain: Callable[[str], str] = str, **changes: object) -> View:
    return notice(a_parcel(kind, **changes), mode="LIVE", now=NOW, explain=explain)


def test_every_kind_of_news_is_here_and_names_account_and_mode() -> None:
    kinds = every_kind(DONE)
    assert {type(kind) for kind in kinds} == set(KINDS.values())
    assert {kind.sound for kind in kinds} == set(Sound), "each class says how it arrives"
    assert all(kind.loudness is Sound.ALWAYS or kind.about is not None for kind in kinds), "the rest can be chosen"
    for kind in kinds:
        in_its_table = isinstance(kind, (DaySummary, PeriodSummary)) or type(kind) in OWN_PLACE
        assert re.search("main +LIVE" if in_its_table else "main · LIVE", draw(kind).plain)
        assert "n 41" not in draw(kind).plain, "a first delivery needs no number"
        assert draw(kind, attempts=1).plain.endswith("n 41"), "by which a second copy can be told from a second event"


def test_the_file_for_a_year_that_is_not_covered_can_be_laid_beside_as_it_is_shown(tmp_path: Path) -> None:
    view = draw(YearNotCovered(year=2027))
    assert "From 1 Jan 2027 on I do not know when the exchange is open" in view.plain
    assert "orders go, and mStock's answer decides" in view.plain
    (file,) = [part for part in view.parts if isinstance(part, Table)]
    (tmp_path / "2027.toml").write_text("\n".join(file.rows), encoding="utf-8")
    calendar = load_reference(tmp_path / "2027.toml").calendar
    assert [calendar.has_session(date(2027, 1, day)) for day in (25, 26)] == [True, False]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            GuardPlaced(order=SHORT_STOP, trail=Decimal("15.00")),
            "Trail 15.00 above the low (continuous), moved by me on live prices.",
        ),
        (
            GuardPlaced(order=SHORT_STOP, trail=Decimal("15.00"), step=Decimal("10.00")),
            "Trail: every 15.00 down, 10.00 down, moved by me on live prices.",
        ),
        (
            TrailTold(plan_id="p", stop=SHORT_STOP, told=TrailNews.BLIND, since=NOW),
            "Trail not watched. 10 RELIANCE: no live prices since 14:02:11. The stop #12 stands at 1,490.00.",
        ),
        (
            TrailTold(plan_id="p", stop=SHORT_STOP, told=TrailNews.SEES, since=NOW),
            "not seen 14:02:11-14:02:11. What was traded then does not move the stop.",
        ),
        (
            TrailTold(plan_id="p", stop=SHORT_STOP, told=TrailNews.EXITS, price=Decimal("1485.00")),
            "Trail: out. 10 RELIANCE: the price reached 1,485.00 before the stop could be moved there. The exit goes.",
        ),
        (
            TrailTold(plan_id="p", stop=SHORT_STOP, told=TrailNews.STUCK, price=Decimal("1485.00")),
            "Trail stuck. 10 RELIANCE: mStock takes no move to 1,485.00. The stop #12 stands at 1,490.00. I go on trying.",
        ),
        (
            TrailTold(plan_id="p", stop=SHORT_STOP, told=TrailNews.LIVES_ON, name="Ravi"),
            "Trail lives on. 10 RELIANCE: Ravi may not trade here any more.",
        ),
    ],
)
def test_the_news_of_a_trail_says_where_its_stop_stands(kind: Notice, said: str) -> None:
    assert said in draw(kind).plain


def a_pnl_exit(told: PnlNews, **more: object) -> PnlExitTold:
    return PnlExitTold(exit_id="token", told=told, scope="all NIFTY", levels="−5,000", at=NOW, **more)  # type: ignore[arg-type]  # fields of the news


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (a_pnl_exit(PnlNews.EXITS, value=Decimal("-5012.50"), rows=3), "−5,000 of all NIFTY: −5,012.50 🔴. It closes 3 rows."),
        (a_pnl_exit(PnlNews.EXITS, value=Decimal(-5000), rows=1, blocks_until=NOW), "It closes 1 row. No entries until 14:02."),
        (a_pnl_exit(PnlNews.ALERTS, value=Decimal(8000)), "P&L level reached. −5,000 of all NIFTY: +8,000.00 🟢. Alert only"),
        (
            a_pnl_exit(PnlNews.BLIND, missing=("24800 CE",), since=NOW),
            "blind since 14:02:11. −5,000 of all NIFTY. Not known: 24800 CE.",
        ),
        (
            a_pnl_exit(PnlNews.SEES, value=Decimal(1), since=NOW),
            "watches again. −5,000 of all NIFTY: +1.00 🟢. Not seen 14:02:11-14:02:11.",
        ),
        (a_pnl_exit(PnlNews.ENDED), "P&L exit ended."),
        (a_pnl_exit(PnlNews.LIVES_ON, name="Ravi"), "Ravi may not trade here any more. It lives on"),
    ],
)
def test_the_news_of_a_pnl_exit_says_what_it_did_or_cannot(kind: Notice, said: str) -> None:
    assert said in draw(kind).plain


@pytest.mark.parametrize("deed", ActionKind)
def test_each_deed_of_another_person_is_named(deed: ActionKind) -> None:
    first = draw(ActByOther(name="Ravi", deed=deed, at=NOW, detail="#12")).plain.splitlines()[0]
    assert first.startswith("Ravi ")
    assert "14:02:11" in first


def test_the_accounts_mark_leads_every_message() -> None:
    for kind in every_kind(DONE):
        if not isinstance(draw(kind).parts[0], Table):  # with the account in its first row
            assert draw(kind, mark="🟠").plain.startswith("🟠 ")


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (Filled(order=DONE, fill=FILL), "Filled #12 BUY 10 RELIANCE, avg 1,480.30"),
        (OrderRejected(order=replace(DONE, status=S.REJECTED)), "Rejected #12 BUY 10 RELIANCE"),
        (OrderEnded(order=replace(DONE, status=S.CANCELLED, filled=0)), "Cancelled #12 BUY 10 RELIANCE"),
        (OrderEnded(order=replace(DONE, status=S.EXPIRED, filled=0)), "Expired #12 BUY 10 RELIANCE"),
        (OrderUnclear(order=DONE), "Outcome unknown #12 BUY 10 RELIANCE"),
        (OrderFound(order=replace(DONE, status=S.OPEN, filled=0)), "Found in the order book."),
        (OrderNotSeen(order=DONE), "Not found #12 BUY 10 RELIANCE"),
        (OrderElsewhere(order=DONE), "Order from elsewhere."),
        (SlicesStruck(draft=DONE.draft, sent=5, why="Stopped."), "Not sent whole BUY 10 RELIANCE"),
        (
            TargetBlind(draft=DONE.draft, since=NOW),
            "Target not watched. RELIANCE at 1,480.30: no live prices since 14:02:11. A stop at the exchange stands.",
        ),
        (
            TargetBlind(draft=DONE.draft, since=NOW, sees=True),
            f"Target watched again. RELIANCE at {DONE.draft.price:,.2f}; not seen 14:02:11-14:02:11.",
        ),
        (MarketUnfilled(order=DONE), "Rest not filled #12 BUY 10 RELIANCE"),
        (GuardPlaced(order=DONE), "Stop placed."),
        (ExitAsks(order=DONE, why=ExitTrouble.TRIGGERED), "Stop triggered, not filled."),
        (ExitAsks(order=DONE, why=ExitTrouble.LEFT_OVER), "Exit left over."),
        (ExitAsks(order=DONE, why=ExitTrouble.ENTRY_LEFT), "Entry still rests."),
        (
            Unguarded(draft=DONE.draft, is_over=True, target=Decimal("1500.00")),
            "No stop. 10 RELIANCE CNC: its stop is over. Nothing guards it. Its target 1,500.00 ended with it.",
        ),
        (
            Unguarded(draft=DONE.draft),
            "No stop. 10 RELIANCE CNC: its stop does not stand, and no exit could be sent. Nothing guards it.",
        ),
        (OrderByOther(order=DONE, name="Ravi"), "Ravi sent an order."),
        (
            TradingStopped(name="Ravi", at=NOW),
            "Stopped by Ravi. New orders are blocked since 14:02:11. Exits and cancels work.",
        ),
        (
            FeedBack(since=NOW, until=NOW + timedelta(minutes=7), fills=2, rejections=1),
            "Back. Without mStock's feed 14:02:11-14:09:11. Missed: 2 fills, 1 rejection (told apart). Books and records agree.",
        ),
        (
            FeedBack(since=NOW, until=NOW, fills=0, rejections=0),
            "Back. Without mStock's feed 14:02:11-14:02:11. Nothing was missed. Books and records agree.",
        ),
        (
            FeedBack(since=NOW, until=NOW, fills=0, rejections=0, unknown=1),
            f"{BACK} Nothing was missed. One order's outcome is still unknown; I keep looking for it.",
        ),
        (
            FeedBack(since=NOW, until=NOW, fills=0, rejections=0, read=False),
            f"{BACK} The books could not be read yet, so what was missed is not known; I keep trying and ring for it.",
        ),
    ],
)
def test_the_first_line_says_what_it_is(kind: Notice, first: str) -> None:
    assert draw(kind).plain.splitlines()[0] == first


@pytest.mark.parametrize(
    ("late", "said"), [(0, None), (60, None), (61, "late 1 min"), (240, "late 4 min (from 13:58:11)"), (3 * 3600, "late 3 h")]
)
def test_late_news_says_that_it_is_late(late: int, said: str | None) -> None:
    text = draw(FeedLost(since=NOW), created_at=NOW - timedelta(seconds=late)).plain
    assert ("late" in text) is (said is not None)
    assert said is None or said in text


@given(
    st.text(st.characters(codec=None), max_size=60), st.text(st.characters(codec=None), max_size=60), st.sampled_from(OrderStatus)
)
def test_no_name_and_no_reason_breaks_the_news(name: str, words: str, status: OrderStatus) -> None:
    order = replace(DONE, status=status, reason=words, draft=a_draft(instrument=replace(RELIANCE, symbol=name)))
    for kind in every_kind(order, words):
        view = draw(kind, label=name)
        assert read_back(view.html) == view.plain
