"""/limits: shows the account's own limits, changes one of them, or locks the day."""

import re
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from typing import Any

from bot.domain.errors import UsageError
from bot.domain.people.access import LimitsShown
from bot.domain.people.account import Permission, Segment
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.permissions import demand
from handlers.context.words.figures import figure_of
from handlers.context.words.script import tokens
from handlers.views.people import limits as views

_EXAMPLE = "/limits value 50000"
_HOURS = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})\s*(?:-|–|to)\s*([0-9]{1,2})[:.]([0-9]{2})")


async def limits(ctx: Ctx) -> None:
    """`/limits`, `/limits <name> <value or off>`, `/limits lock`. Nothing lifts the lock that day, so it asks."""
    name, _, rest = ctx.words.lower().partition(" ")
    if not name:
        await _show(ctx, await ctx.services.limits.show(ctx.actor))
    elif name == "lock" and rest.strip() != "now":
        demand(ctx.actor, Permission.OPEN)
        await ctx.reply(views.ask_lock(ctx.label, ctx.mode))
    elif name == "lock":
        demand(ctx.actor, Permission.OPEN)
        await _show(ctx, await ctx.services.limits.lock_day(ctx.actor))
    elif name in _FIELDS:
        demand(ctx.actor, Permission.ADMIN)
        field, read = _FIELDS[name]
        value = read(rest.strip())
        await _show(ctx, await ctx.services.limits.change(ctx.actor, field, value), changed=field)
    else:
        raise UsageError(f"“{name}” is not one of {', '.join(_FIELDS)}, lock.", example=_EXAMPLE)


async def _show(ctx: Ctx, limits: LimitsShown, *, changed: str | None = None) -> None:
    may_change, may_lock = ctx.actor.may(Permission.ADMIN), ctx.actor.may(Permission.OPEN)
    has_pin = (await ctx.services.pins.state(ctx.actor)).set
    view = views.limits(limits, ctx.mode, may_change=may_change, may_lock=may_lock, has_pin=has_pin, changed=changed)
    await ctx.reply(view)


def _rupees(words: str) -> Decimal | None:
    if words == "off":
        return None
    said = tokens(words)
    number = figure_of(said[0]) if len(said) == 1 else None
    if number is None:
        raise UsageError(f"“{words}” is no amount in rupees. “off” takes the limit away.", example=_EXAMPLE)
    return number.value


def _some_rupees(words: str) -> Decimal | None:
    amount = _rupees(words)
    _demand_room(amount)
    return amount


def _number(words: str) -> int | None:
    if words == "off":
        return None
    number = figure_of(words)
    _demand_room(number.value if number is not None else None)
    if number is None or number.money or not number.is_count:
        raise UsageError(f"“{words}” is no number. “off” takes the limit away.", example="/limits orders 50")
    return int(number.value)


def _demand_room(limit: Decimal | None) -> None:
    """UsageError for a zero, which is mostly meant as none and would hold until the next trading day."""
    if limit == 0:
        say = "0 would let no order through today. “off” takes the limit away; /limits lock locks the day."
        raise UsageError(say, example=_EXAMPLE)


def _segments(words: str) -> tuple[Segment, ...] | None:
    if words in ("off", "all"):
        return None
    segments = {segment.value: segment for segment in Segment}
    names = re.findall(r"[a-z]+", words)
    if not names or any(segment not in segments for segment in names):
        raise UsageError(f"Segments are {', '.join(segments)}.", example="/limits segments cash options")
    return tuple(segment for segment in Segment if segment.value in names)


def _hours(words: str) -> tuple[time, time] | None:
    if words == "off":
        return None
    match = _HOURS.fullmatch(words)
    try:
        if match is not None:
            begins, ends = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
            if begins < ends:
                return begins, ends
    except ValueError:
        pass
    raise UsageError(f"“{words}” is no span of hours.", example="/limits hours 09:20-15:00")


def _yes(words: str) -> bool:
    if words not in ("on", "off"):
        raise UsageError("May a guardian sell holdings? on or off.", example="/limits holdings off")
    return words == "on"


_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "value": ("value", _some_rupees),
    "quantity": ("quantity", _number),
    "orders": ("orders_a_day", _number),
    "minute": ("orders_a_minute", _number),
    "loss": ("daily_loss", _some_rupees),
    "segments": ("segments", _segments),
    "hours": ("hours", _hours),
    "pin": ("ask_pin_above", _rupees),
    "holdings": ("guardian_sells_holdings", _yes),
}


COMMANDS = (
    Command(
        name="limits", arguments="[name value | lock]", help="Your own limits: tighter at once, looser from the next trading day",
        example="/limits value 50000", family=Family.SAFETY, permission=Permission.LOOK, handler=limits,
    ),
)  # fmt: skip
