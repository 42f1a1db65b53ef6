"""Wrapping keys in the desktop's own keyring, by the Secret Service's `secret-tool`: no file of ours, nothing in arguments.

The library named keyring would bring eight packages and, where no keyring runs, back ends that keep secrets in plain files;
this program knows one keyring or none. A key travels through pipes only.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from bot.domain.errors import VaultError
from storage.keyplace import keys_of, lines_of, spellings
from storage.vault import WrappingKey

_PATIENCE = 60.0  # seconds; a locked keyring asks its owner
_NOTHING = 1  # what `secret-tool lookup` ends with when there is no such entry, without a word


class KeyringKeys:
    """A KeyPlace in the keyring of the user who runs the bot; name: which entry; tool: the program, None when not installed."""

    def __init__(self, name: str, tool: Path | None) -> None:
        self._attributes = ("application", "mstock-bot", "entry", name)
        self._tool = tool
        self.says = self.where = f"The keyring's entry “{name}”"

    def exists(self) -> bool:
        return self._look() is not None

    def make(self, keys: Sequence[WrappingKey]) -> None:
        if self.exists():
            raise VaultError(
                f"{self.says} is already there. A key is never overwritten: it may be the only one that opens a database."
            )
        self.keep(keys)

    def load(self) -> tuple[WrappingKey, ...]:
        body = self._look()
        if body is None:
            raise VaultError(f"{self.says} is not there, or the keyring is locked. Make it with: python -m bot key new")
        return keys_of(self.says, body)

    def keep(self, keys: Sequence[WrappingKey]) -> None:
        """The keyring replaces an entry of the same name as a whole; what it then gives back is compared."""
        body = lines_of(keys)
        self._run("store", "--label=mStock bot: key that seals its secrets", body=body)
        if self._look() != body:
            raise VaultError(f"{self.says} does not give back what was put there. Do not rely on it.")

    def traces(self) -> Sequence[bytes]:
        return spellings(self.load())

    def _look(self) -> bytes | None:
        return self._run("lookup", body=None)

    def _run(self, *words: str, body: bytes | None) -> bytes | None:
        if self._tool is None:
            raise VaultError("There is no secret-tool on this host (package libsecret-tools). Or say KEY_SOURCE=passphrase.")
        command = [str(self._tool), *words, *self._attributes]
        try:
            done = subprocess.run(command, input=body, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603  # our own words
        except (OSError, subprocess.TimeoutExpired):
            raise VaultError("The keyring did not answer. It may be locked, or none runs for this user.") from None
        if done.returncode == 0:
            return done.stdout
        if body is None and done.returncode == _NOTHING and not done.stderr.strip():
            return None
        raise VaultError("The keyring refused. It may be locked, or none runs for this user: KEY_SOURCE=passphrase needs none.")
