"""Statements compiled once, so that an execution costs what sqlite3 asks for it: a tenth of what SQLAlchemy's own way costs.

What is kept of a statement is its SQL, the order of its parameters, and how each value is written and read.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine import IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import ExecutableReturnsRows

Write = tuple[str, str]  # "insert", "update" or "delete", and the table's name
_Turn = Callable[[Any], Any] | None  # None: a value stays as it is

_DIALECT = pysqlite.dialect(dbapi=sqlite3)


class Prepared:
    """One statement in SQLite's own words."""

    __slots__ = ("_keys", "_parameters", "_readers", "_sql", "writes")

    def __init__(self, statement: ExecutableReturnsRows) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        asked = {name: None for bind, name in compiled.bind_names.items() if bind.required}
        whole = compiled.construct_expanded_state(asked)  # constant lists written out
        self._sql = whole.statement
        # Of each parameter: its name, None where the statement itself has the value; how it is written; that value as written.
        self._parameters: list[tuple[str | None, _Turn, Any]] = []
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        for name in whole.positiontup or ():
            bind = binds.get(name)  # a word of a constant list has none
            turn = None if bind is None else bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
            if bind is not None and bind.required:
                self._parameters.append((name, turn, None))
            else:
                value = whole.parameters[name]
                self._parameters.append((None, None, value if turn is None else turn(value)))
        columns = statement.exported_columns
        self._readers = [column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in columns.values()]
        self._keys = SimpleResultMetaData(list(columns.keys()))
        self.writes: Write | None = None
        if isinstance(statement, UpdateBase):
            self.writes = (statement.__visit_name__, statement.entity_description["name"])

    def rows(self, connection: sqlite3.Connection, values: Mapping[str, Any]) -> Result[*tuple[Any, ...]]:
        """What a SELECT finds, or a statement with RETURNING gives back. All of it is read at once."""
        found = connection.execute(self._sql, self._written(values)).fetchall()
        return IteratorResult(self._keys, iter([self._read(row) for row in found]))

    def write(self, connection: sqlite3.Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> int:
        """Executes it, for a sequence once for each. Gives how many rows it touched."""
        if isinstance(values, Mapping):
            return connection.execute(self._sql, self._written(values)).rowcount
        return connection.executemany(self._sql, [self._written(each) for each in values]).rowcount

    def _written(self, values: Mapping[str, Any]) -> list[Any]:
        """KeyError when a parameter is missing. TypeError or ValueError when its column could not hold the value."""
        return [
            constant if name is None else values[name] if turn is None else turn(values[name])
            for name, turn, constant in self._parameters
        ]

    def _read(self, row: Iterable[Any]) -> tuple[Any, ...]:
        return tuple([value if turn is None else turn(value) for turn, value in zip(self._readers, row, strict=True)])


@cache
def prepared(statement: ExecutableReturnsRows) -> Prepared:
    """What is kept of a statement, for as long as the program lives: each must be a constant of its module."""
    return Prepared(statement)
