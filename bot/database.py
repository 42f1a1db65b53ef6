"""Which places hold the keys of this bot, by its settings, and how a passphrase comes to it."""

from collections.abc import Callable
from contextlib import suppress

from bot.config.settings import KeySource, Settings
from bot.domain.errors import VaultError
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import RandomBytes
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import KeyPlace
from storage.secrets.passphrase import SealedKeyFile, WrongPassphrase, good_passphrase
from storage.secrets.vault import Ring, Vault, WrappingKey

TRIES = 3  # wrong passphrases at one start; each costs a whole Argon2id

Prompt = Callable[[str], str]  # a question at the terminal, answered without echo


def place_of(
    settings: Settings,
    ring: Ring,
    random_bytes: RandomBytes,
    ask: Prompt | None,
    *,
    source: KeySource | None = None,
    fresh: bool = False,
) -> KeyPlace:
    """Where a ring's keys lie, or would lie with another source; ask None: nobody sits at a terminal.

    fresh: a passphrase is to be chosen, not to be remembered, and so is asked twice.
    """
    path = settings.key_file if ring is Ring.MAIN else settings.seed_key_file
    source = source or (settings.key_source if ring is Ring.MAIN else settings.seed_key_source)
    if source is KeySource.FILE:
        return KeyFile(path, settings.database)
    given = settings.key_passphrase if ring is Ring.MAIN and not fresh else None
    words = "Passphrase" if ring is Ring.MAIN else "Passphrase of the TOTP seed's key"

    def passphrase() -> Secret:
        if given is not None:
            return given
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
    """The vault with the first ring of keys, and the seed's where that one was made; VaultError says what is unfit."""
    main = place_of(settings, Ring.MAIN, random_bytes, ask)
    seed = place_of(settings, Ring.SEED, random_bytes, ask)
    keys = loaded(main, by_hand=ask is not None)
    return Vault(keys, random_bytes, loaded(seed, by_hand=ask is not None) if seed.exists() else ())


def loaded(place: KeyPlace, *, by_hand: bool) -> tuple[WrappingKey, ...]:
    """The keys of a place; a person may mistype a passphrase twice."""
    for _ in range(TRIES - 1 if by_hand else 0):
        with suppress(WrongPassphrase):
            return place.load()
    return place.load()
