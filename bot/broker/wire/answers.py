"""Takes the wrapper off an answer of mStock and says what became of the call: pure, and never surprised by a body.

Reads and acts are judged apart. A read that is not understood is Unreadable and nothing is lost. An act (place, modify,
cancel, convert) is Refused only in the words that are known to be refusals; everything else that is not a plain success
is Unclear, because an error is no proof that no order exists.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from bot.domain.errors import (
    AddressRefused,
    BrokerError,
    LoginRefused,
    OrderOver,
    Refused,
    SessionExpired,
    StopWordsRefused,
    Unclear,
    Unreadable,
)

_NOTHING = frozenset({"", "none", "null"})
_YES = frozenset({"true", "success", "ok"})
_RMS = re.compile(r"\bRMS:\s*(\d{6,24})\s*:")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ADDRESS = ("ip address", "primary and secondary ip")
_KEY = ("suspended/expired", "suspended", "api subscription", "api key", "apikey")
_GONE = ("invalid session", "session expired", "token expired")  # under whichever code
_SESSION = ("invalid request", "incorrect auth", "invalid session", "unauthorized", "token expired", "session expired")
_REASONS = (
    "FUND LIMIT INSUFFICIENT", "MARKET IS CLOSE", "FREEZE", "CIRCUIT", "MULTIPLE OF", "PRICE BAND", "DAYS PRICE RANGE",
    "INSUFFICIENT", "INSUFICIENT", "NOT ALLOWED", "BLOCKED", "SQUARE OFF", "LOT SIZE", "TICK SIZE", "NOT AUTHORISED",
)  # fmt: skip
_OVER = ("RS-0034", "RS-00093")  # to a change and to a cancel of a dead order (5.3, 5.4)
CHANGE, CANCEL = "change", "cancel"  # the acts on an order that exists
_ORDER_TYPE = ("order type", "ordertype", "order_type")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status line's number and the whole body."""

    http: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer with its wrapper understood."""

    ok: bool
    words: str  # the message, made safe to show
    code: str  # "" when none
    data: Any  # None when empty in any of the broker's spellings
    invalid: bool = False  # a model-validation body (mstock-type-b.md 1.5)


def plain(value: object) -> str:
    """A stranger's text made safe to store and show: no control characters, no lone surrogates, blanks trimmed."""
    text = value if isinstance(value, str) else str(value)
    return _CONTROLS.sub(" ", text).encode("utf-8", "replace").decode("utf-8").strip()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def decode(body: bytes) -> Any:
    """JSON with every fraction as Decimal; ValueError for anything else, however deep or long it is."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (RecursionError, ArithmeticError) as broken:  # nested beyond reason; an exponent beyond reason
        msg = "no JSON that anybody would write"
        raise ValueError(msg) from broken


def empty(value: object) -> bool:
    """Whether a value is one of the broker's ways to say nothing (mstock-type-b.md 1.3)."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def envelope(body: bytes) -> Envelope | None:
    """The wrapper of one answer; None when the body is no wrapped answer (empty, HTML, another shape)."""
    try:
        told = decode(body)
    except ValueError:
        return None
    if isinstance(told, list) and len(told) == 1 and isinstance(told[0], dict) and "status" in told[0]:
        told = told[0]
    if not isinstance(told, dict) or "status" not in told:
        return None
    status = told["status"]
    if isinstance(status, int) and not isinstance(status, bool):
        return _problem(told, status)
    words = _first(told, "message")
    code = _first(told, "errorcode", "error_type", "errorCode")
    ok = status is True or (isinstance(status, str) and status.strip().lower() in _YES)
    data = told.get("data")
    return Envelope(ok=ok, words=words, code=code, data=None if empty(data) else data)


def _problem(told: Mapping[str, Any], status: int) -> Envelope:
    errors = told.get("errors")
    invalid = status == 400 and isinstance(errors, dict)
    said = (
        [str(line) for lines in errors.values() if isinstance(lines, list) for line in lines] if isinstance(errors, dict) else []
    )
    words = plain(" ".join(said)) or _first(told, "title", "message")
    return Envelope(ok=False, words=words, code=str(status), data=None, invalid=invalid)


def _first(told: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = told.get(name)
        if not empty(value):
            return plain(value)
    return ""


def _is_success(answer: Answer, told: Envelope) -> bool:
    """A plain yes, or the form seen live in which status is false beside a complete answer and the word SUCCESS (1.3)."""
    return answer.http < 300 and (told.ok or (told.words.lower() == "success" and told.data is not None))


def failure_of_read(answer: Answer, told: Envelope | None) -> BrokerError | None:
    """Why a read has no result; None when it has one."""
    if told is None:
        return Unreadable(f"mStock answered with something that is no answer (HTTP {answer.http}). It may be busy; try again.")
    if _is_success(answer, told):
        return None
    words = told.words.lower()
    if any(known in words for known in _ADDRESS):
        return _wrong_address(told)
    if told.code == "IA401" or any(known in words for known in _GONE):
        return SessionExpired("mStock does not know this session any more. Log in again.")
    if told.code in ("IA403", "APIKeyException") or any(known in words for known in _KEY):
        return _key_refused(told)
    if answer.http >= 500 or answer.http == 429 or transient(told):
        return Unreadable(f"mStock could not answer just now ({_shown(told)}). Try again.")
    return Refused(f"mStock refused: {_shown(told)}", code=told.code, words=told.words)


def transient(told: Envelope) -> bool:
    """Whether the same read, asked again in a moment, may well succeed (mstock-type-b.md 1.4)."""
    words = told.words.lower()
    gateway = "status code = 5" in words or ("try again" in words and told.code == "IA500")
    return told.code in ("MAInternalServerError", "IA500", "MA502", "MA503") or gateway


def failure_of_act(answer: Answer, told: Envelope | None, act: str) -> BrokerError | None:
    """Why an act is not a plain success; None when it is one. Refused only in words that are known to mean it (I3)."""
    if told is None:
        return Unclear(f"mStock's answer to the {act} cannot be read (HTTP {answer.http}). It may have happened; looking for it.")
    if _is_success(answer, told):
        return None
    words = told.words.lower()
    if not told.ok and answer.http < 500 and answer.http != 429:
        rejected = _RMS.search(told.words)
        if rejected:
            say = f"mStock rejected the {act}: {reason(told.words)}"
            return Refused(say, code=told.code, words=told.words, broker_id=rejected.group(1), final=True)
        if told.code in _OVER and act in (CHANGE, CANCEL):
            say = f"mStock says this order is over already, so there was nothing to {act}. The order book tells how it ended."
            return OrderOver(say, code=told.code, words=told.words)
        if any(known in words for known in _ADDRESS):
            return _wrong_address(told)
        if told.code in ("IA403", "APIKeyException") and any(known in words for known in _KEY):
            return _key_refused(told)
        if told.code == "IA401" and any(known in words for known in _SESSION):
            say = f"mStock refused the {act} because the session is not valid. Log in again."
            return Refused(say, code=told.code, words=told.words)
        if told.code in ("IA400", "400") and any(known in words for known in _ORDER_TYPE):
            return StopWordsRefused(f"mStock refused the {act}: {_shown(told)}", code=told.code, words=told.words)
        if told.code == "MA0034":  # conversion only: plainly nothing was converted (7.2)
            return Refused(f"mStock refused the conversion: {_shown(told)}", code=told.code, words=told.words)
        if told.invalid or told.code in ("IA400", "400"):
            return Refused(f"mStock refused the {act}: {_shown(told)}", code=told.code, words=told.words)
    return Unclear(f"mStock answered the {act} with “{_shown(told)}”. It may have happened; looking for it.")


def failure_of_login(answer: Answer, told: Envelope | None) -> BrokerError | None:
    """Why a login step did not succeed; None when it did. A refusal is never repeated: the account would lock (3.1)."""
    if told is None:
        return Unreadable(f"mStock's login did not answer sensibly (HTTP {answer.http}). It may be busy; try again in a minute.")
    if told.ok and answer.http < 300 and told.data is not None:
        return None
    words = told.words.lower()
    if any(known in words for known in _ADDRESS):
        return _wrong_address(told)
    if told.code in ("IA403", "APIKeyException") or "suspended/expired" in words:
        return _key_refused(told)
    if answer.http >= 500 or answer.http == 429 or told.code == "VersionException" or transient(told) or told.ok:
        return Unreadable(f"mStock could not log in just now ({_shown(told)}). Try again in a minute.")
    return LoginRefused(f"mStock refused the login: {_shown(told)}")


def session_is_gone(told: Envelope | None) -> bool:
    """Whether these words mean that the token is dead, whatever became of the call."""
    if told is None or told.ok:
        return False
    return told.code == "IA401" or "invalid session" in told.words.lower()


def reason(words: str) -> str:
    """The part of a rejection text that a person needs; the whole text where no known reason is in it."""
    upper = words.upper()
    starts = [upper.find(known) for known in _REASONS if known in upper]
    shown = words[min(starts) :] if starts else words
    return shown[:_LONGEST]


def _shown(told: Envelope) -> str:
    return (told.words or told.code or "no reason given")[:_LONGEST]


def _wrong_address(told: Envelope) -> AddressRefused:
    say = (
        "mStock does not accept this server's network address. Register it at trade.mstock.com → Trading APIs, as primary or "
        "secondary IP. A new API key does not help."
    )
    return AddressRefused(say, code=told.code, words=told.words)


def naming(failure: BrokerError, address: str | None) -> BrokerError:
    """The same failure; where the address is what was refused, it is said which one it is, if that is known."""
    if not isinstance(failure, AddressRefused) or address is None:
        return failure
    say = (
        f"mStock does not accept this server's network address, {address}. Register {address} at trade.mstock.com → Trading "
        "APIs, as primary or secondary IP. A new API key does not help."
    )
    return AddressRefused(say, code=failure.code, words=failure.words)


def _key_refused(told: Envelope) -> Refused:
    say = f"mStock does not accept the API key: {_shown(told)} Look at trade.mstock.com → Trading APIs."
    return Refused(say, code=told.code, words=told.words)
