"""Brings a database to the newest schema at start, or refuses one that a newer version wrote.

The files of the chain begin with their revision (a test compares that with Alembic's own reading), so that a start which has
nothing to bring up to date, as nearly every one, does without Alembic: it costs a quarter of a second and 10 MB.
"""

import sqlite3
from functools import cache
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from bot.domain.errors import StorageError
from storage.db.engine import FileLock, make_engine

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(connection: Connection, lock: FileLock | None, migrations: Path = MIGRATIONS, *, new: bool = True) -> bool:
    """Applies what is missing, all of it or nothing. lock: the one that a process which trades holds, if there is a file.

    new: whether an empty file becomes a database. The answer: whether one did. StorageError when the file is damaged, empty
    or another program's, when it was written by a newer version, and when it needs a migration while another process trades
    on it.
    """
    with connection.begin():  # of two processes that start at once the second finds nothing left to do
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() != "ok":
            raise StorageError("The database file is damaged. Restore the last backup.")
        revision, chain = _revision(connection), revisions(migrations)
        if revision == chain[-1]:
            return False
        if revision is None:
            _refuse_another(connection, new=new)
        if revision is not None and revision not in chain:
            raise StorageError(
                f"The database was written by a newer version of this program (revision {revision}). "
                "Start that version, or restore a backup."
            )
        if revision is not None and lock is not None and not lock.take():
            raise StorageError("The database has to be brought up to date, but a bot is running on it. Stop that one first.")
        if revision is None:
            for statement in _newest(migrations):
                connection.exec_driver_sql(statement)
        else:
            _upgrade(connection, migrations)
    if lock is not None:
        lock.release()
    return revision is None


def _refuse_another(connection: Connection, *, new: bool) -> None:
    """A file in which no bot has ever stored anything: never one with tables of somebody else's."""
    file = connection.engine.url.database
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
        raise StorageError(f"{file} is the database of another program: DATABASE names the wrong file.")
    if not new:
        raise StorageError(
            f"The database {file} is empty. If a bot has run here before, restore its last backup: python -m bot restore FILE. "
            "If none has, begin with: python -m bot people add ID --role owner"
        )


def revisions(migrations: Path = MIGRATIONS) -> list[str]:
    """Every revision of the chain, the newest last."""
    return sorted(file.name.partition("_")[0] for file in (migrations / "versions").glob("*_*.py"))


def _revision(connection: Connection) -> str | None:
    """The revision that Alembic wrote down here. None in a database that it has never seen."""
    stamped = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").scalar()
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if stamped else None


@cache
def _newest(migrations: Path) -> tuple[str, ...]:
    """The statements that make the newest schema out of nothing.

    The chain runs in memory, where nothing waits for a disk, and once in a process, however many databases that one makes.
    """
    engine = make_engine(None, busy_seconds=0)
    with engine.connect() as connection:
        with connection.begin():
            _upgrade(connection, migrations)
        memory = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        return tuple(line for line in memory.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;"))


def _upgrade(connection: Connection, migrations: Path) -> None:
    """No alembic.ini: where the migrations lie is known, and a file would bring its own logging."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    command.upgrade(config, "head")
