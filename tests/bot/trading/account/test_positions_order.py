"""Positions are read from the top: what is open and loses most stands first, what is closed last."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from tests.stage.desk import set_stage
from tests.stage.values.market import a_share
from tests.stage.values.orders import RELIANCE


def row(symbol: str, quantity: int, average: str, product: Product = Product.MIS) -> Position:
    share = RELIANCE if symbol == "RELIANCE" else replace(a_share(symbol), token=symbol)
    return Position(
        instrument=share, product=product, quantity=quantity, bought=max(quantity, 10), sold=max(-quantity, 10 - quantity),
        bought_value=Decimal(average) * max(quantity, 10), sold_value=Decimal(average) * (max(quantity, 10) - quantity),
        average=Decimal(average) if quantity else None,
    )  # fmt: skip


async def test_open_rows_come_first_with_the_biggest_loss_on_top(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [
        row("CLOSED", 0, "100"),
        row("GAIN", 10, "1400"),
        row("SOLD", -10, "1400", Product.CNC),
        row("LOSS", 10, "1600"),
        row("RELIANCE", 10, "1490"),
    ]
    positions = await stage.core.services.account_views.positions(stage.actor)
    names = [line.position.instrument.symbol for line in positions.lines]
    assert names[:3] == ["LOSS", "RELIANCE", "GAIN"]
    assert set(names[3:]) == {"CLOSED", "SOLD"}
