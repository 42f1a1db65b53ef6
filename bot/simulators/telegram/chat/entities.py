"""Entities of a text: trimmed with it, counted in UTF-16 units, found in it, and made into HTML that a page may insert."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.simulators.telegram.chat.markup import Entity, clean, parse, utf16

__all__ = ["MOST_ENTITIES", "Entity", "clean", "finish", "parse", "render", "utf16"]

MOST_ENTITIES: Final = 100  # telegram.md, Limits; what stands beyond keeps its text and loses its looks

_COMMAND: Final = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")
_URL: Final = re.compile(r"\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)]")


def finish(text: str, entities: Sequence[Entity]) -> tuple[str, list[Entity]]:
    """Trim as Telegram does, drop what became empty or stands inside code, and mark commands and addresses."""
    lead_limit = min((each["offset"] for each in entities), default=len(text))
    lead = 0
    while lead < min(lead_limit, len(text)) and text[lead] in " \n":
        lead += 1
    trimmed = text[lead:].rstrip(" \n")
    size = utf16(trimmed)
    kept: list[Entity] = []
    for each in entities:
        start = each["offset"] - lead
        end = min(start + each["length"], size)
        if end > start:
            kept.append({**each, "offset": start, "length": end - start})
    kept.sort(key=lambda each: (each["offset"], -each["length"]))
    closed = [each for each in kept if each["type"] in ("code", "pre")]
    kept = [each for each in kept if not any(_inside(each, other) for other in closed)]
    kept.extend(_found(trimmed, kept))
    kept.sort(key=lambda each: (each["offset"], -each["length"]))
    return trimmed, kept[:MOST_ENTITIES]


def _inside(inner: Entity, outer: Entity) -> bool:
    return (
        inner is not outer
        and inner["offset"] >= outer["offset"]
        and inner["offset"] + inner["length"] <= outer["offset"] + outer["length"]
    )


def _found(text: str, known: Sequence[Entity]) -> list[Entity]:
    """Commands and web addresses, which Telegram marks by itself outside code and links."""
    closed = [each for each in known if each["type"] in ("code", "pre", "text_link")]
    found: list[Entity] = []
    for kind, pattern in (("bot_command", _COMMAND), ("url", _URL)):
        for match in pattern.finditer(text):
            entity = {"type": kind, "offset": utf16(text[: match.start()]), "length": utf16(match.group())}
            if not any(_overlap(entity, other) for other in (*closed, *found)):
                found.append(entity)
    return found


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


_SHOWN: Final[Mapping[str, tuple[str, str]]] = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "spoiler": ('<span class="tg-spoiler">', "</span>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ("<blockquote expandable>", "</blockquote>"),
    "bot_command": ('<span class="bot-command">', "</span>"),
}


def render(text: str, entities: Sequence[Entity]) -> str:
    """Safe HTML of a message: everything escaped, only the tags above and links to the web, always well nested."""
    units = text.encode("utf-16-le")
    marks = sorted({0, len(units) // 2, *(edge for each in entities for edge in (each["offset"], _end(each)))})
    out: list[str] = []
    stack: list[Entity] = []
    for here, following in zip(marks, [*marks[1:], None], strict=True):
        still_open = 0
        while still_open < len(stack) and _end(stack[still_open]) > here:
            still_open += 1
        reopened = [each for each in stack[still_open:] if _end(each) > here]
        out.extend(_tags(each)[1] for each in reversed(stack[still_open:]))
        del stack[still_open:]
        starting = [each for each in entities if each["offset"] == here and _end(each) > here]
        for each in (*reopened, *starting):
            out.append(_tags(each)[0])
            stack.append(each)
        if following is not None:
            out.append(html.escape(units[here * 2 : following * 2].decode("utf-16-le", "replace")))
    return "".join(out)


def _end(entity: Entity) -> int:
    return int(entity["offset"]) + int(entity["length"])


def _tags(entity: Entity) -> tuple[str, str]:
    if entity["type"] == "text_link" and entity["url"].startswith(("http://", "https://")):
        return f'<a href="{html.escape(entity["url"])}" rel="noopener noreferrer" target="_blank">', "</a>"
    return _SHOWN.get(entity["type"], ("", ""))
