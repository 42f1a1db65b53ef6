"""Every setting of the bot: one frozen object, read once from the environment, secrets preferably from files.

The fields of Settings are the one list: their descriptions make the README's table (`make readme`), their types say which
are secrets and what a report may show. Values come from the environment, then from a `.env` file in the working directory.
A setting with a secret has a twin NAME_FILE that names a file and beats it.
Three pairs of addresses start and any other refuses (T23): the demo chat and the paper broker, both on
loopback; Telegram and the paper broker; Telegram and mStock. No words of an error or a warning repeat a value: it may be
a secret in the wrong place.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from bot.config.addresses import (
    MSTOCK,
    MSTOCK_SOCKET,
    NAMES,
    PAPER,
    PAPER_PORT,
    PAPER_SOCKET,
    TELEGRAM,
    Mode,
    is_redirect,
    settle_addresses,
)
from bot.config.env_files import gather
from bot.domain.errors import SettingsError
from bot.domain.people.secret import Secret

__all__ = [
    "PAPER_PORT",
    "SETTINGS",
    "Consent",
    "KeySource",
    "LogFormat",
    "LogLevel",
    "Mode",
    "Setting",
    "Settings",
    "market_data",
    "table",
]

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{10,100}")
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class LogLevel(StrEnum):
    """How much is logged. Secrets are redacted at every level."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class KeySource(StrEnum):
    """Where a ring of keys lies, the safest first."""

    PASSPHRASE = "passphrase"  # noqa: S105  # the word of the setting, no passphrase
    FILE = "file"


class Consent(StrEnum):
    """A yes that has to be written out."""

    YES = "yes"
    NO = "no"


class LogFormat(StrEnum):
    """How a log line is written."""

    LINE = "line"
    JSON = "json"


class MarketHours(StrEnum):
    """Whether the market that the bot trades in ever closes."""

    REAL = "real"
    ALWAYS = "always"


def _secret(value: object) -> object:
    """A secret of printable ASCII without gaps, as all of them are."""
    if isinstance(value, str):
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("holds blanks or letters that no such secret has")
        return Secret(value)
    return value


def _passphrase(value: object) -> object:
    """Unlike other secrets it may hold blanks."""
    if isinstance(value, str):
        if not value.isprintable():
            raise ValueError("holds letters that cannot be typed")
        return Secret(value)
    return value


def _token(value: object) -> object:
    if isinstance(value, str) and not _TOKEN.fullmatch(value):
        raise ValueError("is not a bot token: digits, a colon, letters and digits")
    return _secret(value)


def _moment(value: object) -> object:
    if isinstance(value, str):
        clock = _HOUR.fullmatch(value)
        if not clock:
            raise ValueError("is not a time of day such as 16:15")
        return time(int(clock[1]), int(clock[2]))
    return value


def _listening(value: object) -> object:
    if isinstance(value, str):
        host, _, port = value.rpartition(":")
        if not re.fullmatch(r"[0-9.]{7,15}|localhost|\[[0-9a-fA-F:]+\]", host) or not re.fullmatch(r"[0-9]{1,5}", port):
            raise ValueError("is not host:port, such as 127.0.0.1:5000")
        if not 0 < int(port) < 65536:
            raise ValueError("is not host:port, such as 127.0.0.1:5000")
        return host.strip("[]"), int(port)
    return value


def _path(value: object) -> object:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("is not a path")
    return Path(value).expanduser() if isinstance(value, str) else value


_Path = Annotated[Path, BeforeValidator(_path)]


@dataclass(frozen=True, slots=True)
class Unset:
    """Says what holds where a setting is not given, in the README's words. Without it, the field's default stands there."""

    words: str


class Settings(BaseModel):
    """Holds what the whole program is told from outside. `Settings.read` makes it, and it is passed down."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    mode: Mode = Field(description="`demo`, `paper` or `live`: which Telegram and which broker the bot talks to")
    telegram_bot_token: Annotated[Secret, BeforeValidator(_token)] = Field(description="the bot's token from @BotFather")
    telegram_url: Annotated[str, Unset(TELEGRAM)] = Field(
        description="where Telegram is; only the demo's loopback address may differ"
    )
    broker_url: Annotated[str, Unset(f"{MSTOCK} or {PAPER}")] = Field(
        description="where the broker is: mStock when live, else the paper broker"
    )
    broker_ws_url: Annotated[str, Unset(f"{MSTOCK_SOCKET} or {PAPER_SOCKET}")] = Field(description="where its socket is")
    database: _Path = Field(default=Path("data/bot.db"), description="the SQLite file; the day's scrip master is kept beside it")
    key_source: KeySource = Field(
        default=KeySource.PASSPHRASE,
        description="where the key that seals secrets comes from, the safest first: `passphrase` (KEY_FILE opens with one), "
        "`file` (KEY_FILE in the clear)",
    )
    key_file: _Path = Field(
        default=Path("keys/wrapping.key"),
        description="the key that seals secrets; never in or below the database's directory",
    )
    key_passphrase: Annotated[Secret | None, BeforeValidator(_passphrase), Unset("asked")] = Field(
        default=None, description="what opens KEY_FILE, where nobody sits at a terminal"
    )
    seed_key_source: KeySource = Field(
        default=KeySource.FILE,
        description="the same choice for the second key, under which alone a TOTP seed is stored",
    )
    seed_key_file: _Path = Field(
        default=Path("seed-key/seed.key"),
        description="the second key, made by `python -m bot key new --seed`; in a directory of its own",
    )
    redirect_url: str = Field(
        default="http://127.0.0.1:5000/mstock/callback",
        description="the redirect address registered with the API key at mStock",
    )
    web_listen: Annotated[
        tuple[str, int] | None, BeforeValidator(_listening), Unset("that of REDIRECT_URL, when it is this host's")
    ] = Field(  # host, port
        default=None,
        description="host:port where the page for secrets answers, when a proxy or a container stands before REDIRECT_URL",
    )
    broker_api_key: Annotated[Secret | None, BeforeValidator(_secret), Unset("asked")] = Field(
        default=None,
        description="the client code, offered by `python -m bot link`",  # OpenAlgo's word for it
    )
    broker_api_secret: Annotated[Secret | None, BeforeValidator(_secret), Unset("asked")] = Field(
        default=None, description="the API key, offered by `python -m bot link`"
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="`DEBUG`, `INFO`, `WARNING` or `ERROR`")
    log_format: LogFormat = Field(default=LogFormat.LINE, description="`line` for people, `json` for machines")
    daily_summary: Annotated[time, BeforeValidator(_moment)] = Field(
        default=time(16, 15), description="when the day's summary is sent, IST"
    )
    confirm_seconds: int = Field(default=60, ge=10, le=300, description="how long a card can be confirmed, 10 to 300")
    orders_per_second: int = Field(
        default=3, ge=1, le=8, description="how many orders may be sent in a second, 1 to 8 (the rules allow fewer than 10)"
    )
    market_hours: MarketHours = Field(
        default=MarketHours.REAL,
        description="`real`: the exchanges' dated calendar decides what is warned about; `always`: a practice market that never "
        "closes",
    )
    brokerage_plan: str | None = Field(
        default=None,
        description="your mStock plan, for the charges on every card: `zero`, `flat-5` or `flat-20`; without one brokerage is "
        "not known",
    )
    protect_content: Consent = Field(
        default=Consent.NO, description="`yes`: no message of the bot can be forwarded, copied or saved"
    )
    allow_root: Consent = Field(default=Consent.NO, description="`yes`: live money as root, outside a container, all the same")
    market_data: _Path | None = Field(default=None, description="a TOML file whose dated facts go before the built-in ones")
    warnings: tuple[str, ...] = ()  # what works but should be otherwise, for the log and `check`

    @property
    def client_code(self) -> Secret | None:
        return self.broker_api_key

    @property
    def api_key(self) -> Secret | None:
        return self.broker_api_secret

    @property
    def data_dir(self) -> Path:
        """The directory of the database, where other kept files may lie (never the key)."""
        return self.database.parent

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret in it, to be redacted."""
        values = (getattr(self, setting.field) for setting in SETTINGS if setting.secret)
        return tuple(value for value in values if value)

    @classmethod
    def read(cls, environ: Mapping[str, str], *, directory: Path | None = None) -> Self:
        """Reads the environment, then `directory`/.env (None: no such file). SettingsError names every bad setting at once."""
        problems: list[str] = []
        warnings: list[str] = []
        given = gather(environ, directory, {setting.name: setting.secret for setting in SETTINGS}, problems, warnings)
        mode = Mode(given["MODE"]) if given.get("MODE") in set(Mode) else None
        if mode is not None:
            settle_addresses(mode, given, problems)
        if "REDIRECT_URL" in given and not is_redirect(given["REDIRECT_URL"]):
            problems.append("REDIRECT_URL is not an http or https address")
        problems += _out_of_the_keyring(given)
        values: dict[str, object] = {setting.field: given[setting.name] for setting in SETTINGS if setting.name in given}
        try:
            settings = cls.model_validate({**values, "warnings": tuple(warnings)})
        except ValidationError as error:
            names = {problem.partition(" ")[0] for problem in problems}
            problems += [words for name, words in _problems_of(error, mode) if name not in names]
            settings = None
        if settings is not None:
            problems += _misplaced_keys(settings)
        if problems or settings is None:
            raise SettingsError("Settings: " + "; ".join(sorted(problems)) + ".")
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table. `default` is what stands in the documentation, None for "must be given"."""

    name: str
    says: str
    default: str | None
    secret: bool

    @property
    def field(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, name: str, field: FieldInfo) -> Self:
        """The row that a field of Settings makes."""
        words = next((unset.words for unset in field.metadata if isinstance(unset, Unset)), None)
        if words is None and not field.is_required():
            words = "none" if field.default is None else _written(field.default)
        return cls(
            name=name.upper(),
            says=field.description or "",
            default=words,
            secret=Secret in (field.annotation, *get_args(field.annotation)),
        )


def _written(default: object) -> str:
    return f"{default:%H:%M}" if isinstance(default, time) else str(default)


SETTINGS = tuple(Setting.of(name, field) for name, field in Settings.model_fields.items() if field.description)


def market_data(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The file that MARKET_DATA names, there or in .env, whatever else is wrong with the settings."""
    file = gather(environ, directory, {"MARKET_DATA": False}, [], []).get("MARKET_DATA")
    return Path(file).expanduser() if file else None


def table() -> str:
    """The settings as rows of a Markdown table, for the README (`make readme` writes it there)."""
    rows = ["| setting | what it says | default |", "|---|---|---|"]
    for setting in SETTINGS:
        name = f"`{setting.name}` (`_FILE`)" if setting.secret else f"`{setting.name}`"
        rows.append(f"| {name} | {setting.says} | {setting.default or 'must be given'} |")
    return "\n".join(rows)


def _out_of_the_keyring(given: Mapping[str, str]) -> list[str]:
    """Says how a key that an earlier version kept in the desktop's keyring gets into its file. It overwrites no file."""
    problems = []
    for ring, name, file in (("main", "KEY_SOURCE", "KEY_FILE"), ("seed", "SEED_KEY_SOURCE", "SEED_KEY_FILE")):
        if given.get(name) != "keyring":
            continue
        database, path = (
            Path(given.get(setting, Settings.model_fields[setting.lower()].default)).expanduser().resolve()
            for setting in ("DATABASE", file)
        )
        entry, path_word, directory = shlex.quote(f"{ring} {database}"), shlex.quote(str(path)), shlex.quote(str(path.parent))
        problems.append(
            f"{name} cannot be keyring any more: run "
            f"`(umask 077; set -C; k=$(secret-tool lookup application mstock-bot entry {entry}) && "
            f"mkdir -p {directory} && printf '%s\\n' \"$k\" > {path_word})` once, then say {name}=file "
            f"(key rotate{' --seed' if ring == 'seed' else ''} --to passphrase locks that file)"
        )
    return problems


def _misplaced_keys(settings: Settings) -> list[str]:
    """Names keys in the wrong place. Links are followed: no key sits beside the database or the other key by another name."""
    homes = {"KEY_FILE": settings.key_file.resolve(), "SEED_KEY_FILE": settings.seed_key_file.resolve()}
    beside = settings.database.resolve().parent
    problems = [
        f"{name} lies in or below the directory of DATABASE: a copy of that directory would open every secret"
        for name, path in homes.items()
        if path.is_relative_to(beside)
    ]
    if homes["KEY_FILE"].parent == homes["SEED_KEY_FILE"].parent:
        problems.append("SEED_KEY_FILE lies in the directory of KEY_FILE: a copy of that directory would hold both keys")
    return problems


def _problems_of(error: ValidationError, mode: Mode | None) -> list[tuple[str, str]]:
    """Returns (setting, words) for each fault. The values that pydantic read are left out."""
    problems = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(fault["loc"][0]).upper()
        if fault["type"] == "missing":
            if name in NAMES and mode is None:
                continue  # follows from the mode
            problems.append((name, f"{name} is missing"))
            continue
        words = fault["msg"].removeprefix("Value error, ")
        problems.append((name, f"{name} {words[0].lower()}{words[1:]}" if fault["type"] == "value_error" else f"{name}: {words}"))
    return problems
