"""Samples of unreadable frames: enough to learn their shape, nothing that names anybody."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.broker.feed.samples import MOST, Samples, scrubbed


def test_names_of_fields_stay_and_their_content_goes() -> None:
    frame = json.dumps({"order_status": "trade", "orderData": {"orderid": "128225101712667", "price": 0, "PAN": "ABCDE1234F"}})
    assert json.loads(scrubbed(frame)) == {
        "order_status": "aaaaa",
        "orderData": {"orderid": "999999999999999", "price": "int", "PAN": "aaaaa9999a"},
    }


def test_a_million_frames_leave_a_handful_of_samples() -> None:
    samples = Samples()
    for number in range(5000):
        samples.add(f"frame {number} {'{' * (number % 40)}")
    assert samples.count == 5000
    assert len(samples.looks) <= MOST


@given(st.text() | st.binary())
def test_no_digit_but_nine_and_no_letter_but_a_is_left_of_plain_text(frame: str | bytes) -> None:
    look = scrubbed(frame)
    if isinstance(frame, bytes):
        assert isinstance(look, str)
    else:
        try:
            json.loads(frame)
        except (ValueError, RecursionError):
            assert all(sign in "a9" or not sign.isalnum() for sign in look)
