"""Changes keys without ever leaving a secret that no key opens: rotate (the wrapping key), rekey (the data keys)."""

from pathlib import Path

from bot.domain.ports import RandomBytes
from storage.drawers import SqlDrawers
from storage.keyfile import add_key, keep_first_key
from storage.store import SqlStore
from storage.vault import Vault


async def rotate(store: SqlStore, key_file: Path, database: Path | None, random: RandomBytes) -> int:
    """Wraps every data key with a new wrapping key; how many.

    The file first holds the new key beside the old ones; then the database changes over in one transaction, in which
    every secret is opened once more; only then do the old keys leave the file. Cut off anywhere, the file opens
    everything, and running it again finishes the work. Copies of the database made before need the old key file.
    StorageError when a bot is running on the database (its vault would not know the new key).
    """
    store.lock()
    store.adopt(Vault(add_key(key_file, database, random), random))
    count = await store.run_sql(_rewrap)
    store.adopt(Vault(keep_first_key(key_file, database), random))
    return count


async def rekey(store: SqlStore) -> int:
    """Gives every linked account a new data key and seals its secrets anew, in one transaction; how many secrets."""
    store.lock()
    return await store.run_sql(_rekey)


def _rewrap(drawers: SqlDrawers) -> int:
    count = drawers.accounts.rewrap()
    drawers.accounts.prove()
    return count


def _rekey(drawers: SqlDrawers) -> int:
    for account in drawers.accounts.all():
        drawers.accounts.rekey(account.id)
    return drawers.accounts.prove()
