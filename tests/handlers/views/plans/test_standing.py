"""The list of standing stops: until when each is kept, to the year where it is another one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.domain.plans.standing_stop import StandingShown, StandingStop
from bot.domain.terms import Product, Side
from handlers.views.format import WIDTH, columns
from handlers.views.message import Table
from handlers.views.plans import standing as views
from tests.handlers.samples import MAIN, NOW
from tests.stage.values.orders import RELIANCE

KEPT = StandingStop(
    id=1, account_id=MAIN.id, by=1, instrument=RELIANCE, product=Product.CNC, side=Side.SELL, quantity=10,
    trigger=Decimal("1455.30"), limit=Decimal("1440.70"), until=date(2026, 12, 31), made_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize(("until", "said"), [(date(2026, 12, 31), "to 31 Dec"), (date(2027, 11, 19), "to 19 Nov 2027")])
def test_the_end_of_another_year_does_not_read_as_one_of_this(until: date, said: str) -> None:
    view = views.listed(StandingShown(account=MAIN, stops=(replace(KEPT, until=until),), as_of=NOW), "PAPER")
    (block,) = (part for part in view.parts if isinstance(part, Table))
    assert all(columns(line) <= WIDTH for line in block.rows)
    assert any(line.rstrip().endswith(said) for line in block.rows)
