"""/settings: how a person is told of what, by buttons or words, and the button of a discreet message that shows it whole."""

import re
from datetime import time

from bot.domain.errors import UsageError
from bot.domain.news.days.picture import Pictured
from bot.domain.people.account import Permission
from bot.domain.people.news_settings import Manner, NewsKind, NewsSettings
from handlers.commands.command import Command, Taps
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.pictures import send_picture
from handlers.views.money import money
from handlers.views.news.discreet import ShowTap
from handlers.views.news.notices import told
from handlers.views.people import settings as views

_EXAMPLE = "/settings fills silent"
_HOURS = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})\s*(?:-|–|to)\s*([0-9]{1,2})[:.]([0-9]{2})")


async def settings(ctx: Ctx) -> None:
    """`/settings`, `/settings <kind> <ring|silent|off>`, `/settings quiet <from-until|off>`, `/settings discreet <on|off>`."""
    name, _, rest = ctx.words.lower().partition(" ")
    own, word = ctx.services.news, rest.strip()
    if not name:
        chosen = await own.shown(ctx.actor)
    elif name == "quiet" and not word:
        await _redraw(ctx, await own.shown(ctx.actor), quiet=True)
        return
    elif name == "quiet":
        chosen = await own.be_quiet(ctx.actor, _hours(word))
    elif name == "discreet" and word in ("on", "off"):
        chosen = await own.be_discreet(ctx.actor, word == "on")
    elif name in {kind.value for kind in NewsKind} and word in {manner.value for manner in Manner}:
        chosen = await own.choose(ctx.actor, NewsKind(name), Manner(word))
    else:
        kinds = ", ".join(kind.value for kind in NewsKind)
        raise UsageError(f"Behind it stands one of {kinds} with ring, silent or off; quiet; discreet.", example=_EXAMPLE)
    await _redraw(ctx, chosen)


async def _redraw(ctx: Ctx, chosen: NewsSettings, *, quiet: bool = False) -> None:
    view = views.quiet(chosen) if quiet else views.settings(chosen)
    await (ctx.redraw(view, marked=False) if ctx.stays else ctx.reply(view, marked=False))


def _hours(words: str) -> tuple[time, time] | None:
    """UsageError for what is no span of hours."""
    if words in ("off", "none"):
        return None
    match = _HOURS.fullmatch(words)
    try:
        if match is not None:
            return time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    except ValueError:
        pass
    raise UsageError(f"“{words}” is no span of hours.", example="/settings quiet 22:00-07:00")


async def show(ctx: Ctx, _: ShowTap) -> None:
    """Puts the whole news in the place of the discreet one. A picture follows as an answer to it."""
    found = await ctx.services.news.told(ctx.actor, ctx.message_id)
    news = found[0][0].notice
    if isinstance(news, Pictured):
        send_picture(ctx, news.picture, money.caption(news), under=ctx.message_id)
        return
    await ctx.redraw(told(found, mode=ctx.mode, explain=ctx.state.explain), marked=False)


COMMANDS = (
    Command(
        name="settings", arguments="[kind ring | silent | off, quiet hours, discreet]",
        help="How you are told of what: ring, silent or off, quiet hours, no rupees", example=_EXAMPLE,
        family=Family.HOST, permission=Permission.LOOK, handler=settings,
    ),
)  # fmt: skip

TAPS: Taps = {ShowTap: show}
