"""The news of orders as messages: fills, ends, refusals, and what came to be elsewhere."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import (
    ActSeen,
    Filled,
    MarketUnfilled,
    OrderByOther,
    OrderElsewhere,
    OrderEnded,
    OrderFound,
    OrderNotSeen,
    OrderRejected,
    OrdersElsewhere,
    OrderUnclear,
    SlicesStruck,
    TradeTakenBack,
)
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble, GuardPlaced, TargetBlind, Unguarded
from bot.domain.orders.doubt import DoubtedAct
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.position_after import PositionAfter
from bot.domain.proposals.repairs import RepairsOf
from bot.domain.terms import Side
from bot.domain.value import positional
from handlers.views.format import amount, average, clock_time, count, mark, price, signed, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Line, Part, View, bold, keyboard, say
from handlers.views.orders.card import (
    Explain,
    elsewhere,
    fill_keyboard,
    heard_all_the_same,
    holds_fill,
    in_whose_words,
    may_exit,
    of_earlier_day,
    order_keyboard,
    standing,
    state,
)
from handlers.views.orders.repair_taps import repair_buttons
from handlers.views.orders.trail_words import trail_in_words
from handlers.views.taps.taps import OrderTap, OrderVerb
from handlers.views.taps.trail_taps import TrailTap, TrailVerb

MOST = 20  # orders that one message names
LONG_AGO = timedelta(minutes=1)  # an order from elsewhere that is older than this names its time


@positional
class Scene:
    """What a renderer knows besides the news: whose account it is about, and when and in which mode it is told."""

    label: str
    mark: str
    mode: str
    now: datetime
    explain: Explain
    repairs: RepairsOf = lambda _order: ()  # what can be done about a rejected order


News = TypeVar("News", bound=Notice)
Renderer = Callable[[News, Scene], View]
RENDERERS: dict[type[Notice], Callable[[Any, Scene], View]] = {}


def renders(*kinds: type[News]) -> Callable[[Renderer[News]], Renderer[News]]:
    def enter(renderer: Renderer[News]) -> Renderer[News]:
        RENDERERS.update(dict.fromkeys(kinds, renderer))
        return renderer

    return enter


@renders(Filled)
def _filled(news: Filled, scene: Scene) -> View:
    order, fill = news.order, news.fill
    partly = not news.ends_order  # by the step, for the order may be further by now
    parts: list[Part] = []
    size = f"{count(fill.filled_after)}/{count(order.draft.quantity)}" if partly else count(order.draft.quantity)
    mean = fill.average if fill.average is not None else order.average
    tick = order.draft.instrument.tick
    price_known = f"avg {average(mean, tick)}" if mean is not None else "price to come"
    name = f"#{order.number} {order.draft.side} {size} {short(order.draft.instrument, today=ist_date(scene.now))}"
    title = bold("Partly filled" if partly else "Filled")
    if order.draft.instrument.is_derivative:  # a contract's name fills the line
        parts += [say(title, f" {name}"), say(price_known)]
    else:
        parts.append(say(title, f" {name}, {price_known}"))
    if partly or fill.quantity != fill.filled_after:
        step = f" at {average(fill.price, tick)}" if fill.price is not None else ""
        parts.append(say(f"This step: {count(fill.quantity)}{step}, {clock_time(fill.at)}"))
    if news.fee is not None:
        parts.append(say(_squared_off(news.fee)))
    if news.after is not None:
        parts.append(say(_position(news.after, order)))
    return View(tuple(parts), fill_keyboard(order, scene.label, news.after, stop_follows=news.stop_follows))


def _squared_off(fee: Decimal) -> str:
    return f"Squared off by mStock, fee ≈ ₹{amount(fee.quantize(Decimal(1)))}".removesuffix(".00")


def _position(after: PositionAfter, order: Order) -> str:
    """What is held after a fill, with its P&L, or what was booked, and what is left."""
    if after.quantity is None:
        return "Position not known: mStock's books do not agree yet."
    tick = order.draft.instrument.tick
    cost = f", avg {average(after.average, tick)}" if after.average is not None and after.quantity else ""
    booked = f"Booked {signed(after.booked)} {mark(after.booked)}".rstrip() if after.booked is not None else "Booked: not known"
    if after.booked is not None and after.charges is not None:
        booked += f" after charges ≈ {signed(after.booked - after.charges)}"
    if after.sold_holding and order.draft.side is Side.BUY:
        return "Bought back of what was sold today out of your holdings; /pnl has what that made."
    if after.sold_holding:
        return "Out of your holdings; /pnl has what that made." if after.booked is None else f"{booked} · out of your holdings"
    if after.closes:
        return f"{booked} · {f'{signed_count(after.quantity)} left{cost}' if after.quantity else 'position closed'}"
    if not after.quantity:
        return "Position closed"
    result = f" {mark(after.open)} {signed(after.open)}".replace("  ", " ") if after.open is not None else ""
    return f"Position {signed_count(after.quantity)}{cost}{result}"


@renders(OrderRejected)
def _rejected(news: OrderRejected, scene: Scene) -> View:
    order = news.order
    repair = repair_buttons(order, scene.repairs(order), scene.label)
    if order.never_left:
        return _about("Not sent", order, _sentences(order.why_unsent, _left(order, news.after)), scene, repair)
    why = scene.explain(order.reason) if order.reason else "mStock gave no reason."
    part = f"{count(order.filled)} of {count(order.draft.quantity)} filled before." if order.filled else ""
    if order.status is OrderStatus.REFUSED:
        doubt = "An answer is no proof: I look for it for three minutes, and send no second one like it until then."
        return _about("Refused", order, _sentences(why, doubt, _left(order, news.after)), scene, [_look(order, scene)])
    return _about("Rejected", order, _sentences(part, why, _left(order, news.after)), scene, repair)


@renders(OrderEnded)
def _ended(news: OrderEnded, scene: Scene) -> View:
    order = news.order
    expired = order.status is OrderStatus.EXPIRED
    rest = f"{count(order.draft.quantity - order.filled)} {'expired' if expired else 'cancelled'}"
    filled = f"{count(order.filled)} of {count(order.draft.quantity)} filled, {rest}." if order.filled else "Nothing was filled."
    why = scene.explain(order.reason) if order.reason else ""
    text = _sentences(filled, in_whose_words(why), _left(order, news.after))
    left = news.after is not None and news.after.left_by(order) > 0
    exit_ = [button("Exit", OrderTap(order.id, OrderVerb.EXIT, scene.label))] if left or holds_fill(order) else []
    again = button("Same again", OrderTap(order.id, OrderVerb.SAME, scene.label))
    return _about("Expired" if expired else "Cancelled", order, text, scene, [*exit_, again])


@renders(TradeTakenBack)
def _taken_back(news: TradeTakenBack, scene: Scene) -> View:
    order = news.order
    undone = f"mStock's books show {count(news.filled)} of it filled, not {count(order.filled)}: a trade was undone."
    held = f"The position is {signed_count(news.held)} now." if news.held else "Nothing of it is held now."
    size = "What works for it may be too large: look at its stop and its target."
    return _about(
        "Taken back", order, _sentences(undone, held, size), scene, [words("Positions", "/positions", account=scene.label)]
    )


def _left(order: Order, after: PositionAfter | None) -> str:
    """What an exit or a stop that came to nothing leaves open, and whether anything guards it."""
    if after is None:
        return ""
    guard = "another order still works on it" if after.guarded else "nothing guards it"
    if after.left_by(order) and after.quantity is not None:
        cost = f", avg {average(after.average, order.draft.instrument.tick)}" if after.average is not None else ""
        return f"Still held: {signed_count(after.quantity)}{cost}; {guard}."
    if after.quantity is None and after.closes:
        doubt = "As far as I know, what" if order.status is OrderStatus.REFUSED else "What"
        return f"{doubt} it was to close is still held; {guard}."
    if after.quantity is None and order.draft.trigger is not None:
        return "What is still held is not known: mStock's books do not agree yet."
    return ""


def _sentences(*parts: str) -> str:
    return " ".join(filter(None, parts))


@renders(OrderUnclear)
def _unclear(news: OrderUnclear, scene: Scene) -> View:
    order = news.order
    sent = f" at {clock_time(order.sent_at)}" if order.sent_at is not None else ""
    words_of_it = heard_all_the_same(order, scene.explain)
    text = f"I sent this order{sent} and got no clear answer{words_of_it}. I will not send it again. I am looking for it."
    return _about("Outcome unknown", order, text, scene, [_look(order, scene)])


@renders(OrderFound)
def _found(news: OrderFound, scene: Scene) -> View:
    """The end of a doubt. What was told wrongly is taken back, with the way out of it."""
    order, back = news.order, []
    first = {
        OrderStatus.NOT_SEEN: "It exists after all. You closed it as not in the mStock app; the order book has it now.",
        OrderStatus.REFUSED: "It exists after all. I told you that mStock refused it; the order book has it now.",
        OrderStatus.REJECTED: "It exists after all. I told you that mStock rejected it; the order book has it now.",
    }
    if order.status.is_working:
        back.append(button("Cancel", OrderTap(order.id, OrderVerb.CANCEL, scene.label)))
    if order.filled and may_exit(order) and (not order.closes or news.told is OrderStatus.NOT_SEEN):
        back.append(button("Exit", OrderTap(order.id, OrderVerb.EXIT, scene.label)))
    said = say(bold(first.get(news.told, "Found in the order book.")))
    doubled: list[Line] = []
    if order.closes and news.told is OrderStatus.NOT_SEEN:
        side = "short" if order.draft.side is Side.SELL else "long"
        doubled.append(say(f"It is an exit: if you sent another after it and both fill, you are {side} what is too much."))
        back.append(words("Positions", "/positions", account=scene.label))
    return View((said, *standing(order, scene.now, scene.explain), *doubled), keyboard(back))


@renders(OrderNotSeen)
def _not_seen(news: OrderNotSeen, scene: Scene) -> View:
    order = news.order
    close = button("It is not in the mStock app", OrderTap(order.id, OrderVerb.NOT_THERE, scene.label))
    text = "It is not in the order book, three minutes after I sent it. Look in the mStock app, under Orders."
    if of_earlier_day(order, scene.now):
        text = elsewhere(order)
    return _about("Not found", order, text, scene, [_look(order, scene), close])


@renders(ActSeen)
def _act_seen(news: ActSeen, scene: Scene) -> View:
    order, stands = news.order, f"It is {state(news.order, scene.explain)}"
    if news.act is DoubtedAct.CANCEL:
        title, text = "Not cancelled so far", f"{stands}: the cancel did nothing yet."
    elif news.done:
        title, text = "Changed", f"{stands}: mStock made the change, whose answer was lost."
    else:
        title, text = "Not changed so far", f"{stands}: the change, whose answer was lost, did nothing yet."
    return View(
        _about(title, order, text, scene, []).parts,
        order_keyboard(order, scene.label, scene.repairs(order)),
    )


@renders(OrderElsewhere)
def _elsewhere(news: OrderElsewhere, scene: Scene) -> View:
    view = _whole("Order from elsewhere", news.order, scene)
    sent = news.order.sent_at
    if news.order.status.is_final and sent is not None and scene.now - sent >= LONG_AGO:
        view = view.and_then(say(f"Sent at {clock_time(sent)}"))
    if news.fee is not None:
        book = keyboard([words("Positions", "/positions", account=scene.label)])
        view = view.and_then(say(_squared_off(news.fee))).with_keyboard(*book)
    return view.and_then(_maybe_ours(news.maybe)) if news.maybe else view


@renders(OrdersElsewhere)
def _several_elsewhere(news: OrdersElsewhere, scene: Scene) -> View:
    today = ist_date(scene.now)
    lines = [
        say(
            f"#{order.number} {order.draft.side} {count(order.draft.quantity)} {short(order.draft.instrument, today=today)}: ",
            state(order, scene.explain),
        )
        for order in news.orders[:MOST]
    ]
    if len(news.orders) > MOST:
        lines.append(say(f"and {len(news.orders) - MOST} more"))
    title = say(bold(f"{len(news.orders)} orders from elsewhere."))
    lines += [say(_squared_off(news.fee))] if news.fee is not None else []
    lines += [_maybe_ours(news.maybe)] if news.maybe else []
    working = [order for order in news.orders[:MOST] if order.status.is_working]
    cancels = [button(f"Cancel #{order.number}", OrderTap(order.id, OrderVerb.CANCEL, scene.label)) for order in working]
    rows = [cancels[start : start + 3] for start in range(0, len(cancels), 3)]
    return View((title, *lines), keyboard(*rows, [words("Orders", "/orders", account=scene.label)]))


def _maybe_ours(numbers: Sequence[int]) -> Line:
    which = " or ".join(f"#{number}" for number in numbers)
    one = "It" if len(numbers) == 1 else "One of them"
    text = f"{one} may be {which}, whose outcome is unknown: its row names no sender."
    return say(text, " Compare them in the mStock app, under Orders.")


@renders(OrderByOther)
def _by_other(news: OrderByOther, scene: Scene) -> View:
    return _whole(f"{news.name} sent an order", news.order, scene)


@renders(Unguarded)
def _unguarded(news: Unguarded, scene: Scene) -> View:
    draft = news.draft
    name = f"{count(draft.quantity)} {short(draft.instrument, today=ist_date(scene.now))} {draft.product}"
    why = "its stop is over." if news.is_over else "its stop does not stand, and no exit could be sent."
    ends = f" Its target {price(news.target)} ended with it." if news.target is not None else ""
    text = f" {name}: {why} Nothing guards it.{ends}"
    return View((say(bold("No stop."), text),), keyboard([words("Positions", "/positions", account=scene.label)]))


@renders(SlicesStruck)
def _slices_struck(news: SlicesStruck, scene: Scene) -> View:
    draft = news.draft
    name = f"{draft.side} {count(draft.quantity)} {short(draft.instrument, today=ist_date(scene.now))}"
    parts = f"{count(news.sent)} of {count(draft.quantity)} were sent; the rest is struck off."
    return View((say(bold("Not sent whole"), f" {name}"), say(f"{parts} {news.why}")))


@renders(GuardPlaced)
def _guard_placed(news: GuardPlaced, scene: Scene) -> View:
    view = _whole("Stop placed", news.order, scene)
    if news.target is not None:
        view = view.and_then(say(f"Target {price(news.target)}, held by me on live prices."))
    if news.trail is None:
        trail = button("Trail", TrailTap(news.order.id, TrailVerb.ASK, scene.label))
        view = view.with_keyboard(*view.keyboard, [trail])
    else:
        view = view.and_then(say(f"{trail_in_words(news.trail, news.step, news.order.draft.side)}, moved by me on live prices."))
    return view


@renders(TargetBlind)
def _target_blind(news: TargetBlind, scene: Scene) -> View:
    draft = news.draft
    name = f"{short(draft.instrument, today=ist_date(scene.now))}"
    at = f" at {price(draft.price)}" if draft.price is not None else ""
    if news.sees:
        unseen = f"not seen {clock_time(news.since)}-{clock_time(scene.now)}"
        return View((say(bold("Target watched again."), f" {name}{at}; {unseen}."),))
    text = f" {name}{at}: no live prices since {clock_time(news.since)}. A stop at the exchange stands."
    return View((say(bold("Target not watched."), text),), keyboard([words("Positions", "/positions", account=scene.label)]))


@renders(MarketUnfilled)
def _market_unfilled(news: MarketUnfilled, scene: Scene) -> View:
    order = news.order
    text = f"{count(order.filled)} of {count(order.draft.quantity)} filled"
    if news.touch is not None and order.draft.price is not None:
        side, limit = ("ask" if order.draft.side is Side.BUY else "bid"), price(order.draft.price)
        now = f"the {side} is {price(news.touch)}"
        text += f": {now}, within {limit}, and the exchange has not filled it" if news.within else f": {now}, beyond {limit}"
    text += "."
    buttons = [button("Cancel rest" if order.filled else "Cancel", OrderTap(order.id, OrderVerb.CANCEL, scene.label))]
    if news.price is not None and not news.within:
        chase = f"/modify {order.number} {news.price:f}"
        buttons.insert(0, words(f"Chase to {price(news.price)}", chase, account=scene.label))
    buttons.append(button("Leave", OrderTap(order.id, OrderVerb.LEAVE, scene.label)))
    return _about("Rest not filled" if order.filled else "Not filled yet", order, text, scene, buttons)


_ASKS = {
    ExitTrouble.TRIGGERED: ("Stop triggered, not filled", "It rests as a limit, and nothing else guards what is open."),
    ExitTrouble.RESTS: ("Exit not filled", "It rests as a limit: the price went away from it."),
    ExitTrouble.TARGET_RESTS: ("Target not filled", "It rests as a limit and would not become a stop again."),
    ExitTrouble.NOT_RAISED: ("Stop too small", "It guards less than is open, and mStock would not raise it."),
    ExitTrouble.WRONG_STOP: ("Stop not as sent", "The order book shows other terms than I sent. Look at it in the mStock app."),
    ExitTrouble.LEFT_OVER: (
        "Stop left over",
        "What it guarded is gone, and it still waits: it may open the other side.",
    ),
    ExitTrouble.ENTRY_LEFT: ("Entry still rests", "The stop that was to guard it is over: what fills of it has none."),
}


@renders(ExitAsks)
def _exit_asks(news: ExitAsks, scene: Scene) -> View:
    order = news.order
    title, text = _ASKS[news.why]
    if news.why is ExitTrouble.LEFT_OVER and order.draft.trigger is None:
        title, text = "Exit left over", "What it was to close is gone: it may open the other side."
    act = button("Cancel", OrderTap(order.id, OrderVerb.CANCEL, scene.label))
    if news.why in (ExitTrouble.TRIGGERED, ExitTrouble.RESTS, ExitTrouble.TARGET_RESTS):
        at, to = (f" at {price(news.price)}", f" {news.price:f}") if news.price is not None else ("", "")
        act = words(f"Exit{at}", f"/modify {order.number}{to}", account=scene.label)
    elif news.why is ExitTrouble.NOT_RAISED:
        act = button("Exit", OrderTap(order.id, OrderVerb.EXIT, scene.label))
    lines = standing(order, scene.now, scene.explain)
    return View((say(bold(f"{title}.")), *lines, say(text)), keyboard([act]))


def _about(title: str, order: Order, text: str, scene: Scene, buttons: Sequence[Button]) -> View:
    draft = order.draft
    name = f"#{order.number} {draft.side} {count(draft.quantity)} {short(draft.instrument, today=ist_date(scene.now))}"
    return View((say(bold(title), f" {name}"), say(text)), keyboard(buttons))


def _whole(title: str, order: Order, scene: Scene) -> View:
    """An order that has no card in this chat: how it stands, and what can be done about it."""
    lines = standing(order, scene.now, scene.explain)
    return View((say(bold(f"{title}.")), *lines), order_keyboard(order, scene.label, scene.repairs(order)))


def _look(order: Order, scene: Scene) -> Button:
    return button("Look now", OrderTap(order.id, OrderVerb.LOOK, scene.label))
