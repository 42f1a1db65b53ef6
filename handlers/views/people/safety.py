"""The kill switch: what it stopped, what it leaves, and how it is lifted."""

from datetime import datetime

from bot.domain.orders.order import Order
from bot.domain.proposals.proposal import Killed, Resumed
from handlers.views.format import clock_time
from handlers.views.keyboards import button
from handlers.views.message import Part, View, bold, message, say
from handlers.views.orders.card import place, what
from handlers.views.taps.taps import EntriesTap, WordsTap

_MOST = 10


def killed(outcome: Killed, mode: str, now: datetime) -> View:
    """New entries are blocked. Entry orders that still rest, orders that may rest, exits and stops are named."""
    parts: list[Part | str] = [say(bold("Stopped. New orders are blocked."))]
    if outcome.already:
        parts.append(f"Stopped since {clock_time(outcome.stop.at)} already.")
    parts.append("Exits and cancels work. Open cards are dead.")
    rest, cancel = resting(len(outcome.entries))
    if outcome.entries:
        parts.append(say(bold(f"{rest}:")))
        parts += _named(outcome.entries, now)
    if outcome.unknown:
        many = len(outcome.unknown)
        parts.append(say(bold("1 order's outcome is unknown:" if many == 1 else f"The outcome of {many} orders is unknown:")))
        parts += _named(outcome.unknown, now)
    if not outcome.entries and not outcome.unknown:
        parts.append("No entry order rests.")
    if outcome.exits:
        parts.append(say(bold(f"{len(outcome.exits)} exit{'s stay' if len(outcome.exits) > 1 else ' stays'}:")))
        parts += _named(outcome.exits, now)
    if outcome.stops:
        parts.append(say(bold(f"{len(outcome.stops)} stop{'s stay' if len(outcome.stops) > 1 else ' stays'}:")))
        parts += _named(outcome.stops, now)
    parts.append(place(outcome.account.label, mode))
    rows = [[button(cancel, EntriesTap(outcome.account.label))]] if outcome.entries else []
    return message(*parts).with_keyboard(*rows, [button("Resume…", WordsTap(f"{outcome.account.label}: /resume"))])


def resting(entries: int) -> tuple[str, str]:
    """Entry orders that a block leaves at the exchange: how many, and the words of the button that cancels them."""
    rest = f"{entries} entry order{'s still rest' if entries > 1 else ' still rests'}"
    return rest, {1: "Cancel it", 2: "Cancel both"}.get(entries, f"Cancel all {entries}")


def _named(orders: tuple[Order, ...], now: datetime) -> list[str]:
    lines = [f"#{order.number} {what(order.draft, now)}" for order in orders[:_MOST]]
    return [*lines, f"and {len(orders) - _MOST} more"] if len(orders) > _MOST else lines


def resumed(outcome: Resumed, mode: str) -> View:
    return message(
        say(bold("New orders are allowed again.")),
        f"Since {clock_time(outcome.at)}. Cards from before stay dead.",
        place(outcome.account.label, mode),
    )
