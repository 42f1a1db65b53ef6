"""A message survives whatever names and figures stand in it, and is never longer than Telegram takes."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from handlers.views.format import table
from handlers.views.message import LIMIT, Button, View, bold, code, detail, message, say

WILD = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    ["M&M", "J&KBANK", "<b>", "</pre>", "&lt;", "\ud800", "\u202eevil", "\x00"]
)
TAGS = re.compile(r"</?(?:b|i|code|pre|blockquote(?: expandable)?)>")


def read_back(markup: str) -> str:
    """What Telegram's reader would show: our few tags taken away, the escapes undone."""
    bare = TAGS.sub("", markup)
    assert "<" not in bare, "a name opened a tag"
    assert ">" not in bare
    assert not re.search(r"&(?!(?:amp|lt|gt);)", bare), "a bare ampersand"
    return html.unescape(bare)


@given(st.lists(WILD, min_size=1, max_size=8))
def test_no_name_can_break_the_markup_or_change_the_words(names: list[str]) -> None:
    view = message(*(say(bold(name), " · ", code(name)) for name in names), table(*names), detail(*names))
    assert read_back(view.html) == view.plain
    view.html.encode()  # no lone surrogate is left to fail at the socket


def test_a_share_with_an_ampersand_reads_as_it_is_written() -> None:
    assert message(say(bold("M&M"), " <3")).html == "<b>M&amp;M</b> &lt;3"


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=3000), min_size=1, max_size=12))
def test_a_long_view_becomes_messages_that_telegram_takes_and_nothing_is_lost(texts: list[str]) -> None:
    view = message(*texts, detail(*texts)).with_keyboard([Button("Go", data="n")])
    pieces = view.messages()
    for piece in pieces:
        assert len(piece.plain.encode("utf-16-le")) // 2 <= LIMIT
        assert read_back(piece.html) == piece.plain
    assert [piece.keyboard for piece in pieces] == [()] * (len(pieces) - 1) + [view.keyboard]
    assert "".join(piece.plain for piece in pieces).replace("\n", "") == view.plain.replace("\n", "")


def test_marks_are_counted_so_that_no_message_has_more_than_a_hundred() -> None:
    pieces = message(*(say(bold("a"), code("b")) for _ in range(200))).messages()
    assert len(pieces) > 1
    assert all(piece.html.count("<b>") + piece.html.count("<code>") <= 100 for piece in pieces)


def test_a_short_view_stays_one_message() -> None:
    view = View((say("a"), table("b", "c"), detail("d", "e")))
    assert view.messages() == (view,)
    assert view.html == "a\n<pre>b\nc</pre>\n<blockquote expandable>d\ne</blockquote>"


def test_there_is_one_kind_of_quotation_marks_whoever_wrote_the_words() -> None:
    view = message("There is no account “papa”.")
    assert view.plain == view.html == 'There is no account "papa".'
