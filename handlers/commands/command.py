"""A command with its handler, and the tables that each family's file ends with."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.domain.value import value
from handlers.context.command import CommandInfo
from handlers.context.context import Ctx
from handlers.views.taps.tap import Tap
from handlers.views.taps.taps import Listing, ListingTap

Taps = Mapping[type[Tap], Callable[[Ctx, Any], Awaitable[None]]]  # a tap's class -> what handles it
Pages = Mapping[Listing, Callable[[Ctx, ListingTap], Awaitable[None]]]  # a list -> what draws it again in its place


@value
class Command(CommandInfo):
    """One command and what carries it out."""

    handler: Callable[[Ctx], Awaitable[None]]
