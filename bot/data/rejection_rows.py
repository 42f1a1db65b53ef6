"""Reads the dictionary of refusals into domain values."""

import re
import string
from collections.abc import Iterable

from bot.data.rows import Row, Table
from bot.domain.rejections import RejectionKind, RejectionRow, Rejections, Repair


def read_rejections(tables: Iterable[Table]) -> Rejections:
    """One dictionary of several files; a later file's rows come first, and replace an earlier row of the same name."""
    rows: dict[str, RejectionRow] = {}
    for table in tables:
        fresh = {}
        for row in table.rows("texts"):
            found = _row(row)
            if found.name in fresh:
                raise row.wrong(f"the name {found.name} is used twice")
            fresh[found.name] = found
        rows = fresh | {name: found for name, found in rows.items() if name not in fresh}
    return Rejections(tuple(rows.values()))


def _row(row: Row) -> RejectionRow:
    try:
        pattern = re.compile(row.text("pattern"))
    except re.error as error:
        raise row.wrong(f"the pattern cannot be read: {error}") from None
    says = row.text("says")
    wanted = {name for _, name, _, _ in string.Formatter().parse(says) if name is not None}
    if wanted != set(pattern.groupindex):
        raise row.wrong(f"the sentence wants {sorted(wanted)} and the pattern captures {sorted(pattern.groupindex)}")
    return RejectionRow(
        name=row.text("name"),
        pattern=pattern,
        kind=row.word("kind", RejectionKind),
        says=says,
        repair=row.word("repair", Repair),
        source=row.source(),
        example=row.text("example"),
        codes=frozenset(row.texts("codes")),
    )
