"""One final summary for an account and a date, and it stays as it was told."""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings

from bot.domain.positions.portfolio import DayReport
from storage.store import SqlStore
from tests.stage.depth import examples
from tests.storage.samples import ACCOUNT, DAY, NOW, a_vault, at_once, seed
from tests.storage.strategies import of

REPORT = DayReport(
    account_id=ACCOUNT.id, date=DAY.isoformat(), booked=Decimal("1234.50"), open=Decimal("-0.10"), charges=None, orders=3,
    filled_orders=2, rejected_orders=1, trades=4, carried=(), cash=Decimal("100000.00"), made_at=NOW,
)  # fmt: skip


async def test_the_second_report_of_a_date_is_not_taken(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.reports.find(ACCOUNT.id, DAY)) is None
    assert await store.transaction(lambda db: db.reports.add(REPORT))
    assert not await store.transaction(lambda db: db.reports.add(replace(REPORT, orders=9)))
    assert await store.transaction(lambda db: db.reports.find(ACCOUNT.id, DAY)) == REPORT
    assert await store.transaction(lambda db: db.reports.find(ACCOUNT.id, DAY + timedelta(days=1))) is None
    assert await store.transaction(lambda db: db.reports.add(replace(REPORT, date="2026-11-23")))


shared = SqlStore.open(None, a_vault(), inline=True)
at_once(shared, seed)
days = itertools.count(1)


@pytest.mark.exhaustive
@settings(max_examples=examples(40), deadline=None)
@given(of(DayReport))
def test_any_report_comes_back_to_the_last_digit(report: DayReport) -> None:
    day = DAY + timedelta(days=next(days))
    report = replace(report, account_id=ACCOUNT.id, date=day.isoformat())
    assert at_once(shared, lambda db: db.reports.add(report))
    assert repr(at_once(shared, lambda db: db.reports.find(ACCOUNT.id, day))) == repr(report)
