"""The rows of a basket: buys first, and each short option behind the orders that cover it."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.exits.exit_list import ExitRow, Slice
from bot.domain.money import ZERO
from bot.domain.orders.order import OrderDraft
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Side
from bot.domain.value import value
from bot.trading.orders.cover import covers


@value
class BasketOrder:
    """One order of a basket as it was drafted."""

    draft: OrderDraft
    closes: bool  # it only makes a position smaller
    seen: Decimal | None  # bid or ask when it was asked, rupees


def rows_of(orders: Sequence[BasketOrder], positions: Sequence[Position]) -> tuple[ExitRow, ...]:
    """A row for each, one order each: buys, then sales of what is no option, then sales of options, else as they were said.

    positions: what is held. A sale waits for what covers the short that it opens, or the short that it leaves.
    """
    ordered = sorted(orders, key=_rank)
    return tuple(
        ExitRow(
            number=number,
            draft=order.draft,
            slices=(Slice(leg=number, quantity=order.draft.quantity),),
            after=tuple(other for other, before in enumerate(ordered[:number]) if _goes_first(before.draft, order, positions)),
            seen=order.seen,
            enters=not order.closes,
        )
        for number, order in enumerate(ordered)
    )


def _rank(order: BasketOrder) -> int:
    if order.draft.side is Side.BUY:
        return 0
    return 2 if order.draft.instrument.is_option else 1


def _goes_first(before: OrderDraft, order: BasketOrder, positions: Sequence[Position]) -> bool:
    """Whether the fill of one order is read before the other is sent, so that no short stands bare in between."""
    other, draft = as_position(before), order.draft
    if not order.closes:
        return covers(other, as_position(draft))
    mine = as_position(draft, held=True)
    left = [short for short in positions if short.instrument.right is not None and short.quantity < 0 and covers(mine, short)]
    return any(before.instrument.key == short.instrument.key or covers(other, short) for short in left)


def as_position(draft: OrderDraft, *, held: bool = False) -> Position:
    """What an order would leave by itself, for arithmetic alone. held: what it closes."""
    quantity = draft.quantity * draft.side.sign * (-1 if held else 1)
    return Position(
        instrument=draft.instrument, product=draft.product, quantity=quantity, bought=0, sold=0, bought_value=ZERO,
        sold_value=ZERO, average=None,
    )  # fmt: skip


def with_orders(positions: Sequence[Position], drafts: Sequence[OrderDraft]) -> list[Position]:
    """What is held once these orders are filled, for arithmetic alone."""
    after = list(positions)
    for draft in drafts:
        place = (draft.instrument.key, draft.product)
        mine = next((at for at, each in enumerate(after) if (each.instrument.key, each.product) == place), None)
        if mine is None:
            after.append(as_position(draft))
        else:
            quantity = after[mine].quantity + draft.quantity * draft.side.sign
            held = after[mine]
            after[mine] = Position(
                instrument=held.instrument, product=held.product, quantity=quantity, bought=held.bought, sold=held.sold,
                bought_value=held.bought_value, sold_value=held.sold_value, average=held.average,
            )  # fmt: skip
    return after
