"""Opens the dated data that ships with the bot, with a host's own rows on top."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from bot.domain.charges.charges import Tariff
from bot.domain.market.calendar import Calendar
from bot.domain.market.rules import MarketRules
from bot.domain.orders.rejections import Rejections
from bot.domain.value import renew, value
from bot.reference.calendar_rows import CalendarTables, read_calendar
from bot.reference.charge_rows import ChargeTables, read_tariff
from bot.reference.rejection_rows import RejectionTables, read_rejections
from bot.reference.rule_rows import RuleTables, read_rules
from bot.reference.schema import BadRow, T, tables_of

HERE = Path(__file__).parent
FILES = ("calendar.toml", "charges.toml", "rules.toml", "rejections.toml")
MODELS = (CalendarTables, ChargeTables, RuleTables, RejectionTables)
TABLES = {field.encode_name for model in MODELS for field in msgspec.structs.fields(model)}


@value
class ReferenceData:
    """All dated data, ready to be asked."""

    calendar: Calendar
    tariff: Tariff
    rules: MarketRules
    rejections: Rejections
    override: str  # the host's file, or empty

    def take_up(self, newer: "ReferenceData") -> None:
        """Puts the facts of a newer reading in force for everybody who holds these."""
        renew(self.calendar, newer.calendar)
        renew(self.tariff, newer.tariff)
        renew(self.rules, newer.rules)
        self.rejections.rows = newer.rejections.rows


def load_reference(override: Path | None = None) -> ReferenceData:
    """Reads the shipped files and, on top, one file of the host that may hold rows of every table.

    A host row replaces the shipped row with the same key, or adds to them. BadRow (a SettingsError) names the file, table and
    row that cannot be used: nothing is skipped, for a calendar that is silently half read would trade on a holiday.
    """
    files = [*_shipped(), *([] if override is None else [(override.name, _content(override))])]
    calendar = read_calendar(_all(files, CalendarTables))
    return ReferenceData(
        calendar=calendar,
        tariff=read_tariff(_all(files, ChargeTables)),
        rules=read_rules(_all(files, RuleTables), calendar.withdrawals),
        rejections=read_rejections(_all(files, RejectionTables)),
        override=override.name if override is not None else "",
    )


@cache
def _shipped() -> Sequence[tuple[str, Mapping[str, object]]]:
    """The content of the shipped files by name: they are parsed once in a process, however often they are asked for."""
    return [(name, _content(HERE / name)) for name in FILES]


def _all(files: Sequence[tuple[str, Mapping[str, object]]], model: type[T]) -> list[T]:
    return [tables_of(content, name, model) for name, content in files]


def _content(path: Path) -> Mapping[str, object]:
    try:
        content: dict[str, object] = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise BadRow(f"{path.name} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRow(f"{path.name} is no TOML: {error}") from None
    if strange := content.keys() - TABLES:
        raise BadRow(f"{path.name}: I do not know the table {', '.join(sorted(strange))}")
    return content
