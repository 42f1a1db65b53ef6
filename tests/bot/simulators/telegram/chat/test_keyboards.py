"""Buttons of a bot are passed on as they are, or refused.

Nothing is bent into shape.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.telegram.chat.keyboards import LONGEST_DATA, inline_rows, split
from bot.simulators.telegram.errors import ApiError


def inline(*buttons: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[button] for button in buttons]}


@given(st.text(max_size=80))
def test_callback_data_passes_up_to_64_bytes_and_arrives_unchanged(data: str) -> None:
    button = {"text": "x", "callback_data": data}
    size = len(data.encode())
    if 1 <= size <= LONGEST_DATA:
        assert inline_rows(inline(button)) == [[button]]
    else:
        with pytest.raises(ApiError, match="BUTTON_DATA_INVALID"):
            inline_rows(inline(button))


def test_empty_rows_vanish_and_no_markup_is_no_buttons() -> None:
    button = {"text": "x", "url": "https://x.in/a?b"}
    assert inline_rows({"inline_keyboard": [[], [button], []]}) == [[button]]
    assert inline_rows(None) == []
    assert split(None) == ([], None)
    assert split({}) == ([], None)


def test_a_new_message_may_carry_another_keyboard() -> None:
    menu = {"keyboard": [["/orders"], [{"text": "/funds"}]]}
    assert split(menu) == ([], menu)
    assert split({"remove_keyboard": True}) == ([], {"remove_keyboard": True})
    with pytest.raises(ApiError, match="inline keyboard expected"):
        inline_rows(menu)
    for bad in (5, [5], [[5]], [[{"label": "x"}]]):
        with pytest.raises(ApiError, match="Array of Arrays"):
            split({"keyboard": bad})


@pytest.mark.parametrize(
    ("url", "passes"),
    [
        ("https://x.in/", True),
        ("http://203.0.113.7:8080/login", True),
        ("tg://user?id=5", True),
        ("http://localhost/", False),
        ("javascript:alert(1)", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_only_addresses_of_the_web_pass(url: str, passes: bool) -> None:
    button = {"text": "x", "url": url}
    if passes:
        assert inline_rows(inline(button)) == [[button]]
    else:
        with pytest.raises(ApiError, match="is invalid"):
            inline_rows(inline(button))


def test_a_hundred_buttons_are_the_most() -> None:
    button = {"text": "x", "callback_data": "d"}
    assert len(inline_rows(inline(*[button] * 100))) == 100
    with pytest.raises(ApiError, match="REPLY_MARKUP_TOO_LONG"):
        inline_rows(inline(*[button] * 101))
