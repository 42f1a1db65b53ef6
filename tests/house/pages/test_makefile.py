"""`make` finds a Python by itself: the newest that works, and a sentence where there is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.source import ROOT

WORKS, SHIM_WITHOUT_AN_INTERPRETER = "#!/bin/sh\nexit 0\n", "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
TELL = "--eval=tell: ; @echo $(PYTHON);"
MAKE = shutil.which("make") or ""


def make(*words: str, at: Path) -> "subprocess.CompletedProcess[str]":
    """Our Makefile in an empty directory, on a machine that has no other programs than those in `at`."""
    return subprocess.run(
        [MAKE, "-f", str(ROOT / "Makefile"), *words], cwd=at, env={"PATH": str(at), "HOME": str(at)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def install(at: Path, **programs: str) -> None:
    for name, text in programs.items():
        program = at / name.replace("_", ".")
        program.write_text(text)
        program.chmod(0o755)


@pytest.mark.parametrize(
    ("programs", "chosen"),
    [
        ({"python3_11": WORKS, "python3_12": WORKS, "python3_13": WORKS}, "python3.13"),
        ({"python3_11": WORKS, "python3_12": SHIM_WITHOUT_AN_INTERPRETER}, "python3.11"),
        ({"python3": WORKS}, "python3"),
    ],
)
def test_the_newest_python_that_works_is_taken(tmp_path: Path, programs: dict[str, str], chosen: str) -> None:
    install(tmp_path, **programs)
    assert make(TELL, "tell", at=tmp_path).stdout.split() == [chosen]


def test_another_python_can_be_named(tmp_path: Path) -> None:
    install(tmp_path, python3_14=WORKS)
    assert make(TELL, "tell", "PYTHON=/opt/python", at=tmp_path).stdout.split() == ["/opt/python"]


def test_where_no_python_works_make_says_what_it_needs_and_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    install(tmp_path, python3_11=SHIM_WITHOUT_AN_INTERPRETER)
    done = make("demo", at=tmp_path)
    assert done.returncode != 0
    assert "No Python from 3.11 to 3.14 that can make a venv was found. Install one, or say: make PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_every_long_step_of_a_first_demo_is_announced_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    steps = make("-n", "demo", "PYTHON=python3.11", at=tmp_path).stdout.splitlines()
    for long, words in (("-m venv", "Making .venv"), ("pip install", "Installing"), ("bot demo", "Starting")):
        (at,) = (number for number, step in enumerate(steps) if long in step)
        assert words in steps[at].partition(long)[0] or words in steps[at - 1]
