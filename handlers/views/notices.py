"""Every kind of notice as a message.

The words are made when it is sent, so a late one can say that it is late.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.orders.notice import (
    ActByOther,
    ActionKind,
    AddressNotRegistered,
    DayLocked,
    DaySummary,
    Delivery,
    ExitAsks,
    ExitTrouble,
    FeedBack,
    FeedLost,
    Filled,
    GuardPlaced,
    Notice,
    OrderByOther,
    OrderElsewhere,
    OrderEnded,
    OrderFound,
    OrderNotSeen,
    OrderRejected,
    OrderUnclear,
    PersonJoined,
    PersonRemoved,
    SessionLost,
    TradingResumed,
    TradingStopped,
    Tried,
    Unguarded,
    YearNotCovered,
)
from bot.domain.orders.order import Order, OrderStatus
from handlers.views import money
from handlers.views.card import elsewhere, fill_keyboard, of_earlier_day, order_keyboard, standing
from handlers.views.format import amount, clock_time, count, price, signed, signed_count, table
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Keyboard, Part, View, bold, keyboard, say
from handlers.views.safety import resting
from handlers.views.taps import EntriesTap, OrderTap, OrderVerb

Explain = Callable[[str], str]

_ACTIONS = {
    ActionKind.CANCELLED: ("cancelled", ""),
    ActionKind.MODIFIED: ("changed", ""),
    ActionKind.LOGGED_IN: ("logged in", ""),
    ActionKind.LOGGED_OUT: ("logged out", "Nothing is being watched until the next login."),
    ActionKind.LIMITS: ("changed a limit:", "/limits shows them."),
    ActionKind.DAY_LOCKED: ("locked the day", "New orders are blocked until the next trading day."),
    ActionKind.PIN_CHANGED: ("", "If that was somebody else, /kill stops trading from your phone."),
    ActionKind.PHONE_LOCKED: (
        "sealed their phone",
        "If it is lost, /kill stops trading from yours; python -m bot panic on the host stops all.",
    ),
    ActionKind.LINKED: ("linked this account", ""),
    ActionKind.UNLINKED: (
        "unlinked this account",
        "Its secrets are destroyed here; its orders at mStock stay and are not watched any more.",
    ),
    ActionKind.PIN_CLOSED: ("entered a wrong PIN too often", "If that was somebody else, /kill stops trading from your phone."),
}

LATE = timedelta(seconds=60)  # news older than this says so


def notice(delivery: Delivery, *, mode: str, now: datetime, explain: Explain) -> View:
    """The delivery as a message of its own.

    One that may have arrived before carries its number, so that it is not taken for a second event.
    """
    view = _RENDERERS[type(delivery.notice)](delivery.notice, _Scene(delivery.label, delivery.mark, mode, now, explain))
    own_place = isinstance(delivery.notice, DaySummary)  # its table names account and mode
    remarks = [] if own_place else [delivery.label, mode]
    if delivery.attempts:
        remarks.append(f"n {delivery.id}")
    late = now - delivery.created_at
    if late > LATE:
        minutes = int(late.total_seconds() // 60)
        spell = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        remarks.append(f"late {spell} (from {clock_time(delivery.created_at)})")
    return (view.and_then(say(" · ".join(remarks))) if remarks else view).led_by(delivery.mark)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a renderer knows besides the news: whose account it is about, and when and in which mode it is told."""

    label: str
    mark: str
    mode: str
    now: datetime
    explain: Explain


News = TypeVar("News", bound=Notice)
_Renderer = Callable[[News, _Scene], View]
_RENDERERS: dict[type[Notice], Callable[[Any, _Scene], View]] = {}


def _renders(kind: type[News]) -> Callable[[_Renderer[News]], _Renderer[News]]:
    def enter(renderer: _Renderer[News]) -> _Renderer[News]:
        _RENDERERS[kind] = renderer
        return renderer

    return enter


@_renders(Filled)
def _filled(news: Filled, scene: _Scene) -> View:
    order, fill = news.order, news.fill
    partly = order.filled < order.draft.quantity
    parts: list[Part] = []
    size = f"{count(fill.filled_after)}/{count(order.draft.quantity)}" if partly else count(order.draft.quantity)
    average = fill.average if fill.average is not None else order.average
    price_known = f"avg {price(average)}" if average is not None else "price to come"
    name = f"#{order.number} {order.draft.side} {size} {short(order.draft.instrument, today=ist_date(scene.now))}"
    title = bold("Partly filled" if partly else "Filled")
    if order.draft.instrument.is_derivative:  # a contract's name fills the line
        parts += [say(title, f" {name}"), say(price_known)]
    else:
        parts.append(say(title, f" {name}, {price_known}"))
    if partly or fill.quantity != order.filled:
        step = f" at {price(fill.price)}" if fill.price is not None else ""
        parts.append(say(f"This step: {count(fill.quantity)}{step}, {clock_time(fill.at)}"))
    if news.position is not None:
        cost = f", avg {price(news.position_average)}" if news.position_average is not None else ""
        parts.append(say(f"Position {signed_count(news.position)}{cost}" if news.position else "Position closed"))
    return View(tuple(parts), fill_keyboard(order, scene.label))


@_renders(OrderRejected)
def _rejected(news: OrderRejected, scene: _Scene) -> View:
    order = news.order
    why = scene.explain(order.reason) if order.reason else "mStock gave no reason."
    repair = [
        button("Ask again", OrderTap(order.id, OrderVerb.SAME, scene.label)),
        words("Funds", "/funds", account=scene.label),
    ]
    return _about("Rejected", order, why, scene, repair)


@_renders(OrderEnded)
def _ended(news: OrderEnded, scene: _Scene) -> View:
    order = news.order
    title = "Expired" if order.status is OrderStatus.EXPIRED else "Cancelled"
    filled = f"{count(order.filled)} of {count(order.draft.quantity)} filled before." if order.filled else "Nothing was filled."
    why = f" mStock's words: {scene.explain(order.reason)}" if order.reason else ""
    again = button("Same again", OrderTap(order.id, OrderVerb.SAME, scene.label))
    return _about(title, order, f"{filled}{why}", scene, [again])


@_renders(OrderUnclear)
def _unclear(news: OrderUnclear, scene: _Scene) -> View:
    order = news.order
    sent = f" at {clock_time(order.sent_at)}" if order.sent_at is not None else ""
    text = f"I sent this order{sent} and got no clear answer. I will not send it again. I am looking for it."
    return _about("Outcome unknown", order, text, scene, [_look(order, scene)])


@_renders(OrderFound)
def _found(news: OrderFound, scene: _Scene) -> View:
    return View((say(bold("Found in the order book.")), *standing(news.order, scene.now, scene.explain)))


@_renders(OrderNotSeen)
def _not_seen(news: OrderNotSeen, scene: _Scene) -> View:
    order = news.order
    close = button("It is not in the mStock app", OrderTap(order.id, OrderVerb.NOT_THERE, scene.label))
    text = "It is not in the order book, three minutes after I sent it. Look in the mStock app, under Orders."
    if of_earlier_day(order, scene.now):
        text = elsewhere(order)
    return _about("Not found", order, text, scene, [_look(order, scene), close])


@_renders(Unguarded)
def _unguarded(news: Unguarded, scene: _Scene) -> View:
    draft = news.draft
    name = short(draft.instrument, today=ist_date(scene.now))
    text = (
        f"The stop of {count(draft.quantity)} {name} {draft.product} is cancelled, and no exit could be sent. Nothing guards it."
    )
    return _plain("No stop", text, keyboard([words("Positions", "/positions", account=scene.label)]))


@_renders(GuardPlaced)
def _guard_placed(news: GuardPlaced, scene: _Scene) -> View:
    return _whole("Stop placed", news.order, scene)


_ASKS = {
    ExitTrouble.TRIGGERED: ("Stop triggered, not filled", "It rests as a limit, and nothing else guards what is open."),
    ExitTrouble.TARGET_RESTS: (
        "Target not filled",
        "It rests as a limit and would not become a stop again: nothing guards below.",
    ),
    ExitTrouble.NOT_RAISED: ("Stop too small", "It guards less than is open, and mStock would not raise it."),
    ExitTrouble.WRONG_STOP: ("Stop not as sent", "The order book shows other terms than I sent. Look at it in the mStock app."),
    ExitTrouble.LEFT_OVER: (
        "Stop left over",
        "What it guarded is gone and it was not cancelled: it may open the other side.",
    ),
}


@_renders(ExitAsks)
def _exit_asks(news: ExitAsks, scene: _Scene) -> View:
    order = news.order
    title, text = _ASKS[news.why]
    rows = [button("Cancel", OrderTap(order.id, OrderVerb.CANCEL, scene.label))]
    if news.why in (ExitTrouble.TRIGGERED, ExitTrouble.TARGET_RESTS):
        at = f" at {price(news.price)}" if news.price is not None else ""
        command = f"/modify {order.number} {news.price:f}" if news.price is not None else f"/modify {order.number}"
        rows = [words(f"Exit{at}", command, account=scene.label)]
    elif news.why is ExitTrouble.NOT_RAISED:
        rows = [button("Exit", OrderTap(order.id, OrderVerb.EXIT, scene.label))]
    standing_now = standing(order, scene.now, scene.explain)
    return View((say(bold(f"{title}.")), *standing_now, say(text)), keyboard(rows))


@_renders(OrderElsewhere)
def _elsewhere(news: OrderElsewhere, scene: _Scene) -> View:
    return _whole("Order from elsewhere", news.order, scene)


@_renders(OrderByOther)
def _by_other(news: OrderByOther, scene: _Scene) -> View:
    return _whole(f"{news.name} sent an order", news.order, scene)


@_renders(ActByOther)
def _act_by_other(news: ActByOther, _: _Scene) -> View:
    title, more = _ACTIONS[news.deed]
    return _plain(
        " ".join(filter(None, (news.name, title, news.detail))), f"At {clock_time(news.at)}.{f' {more}' if more else ''}"
    )


@_renders(DayLocked)
def _day_locked(news: DayLocked, scene: _Scene) -> View:
    """Names what may still fill as well: the lock takes no order back."""
    charges = f"after charges ≈ {amount(news.charges)}" if news.charges is not None else "before charges, which are not known"
    text = (
        f"{signed(news.result)} at {clock_time(news.at)}, {charges}. New orders are blocked until the next trading day; "
        "exits and cancels work."
    )
    positions = words("Positions", "/positions", account=scene.label)
    if not news.entries:
        return _plain("The daily loss is reached", text, keyboard([positions]))
    rest, cancel = resting(news.entries)
    buttons = keyboard([button(cancel, EntriesTap(scene.label))], [positions])
    return _plain("The daily loss is reached", f"{text} {rest}.", buttons)


@_renders(PersonJoined)
def _joined(news: PersonJoined, scene: _Scene) -> View:
    where = "all accounts" if news.everywhere else scene.label
    text = f"{news.name} ({news.telegram_id}) used {news.by}'s link at {clock_time(news.at)}: {news.role} on {where}."
    return _plain("Somebody joined", text)


@_renders(PersonRemoved)
def _removed(news: PersonRemoved, _: _Scene) -> View:
    text = f"{news.name} ({news.telegram_id}), by {news.by} at {clock_time(news.at)}."
    return _plain("Somebody was taken off the list", text)


@_renders(Tried)
def _tried(news: Tried, _: _Scene) -> View:
    at = clock_time(news.at)
    return _plain("Refused", f"{news.name} ({news.telegram_id}) {news.what}, at {at}. Further tries in this hour are not told.")


@_renders(TradingStopped)
def _stopped(news: TradingStopped, _: _Scene) -> View:
    why = f"{news.why} " if news.why else ""
    text = f"{why}New orders are blocked since {clock_time(news.at)}. Exits and cancels work."
    return _plain(f"Stopped by {news.name}", text)


@_renders(TradingResumed)
def _resumed(news: TradingResumed, _: _Scene) -> View:
    return _plain(f"Resumed by {news.name}", f"New orders are allowed again since {clock_time(news.at)}.")


@_renders(SessionLost)
def _session_lost(news: SessionLost, scene: _Scene) -> View:
    watched = " You hold positions, and nothing is being watched." if news.positions else ""
    login = keyboard([words("Log in", "/login", account=scene.label)])
    return _plain("mStock session lost", f"Since {clock_time(news.at)}: {news.why}{watched}", login)


@_renders(FeedLost)
def _feed_lost(news: FeedLost, _: _Scene) -> View:
    return _plain("Live prices lost", f"Since {clock_time(news.at)}. I read the order book on a timer meanwhile.")


@_renders(FeedBack)
def _feed_back(news: FeedBack, _: _Scene) -> View:
    span = f"Without mStock's feed {clock_time(news.since)}-{clock_time(news.until)}."
    return _plain("Back", f"{span} {_missed(news)}")


@_renders(AddressNotRegistered)
def _address(news: AddressNotRegistered, _: _Scene) -> View:
    register = f"Register {news.address or 'the address of this host'} under Trading APIs → API key → Primary IP."
    return _plain("mStock rejects orders from this address", f"{register} Looking still works.")


@_renders(DaySummary)
def _day_summary(news: DaySummary, scene: _Scene) -> View:
    return money.report(news.report, scene.label, scene.mode, mark=scene.mark)


@_renders(YearNotCovered)
def _year(news: YearNotCovered, scene: _Scene) -> View:
    begun = ist_date(scene.now).year >= news.year
    since = "Until I have one, I" if begun else "Without one I"
    until = "" if begun else f" from 1 Jan {news.year} on"
    file = (
        "[[years]]", f"year = {news.year}", 'source = "NSE holiday list"', "",
        "[[days]]", f"date = {news.year}-01-26", 'what = "holiday"', 'name = "Republic Day"', 'source = "NSE holiday list"',
    )  # fmt: skip
    return View(
        (
            say(bold(f"I have no calendar for {news.year}."), f" {since} open no new position{until}; exits go."),
            say("Once NSE has published its holidays: a file with a row for each, named by MARKET_DATA, and a restart."),
            table(*((line,) for line in file)),
        )
    )


def _plain(title: str, text: str, buttons: Keyboard = ()) -> View:
    return View((say(bold(f"{title}."), f" {text}"),), buttons)


def _about(title: str, order: Order, text: str, scene: _Scene, buttons: Sequence[Button]) -> View:
    draft = order.draft
    name = f"#{order.number} {draft.side} {count(draft.quantity)} {short(draft.instrument, today=ist_date(scene.now))}"
    return View((say(bold(title), f" {name}"), say(text)), keyboard(buttons))


def _whole(title: str, order: Order, scene: _Scene) -> View:
    """An order that has no card in this chat: how it stands, and what can be done about it."""
    lines = standing(order, scene.now, scene.explain)
    return View((say(bold(f"{title}.")), *lines), order_keyboard(order, scene.label, scene.now))


def _look(order: Order, scene: _Scene) -> Button:
    return button("Look now", OrderTap(order.id, OrderVerb.LOOK, scene.label))


def _missed(news: FeedBack) -> str:
    if not news.read:
        return "The books could not be read yet, so what was missed is not known; I keep trying and ring for it."
    missed = []
    if news.fills:
        missed.append(f"{news.fills} fill{'s' if news.fills > 1 else ''}")
    if news.rejections:
        missed.append(f"{news.rejections} rejection{'s' if news.rejections > 1 else ''}")
    sentence = f"Missed: {', '.join(missed)} (told apart)." if missed else "Nothing was missed."
    if news.unknown:
        whose = "One order's outcome is" if news.unknown == 1 else f"The outcome of {news.unknown} orders is"
        return f"{sentence} {whose} still unknown; I keep looking for it."
    return f"{sentence} Books and records agree."
