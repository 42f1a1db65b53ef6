"""Reads the dictionary of refusals into domain values."""

import re
import string
from collections.abc import Iterable

from bot.domain.orders.rejections import REPAIR_FIGURES, RejectionKind, RejectionRow, Rejections, RepairKind
from bot.reference.schema import Row, Tables, Text


class _Text(Row, frozen=True, kw_only=True):
    name: Text
    pattern: Text
    kind: RejectionKind
    says: Text
    repair: RepairKind
    example: Text
    codes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        try:
            captured = set(re.compile(self.pattern).groupindex)
        except re.error as error:
            msg = f"the pattern cannot be read: {error}"
            raise ValueError(msg) from None
        names = {name for _, name, _, _ in string.Formatter().parse(self.says) if name is not None}
        if names != captured - (REPAIR_FIGURES - names):
            msg = f"the sentence wants {sorted(names)} and the pattern captures {sorted(captured)}"
            raise ValueError(msg)


class RejectionTables(Tables, frozen=True, kw_only=True):
    """What a file may say of refusals."""

    texts: tuple[_Text, ...] = ()

    def __post_init__(self) -> None:
        names = [text.name for text in self.texts]
        for place, name in enumerate(names):
            if name in names[:place]:
                msg = f"[[texts]] row {place + 1}: the name {name} is used twice"
                raise ValueError(msg)


def read_rejections(files: Iterable[RejectionTables]) -> Rejections:
    """One dictionary of several files. A later file's rows come first, and replace an earlier row of the same name."""
    rows: dict[str, RejectionRow] = {}
    for file in files:
        fresh = {text.name: _row(text) for text in file.texts}
        rows = fresh | {name: row for name, row in rows.items() if name not in fresh}
    return Rejections(tuple(rows.values()))


def _row(text: _Text) -> RejectionRow:
    return RejectionRow(
        name=text.name,
        pattern=re.compile(text.pattern),
        kind=text.kind,
        says=text.says,
        repair=text.repair,
        source=text.source,
        example=text.example,
        codes=text.codes,
    )
