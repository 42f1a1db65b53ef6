"""How the bot itself is doing, and who may use it."""

from collections.abc import Sequence

from bot.domain.account import Role, User
from bot.domain.clock import ist
from bot.domain.proposal import Status
from handlers.views.account import alive
from handlers.views.keyboards import Book, BookTap, button
from handlers.views.message import Part, View, bold, message, say
from handlers.views.text import clock_time, count, fit, row, short_time, table


def status(found: Status) -> View:
    """Each line green or red, the repair beside what is red."""
    started = ist(found.started_at)
    rows = [
        row(f"STATUS {found.version}", found.mode),
        row(f" as of {clock_time(found.now)}"),
        row("Running since", f"{started.day} {started:%b} {short_time(found.started_at)}"),
        row("Contracts", f"{count(found.master_rows)} of {found.master_date}" if found.master_date else "🔴 none loaded"),
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


def people(found: Sequence[tuple[User, str | None, Role]]) -> View:
    """The list, as it stands; it is changed on the host."""
    lines = [
        say(bold(user.name), f" · {user.telegram_id} · {role} on {label or 'all accounts'}{'' if user.active else ' · off'}")
        for user, label, role in found
    ]
    return message(say(bold("People")), *lines, "People are added and removed on the host: python -m bot people")
