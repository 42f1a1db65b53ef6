"""What goes into the tables as JSON comes out again to the last digit, and what could not is refused."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import StorageError
from bot.domain.news.connections import SessionLost
from bot.domain.news.days.days import DaySummary
from bot.domain.news.families import KINDS
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled, OrderRejected
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import OrderDraft
from bot.domain.people.secret import Secret
from bot.domain.positions.portfolio import DayReport
from handlers.views.orders.order_news import Scene
from handlers.views.plans.exits import told as exits_told
from storage.db.json_shapes import Shape, pack, unpack
from tests.stage.depth import examples
from tests.storage.samples import DRAFT, NOW, a_fill, an_order
from tests.storage.strategies import drafts, of


def test_rows_of_earlier_versions_find_their_class_by_the_name_they_were_stored_under() -> None:
    stored = {
        *("Filled", "OrderRejected", "OrderEnded", "OrderUnclear", "OrderFound", "OrderNotSeen", "OrderElsewhere"),
        *("OrderByOther", "ActByOther", "DayLocked", "PersonJoined", "PersonRemoved", "Tried", "TradingStopped"),
        *("TradingResumed", "SessionLost", "FeedLost", "FeedBack", "AddressNotRegistered", "DaySummary"),
    }
    assert stored <= set(KINDS)
    assert {kind.__name__: kind for kind in KINDS.values()} == KINDS


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_notice_comes_back_as_it_went_in(kind: Any) -> None:
    @settings(max_examples=examples(25), deadline=None)
    @given(of(kind))
    def holds(notice: Notice) -> None:
        name, body = pack(notice)
        back = unpack(name, body)
        assert back == notice
        assert repr(back) == repr(notice)  # 1.10 equals 1.1, but is written otherwise

    holds()


@pytest.mark.exhaustive
@settings(max_examples=examples(60), deadline=None)
@given(of(DayReport))
def test_a_report_comes_back_as_it_went_in(report: DayReport) -> None:
    shape = Shape(DayReport)
    assert repr(shape.read(shape.write(report))) == repr(report)


@settings(max_examples=examples(60), deadline=None)
@given(drafts())
def test_a_draft_keeps_its_digest(draft: OrderDraft) -> None:
    shape = Shape(OrderDraft)
    back = shape.read(shape.write(draft))
    assert repr(back) == repr(draft)
    assert back.digest() == draft.digest()


@given(st.sampled_from([1.5, float("nan"), Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 1)]))  # noqa: DTZ001
def test_what_is_not_exact_is_refused_however_deep_it_lies(wrong: Any) -> None:
    field = "sent_at" if isinstance(wrong, datetime) else "average"
    for notice in (OrderRejected(order=an_order(**{field: wrong})), Filled(order=an_order(**{field: wrong}), fill=a_fill())):
        with pytest.raises(StorageError, match=r"not an exact amount|without a zone"):
            pack(notice)


def test_a_secret_cannot_be_stored_as_json() -> None:
    with pytest.raises(StorageError) as caught:
        pack(SessionLost(at=NOW, why=Secret("CANARY")))  # type: ignore[arg-type]  # what a slip would look like
    assert "CANARY" not in str(caught.value)


def test_a_lone_surrogate_is_refused_by_name() -> None:
    with pytest.raises(StorageError, match="OrderRejected could not be stored"):
        pack(OrderRejected(order=an_order(reason="\ud800")))


def test_a_stored_notice_of_an_unknown_kind_or_another_shape_is_refused() -> None:
    with pytest.raises(StorageError, match="does not know: Comet"):
        unpack("Comet", "{}")
    with pytest.raises(StorageError, match="could not be read"):
        unpack("OrderRejected", '{"order": 5}')
    with pytest.raises(StorageError, match="could not be read"):
        unpack("OrderRejected", pack(OrderRejected(order=an_order()))[1].replace('"lot":1', '"lot":0'))


def test_a_field_added_later_with_a_default_does_not_shut_out_what_was_stored_before() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Before:
        at: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Later:
        at: datetime
        why: str = "not said"

    assert Shape(Later).read(Shape(Before).write(Before(at=NOW))) == Later(at=NOW)


@pytest.mark.parametrize(
    ("told", "first"),
    [(Told.FLAT, "Flat at 14:00:05. 2 rows closed in 2 orders."), (Told.NOT_FLAT, "Not proven flat. 2 of 2 closed.")],
)
def test_a_panics_news_of_the_first_version_which_stored_no_kind_still_says_that_new_orders_stay_blocked(
    told: Told, first: str
) -> None:
    stored = f'{{"plan_id":"P1","told":"{told}","at":"2026-11-20T08:30:05Z","rows":[],"orders":2,"of":2}}'
    notice = unpack("ExitsTold", stored)
    assert isinstance(notice, ExitsTold)
    scene = Scene(label="main", mark="", mode="PAPER", now=NOW, explain=str)
    words = exits_told(notice, scene).plain
    assert words.startswith(first)
    assert "New orders stay blocked: /resume." in words


def test_a_value_of_another_class_is_refused() -> None:
    with pytest.raises(StorageError, match="no DayReport"):
        Shape(DayReport).write(DRAFT)  # type: ignore[arg-type]  # what a slip would look like
    assert DaySummary in KINDS.values()
