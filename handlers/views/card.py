"""The living card: one message that shows an order from the tap to its end, and what its buttons open."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import title
from bot.domain.money import tick_down, tick_up
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.orders.position_after import PositionAfter
from bot.domain.terms import Product, Side
from handlers.views.format import amount, average, clock_time, count, price
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Keyboard, Line, Part, View, bold, code, keyboard, message, say
from handlers.views.taps import OrderTap, OrderVerb

Explain = Callable[[str], str]

LOOK_OUT = timedelta(seconds=180)  # before this nobody may say that an order does not exist


def what(draft: OrderDraft, now: datetime | None = None, *, monthly: bool | None = None) -> str:
    """BUY 10 RELIANCE, with the contract in full; monthly: its expiry is the last of the month, None: not known."""
    today = ist_date(now) if now is not None else None
    return f"{draft.side} {count(draft.quantity)} {title(draft.instrument, monthly=monthly, today=today)}"


def verb(draft: OrderDraft) -> str:
    return "buys up to" if draft.side is Side.BUY else "sells down to"


def card(order: Order, *, label: str, mode: str, now: datetime, explain: Explain) -> View:
    """The order as it stands; the same message from the tap to the end."""
    return View(
        (*standing(order, now, explain), *_story(order, now, explain), place(label, mode)), order_keyboard(order, label, now)
    )


def standing(order: Order, now: datetime, explain: Explain) -> tuple[Line, ...]:
    """Which order it is, a contract's day, and how it stands: lines of their own, for a narrow phone breaks one in odd places."""
    draft = order.draft
    sign = _SIGNS.get(order.status, "")
    size = f"{count(order.filled)}/{count(draft.quantity)}" if _is_partly(order) else count(draft.quantity)
    name, *day = title(draft.instrument, today=ist_date(now)).split(" · ")
    if not draft.instrument.is_derivative:
        name, day = " · ".join((name, *day)), []
    return say(bold(f"{sign}#{order.number} {draft.side} {size} {name}")), *map(say, day), say(state(order, explain))


def place(label: str, mode: str) -> Line:
    """Which account, and whether it is money: the last line of a message that touches it."""
    return say(" · ".join(part for part in (label, mode) if part))


_SIGNS = {
    OrderStatus.SUBMITTING: "⏳ ",
    OrderStatus.UNKNOWN: "❔ ",
    OrderStatus.NOT_SEEN: "❔ ",
    OrderStatus.REFUSED: "✖️ ",
    OrderStatus.REJECTED: "✖️ ",
    OrderStatus.FILLED: "✅ ",
}


def _is_partly(order: Order) -> bool:
    return 0 < order.filled < order.draft.quantity


def state(order: Order, explain: Explain) -> str:
    """How an order stands, in half a line."""
    at_average = (
        f", avg {average(order.average, order.draft.instrument.tick)}" if order.average is not None and order.filled else ""
    )
    some = f"{count(order.filled)} filled{at_average}" if order.filled else ""
    match order.status:
        case OrderStatus.SUBMITTING:
            return "sending…"
        case OrderStatus.UNKNOWN:
            return "outcome unknown"
        case OrderStatus.NOT_SEEN:
            return "closed by you: not in the mStock app"
        case OrderStatus.REJECTED if order.never_left:
            return f"not sent: {order.reason}"
        case OrderStatus.REFUSED | OrderStatus.REJECTED:
            return ", ".join(filter(None, ("rejected by mStock", some))) + (f": {explain(order.reason)}" if order.reason else "")
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING:
            return f"{at(order)}{_since(order)}"
        case OrderStatus.PARTIAL:
            return f"partly filled{at_average}"
        case OrderStatus.FILLED:
            return f"filled{at_average}{_took(order)}"
        case OrderStatus.CANCELLED:
            return f"cancelled, {some or 'nothing filled'}"
        case OrderStatus.EXPIRED:
            return f"expired, {some or 'nothing filled'}"


def at(order: Order) -> str:
    draft = order.draft
    if draft.trigger is not None:
        limit = f", then {verb(draft)} {price(draft.price)}" if draft.price is not None else ", then at market"
        return f"waiting for {price(draft.trigger)}{limit}"
    if draft.price is None:
        return "open at market"
    bound = "max " if draft.side is Side.BUY else "min "
    return f"open at {bound if draft.protected else ''}{price(draft.price)}"


def _since(order: Order) -> str:
    return f" since {clock_time(order.sent_at)}" if order.sent_at is not None else ""


def _took(order: Order) -> str:
    if order.sent_at is None:
        return ""
    seconds = (order.updated_at - order.sent_at).total_seconds()
    return f" in {seconds:.1f} s" if 0 <= seconds < 60 else ""


def _story(order: Order, now: datetime, explain: Explain) -> tuple[Part, ...]:
    """The lines below, where a state needs more words."""
    match order.status:
        case OrderStatus.UNKNOWN:
            return (say(_unclear(order, now, explain)),)
        case OrderStatus.REFUSED:
            return (
                say("An answer is no proof: I keep looking in the order book for three minutes, in case it exists after all."),
            )
        case OrderStatus.NOT_SEEN:
            return (say("Should it turn up in the order book after all, I ring."),)
        case OrderStatus.PARTIAL:
            return (say(f"{count(order.pending)} {at(order)}{_since(order)}{_cancelling(order)}"),)
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING if order.cancelled_by is not None:
            return (say("Cancel sent; the book has not said so yet."),)
        case OrderStatus.FILLED if (better := _better(order)) is not None:
            return (say(better),)
    return ()


def _cancelling(order: Order) -> str:
    return " · cancel sent" if order.cancelled_by is not None else ""


def _unclear(order: Order, now: datetime, explain: Explain) -> str:
    if of_earlier_day(order, now):
        return f"I sent this order on {order.day:%d %b} and got no clear answer. I will not send it again. {elsewhere(order)}"
    at = f" at {clock_time(order.sent_at)}" if order.sent_at is not None else ""
    looked = ""
    if order.looks and order.looked_at is not None:
        looked = f" ({order.looks} look{'s' if order.looks > 1 else ''}, last {clock_time(order.looked_at)})"
    return (
        f"I sent this order{at} and got no clear answer{heard_all_the_same(order, explain)}. I will not send it again. "
        f"I am looking for it in the order book{looked}."
    )


def heard_all_the_same(order: Order, explain: Explain) -> str:
    """What mStock said although its answer was not clear, in brackets behind that sentence."""
    return f" ({in_whose_words(explain(order.reason))})" if order.reason else ""


def in_whose_words(explained: str) -> str:
    """Says of the broker's own words, which stand in quotes, that they are its own."""
    return f"mStock's words: {explained}" if explained.startswith("“") else explained


def _better(order: Order) -> str | None:
    """What the fill saved against the worst price on the card, a share."""
    if not order.draft.protected or order.draft.price is None or order.average is None:
        return None
    gain = (order.draft.price - order.average) * order.draft.side.sign
    return f"{amount(gain)} better than the card" if gain > 0 else None


def order_keyboard(order: Order, label: str, now: datetime) -> Keyboard:
    """What can be done about an order as it stands."""

    def tap(text: str, verb: OrderVerb) -> Button:
        return button(text, OrderTap(order.id, verb, label))

    match order.status:
        case OrderStatus.UNKNOWN:
            late = [tap("It is not in the mStock app", OrderVerb.NOT_THERE)] if may_give_up(order) else []
            return keyboard([tap("Look now", OrderVerb.LOOK)], late)
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING | OrderStatus.PARTIAL if order.cancelled_by is None:
            rest = "Cancel rest" if order.status is OrderStatus.PARTIAL else "Cancel"
            return keyboard([tap("Modify", OrderVerb.MODIFY), tap(rest, OrderVerb.CANCEL)])
        case OrderStatus.FILLED:
            exit_ = [tap("Exit", OrderVerb.EXIT)] if may_exit(order) else []
            return keyboard([tap("Same again", OrderVerb.SAME), *exit_])
        case OrderStatus.REJECTED:
            return keyboard([tap("Ask again", OrderVerb.SAME), words("Funds", "/funds", account=label)])
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return keyboard([tap("Same again", OrderVerb.SAME)])
    return ()


def of_earlier_day(order: Order, now: datetime) -> bool:
    """Whether its day is over, so that today's order book cannot show it."""
    return order.day < ist_date(now)


def elsewhere(order: Order) -> str:
    """What is known of an order whose day is over."""
    why = order.reason if order.looks and order.reason else "The trade history was not read yet."
    return f"Today's order book is another day's and cannot show it. {why}"


def may_give_up(order: Order) -> bool:
    """Offered only when a sync after the time of looking has not found it."""
    if order.sent_at is None or order.looked_at is None:
        return False
    return order.looked_at - order.sent_at >= LOOK_OUT


_KEPT = frozenset({Product.CNC, Product.MTF})  # what is delivered is not turned around


def may_exit(order: Order) -> bool:
    """A delivery sale leaves nothing to get out of."""
    return not (order.draft.product is Product.CNC and order.draft.side is Side.SELL)


def fill_keyboard(order: Order, label: str, after: PositionAfter | None = None) -> Keyboard:
    """The buttons under the news of a fill: no way out of nothing, and no order again that would open a short."""

    def tap(text: str, verb: OrderVerb) -> Button:
        return button(text, OrderTap(order.id, verb, label))

    flat = after is not None and after.quantity == 0
    closed = after is not None and after.closes
    exit_ = [tap("Exit", OrderVerb.EXIT)] if may_exit(order) and not flat else []
    again = [] if closed else [tap("Same again", OrderVerb.SAME)]
    holds = after is not None and bool(after.quantity) and not closed
    stop = [tap("Set stop", OrderVerb.STOP)] if may_exit(order) and holds else []
    reverse = [] if flat or order.draft.product in _KEPT else [tap("Reverse", OrderVerb.REVERSE)]
    return keyboard([*stop, *exit_, *again], reverse)


def not_there(order: Order, label: str, mode: str, now: datetime) -> View:
    """The second tap that closes an unknown order."""
    earlier = of_earlier_day(order, now)
    return message(
        say(bold(f"#{order.number} {what(order.draft, now)}")),
        *([elsewhere(order)] if earlier else []),
        f"You looked in the mStock app, under {'Trade history' if earlier else 'Orders'}, and it is not there? "
        "Then I stop waiting for it. I still ring if it turns up.",
        place(label, mode),
    ).with_keyboard(
        [button("Yes, allow a new order", OrderTap(order.id, OrderVerb.GIVE_UP, label))],
        [button("No, look again", OrderTap(order.id, OrderVerb.LOOK, label))],
    )


def modify_prices(order: Order, label: str, mode: str, now: datetime) -> View:
    """Prices near the present one as buttons, and the words for any other."""
    draft, tick = order.draft, order.draft.instrument.tick
    near: list[Button] = []
    if draft.price is not None and draft.trigger is None:
        for part in (Decimal("-0.005"), Decimal("-0.001"), Decimal("0.001"), Decimal("0.005")):
            new = draft.price * (1 + part)
            new = min(tick_down(new, tick), draft.price - tick) if part < 0 else max(tick_up(new, tick), draft.price + tick)
            if new > 0:
                near.append(words(price(new), f"/modify {order.number} {new:f}", account=label))
    return message(
        say(bold(f"#{order.number} {what(draft, now)}")),
        at(order),
        say("Tap a price, or reply with one. A reply of ", code(f"q {draft.quantity}"), " sets the quantity."),
        place(label, mode),
    ).with_keyboard(near[:2], near[2:], [button("Cancel order", OrderTap(order.id, OrderVerb.CANCEL, label))])


def cancel_sent(orders: tuple[Order, ...], label: str, mode: str, now: datetime) -> View:
    """A cancel is asked for, not done: the book decides."""
    if not orders:
        return message(say(bold("No open orders."), " Nothing to cancel."), place(label, mode))
    all_cancelled = all(order.status is OrderStatus.CANCELLED for order in orders)
    number = f"{len(orders)} order{'s' if len(orders) > 1 else ''}."
    first = say(bold(f"Cancelled {number}" if all_cancelled else f"Cancel sent for {number}"))
    lines = [f"#{order.number} {what(order.draft, now)}: {state(order, str)}" for order in orders[:20]]
    if len(orders) > 20:
        lines.append(f"and {len(orders) - 20} more")
    settled = all(order.status.is_final for order in orders)
    decides = [] if settled else ["The order book decides; each card says when it is done."]
    return message(first, *lines, *decides, place(label, mode))
