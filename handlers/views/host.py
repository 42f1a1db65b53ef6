"""How the bot itself is doing."""

from datetime import date

from bot.domain.clock import ist
from bot.domain.proposal import Status
from handlers.views.account import alive
from handlers.views.keyboards import Book, BookTap, button
from handlers.views.message import Part, View, say
from handlers.views.text import clock_time, count, fit, row, short_time, table


def status(found: Status) -> View:
    """Each line green or red, the repair beside what is red."""
    started = ist(found.started_at)
    rows = [
        row(f"STATUS {found.version}", found.mode),
        row(f" as of {clock_time(found.now)}"),
        row("Running since", f"{started.day} {started:%b} {short_time(found.started_at)}"),
        row("Contracts", f"{count(found.master_rows)} of {_day(found.master_date)}" if found.master_date else "🔴 none loaded"),
    ]
    for line in found.sessions:
        signs = "🟢" if alive(line, found.now) else "🔴 log in"
        rows.append(row(fit(f"Session {line.account.label}", 18), signs))
        rows.append(row(fit(f"Prices {line.account.label}", 18), "🟢" if line.feed_connected else "🔴 not connected"))
    rows.append(row("News waiting", count(found.notices_waiting)))
    rows.append(row("News undelivered", f"{'🔴 ' if found.notices_buried else ''}{count(found.notices_buried)}"))
    rows.append(row("Orders looked for", f"{'🟡 ' if found.looked_for else ''}{count(found.looked_for)}"))
    parts: list[Part] = [table(*rows)]
    if not found.sessions:
        parts.append(say("No account is linked."))
    return View(tuple(parts)).with_keyboard([button("Refresh", BookTap(Book.STATUS))])


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%b}"
