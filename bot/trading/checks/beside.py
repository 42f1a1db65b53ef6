"""What an order means beside others: those that are closing the same position already, or its twin that was just sent."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from bot.domain.money import grouped, in_price
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.orders.order import WORKING, Order, OrderDraft, OrderStatus
from bot.domain.orders.order_text import plain, request_line, request_of
from bot.domain.ports.repositories import Repositories
from bot.trading.checks.checks import is_twin
from bot.trading.checks.situation import Check, Situation


def beside_exits(at: Situation) -> str | None:
    """Source: our own store, positions."""
    if at.reduces or not at.others:
        return None
    numbers = " and ".join(f"#{order.number}" for order in at.others)
    return f"{numbers} may be closing that position already: this would open the other side once it is closed"


def held_row(at: Situation) -> str | None:
    """What a row of a list meets: the orders that may be closing it already, beside which no more goes than they leave.

    Source: our own store, positions.
    """
    if not at.others:
        return None
    numbers = " and ".join(
        f"#{order.number}{'' if order.draft.price is None else f' at {in_price(order.draft.price)}'}" for order in at.others
    )
    left = at.closable // at.draft.instrument.lot * at.draft.instrument.lot
    return f"{numbers} may be closing it already, {f'only {grouped(str(left))} go' if left else 'nothing is sent'} beside that"


def held_by(at: Situation) -> tuple[str, list[tuple[str, str]]]:
    """Why an exit is none now, and what can be done about it, as (label, command). Source: our own store, positions."""
    if not at.others:
        return "Nothing of it is open any more, or less than that. Nothing was sent.", []
    numbers = " and ".join(f"#{order.number}" for order in at.others)
    doubtful = [order for order in at.others if not order.status.is_working]
    near = [(f"Look at #{order.number}", f"/order {order.number}") for order in doubtful]
    near += [turned for order in at.others if (turned := _turned(order, at)) is not None]
    near += [(f"Change #{order.number}", f"/modify {order.number}") for order in at.others if order.status.is_working]
    near += [(f"Cancel #{order.number}", f"/cancel_order {order.number}") for order in at.others if order.status.is_working]
    left = at.closable // at.draft.instrument.lot * at.draft.instrument.lot
    if left:
        what = "Exit" if at.draft.trigger is None else "Stop for"
        near.insert(0, (f"{what} {grouped(str(left))}", request_line(replace(request_of(at.draft), quantity=left))))
    doubt = " Its outcome is unknown." if doubtful else ""
    return f"{numbers} may be closing it already.{doubt} Nothing was sent.", near


def _turned(order: Order, at: Situation) -> tuple[str, str] | None:
    """The exit of ours that rests, at the price of now: it closes no more than was asked for, and no second order goes."""
    rests = order.is_ours and order.status.is_working and order.draft.trigger is None
    if not rests or at.draft.trigger is not None or at.draft.price is None or order.pending > at.draft.quantity:
        return None
    return f"Exit at {in_price(at.draft.price)}: changes #{order.number}", f"/modify {order.number} {plain(at.draft.price)}"


BESIDE: tuple[Check, ...] = (beside_exits,)


def sent_meanwhile(db: Repositories, question: Confirmation, entries: Collection[OrderDraft], today: date) -> str | None:
    """Why a card with these entries is asked anew: the twin of one went out after the card, which cannot tell of it.

    One whose outcome is in doubt is refused by its check. One that ended without a fill is none. A card that is answered by
    now is not asked anew: what was sent is its own.
    """
    since = question.created_at
    if db.orders.sent_since(question.account_id, since) == (0,):
        return None
    if (asked := db.confirmations.find(question.token)) is None or asked.state is not ConfirmationState.OPEN:
        return None
    days = {draft.session or today for draft in entries}  # an after-market order is of the day that it waits for
    for order in (each for day in days for each in db.orders.lately(question.account_id, day, since)):
        sent = order.status in WORKING or order.status is OrderStatus.SUBMITTING or order.filled
        if sent and order.is_ours and order.created_at > since and any(is_twin(order.draft, each) for each in entries):
            return f"#{order.number} on the same terms was sent after this card."
    return None
