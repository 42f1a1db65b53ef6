"""A question on the card, ready to be tapped, and what may be held when it is asked."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.orders.order import OrderRequest
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.terms import Product, Side
from tests.stage.desk import DeskStage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
LIMIT = replace(BUY, price=Decimal("1475.00"))


async def ask(stage: DeskStage, request: OrderRequest = LIMIT) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON))


def a_position(quantity: int, product: Product = Product.MIS) -> Position:
    return Position(
        instrument=RELIANCE, product=product, quantity=quantity, bought=quantity, sold=0,
        bought_value=Decimal("1480.30") * quantity, sold_value=Decimal(0), average=Decimal("1480.30"),
    )  # fmt: skip


def a_holding(quantity: int) -> Holding:
    return Holding(
        instrument=RELIANCE, isin="INE002A01018", quantity=quantity, t1=0, authorised=quantity, collateral=0,
        average=Decimal("1400.00"), last=Decimal("1480.30"), previous_close=Decimal("1475.00"),
    )  # fmt: skip
