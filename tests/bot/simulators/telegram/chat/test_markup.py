"""Telegram's HTML: what it understands, what it refuses and in which words."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.telegram.chat.entities import finish
from bot.simulators.telegram.chat.markup import parse, utf16
from bot.simulators.telegram.errors import ApiError

# Everything a person can type that Telegram keeps as it is.
VANISHING = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u0333\u033f\u030a"
KEPT = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=VANISHING)
SURROGATE = "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
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
        ('₹<a href="x"\n', 'Unclosed start tag "a" at byte offset 3'),
        ('<a href="x"', "Unclosed start tag at byte offset 0"),
        ("<a href= ", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ('<a href="&#xD800;">x</a>', SURROGATE),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<i =x>", 'Empty attribute name in the tag "i" at byte offset 0'),
        ("&#xD83D;", SURROGATE),
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
