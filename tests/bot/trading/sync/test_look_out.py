"""When the books are read again: by the most urgent order, and soon where the last look failed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.clock import ist_date
from bot.domain.news.orders.orders import OrderEnded
from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from bot.trading.sync.look_out import LookOut
from tests.stage.values.orders import an_order


@pytest.mark.parametrize(("failed", "again"), [(False, 60.0), (True, 10.0)])
async def test_with_no_order_at_work_a_look_that_failed_is_soon_repeated(clock: LoopClock, failed: bool, again: float) -> None:
    look_out = LookOut(clock, lambda: 0.0)
    assert look_out.next_sync([], 100.0, failed=failed) == 100.0 + again


async def test_a_young_order_is_looked_for_every_two_seconds_whether_the_last_look_failed_or_not(clock: LoopClock) -> None:
    look_out = LookOut(clock, lambda: 100.0)
    order = an_order(status=OrderStatus.OPEN)
    look_out.begin(order.id)
    assert [look_out.next_sync([order], 101.0, failed=failed) for failed in (False, True)] == [103.0, 103.0]


async def test_an_evening_order_that_its_own_mornings_book_does_not_show_is_held_and_is_over_the_day_after(
    clock: LoopClock,
) -> None:
    look_out, now = LookOut(clock, lambda: 100.0), clock.now()
    order = replace(an_order(status=OrderStatus.OPEN), sent_at=now - timedelta(hours=16))
    evening = replace(order, draft=replace(order.draft, session=ist_date(now)))
    assert look_out.absent(evening, set(), 100.0, now, "") == (evening, None)
    assert look_out.absent(order, set(), 100.0, now, "")[0].status is OrderStatus.EXPIRED, "a day order of yesterday"
    over, news = look_out.absent(evening, set(), 100.0, now + timedelta(days=1), "")
    assert (over.status, isinstance(news, OrderEnded)) == (OrderStatus.EXPIRED, True)
