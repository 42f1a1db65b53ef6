"""Every kind of news as a message; words are found only when it is sent, so what is late can say that it is late."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.orders.notice import (
    ActByOther,
    ActionKind,
    AddressNotRegistered,
    DayLocked,
    DaySummary,
    Delivery,
    FeedBack,
    FeedLost,
    Filled,
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
)
from bot.domain.orders.order import Order, OrderStatus
from handlers.views import money
from handlers.views.card import elsewhere, fill_keyboard, of_earlier_day, order_keyboard, standing
from handlers.views.format import amount, clock_time, count, price, signed, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Keyboard, Part, View, bold, keyboard, say
from handlers.views.safety import resting
from handlers.views.taps import EntriesTap, OrderTap, OrderVerb

Explain = Callable[[str], str]

_DEEDS = {
    ActionKind.CANCELLED: ("cancelled", ""),
    ActionKind.MODIFIED: ("changed", ""),
    ActionKind.LOGGED_IN: ("logged in", ""),
    ActionKind.LOGGED_OUT: ("logged out", "Nothing is being watched until the next login."),
    ActionKind.LIMITS: ("changed a limit:", "/limits shows them."),
    ActionKind.DAY_LOCKED: ("locked the day", "New orders are blocked until the next trading day."),
    ActionKind.PIN_CHANGED: ("", "If that was somebody else, /kill stops trading from your phone."),
    ActionKind.SEALED: (
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


def notice(parcel: Delivery, *, mode: str, now: datetime, explain: Explain) -> View:
    """The parcel as a message of its own; one that may have arrived before carries its number, so that it is not taken for
    a second event."""
    view = _Writer(parcel.label, parcel.mark, mode, now, explain).write(parcel.notice)
    own_place = isinstance(parcel.notice, DaySummary)  # its table names account and mode
    marks = [] if own_place else [parcel.label, mode]
    if parcel.attempts:
        marks.append(f"n {parcel.id}")
    late = now - parcel.created_at
    if late > LATE:
        minutes = int(late.total_seconds() // 60)
        spell = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        marks.append(f"late {spell} (from {clock_time(parcel.created_at)})")
    return (view.and_then(say(" · ".join(marks))) if marks else view).led_by(parcel.mark)


class _Writer:
    """One message's worth of circumstances."""

    def __init__(self, label: str, mark: str, mode: str, now: datetime, explain: Explain) -> None:
        self.label = label
        self.mark = mark
        self.mode = mode
        self.now = now
        self.explain = explain

    def write(self, news: Notice) -> View:
        match news:
            case Filled():
                return self._filled(news)
            case OrderRejected():
                return self._rejected(news.order)
            case OrderEnded():
                return self._ended(news.order)
            case OrderUnclear() | OrderFound() | OrderNotSeen():
                return self._lookout(news)
            case OrderElsewhere():
                return self._whole("Order from elsewhere", news.order)
            case OrderByOther():
                return self._whole(f"{news.name} sent an order", news.order)
            case ActByOther() | DayLocked() | PersonJoined() | PersonRemoved() | Tried():
                return self._people(news)
            case TradingStopped():
                why = f"{news.why} " if news.why else ""
                return self._plain(
                    f"Stopped by {news.name}", f"{why}New orders are blocked since {clock_time(news.at)}. Exits and cancels work."
                )
            case TradingResumed():
                return self._plain(f"Resumed by {news.name}", f"New orders are allowed again since {clock_time(news.at)}.")
            case DaySummary():
                return money.report(news.report, self.label, self.mode, mark=self.mark)
            case _:
                return self._line(news)

    def _people(self, news: ActByOther | DayLocked | PersonJoined | PersonRemoved | Tried) -> View:
        """News about what people of the account did, or tried."""
        at = clock_time(news.at)
        match news:
            case ActByOther():
                title, more = _DEEDS[news.deed]
                return self._plain(
                    " ".join(filter(None, (news.name, title, news.detail))), f"At {at}.{f' {more}' if more else ''}"
                )
            case DayLocked():
                return self._day_locked(news)
            case PersonJoined():
                where = "all accounts" if news.everywhere else self.label
                text = f"{news.name} ({news.telegram_id}) used {news.by}'s link at {at}: {news.role} on {where}."
                return self._plain("Somebody joined", text)
            case PersonRemoved():
                return self._plain("Somebody was taken off the list", f"{news.name} ({news.telegram_id}), by {news.by} at {at}.")
            case Tried():
                text = f"{news.name} ({news.telegram_id}) {news.what}, at {at}. Further tries in this hour are not told."
                return self._plain("Refused", text)

    def _day_locked(self, news: DayLocked) -> View:
        """Also names what may still fill: an order of before the lock is not taken back by itself."""
        charges = f"after charges ≈ {amount(news.charges)}" if news.charges is not None else "before charges, which are not known"
        text = (
            f"{signed(news.result)} at {clock_time(news.at)}, {charges}. New orders are blocked until the next trading day; "
            "exits and cancels work."
        )
        positions = words("Positions", "/positions", account=self.label)
        if not news.entries:
            return self._plain("The daily loss is reached", text, keyboard([positions]))
        rest, cancel = resting(news.entries)
        return self._plain(
            "The daily loss is reached", f"{text} {rest}.", keyboard([button(cancel, EntriesTap(self.label))], [positions])
        )

    def _line(self, news: SessionLost | FeedLost | FeedBack | AddressNotRegistered) -> View:
        """News about the connection to the broker."""
        match news:
            case SessionLost():
                watched = " You hold positions, and nothing is being watched." if news.positions else ""
                login = [words("Log in", "/login", account=self.label)]
                return self._plain("mStock session lost", f"Since {clock_time(news.at)}: {news.why}{watched}", keyboard(login))
            case FeedLost():
                return self._plain(
                    "Live prices lost", f"Since {clock_time(news.at)}. I read the order book on a timer meanwhile."
                )
            case FeedBack():
                span = f"Without mStock's feed {clock_time(news.since)}-{clock_time(news.until)}."
                return self._plain("Back", f"{span} {_missed(news)}")
            case AddressNotRegistered():
                register = f"Register {news.address or 'the address of this host'} under Trading APIs → API key → Primary IP."
                return self._plain("mStock rejects orders from this address", f"{register} Looking still works.")

    def _plain(self, title: str, words_of_it: str, buttons: Keyboard = ()) -> View:
        return View((say(bold(f"{title}."), f" {words_of_it}"),), buttons)

    def _name(self, order: Order) -> str:
        draft = order.draft
        return f"#{order.number} {draft.side} {count(draft.quantity)} {short(draft.instrument, today=ist_date(self.now))}"

    def _about(self, title: str, order: Order, words_of_it: str, buttons: Sequence[Button] = ()) -> View:
        parts: list[Part] = [say(bold(title), f" {self._name(order)}")]
        if words_of_it:
            parts.append(say(words_of_it))
        return View(tuple(parts), keyboard(buttons))

    def _whole(self, title: str, order: Order) -> View:
        """An order that has no card in this chat: how it stands, and what can be done about it."""
        lines = standing(order, self.now, self.explain)
        return View((say(bold(f"{title}.")), *lines), order_keyboard(order, self.label, self.now))

    def _filled(self, news: Filled) -> View:
        order, fill = news.order, news.fill
        partly = order.filled < order.draft.quantity
        parts: list[Part] = []
        size = f"{count(fill.filled_after)}/{count(order.draft.quantity)}" if partly else count(order.draft.quantity)
        average = fill.average if fill.average is not None else order.average
        known = f"avg {price(average)}" if average is not None else "price to come"
        name = f"#{order.number} {order.draft.side} {size} {short(order.draft.instrument, today=ist_date(self.now))}"
        first = bold("Partly filled" if partly else "Filled")
        if order.draft.instrument.is_derivative:  # a contract's name fills the line
            parts += [say(first, f" {name}"), say(known)]
        else:
            parts.append(say(first, f" {name}, {known}"))
        if partly or fill.quantity != order.filled:
            step = f" at {price(fill.price)}" if fill.price is not None else ""
            parts.append(say(f"This step: {count(fill.quantity)}{step}, {clock_time(fill.at)}"))
        if news.position is not None:
            cost = f", avg {price(news.position_average)}" if news.position_average is not None else ""
            parts.append(say(f"Position {signed_count(news.position)}{cost}" if news.position else "Position closed"))
        return View(tuple(parts), fill_keyboard(order, self.label))

    def _rejected(self, order: Order) -> View:
        why = self.explain(order.reason) if order.reason else "mStock gave no reason."
        repair = [
            button("Ask again", OrderTap(order.id, OrderVerb.SAME, self.label)),
            words("Funds", "/funds", account=self.label),
        ]
        return self._about("Rejected", order, why, repair)

    def _ended(self, order: Order) -> View:
        ended = "Expired" if order.status is OrderStatus.EXPIRED else "Cancelled"
        filled = (
            f"{count(order.filled)} of {count(order.draft.quantity)} filled before." if order.filled else "Nothing was filled."
        )
        why = f" mStock's words: {self.explain(order.reason)}" if order.reason else ""
        return self._about(ended, order, f"{filled}{why}", [button("Same again", OrderTap(order.id, OrderVerb.SAME, self.label))])

    def _lookout(self, news: OrderUnclear | OrderFound | OrderNotSeen) -> View:
        order = news.order
        look = button("Look now", OrderTap(order.id, OrderVerb.LOOK, self.label))
        match news:
            case OrderUnclear():
                sent = f" at {clock_time(order.sent_at)}" if order.sent_at is not None else ""
                text = f"I sent this order{sent} and got no clear answer. I will not send it again. I am looking for it."
                return self._about("Outcome unknown", order, text, [look])
            case OrderFound():
                return View((say(bold("Found in the order book.")), *standing(order, self.now, self.explain)))
            case OrderNotSeen():
                close = [button("It is not in the mStock app", OrderTap(order.id, OrderVerb.NOT_THERE, self.label))]
                text = "It is not in the order book, three minutes after I sent it. Look in the mStock app, under Orders."
                if of_earlier_day(order, self.now):
                    text = elsewhere(order)
                return self._about("Not found", order, text, [look, *close])


def _missed(news: FeedBack) -> str:
    if not news.read:
        return "The books could not be read yet, so what was missed is not known; I keep trying and ring for it."
    told = []
    if news.fills:
        told.append(f"{news.fills} fill{'s' if news.fills > 1 else ''}")
    if news.rejections:
        told.append(f"{news.rejections} rejection{'s' if news.rejections > 1 else ''}")
    missed = f"Missed: {', '.join(told)} (told apart)." if told else "Nothing was missed."
    if news.unknown:
        whose = "One order's outcome is" if news.unknown == 1 else f"The outcome of {news.unknown} orders is"
        return f"{missed} {whose} still unknown; I keep looking for it."
    return f"{missed} Books and records agree."
