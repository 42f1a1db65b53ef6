"""The ways out overtake whatever the same person has under way.

What opens a position waits its turn.
"""

import pytest

from handlers.urgent import Urgency
from tests.handlers.telegram.test_per_person_queue import said, tapped

URGENT = Urgency(lambda token: token == "EXIT")


@pytest.mark.parametrize(
    "words",
    ["/kill", "papa: kill", "/cancel_all", "cancel all", "papa: cancel all", "cancel 12", "/cancel_order 12", "cancel #12"],
)
def test_words_that_stop_or_cancel_overtake(words: str) -> None:
    assert URGENT(said(words))


@pytest.mark.parametrize(
    "data",
    [
        "c:TOKEN:n",
        "c:EXIT:y",
        "c:TOKEN:k:papa",
        "o:o1:x",
        "o:o1:e",
        "o:o1:h",
        "e",
        "e:papa",
        "x:NSE:2885:MIS",
        "w:papa: /cancel_all",
    ],
)
def test_buttons_of_a_way_out_overtake(data: str) -> None:
    assert URGENT(tapped(data))


@pytest.mark.parametrize("words", ["/buy RELIANCE 10", "/resume", "/holdings", "/cancel", "sell itc 10"])
def test_other_words_wait_their_turn(words: str) -> None:
    assert not URGENT(said(words))


@pytest.mark.parametrize("data", ["c:TOKEN:y", "c:EXIT:c", "o:o1:s", "o:o1:m", "?", "w:/buy RELIANCE 10", "b:h:0::main"])
def test_other_buttons_wait_their_turn(data: str) -> None:
    assert not URGENT(tapped(data))
