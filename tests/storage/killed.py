"""Kills a child process with SIGKILL at one step after another of a piece of work, and says what the parent finds then.

Run as a program: python -m tests.storage.killed rotate|seed|move|seal|rekey|orders DIRECTORY
"""

import asyncio
import os
import random
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

from bot.domain.errors import VaultError
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.people.access import Pin
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from storage.key_rotation import renew_data_keys, rotate
from storage.secrets.keyfile import KeyFile
from storage.secrets.keyplace import KeyPlace
from storage.secrets.passphrase import Cost, SealedKeyFile
from storage.secrets.vault import Ring, Vault
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_confirmation, an_order

_AGAIN = 3  # after every so many kills the work is done once more, over what the killed one left
_SWEEP = 16  # children for the sweep over calls of the storage
A_PIN = Pin(telegram_id=PERSON, hashed="$argon2id$v=19$m=47104,t=1,p=1$c2FsdA$aGFzaA", set_at=NOW)
CHEAP = Cost(passes=1, kib=64, lanes=1)  # of a passphrase, in tests only

# What changes a disk, or decides what is on it.
_DURABLE = {
    "open",
    "write",
    "flush",
    "fsync",
    "unlink",
    "replace",
    "rename",
    "execute",
    "executemany",
    "commit",
    "rollback",
    "backup",
}
_FINAL = {"commit", "replace", "fsync"}


class Keys:
    """A database with its two key places, in one directory for the tests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "data" / "bot.db"
        self.main = KeyFile(root / "keys" / "wrapping.key", self.database)
        self.seed = KeyFile(root / "seed-key" / "seed.key", self.database)
        self.elsewhere = KeyFile(root / "other" / "wrapping.key", self.database)
        self.sealed = self.behind("correct horse battery staple")

    def behind(self, passphrase: str) -> SealedKeyFile:
        return SealedKeyFile(self.main.path, self.database, lambda: Secret(passphrase), os.urandom, CHEAP)

    def open(self, main: KeyPlace | None = None) -> SqlStore:
        chance = random.Random(os.getpid())
        vault = Vault((main or self.main).load(), chance.randbytes, self.seed.load())
        return SqlStore.open(self.database, vault, inline=True)

    async def change(self, kind: str, started: Callable[[], None]) -> None:
        """Each kind as the command line does it. started: called when the database is open and the change begins."""
        place: KeyPlace = self.main
        try:
            place.load()
        except VaultError:  # the file was sealed before the child died
            place = self.sealed
        async with self.open(place) as store:
            started()
            chance = random.Random(os.getpid()).randbytes
            if kind == "rekey":
                await renew_data_keys(store)
            elif kind == "seed":
                await rotate(store, self.seed, chance, ring=Ring.SEED)
            elif kind == "move":
                await rotate(store, place, chance, target=self.elsewhere)
            elif kind == "seal":
                await rotate(store, place, chance, target=self.sealed)
            else:
                await rotate(store, place, chance)

    def found(self) -> str:
        """Whether everything opens with the keys of one of the places, and which places hold keys."""
        said = []
        for place in (self.main, self.sealed, self.elsewhere):
            try:
                if asyncio.run(self._opens(place)):
                    return "opens"
            except VaultError as error:  # any place may be empty, sealed, or hold another key
                said.append(error.say)
        return f"opens nowhere: {said}"

    async def _opens(self, place: KeyPlace) -> bool:
        async with self.open(place) as store:
            opened = await store.transaction(lambda db: db.accounts.prove())
            pin = await store.transaction(lambda db: db.pins.find(PERSON))
            return (
                opened == 4
                and pin == A_PIN
                and await store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) == CREDENTIALS
            )


class Watch:
    """Counts moments of a process, and kills it at one of them (0: never).

    within: instead of dying at that moment, the process goes on and dies as soon as a file would grow beyond so many bytes,
    which reaches into what SQLite writes in one call.
    """

    def __init__(self, step: int, within: int | None = None) -> None:
        self._step = step
        self._within = within
        self.moments = 0
        self.names: list[str] = []

    def calls(self) -> None:
        """From now on every call of a function of the storage, and every return, is a moment."""
        sys.setprofile(self._at_calls)

    def durable(self) -> None:
        """From now on the moment before each call that can change a disk is one, and the moment after a commit."""
        sys.setprofile(self._at_durable)

    def _at_calls(self, frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "return") and f"{os.sep}storage{os.sep}" in frame.f_code.co_filename:
            self._moment()

    def _at_durable(self, _: FrameType, event: str, function: object) -> None:
        name = getattr(function, "__name__", "")
        if (event == "c_call" and name in _DURABLE) or (event == "c_return" and name in _FINAL):
            self.names.append(name if event == "c_call" else f"after {name}")
            self._moment()

    def _moment(self) -> None:
        self.moments += 1
        if self.moments != self._step:
            return
        if self._within is None:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._within, resource.RLIM_INFINITY))


def in_a_child(step: int, act: Callable[[Watch], None], within: int | None = None) -> list[str] | None:
    """What the moments were, in their order, or None when the child was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        watch = Watch(step, within)
        act(watch)
        sys.setprofile(None)
        os.write(writer, ",".join(watch.names or [str(watch.moments)]).encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 60_000)  # less than a pipe holds
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXFSZ):
        return None
    if status or not said:
        raise SystemExit(f"the child ended by itself: {status}")
    return said.decode().split(",")


def _change_keys(kind: str, root: Path, watch: Watch) -> None:
    asyncio.run(Keys(root).change(kind, watch.durable))


def _claim_and_store(number: int) -> Callable[[Repositories], None]:
    def work(db: Repositories) -> None:
        db.confirmations.add(a_confirmation(f"t{number}"))
        if db.confirmations.claim(f"t{number}", PERSON, PERSON, 1, NOW):
            db.orders.add(an_order(db.orders.next_number(ACCOUNT.id, DAY), id=f"o{number}", tag=f"T{number}"), DAY)

    return work


def _place(number: int, root: Path, answers: int, watch: Watch) -> None:
    async def work() -> None:
        async with Keys(root).open() as store:
            watch.calls()
            await store.transaction(_claim_and_store(number))
            os.write(answers, b"answered")  # what a person would be told, or the POST that follows the claim
            watch.names.append(str(watch.moments))

    asyncio.run(work())


def _what_is_stored(number: int, answered: bool, root: Path) -> str:
    def look(db: Repositories) -> tuple[bool, bool, list[int]]:
        question = db.confirmations.find(f"t{number}")
        claimed = question is not None and question.state is ConfirmationState.CLAIMED
        return (
            claimed,
            db.orders.find(f"o{number}") is not None,
            [order.number for order in db.orders.of_day(ACCOUNT.id, DAY)],
        )

    async def work() -> str:
        async with Keys(root).open() as store:
            claimed, stored, numbers = await store.transaction(look)
            if claimed != stored:
                return "half of it is there"
            if answered and not stored:
                return "answered and lost"
            if numbers != list(range(1, len(numbers) + 1)):
                return f"numbers with holes: {numbers}"
            return f"{'stored' if stored else 'not stored'}, {'answered' if answered else 'not answered'}"

    return asyncio.run(work())


def main(kind: str, root: Path) -> None:
    if kind == "orders":
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        counted = in_a_child(0, partial(_place, 0, root, writer))
        assert counted is not None
        for number, step in enumerate(_spread(int(counted[0])), 1):
            _drain(reader)
            in_a_child(step, partial(_place, number, root, writer))
            sys.stdout.write(f"{step}: {_what_is_stored(number, _drain(reader), root)}\n")
        return
    _sweep_keys(kind, root)


def _sweep_keys(kind: str, root: Path) -> None:
    """Every moment from the same beginning."""
    work = root.with_name("work")
    change = partial(_change_keys, kind, work)

    def afresh() -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(root, work)

    afresh()
    change(Watch(0))  # once in this process, so that every child finds the same things imported and remembered
    sys.setprofile(None)
    afresh()
    moments = in_a_child(0, change)
    assert moments is not None
    for step in range(1, len(moments) + 1):
        afresh()
        killed = in_a_child(step, change) is None
        after = Keys(work).found() if killed else "ran to its end"
        if step % _AGAIN:
            sys.stdout.write(f"{step}: {after}\n")
            continue
        try:
            in_a_child(0, change)
            again = Keys(work).found()
        except SystemExit as error:
            again = str(error)
        sys.stdout.write(f"{step}: {after}, again: {again}\n")
    afresh()
    in_a_child(0, change)
    in_a_child(0, change)
    sys.stdout.write(f"whole: {Keys(work).found()}\n")


def _spread(answer: int) -> list[int]:
    """All the way and a little beyond, and each of the moments before the answer: not many lie between it and the commit."""
    return sorted({*range(1, answer + 20, max(1, answer // _SWEEP)), *range(max(1, answer - 5), answer + 1)})


def _drain(reader: int) -> bool:
    try:
        return bool(os.read(reader, 1000))
    except BlockingIOError:
        return False


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
