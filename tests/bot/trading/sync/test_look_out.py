"""When the books are read again: by the most urgent order, and soon where the last look failed."""

import pytest

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
