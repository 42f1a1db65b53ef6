"""One list of facts, three ways to read it: what is wrong is said in each."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.diagnostics.facts import StoreState, store_facts
from bot.diagnostics.renderings import lines, on_a_phone, store_findings
from bot.domain.orders.order import OrderStatus

SOUND = StoreState(
    sqlite="3.45.1", without_key=False, secrets_that_open=4, seed_key=False, people=2, phones_sealed=0, accounts=1,
    accounts_stopped=0, locked_down=False, updates_waiting=0, notices_waiting=0, notices_buried=0, audit_broken_at=None,
    unsettled=(OrderStatus.OPEN, OrderStatus.OPEN),
)  # fmt: skip


def said(state: StoreState) -> tuple[str, str, str]:
    """For `diagnose`, for `/status full`, for `check`."""
    facts = store_facts(state)
    findings = store_findings(facts, database=Path("bot.db"), labels=["main"])
    return "\n".join(lines(facts)), "\n".join(on_a_phone(facts)), "\n".join(finding.line for finding in findings)


def test_a_store_in_order_is_called_so_in_all_three() -> None:
    whole, phone, check = said(SOUND)
    assert "unsettled orders OPEN: 2" in whole
    assert phone.splitlines()[0] == "🟢 nothing found wrong"
    assert "✗" not in check
    assert "✓ people         2 on the list" in check


@pytest.mark.parametrize(
    ("state", "whole", "phone", "check"),
    [
        (
            replace(SOUND, audit_broken_at=7),
            "broken at row: 7",
            "🔴 database audit broken at row: 7",
            "✗ audit          row 7 was",
        ),
        (replace(SOUND, people=0), "database people: 0", "database people: 0", "✗ people         nobody is on the list"),
        (replace(SOUND, seed_key=True), "vault seed key: yes", "database people: 2", "✓ second key     there"),
    ],
)
def test_what_is_otherwise_is_said_in_all_three(state: StoreState, whole: str, phone: str, check: str) -> None:
    for text, words in zip(said(state), (whole, phone, check), strict=True):
        assert words in text
