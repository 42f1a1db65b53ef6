"""Redacts text that leaves the program: takes out known secrets in every common spelling, and whatever has the shape of one.

A random value is also recognised by any piece of it (eight characters of a short one, fifteen of a long
one), because tracebacks and libraries cut what they print.
"""

import base64
import json
import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from bot.domain.people.secret import Secret

GONE = "***"
_PIECE = 8  # characters
_LONG = 128  # characters; of longer secrets every eighth piece is kept, which still finds fifteen characters in a row
_SHORTEST = 4  # a shorter value would take words apart and is no secret worth the name
_RANDOM_FROM = 12  # characters
_RANDOM_BITS = 2.7  # for each character; "password1" has as much, but is too short to count as random
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_WORD = re.compile(r"[A-Za-z0-9_+=%~-]")

_KEYS = (
    "access_?token|api_?key|api_?secret|jwt_?token|refresh_?token|feed_?token|request_?token|checksum|x-privatekey|privatekey|"
    "authorization|password|passwd|pwd|passphrase|totp(?:_?seed)?|otp|pin|secret|seed"
)
# Each shape with what is left of it. Order matters: the whole before its parts. None looks at a letter more often than a few
# times, however the text repeats itself: where a shape could begin anywhere in a run of letters, it is tried once for the run
# (?<!…), and what it has taken it does not give back (?>…), ++.
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"otpauth://[^\s\"'<>]*", re.IGNORECASE), f"otpauth://{GONE}"),
    (re.compile(r"(?<![A-Za-z0-9])(bot)?\d{6,20}(?::|%3[Aa])[A-Za-z0-9_-]{30,}"), rf"\g<1>{GONE}"),
    (re.compile(r"(?<![A-Za-z0-9_-])(?>([A-Za-z0-9_-]*?)eyJ)[A-Za-z0-9_-]{6,}+(?:\.[A-Za-z0-9_-]*){1,2}"), rf"\1{GONE}"),
    (re.compile(r"\bLOGIN:[^\s\"']+"), f"LOGIN:{GONE}"),
    # One-time codes: of the page for secrets, of a joining link, of the words that a joining link types.
    (re.compile(r"((?:code|start)(?:=|%3D))[A-Za-z0-9_-]{20,64}", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(r"(/start(?:\s|%20|\+))[A-Za-z0-9_-]{20,64}"), rf"\1{GONE}"),
    (re.compile(r"\b(Bearer|Basic)(\s+|%20|\+)[^\s\"',}]+", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"(://)[^\s/@\"':]*+:[^\s/@\"']++@"), rf"\1{GONE}@"),
    # The broker's rows and words carry the PAN (its fourth letter says whose it is) and telephone numbers half crossed out.
    (re.compile(r"(?<![A-Za-z0-9])[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z](?![A-Za-z0-9])", re.IGNORECASE), GONE),
    (re.compile(r"(?<![A-Za-z0-9*])\+?\d{0,4}[Xx*]{4,8}\d{2,4}(?![A-Za-z0-9])"), GONE),
    (
        re.compile(
            rf"(?<![A-Za-z0-9])((?:{_KEYS})[\"']?)(\s*(?:=|:|%3[AaDd])\s*)(?!\s)(b?[\"'])?"
            rf"(?!{re.escape(GONE)}|Bearer\b|Basic\b)(?(3)(?:(?!\3|[\"']).)*|[^\s&\"',;}}\])]+)",
            re.IGNORECASE,
        ),
        rf"\1\2\3{GONE}",
    ),
)


class Redactor:
    """Knows the secrets of this process. Each is made known as soon as it exists, and may be forgotten when it has died."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known: set[str] = set()
        self._whole: dict[str, list[str]] = {}  # the first letters of a spelling -> such spellings, the longest first
        self._pieces: set[str] = set()
        self.know(*secrets)

    def know(self, *secrets: Secret) -> None:
        """Makes these known. From now on they never pass."""
        for secret in secrets:
            text = secret.reveal()
            if len(text) >= _SHORTEST and text not in self._known:
                self._known.add(text)
                self._learn(text)

    def forget(self, *secrets: Secret) -> None:
        """Forgets the secrets of sessions that ended, so that the list does not grow for ever."""
        self._known.difference_update(secret.reveal() for secret in secrets)
        self._whole, self._pieces = {}, set()
        for text in self._known:
            self._learn(text)

    def redact(self, text: str) -> str:
        """Takes every known secret, every piece of a random one, and every known shape out of the text."""
        text = self._without_known(text)
        for shape, left in _SHAPES:
            text = shape.sub(left, text)
        return text

    def _learn(self, secret: str) -> None:
        for form in {_small(form) for form in _spellings(secret)}:
            begun_so = self._whole.setdefault(form[:_SHORTEST], [])
            begun_so.append(form)
            begun_so.sort(key=len, reverse=True)
        if is_random(secret):
            self._pieces.update(_pieces(secret))

    def _without_known(self, text: str) -> str:
        whole, pieces = self._whole, self._pieces
        if not whole:
            return text
        small = _small(text)
        parts: list[str] = []
        done = at = 0
        while at <= len(text) - _SHORTEST:
            start, end = at, at
            for form in whole.get(small[at : at + _SHORTEST], ()):
                if small.startswith(form, at):
                    end = at + len(form)
                    break
            else:
                if text[at : at + _PIECE] in pieces:
                    start, end = self._word_around(text, at, done)
            if end == at:
                at += 1
                continue
            parts += (text[done:start], GONE)
            done = at = end
        parts.append(text[done:])
        return "".join(parts)

    def _word_around(self, text: str, at: int, done: int) -> tuple[int, int]:
        """What stands beside a piece, up to the end of the word, is the rest of the secret."""
        start, end = at, at + _PIECE
        while start > done and (_WORD.match(text[start - 1]) or _joins(text[max(start - 2, done) : start + 1])):
            start -= 1
        while end < len(text) and (
            _WORD.match(text[end]) or _joins(text[end - 1 : end + 2]) or text[end - _PIECE + 1 : end + 1] in self._pieces
        ):
            end += 1
        return start, end


def _joins(three: str) -> bool:
    """Whether the middle one is a dot between two letters: the parts of a session token hang together by dots."""
    return len(three) == 3 and three[1] == "." and bool(_WORD.match(three[0])) and bool(_WORD.match(three[2]))


def is_random(secret: str) -> bool:
    """Whether a piece of it is a secret too: long enough, and no words or repetitions."""
    if len(secret) < _RANDOM_FROM:
        return False
    shares = [count / len(secret) for count in Counter(secret).values()]
    return -sum(share * math.log2(share) for share in shares) >= _RANDOM_BITS


def _small(text: str) -> str:
    """Small ASCII letters only: lower() can change the length of a text, and places must stay where they are."""
    return text.translate(_SMALL)


def _spellings(secret: str) -> set[str]:
    """The value as it may be written: plain, escaped, in an address, in base64 wherever it begins, in hex, backwards."""
    raw = secret.encode()
    forms = {secret, secret[::-1], raw.hex(), repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    forms |= {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    forms |= set(_base64(raw)) | {form.replace("+", "-").replace("/", "_") for form in _base64(raw)}
    return {form for form in forms if len(form) >= _SHORTEST}


def _base64(raw: bytes) -> Iterator[str]:
    """The part of the code that depends on nothing around the value, for each of the three places where it may begin."""
    for shift in range(3):
        code = base64.b64encode(bytes(shift) + raw).decode()
        first = (0, 2, 3)[shift]
        whole = (shift + len(raw)) * 8 // 6  # characters whose six bits all belong to the value or stand before it
        core = code[first:whole]
        if len(core) >= _PIECE or (shift == 0 and len(core) >= _SHORTEST):
            yield core


def _pieces(secret: str) -> Iterator[str]:
    step = 1 if len(secret) <= _LONG else _PIECE
    for form in (secret, secret[::-1]):
        for at in range(0, len(form) - _PIECE + 1, step):
            yield form[at : at + _PIECE]
    if step == 1:
        for form in (secret.encode().hex(), *_base64(secret.encode())):
            for at in range(len(form) - _PIECE + 1):
                yield form[at : at + _PIECE]
