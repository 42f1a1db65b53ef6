"""Changes keys without ever leaving a secret that no key opens: rotate (the wrapping key), renew_data_keys (the data keys)."""

from collections.abc import Callable, Sequence

from bot.domain.errors import VaultError
from bot.domain.ports.broker import RandomBytes
from storage.repositories import SqlRepositories
from storage.secrets.keyplace import KeyPlace, new_key
from storage.secrets.vault import Ring, WrappingKey
from storage.store import SqlStore

Note = Callable[
    [SqlRepositories, str, str], None
]  # repositories, before, after: the names of the wrapping keys, or how many data keys


def _unnoted(_: SqlRepositories, before: str, after: str) -> None:
    del before, after


async def rotate(
    store: SqlStore,
    place: KeyPlace,
    random: RandomBytes,
    *,
    ring: Ring = Ring.MAIN,
    target: KeyPlace | None = None,
    note: Note = _unnoted,
) -> int:
    """Wraps every data key of a ring with a new wrapping key, and says how many. note: writes it down in the same transaction.

    place: where the keys lie now. target: where they are to lie from now on, when elsewhere or under another passphrase. The
    target first holds the new key beside the old ones. Then the database changes over in one transaction, in which every
    secret is opened once more. Only then do the old keys leave the target. Cut off anywhere, place or target opens
    everything, and running it again finishes the work. Copies of the database made before need the old key.
    StorageError when a bot is running on the database (its vault would not know the new key). VaultError when the target is
    another place that holds keys of its own.
    """
    store.lock()
    old = place.load()
    target = target or place
    new = new_key(random)
    keys = (new, *old)
    if target.where != place.where and target.exists():
        there = target.load()  # left by a move that was cut off, or somebody else's
        if not set(old) <= set(there):
            if await _opens(store, ring, there):
                return 0  # moved before: only the setting has to change
            raise VaultError(
                f"{target.says} holds other keys already. Move them away first: they may be the only ones for a database."
            )
        keys = (new, *there)
    target.keep(keys)
    store.adopt(store.vault.with_keys(ring, keys))

    def change(db: SqlRepositories) -> int:
        count = db.accounts.rewrap(ring) + (db.pins.rewrap() if ring is Ring.MAIN else 0)
        note(db, " ".join(key.name.hex() for key in old), new.name.hex())
        return count

    count = await store.transaction(change)
    target.keep(keys[:1])
    store.adopt(store.vault.with_keys(ring, keys[:1]))
    return count


async def _opens(store: SqlStore, ring: Ring, keys: Sequence[WrappingKey]) -> bool:
    """Whether these keys open everything of their ring, and there is anything to open."""
    present = store.vault
    store.adopt(present.with_keys(ring, keys))
    try:
        return await store.transaction(lambda db: db.accounts.prove() + db.pins.prove()) > 0
    except VaultError:
        store.adopt(present)
        return False


async def renew_data_keys(store: SqlStore, *, note: Note = _unnoted) -> int:
    """Encrypts the secrets of every account, unlinked ones too, under new data keys in one transaction, and says how many."""
    store.lock()

    def change(db: SqlRepositories) -> int:
        accounts = db.accounts.keyed()
        for account_id in accounts:
            db.accounts.renew_keys(account_id)
        count = db.accounts.prove() + db.pins.renew_keys()
        note(db, "older data keys", f"{count} secrets of {len(accounts)} accounts sealed anew")
        return count

    return await store.transaction(change)
