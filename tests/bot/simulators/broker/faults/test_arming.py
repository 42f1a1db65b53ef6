"""What may be armed: for one client alone, by names that exist, with what can strike, from words or numbers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulators.broker.faults.armed import ActiveFaults
from bot.simulators.broker.faults.errors import UnknownFault
from bot.simulators.broker.faults.table import FAULTS
from tests.bot.simulators.broker.faults.test_table import arm, attempt, booked
from tests.bot.simulators.broker.wire import Wire


async def test_a_fault_for_one_client_leaves_others_alone(wire: Wire) -> None:
    arm(wire, "html_page", client="SOMEBODY", times=None)
    assert await wire.data("GET", "orders") is None


def test_unknown_names_and_parameters_are_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownFault, match="answer_lost"):
        ActiveFaults().arm("no_such_fault")
    with pytest.raises(UnknownFault, match="seconds"):
        ActiveFaults().arm("fill_late", minutes=3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("fill_late", {"seconds": "soon"}), ("fill_late", {"seconds": -1}), ("fill_late", {"seconds": float("nan")}),
        ("fill_in_parts", {"parts": 0}), ("fill_in_parts", {"parts": None}), ("rows_dropped", {"percent": 101}),
        ("error_although_done", {"status": 99}), ("error_although_done", {"status": True}),
        ("error_instead", {"body": "pdf"}), ("rate_limited", {"body": ""}), ("key_expired", {"typed": "yes"}),
        ("stop_spelling_refused", {"spelling": "SL"}), ("order_rejected", {"reason": ""}), ("answer_lost", {"times": 0}),
        ("answer_lost", {"skip": -1}), ("answer_lost", {"route": "plaice"}),
    ],
)  # fmt: skip
async def test_a_fault_that_could_never_strike_as_it_says_is_not_armed(wire: Wire, name: str, options: dict[str, Any]) -> None:
    with pytest.raises(UnknownFault):
        arm(wire, name, **options)
    assert wire.running.broker.faults.armed() == []


async def test_numbers_from_the_desk_may_be_text(wire: Wire) -> None:
    await wire.desk("POST", "/faults", {"name": "error_although_done", "status": "504", "times": "2", "skip": "1"})
    answers = [await attempt(wire, body=wire.order(quantity=1)) for _ in range(4)]
    assert [answer and answer[0] for answer in answers] == [200, 504, 504, 200]
    assert await booked(wire) == 4


def test_every_fault_says_what_it_does_in_one_line() -> None:
    for fault in FAULTS.values():
        assert len(fault.says) > 20, fault.name
        assert fault.says.endswith("."), fault.name
