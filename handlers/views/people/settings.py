"""How a person is told of what, a button for each kind that takes it to its next manner."""

from datetime import time

from bot.domain.people.news_settings import Manner, NewsKind, NewsSettings, manners
from handlers.views.keyboards import words
from handlers.views.message import Button, View, bold, code, detail, keyboard, message, say

NAMES = {
    NewsKind.FILLS: "Fills",
    NewsKind.ENDS: "Rejected, ended",
    NewsKind.ELSEWHERE: "From elsewhere",
    NewsKind.PLACED: "Stops placed",
    NewsKind.OTHERS: "Others' acts",
    NewsKind.ALERTS: "Alerts",
    NewsKind.NO_STOP: "No stop",
    NewsKind.NO_STOP_DELIVERY: "No stop, delivery",
    NewsKind.AUCTION: "Auction, night",
    NewsKind.AHEAD: "Ahead of time",
    NewsKind.GAPS: "Gaps",
    NewsKind.MORNING: "Morning, week",
    NewsKind.SUMMARIES: "Summaries",
    NewsKind.HOST: "The bot itself",
}
_PRESETS = ("21:00-08:00", "22:00-07:00", "23:00-09:00")


def settings(own: NewsSettings) -> View:
    """All of it, and what each word means in the quote."""
    buttons = [_kind(own, kind) for kind in NAMES]
    rows = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    quiet = words(f"Quiet hours: {hours(own.quiet)}", "/settings quiet", stays=True)
    discreet = words(f"Discreet: {'yes' if own.discreet else 'no'}", f"/settings discreet {_turned(own.discreet)}", stays=True)
    return View(
        (
            say(bold("News"), " as you hear it, on every account. Tap one to change it."),
            say("What protects you always rings."),
            detail(
                "Always: a stop that fails or ends, square-off by mStock, margin, a dead session, an order of unknown outcome, "
                "a loss limit.",
                "Fills, ends, orders from elsewhere, alerts and gaps can be silent, not off: none of them may be missed.",
                "Stops placed: a stop of yours rests at the exchange. Ahead of time: what mStock closes in half an hour, the end "
                "of its session. Gaps: what was missed while the feed, mStock, Telegram or I were away.",
                "Quiet hours: what rings makes no sound then; what protects you still does.",
                "Discreet: no prices and no rupees in what a locked phone shows; a button shows them.",
                say(code("/settings fills silent"), " does the same by words, ", code("/settings quiet 22:30-07:15"), " too."),
            ),
        ),
        keyboard(*rows, [quiet], [discreet]),
    )


def quiet(own: NewsSettings) -> View:
    """Usual hours to choose from."""
    rows = [[words(preset, f"/settings quiet {preset}", stays=True)] for preset in _PRESETS]
    none = words("None", "/settings quiet off", stays=True)
    return message(
        say(bold("Quiet hours"), f": {hours(own.quiet)}. What rings makes no sound then; what protects you still does."),
        say("Others by words: ", code("/settings quiet 22:30-07:15")),
    ).with_keyboard(*rows, [none, words("Back", "/settings", stays=True)])


def hours(span: tuple[time, time] | None) -> str:
    return f"{span[0]:%H:%M}-{span[1]:%H:%M}" if span is not None else "none"


def _kind(own: NewsSettings, kind: NewsKind) -> Button:
    now, choice = own.manner(kind), manners(kind)
    following = choice[(choice.index(now) + 1) % len(choice)] if now in choice else Manner.RING
    return words(f"{NAMES[kind]}: {now}", f"/settings {kind} {following}", stays=True)


def _turned(discreet: bool) -> str:  # noqa: FBT001 - as it is now
    return "off" if discreet else "on"
