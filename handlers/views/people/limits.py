"""The account's own limits, as they stand and as they will."""

from dataclasses import fields

from bot.domain.people.access import LimitsShown
from bot.domain.people.account import Limits
from handlers.views.format import amount, clock_time, count, day_name, row, table
from handlers.views.keyboards import button, words
from handlers.views.message import Detail, Line, Part, View, bold, code, detail, message, say
from handlers.views.orders.card import place
from handlers.views.people.safety import resting
from handlers.views.taps.taps import EntriesTap, WordsTap


def ask_lock(label: str, mode: str) -> View:
    """Asked again in words: a day that is locked by a slip of the thumb stays locked."""
    return message(
        say(
            bold("Lock the day?"),
            " No new orders until the next trading day, and nothing lifts it before. Exits and cancels work.",
        ),
        place(label, mode),
    ).with_keyboard([words("Yes, lock the day", "/limits lock now", account=label)], [words("No", "/limits", account=label)])


def limits(
    limits: LimitsShown, mode: str, *, may_change: bool = True, may_lock: bool = True, has_pin: bool = True,
    changed: str | None = None,
) -> View:  # fmt: skip
    """A table of 30 columns. What is loosened and not yet in force stands below with its day.

    How they are changed is said to those who may. has_pin: whoever reads this. changed: the limit that was just set, whose fate
    is said first.
    """
    today = limits.today
    rows = [row(f"LIMITS {limits.account.name}", mode)]
    rows += [row(name, figure) for name, figure in _figures(today)]
    rows.append(row("Sent today", f"{count(limits.sent_today)}"))
    parts: list[Part] = [table(*rows)]
    if changed is not None:
        parts.append(_became(limits, changed))
    asks_nothing = today.ask_pin_above is not None and not has_pin
    if asks_nothing:
        parts.append(say(bold("You have no PIN, so you are not asked for one.")))
    if limits.day_lock is not None:
        since = clock_time(limits.day_lock.at)
        parts.append(say(bold("The day is locked"), f" since {since}: {limits.day_lock.why}. It opens on the next trading day."))
        if limits.entries:
            parts.append(say(f"{resting(limits.entries)[0]}."))
    if limits.later is not None:
        day, later = limits.later
        differs = [f"{name} {new}" for (name, old), (_, new) in zip(_figures(today), _figures(later), strict=True) if old != new]
        if differs:
            parts.append(say(bold(f"From {day_name(day)}:"), f" {', '.join(differs)}"))
    parts.append(
        _how() if may_change else say("They hold for new entries, never for exits. An owner of the account changes them.")
    )
    lock = button("Lock the day", WordsTap(f"{limits.account.label}: /limits lock"))
    set_pin = [button("Set a PIN", WordsTap("/pin set"))] if asks_nothing else []
    if limits.day_lock is None:
        return View(tuple(parts)).with_keyboard(set_pin, [lock] if may_lock else [])
    cancel = button(resting(limits.entries)[1], EntriesTap(limits.account.label))
    return View(tuple(parts)).with_keyboard(set_pin, [cancel] if limits.entries else [])


def _became(limits: LimitsShown, changed: str) -> Line:
    place_of_it = [field.name for field in fields(Limits)].index(changed)
    name, today = _figures(limits.today)[place_of_it]
    if limits.later is not None and getattr(limits.later[1], changed) != getattr(limits.today, changed):
        later = _figures(limits.later[1])[place_of_it][1]
        return say(bold(f"{name}: {later} from {day_name(limits.later[0])}."), f" Until then {today}: looser takes a night.")
    return say(bold(f"{name}: {today} from now on."))


def _how() -> Detail:
    lines: list[Line | str] = [
        "They hold for new entries; exits are never limited. Tighter works at once, looser from the next trading day.",
        say(code("/limits value 50000"), " one order, in rupees"),
        say(code("/limits quantity 500"), " one order, in shares or units"),
        say(code("/limits orders 50"), " a day, ", code("/limits minute 5"), " a minute"),
        say(code("/limits loss 5000"), " locks the day when it is lost, booked and open, with charges"),
        say(code("/limits segments cash options"), " (cash, futures, options)"),
        say(code("/limits hours 09:20-15:00")),
        say(code("/limits pin 100000"), " asks your PIN above that"),
        say(code("/limits holdings on"), " lets a guardian sell holdings"),
        say(code("/stops by itself on"), " places standing stops at the open without asking"),
        say(code("/limits loss off"), " takes one away"),
    ]
    return detail(*lines)


def _figures(of: Limits) -> list[tuple[str, str]]:
    hours = f"{of.hours[0]:%H:%M}-{of.hours[1]:%H:%M}" if of.hours is not None else "any"
    return [
        ("One order", amount(of.value) if of.value is not None else "any"),
        ("Shares, units", count(of.quantity) if of.quantity is not None else "any"),
        ("Orders a day", count(of.orders_a_day) if of.orders_a_day is not None else "any"),
        ("Orders a minute", count(of.orders_a_minute) if of.orders_a_minute is not None else "any"),
        ("Daily loss", amount(of.daily_loss) if of.daily_loss is not None else "any"),
        ("Segments", " ".join(of.segments) or "none" if of.segments is not None else "all"),
        ("Hours", hours),
        ("PIN above", amount(of.ask_pin_above) if of.ask_pin_above is not None else "never"),
        ("Guardian holdings", "may sell" if of.guardian_sells_holdings else "no"),
        ("Standing stops", "by themselves" if of.stops_by_themselves else "ask me"),
    ]
