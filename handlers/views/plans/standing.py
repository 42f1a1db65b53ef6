"""Stops that live over days: the list, the morning's question, the news of a morning, and their buttons."""

from bot.domain.clock import ist_date
from bot.domain.market.display_names import short
from bot.domain.news.plans.standing_stops import StandingStopPaused, StandingStopsDue
from bot.domain.orders.confirmation import Purpose
from bot.domain.plans.standing_stop import StandingCard, StandingShown, StandingState, StandingStop
from bot.domain.positions.rebase import Rebase
from bot.domain.terms import Side
from handlers.views.format import clock_time, count, day_name, fit, price, row, table
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, keyboard, message, say
from handlers.views.orders.card import place
from handlers.views.orders.order_news import Scene, renders
from handlers.views.taps.standing_taps import StandingTap, StandingVerb
from handlers.views.taps.taps import ExitTap

MOST = 12  # stops with buttons of their own
ASKED = "Each morning I ask; nothing is placed without your Confirm."
BY_THEMSELVES = "Each morning at 09:15:05 they are placed by themselves."


def listed(shown: StandingShown, mode: str) -> View:
    """One stop in two rows, and a button for each."""
    label = shown.account.label
    rows = [row(fit(f"STOPS {shown.account.name}", 23), mode), row(f" as of {clock_time(shown.as_of)}")]
    for stop in shown.stops:
        rows += _rows(stop)
    parts: list[Part] = [table(*rows)]
    if shown.made is not None:
        until = f"until {shown.made.until:%d %b %Y}"
        parts.insert(0, say(bold(f"Kept every day {until}."), f" {_how(shown)}"))
    if not shown.stops:
        parts.append(say("None. A stop that waits can be kept: its card has Keep every day."))
    else:
        parts.append(say(_how(shown)))
    buttons = [_buttons(stop, label) for stop in shown.stops[:MOST]]
    kept = any(stop.state is StandingState.KEPT for stop in shown.stops)
    return View(tuple(parts), keyboard(*buttons, [place_button(label)] if kept else []))


def _how(shown: StandingShown) -> str:
    """How a morning places them, and from when where that changes."""
    said = ASKED if not shown.by_themselves else BY_THEMSELVES
    if shown.changes_on is None:
        return said
    later = "I ask" if shown.by_themselves else "they are placed by themselves"
    return f"{said} From {day_name(shown.changes_on)} {later}."


def ask_by_themselves(label: str, mode: str) -> View:
    """Asked again in words: from then on orders go without a tap."""
    text = (
        " Each trading day at 09:15:05 I send those whose price is not beyond, without asking: at most what is open, at the "
        "trigger and the worst price that you kept. What opened beyond its stop rings. Without a session nothing is sent, and "
        "that rings too."
    )
    return message(say(bold("Place standing stops by themselves?"), text), place(label, mode)).with_keyboard(
        [words("Yes, place them by themselves", "/stops by itself on now", account=label)],
        [words("No", "/stops", account=label)],
    )


def _buttons(stop: StandingStop, label: str) -> list[Button]:
    found = [words(f"Delete {stop.id}", f"/stops delete {stop.id}", account=label, stays=True)]
    return [*_repairs(stop, label, stays=True), *found]


def _repairs(stop: StandingStop, label: str, *, stays: bool = False) -> list[Button]:
    """What can be done about one whose share seems to have a new base."""
    if stop.base is None:
        return []
    rebase = Rebase.suspected(stop.base)
    keep = words(f"Keep {stop.id}", f"/stops trust {stop.id}", account=label, stays=stays)
    if rebase is None:
        return [keep]
    return [words(f"Adjust {stop.id} {rebase}", f"/stops adjust {stop.id}", account=label, stays=stays), keep]


def place_button(label: str, number: int = 0) -> Button:
    """The button that asks about today's stops."""
    named = f"Place today's stops ({number})" if number else "Place today's stops"
    return button(named, StandingTap("today", StandingVerb.PLACE, label))


def _rows(stop: StandingStop, quantity: int | None = None) -> list[tuple[str, ...]]:
    verb = "sells to" if stop.side is Side.SELL else "buys to"
    size = count(stop.quantity if quantity is None else quantity)
    limit = f"{verb} {price(stop.limit)}" if stop.limit is not None else "at market"
    year = f" {stop.until.year}" if stop.until.year != ist_date(stop.made_at).year else ""
    state = " 🟡 paused" if stop.state is StandingState.PAUSED else ""
    return [
        row(f"{stop.id} {short(stop.instrument)} {size}", price(stop.trigger)),
        row(f"   {limit}", f"to {stop.until:%d %b}{year}"),
        *([row(f"  {state}")] if state else []),
    ]


def card(card: StandingCard, mode: str) -> View:
    """The question about a morning's stops. The same message says that they are being placed."""
    token, label = card.confirmation.token, card.account.label
    only_kept = card.confirmation.purpose is Purpose.KEEP_ONLY
    orders = len(card.plan.legs)
    many = f"{orders} order{'s' if orders > 1 else ''}"
    if card.placed:
        say_it = f"Placing {many}. Each rings when it waits at the exchange."
        if card.kept is not None:
            say_it += f" Kept every day until {card.kept.until:%d %b %Y}: /stops lists it."
        return message(say(bold("Today's stops."), f" {say_it}"), place(label, mode))
    rows: list[tuple[str, ...] | str] = [row(f"STOPS {many}", mode), ""]
    for stop, bare in card.morning.to_place:
        rows += _rows(stop, bare)
    rows.append(row("", f"until {clock_time(card.confirmation.expires_at)}"))
    parts: list[Part] = [table(*rows)]
    if card.morning.beyond:
        parts.append(say(f"⚠️ Opened beyond its stop: {_named(card.morning.beyond)}"))
    parts += _not_judged(card.morning.untraded)
    parts += [say(f"⚠️ {warning}") for warning in card.warnings]
    if card.kept is None:
        parts.append(say("Each guards at most what is open, for today."))
    elif only_kept:
        parts.append(say(f"It guards at most what is open, from the next trading day until {card.kept.until:%d %b %Y}."))
        parts.append(say("Nothing is sent now: the market is closed."))
    else:
        parts.append(say(f"It guards at most what is open, today and each trading day until {card.kept.until:%d %b %Y}."))
    verb = StandingVerb.CONFIRM if card.kept is None else StandingVerb.CONFIRM_NEW
    parts.append(place(label, mode))
    act = "Keep" if only_kept else "Confirm"
    exits = _exits(card.morning.beyond, label)
    return View(
        tuple(parts),
        keyboard(
            [button(f"{act} {orders} stop{'s' if orders > 1 else ''}", StandingTap(token, verb, label))],
            *exits,
            [button("Discard", StandingTap(token, StandingVerb.DISCARD, label))],
        ),
    )


def _exits(stops: tuple[StandingStop, ...], label: str) -> list[list[Button]]:
    return [
        [button(f"Exit now {short(stop.instrument)}", ExitTap(stop.instrument.key, stop.product, label))] for stop in stops[:MOST]
    ]


def _not_judged(stops: tuple[StandingStop, ...]) -> list[Part]:
    """What a price of yesterday says nothing about."""
    if not stops:
        return []
    names = ", ".join(short(stop.instrument) for stop in stops)
    return [say(f"⚠️ No trade of today seen yet: {names}. Whether it opened beyond its stop is not known.")]


def _named(stops: tuple[StandingStop, ...]) -> str:
    return ", ".join(f"{short(stop.instrument)} {price(stop.trigger)}" for stop in stops)


@renders(StandingStopsDue)
def _due(news: StandingStopsDue, scene: Scene) -> View:
    """What is to be placed, what opened beyond its stop, what is over."""
    label, number = scene.label, len(news.to_place)
    if not news.session:
        text = " Nobody can place them before somebody logs in, and nothing guards these positions."
        return View(
            (say(bold(f"{number} stop{'s' if number > 1 else ''} not placed: no session with mStock."), text),),
            keyboard([words("Log in", "/login", account=label)], [place_button(label)]),
        )
    parts: list[Part] = []
    if number:
        title = f"{number} stop{'s' if number > 1 else ''} to place today"
        lines: list[tuple[str, ...]] = []
        for stop in news.to_place:
            lines += _rows(stop)
        parts += [say(bold(title), ": nothing guards these until you confirm."), table(*lines), *_not_judged(news.untraded)]
    parts += [say(bold(f"{short(stop.instrument)} opened beyond your stop {price(stop.trigger)}.")) for stop in news.beyond]
    parts += [
        say(f"The stop of {short(stop.instrument)} is over: nothing of it is open, or its last day was.") for stop in news.gone
    ]
    if news.placing:
        title = f"Placing {len(news.placing)} stop{'s' if len(news.placing) > 1 else ''} by themselves"
        own = [each for stop in news.placing for each in _rows(stop)]
        parts += [say(bold(title), ", as an owner set. Each rings when it waits at the exchange."), table(*own)]
    rows = [[place_button(label, number)]] if number else []
    return View(tuple(parts), keyboard(*rows, *_exits(news.beyond, label)))


@renders(StandingStopPaused)
def _paused(news: StandingStopPaused, scene: Scene) -> View:
    stop, base = news.stop, news.base
    text = (
        f"Its standing stop {price(stop.trigger)} is paused: {price(base.before)} became {price(base.now)}. "
        "It may be a bonus or a split, and the stop would mean another price."
    )
    buttons = [*_repairs(stop, scene.label), words("Delete", f"/stops delete {stop.id}", account=scene.label)]
    title = bold(f"{short(stop.instrument, today=ist_date(scene.now))}: bonus or split?")
    return View((say(title), say(text)), keyboard(buttons))
