"""Telegram's HTML in, text and entities out.

The rules follow the Bot API's own parser: byte offsets in the words of a refusal, UTF-16 units in the entities, only the
tags it knows, every tag closed in order. Lengths are UTF-16 units too: the stricter reading of "4096 characters".
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from bot.simulators.telegram.errors import ApiError

Entity = dict[str, Any]

_TYPES: Final[Mapping[str, str]] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_ARGUMENTS: Final[Mapping[tuple[str, str], str]] = {  # an attribute that counts, and how its value begins
    ("a", "href"): "",
    ("code", "class"): "language-",
    ("span", "class"): "tg-",
    ("tg-emoji", "emoji-id"): "",
}

# Blanks are all that `clean` leaves of white space.
_TAG: Final = re.compile(r"</?([^ \n>]*)[ \n]*")
_BLANKS: Final = re.compile(r"[ \n]*")
_ATTRIBUTE: Final = re.compile(
    r"(?P<name>[^ \n=>]*)[ \n]*"
    r"(?P<valued>=[ \n]*(?:(?P<quote>['\"])(?P<quoted>.*?)(?:(?P=quote)|\Z)|(?P<token>[a-zA-Z0-9.-]*)))?",
    re.DOTALL,
)
_REFERENCE: Final = re.compile(r"&(?:#x(?P<hexadecimal>[0-9a-fA-F]*)|#(?P<decimal>[0-9]*)|(?P<name>[a-zA-Z]*));?")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

# Control characters become spaces, carriage returns and a few directional marks vanish.
_TO_SPACE: Final = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f]")
_VANISH: Final = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")


def utf16(text: str) -> int:
    """Length of `text` in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def clean(text: str) -> str:
    """Text as Telegram stores it, before trimming: no control characters."""
    return _VANISH.sub("", _TO_SPACE.sub(" ", text))


def parse(text: str) -> tuple[str, list[Entity]]:
    """HTML to plain text and entities (offsets in UTF-16 units). ApiError 400 in Telegram's words if it is not well made."""
    return _Parser(clean(text)).run()


class _Parser:
    """One pass over the text, piece by piece."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out: list[str] = []
        self._offset = 0
        self._open: list[tuple[str, str, int, int]] = []  # tag, argument, UTF-16 offset, index into _out
        self._entities: list[Entity] = []

    def run(self) -> tuple[str, list[Entity]]:
        at = 0
        while at < len(self._text):
            if self._text[at] != "<":
                stop = self._text.find("<", at)
                stop = len(self._text) if stop < 0 else stop
                self._put(_REFERENCE.sub(_character, self._text[at:stop]))
                at = stop
            elif self._text.startswith("</", at):
                at = self._end_tag(at)
            else:
                at = self._start_tag(at)
        if self._open:
            raise _bad(f'Can\'t find end tag corresponding to start tag "{self._open[-1][0]}"')
        for each in self._entities:
            each.pop("_language", None)  # a language without `pre` around it says nothing
        return "".join(self._out), self._entities

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._offset += utf16(text)

    def _place(self, at: int) -> str:
        return f"at byte offset {len(self._text[:at].encode())}"

    def _start_tag(self, begin: int) -> int:
        name = _read(_TAG, self._text, begin)
        tag, at = name[1].lower(), name.end()
        if name.end(1) == len(self._text):
            raise _bad(f"Unclosed start tag {self._place(begin)}")
        if tag not in _TYPES:
            raise _bad(f'Unsupported start tag "{tag}" {self._place(begin)}')
        argument = ""
        while self._text[at : at + 1] != ">":
            attribute = _read(_ATTRIBUTE, self._text, at)
            argument = _argument(tag, attribute["name"], self._value(attribute, tag, begin)) or argument
            at = _read(_BLANKS, self._text, attribute.end()).end()
        if tag == "span" and argument != "spoiler":
            raise _bad(f'Tag "span" must have class "tg-spoiler" {self._place(begin)}')
        self._open.append((tag, argument, self._offset, len(self._out)))
        return at + 1

    def _value(self, attribute: re.Match[str], tag: str, begin: int) -> str:
        """What an attribute says. One that is not well made is refused."""
        rest = self._text[attribute.end() :]
        if not attribute["name"] and attribute["valued"] is not None:
            raise _bad(f'Empty attribute name in the tag "{tag}" {self._place(begin)}')
        if not (attribute["quote"] or attribute["token"] or rest):
            raise _bad(f'Unclosed start tag "{tag}" {self._place(begin)}')
        if attribute["quote"]:
            value = _REFERENCE.sub(_character, attribute["quoted"])
        else:
            value = (attribute["token"] or "").lower()
            if attribute["valued"] is not None and rest and rest[0] not in " \n>":
                raise _bad(f"Unexpected end of name token {self._place(attribute.start('token'))}")
        if not rest:
            raise _bad(f"Unclosed start tag {self._place(begin)}")
        return value

    def _end_tag(self, begin: int) -> int:
        if not self._open:
            raise _bad(f"Unexpected end tag {self._place(begin)}")
        name = _read(_TAG, self._text, begin)
        found = name[1].lower()
        if self._text[name.end() : name.end() + 1] != ">":
            raise _bad(f"Unclosed end tag {self._place(begin)}")
        tag, argument, offset, index = self._open.pop()
        if found and found != tag:
            raise _bad(f'Unmatched end tag {self._place(begin)}, expected "</{tag}>", found "</{found}>"')
        if self._offset > offset:
            self._close(tag, argument, offset, "".join(self._out[index:]))
        return name.end() + 1

    def _close(self, tag: str, argument: str, offset: int, inner: str) -> None:
        entity: Entity = {"type": _TYPES[tag], "offset": offset, "length": self._offset - offset}
        if tag == "a":
            url = _checked_link(argument or inner)
            if url is None:
                return
            entity["url"] = url
        elif tag == "tg-emoji":
            entity["custom_emoji_id"] = argument
        elif tag == "blockquote" and argument:
            entity["type"] = "expandable_blockquote"
        elif tag in ("pre", "code"):
            self._join_code(entity, tag, argument)
            return
        self._entities.append(entity)

    def _join_code(self, entity: Entity, tag: str, language: str) -> None:
        """`<pre><code class="language-x">` (in either order) is one entity with a language."""
        last = self._entities[-1] if self._entities else None
        if last and (last["offset"], last["length"]) == (entity["offset"], entity["length"]):
            inner_language = last.pop("_language", "")
            if {last["type"], tag} == {"pre", "code"} and (language or inner_language):
                last["type"] = "pre"
                last["language"] = language or inner_language
                return
        if tag == "code" and language:
            entity["_language"] = language
        self._entities.append(entity)


def _read(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    found = pattern.match(text, at)
    if found is None:
        raise AssertionError  # each of these patterns fits nothing as well
    return found


def _character(reference: re.Match[str]) -> str:
    """The character that a reference names. The reference itself when it names none."""
    hexadecimal, decimal, name = reference["hexadecimal"], reference["decimal"], reference["name"]
    if name is not None:
        return _NAMED.get(name, reference[0])
    code = int(hexadecimal or "0", 16) if hexadecimal is not None else int(decimal or "0")
    if code == 0 or code >= 0x10FFFF or len(reference[0].rstrip(";")) >= 10:
        return reference[0]
    if 0xD800 <= code <= 0xDFFF:
        raise _bad(
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
        )
    return chr(code)


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) == ("blockquote", "expandable"):
        return "1"
    begins = _ARGUMENTS.get((tag, name))
    return value.removeprefix(begins) if begins is not None and value.startswith(begins) else ""


def _checked_link(url: str) -> str | None:
    """The address as Telegram keeps it, or nothing when it is none (the link is then plain text)."""
    address = url.strip() if "://" in url or url.startswith(("mailto:", "tel:")) else f"http://{url.strip()}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme in ("mailto", "tel", "tg"):
        return address
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or "." not in host or " " in host:
        return None
    return f"{address}/" if address.endswith(parts.netloc) else address


def _bad(words: str) -> ApiError:
    return ApiError(400, f"Bad Request: can't parse entities: {words}")
