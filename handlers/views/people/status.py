"""How the bot itself is doing, and who did what."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.domain.clock import ist, ist_date
from bot.domain.people.audit import ActPage
from bot.domain.proposals.proposal import LineHealth, Status
from handlers.views.format import age, clock_time, count, fit, row, short_time, table, wrapped
from handlers.views.keyboards import button, words
from handlers.views.message import Part, View, bold, code, message, say
from handlers.views.people.account import alive, clock_off
from handlers.views.taps.taps import Listing, ListingTap

_DIGEST = re.compile(r" ?\b[0-9a-f]{64}\b")  # of an order's terms, which stand before it in words
_LONG = re.compile(r"\b(?=[a-z]*[0-9])[0-9a-z]{18,}\b")  # ids and digests: whole in the export, in the chat only in the way


def status(state: Status) -> View:
    """Each line green or red, the repair beside what is red."""
    started = ist(state.started_at)
    rows = [
        row(f"STATUS {state.version}", state.mode),
        row(f" as of {clock_time(state.now)}"),
        row("Running since", f"{started.day} {started:%b} {short_time(state.started_at)}"),
        row("Contracts", f"{count(state.master_rows)} of {_day(state.master_date)}" if state.master_date else "🔴 none loaded"),
    ]
    for line in state.sessions:
        signs = "🟢" if alive(line, state.now) else "🔴 log in"
        rows.append(row(fit(f"Session {line.account.name}", 19), signs))
        rows.append(row(fit(f"Prices {line.account.name}", 19), "🟢" if line.feed_connected else "🔴 not connected"))
        if clock_off(line) and line.skew is not None:
            rows.append(row(fit(f"Clock {line.account.name}", 19), f"🔴 {-line.skew:+.0f} s off"))
    for health in state.lines:
        rows += _line(health, state.now)
    rows.append(row("Telegram answers in", _latency(state.telegram)))
    waits = f" since {short_time(state.oldest_notice)}" if state.oldest_notice is not None else ""
    rows.append(row("News waiting", f"{count(state.notices_waiting)}{waits}"))
    rows.append(row("News undelivered", f"{'🔴 ' if state.notices_buried else ''}{count(state.notices_buried)}"))
    rows.append(row("Orders looked for", f"{'🟡 ' if state.looked_for else ''}{count(state.looked_for)}"))
    parts: list[Part] = [table(*rows)]
    if not state.sessions:
        parts.append(say("No account is linked."))
    return View(tuple(parts)).with_keyboard([button("Refresh", ListingTap(Listing.STATUS))])


def _line(line: LineHealth, now: datetime) -> list[tuple[str, ...]]:
    """The line of one account under its name: prices, books, places, gaps."""
    tick = age(now - timedelta(seconds=line.silent_for), now) if line.silent_for is not None else "none yet"
    books = "not yet" if line.books_read_at is None else age(line.books_read_at, now)
    if line.books_down_since is not None:
        books = f"🔴 not since {short_time(line.books_down_since)}"
    return [
        row(fit(line.account.name)),
        row(" Last tick", tick),
        row(" Books read", books),
        row(" mStock answers in", _latency(line.latency)),
        row(" Prices watched", f"{count(line.subscribed)} of {count(line.most)}"),
        row(" Gaps today", f"{'🟡 ' if line.gaps else ''}{count(line.gaps)}"),
    ]


def _latency(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def full(report: Sequence[str]) -> View:
    """What matters of the report, as it can be shown to anybody, and where the rest stands."""
    shown = table(*(wrapped(line) for line in report))
    return View((shown, say("Settings and versions: on the host, ", code("python -m bot diagnose"))))


def audit(page: ActPage, now: datetime) -> View:
    """One act a line, newest first, with the way to older ones."""
    if not page.acts:
        return message("No act is on record there.")
    lines = []
    for act in page.acts:
        day = "" if ist_date(act.at) == ist_date(now) else f"{ist(act.at):%d %b} "
        lines.append(say(bold(f"{act.id} {act.what}"), f" · {act.who} · {day}{clock_time(act.at)}"))
        if act.detail:
            lines.append(say(_LONG.sub(lambda page: f"{page[0][:6]}…", _DIGEST.sub("", act.detail))))
    buttons = [words("Newest", "/audit")]
    if page.older is not None:
        buttons.insert(0, words("Older", f"/audit {page.older}"))
    return message(say(bold("Acts"), " (chained; checked at every start)"), *lines).with_keyboard(buttons)


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%b}"
