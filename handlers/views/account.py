"""Accounts, logging in and out, and what became of a message that held a code."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.clock import MOST_SKEW, ist_date
from bot.domain.market.display_names import title
from bot.domain.orders.portfolio import Position
from bot.domain.orders.proposal import CodeWanted, LoggedIn, SessionState, Unlinked, UnlinkQuestion
from bot.domain.people.account import Account, CodeKind, Role
from bot.domain.people.secret_entry import EntryKind, Offered
from handlers.views.card import at, place, what
from handlers.views.format import clock_time, day_name, short_time, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Part, View, bold, code, message, say
from handlers.views.taps import CardTap, CardVerb, WordsTap

DELETED = "I deleted the message with your code."
_MOST = 10  # orders or positions that are named
NOT_DELETED = "⚠️ I could not delete the message with your code. Please delete it yourself."


def accounts(found: Sequence[tuple[Account, Role]], current: Account | None) -> View:
    """What is linked, and a button to work with another one."""
    if not found:
        return message(
            say(bold("No account is linked yet.")),
            "The owner links one with /link, or on the host: python -m bot link",
        )
    lines = []
    for account, role in found:
        here = " ← in use" if current is not None and account.id == current.id else ""
        lines.append(say(bold(account.name), f" · {account.client} · you are {role}{here}"))
    others = [
        words(f"Use {account.label}", f"/use {account.label}")
        for account, _ in found
        if current is None or account.id != current.id
    ]
    return message(say(bold("Accounts")), *lines).with_keyboard(*([each] for each in others[:8]))


def using(account: Account) -> View:
    return message(say(bold(f"Using {account.name}"), f" ({account.client}) for 30 minutes, then the usual one again."))


def logged_in(found: LoggedIn, mode: str, now: datetime, note: str = "") -> View:
    """The session is there, and until when."""
    first = "Already logged in" if found.already else "Logged in"
    until = found.session.expires
    day = "" if ist_date(until) == ist_date(now) else f" on {day_name(ist_date(until))}"
    return message(
        say(bold(f"{first}.")),
        f"The session lives until {short_time(until)}{day}.",
        *([note] if note else []),
        place(found.account.label, mode),
    ).with_keyboard(
        [words("Funds", "/funds", account=found.account.label), words("Positions", "/positions", account=found.account.label)]
    )


def code_wanted(found: CodeWanted, mode: str) -> View:
    """Six digits, as an answer without any command."""
    source = "from your authenticator app" if found.kind is CodeKind.TOTP else "that mStock sent you"
    return message(
        say(bold("Six digits, please.")),
        f"Send the code {source}, nothing else. I take it until {clock_time(found.until)} and delete your message. "
        "Or /login page types it in a browser.",
        place(found.account.label, mode),
    )


def offered(found: Offered, mode: str) -> View:
    """A one-time page; the address is not made into a link where only the host can follow it."""
    ticket = found.ticket
    what = "Enter its secrets" if ticket.kind is EntryKind.LINK else "Type the six digits"
    where = (
        "Open this on the computer the bot runs on (from elsewhere through an SSH tunnel of the same port):"
        if found.on_host
        else "Open this in your browser:"
    )
    shown = message(
        say(bold(f"{what} on this page."), " For you alone, once."),
        where,
        say(code(found.address)),
        f"Until {clock_time(ticket.until)}. Never type a password or key into this chat.",
        place(ticket.label, mode),
    )
    return replace(shown, portable=True)


def code_not_expected(note: str) -> View:
    return message(say(bold("No code is expected now."), " Nothing was sent to mStock."), note).with_keyboard(
        [button("Log in", WordsTap("/login"))]
    )


def code_not_used(note: str) -> View:
    """A code that arrived while the bot was away: it is stale, and it was never stored."""
    return message(say(bold("I was away when your code came."), " It was not used and not kept."), note).with_keyboard(
        [button("Log in", WordsTap("/login"))]
    )


def logged_out(account: Account, mode: str) -> View:
    return message(
        say(bold("Logged out.")),
        "Orders at the exchange stay; I cannot see them until the next login.",
        place(account.label, mode),
    ).with_keyboard([words("Log in", "/login", account=account.label)])


def session(found: SessionState, mode: str, now: datetime) -> View:
    """One account's line to the broker."""
    return message(
        say(bold("Session"), f" · {found.account.label} · {mode}"),
        session_line(found, now),
        "Live prices: connected." if found.feed_connected else "Live prices: not connected.",
        *([f"🔴 {said}"] if (said := clock_off(found)) else []),
        "The TOTP seed is stored here: one factor instead of two." if found.seed_stored else "The TOTP seed is not stored here.",
    ).with_keyboard(
        [words("Log out", "/logout", account=found.account.label)]
        if alive(found, now)
        else [words("Log in", "/login", account=found.account.label)]
    )


def alive(found: SessionState, now: datetime) -> bool:
    return found.session is not None and found.session.alive(now)


def clock_off(found: SessionState) -> str:
    """That this host's clock is more than MOST_SKEW away from the broker's, as its answers tell; empty while it is not."""
    if found.skew is None or abs(found.skew) <= MOST_SKEW:
        return ""
    way = "behind" if found.skew > 0 else "ahead of"
    return f"This server's clock is {abs(found.skew):.0f} s {way} mStock's: login codes made here may be refused."


def session_line(found: SessionState, now: datetime) -> str:
    """One line: logged in until when, or that a login is needed."""
    if found.session is None or not found.session.alive(now):
        return "🔴 Not logged in: log in to trade and to see your books."
    until = found.session.expires
    day = "" if ist_date(until) == ist_date(now) else f" on {day_name(ist_date(until))}"
    return f"🟢 Logged in until {short_time(until)}{day}."


def unlink_question(asked: UnlinkQuestion, mode: str, now: datetime) -> View:
    """What is destroyed, what stays, and what is left open at mStock."""
    account, token = asked.account, asked.confirmation.token
    parts: list[Part | str] = [
        say(bold(f"Unlink {account.name}?"), f" ({account.client})"),
        "Its secrets are destroyed here for good. Linked again, it is the same account: limits, locks, numbers and history stay.",
    ]
    if asked.unread is not None:
        parts.append(f"⚠️ The books could not be read, so I do not know what is open now. {asked.unread}")
    if asked.orders:
        stay = "orders stay at mStock, and nobody here watches them:"
        one = "order stays at mStock, and nobody here watches it:"
        parts.append(say(bold(f"{len(asked.orders)} open {one if len(asked.orders) == 1 else stay}")))
        parts += _most([f"#{order.number} {what(order.draft, now)}: {at(order)}" for order in asked.orders])
    if asked.positions:
        number = f"{len(asked.positions)} open position{'s' if len(asked.positions) > 1 else ''}:"
        parts.append(say(bold(number)))
        parts += _most([_held(position, now) for position in asked.positions])
    if not (asked.orders or asked.positions or asked.unread):
        parts.append("No order and no position is open.")
    return message(*parts, place(account.label, mode)).with_keyboard(
        [button(f"Yes, unlink {account.label}", CardTap(token, CardVerb.UNLINK, account.label))],
        [button("No, keep it linked", CardTap(token, CardVerb.DISCARD, account.label))],
    )


def _held(position: Position, now: datetime) -> str:
    return f"{signed_count(position.quantity)} {title(position.instrument, today=ist_date(now))} {position.product}"


def _most(lines: list[str]) -> list[str]:
    return [*lines[:_MOST], f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else lines


def unlinked(done: Unlinked, mode: str) -> View:
    """What was destroyed, and what was not."""
    account = done.account
    lives_on = "⚠️ mStock did not confirm the logout: the session there may live until midnight."
    return message(
        say(bold(f"Unlinked {account.name}."), f" ({account.client})"),
        "Its secrets are destroyed here for good. Its orders and positions stay at mStock, its limits, locks and history in my "
        "records.",
        *([] if done.logged_out else [lives_on]),
        place(account.label, mode),
    )
