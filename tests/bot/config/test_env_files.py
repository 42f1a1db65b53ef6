"""Where the texts of settings are kept: a .env file, and files that hold one secret each."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.addresses import Mode
from bot.config.openalgo import ONLY_OPENALGO
from bot.config.settings import SETTINGS, Settings
from bot.domain.errors import SettingsError
from bot.domain.people.secret import Secret

TOKEN = "123456789:AAExampleExampleExampleExampleExample"
LIVE = {"MODE": "live", "TELEGRAM_BOT_TOKEN": TOKEN}


def refusal(environ: dict[str, str], directory: Path | None = None) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ, directory=directory)
    return refused.value.say


def test_a_file_beats_the_environment_and_loses_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    settings = Settings.read(LIVE | {"TELEGRAM_BOT_TOKEN": "1:other_other_other", "TELEGRAM_BOT_TOKEN_FILE": str(file)})
    assert settings.telegram_bot_token == Secret(TOKEN)
    assert settings.warnings == ()
    assert "TELEGRAM_BOT_TOKEN_FILE" in Settings.read(LIVE).warnings[0]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o644, 0o620, 0o601])
def test_a_secrets_file_that_others_can_use_is_warned_of_by_the_settings_name_alone(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "s3cret"
    file.write_text(TOKEN)
    file.chmod(mode)
    settings = Settings.read(LIVE | {"TELEGRAM_BOT_TOKEN_FILE": str(file)})
    assert settings.warnings == ("TELEGRAM_BOT_TOKEN_FILE names a file that others can use: chmod 600",)
    assert settings.telegram_bot_token == Secret(TOKEN)


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


def live_by_file(tmp_path: Path) -> dict[str, str]:
    """Settings that nothing is to be said of."""
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return {"MODE": "live", "TELEGRAM_BOT_TOKEN_FILE": str(file)}


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
    assert settings.warnings == (".env has names that are OpenAlgo's alone, which are passed over: FLASK_PORT",)
    assert len(settings.secrets()) == 3


def test_a_dotenv_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    directory = dotenv(tmp_path, f"MODE=live\nTELEGRAM_BOT_TOKEN={TOKEN}\n", 0o644)
    assert any("chmod 600" in each for each in Settings.read({}, directory=directory).warnings)


def test_a_dotenv_file_without_secrets_that_others_can_change_is_warned_of_too(tmp_path: Path) -> None:
    directory = dotenv(tmp_path, "MODE=live\n", 0o646)
    assert ".env can be changed by others: chmod go-w .env" in Settings.read(LIVE, directory=directory).warnings
    (directory / ".env").chmod(0o644)
    assert not any("chmod go-w" in each for each in Settings.read(LIVE, directory=directory).warnings)


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


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("DAILY_SUMARY=15:45", ".env line 2 names no setting: DAILY_SUMARY (the nearest is DAILY_SUMMARY)"),
        ("PROTECT_CONTENTS=yes", "PROTECT_CONTENTS (the nearest is PROTECT_CONTENT)"),
        ("export daily_summary=15:45", "daily_summary (the nearest is DAILY_SUMMARY)"),
        ("DATABASE_FILE=/x", "DATABASE_FILE (the nearest is DATABASE)"),
        ("TELEGRAM_TOKEN=1:x", "TELEGRAM_TOKEN (the nearest is TELEGRAM_BOT_TOKEN)"),
        ("FAVOURITE_COLOUR=blue", ".env line 2 names no setting: FAVOURITE_COLOUR."),
    ],
)
def test_a_name_in_dotenv_that_is_no_setting_stops_the_start_and_is_told_with_the_nearest_that_is(
    line: str, named: str, tmp_path: Path
) -> None:
    assert named in refusal(LIVE, dotenv(tmp_path, f"# mine\n{line}\n"))


@pytest.mark.parametrize("line", ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP====", "JBSWYDPEHPKPXPJB=", "c2VjcmV0c2Vjcm_V0c2VjcmV0=="])
def test_a_secret_that_stands_alone_on_a_line_is_not_repeated_as_a_name(line: str, tmp_path: Path) -> None:
    said = refusal(LIVE, dotenv(tmp_path, f"{line}\n"))
    assert ".env line 1 names no setting" in said
    assert line.strip("=") not in said


def test_names_that_are_openalgos_alone_are_told_once_and_passed(tmp_path: Path) -> None:
    names = sorted(ONLY_OPENALGO)
    directory = dotenv(tmp_path, "".join(f"{name} = 'x'\n" for name in [*names, *names]))
    (told,) = Settings.read({**live_by_file(tmp_path), "APP_KEY": "x"}, directory=directory).warnings
    assert told.endswith(f"passed over: {', '.join(names[:3])} and {len(names) - 3} more")


def test_openalgos_names_and_ours_are_apart() -> None:
    assert {each.name for each in SETTINGS} & ONLY_OPENALGO == set()


def test_of_the_environment_only_what_is_nearly_a_setting_is_told_and_nothing_is_stopped(tmp_path: Path) -> None:
    foreign = {
        "PATH": "/bin", "MODEL": "x", "DATABASE_URL": "sqlite://", "LOG_DIR": "log", "KEY": "x", "TELEGRAM_CHAT": "1",
        "CONFIRM": "1", "BROKER_TOKEN": "x", "DATABASE_HOST": "x", "MARKET": "x", "LC_ALL": "C", "WEB_CONCURRENCY": "2",
    }  # fmt: skip
    live = live_by_file(tmp_path)
    assert Settings.read({**live, **foreign}).warnings == ()
    assert Settings.read({**live, **foreign, "PROTECT_CONTENTS": "yes", "DAILY_SUMARY": "15:45"}).warnings == (
        "DAILY_SUMARY in the environment is no setting (the nearest is DAILY_SUMMARY): it is passed over",
        "PROTECT_CONTENTS in the environment is no setting (the nearest is PROTECT_CONTENT): it is passed over",
    )


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
