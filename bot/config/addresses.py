"""Which addresses the bot may talk to: three pairs of a Telegram and a broker, and nothing else (T23)."""

import ipaddress
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from bot.domain.value import value

TELEGRAM = "https://api.telegram.org"
MSTOCK = "https://api.mstock.trade"
MSTOCK_SOCKET = "wss://ws.mstock.trade"
PAPER_PORT = 8700  # of `python -m bot paper`, unless told otherwise
PAPER = f"http://127.0.0.1:{PAPER_PORT}"
PAPER_SOCKET = f"ws://127.0.0.1:{PAPER_PORT}/ws"


class Mode(StrEnum):
    """Names a pair of addresses. Every card shows it as PAPER or LIVE."""

    DEMO = "demo"
    PAPER = "paper"
    LIVE = "live"


NAMES = ("TELEGRAM_URL", "BROKER_URL", "BROKER_WS_URL")  # the settings that follow from the mode


@value
class _Address:
    """What one address may be in one mode: exactly this one, or (loopback) any path and port of this host alone."""

    default: str | None
    schemes: tuple[str, ...]
    loopback: bool


_LOOPBACK_TELEGRAM = _Address(default=None, schemes=("http",), loopback=True)
_REAL_TELEGRAM = _Address(default=TELEGRAM, schemes=("https",), loopback=False)
_ADDRESSES: dict[Mode, dict[str, _Address]] = {
    Mode.DEMO: {
        "TELEGRAM_URL": _LOOPBACK_TELEGRAM,
        "BROKER_URL": _Address(default=None, schemes=("http",), loopback=True),
        "BROKER_WS_URL": _Address(default=None, schemes=("ws",), loopback=True),
    },
    Mode.PAPER: {
        "TELEGRAM_URL": _REAL_TELEGRAM,
        "BROKER_URL": _Address(default=PAPER, schemes=("http",), loopback=True),
        "BROKER_WS_URL": _Address(default=PAPER_SOCKET, schemes=("ws",), loopback=True),
    },
    Mode.LIVE: {
        "TELEGRAM_URL": _REAL_TELEGRAM,
        "BROKER_URL": _Address(default=MSTOCK, schemes=("https",), loopback=False),
        "BROKER_WS_URL": _Address(default=MSTOCK_SOCKET, schemes=("wss",), loopback=False),
    },
}


def settle_addresses(mode: Mode, given: dict[str, str], problems: list[str]) -> None:
    """Fills in the addresses that are not given, without a slash at the end, and adds to problems those that the mode refuses."""
    for name, allowed in _ADDRESSES[mode].items():
        _settle(mode, name, allowed, given, problems)


def _settle(mode: Mode, name: str, allowed: _Address, given: dict[str, str], problems: list[str]) -> None:
    if name not in given:
        if allowed.default is None:
            problems.append(f"{name} is missing: {mode} mode runs on loopback addresses, which `python -m bot demo` fills in")
        given[name] = allowed.default or ""
        return
    address = given[name].rstrip("/")
    if allowed.loopback:
        if not _is_loopback(address, allowed.schemes):
            problems.append(f"{name} is not a {allowed.schemes[0]} address of this host, and {mode} mode takes no other")
    elif address != allowed.default:
        problems.append(f"{name} may only be {allowed.default} in {mode} mode")
    given[name] = address


def _is_loopback(address: str, schemes: tuple[str, ...]) -> bool:
    parts = _parts(address)
    if parts is None or parts.scheme not in schemes or parts.query or parts.fragment or ".." in parts.path:
        return False
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_redirect(address: str) -> bool:
    """Whether a browser can be sent back to it. The bot never asks anything of it."""
    parts = _parts(address)
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)


def _parts(address: str) -> SplitResult | None:
    """Splits a plain ASCII address. None: it has a user, odd characters, or a port that is none."""
    if not address.isascii() or not address.isprintable() or any(letter in address for letter in ' \\@"<>'):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # ValueError when it is no port
    except ValueError:
        return None
    return None if "xn--" in (parts.hostname or "") else parts
