"""The heartbeat: a file beside the database in which the running bot writes the time, for a container's health check.

The check runs every half minute beside the bot, so it reads this file and nothing else: no other setting, no key, no library.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from bot.config.env_files import gather
from bot.domain.clock import Clock

DATABASE = "data/bot.db"  # where the database lies when no setting says so
STILL = timedelta(seconds=60)  # without a heartbeat that long the bot stands still


def heartbeat_beside(database: Path) -> Path:
    """Where the bot of this database writes the time."""
    return database.parent / "heartbeat"


def last_beat(environ: Mapping[str, str], directory: Path) -> datetime | None:
    """Reads when the bot of these settings wrote its last heartbeat. None: there is none that can be read."""
    texts = gather(environ, directory, {"DATABASE": False}, [], [])
    return written_in(heartbeat_beside(Path(texts.get("DATABASE", DATABASE)).expanduser()))


def written_in(heartbeat: Path) -> datetime | None:
    """The time in the file. None: there is none that can be read."""
    try:
        return datetime.fromisoformat(heartbeat.read_text())
    except (OSError, ValueError):
        return None


def health(environ: Mapping[str, str], directory: Path, clock: Clock) -> tuple[bool, str]:
    """Says whether the running bot writes its heartbeat, and adds the line for a person."""
    beat = last_beat(environ, directory)
    if beat is None:
        return False, "The bot has not written a heartbeat."
    age = clock.now() - beat
    if age < -STILL:  # the clock was set back since, and a bot that lives writes anew within seconds
        return False, f"The last heartbeat lies {-age.total_seconds():.0f} s ahead of this clock."
    return age < STILL, f"Last heartbeat {max(age.total_seconds(), 0):.0f} s ago."
