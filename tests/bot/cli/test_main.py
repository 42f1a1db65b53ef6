"""The command line knows the commands that the README names, and ends with the code that a supervisor acts on."""

import gc
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Timer

import pytest

from bot.cli.exit_codes import DONE, FAILED, INTERRUPTED, WRONG_SETTINGS
from bot.cli.main import COMMANDS, build_parser
from tests.house.source import ROOT
from tests.stage.command import SET_UP, run

PATIENCE = 60.0  # seconds for a start and an end on a slow machine
OWNER = ("people", "add", "4211", "--role", "owner")
# What serves a page, draws, makes a workbook or migrates an old database, and the simulators' servers.
LATER = ("aiohttp.web", "PIL", "xlsxwriter", "alembic", "bot.simulators.broker.server", "bot.charts.draw")


@pytest.fixture
def heard() -> Iterator[None]:
    """A Ctrl-C reaches what a test starts, also where the tests were begun in the background and ignore it themselves."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def ended_at_last(process: subprocess.Popen[str]) -> Iterator[None]:
    """No process outlives its test, and none that does not end is waited for."""
    limit = Timer(PATIENCE, process.kill)
    limit.start()
    try:
        yield
    finally:
        limit.cancel()
        process.kill()


def test_the_readme_names_exactly_the_commands_there_are() -> None:
    named = re.search(r"`python -m bot ([a-z]+(?: \| [a-z]+)+)`", (ROOT / "README.md").read_text("utf-8"))
    assert named is not None
    known = re.findall(r"^    ([a-z]+)\b", build_parser().format_help(), re.MULTILINE)
    assert sorted(named[1].replace(" ", "").split("|")) == sorted(known)


def test_a_reader_that_has_seen_enough_ends_the_command_in_silence() -> None:
    command = [sys.executable, "-m", "bot", "charges"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as bot:
        assert bot.stdout is not None
        assert bot.stderr is not None
        bot.stdout.close()
        assert bot.stderr.read() == ""
    assert bot.returncode == DONE


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_a_file_of_its_own(name: str) -> None:
    command = import_module(f"bot.cli.{name}")
    assert callable(command.run)
    assert command.__doc__ is not None
    assert f"`python -m bot {name}`" in command.__doc__


def test_what_a_command_takes_is_known_only_when_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    for typed, known in (("demo", True), ("check", False)):
        with pytest.raises(SystemExit):
            build_parser([typed]).parse_args(["demo", "--help"])
        assert ("--fresh" in capsys.readouterr().out) is known


@pytest.mark.parametrize("command", ["run", "demo", "check"])
def test_a_python_without_the_libraries_names_the_one_that_has_them(command: str) -> None:
    bare = subprocess.run(
        [sys.executable, "-S", "-m", "bot", command], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert bare.returncode == 1
    assert bare.stderr.startswith("This Python has no ")
    assert bare.stderr.strip().endswith("Run `make install` once, then .venv/bin/python -m bot")


@pytest.mark.usefixtures("heard")
def test_ctrl_c_while_a_command_is_still_imported_ends_it_without_a_stack() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "bot", "demo"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as bot, ended_at_last(bot):
        assert bot.stderr is not None
        next(line for line in bot.stderr if "aiohttp" in line)
        bot.send_signal(signal.SIGINT)
        said = bot.stderr.read()
    assert "Traceback" not in said
    assert bot.returncode == INTERRUPTED


@pytest.mark.exhaustive
def test_the_bot_starts_without_what_only_some_hosts_and_hours_need() -> None:
    probe = 'import sys\nfrom bot.cli.main import build_parser\nbuild_parser(["run"])\nprint(*sys.modules)'
    started = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    modules = started.stdout.split()
    assert "bot.app" in modules
    assert [name for name in LATER if name in modules] == []


@pytest.mark.parametrize(
    ("words", "given", "code", "says"),
    [
        (["run"], {}, WRONG_SETTINGS, "MODE is missing"),
        (["run"], SET_UP, WRONG_SETTINGS, "key new"),
        (["key", "rotate"], {**SET_UP, "KEY_SOURCE": "passphrase"}, WRONG_SETTINGS, "key new"),
        (["key", "rotate", "--data", "--to", "file"], SET_UP, WRONG_SETTINGS, "Say one of them"),
        (["key", "rotate", "--data", "--seed"], SET_UP, WRONG_SETTINGS, "not allowed with"),
        (["restore", "nothing.db"], SET_UP, FAILED, "no backup"),
        (["panic"], SET_UP, WRONG_SETTINGS, "no database"),
        (["health"], SET_UP, FAILED, "heartbeat"),
        ([*OWNER], {**SET_UP, "DATABASE": "/proc/nowhere/bot.db"}, FAILED, "/proc/nowhere"),
    ],
)
def test_what_will_never_work_and_what_may_work_later_end_differently_and_in_words(
    tmp_path: Path, words: list[str], given: dict[str, str], code: int, says: str
) -> None:
    done = run(*words, at=tmp_path, given=given)
    assert done.code == code, done.err
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_key_is_not_changed_and_nothing_starts_where_the_database_is_missing(tmp_path: Path) -> None:
    """With DATABASE mistyped a rotation would leave the real one sealed by a key that is gone."""
    run("key", "new", at=tmp_path)
    before = (tmp_path / "keys" / "wrapping.key").read_bytes()
    for words in (["key", "rotate"], ["run"]):
        done = run(*words, at=tmp_path)
        assert done.code == WRONG_SETTINGS
        assert f"There is no database {tmp_path}/data/bot.db" in done.err
    assert (tmp_path / "keys" / "wrapping.key").read_bytes() == before
    assert not (tmp_path / "data").exists()


def test_the_first_owner_makes_the_database_and_is_told_where_and_a_name_cannot_turn_the_line_round(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = run(*OWNER, "--name", "\u202eahsA\x1b[2K", at=tmp_path)
    assert made.out.splitlines() == [
        f"There was no database here: {tmp_path}/data/bot.db is a new one.",
        "4211 is owner of every account.",
    ]
    assert "no database" not in run("people", "add", "5", "--role", "owner", at=tmp_path).out
    listed = run("people", "list", at=tmp_path).out
    assert "\\u202eahsA\\x1b[2K\n" in listed
    assert "\u202e" not in listed
    lifted = run("panic", "--lift", at=tmp_path)
    assert (lifted.code, lifted.err) == (FAILED, "No alarm is on.\n")
    (tmp_path / "data" / "bot.db").chmod(0o666)
    run("audit", "verify", at=tmp_path)
    assert "bot.db had mode 0666" in caplog.text
    caplog.clear()
    run("audit", "verify", at=tmp_path)
    assert "0666" not in caplog.text


def test_a_key_is_made_once_and_a_second_time_is_refused(tmp_path: Path) -> None:
    assert run("key", "new", at=tmp_path).code == 0
    before = (tmp_path / "keys" / "wrapping.key").read_bytes()
    run(*OWNER, at=tmp_path)
    assert "0 secrets are sealed anew" in run("key", "rotate", "--data", at=tmp_path).out
    again = run("key", "new", at=tmp_path)
    assert again.code == WRONG_SETTINGS
    assert "already there" in again.err
    assert (tmp_path / "keys" / "wrapping.key").read_bytes() == before


def test_no_secret_is_an_argument_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in arguments can be read by every user of the host (T37)."""
    for name in re.findall(r"^    ([a-z]+)\b", build_parser().format_help(), re.MULTILINE):
        with pytest.raises(SystemExit) as ended:
            build_parser([name]).parse_args([name, "--help"])
        assert ended.value.code == 0
    words = re.findall(r"--[a-z-]+", capsys.readouterr().out)
    assert "--fresh" in words
    assert [word for word in words if re.search("pass|secret|token|pin|key|code", word)] == []


@pytest.mark.exhaustive
def test_secrets_are_not_asked_for_where_their_echo_cannot_be_switched_off(tmp_path: Path) -> None:
    """The real command in a process of its own, without a terminal: getpass would ask the one who runs the tests."""
    run("key", "new", at=tmp_path)
    run(*OWNER, at=tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "link"], capture_output=True, text=True, check=False, cwd=tmp_path, input="",
        env={"PYTHONPATH": str(ROOT), **SET_UP}, start_new_session=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (WRONG_SETTINGS, "")
    assert done.stderr == "Secrets are asked for without echo: run this at a terminal.\n"


@pytest.mark.parametrize(
    "words", [["people", "add", "-5", "--role=owner"], ["people", "add", "9" * 20, "--role=owner"], ["demo", "--port=99999"]]
)
def test_numbers_that_nobody_can_have_are_refused_at_the_command_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser(words).parse_args(words)
    assert ended.value.code == WRONG_SETTINGS
    assert "is no p" in capsys.readouterr().err


class Supervisor(io.StringIO):
    """Reads the log, and asks the process to end as soon as it says that Telegram is away."""

    def write(self, line: str) -> int:
        if "telegram cannot be reached" in line:
            signal.raise_signal(signal.SIGTERM)
        return super().write(line)


def test_a_bot_that_still_waits_for_telegram_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:1"  # a port at which nothing listens
    given = {
        **SET_UP, "MODE": "demo", "TELEGRAM_URL": nowhere, "BROKER_URL": nowhere, "BROKER_WS_URL": "ws://127.0.0.1:1/ws",
    }  # fmt: skip
    run("key", "new", at=tmp_path, given=given)
    run(*OWNER, at=tmp_path, given=given)
    done = run("run", at=tmp_path, given=given, err=Supervisor())
    assert done.code == 0, done.err
    assert "telegram cannot be reached" in done.err
    assert "stopped while starting" in done.err
    gc.collect()  # a connection that was left open warns now, which fails the test
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("heard")
def test_a_demo_at_the_keyboard_ends_when_it_is_asked_to_though_nothing_more_is_typed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "demo", "--terminal", "--data", str(tmp_path / "demo")]
    kept_back = {**os.environ, "PYTHONUNBUFFERED": ""}  # as a pipe's reader has it: nothing comes that is not sent off
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=kept_back) as demo,
        ended_at_last(demo),
    ):
        assert demo.stdin is not None
        assert demo.stdout is not None
        assert "Type a message or a /command." in demo.stdout.readline()
        demo.send_signal(signal.SIGINT)
        assert demo.wait() == 0


@pytest.mark.parametrize(
    ("closed", "words", "says"),
    [
        ("<&-", "key new", "The keys are sealed by a passphrase, and there is no terminal to ask for it."),
        (">&-", "calendar", ""),
    ],
)
def test_a_command_whose_keyboard_or_screen_is_closed_goes_on_without_it(
    tmp_path: Path, closed: str, words: str, says: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m bot {words} {closed}', sys.executable],
        stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), **SET_UP, "KEY_SOURCE": "passphrase"},
    )  # fmt: skip
    assert done.returncode == (WRONG_SETTINGS if says else DONE)
    assert done.stderr[: len(says) or None] == says


@pytest.mark.parametrize("way", ["--fresh", "--smoke"])
def test_a_demo_starts_over_in_a_directory_of_its_own_alone(tmp_path: Path, way: str) -> None:
    data = tmp_path / "smoke" if way == "--smoke" else tmp_path
    (data / "bot").mkdir(parents=True)
    (data / "bot" / "bot.db").write_text("earlier")
    (data / "letters").write_text("mine")
    done = run("demo", way, "--data", str(tmp_path), at=tmp_path)
    assert done.code == WRONG_SETTINGS
    assert done.err == f"{data} holds what no demo made: letters. Nothing was forgotten; name a demo's own --data.\n"
    assert ((data / "bot" / "bot.db").read_text(), (data / "letters").read_text()) == ("earlier", "mine")
