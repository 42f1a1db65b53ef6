"""Telegram's HTML: what it understands, what it refuses and in which words, and how it is shown again."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.entities import MOST_ENTITIES, clean, finish, parse, render, utf16
from bot.demo.errors import ApiError

# Everything a person can type that Telegram keeps as it is.
VANISHING = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u0333\u033f\u030a"
KEPT = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=VANISHING)
EXPANDABLE = ("expandable_blockquote", 1, 1)
TEXTS = st.text(st.one_of(KEPT, st.sampled_from("<>&\"'/;#\n 😀₹x")), max_size=60)


@pytest.mark.parametrize(
    ("given_html", "text", "entities"),
    [
        ("<b>Bold</b> and <i>it</i>", "Bold and it", [("bold", 0, 4), ("italic", 9, 2)]),
        ("<STRONG>x</STRONG><em>y</em>", "xy", [("bold", 0, 1), ("italic", 1, 1)]),
        (
            "<u>u</u><ins>v</ins><s>s</s><strike>t</strike><del>d</del>",
            "uvstd",
            [("underline", 0, 1), ("underline", 1, 1)] + [("strikethrough", place, 1) for place in (2, 3, 4)],
        ),
        ("<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>", "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<blockquote>q</blockquote><blockquote expandable>r</blockquote>", "qr", [("blockquote", 0, 1), EXPANDABLE]),
        ("😀<b>₹</b>😀<i>x</i>", "😀₹😀x", [("bold", 2, 1), ("italic", 5, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<b></b>x", "x", []),
        ("M&amp;M &lt;3 &gt; &quot;q&quot; &#8377; &#x20B9;", 'M&M <3 > "q" ₹ ₹', []),
        ("J&K &nbsp; &copy; & &#0; &#99999999;", "J&K &nbsp; &copy; & &#0; &#99999999;", []),
        ("<b>x</>", "x", [("bold", 0, 1)]),
        ("<code><b>x</b></code>", "x", [("code", 0, 1)]),
        ("<a href='localhost'>here</a>", "here", []),
    ],
)
def test_html_becomes_text_and_entities_in_utf16_units(given_html: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    plain, found = finish(*parse(given_html))
    assert plain == text
    assert [(each["type"], each["offset"], each["length"]) for each in found] == entities


@pytest.mark.parametrize(
    ("given_html", "words"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("₹<b>x</i>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("P&L < 0", 'Unsupported start tag "" at byte offset 4'),
        ("a <reliance> b", 'Unsupported start tag "reliance" at byte offset 2'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("5 <b", "Unclosed start tag at byte offset 2"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<a href=x_y>z</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="x>z</a>', "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<i =x>", 'Empty attribute name in the tag "i" at byte offset 0'),
        (
            "&#xD83D;",
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
        ),
    ],
)
def test_bad_html_is_refused_in_telegrams_words(given_html: str, words: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse(given_html)
    assert refusal.value.status == 400
    assert refusal.value.words == f"Bad Request: can't parse entities: {words}"


def test_links_and_code_keep_what_belongs_to_them() -> None:
    link = '<a href="https://x.in/?a=1&amp;b=2">q</a>'
    text, found = finish(*parse(f'{link} <pre><code class="language-py">p</code></pre> <a>y.in</a>'))
    assert text == "q p y.in"
    assert found == [
        {"type": "text_link", "offset": 0, "length": 1, "url": "https://x.in/?a=1&b=2"},
        {"type": "pre", "offset": 2, "length": 1, "language": "py"},
        {"type": "text_link", "offset": 4, "length": 4, "url": "http://y.in/"},
    ]


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


@given(TEXTS)
def test_escaped_text_comes_back_whole(text: str) -> None:
    assert parse(html.escape(text)) == (text, [])
    assert parse(html.escape(text, quote=False)) == (text, [])


@given(st.text(max_size=80))
def test_any_text_is_either_parsed_or_refused_with_400(text: str) -> None:
    try:
        plain, found = finish(*parse(text))
    except ApiError as refusal:
        words = refusal.words
    else:
        words = ""
        assert all(0 <= each["offset"] < each["offset"] + each["length"] <= utf16(plain) for each in found)
    assert not words or words.startswith("Bad Request: can't parse entities: ")


TAGS = st.sampled_from(["b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"])
LEAVES = st.text(KEPT, min_size=1, max_size=5).map(html.escape)


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, min_size=1, max_size=3))


TREES = st.recursive(LEAVES, wrapped, max_leaves=12)


class Balanced(HTMLParser):
    """Reads what a page would insert and keeps the text; every tag must close in order."""

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
