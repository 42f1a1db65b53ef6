"""The campaign's own works: mutants that still fit the product's text, and sessions that can be played again."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.mutants import MUTANTS, Mutant, changed

ROOT = Path(__file__).parents[2]
HASHED = {**os.environ, "PYTHONHASHSEED": "0"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_words_that_the_product_has_once_into_a_module_that_compiles(mutant: Mutant) -> None:
    for module, words in mutant.changes.items():
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        text = Path(spec.origin).read_text("utf-8")
        compile(changed(text, words), module, "exec", dont_inherit=True)


def test_a_mutant_whose_words_are_gone_is_an_error() -> None:
    with pytest.raises(LookupError):
        changed("a = 1\n", [("b = 2\n", "")])


_PORT = re.compile(r"(?<=127\.0\.0\.1):\d+")  # what the system gives out


def campaign(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.campaign", *words]
    return subprocess.run(command, cwd=ROOT, env=HASHED, capture_output=True, text=True, check=False)


@pytest.mark.exhaustive
def test_a_few_sessions_end_in_one_line_of_zeros_and_a_seed_plays_the_same_session_again() -> None:
    done = campaign("--seeds", "6", "--first", "7001", "--no-mutants")
    assert done.returncode == 0, done.stderr
    line: dict[str, Any] = json.loads(done.stdout)
    assert (line["name"], line["sessions"], line["lost"], line["duplicate_orders"]) == ("campaign", 6, 0, 0)
    first, second = (_PORT.sub(":port", campaign("--seed", "7003").stdout) for _ in range(2))
    assert first == second
    assert "Deed(" in first or "Shown(" in first


@pytest.mark.exhaustive
def test_a_mutant_is_caught_and_said_to_be() -> None:
    done = campaign("--mutant", "filter-only redaction")
    assert done.returncode == 0, done.stderr
    assert "filter-only redaction: caught by secrets_out in session " in done.stdout
