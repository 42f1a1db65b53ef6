"""Takes the wrapper off an answer of mStock and says what became of the call: pure, and never surprised by a body.

Reads and acts are judged apart. A read that is not understood is Unreadable and nothing is lost. An act (place, modify,
cancel, convert) is Refused only in the words that are known to be refusals. Everything else that is not a plain success
is Unclear, because an error is no proof that no order exists.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

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
from bot.domain.value import positional

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
_PAGE = 4000  # bytes of a page that are looked through for words
_TAGS = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)


@positional
class Answer:
    """What came back: the status line's number and the whole body."""

    http: int
    body: bytes


@positional
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
    """JSON with every fraction as Decimal. ValueError for anything else, however deep or long it is."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (RecursionError, ArithmeticError) as broken:  # nested beyond reason; an exponent beyond reason
        msg = "no JSON that anybody would write"
        raise ValueError(msg) from broken


def empty(value: object) -> bool:
    """Whether a value is one of the broker's ways to say nothing (mstock-type-b.md 1.3)."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def envelope(body: bytes) -> Envelope | None:
    """The wrapper of one answer. None when the body is no wrapped answer (empty, HTML, another shape)."""
    try:
        document = decode(body)
    except ValueError:
        return None
    if isinstance(document, list) and len(document) == 1 and isinstance(document[0], dict) and "status" in document[0]:
        document = document[0]
    if not isinstance(document, dict) or "status" not in document:
        return None
    status = document["status"]
    if isinstance(status, int) and not isinstance(status, bool):
        return _problem(document, status)
    words = _first(document, "message")
    code = _first(document, "errorcode", "error_type", "errorCode")
    ok = status is True or (isinstance(status, str) and status.strip().lower() in _YES)
    data = document.get("data")
    return Envelope(ok=ok, words=words, code=code, data=None if empty(data) else data)


class _Book(msgspec.Struct):
    """A plain yes with a list behind it, whose rows are left as they came."""

    status: bool | str
    data: list[msgspec.Raw]


_BOOK = msgspec.json.Decoder(_Book)


def book(answer: Answer) -> list[bytes] | None:
    """The rows of a book as they came, where the answer is a plain yes. None: it has to be read whole.

    All but one or two rows are those of the look before, and a row that came as it came then is not read again.
    """
    try:
        told = _BOOK.decode(answer.body.decode()) if answer.http < 300 else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if told is None or not (told.status is True or (isinstance(told.status, str) and told.status.strip().lower() in _YES)):
        return None
    return [bytes(row) for row in told.data]


def _problem(document: Mapping[str, Any], status: int) -> Envelope:
    errors = document.get("errors")
    invalid = status == 400 and isinstance(errors, dict)
    messages = (
        [str(line) for lines in errors.values() if isinstance(lines, list) for line in lines] if isinstance(errors, dict) else []
    )
    words = plain(" ".join(messages)) or _first(document, "title", "message")
    return Envelope(ok=False, words=words, code=str(status), data=None, invalid=invalid)


def _first(document: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = document.get(name)
        if not empty(value):
            return plain(value)
    return ""


def _is_success(answer: Answer, reply: Envelope) -> bool:
    """A plain yes, or the form seen live in which status is false beside a complete answer and the word SUCCESS (1.3)."""
    return answer.http < 300 and (reply.ok or (reply.words.lower() == "success" and reply.data is not None))


def failure_of_read(answer: Answer, reply: Envelope | None) -> BrokerError | None:
    """Why a read has no result. None when it has one."""
    if reply is None:
        return Unreadable(f"mStock answered with something that is no answer (HTTP {answer.http}). It may be busy; try again.")
    if _is_success(answer, reply):
        return None
    words = reply.words.lower()
    if any(phrase in words for phrase in _ADDRESS):
        return _wrong_address(reply)
    if reply.code == "IA401" or any(phrase in words for phrase in _GONE):
        return SessionExpired("mStock does not know this session any more. Log in again.")
    if reply.code in ("IA403", "APIKeyException") or any(phrase in words for phrase in _KEY):
        return _key_refused(reply)
    if answer.http >= 500 or answer.http == 429 or transient(reply):
        return Unreadable(f"mStock could not answer just now ({_shown(reply)}). Try again.")
    return Refused(f"mStock refused: {_shown(reply)}", code=reply.code, words=reply.words)


def transient(reply: Envelope) -> bool:
    """Whether the same read, asked again in a moment, may well succeed (mstock-type-b.md 1.4)."""
    words = reply.words.lower()
    gateway = "status code = 5" in words or ("try again" in words and reply.code == "IA500")
    return reply.code in ("MAInternalServerError", "IA500", "MA502", "MA503") or gateway


def failure_of_act(answer: Answer, reply: Envelope | None, act: str) -> BrokerError | None:
    """Why an act is not a plain success. None when it is one. Refused only in words that are known to mean it (I3)."""
    if reply is None:
        say = f"mStock's answer to the {act} cannot be read (HTTP {answer.http}). It may have happened; looking for it."
        return Unclear(say, words=_loose(answer))
    if _is_success(answer, reply):
        return None
    words = reply.words.lower()
    if not reply.ok and answer.http < 500 and answer.http != 429:
        rejected = _RMS.search(reply.words)
        if rejected:
            say = f"mStock rejected the {act}: {reason(reply.words)}"
            return Refused(say, code=reply.code, words=reply.words, broker_id=rejected.group(1), final=True)
        if reply.code in _OVER and act in (CHANGE, CANCEL):
            say = f"mStock says this order is over already, so there was nothing to {act}. The order book tells how it ended."
            return OrderOver(say, code=reply.code, words=reply.words)
        if any(phrase in words for phrase in _ADDRESS):
            return _wrong_address(reply)
        if reply.code in ("IA403", "APIKeyException") and any(phrase in words for phrase in _KEY):
            return _key_refused(reply)
        if reply.code == "IA401" and any(phrase in words for phrase in _SESSION):
            say = f"mStock refused the {act} because the session is not valid. Log in again."
            return Refused(say, code=reply.code, words=reply.words)
        if reply.code in ("IA400", "400") and any(phrase in words for phrase in _ORDER_TYPE):
            return StopWordsRefused(f"mStock refused the {act}: {_shown(reply)}", code=reply.code, words=reply.words)
        if reply.code == "MA0034":  # conversion only: plainly nothing was converted (7.2)
            return Refused(f"mStock refused the conversion: {_shown(reply)}", code=reply.code, words=reply.words)
        if reply.invalid or reply.code in ("IA400", "400"):
            return Refused(f"mStock refused the {act}: {_shown(reply)}", code=reply.code, words=reply.words)
    # Whatever words come with it, the status says the one thing that a person can do about it: wait.
    heard = f"Too many requests ({_shown(reply)})" if answer.http == 429 else _shown(reply)
    say = f"mStock answered the {act} with “{heard}”. It may have happened; looking for it."
    return Unclear(say, words=heard if answer.http == 429 else reply.words or reply.code)


def failure_of_login(answer: Answer, reply: Envelope | None) -> BrokerError | None:
    """Why a login step did not succeed. None when it did. A refusal is never repeated: the account would lock (3.1)."""
    if reply is None:
        return Unreadable(f"mStock's login did not answer sensibly (HTTP {answer.http}). It may be busy; try again in a minute.")
    if reply.ok and answer.http < 300 and reply.data is not None:
        return None
    words = reply.words.lower()
    if any(phrase in words for phrase in _ADDRESS):
        return _wrong_address(reply)
    if reply.code in ("IA403", "APIKeyException") or "suspended/expired" in words:
        return _key_refused(reply)
    if answer.http >= 500 or answer.http == 429 or reply.code == "VersionException" or transient(reply) or reply.ok:
        return Unreadable(f"mStock could not log in just now ({_shown(reply)}). Try again in a minute.")
    return LoginRefused(f"mStock refused the login: {_shown(reply)}")


def session_is_gone(reply: Envelope | None) -> bool:
    """Whether these words mean that the token is dead, whatever became of the call."""
    if reply is None or reply.ok:
        return False
    return reply.code == "IA401" or "invalid session" in reply.words.lower()


def reason(words: str) -> str:
    """The part of a rejection text that a person needs. It is the whole text where no known reason is in it."""
    upper = words.upper()
    starts = [upper.find(phrase) for phrase in _REASONS if phrase in upper]
    shown = words[min(starts) :] if starts else words
    return shown[:_LONGEST]


def _loose(answer: Answer) -> str:
    """The words of a refusal that came without any wrapper, such as a gateway's. A page's words come without its tags."""
    try:
        document = decode(answer.body)
    except ValueError:
        document = None
    told = _first(document, "message", "error", "title") if isinstance(document, dict) else ""
    text = told or plain(_TAGS.sub(" ", answer.body[:_PAGE].decode("utf-8", "replace")))
    return f"{text[:_LONGEST]} (HTTP {answer.http})" if text and answer.http >= 400 else ""


def _shown(reply: Envelope) -> str:
    return (reply.words or reply.code or "no reason given")[:_LONGEST]


def _wrong_address(reply: Envelope) -> AddressRefused:
    say = (
        "mStock does not accept this server's network address. Register it at trade.mstock.com → Trading APIs, as primary or "
        "secondary IP. A new API key does not help."
    )
    return AddressRefused(say, code=reply.code, words=reply.words)


def naming(failure: BrokerError, address: str | None) -> BrokerError:
    """The same failure. Where the address is what was refused, it is said which one it is, if that is known."""
    if not isinstance(failure, AddressRefused) or address is None:
        return failure
    say = (
        f"mStock does not accept this server's network address, {address}. Register {address} at trade.mstock.com → Trading "
        "APIs, as primary or secondary IP. A new API key does not help."
    )
    return AddressRefused(say, code=failure.code, words=failure.words)


def _key_refused(reply: Envelope) -> Refused:
    say = f"mStock does not accept the API key: {_shown(reply)} Look at trade.mstock.com → Trading APIs."
    return Refused(say, code=reply.code, words=reply.words)
