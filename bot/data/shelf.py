"""Opens the dated data that ships with the bot, with a host's own rows on top."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from bot.data.calendar_rows import read_calendar
from bot.data.charge_rows import read_tariff
from bot.data.rejection_rows import read_rejections
from bot.data.rows import BadRow, Table
from bot.data.rule_rows import read_rules
from bot.domain.calendar import Calendar
from bot.domain.charges import Tariff
from bot.domain.rejections import Rejections
from bot.domain.rules import MarketRules

HERE = Path(__file__).parent
FILES = ("calendar.toml", "charges.toml", "rules.toml", "rejections.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All dated data, ready to be asked."""

    calendar: Calendar
    tariff: Tariff
    rules: MarketRules
    rejections: Rejections
    override: str  # the host's file, or empty


def open_shelf(override: Path | None = None) -> Shelf:
    """Reads the shipped files and, on top, one file of the host that may hold rows of every table.

    A host row replaces the shipped row with the same key, or adds to them. BadRow (a SettingsError) names the file, table and
    row that cannot be used: nothing is skipped, for a calendar that is silently half read would trade on a holiday.
    """
    calendar_rows, charges, rules, rejections = (_table(HERE / name) for name in FILES)
    extra = [] if override is None else [_table(override)]
    calendar = read_calendar([calendar_rows, *extra])
    shelf = Shelf(
        calendar=calendar,
        tariff=read_tariff([charges, *extra]),
        rules=read_rules([rules, *extra], calendar.withdrawals),
        rejections=read_rejections([rejections, *extra]),
        override=override.name if override is not None else "",
    )
    for table in (calendar_rows, charges, rules, rejections, *extra):
        table.finish()
    return shelf


def _table(path: Path) -> Table:
    try:
        with path.open("rb") as file:
            return Table(tomllib.load(file), path.name)
    except OSError as error:
        raise BadRow(f"{path.name} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRow(f"{path.name} is no TOML: {error}") from None
