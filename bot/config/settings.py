"""Every setting of the bot: one frozen object, read once from the environment, secrets preferably from files.

The fields of Settings are the one list: their descriptions make the README's table (`make readme`), their types say which
are secrets and what a report may show. Values come from the environment, then from a `.env` file in the working directory.
A setting with a secret has a twin NAME_FILE that names a file and beats it.
Three pairs of addresses start and any other refuses (T23): the demo chat and the paper broker, both on
loopback. Telegram and the paper broker. Telegram and mStock. No words of an error or a warning repeat a value: it may be
a secret in the wrong place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, get_args

from bot.config.addresses import (
    MSTOCK,
    MSTOCK_SOCKET,
    NAMES,
    PAPER,
    PAPER_SOCKET,
    TELEGRAM,
    Mode,
    is_redirect,
    settle_addresses,
)
from bot.config.env_files import gather
from bot.config.keys import KeySource, misplaced_keys, out_of_the_keyring
from bot.domain.errors import SettingsError
from bot.domain.people.secret import Secret
from bot.domain.value import positional, value

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{10,100}")
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class LogLevel(StrEnum):
    """How much is logged. Secrets are redacted at every level."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


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


class ExpiryEntries(StrEnum):
    """What becomes of a new order in a stock contract on its last two days."""

    REFUSE = "refuse"
    WARN = "warn"


def _secret(value: str) -> Secret:
    """A secret of printable ASCII without gaps, as all of them are."""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("holds blanks or letters that no such secret has")
    return Secret(value)


def _passphrase(value: str) -> Secret:
    """Unlike other secrets it may hold blanks."""
    if not value.isprintable():
        raise ValueError("holds letters that cannot be typed")
    return Secret(value)


def _token(value: str) -> Secret:
    if not _TOKEN.fullmatch(value):
        raise ValueError("is not a bot token: digits, a colon, letters and digits")
    return Secret(value)


def _moment(value: str) -> time:
    clock = _HOUR.fullmatch(value)
    if not clock:
        raise ValueError("is not a time of day such as 16:15")
    return time(int(clock[1]), int(clock[2]))


def _listening(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[0-9.]{7,15}|localhost|\[[0-9a-fA-F:]+\]", host) or not re.fullmatch(r"[0-9]{1,5}", port):
        raise ValueError("is not host:port, such as 127.0.0.1:5000")
    if not 0 < int(port) < 65536:
        raise ValueError("is not host:port, such as 127.0.0.1:5000")
    return host.strip("[]"), int(port)


def _path(value: str) -> Path:
    if "\0" in value:
        raise ValueError("is not a path")
    return Path(value).expanduser()


def _one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(value: str) -> StrEnum:
        if value not in set(words):
            raise ValueError(f"is none of {', '.join(words)}")
        return words(value)

    return read


def _from(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"is no whole number from {least} to {most}")
        return int(value)

    return read


@positional
class Says:
    """What a field's type carries: its words in the README's table, and what makes the value of its text.

    reads raises ValueError, whose words go behind the setting's name. unset: what holds where it is not given, in the
    table's words. Without it, the default stands there.
    """

    words: str
    reads: Callable[[str], object] = str
    unset: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Holds what the whole program is told from outside. `Settings.read` makes it, and it is passed down."""

    mode: Annotated[Mode, Says("`demo`, `paper` or `live`: which Telegram and which broker the bot talks to", _one_of(Mode))]
    telegram_bot_token: Annotated[Secret, Says("the bot's token from @BotFather", _token)]
    telegram_url: Annotated[str, Says("where Telegram is; only the demo's loopback address may differ", unset=TELEGRAM)]
    broker_url: Annotated[str, Says("where the broker is: mStock when live, else the paper broker", unset=f"{MSTOCK} or {PAPER}")]
    broker_ws_url: Annotated[str, Says("where its socket is", unset=f"{MSTOCK_SOCKET} or {PAPER_SOCKET}")]
    database: Annotated[Path, Says("the SQLite file; the day's scrip master is kept beside it", _path)] = Path("data/bot.db")
    key_source: Annotated[
        KeySource,
        Says(
            "where the key that seals secrets comes from, the safest first: `passphrase` (KEY_FILE opens with one), "
            "`file` (KEY_FILE in the clear)",
            _one_of(KeySource),
        ),
    ] = KeySource.PASSPHRASE
    key_file: Annotated[Path, Says("the key that seals secrets; never in or below the database's directory", _path)] = Path(
        "keys/wrapping.key"
    )
    key_passphrase: Annotated[
        Secret | None, Says("what opens KEY_FILE, where nobody sits at a terminal", _passphrase, unset="asked")
    ] = None
    seed_key_source: Annotated[
        KeySource, Says("the same choice for the second key, under which alone a TOTP seed is stored", _one_of(KeySource))
    ] = KeySource.FILE
    seed_key_file: Annotated[
        Path, Says("the second key, made by `python -m bot key new --seed`; in a directory of its own", _path)
    ] = Path("seed-key/seed.key")
    redirect_url: Annotated[str, Says("the redirect address registered with the API key at mStock")] = (
        "http://127.0.0.1:5000/mstock/callback"
    )
    web_listen: Annotated[
        tuple[str, int] | None,
        Says(
            "host:port where the page for secrets answers, when a proxy or a container stands before REDIRECT_URL",
            _listening,
            unset="that of REDIRECT_URL, when it is this host's",
        ),
    ] = None  # host, port
    broker_api_key: Annotated[Secret | None, Says("the client code, offered by `python -m bot link`", _secret, unset="asked")] = (
        None  # OpenAlgo's word for it
    )
    broker_api_secret: Annotated[Secret | None, Says("the API key, offered by `python -m bot link`", _secret, unset="asked")] = (
        None
    )
    log_level: Annotated[LogLevel, Says("`DEBUG`, `INFO`, `WARNING` or `ERROR`", _one_of(LogLevel))] = LogLevel.INFO
    log_format: Annotated[LogFormat, Says("`line` for people, `json` for machines", _one_of(LogFormat))] = LogFormat.LINE
    daily_summary: Annotated[time, Says("when the day's summary is sent, IST", _moment)] = time(16, 15)
    confirm_seconds: Annotated[int, Says("how long a card can be confirmed, 10 to 300", _from(10, 300))] = 60
    pnl_exit_seconds: Annotated[
        int, Says("how long known figures stand beyond the level of a P&L exit before it strikes, 1 to 60", _from(1, 60))
    ] = 3
    orders_per_second: Annotated[
        int, Says("how many orders may be sent in a second, 1 to 8 (the rules allow fewer than 10)", _from(1, 8))
    ] = 3
    order_ceiling: Annotated[
        int, Says("rupees that one order may be worth at most, whoever asks; exits are free of it", _from(1_000, 999_999_999))
    ] = 50_000_000
    market_hours: Annotated[
        MarketHours,
        Says(
            "`real`: the exchanges' dated calendar decides what is warned about; `always`: a practice market that never closes",
            _one_of(MarketHours),
        ),
    ] = MarketHours.REAL
    expiry_entries: Annotated[
        ExpiryEntries,
        Says(
            "what becomes of a new order in a stock future or option on its last two days, before it settles in shares: "
            "`refuse` or `warn`; exits are free of it",
            _one_of(ExpiryEntries),
        ),
    ] = ExpiryEntries.REFUSE
    after_market: Annotated[
        Consent,
        Says("`yes`: orders for the next session are sent in the evening (AMO); not tried against mStock yet", _one_of(Consent)),
    ] = Consent.NO
    brokerage_plan: Annotated[
        str | None,
        Says(
            "your mStock plan, for the charges on every card: `zero`, `flat-5` or `flat-20`; without one brokerage is not known"
        ),
    ] = None
    ddpi: Annotated[
        Consent, Says("`yes`: a DDPI is on file at mStock, so that no sale of holdings waits for a TPIN", _one_of(Consent))
    ] = Consent.NO
    protect_content: Annotated[
        Consent, Says("`yes`: no message of the bot can be forwarded, copied or saved", _one_of(Consent))
    ] = Consent.NO
    allow_root: Annotated[Consent, Says("`yes`: live money as root, outside a container, all the same", _one_of(Consent))] = (
        Consent.NO
    )
    market_data: Annotated[
        Path | None, Says("dated facts (TOML) before the built-in ones; read anew when they change", _path)
    ] = None
    given: frozenset[str] = frozenset()  # the fields that do not stand at their defaults
    warnings: tuple[str, ...] = ()  # what works but should be otherwise, for the log and `check`

    @property
    def client_code(self) -> Secret | None:
        return self.broker_api_key

    @property
    def api_key(self) -> Secret | None:
        return self.broker_api_secret

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
        defaults = {setting.name: setting.default or "" for setting in SETTINGS}
        problems += out_of_the_keyring(defaults | given)
        values: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for setting in SETTINGS:
            try:
                if setting.name in given:
                    values[setting.field] = setting.says.reads(given[setting.name])
                elif setting.required:
                    wrong[setting.name] = "is missing"
            except ValueError as error:
                wrong[setting.name] = str(error)
        settings = None if wrong else cls(**values, given=frozenset(values), warnings=tuple(warnings))
        named = {problem.partition(" ")[0] for problem in problems}
        if mode is None:
            named.update(NAMES)  # what they should be follows from the mode
        problems += [f"{name} {words}" for name, words in wrong.items() if name not in named]
        if settings is not None:
            problems += misplaced_keys(settings.key_file, settings.seed_key_file, settings.database)
        if problems or settings is None:
            raise SettingsError("Settings: " + "; ".join(sorted(problems)) + ".")
        return settings


@value
class Setting:
    """One row of the table. `default` is what stands in the documentation, None for "must be given"."""

    name: str
    says: Says
    default: str | None
    secret: bool
    required: bool

    @property
    def field(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, made: Field[object], says: Says) -> Self:
        """The row that a field of Settings makes."""
        return cls(
            name=made.name.upper(),
            says=says,
            default=says.unset or (None if made.default is MISSING else _written(made.default)),
            secret="Secret" in str(made.type),
            required=made.default is MISSING,
        )


def _written(default: object) -> str:
    if default is None:
        return "none"
    return f"{default:%H:%M}" if isinstance(default, time) else str(default)


SETTINGS = tuple(Setting.of(made, says) for made in fields(Settings) for says in get_args(made.type) if isinstance(says, Says))


def market_data(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The file that MARKET_DATA names, there or in .env, whatever else is wrong with the settings."""
    file = gather(environ, directory, {"MARKET_DATA": False}, [], []).get("MARKET_DATA")
    return Path(file).expanduser() if file else None


def table() -> str:
    """The settings as rows of a Markdown table, for the README (`make readme` writes it there)."""
    rows = ["| setting | what it says | default |", "|---|---|---|"]
    for setting in SETTINGS:
        name = f"`{setting.name}` (`_FILE`)" if setting.secret else f"`{setting.name}`"
        rows.append(f"| {name} | {setting.says.words} | {setting.default or 'must be given'} |")
    return "\n".join(rows)
