"""Linking on the host: nothing is stored before the login worked, and a seed only where its own key exists."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyotp import TOTP

from bot.app import open_connections
from bot.cli.check import checkup
from bot.cli.link import NO_SEED, link_account
from bot.database import place_of
from bot.domain.errors import BotError, LoginRefused, PersonError
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import SEED_SENTENCE
from bot.domain.ports.repositories import Repositories
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from storage.secrets.vault import Ring
from tests.stage.house import House, a_house

ACCOUNT = PaperAccount()


class Keyboard:
    """Answers by what is asked, and remembers what it was told."""

    def __init__(self, **answers: str) -> None:
        self._answers = {name.replace("_", " "): text for name, text in answers.items()}
        self.told: list[str] = []
        self.asked: list[str] = []

    def ask(self, words: str) -> str:
        self.asked.append(words)
        return next((text for name, text in self._answers.items() if name in words.lower()), "")

    @property
    def tell(self) -> Callable[[str], None]:
        return self.told.append


def whole(clock: LoopClock, **changes: str) -> Keyboard:
    given = {"client_code": ACCOUNT.client, "api_key": ACCOUNT.api_key, "password": ACCOUNT.password}
    assert ACCOUNT.totp_seed is not None
    return Keyboard(**{**given, "six_digits": TOTP(ACCOUNT.totp_seed).at(clock.now()), **changes})


async def another_is_main(house: House) -> None:
    """The account of the house is another client's: the one that is linked here is not linked yet."""
    assert house.store is not None

    def swap(db: Repositories) -> None:
        main = db.accounts.all()[0]
        credentials = db.accounts.credentials(main.id)
        assert credentials is not None
        db.accounts.add(main, replace(credentials, client_code=Secret("MA9999999")))

    await house.store.transaction(swap)


async def link(house: House, keyboard: Keyboard, label: str = "papa") -> str:
    assert house.store is not None
    chance = random.Random(4)
    async with open_connections(house.settings, clock=house.clock, random_bytes=chance.randbytes) as connections:
        return await link_account(
            house.settings, label, store=house.store, connections=connections, clock=house.clock,
            random_bytes=chance.randbytes, redactor=house.redactor, ask=keyboard.ask, tell=keyboard.tell,
        )  # fmt: skip


async def unlink(house: House, label: str) -> None:
    assert house.store is not None
    account = await house.store.transaction(lambda db: db.accounts.by_label(label))
    assert account is not None
    await house.store.transaction(lambda db: db.accounts.remove(account.id))


async def labels(house: House) -> list[str]:
    assert house.store is not None
    return [account.label for account in await house.store.transaction(lambda db: db.accounts.all())]


async def seed_stored(house: House, label: str) -> bool:
    assert house.store is not None
    account = await house.store.transaction(lambda db: db.accounts.by_label(label))
    assert account is not None
    kept = await house.store.transaction(lambda db: db.accounts.credentials(account.id))
    assert kept is not None
    return kept.totp_seed is not None


@pytest.mark.core
async def test_a_seed_is_stored_by_choice_after_one_plain_sentence(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await another_is_main(house)
        without = whole(clock)
        assert "papa" in await link(house, without)
        assert not await seed_stored(house, "papa")
        assert without.told == [SEED_SENTENCE]
        await unlink(house, "papa")
        chosen = whole(clock, seed=ACCOUNT.totp_seed or "")
        assert "mummy" in await link(house, chosen, "mummy")
        assert await seed_stored(house, "mummy")
        assert not any("digits" in words for words in chosen.asked)


async def test_without_the_seeds_own_key_no_seed_is_asked_for_and_the_way_to_it_is_told(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await another_is_main(house)
        await house.stop()
        house.settings.seed_key_file.unlink()
        await house.start()
        keyboard = whole(clock, seed=ACCOUNT.totp_seed or "")
        await link(house, keyboard)
        assert keyboard.told == [NO_SEED]
        assert not any("seed" in words.lower() for words in keyboard.asked)
        assert not await seed_stored(house, "papa")
        assert not await seed_stored(house, "main")  # it is there, but its key is not


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"password": "wrong"}, LoginRefused),
        ({"six_digits": "000000"}, LoginRefused),
        ({"api_key": ""}, PersonError),
        ({"six_digits": ""}, PersonError),
    ],
)
async def test_whatever_is_wrong_nothing_is_stored(
    clock: LoopClock, tmp_path: Path, wrong: dict[str, str], error: type[BotError]
) -> None:
    async with a_house(clock, tmp_path) as house:
        await another_is_main(house)
        with pytest.raises(error):
            await link(house, whole(clock, **wrong))
        assert await labels(house) == ["main"]


async def test_a_client_that_is_linked_already_is_not_linked_a_second_time(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        with pytest.raises(PersonError, match="linked here already"):
            await link(house, whole(clock))
        assert await labels(house) == ["main"]


async def test_the_checkup_finds_what_is_unfit_before_a_start_does(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.stop()
        found = {each.name: each for each in await checkup(house.settings, clock=clock, random_bytes=house.chance.randbytes)}
        assert not found["key, database"].bad
        assert "in the clear" in found["key"].say
        assert "can be stored" in found["second key"].say
        assert "main" in found["accounts"].say
        assert "none from 2027-01-01" in found["calendar"].say
        assert not found["calendar"].bad
        house.settings.key_file.chmod(0o644)
        unfit = {each.name: each for each in await checkup(house.settings, clock=clock, random_bytes=house.chance.randbytes)}
        assert unfit["key, database"].bad
        assert "chmod 600" in unfit["key, database"].say
        house.settings.key_file.chmod(0o600)
        assert place_of(house.settings, Ring.MAIN, house.chance.randbytes, None).load()
        await house.start()
