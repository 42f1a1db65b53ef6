"""The plain key file: wrapping keys on disk, for their owner's eyes only and never beside the database they open."""

from collections.abc import Sequence
from pathlib import Path

from storage.secrets.keyplace import keys_of, lines_of, spellings
from storage.secrets.privatefile import make_private, read_private, refuse_beside, replace_private
from storage.secrets.vault import WrappingKey


class KeyFile:
    """A KeyPlace on disk in the clear. database: the file it must not lie beside, if any."""

    def __init__(self, path: Path, database: Path | None) -> None:
        self.path = path
        self._database = database

    @property
    def says(self) -> str:
        return f"The key file {self.path}"

    @property
    def where(self) -> str:
        return str(self.path.resolve())

    def exists(self) -> bool:
        return self.path.exists()

    def make(self, keys: Sequence[WrappingKey]) -> None:
        refuse_beside(self.path, self._database)
        make_private(self.path, lines_of(keys))

    def load(self) -> tuple[WrappingKey, ...]:
        return keys_of(self.says, read_private(self.path, self._database))

    def keep(self, keys: Sequence[WrappingKey]) -> None:
        refuse_beside(self.path, self._database)
        replace_private(self.path, lines_of(keys))

    def traces(self) -> Sequence[bytes]:
        return spellings(self.load())
