"""A rejected order asked for again, with the change that repairs it and all that was attached to it."""

from dataclasses import replace

from bot.domain.errors import CheckFailed
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.orders.order_text import request_of
from bot.domain.orders.rejections import Rejections
from bot.domain.people.account import Actor
from bot.domain.plans.plan import Attached, Plan
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Change, Proposal
from bot.domain.proposals.repairs import Repaired, repairs
from bot.domain.value import value
from bot.trading.drafts.drafting import sized
from bot.trading.orders.lookup import own_order
from bot.trading.proposals.proposals import Proposals


@value
class Repairing:
    """Each repair is a new question with a Confirm of its own. The rejected order stays what it is."""

    store: Store
    proposals: Proposals
    rejections: Rejections

    def of(self, order: Order) -> tuple[Repaired, ...]:
        """What can be done about an order that is rejected, in the broker's words. Empty for any other."""
        return repairs(order, self.rejections.explain(order.reason)) if order.status is OrderStatus.REJECTED else ()

    async def ask(self, actor: Actor, order_id: str, change: Change, *, chat_id: int) -> Proposal:
        """The question. CheckFailed for an order that is not rejected (any more)."""

        def read(db: Repositories) -> tuple[Order, Plan | None]:
            order = own_order(db, actor, order_id)
            return order, db.plans.of_order(order.id)

        order, plan = await self.store.transaction(read)
        if order.status is not OrderStatus.REJECTED:
            state = order.status.lower().replace("_", " ")
            raise CheckFailed([f"#{order.number} is {state}, not rejected: there is nothing to repair. Nothing was sent."])
        attached = Attached.of(plan) if plan is not None and order.closes is not True else None
        return await self.proposals.propose(actor, repaired(order, change), chat_id=chat_id, attached=attached)


def repaired(order: Order, change: Change) -> OrderRequest:
    """The order's own terms with the change. A market order that was refused is asked for with a worst price."""
    request = replace(request_of(order.draft), market=False)
    if change.quantity is not None:
        request = sized(request, change.quantity)
    if change.price is not None:
        stops = request.trigger is not None
        request = replace(request, trigger_limit=change.price) if stops else replace(request, price=change.price)
    if change.protected:
        request = replace(request, price=None)
    return replace(request, product=change.product) if change.product is not None else request
