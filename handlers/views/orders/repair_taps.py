"""The taps under a rejected order: the same order with the change that repairs it."""

from typing import Self

from bot.domain.orders.order import Order
from bot.domain.people.account import Permission
from bot.domain.proposals.proposal import Change
from bot.domain.proposals.repairs import Repaired
from bot.domain.value import positional
from handlers.views.keyboards import button, words
from handlers.views.message import Button
from handlers.views.taps.tap import OfAccount, label_behind, parts_of, travels_as
from handlers.views.taps.taps import ChangeTap


@travels_as("r")
@positional
class RepairTap(OfAccount):
    """Ask for a rejected order again, with one change."""

    order_id: str
    change: Change
    label: str = ""

    @property
    def permission(self) -> Permission:
        return Permission.REDUCE  # an exit may need one; the desk decides

    def encode(self) -> str:
        change = self.change
        same = ChangeTap(self.order_id, change.quantity, change.price, change.product, protected=change.protected)
        return f"r:{self.order_id}:{same.change_code()}{label_behind(self.label)}"

    @classmethod
    def decode(cls, kind: str, rest: str) -> Self | None:
        order_id, _, label = parts_of(rest)
        same = ChangeTap.decode(kind, rest)
        if same is None:
            return None
        change = Change(quantity=same.quantity, price=same.price, product=same.product, protected=same.protected)
        return cls(order_id, change, label)


def repair_buttons(order: Order, repairs: tuple[Repaired, ...], label: str) -> list[Button]:
    """A button for each, in their order."""
    return [
        button(each.label, RepairTap(order.id, each.change, label))
        if each.change is not None
        else words(each.label, each.command, account=label)
        for each in repairs
    ]
