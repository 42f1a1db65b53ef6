"""The living card: one message that shows an order from the tap to its end, and what its buttons open."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.exits.closing import may_be_doubled
from bot.domain.market.display_names import title
from bot.domain.money import tick_down, tick_up
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.orders.position_after import PositionAfter
from bot.domain.orders.standing import Cancelled
from bot.domain.plans.guarding import Guarding
from bot.domain.plans.standing_stop import OVER_DAYS
from bot.domain.proposals.repairs import Repaired
from bot.domain.terms import Product, Side
from handlers.views.format import MINUS, amount, average, clock_time, count, price
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Keyboard, Line, Part, View, bold, code, keyboard, message, say
from handlers.views.orders.guarding import held_keyboard, held_lines
from handlers.views.orders.repair_taps import repair_buttons
from handlers.views.taps.standing_taps import StandingTap, StandingVerb
from handlers.views.taps.taps import OrderTap, OrderVerb

Explain = Callable[[str], str]

LOOKING = " I keep looking, and tell what the book says."
MOST_NAMED = 20  # orders in one message
MOST_BUTTONS = 8
LOOK_OUT = timedelta(seconds=180)  # before this nobody may say that an order does not exist


def what(draft: OrderDraft, now: datetime | None = None, *, monthly: bool | None = None) -> str:
    """BUY 10 RELIANCE, with the contract in full. monthly: its expiry is the last of the month, None: not known."""
    today = ist_date(now) if now is not None else None
    return f"{draft.side} {count(draft.quantity)} {title(draft.instrument, monthly=monthly, today=today)}"


def verb(draft: OrderDraft) -> str:
    return "buys up to" if draft.side is Side.BUY else "sells down to"


def card(
    order: Order,
    *,
    label: str,
    mode: str,
    now: datetime,
    explain: Explain,
    touch: Decimal | None = None,
    repairs: tuple[Repaired, ...] = (),
    guarding: Guarding | None = None,
) -> View:
    """The order as it stands. It is the same message from the tap to the end.

    touch: the ask or bid at the tap, if it is known. repairs: what can be done about a rejection. guarding: of its fill.
    """
    held = held_lines(guarding, now) if guarding is not None else ()
    parts = (*standing(order, now, explain), *_story(order, now, explain, touch), *held, place(label, mode))
    rows = order_keyboard(order, label, repairs)
    return View(parts, rows if guarding is None else held_keyboard(order, guarding, label, rows))


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
            return f"not sent: {order.why_unsent}"
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
    if draft.trigger is not None and draft.session is None and order.status is OrderStatus.OPEN:
        rests = f"rests at {price(draft.price)}" if draft.price is not None else "open at market"
        return f"triggered at {price(draft.trigger)}, {rests}"
    if draft.trigger is not None:
        limit = f", then {verb(draft)} {price(draft.price)}" if draft.price is not None else ", then at market"
        return f"waiting for {price(draft.trigger)}{limit}"
    if draft.price is None:
        return "open at market"
    if draft.session is not None and order.status is OrderStatus.OPEN:
        return f"for {draft.session:%a} {draft.session.day} {draft.session:%b}, limit {price(draft.price)}"
    bound = "max " if draft.side is Side.BUY else "min "
    return f"open at {bound if draft.protected else ''}{price(draft.price)}"


def _since(order: Order) -> str:
    return f" since {clock_time(order.sent_at)}" if order.sent_at is not None else ""


def _took(order: Order) -> str:
    if order.sent_at is None:
        return ""
    seconds = (order.updated_at - order.sent_at).total_seconds()
    return f" in {seconds:.1f} s" if 0 <= seconds < 60 else ""


def _story(order: Order, now: datetime, explain: Explain, touch: Decimal | None) -> tuple[Part, ...]:
    """The lines below, where a state needs more words."""
    match order.status:
        case OrderStatus.UNKNOWN:
            return (say(_unclear(order, now, explain)),)
        case OrderStatus.REFUSED:
            return (
                say("An answer is no proof: I keep looking in the order book for three minutes, in case it exists after all."),
                say("Until then I send no second one like it."),
            )
        case OrderStatus.NOT_SEEN:
            return (say("Should it turn up in the order book after all, I ring."),)
        case OrderStatus.PARTIAL:
            return (say(f"{count(order.pending)} {at(order)}{_since(order)}{_cancelling(order)}"),)
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING if order.cancelled_by is not None:
            return (say("Cancel sent; the book has not said so yet."),)
        case OrderStatus.FILLED if (against := _against_seen(order, touch)) is not None:
            return (say(against),)
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
    return f" ({in_whose_words(explain(order.reason)).removesuffix('.')})" if order.reason else ""


def in_whose_words(explained: str) -> str:
    """Says of the broker's own words, which stand in quotes, that they are its own."""
    return f"mStock's words: {explained}" if explained.startswith("“") else explained


def _against_seen(order: Order, touch: Decimal | None) -> str | None:
    """The fill against the ask or bid at the tap, a share: what the worst price on the card left is no gain."""
    if not order.draft.protected or touch is None or order.average is None:
        return None
    name = "ask" if order.draft.side is Side.BUY else "bid"
    gain = (touch - order.average) * order.draft.side.sign
    return f"at the {name} seen" if not gain else f"{amount(abs(gain))} {'better' if gain > 0 else 'worse'} than the {name} seen"


def order_keyboard(order: Order, label: str, repairs: tuple[Repaired, ...] = ()) -> Keyboard:
    """What can be done about an order as it stands."""

    def tap(text: str, verb: OrderVerb) -> Button:
        return button(text, OrderTap(order.id, verb, label))

    match order.status:
        case OrderStatus.UNKNOWN:
            late = [tap("It is not in the mStock app", OrderVerb.NOT_THERE)] if may_give_up(order) else []
            another = [tap("Exit", OrderVerb.EXIT)] if order.closes and may_be_doubled(order) else []
            return keyboard([tap("Look now", OrderVerb.LOOK), *another], late)
        case OrderStatus.REFUSED:
            return keyboard([tap("Look now", OrderVerb.LOOK)])
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING | OrderStatus.PARTIAL if order.cancelled_by is None:
            rest = "Cancel rest" if order.status is OrderStatus.PARTIAL else "Cancel"
            keep = [button("Keep every day", StandingTap(order.id, StandingVerb.KEEP, label))] if _may_stand(order) else []
            return keyboard([tap("Modify", OrderVerb.MODIFY), tap(rest, OrderVerb.CANCEL)], keep)
        case OrderStatus.FILLED:
            exit_ = [tap("Exit", OrderVerb.EXIT)] if holds_fill(order) else []
            return keyboard([*([tap("Same again", OrderVerb.SAME)] if only_opens(order) else []), *exit_])
        case OrderStatus.REJECTED:
            return keyboard(repair_buttons(order, repairs, label))
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            exit_ = [tap("Exit", OrderVerb.EXIT)] if holds_fill(order) else []
            return keyboard([tap("Same again", OrderVerb.SAME), *exit_])
    return ()


def _may_stand(order: Order) -> bool:
    """Whether it is a stop that a position over days could have each morning."""
    return order.status is OrderStatus.TRIGGER_PENDING and order.closes is True and order.draft.product in OVER_DAYS


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


def may_exit(order: Order) -> bool:
    """Whether there may be something to get out of, where the position after it is not known: a delivery sale leaves nothing."""
    return not (order.draft.product is Product.CNC and order.draft.side is Side.SELL)


def holds_fill(order: Order) -> bool:
    """Whether what was filled may be open. Whether an order that closed left something is said under its fill."""
    return bool(order.filled) and may_exit(order) and not order.closes


def only_opens(order: Order) -> bool:
    """A delivery purchase closes no short, so that the same once more cannot open one either."""
    return order.draft.side is Side.BUY and order.draft.product in (Product.CNC, Product.MTF)


def fill_keyboard(order: Order, label: str, after: PositionAfter | None = None, *, stop_follows: bool = False) -> Keyboard:
    """The buttons under the news of a fill: no way out of nothing, no order again that would open a short, no second stop."""

    def tap(text: str, verb: OrderVerb) -> Button:
        return button(text, OrderTap(order.id, verb, label))

    flat = after is not None and after.quantity == 0
    closed = after is not None and after.closes
    is_known = after is not None and after.quantity is not None
    opened = not closed and (is_known or only_opens(order))
    left = after is not None and after.left_by(order) > 0
    exit_ = [tap("Exit", OrderVerb.EXIT)] if left or (may_exit(order) and not flat) else []
    held = after.quantity if after is not None else None
    adds = opened and held is not None and held * order.draft.side.sign > 0
    again = [tap("Add" if adds else "Same again", OrderVerb.SAME)] if opened else []
    holds = after is not None and bool(after.quantity) and not closed
    stop = [tap("Set stop", OrderVerb.STOP)] if may_exit(order) and holds and not stop_follows else []
    turns = holds and order.draft.product in (Product.MIS, Product.NRML)
    return keyboard([*stop, *exit_, *again], [tap("Reverse", OrderVerb.REVERSE)] if turns else [])


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
                name = f"{'+' if part > 0 else MINUS}{abs(part) * 100:.1f} %  {price(new)}"
                near.append(words(name, f"/modify {order.number} {new:f}", account=label))
    how = "Tap a price, or reply with one." if near else f"Reply with a new {'price' if draft.trigger is None else 'trigger'}."
    return message(
        say(bold(f"#{order.number} {what(draft, now)}")),
        at(order),
        say(how, " A reply of ", code(f"q {draft.quantity}"), " sets the quantity."),
        place(label, mode),
    ).with_keyboard(near[:2], near[2:], [button("Cancel order", OrderTap(order.id, OrderVerb.CANCEL, label))])


def cancel_sent(outcomes: tuple[Cancelled, ...], label: str, mode: str, now: datetime, *, stays: Sequence[Order] = ()) -> View:
    """What became of cancels. A yes is a wish until the book has ended the order. A no leaves it working.

    stays: working exits and stops that were not asked for.
    """
    if not outcomes and not stays:
        return message(say(bold("No open orders."), " Nothing to cancel."), place(label, mode))
    unclear = [outcome for outcome in outcomes if outcome.is_open_question and outcome.error is not None]
    refused = [outcome for outcome in outcomes if outcome.error is not None and outcome not in unclear]
    taken = [outcome for outcome in outcomes if outcome.error is None]
    lines: list[Part | str] = []
    if unclear:
        lines.append(say(bold(f"Not known whether cancelled: {counted(len(unclear))}."), LOOKING))
        lines += _listed(unclear, now)
    if refused:
        many = len(refused) > 1
        lines.append(say(bold(f"Not cancelled: {counted(len(refused))}."), f" {'They work' if many else 'It works'} on."))
        lines += _listed(refused, now)
    if taken:
        ended = all(outcome.order.status is OrderStatus.CANCELLED for outcome in taken)
        lines.append(say(bold(f"Cancelled {counted(len(taken))}." if ended else f"Cancel sent for {counted(len(taken))}.")))
        lines += _listed(taken, now)
    if not all(outcome.order.status.is_final for outcome in taken):
        lines.append("The order book decides; each card says when it is done.")
    stops = [order for order in stays if order.status is OrderStatus.TRIGGER_PENDING]
    exits = [order for order in stays if order not in stops]
    if exits:
        lines.append(say(bold("1 exit stays." if len(exits) == 1 else f"{len(exits)} exits stay.")))
        lines += _named(exits, now)
    if stops:
        one = "1 stop stays: it guards a position."
        lines.append(say(bold(one if len(stops) == 1 else f"{len(stops)} stops stay: they guard positions.")))
        lines += _named(stops, now)
    cancels = [[button(f"Cancel #{order.number}", OrderTap(order.id, OrderVerb.CANCEL, label))] for order in (*exits, *stops)]
    return message(*lines, place(label, mode)).with_keyboard(*cancels[:MOST_BUTTONS])


def _named(orders: Sequence[Order], now: datetime) -> list[str]:
    lines = [f"#{order.number} {what(order.draft, now)}: {state(order, str)}" for order in orders[:MOST_NAMED]]
    return [*lines, f"and {len(orders) - MOST_NAMED} more"] if len(orders) > MOST_NAMED else lines


def counted(orders: int) -> str:
    return f"{orders} order{'s' if orders > 1 else ''}"


def _listed(outcomes: list[Cancelled], now: datetime) -> list[str]:
    lines = []
    for outcome in outcomes[:MOST_NAMED]:
        order = outcome.order
        why = f". {outcome.error.say}" if outcome.error is not None else ""
        lines.append(f"#{order.number} {what(order.draft, now)}: {state(order, str)}{why}")
    return [*lines, f"and {len(outcomes) - MOST_NAMED} more"] if len(outcomes) > MOST_NAMED else lines
