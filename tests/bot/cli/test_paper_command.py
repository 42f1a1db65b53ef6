"""`python -m bot paper` started wrongly: one sentence, and an exit code that is not zero."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.exit_codes import FAILED, WRONG_SETTINGS
from bot.cli.main import build_parser
from bot.demo.practice import LiveSource
from bot.domain.errors import PersonError
from bot.simulators.broker.accounts.ledger import Ledger
from bot.simulators.broker.faults.errors import BooksInUse, PaperError
from tests.house.source import ROOT
from tests.stage.command import Ended, run


def start(*words: str) -> int:
    """What the command does in this process, without the wrapping that turns errors into sentences."""
    parsed = build_parser(["paper"]).parse_args(["paper", *words])
    code: int = parsed.run(parsed)
    return code


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield int(holder.getsockname()[1])


def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert start("--data", str(tmp_path / "books"), "--port", str(taken)) == FAILED
    assert capsys.readouterr().err == f"Port {taken} is taken. Choose another: --port 8701\n"


def test_a_directory_that_cannot_be_is_said_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(PaperError) as refused:
        start("--data", str(tmp_path / "file"), "--port", "0")
    assert refused.value.say == f"The paper broker cannot keep its books in {tmp_path / 'file'}: that is a file."


def test_books_that_are_no_books_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "paper.sqlite").write_bytes(b"not a database, but somebody's file" * 50)
    before = (tmp_path / "paper.sqlite").read_bytes()
    with pytest.raises(PaperError, match="cannot be read: file is not a database"):
        start("--data", str(tmp_path), "--port", "0")
    assert (tmp_path / "paper.sqlite").read_bytes() == before


def test_books_that_another_keeps_are_said_to_be(tmp_path: Path) -> None:
    first = Ledger(tmp_path)
    with pytest.raises(BooksInUse) as refused:
        start("--data", str(tmp_path), "--port", "0")
    assert refused.value.say == f"Another paper broker keeps its books in {tmp_path}."
    first.close()


@pytest.mark.parametrize("words", ["99999", "-1", "many"])
def test_a_port_that_is_none_is_refused_as_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        start("--data", "unused", f"--port={words}")
    assert ended.value.code == WRONG_SETTINGS
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["https://api.mstock.trade", "http://192.0.2.1:8700", "http://127.0.0.1", "ftp://127.0.0.1:1", ""]
)
def test_a_password_is_sent_to_no_other_host(url: str) -> None:
    with pytest.raises(PersonError, match="no paper broker on this host"):
        LiveSource.at(url)
    assert LiveSource.at("http://127.0.0.1:8701/").ws_url == "ws://127.0.0.1:8701/ws"


def test_the_command_ends_with_the_sentence_alone(tmp_path: Path) -> None:
    candles = tmp_path / "holes.csv"
    candles.write_text("time,symbol,open,high,low,close\n2026-11-20 09:15,RELIANCE,1400,,1390,1400\n")
    done = run("paper", "--data", str(tmp_path / "books"), "--port", "0", "--prices", str(candles), at=tmp_path)
    assert done == Ended(code=WRONG_SETTINGS, out="", err="holes.csv, line 2: high is empty.\n")


@pytest.mark.exhaustive
def test_nobody_at_the_keyboard_ends_live_prices_in_words(tmp_path: Path) -> None:
    """A process of its own, without a terminal: getpass would ask the one who runs the tests."""
    words = [sys.executable, "-m", "bot", "paper", "--data", str(tmp_path), "--port", "0", "--prices", "live"]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, input="", start_new_session=True
    )
    assert done.returncode == FAILED
    assert done.stderr.splitlines()[-1].endswith("Live prices need an mStock login. Without one: --prices walk.")
    assert "Traceback" not in done.stderr
