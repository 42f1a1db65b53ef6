"""Accounts, logging in and out, and what became of a message that held a code."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.clock import MOST_SKEW, ist_date
from bot.domain.market.display_names import title
from bot.domain.people.account import Account, CodeKind, Role
from bot.domain.people.secret_entry import EntryKind, Offered
from bot.domain.positions.portfolio import Position
from bot.domain.proposals.proposal import CodeWanted, LoggedIn, SessionState, Unlinked, UnlinkQuestion
from handlers.views.format import clock_time, day_name, short_time, signed_count
from handlers.views.keyboards import button, words
from handlers.views.message import Part, View, bold, code, message, say
from handlers.views.orders.card import at, place, what
from handlers.views.taps.taps import CardTap, CardVerb, WordsTap

DELETED = "I deleted the message with your code."
_MOST = 10  # orders or positions that are named
NOT_DELETED = "⚠️ I could not delete the message with your code. Please delete it yourself."


def secret_hidden(*, deleted: bool) -> str:
    """Words behind /link, which are most often the secrets themselves."""
    if deleted:
        return "I deleted that message: it may have held a secret."
    return "⚠️ I could not delete that message, which may hold a secret. Please delete it yourself."


def accounts(entries: Sequence[tuple[Account, Role]], current: Account | None) -> View:
    """What is linked, and a button to work with another one."""
    if not entries:
        return message(
            say(bold("No account is linked yet.")),
            "The owner links one with /link, or on the host: python -m bot link",
        )
    lines = []
    for account, role in entries:
        here = " ← in use" if current is not None and account.id == current.id else ""
        lines.append(say(bold(account.name), f" · {account.client} · you are {role}{here}"))
    others = [
        words(f"Use {account.label}", f"/use {account.label}")
        for account, _ in entries
        if current is None or account.id != current.id
    ]
    return message(say(bold("Accounts")), *lines).with_keyboard(*([switch] for switch in others[:8]))


def ddpi(account: Account, mode: str, *, on_file: bool | None, may_say: bool) -> View:
    """Whether sales out of the demat account need a TPIN."""
    stands = {None: "not said for this account; the host's setting holds", True: "on file", False: "not on file"}[on_file]
    more = "With one, mStock asks for no CDSL TPIN when holdings are sold; it is signed once at mStock."
    sayings = [words("On file", "/ddpi yes", account=account.label), words("Not on file", "/ddpi no", account=account.label)]
    view = message(say(bold("DDPI: "), f"{stands}."), more, place(account.label, mode))
    return view.with_keyboard(sayings) if may_say else view


def using(account: Account) -> View:
    return message(say(bold(f"Using {account.name}"), f" ({account.client}) for 30 minutes, then the usual one again."))


def logged_in(login: LoggedIn, mode: str, now: datetime, note: str = "") -> View:
    """The session is there, and until when."""
    first = "Already logged in" if login.already else "Logged in"
    until = login.session.expires
    day = "" if ist_date(until) == ist_date(now) else f" on {day_name(ist_date(until))}"
    return message(
        say(bold(f"{first}.")),
        f"The session lives until {short_time(until)}{day}.",
        *([note] if note else []),
        place(login.account.label, mode),
    ).with_keyboard(
        [words("Funds", "/funds", account=login.account.label), words("Positions", "/positions", account=login.account.label)]
    )


def code_wanted(request: CodeWanted, mode: str) -> View:
    """Six digits, as an answer without any command."""
    source = "from your authenticator app" if request.kind is CodeKind.TOTP else "that mStock sent you"
    return message(
        say(bold("Six digits, please.")),
        f"Send the code {source}, nothing else. I take it until {clock_time(request.until)} and delete your message. "
        "Or /login page types it in a browser.",
        place(request.account.label, mode),
    )


def offered(page: Offered, mode: str) -> View:
    """A one-time page. The address is not made into a link where only the host can follow it."""
    ticket = page.ticket
    what = "Enter its secrets" if ticket.kind is EntryKind.LINK else "Type the six digits"
    where = (
        "Open this on the computer the bot runs on (from elsewhere through an SSH tunnel of the same port):"
        if page.on_host
        else "Open this in your browser:"
    )
    view = message(
        say(bold(f"{what} on this page."), " For you alone, once."),
        where,
        say(code(page.address)),
        f"Until {clock_time(ticket.until)}. Never type a password or key into this chat.",
        place(ticket.label, mode),
    )
    return replace(view, portable=True)


def code_not_expected(note: str) -> View:
    return message(say(bold("No code is expected now."), " Nothing was sent to mStock."), note).with_keyboard(
        [button("Log in", WordsTap("/login"))]
    )


def code_alone(note: str) -> View:
    """Six digits stood among other words while a code is awaited."""
    return message(say(bold("Was that the code?"), " Nothing was sent to mStock. If it was, send the six digits alone."), note)


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


def session(state: SessionState, mode: str, now: datetime) -> View:
    """One account's line to the broker."""
    return message(
        say(bold("Session"), f" · {state.account.label} · {mode}"),
        session_line(state, now),
        "Live prices: connected." if state.feed_connected else "Live prices: not connected.",
        *([f"🔴 {warning}"] if (warning := clock_off(state)) else []),
        "The TOTP seed is stored here: one factor instead of two." if state.seed_stored else "The TOTP seed is not stored here.",
    ).with_keyboard(
        [words("Log out", "/logout", account=state.account.label)]
        if alive(state, now)
        else [words("Log in", "/login", account=state.account.label)]
    )


def alive(state: SessionState, now: datetime) -> bool:
    return state.session is not None and state.session.alive(now)


def clock_off(state: SessionState) -> str:
    """Says that this host's clock is more than MOST_SKEW away from the broker's, as its answers tell. Empty while it is not."""
    if state.skew is None or abs(state.skew) <= MOST_SKEW:
        return ""
    way = "behind" if state.skew > 0 else "ahead of"
    return f"This server's clock is {abs(state.skew):.0f} s {way} mStock's: login codes made here may be refused."


def session_line(state: SessionState, now: datetime) -> str:
    """One line: logged in until when, or that a login is needed."""
    if state.session is None or not state.session.alive(now):
        return "🔴 Not logged in: log in to trade and to see your books."
    until = state.session.expires
    day = "" if ist_date(until) == ist_date(now) else f" on {day_name(ist_date(until))}"
    return f"🟢 Logged in until {short_time(until)}{day}."


def unlink_question(question: UnlinkQuestion, mode: str, now: datetime) -> View:
    """What is destroyed, what stays, and what is left open at mStock."""
    account, token = question.account, question.confirmation.token
    parts: list[Part | str] = [
        say(bold(f"Unlink {account.name}?"), f" ({account.client})"),
        "Its secrets are destroyed here for good. Linked again, it is the same account: limits, locks, numbers and history stay.",
    ]
    if question.unread is not None:
        parts.append(f"⚠️ The books could not be read, so I do not know what is open now. {question.unread}")
    if question.orders:
        stay = "orders stay at mStock, and nobody here watches them:"
        single = "order stays at mStock, and nobody here watches it:"
        parts.append(say(bold(f"{len(question.orders)} open {single if len(question.orders) == 1 else stay}")))
        parts += _most([f"#{order.number} {what(order.draft, now)}: {at(order)}" for order in question.orders])
    if question.positions:
        number = f"{len(question.positions)} open position{'s' if len(question.positions) > 1 else ''}:"
        parts.append(say(bold(number)))
        parts += _most([_held(position, now) for position in question.positions])
    kinds = ((question.trails, "trail"), (question.pnl_exits, "P&L exit"), (question.standing_stops, "standing stop"))
    if ends := [f"{number} {name}{'s' if number > 1 else ''}" for number, name in kinds if number]:
        parts.append(f"With it ends, and is not taken up again: {', '.join(ends)}.")
    if not (question.orders or question.positions or question.unread):
        parts.append("No order and no position is open.")
    return message(*parts, place(account.label, mode)).with_keyboard(
        [button(f"Yes, unlink {account.label}", CardTap(token, CardVerb.UNLINK, account.label))],
        [button("No, keep it linked", CardTap(token, CardVerb.DISCARD, account.label))],
    )


def _held(position: Position, now: datetime) -> str:
    return f"{signed_count(position.quantity)} {title(position.instrument, today=ist_date(now))} {position.product}"


def _most(lines: list[str]) -> list[str]:
    return [*lines[:_MOST], f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else lines


def unlinked(outcome: Unlinked, mode: str) -> View:
    """What was destroyed, and what was not."""
    account = outcome.account
    lives_on = "⚠️ mStock did not confirm the logout: the session there may live until midnight."
    return message(
        say(bold(f"Unlinked {account.name}."), f" ({account.client})"),
        "Its secrets are destroyed here for good. Its orders and positions stay at mStock, its limits, locks and history in my "
        "records.",
        *([] if outcome.logged_out else [lives_on]),
        place(account.label, mode),
    )
