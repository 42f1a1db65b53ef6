"""Every kind of news has words; late news says so; nothing in them can break a message."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.orders import notice as news
from bot.domain.orders.notice import Delivery, Notice, Sound
from bot.domain.orders.order import Fill, Order, OrderStatus
from bot.domain.terms import Product, Side
from bot.reference.load import load_reference
from handlers.views.message import Table, View
from handlers.views.notices import notice
from handlers.views.tap import decode
from handlers.views.taps import OrderTap, OrderVerb
from tests.handlers.samples import NOW, a_report
from tests.handlers.views.test_message import read_back
from tests.stage.orders import NIFTY_CALL, RELIANCE, a_draft, an_order

S = OrderStatus
FILL = Fill(broker_id="1", filled_after=10, quantity=10, price=Decimal("1480.30"), average=Decimal("1480.30"), at=NOW)
DONE = an_order(number=12, status=S.FILLED, filled=10, average=Decimal("1480.30"))

BACK = "Back. Without mStock's feed 14:02:11-14:02:11."


def every_kind(order: Order, words: str = "words") -> list[Notice]:
    return [
        news.Filled(order=order, fill=FILL, position=25, position_average=Decimal("1471.40")),
        news.OrderRejected(order=order),
        news.OrderEnded(order=order),
        news.OrderUnclear(order=order),
        news.OrderFound(order=order),
        news.OrderNotSeen(order=order),
        news.OrderElsewhere(order=order),
        news.Unguarded(draft=order.draft),
        news.GuardPlaced(order=order),
        news.ExitAsks(order=order, why=news.ExitTrouble.TRIGGERED, price=Decimal("71.50")),
        news.OrderByOther(order=order, name=words),
        news.ActByOther(name=words, deed=news.ActionKind.CANCELLED, at=NOW, detail=words),
        news.DayLocked(at=NOW, result=Decimal("-5012.50")),
        news.PersonJoined(name=words, telegram_id=5, role="trader", everywhere=True, by=words, at=NOW),
        news.PersonRemoved(name=words, telegram_id=5, by=words, at=NOW),
        news.Tried(name=words, telegram_id=5, what=words, at=NOW),
        news.TradingStopped(name=words, at=NOW),
        news.TradingResumed(name=words, at=NOW),
        news.SessionLost(at=NOW, why=words, positions=True),
        news.FeedLost(at=NOW),
        news.FeedBack(since=NOW, until=NOW, fills=2, rejections=1),
        news.AddressNotRegistered(at=NOW, words=words),
        news.DaySummary(report=a_report()),
        news.YearNotCovered(year=2027),
    ]


def a_parcel(kind: Notice, **changes: object) -> Delivery:
    parcel = Delivery(
        id=41,
        chat_id=1,
        account_id="a1",
        label="main",
        notice=kind,
        sound=Sound.RING,
        created_at=NOW,
    )
    return replace(parcel, **changes)  # type: ignore[arg-type]  # any field may be changed


def draw(kind: Notice, *, explain: Callable[[str], str] = str, **changes: object) -> View:
    return notice(a_parcel(kind, **changes), mode="LIVE", now=NOW, explain=explain)


def labels(view: View) -> list[str]:
    return [item.label for line in view.keyboard for item in line]


def test_every_kind_of_news_is_here_and_names_account_and_mode() -> None:
    kinds = every_kind(DONE)
    assert {type(kind) for kind in kinds} == set(Notice.kinds.values())
    assert {kind.sound for kind in kinds} == set(Sound), "each class says how it arrives"
    for kind in kinds:
        last = "LIVE" if isinstance(kind, news.DaySummary) else "main · LIVE"
        assert last in draw(kind).plain
        assert "n 41" not in draw(kind).plain, "a first delivery needs no number"
        assert draw(kind, attempts=1).plain.endswith("n 41"), "by which a second copy can be told from a second event"


def test_the_file_for_a_year_that_is_not_covered_can_be_laid_beside_as_it_is_shown(tmp_path: Path) -> None:
    view = draw(news.YearNotCovered(year=2027))
    assert "no new position from 1 Jan 2027 on; exits go." in view.plain
    (file,) = [part for part in view.parts if isinstance(part, Table)]
    (tmp_path / "2027.toml").write_text("\n".join(file.rows), encoding="utf-8")
    calendar = load_reference(tmp_path / "2027.toml").calendar
    assert [calendar.has_session(date(2027, 1, day)) for day in (25, 26)] == [True, False]


@pytest.mark.parametrize("deed", news.ActionKind)
def test_each_deed_of_another_person_is_named(deed: news.ActionKind) -> None:
    first = draw(news.ActByOther(name="Ravi", deed=deed, at=NOW, detail="#12")).plain.splitlines()[0]
    assert first.startswith("Ravi ")
    assert "14:02:11" in first


def test_the_accounts_mark_leads_every_message() -> None:
    for kind in every_kind(DONE):
        if not isinstance(kind, news.DaySummary):  # a table, with the account in its first row
            assert draw(kind, mark="🟠").plain.startswith("🟠 ")


def test_an_order_found_in_the_book_names_account_and_mode_once() -> None:
    text = draw(news.OrderFound(order=replace(DONE, status=S.OPEN, filled=0))).plain
    assert text.splitlines() == [
        "Found in the order book.",
        "#12 BUY 10 RELIANCE",
        "open at 1,480.30 since 09:30:00",
        "main · LIVE",
    ]


def test_an_order_without_a_card_here_says_how_it_stands_and_what_can_be_done_about_it() -> None:
    view = draw(news.OrderElsewhere(order=replace(DONE, status=S.OPEN, filled=0, tag=None)))
    assert view.plain.splitlines()[:3] == ["Order from elsewhere.", "#12 BUY 10 RELIANCE", "open at 1,480.30 since 09:30:00"]
    assert labels(view) == ["Modify", "Cancel"]
    filled = draw(news.OrderElsewhere(order=DONE))
    assert "filled, avg 1,480.30" in filled.plain
    assert "Exit" in labels(filled)


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (news.Filled(order=DONE, fill=FILL), "Filled #12 BUY 10 RELIANCE, avg 1,480.30"),
        (news.OrderRejected(order=replace(DONE, status=S.REJECTED)), "Rejected #12 BUY 10 RELIANCE"),
        (news.OrderEnded(order=replace(DONE, status=S.CANCELLED, filled=0)), "Cancelled #12 BUY 10 RELIANCE"),
        (news.OrderEnded(order=replace(DONE, status=S.EXPIRED, filled=0)), "Expired #12 BUY 10 RELIANCE"),
        (news.OrderUnclear(order=DONE), "Outcome unknown #12 BUY 10 RELIANCE"),
        (news.OrderFound(order=replace(DONE, status=S.OPEN, filled=0)), "Found in the order book."),
        (news.OrderNotSeen(order=DONE), "Not found #12 BUY 10 RELIANCE"),
        (news.OrderElsewhere(order=DONE), "Order from elsewhere."),
        (news.GuardPlaced(order=DONE), "Stop placed."),
        (news.ExitAsks(order=DONE, why=news.ExitTrouble.TRIGGERED), "Stop triggered, not filled."),
        (news.ExitAsks(order=DONE, why=news.ExitTrouble.LEFT_OVER), "Stop left over."),
        (
            news.Unguarded(draft=DONE.draft),
            "No stop. The stop of 10 RELIANCE CNC is cancelled, and no exit could be sent. Nothing guards it.",
        ),
        (news.OrderByOther(order=DONE, name="Ravi"), "Ravi sent an order."),
        (
            news.TradingStopped(name="Ravi", at=NOW),
            "Stopped by Ravi. New orders are blocked since 14:02:11. Exits and cancels work.",
        ),
        (
            news.FeedBack(since=NOW, until=NOW + timedelta(minutes=7), fills=2, rejections=1),
            "Back. Without mStock's feed 14:02:11-14:09:11. Missed: 2 fills, 1 rejection (told apart). Books and records agree.",
        ),
        (
            news.FeedBack(since=NOW, until=NOW, fills=0, rejections=0),
            "Back. Without mStock's feed 14:02:11-14:02:11. Nothing was missed. Books and records agree.",
        ),
        (
            news.FeedBack(since=NOW, until=NOW, fills=0, rejections=0, unknown=1),
            f"{BACK} Nothing was missed. One order's outcome is still unknown; I keep looking for it.",
        ),
        (
            news.FeedBack(since=NOW, until=NOW, fills=0, rejections=0, read=False),
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
    lines = draw(news.Filled(order=order, fill=step)).plain.splitlines()
    assert lines[:2] == ["Partly filled #13 BUY 65/195 NF 24500CE 23Nov", "avg 101.20"]
    assert lines[2] == "This step: 65, 14:02:11", "a price that is not known is not shown"


def test_a_fill_tells_the_position_after_it_and_offers_the_next_step() -> None:
    view = draw(news.Filled(order=DONE, fill=FILL, position=-25, position_average=Decimal("1471.40")))
    assert "Position −25, avg 1,471.40" in view.plain
    assert labels(view) == ["Exit", "Same again", "Reverse"]
    assert "Position closed" in draw(news.Filled(order=DONE, fill=FILL, position=0)).plain


def test_a_delivery_sale_leaves_nothing_to_exit() -> None:
    sale = replace(DONE, draft=replace(DONE.draft, side=Side.SELL, product=Product.CNC))
    assert labels(draw(news.Filled(order=sale, fill=FILL))) == ["Same again", "Reverse"]


def test_a_rejection_is_explained_and_its_own_words_are_escaped() -> None:
    order = replace(DONE, status=S.REJECTED, reason="RMS:1:<b>margin & more")
    assert "RMS:1:<b>margin & more" in draw(news.OrderRejected(order=order)).plain
    assert "&lt;b&gt;margin &amp; more" in draw(news.OrderRejected(order=order)).html
    assert "not enough funds" in draw(news.OrderRejected(order=order), explain=lambda _: "not enough funds").plain
    assert "mStock gave no reason." in draw(news.OrderRejected(order=replace(order, reason=""))).plain


def test_an_order_that_was_not_found_can_be_closed_from_its_news() -> None:
    view = draw(news.OrderNotSeen(order=DONE))
    taps = [decode(item.data) for line in view.keyboard for item in line]
    assert taps == [OrderTap("o1", OrderVerb.LOOK, "main"), OrderTap("o1", OrderVerb.NOT_THERE, "main")]


@pytest.mark.parametrize(
    ("late", "said"), [(0, None), (60, None), (61, "late 1 min"), (240, "late 4 min (from 13:58:11)"), (3 * 3600, "late 3 h")]
)
def test_late_news_says_that_it_is_late(late: int, said: str | None) -> None:
    text = draw(news.FeedLost(at=NOW), created_at=NOW - timedelta(seconds=late)).plain
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
