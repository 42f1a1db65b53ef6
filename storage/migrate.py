"""Brings a database to the newest schema at start, or refuses one that a newer version wrote."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.domain.errors import StorageError

_HERE = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    """No alembic.ini: where the migrations lie is known, and a file would bring its own logging."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def pending(connection: Connection) -> tuple[str | None, bool]:
    """(revision of the database, whether migrations are missing); StorageError when this version does not know the revision."""
    scripts = ScriptDirectory.from_config(_config(connection))
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise StorageError(
            f"The database was written by a newer version of this program (revision {revision}). "
            "Start that version, or restore a backup."
        )
    return revision, revision != scripts.get_current_head()


def migrate(connection: Connection) -> None:
    """Applies all missing migrations inside the transaction that the caller has opened."""
    command.upgrade(_config(connection), "head")
