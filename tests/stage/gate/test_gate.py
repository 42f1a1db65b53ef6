"""The canary gate fails whatever lets a secret out, and nothing else."""

import re
import subprocess
import sys

import pytest

from tests.house.source import ROOT
from tests.stage.gate.gate import SECRETS


@pytest.mark.exhaustive
def test_every_planted_leak_is_found_and_the_test_without_one_passes() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "tests.stage.gate.gate"]
    done = subprocess.run([*command, "tests/stage/gate/planted_leaks.py"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1, done.stdout[-3000:]
    every = set(
        re.findall(r"^(?:FAILED|ERROR|PASSED) tests/stage/gate/planted_leaks\.py::(.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    )
    bad = set(re.findall(r"^(?:FAILED|ERROR) tests/stage/gate/planted_leaks\.py::(.+?)(?: - .*)?$", done.stdout, re.MULTILINE))
    # The code of a question is meant to be read: it stands in the question's own buttons.
    assert every - bad == {"test_no_leak_passes", "test_leak_of_each_secret_at_debug[token of a question]"}
    assert len(bad) == len(SECRETS) - 1 + 8


def test_at_least_twelve_secrets_are_looked_for() -> None:
    assert len(set(SECRETS.values())) == len(SECRETS) >= 12
    assert all(len(secret) >= 6 for secret in SECRETS.values())
