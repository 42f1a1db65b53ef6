"""The health check reads the heartbeat alone, and loads next to nothing for it."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.domain.clock import Clock
from bot.runtime.heartbeat import DATABASE, health, heartbeat_beside
from tests.house.source import ROOT

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class Stopped(Clock):
    def now(self) -> datetime:
        return NOW


def beat(database: Path, ago: timedelta) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    heartbeat_beside(database).write_text((NOW - ago).isoformat())


@pytest.mark.parametrize(
    ("ago", "beats"), [(timedelta(0), True), (timedelta(seconds=59), True), (timedelta(seconds=60), False), (timedelta(9), False)]
)
def test_a_heart_that_was_still_for_a_minute_counts_as_stopped(tmp_path: Path, ago: timedelta, beats: bool) -> None:
    beat(tmp_path / "bot.db", ago)
    told = health({"DATABASE": str(tmp_path / "bot.db")}, tmp_path, Stopped())
    assert told == (beats, f"Last heartbeat {ago.total_seconds():.0f} s ago.")


@pytest.mark.parametrize(("ahead", "beats"), [(timedelta(seconds=2), True), (timedelta(hours=2), False)])
def test_a_heartbeat_from_the_future_keeps_no_dead_bot_alive_when_the_clock_was_set_back(
    tmp_path: Path, ahead: timedelta, beats: bool
) -> None:
    beat(tmp_path / "bot.db", -ahead)
    said = "Last heartbeat 0 s ago." if beats else "The last heartbeat lies 7200 s ahead of this clock."
    assert health({"DATABASE": str(tmp_path / "bot.db")}, tmp_path, Stopped()) == (beats, said)


@pytest.mark.parametrize("written", [None, "", "yesterday", "\udcff"])
def test_no_heartbeat_that_can_be_read_is_none(tmp_path: Path, written: str | None) -> None:
    if written is not None:
        heartbeat_beside(tmp_path / "bot.db").write_bytes(written.encode(errors="surrogateescape"))
    assert health({"DATABASE": str(tmp_path / "bot.db")}, tmp_path, Stopped()) == (False, "The bot has not written a heartbeat.")


def test_it_looks_beside_the_database_of_the_bot_wherever_the_settings_say_that(tmp_path: Path) -> None:
    beat(tmp_path / "kept" / "bot.db", timedelta(seconds=5))
    (tmp_path / ".env").write_text(f"MODE=paper\nDATABASE={tmp_path}/kept/bot.db\n")
    assert health({}, tmp_path, Stopped())[0]
    assert Path(DATABASE) == Settings.database
    settings = {"MODE": "paper", "TELEGRAM_BOT_TOKEN": "123456789:" + "A" * 35, "DATABASE": "~/kept/bot.db"}
    read = Settings.read(settings).database
    assert heartbeat_beside(read).parent == read.parent == Path("~/kept").expanduser()


@pytest.mark.parametrize("words", [["health"], ["--version"]])
def test_what_runs_every_half_minute_loads_no_library(tmp_path: Path, words: list[str]) -> None:
    probe = "import sys, json\nfrom bot.cli.main import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit: pass\n"
    probe += "print(); print(json.dumps([*sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", probe, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert "bot" in loaded
    assert loaded - sys.stdlib_module_names - {"__main__", "bot", "sitecustomize", "_virtualenv", "_distutils_hack"} == set()
