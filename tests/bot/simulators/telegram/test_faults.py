"""Misbehaviours by name: each hits the calls it waits for, as often as it was told, and no others."""

import pytest

from bot.simulators.telegram.faults import NAMES, Faults


def names(faults: Faults, *methods: str) -> list[str]:
    return [fault.name if (fault := faults.take(method)) else "" for method in methods]


def test_a_fault_waits_for_its_method_in_any_case() -> None:
    faults = Faults()
    faults.add("flood", "sendMessage", times=2)
    assert names(faults, "editMessageText", "sendmessage", "SendMessage", "sendMessage") == ["", "flood", "flood", ""]
    assert faults.met == {"flood": 2}


def test_a_fault_without_a_method_spares_the_poll() -> None:
    faults = Faults()
    faults.add("server_error")
    assert names(faults, "getUpdates", "deleteMessage", "deleteMessage") == ["", "server_error", ""]


def test_faults_come_in_the_order_they_were_set() -> None:
    faults = Faults()
    faults.add("lost_answer", "sendMessage")
    faults.add("flood", "sendMessage")
    faults.add("conflict", "getUpdates")
    assert names(faults, "getUpdates", "sendMessage", "sendMessage") == ["conflict", "lost_answer", "flood"]
    faults.add("flood")
    faults.clear()
    assert names(faults, "sendMessage") == [""]


def test_an_unknown_fault_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="no fault is called 'floood'; there are bad_gateway, blocked"):
        Faults().add("floood")
    assert len(NAMES) == 11
