"""Entities: trimmed with their text, found in it, and shown as HTML that no text can break."""

import html
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.telegram.chat.entities import MOST_ENTITIES, clean, finish, parse, render
from tests.bot.simulators.telegram.chat.test_markup import KEPT


def test_commands_and_addresses_are_marked_outside_code() -> None:
    text, found = finish(*parse("Try /buy RELIANCE 10, see https://x.in/a. <code>/sell</code> a/b"))
    assert [(each["type"], text[each["offset"] : each["offset"] + each["length"]]) for each in found] == [
        ("bot_command", "/buy"),
        ("url", "https://x.in/a"),
        ("code", "/sell"),
    ]


def test_blanks_at_the_ends_go_and_entities_follow() -> None:
    assert finish(*parse(" \n x<b>y </b>\n ")) == ("xy", [{"type": "bold", "offset": 1, "length": 1}])
    assert finish(*parse("<b> y</b>")) == (" y", [{"type": "bold", "offset": 0, "length": 2}])
    assert finish(clean("a\x00b\tc\r\nd\u202e"), []) == ("a b c\nd", [])


def test_more_than_a_hundred_entities_keep_their_text() -> None:
    text, found = finish(*parse("<b>x</b>y" * 150))
    assert (len(text), len(found)) == (300, MOST_ENTITIES)


TAGS = st.sampled_from(["b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"])
LEAVES = st.text(KEPT, min_size=1, max_size=5).map(html.escape)


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, min_size=1, max_size=3))


TREES = st.recursive(LEAVES, wrapped, max_leaves=12)


class Balanced(HTMLParser):
    """Reads what a page would insert and keeps the text. Every tag must close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "i", "u", "s", "code", "pre", "blockquote", "span", "a"}
        assert {name for name, _ in attrs} <= {"class", "href", "rel", "target", "expandable"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TREES)
def test_what_is_shown_is_well_nested_and_reads_the_same(tree: str) -> None:
    plain, found = finish(*parse(tree))
    page = Balanced()
    page.feed(render(plain, found))
    page.close()
    assert page.open == []
    # The reader itself folds NUL and carriage returns, of which there are none here.
    assert page.text == plain


SPANS = st.lists(st.tuples(st.sampled_from(["bold", "italic", "text_link", "nonsense"]), st.integers(0, 25), st.integers(1, 25)))


@given(st.text(max_size=20), SPANS)
def test_overlapping_entities_of_a_bot_never_break_the_page(text: str, spans: list[tuple[str, int, int]]) -> None:
    found = [{"type": kind, "offset": at, "length": length, "url": "javascript:alert(1)"} for kind, at, length in spans]
    shown = render(*finish(text, found))
    page = Balanced()
    page.feed(shown)
    assert page.open == []
    assert not re.search(r"<[^>]*javascript", shown)
