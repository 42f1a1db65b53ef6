"""Opens the bot's database, with the keys that its settings name or without any, and reads how it stands."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bot.config.keys import KeySource
from bot.config.settings import Settings
from bot.diagnostics.facts import StoreState
from bot.domain.errors import VaultError
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import RandomBytes
from bot.runtime.randomness import random_bytes as system_random
from bot.trading.safety.lockdown import is_locked_down
from storage.db.engine import SQLITE
from storage.repositories import SqlRepositories
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import KeyPlace
from storage.secrets.passphrase import SealedKeyFile, WrongPassphrase, good_passphrase
from storage.secrets.vault import Ring, Vault, WrappingKey
from storage.store import SqlStore

TRIES = 3  # wrong passphrases at one start; each costs a whole Argon2id

Prompt = Callable[[str], str]  # a question at the terminal, answered without echo


def open_store(
    settings: Settings, random_bytes: RandomBytes, *, inline: bool = False, ask: Prompt | None = None, new: bool = False
) -> SqlStore:
    """Opens the database with its vault. StorageError (VaultError for the key) or SettingsError says what is wrong with it.

    ask: how a passphrase is asked for, None where nobody sits at a terminal. new: whether one is made where there is none.
    """
    return SqlStore.open(settings.database, open_vault(settings, random_bytes, ask), inline=inline, new=new)


def without_keys(settings: Settings, *, new: bool = False) -> SqlStore:
    """Opens the database for those who need no secret. new: whether one is made where there is none."""
    return without_keys_at(settings.database, new=new)


def without_keys_at(path: Path, *, new: bool = False) -> SqlStore:
    """Opens any database of ours for those who need no secret of it."""
    return SqlStore.open(path, Vault((), system_random), inline=True, new=new)


def place_of(
    settings: Settings,
    ring: Ring,
    random_bytes: RandomBytes,
    ask: Prompt | None,
    *,
    source: KeySource | None = None,
    fresh: bool = False,
) -> KeyPlace:
    """Names the place where a ring's keys lie, or would lie with another source. ask None: nobody sits at a terminal.

    fresh: a passphrase is to be chosen, not to be remembered, and so is asked twice.
    """
    path = settings.key_file if ring is Ring.MAIN else settings.seed_key_file
    source = source or (settings.key_source if ring is Ring.MAIN else settings.seed_key_source)
    if source is KeySource.FILE:
        return KeyFile(path, settings.database)
    from_settings = settings.key_passphrase if ring is Ring.MAIN and not fresh else None
    words = "Passphrase" if ring is Ring.MAIN else "Passphrase of the TOTP seed's key"

    def passphrase() -> Secret:
        if from_settings is not None:
            return from_settings
        if ask is None:
            raise VaultError(
                "The keys are sealed by a passphrase, and there is no terminal to ask for it. Start the bot at one, "
                "or name a file that only its supervisor can read: KEY_PASSPHRASE_FILE."
            )
        if not fresh:
            return Secret(ask(f"{words}: "))
        chosen = good_passphrase(ask(f"New {words[0].lower()}{words[1:]}: "))
        if ask("The same again: ") != chosen.reveal():
            raise VaultError("The two are not the same. Nothing was changed.")
        return chosen

    return SealedKeyFile(path, settings.database, passphrase, random_bytes)


def open_vault(settings: Settings, random_bytes: RandomBytes, ask: Prompt | None) -> Vault:
    """Opens the vault with the main keys, and the seed's where they were made. VaultError says what is unfit."""
    main = place_of(settings, Ring.MAIN, random_bytes, ask)
    seed = place_of(settings, Ring.SEED, random_bytes, ask)
    keys = load_keys(main, by_hand=ask is not None)
    return Vault(keys, random_bytes, load_keys(seed, by_hand=ask is not None) if seed.exists() else ())


def load_keys(place: KeyPlace, *, by_hand: bool) -> tuple[WrappingKey, ...]:
    """Loads the keys of a place. A person may mistype a passphrase twice."""
    for _ in range(TRIES - 1 if by_hand else 0):
        with suppress(WrongPassphrase):
            return place.load()
    return place.load()


async def state_of(store: SqlStore) -> StoreState:
    """Reads how the database stands. It changes nothing."""
    return await store.transaction(lambda db: _state(db, store.vault))


def _state(db: SqlRepositories, vault: Vault) -> StoreState:
    without_key = not vault.has(Ring.MAIN)
    try:
        opened = None if without_key else db.accounts.prove() + db.pins.prove()
    except VaultError:
        opened = None
    waiting, buried = db.outbox.counts()
    accounts = db.accounts.all()
    people = {user.telegram_id for user, _, _ in db.people.all()}
    return StoreState(
        sqlite=SQLITE,
        without_key=without_key,
        secrets_that_open=opened,
        seed_key=vault.has(Ring.SEED),
        people=len(people),
        phones_sealed=sum(db.pins.phone_locked_since(person) is not None for person in people),
        accounts=len(accounts),
        accounts_stopped=sum(db.stops.stopped(account.id) is not None for account in accounts),
        locked_down=is_locked_down(db),
        updates_waiting=len(db.inbox.waiting()),
        notices_waiting=waiting,
        notices_buried=buried,
        audit_broken_at=db.audit.verify(),
        unsettled=tuple(order.status for order in db.orders.unsettled()),
    )
