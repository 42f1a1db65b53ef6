"""The page as HTML: pure functions, no script, one style that the page's own policy names by its hash."""

import base64
import hashlib
from html import escape

from bot.domain.people.secret_entry import SEED_SENTENCE, EntryKind, Ticket

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}"
    "h1{font-size:1.25rem}label{display:block;margin:1rem 0 .25rem;font-weight:600}small{display:block;color:#555}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #777;border-radius:.25rem}"
    "button{font:inherit;margin-top:1.5rem;padding:.6rem 1.2rem;border:0;border-radius:.25rem;background:#1a5fb4;color:#fff}"
    "input:focus,button:focus{outline:3px solid #f5a623}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}small{color:#aaa}input{color:#eee;background:#222}}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

# Nothing runs, nothing is fetched, nothing frames it, and the form goes nowhere but back.
POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{_HASH}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_QUIET = 'autocomplete="off" autocapitalize="none" spellcheck="false"'
_SIX = f'inputmode="numeric" pattern="[0-9]{{6}}" maxlength="6" {_QUIET}'


def form(ticket: Ticket, *, until: str, problem: str = "") -> str:
    """Writes the empty form for a ticket. until: when its link ends. What was typed is never written back."""
    alert = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    head = f"<p>For you alone, once, until {escape(until)}.</p>{alert}"
    if ticket.kind is EntryKind.LOGIN:
        title, button = f"Log in: {ticket.label}", "Log in"
        fields = f'<label for="code">Six digits</label><input id="code" name="code" required autofocus {_SIX}>'
    else:
        title, button = f"Link an account: {ticket.label}", "Try the login and store"
        fields = (
            _field("client_code", "Client code", required=True)
            + _field("api_key", "API key (type B)", required=True, hidden=True)
            + _field("password", "Password", required=True, hidden=True)
            + _field("totp_seed", "TOTP seed, if the bot is to log in by itself", hidden=True, note=SEED_SENTENCE)
            + f'<label for="code">Without a seed: the six digits of now</label><input id="code" name="code" {_SIX}>'
        )
    body = f'{head}<form method="post" autocomplete="off">{fields}<button type="submit">{button}</button></form>'
    return page(title, body)


def _field(name: str, label: str, *, required: bool = False, hidden: bool = False, note: str = "") -> str:
    kind = "password" if hidden else "text"
    must = " required" if required else ""
    under = f"<small>{escape(note)}</small>" if note else ""
    return (
        f'<label for="{name}">{escape(label)}</label>{under}<input id="{name}" name="{name}" type="{kind}" '
        f'maxlength="200"{must} {_QUIET}>'
    )


def message(title: str, say: str) -> str:
    """Writes a page that only says something."""
    return page(title, f"<p>{escape(say)}</p><p>You can close this page. The rest is in the chat.</p>")


def page(title: str, body: str) -> str:
    """Writes the frame of every page. body is markup already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
