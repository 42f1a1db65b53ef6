"""Settings: three pairs of addresses start, every other refuses, all bad settings are named at once, no value is repeated."""

from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.errors import SettingsError
from bot.domain.secret import Secret
from bot.settings import (
    MSTOCK,
    MSTOCK_SOCKET,
    PAPER,
    PAPER_SOCKET,
    SETTINGS,
    TELEGRAM,
    Mode,
    Settings,
    process_environment,
    table,
)

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


def refusal(environ: dict[str, str], directory: Path | None = None) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ, directory=directory)
    return refused.value.say


def test_live_needs_a_mode_and_a_token_and_nothing_else() -> None:
    settings = Settings.read(LIVE)
    assert settings.mode is Mode.LIVE
    assert (settings.telegram_url, settings.broker_url, settings.broker_ws_url) == (TELEGRAM, MSTOCK, MSTOCK_SOCKET)
    assert settings.telegram_bot_token == Secret(TOKEN)
    assert (settings.daily_summary, settings.confirm_seconds, settings.orders_per_second) == (time(16, 15), 60, 3)
    assert settings.redirect_url == "http://127.0.0.1:5000/mstock/callback"
    assert settings.client_code is None


def test_paper_keeps_the_real_telegram_and_a_broker_on_this_host() -> None:
    settings = Settings.read(PAPER_MODE)
    assert (settings.telegram_url, settings.broker_url, settings.broker_ws_url) == (TELEGRAM, PAPER, PAPER_SOCKET)


def test_the_demo_runs_on_addresses_of_this_host_with_their_paths() -> None:
    settings = Settings.read(DEMO)
    assert settings.broker_url == "http://127.0.0.1:8000/exchange"
    assert settings.broker_ws_url == "ws://127.0.0.1:8000/exchange/ws"


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (LIVE | {"BROKER_URL": PAPER}, "BROKER_URL"),
        (LIVE | {"BROKER_WS_URL": PAPER_SOCKET}, "BROKER_WS_URL"),
        (LIVE | {"TELEGRAM_URL": "http://127.0.0.1:8000"}, "TELEGRAM_URL"),
        (PAPER_MODE | {"BROKER_URL": MSTOCK}, "BROKER_URL"),
        (PAPER_MODE | {"TELEGRAM_URL": "http://127.0.0.1:8000"}, "TELEGRAM_URL"),
        (DEMO | {"TELEGRAM_URL": TELEGRAM}, "TELEGRAM_URL"),
        (DEMO | {"BROKER_URL": MSTOCK}, "BROKER_URL"),
        (DEMO | {"BROKER_WS_URL": MSTOCK_SOCKET}, "BROKER_WS_URL"),
        ({key: value for key, value in DEMO.items() if key != "TELEGRAM_URL"}, "TELEGRAM_URL"),
    ],
)
def test_every_other_pair_of_addresses_refuses_and_names_the_setting(environ: dict[str, str], named: str) -> None:
    said = refusal(environ)
    assert named in said
    assert all(name not in said for name in {"TELEGRAM_URL", "BROKER_URL", "BROKER_WS_URL"} - {named})


@pytest.mark.parametrize(
    "address",
    [
        "https://api.mstock.trade.evil.example",
        "https://api.mstock.trade@evil.example",
        "https://user:word@api.mstock.trade",
        "https://api.mstock.trade:8443",
        "http://api.mstock.trade",
        "https://api.mstock.trade/other",
        "https://api.mstock.trade?x=1",
        "https://api.mst\N{CYRILLIC SMALL LETTER O}ck.trade",
        "https://xn--api-mstock.trade",
        "https://127.0.0.1",
        "HTTPS://API.MSTOCK.TRADE",
        "ftp://api.mstock.trade",
        "api.mstock.trade",
        " https://api.mstock.trade",
    ],
)
def test_live_takes_no_broker_but_mstock_under_any_disguise(address: str) -> None:
    assert "BROKER_URL may only be" in refusal(LIVE | {"BROKER_URL": address})


@given(st.text(min_size=1, max_size=60) | st.from_regex(r"https?://[a-z0-9@:./%\[\]#?-]{1,40}", fullmatch=True))
def test_no_text_at_all_leads_live_elsewhere(address: str) -> None:
    if address.rstrip("/") in (MSTOCK, ""):
        return
    assert "BROKER_URL" in refusal(LIVE | {"BROKER_URL": address})


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.5:8000",
        "http://127.0.0.1.evil.example:8000",
        "http://127.0.0.1@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://evil.example\\@127.0.0.1",
        "http://0.0.0.0:8000",
        "http://127.0.0.1:99999",
        "http://localhost.evil.example",
        "https://127.0.0.1",
        "http://127.0.0.1/../x",
        "http://127.0.0.1/?to=evil",
        "http://[::1",
    ],
)
def test_the_paper_broker_is_on_this_host_only(address: str) -> None:
    assert "BROKER_URL" in refusal(PAPER_MODE | {"BROKER_URL": address})


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://localhost:9/x/", "http://[::1]:9", "http://127.9.9.9"])
def test_every_way_to_write_this_host_is_taken(address: str) -> None:
    assert Settings.read(PAPER_MODE | {"BROKER_URL": address}).broker_url == address.rstrip("/")


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
            "ORDERS_PER_SECOND": "9",
            "BROKER_API_KEY": "MA s3cret",
            "DATABASE": "/var/lib/x/bot.db",
            "KEY_FILE": "/var/lib/x/sub/key",
        }
    )
    for name in ("TELEGRAM_BOT_TOKEN", "BROKER_URL", "REDIRECT_URL", "LOG_LEVEL", "LOG_FORMAT", "DAILY_SUMMARY"):
        assert name in said
    for name in ("CONFIRM_SECONDS", "ORDERS_PER_SECOND", "BROKER_API_KEY"):
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


def test_a_file_beats_the_environment_and_loses_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    settings = Settings.read(LIVE | {"TELEGRAM_BOT_TOKEN": "1:other_other_other", "TELEGRAM_BOT_TOKEN_FILE": str(file)})
    assert settings.telegram_bot_token == Secret(TOKEN)
    assert settings.warnings == ()
    assert "TELEGRAM_BOT_TOKEN_FILE" in Settings.read(LIVE).warnings[0]


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe", b"x" * 5000])
def test_a_secret_file_that_cannot_be_used_stops_the_start_even_when_the_environment_has_one(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "s3cret"
    if content is not None:
        file.write_bytes(content)
    said = refusal(LIVE | {"TELEGRAM_BOT_TOKEN_FILE": str(file)})
    assert "TELEGRAM_BOT_TOKEN_FILE names a file" in said
    assert "s3cret" not in said


def test_a_directory_in_place_of_a_secret_file_is_refused(tmp_path: Path) -> None:
    assert "TELEGRAM_BOT_TOKEN_FILE" in refusal(LIVE | {"TELEGRAM_BOT_TOKEN_FILE": str(tmp_path)})


def dotenv(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    file = tmp_path / ".env"
    file.write_text(text)
    file.chmod(mode)
    return tmp_path


def test_a_dotenv_file_is_read_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    directory = dotenv(
        tmp_path,
        f"# mStock\nexport MODE=live\nTELEGRAM_BOT_TOKEN='{TOKEN}'  # from BotFather\n\nBROKER_API_KEY = MA1234567\n"
        'BROKER_API_SECRET="abc#def=="\nFLASK_PORT=5000\nCONFIRM_SECONDS=45 # slow fingers\nLOG_LEVEL=ERROR\nDATABASE=\n',
    )
    settings = Settings.read({"LOG_LEVEL": "DEBUG"}, directory=directory)
    assert settings.client_code == Secret("MA1234567")
    assert settings.api_key == Secret("abc#def==")
    assert (settings.confirm_seconds, settings.log_level, settings.database) == (45, "DEBUG", Path("data/bot.db"))
    assert settings.warnings == ()
    assert len(settings.secrets()) == 3


def test_a_dotenv_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    directory = dotenv(tmp_path, f"MODE=live\nTELEGRAM_BOT_TOKEN={TOKEN}\n", 0o644)
    assert any("chmod 600" in each for each in Settings.read({}, directory=directory).warnings)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("MODE=live\nMODE=paper\n", "MODE stands twice"),
        ("s3cret words\n", "line 1"),
        ("X=1\n\nTELEGRAM_BOT_TOKEN='s3cret\n", "line 3"),
        ("X='a' s3cret\n", "line 1"),
    ],
)
def test_a_dotenv_line_that_cannot_be_read_is_named_by_its_number(text: str, named: str, tmp_path: Path) -> None:
    said = refusal(LIVE, dotenv(tmp_path, text))
    assert named in said
    assert "s3cret" not in said


@given(st.text(max_size=200))
def test_any_dotenv_text_is_read_or_refused_in_words(text: str) -> None:
    with TemporaryDirectory() as place:
        (Path(place) / ".env").write_text(text, "utf-8", newline="")
        try:
            mode = Settings.read(LIVE, directory=Path(place)).mode
        except SettingsError as refused:
            said = refused.say
        else:
            assert mode is Mode.LIVE
            return
    assert ".env" in said


def test_the_key_lies_nowhere_below_the_database(tmp_path: Path) -> None:
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for key in ("data/wrapping.key", "data/keys/wrapping.key", "link/wrapping.key"):
        assert "KEY_FILE" in refusal(LIVE | {"DATABASE": str(tmp_path / "data" / "bot.db"), "KEY_FILE": str(tmp_path / key)})
    settings = Settings.read(LIVE | {"DATABASE": str(tmp_path / "data" / "bot.db"), "KEY_FILE": str(tmp_path / "keys" / "k")})
    assert settings.data_dir == tmp_path / "data"


def test_settings_cannot_be_changed_and_print_no_secret() -> None:
    settings = Settings.read(LIVE | {"BROKER_API_SECRET": "abcdefgh12345678"})
    with pytest.raises(ValidationError):
        settings.confirm_seconds = 5  # type: ignore[misc]  # what the test is about
    for text in (repr(settings), str(settings)):
        assert TOKEN not in text
        assert "abcdefgh12345678" not in text


def test_the_table_and_the_object_name_the_same_settings() -> None:
    assert {each.field for each in SETTINGS} == set(Settings.model_fields) - {"warnings"}
    assert all(f"`{each.name}`" in table() for each in SETTINGS)
    assert all(each.says and "|" not in each.says for each in SETTINGS)
    for name, field in Settings.model_fields.items():
        row = next((each for each in SETTINGS if each.field == name), None)
        secret = row is not None and row.secret
        assert secret == ("Secret" in str(field.annotation)), name


def test_the_process_environment_is_a_copy() -> None:
    environ = dict(process_environment())
    environ["MODE"] = "changed"
    assert process_environment().get("MODE") != "changed"
