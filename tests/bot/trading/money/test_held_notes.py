"""Each evening notes what is held, with the prices and contracts of that day.

What cannot be read is tried again that day.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist
from bot.domain.errors import NotSent
from bot.domain.positions.held import HeldNote, HeldRow
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.samples import SHORT_CALL, a_holding, a_position
from tests.stage.mornings import Failing, Morning, a_morning
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT

DAY = date(2026, 11, 20)


async def an_evening(loop: VirtualLoop, hour: int = 16, minute: int = 10) -> Morning:
    evening = await a_morning(LoopClock(loop, at_ist(DAY, hour, minute)))
    evening.broker.held = [SHORT_CALL, a_position(quantity=0), a_position(quantity=-5)]
    evening.broker.demat = [a_holding(previous_close=Decimal("1470.00"))]
    evening.broker.prices = {NIFTY_CALL.key: Decimal("98.40"), RELIANCE.key: Decimal("1502.10")}
    return evening


async def noted(evening: Morning) -> HeldNote | None:
    return await evening.stage.store.transaction(lambda db: db.held.find(ACCOUNT.id, DAY))


async def test_positions_and_shares_are_noted_with_their_last_prices(loop: VirtualLoop) -> None:
    evening = await an_evening(loop)
    await evening.until(at_ist(DAY, 16, 20))
    note = await noted(evening)
    assert note is not None
    assert note.rows == (
        HeldRow(instrument=NIFTY_CALL, product=Product.NRML, quantity=-65, close=Decimal("98.40"), previous_close=None),
        HeldRow(
            instrument=RELIANCE, product=Product.CNC, quantity=40, close=Decimal("1502.10"), previous_close=Decimal("1470.00")
        ),
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("read", ["positions", "holdings"])
async def test_a_broker_that_is_away_at_the_close_is_asked_again_that_evening(loop: VirtualLoop, read: str) -> None:
    evening = await an_evening(loop)
    evening.broker.failing[read] = Failing(NotSent("away"))
    await evening.until(at_ist(DAY, 18))
    assert await noted(evening) is None
    evening.broker.failing.clear()
    await evening.until(at_ist(DAY, 18, 30))
    assert await noted(evening) is not None


async def test_after_midnight_the_books_are_another_days_and_nothing_is_noted(loop: VirtualLoop) -> None:
    evening = await an_evening(loop, 23, 0)
    evening.broker.failing["positions"] = Failing(NotSent("away"))
    await evening.until(at_ist(DAY, 23, 30))
    evening.broker.failing.clear()
    loop.shift(3600)
    await evening.until(at_ist(date(2026, 11, 21), 2))
    assert await noted(evening) is None


async def test_shares_that_the_master_does_not_list_are_noted_as_such(loop: VirtualLoop) -> None:
    evening = await an_evening(loop)
    evening.broker.demat = [a_holding(instrument=replace(RELIANCE, token="999999"))]
    await evening.until(at_ist(DAY, 16, 20))
    note = await noted(evening)
    assert note is not None
    assert [(row.instrument.token, row.listed) for row in note.rows] == [(NIFTY_CALL.token, True), ("999999", False)]
