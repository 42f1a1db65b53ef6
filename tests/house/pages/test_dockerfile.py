"""The image's own install and start lines work in a clean environment (no image can be built in the tests themselves)."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

LINES = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()


def word(name: str) -> list[str]:
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(name)]


def test_it_is_slim_runs_as_nobody_special_and_has_a_health_command() -> None:
    assert word("FROM") == ["python:3.11-slim"]
    assert word("USER") == ["bot"]
    assert '"-m", "bot", "health"' in word("HEALTHCHECK")[0]
    assert not any("TOKEN" in line or "SECRET" in line for line in LINES)


def test_only_what_runs_is_copied_and_all_of_it_exists() -> None:
    copied = [line.split()[:-1] for line in word("COPY")]
    names = {name for words in copied for name in words}
    assert names == {"requirements.txt", "bot", "handlers", "storage"}
    assert all((ROOT / name).exists() for name in names)


def test_what_never_writes_bytecode_finds_it_written() -> None:
    copied = next(at for at, line in enumerate(LINES) if line.startswith("COPY storage"))
    compiled = next(at for at, line in enumerate(LINES) if "compileall" in line)
    assert LINES[compiled] == "RUN python -m compileall -q bot handlers storage"
    assert copied < compiled < next(at for at, line in enumerate(LINES) if line.startswith("USER"))


@pytest.mark.exhaustive
def test_the_install_and_start_lines_work_in_a_clean_place(tmp_path: Path) -> None:
    install = next(line for line in word("RUN") if "pip install" in line)
    command = re.findall(r'"([^"]+)"', word("CMD")[0])
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    for name in ("requirements.txt", "bot", "handlers", "storage"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    environment = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HOME"))}
    environment["PATH"] = f"{tmp_path / 'venv' / 'bin'}:/usr/bin:/bin"
    subprocess.run(install, shell=True, check=True, cwd=tmp_path, env=environment, capture_output=True)
    started = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert started.returncode == 2, started.stderr
    assert "MODE" in started.stderr
    assert "TELEGRAM_BOT_TOKEN" in started.stderr
