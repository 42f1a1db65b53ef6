"""Telegram's HTML in, text and entities out.

The rules follow the Bot API's own parser: byte offsets in the words of a refusal, UTF-16 units in the entities, only the
tags it knows, every tag closed in order. Lengths are UTF-16 units too: the stricter reading of "4096 characters".
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from bot.demo.errors import ApiError

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
_SPACE: Final = frozenset(b" \t\r\n\v\0")
_NAME: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
_GT, _LT, _AMP, _EQ, _SLASH = b"><&=/"
_QUOTES: Final = frozenset(b"'\"")

_REFERENCE: Final = re.compile(rb"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([a-zA-Z]*))")
_NAMED: Final = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}

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
    """HTML to plain text and entities (offsets in UTF-16 units); ApiError 400 in Telegram's words if it is not well made."""
    return _Parser(clean(text)).run()


class _Parser:
    """One pass over the bytes; a zero byte at the end stands for "no more", as in the original's strings."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode() + b"\0"
        self._at = 0
        self._out: list[str] = []
        self._offset = 0
        self._open: list[tuple[str, str, int, int]] = []  # tag, argument, UTF-16 offset, index into _out
        self._entities: list[Entity] = []

    def run(self) -> tuple[str, list[Entity]]:
        last = len(self._bytes) - 1
        while self._at < last:
            here = self._bytes[self._at]
            if here == _LT:
                self._tag()
            elif here == _AMP and (reference := self._reference()):
                self._put(reference)
            else:
                stop = min(place if (place := self._bytes.find(mark, self._at + 1)) >= 0 else last for mark in (b"<", b"&"))
                self._put(self._bytes[self._at : stop].decode())
                self._at = stop
        if self._open:
            raise _bad(f'Can\'t find end tag corresponding to start tag "{self._open[-1][0]}"')
        for each in self._entities:
            each.pop("_language", None)  # a language without `pre` around it says nothing
        return "".join(self._out), self._entities

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._offset += utf16(text)

    def _reference(self) -> str:
        """The character that a reference names, moving past it; nothing (and no move) when it names none."""
        match = _REFERENCE.match(self._bytes, self._at)
        if match is None:
            return ""
        hexadecimal, decimal, name = match.groups()
        if name is not None:
            character = _NAMED.get(name, "")
        else:
            code = int(hexadecimal or b"0", 16) if hexadecimal is not None else int(decimal or b"0")
            if code == 0 or code >= 0x10FFFF or match.end() - match.start() >= 10:
                return ""
            if 0xD800 <= code <= 0xDFFF:
                raise _bad(
                    "Text contains invalid Unicode characters after decoding HTML entities, "
                    "check for unmatched surrogate code units"
                )
            character = chr(code)
        if character:
            self._at = match.end() + (self._bytes[match.end()] == ord(";"))
        return character

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._bytes[self._at] == _SLASH:
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _skip(self, stop_at: bytes = b"") -> None:
        """Move to the next space, end, or one of `stop_at`."""
        while self._bytes[self._at] not in _SPACE and self._bytes[self._at] not in stop_at:
            self._at += 1

    def _skip_space(self) -> None:
        while self._at < len(self._bytes) - 1 and self._bytes[self._at] in _SPACE:
            self._at += 1

    def _start_tag(self, begin: int) -> None:
        self._skip(b">")
        if self._bytes[self._at] == 0:
            raise _bad(f"Unclosed start tag at byte offset {begin}")
        tag = self._bytes[begin + 1 : self._at].decode().lower()
        if tag not in _TYPES:
            raise _bad(f'Unsupported start tag "{tag}" at byte offset {begin}')
        argument = ""
        while self._bytes[self._at] != _GT:
            self._skip_space()
            if self._bytes[self._at] == _GT:
                break
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value) or argument
        if tag == "span" and argument != "spoiler":
            raise _bad(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self._at += 1
        self._open.append((tag, argument, self._offset, len(self._out)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        start = self._at
        self._skip(b"=>")
        name = self._bytes[start : self._at].decode()
        if not name:
            if self._bytes[self._at] == 0:
                raise _bad(f'Unclosed start tag "{tag}" at byte offset {begin}')
            raise _bad(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self._skip_space()
        if self._bytes[self._at] != _EQ:
            if self._bytes[self._at] == 0:
                raise _bad(f'Unclosed start tag "{tag}" at byte offset {begin}')
            return name, ""
        self._at += 1
        self._skip_space()
        if self._bytes[self._at] == 0:
            raise _bad(f'Unclosed start tag "{tag}" at byte offset {begin}')
        value = self._quoted() if self._bytes[self._at] in _QUOTES else self._token()
        if self._bytes[self._at] == 0:
            raise _bad(f"Unclosed start tag at byte offset {begin}")
        return name, value

    def _token(self) -> str:
        start = self._at
        while self._bytes[self._at] in _NAME:
            self._at += 1
        if self._bytes[self._at] not in _SPACE and self._bytes[self._at] != _GT:
            raise _bad(f"Unexpected end of name token at byte offset {start}")
        return self._bytes[start : self._at].decode().lower()

    def _quoted(self) -> str:
        quote = self._bytes[self._at]
        self._at += 1
        value = bytearray()
        while self._bytes[self._at] not in (quote, 0):
            if self._bytes[self._at] == _AMP and (reference := self._reference()):
                value += reference.encode()
            else:
                value.append(self._bytes[self._at])
                self._at += 1
        if self._bytes[self._at] == quote:
            self._at += 1
        return value.decode()

    def _end_tag(self, begin: int) -> None:
        if not self._open:
            raise _bad(f"Unexpected end tag at byte offset {begin}")
        self._skip(b">")
        found = self._bytes[begin + 2 : self._at].decode().lower()
        self._skip_space()
        if self._bytes[self._at] != _GT:
            raise _bad(f"Unclosed end tag at byte offset {begin}")
        tag, argument, offset, index = self._open.pop()
        if found and found != tag:
            raise _bad(f'Unmatched end tag at byte offset {begin}, expected "</{tag}>", found "</{found}>"')
        self._at += 1
        if self._offset > offset:
            self._close(tag, argument, offset, "".join(self._out[index:]))

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


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) == ("a", "href"):
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    if (tag, name) == ("tg-emoji", "emoji-id"):
        return value
    if (tag, name) == ("blockquote", "expandable"):
        return "1"
    return ""


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
