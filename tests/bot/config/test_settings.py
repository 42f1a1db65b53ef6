"""Settings: all bad ones are named at once, and no value is repeated."""

from dataclasses import FrozenInstanceError, fields
from datetime import time
from pathlib import Path

import pytest

from bot.config.addresses import MSTOCK, MSTOCK_SOCKET, PAPER, PAPER_SOCKET, TELEGRAM, Mode
from bot.config.settings import (
    SETTINGS,
    Settings,
    table,
)
from bot.domain.errors import SettingsError
from bot.domain.people.secret import Secret

TOKEN = "123456789:AAExampleExampleExampleExampleExample"
DEMO = {
    "MODE": "demo",
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "TELEGRAM_URL": "http://127.0.0.1:8000",
    "BROKER_URL": "http://127.0.0.1:8000/exchange",
    "BROKER_WS_URL": "ws://127.0.0.1:8000/exchange/ws",
}
PAPER_MODE = {"MODE": "paper", "TELEGRAM_BOT_TOKEN": TOKEN}
LIVE = {"MODE": "live", "TELEGRAM_BOT_TOKEN": TOKEN}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ)
    return refused.value.say


def test_live_needs_a_mode_and_a_token_and_nothing_else() -> None:
    settings = Settings.read(LIVE)
    assert settings.mode is Mode.LIVE
    assert (settings.telegram_url, settings.broker_url, settings.broker_ws_url) == (TELEGRAM, MSTOCK, MSTOCK_SOCKET)
    assert settings.telegram_bot_token == Secret(TOKEN)
    assert (settings.daily_summary, settings.confirm_seconds, settings.orders_per_second) == (time(16, 15), 60, 3)
    assert settings.pnl_exit_seconds == 3
    assert settings.redirect_url == "http://127.0.0.1:5000/mstock/callback"
    assert settings.client_code is None


def test_paper_keeps_the_real_telegram_and_a_broker_on_this_host() -> None:
    settings = Settings.read(PAPER_MODE)
    assert (settings.telegram_url, settings.broker_url, settings.broker_ws_url) == (TELEGRAM, PAPER, PAPER_SOCKET)


def test_the_demo_runs_on_addresses_of_this_host_with_their_paths() -> None:
    settings = Settings.read(DEMO)
    assert settings.broker_url == "http://127.0.0.1:8000/exchange"
    assert settings.broker_ws_url == "ws://127.0.0.1:8000/exchange/ws"


def test_every_bad_setting_is_named_at_once_and_no_value_is_repeated() -> None:
    said = refusal(
        {
            "MODE": "live",
            "TELEGRAM_BOT_TOKEN": "hunter2hunter2",
            "BROKER_URL": "https://s3cret@example.org",
            "REDIRECT_URL": "gopher://s3cret",
            "LOG_LEVEL": "s3cret",
            "LOG_FORMAT": "s3cret",
            "DAILY_SUMMARY": "25:00s3cret",
            "CONFIRM_SECONDS": "0",
            "PNL_EXIT_SECONDS": "0",
            "ORDERS_PER_SECOND": "9",
            "BROKER_API_KEY": "MA s3cret",
            "DATABASE": "/var/lib/x/bot.db",
            "KEY_FILE": "/var/lib/x/sub/key",
        }
    )
    for name in ("TELEGRAM_BOT_TOKEN", "BROKER_URL", "REDIRECT_URL", "LOG_LEVEL", "LOG_FORMAT", "DAILY_SUMMARY"):
        assert name in said
    for name in ("CONFIRM_SECONDS", "PNL_EXIT_SECONDS", "ORDERS_PER_SECOND", "BROKER_API_KEY"):
        assert name in said
    assert "s3cret" not in said
    assert "hunter2" not in said


def test_an_empty_environment_is_told_what_is_missing() -> None:
    said = refusal({})
    assert "MODE is missing" in said
    assert "TELEGRAM_BOT_TOKEN is missing" in said
    assert "BROKER_URL" not in said  # follows from the mode


def test_a_mode_that_is_none_is_named_with_the_three_that_are() -> None:
    said = refusal({"MODE": "prod", "TELEGRAM_BOT_TOKEN": TOKEN})
    assert "MODE" in said
    assert all(mode in said for mode in ("demo", "paper", "live"))


def test_the_key_lies_nowhere_below_the_database(tmp_path: Path) -> None:
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for key in ("data/wrapping.key", "data/keys/wrapping.key", "link/wrapping.key"):
        assert "KEY_FILE" in refusal(LIVE | {"DATABASE": str(tmp_path / "data" / "bot.db"), "KEY_FILE": str(tmp_path / key)})
    settings = Settings.read(LIVE | {"DATABASE": str(tmp_path / "data" / "bot.db"), "KEY_FILE": str(tmp_path / "keys" / "k")})
    assert settings.key_file == tmp_path / "keys" / "k"


def test_settings_cannot_be_changed_and_print_no_secret() -> None:
    settings = Settings.read(LIVE | {"BROKER_API_SECRET": "abcdefgh12345678"})
    with pytest.raises(FrozenInstanceError):
        settings.confirm_seconds = 5  # type: ignore[misc]  # what the test is about
    for text in (repr(settings), str(settings)):
        assert TOKEN not in text
        assert "abcdefgh12345678" not in text


def test_every_field_is_a_row_of_the_table_with_words_and_only_those_of_secrets_have_a_twin() -> None:
    assert {each.field for each in SETTINGS} == {field.name for field in fields(Settings)} - {"given", "warnings"}
    assert all(each.says.words and "|" not in each.says.words for each in SETTINGS)
    twins = {line.split("`")[1] for line in table().splitlines() if "(`_FILE`)" in line}
    assert twins == {"TELEGRAM_BOT_TOKEN", "KEY_PASSPHRASE", "BROKER_API_KEY", "BROKER_API_SECRET"}
    assert twins == {field.name.upper() for field in fields(Settings) if "Secret" in str(field.type)}


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("MODE", "must be given"), ("BROKER_URL", f"{MSTOCK} or {PAPER}"), ("DATABASE", "data/bot.db"),
        ("KEY_PASSPHRASE", "asked"), ("KEY_SOURCE", "passphrase"), ("DAILY_SUMMARY", "16:15"),
        ("CONFIRM_SECONDS", "60"), ("BROKERAGE_PLAN", "none"),
    ],
)  # fmt: skip
def test_the_table_says_what_holds_where_nothing_is_given(name: str, default: str) -> None:
    (row,) = [line for line in table().splitlines() if line.startswith(f"| `{name}`")]
    assert row.endswith(f"| {default} |")
