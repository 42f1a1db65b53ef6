"""An order that ended rings as what it was: one that guarded something always, whatever the quiet hours say."""

from decimal import Decimal

import pytest

from bot.domain.news.notice import Sound
from bot.domain.news.orders.orders import OrderEnded, OrderRejected
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import OrderKind, Side
from tests.stage.values.orders import a_draft, an_order

STOP = a_draft(side=Side.SELL, kind=OrderKind.SL, price=Decimal("1440.00"), trigger=Decimal("1450.00"))


@pytest.mark.parametrize(
    ("stops", "closes", "sound"),
    [
        (True, True, Sound.ALWAYS),
        (True, None, Sound.ALWAYS),  # of mStock's app: it may guard something
        (True, False, Sound.RING),  # an entry that waits for its trigger guards nothing
        (False, True, Sound.RING),
    ],
)
def test_the_end_of_what_guards_always_rings(*, stops: bool, closes: bool | None, sound: Sound) -> None:
    order = an_order(status=OrderStatus.REJECTED, draft=STOP if stops else a_draft(side=Side.SELL), closes=closes)
    assert OrderRejected(order=order).loudness is sound
    assert OrderEnded(order=order).loudness is sound
