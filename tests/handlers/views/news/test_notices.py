"""Every kind of news has words, and late news says so.

Nothing in them can break a message.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

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
from bot.domain.news.notice import Notice, NoticePriority, Sound
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
from handlers.views.format import rupees
from handlers.views.message import Table, View
from handlers.views.news.notices import notice
from handlers.views.news.readiness import OWN_PLACE
from handlers.views.orders.card import card
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import OrderTap, OrderVerb
from tests.handlers.mornings import every_morning
from tests.handlers.rings import every_ring
from tests.handlers.samples import NOW, PROTECTED, a_report
from tests.handlers.views.money.test_money import WEEK
from tests.handlers.views.test_message import read_back
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft, an_order
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

UNCLEAR = "I sent this order at 09:30:00 and got no clear answer"
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


def labels(view: View) -> list[str]:
    return [item.label for line in view.keyboard for item in line]


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


def test_an_order_found_in_the_book_names_account_and_mode_once() -> None:
    text = draw(OrderFound(order=replace(DONE, status=S.OPEN, filled=0))).plain
    assert text.splitlines() == [
        "Found in the order book.",
        "#12 BUY 10 RELIANCE",
        "open at 1,480.30 since 09:30:00",
        "main · LIVE",
    ]


@pytest.mark.parametrize(
    ("told", "status", "first", "button"),
    [
        (S.REFUSED, S.OPEN, "It exists after all. I told you that mStock refused it", ["Cancel"]),
        (S.REJECTED, S.FILLED, "It exists after all. I told you that mStock rejected it", ["Exit"]),
        (S.NOT_SEEN, S.OPEN, "It exists after all. You closed it as not in the mStock app", ["Cancel"]),
        (S.UNKNOWN, S.OPEN, "Found in the order book.", ["Cancel"]),
    ],
)
def test_what_was_told_wrongly_is_taken_back_with_the_way_out(told: S, status: S, first: str, button: list[str]) -> None:
    found = OrderFound(order=replace(DONE, status=status, filled=10 if status is S.FILLED else 0), told=told)
    view = draw(found)
    assert view.plain.startswith(first)
    assert labels(view) == button
    assert found.priority is NoticePriority.SAFETY


def test_a_refusal_that_is_no_proof_offers_a_look_and_no_second_order() -> None:
    view = draw(OrderRejected(order=replace(DONE, status=S.REFUSED, filled=0, reason="API key suspended")))
    assert view.plain.startswith("Refused #12 BUY 10 RELIANCE")
    assert "An answer is no proof" in view.plain
    assert labels(view) == ["Look now"]


def test_an_order_without_a_card_here_says_how_it_stands_and_what_can_be_done_about_it() -> None:
    view = draw(OrderElsewhere(order=replace(DONE, status=S.OPEN, filled=0, tag=None)))
    assert view.plain.splitlines()[:3] == ["Order from elsewhere.", "#12 BUY 10 RELIANCE", "open at 1,480.30 since 09:30:00"]
    assert labels(view) == ["Modify", "Cancel"]
    filled = draw(OrderElsewhere(order=DONE))
    assert "filled, avg 1,480.30" in filled.plain
    assert "Exit" in labels(filled)


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


def test_a_partial_fill_counts_up_and_names_its_step() -> None:
    order = an_order(
        number=13, status=S.PARTIAL, filled=65, average=Decimal("101.20"), draft=a_draft(instrument=NIFTY_CALL, quantity=195)
    )
    step = Fill(broker_id="1", filled_after=65, quantity=65, price=None, average=Decimal("101.20"), at=NOW)
    lines = draw(Filled(order=order, fill=step)).plain.splitlines()
    assert lines[:2] == ["Partly filled #13 BUY 65/195 NF 24500CE 23Nov", "avg 101.20"]
    assert lines[2] == "This step: 65, 14:02:11", "a price that is not known is not shown"


def test_a_step_whose_price_comes_when_the_order_is_whole_is_told_as_the_step_that_it_was() -> None:
    order = an_order(number=13, status=S.FILLED, filled=195, average=Decimal("101.20"), draft=a_draft(quantity=195))
    step = Fill(broker_id="1", filled_after=65, quantity=65, price=Decimal("101.20"), average=Decimal("101.20"), at=NOW)
    lines = draw(Filled(order=order, fill=step)).plain.splitlines()
    assert lines[:2] == ["Partly filled #13 BUY 65/195 RELIANCE, avg 101.20", "This step: 65 at 101.20, 14:02:11"]


def after(quantity: int | None, **changes: Any) -> PositionAfter:
    return PositionAfter(quantity=quantity, **changes)


@pytest.mark.parametrize(
    ("held", "said", "offered"),
    [
        (
            after(25, average=Decimal("1471.4033"), open=Decimal("222.50")),
            "Position +25, avg 1,471.40 🟢 +222.50",
            ["Set stop", "Exit", "Add"],
        ),
        (after(25, average=Decimal("1471.40")), "Position +25, avg 1,471.40", ["Set stop", "Exit", "Add"]),
        (after(0, booked=Decimal("517.50"), closes=True), "Booked +517.50 🟢 · position closed", []),
        (
            after(0, booked=Decimal("517.50"), charges=Decimal("66.30"), closes=True),
            "Booked +517.50 🟢 after charges ≈ +451.20 · position closed",
            [],
        ),
        (
            after(-5, average=Decimal(1490), booked=Decimal("-51.50"), closes=True),
            "Booked −51.50 🔴 · −5 left, avg 1,490.00",
            ["Exit"],
        ),
        (after(15, closes=True), "Booked: not known · +15 left", ["Exit"]),
        (after(None), "Position not known: mStock's books do not agree yet.", ["Exit", "Same again"]),
    ],
)
def test_a_fill_tells_what_is_held_or_booked_and_offers_no_way_out_of_nothing(
    held: PositionAfter, said: str, offered: list[str]
) -> None:
    view = draw(Filled(order=DONE, fill=FILL, after=held))
    assert said in view.plain.splitlines()
    assert labels(view) == offered
    intraday = replace(DONE, draft=replace(DONE.draft, product=Product.MIS))
    turns = labels(draw(Filled(order=intraday, fill=FILL, after=held)))
    known = held.quantity is not None or held.closes
    assert ("Reverse" in turns) is (bool(held.quantity) and not held.closes)
    assert [label for label in turns if label != "Reverse"] == (offered if known else ["Exit"]), (
        "the same again of what may have closed could open a short"
    )


@pytest.mark.parametrize(("held", "offered"), [(5, ["Exit"]), (0, []), (-5, [])])
def test_a_delivery_sale_has_a_way_out_of_what_it_left_and_none_of_what_came_out_of_holdings(
    held: int, offered: list[str]
) -> None:
    sale = replace(DONE, draft=replace(DONE.draft, side=Side.SELL), closes=True)
    assert labels(draw(Filled(order=sale, fill=FILL, after=after(held, closes=True)))) == offered
    ended = replace(sale, status=S.CANCELLED)
    assert labels(draw(OrderEnded(order=ended, after=after(held, closes=True)))) == [*offered, "Same again"]


def test_an_average_has_two_decimals_and_four_where_the_tick_is_finer() -> None:
    fine = replace(RELIANCE, tick=Decimal("0.0025"))
    for instrument, said in ((RELIANCE, "avg 691.03"), (fine, "avg 691.0333")):
        order = replace(DONE, draft=a_draft(instrument=instrument, price=Decimal(700)), average=Decimal("691.0333"))
        step = replace(FILL, average=Decimal("691.033333"))
        assert draw(Filled(order=order, fill=step)).plain.splitlines()[0].endswith(said)
        assert f"filled, {said} " in draw(OrderElsewhere(order=order)).plain


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            OrderEnded(order=replace(DONE, status=S.CANCELLED, filled=8, draft=a_draft(quantity=20)), after=after(8)),
            "8 of 20 filled, 12 cancelled.",
        ),
        (
            OrderRejected(order=replace(DONE, status=S.REJECTED, filled=8, draft=a_draft(quantity=20))),
            "8 of 20 filled before. mStock gave no reason.",
        ),
        (
            OrderEnded(
                order=replace(DONE, status=S.CANCELLED, filled=0, draft=a_draft(side=Side.SELL)),
                after=after(10, average=Decimal("1471.40")),
            ),
            "Nothing was filled. Still held: +10, avg 1,471.40; nothing guards it.",
        ),
        (
            OrderEnded(
                order=replace(DONE, status=S.EXPIRED, filled=0, draft=a_draft(side=Side.SELL)), after=after(10, guarded=True)
            ),
            "Nothing was filled. Still held: +10; another order still works on it.",
        ),
        (
            OrderRejected(
                order=replace(DONE, status=S.REJECTED, filled=0, broker_id="1", reason="no"), after=after(None, closes=True)
            ),
            "no What it was to close is still held; nothing guards it.",
        ),
        (
            OrderRejected(order=replace(DONE, status=S.REJECTED, reason="mStock cannot be reached. Nothing was sent.")),
            "mStock cannot be reached. Nothing was sent.",
        ),
        (
            OrderUnclear(order=replace(DONE, status=S.UNKNOWN, reason="no (HTTP 403)")),
            f"{UNCLEAR} (no (HTTP 403)). I will not send it again. I am looking for it.",
        ),
    ],
)
def test_an_end_says_what_was_filled_what_is_still_held_and_whose_words_they_are(kind: Notice, text: str) -> None:
    assert draw(kind).plain.splitlines()[1] == text


def test_an_answer_that_was_not_clear_is_told_in_mstocks_own_words_scrubbed_like_all_of_them() -> None:
    order = replace(DONE, status=S.UNKNOWN, reason="Access denied (HTTP 403) eyJ0eXAi")
    explain = lambda text: REFERENCE_DATA.rejections.explain(text).words(rupees).replace("eyJ0eXAi", "***")  # noqa: E731
    fast = replace(order, reason="Too many requests (Something went wrong)")
    assert "no clear answer (mStock says that the requests came too fast). I will not" in whole(fast, explain)
    for text in (draw(OrderUnclear(order=order), explain=explain).plain, whole(order, explain)):
        assert 'no clear answer (mStock\'s words: "Access denied (HTTP 403) ***"). I will not send it again.' in text


def whole(order: Order, explain: Callable[[str], str]) -> str:
    return card(order, label="main", mode="LIVE", now=NOW, explain=explain).plain


@pytest.mark.parametrize(
    ("side", "touch", "said", "chased"),
    [
        (Side.BUY, "1491.00", "4 of 10 filled: the ask is 1,491.00, beyond 1,487.70.", True),
        (Side.BUY, "1487.70", "4 of 10 filled: the ask is 1,487.70, within 1,487.70, and the exchange has not filled it.", False),
        (
            Side.SELL,
            "1491.00",
            "4 of 10 filled: the bid is 1,491.00, within 1,487.70, and the exchange has not filled it.",
            False,
        ),
        (Side.SELL, "1480.00", "4 of 10 filled: the bid is 1,480.00, beyond 1,487.70.", True),
        (Side.BUY, None, "4 of 10 filled.", True),
    ],
)
def test_an_unfilled_market_order_says_where_the_book_stands_and_is_chased_only_by_a_price_that_ran_away(
    side: Side, touch: str | None, said: str, chased: bool
) -> None:
    order = replace(DONE, status=S.PARTIAL, filled=4, draft=replace(PROTECTED, side=side))
    at = Decimal(touch) if touch is not None else None
    view = draw(MarketUnfilled(order=order, price=Decimal("1495.00"), touch=at))
    assert view.plain.splitlines()[1] == said
    assert labels(view) == [*(["Chase to 1,495.00"] if chased else []), "Cancel rest", "Leave"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("RMS:1:FUND LIMIT INSUFFICIENT,AVAILABLE FUND=1,ADDITIONAL REQUIRED FUND=2", "Not enough funds"),
        ("AB4036: Cautionary listing <b>{x}\u202e" + "z" * 300, "mStock's words: \"AB4036: Cautionary listing <b>{x} zzz"),
    ],
)
def test_only_the_brokers_own_words_are_called_so_and_they_are_kept_short(reason: str, said: str) -> None:
    explain = lambda text: REFERENCE_DATA.rejections.explain(text).words(rupees)  # noqa: E731
    order = replace(DONE, status=S.CANCELLED, filled=0, reason=reason)
    text = draw(OrderEnded(order=order), explain=explain).plain.splitlines()[1]
    assert said in text
    assert ("mStock's words" in text) is ("mStock's words" in said)
    assert len(text) < 220


def test_a_delivery_sale_leaves_nothing_to_exit() -> None:
    sale = replace(DONE, draft=replace(DONE.draft, side=Side.SELL, product=Product.CNC))
    assert labels(draw(Filled(order=sale, fill=FILL))) == []


def test_a_rejection_is_explained_and_its_own_words_are_escaped() -> None:
    order = replace(DONE, status=S.REJECTED, reason="RMS:1:<b>margin & more")
    assert "RMS:1:<b>margin & more" in draw(OrderRejected(order=order)).plain
    assert "&lt;b&gt;margin &amp; more" in draw(OrderRejected(order=order)).html
    assert "not enough funds" in draw(OrderRejected(order=order), explain=lambda _: "not enough funds").plain
    assert "mStock gave no reason." in draw(OrderRejected(order=replace(order, reason=""))).plain


def test_an_order_that_was_not_found_can_be_closed_from_its_news() -> None:
    view = draw(OrderNotSeen(order=DONE))
    taps = [decode(item.data) for line in view.keyboard for item in line]
    assert taps == [OrderTap("o1", OrderVerb.LOOK, "main"), OrderTap("o1", OrderVerb.NOT_THERE, "main")]


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


def test_what_mstock_squared_off_always_rings_with_its_fee_in_one_message_or_in_several() -> None:
    fee = Decimal("118.00")
    several = OrdersElsewhere(orders=(DONE, DONE), fee=2 * fee)
    for kind in (Filled(order=DONE, fill=FILL, fee=fee), OrderElsewhere(order=DONE, fee=fee), several):
        assert kind.loudness is Sound.ALWAYS
        assert "Squared off by mStock, fee ≈ ₹" in draw(kind).plain
    assert OrdersElsewhere(orders=(DONE, DONE)).loudness is Sound.RING
