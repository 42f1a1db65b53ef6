"""Kills a child process with SIGKILL at one step after another of a piece of work, and says what the parent finds then.

Run as a program: python -m tests.storage.killed rotate|rekey|orders DATABASE KEY_FILE
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

from bot.domain.drawers import Drawers
from bot.domain.order import ConfirmationState
from storage.keyfile import load_key_file
from storage.rotation import rekey, rotate
from storage.store import SqlStore
from storage.vault import Vault
from tests.storage.samples import ACCOUNT, CREDENTIALS, DAY, NOW, PERSON, a_confirmation, an_order

_SWEEP = 16  # children for each sweep


def _open(database: Path, key_file: Path) -> SqlStore:
    chance = random.Random(os.getpid())
    return SqlStore.open(database, Vault(load_key_file(key_file, database), chance.randbytes), inline=True)


def _dying_at(step: int, act: Callable[[], None]) -> int:
    """Runs act; kills the process at the step-th call of a function of the memory (0: never); how many calls there were."""
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        if event in ("call", "return") and f"{os.sep}storage{os.sep}" in frame.f_code.co_filename:
            calls += 1
            if calls == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    act()
    sys.setprofile(None)
    return calls


def _in_a_child(step: int, act: Callable[[], None]) -> int | None:
    """The number of calls, or None when the child was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        calls = _dying_at(step, act)
        os.write(writer, str(calls).encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 100)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status or not said:
        raise SystemExit(f"the child ended by itself: {status}")
    return int(said)


def _change_keys(kind: str, database: Path, key_file: Path) -> None:
    async def work() -> None:
        async with _open(database, key_file) as store:
            await (rotate(store, key_file, database, random.Random(os.getpid()).randbytes) if kind == "rotate" else rekey(store))

    asyncio.run(work())


def _what_opens(database: Path, key_file: Path) -> str:
    async def work() -> str:
        async with _open(database, key_file) as store:
            found = await store.run(lambda drawers: drawers.accounts.credentials(ACCOUNT.id))
            return "opens" if found == CREDENTIALS else "opens something else"

    return asyncio.run(work())


def _claim_and_store(number: int) -> Callable[[Drawers], None]:
    def work(drawers: Drawers) -> None:
        drawers.confirmations.add(a_confirmation(f"t{number}"))
        if drawers.confirmations.claim(f"t{number}", PERSON, PERSON, 1, NOW):
            drawers.orders.add(an_order(drawers.orders.next_number(ACCOUNT.id, DAY), id=f"o{number}", tag=f"T{number}"), DAY)

    return work


def _place(number: int, database: Path, key_file: Path, answers: int) -> None:
    async def work() -> None:
        async with _open(database, key_file) as store:
            await store.run(_claim_and_store(number))
            os.write(answers, b"answered")  # what a person would be told, or the POST that follows the claim

    asyncio.run(work())


def _what_is_stored(number: int, answered: bool, database: Path, key_file: Path) -> str:
    def look(drawers: Drawers) -> tuple[bool, bool, list[int]]:
        question = drawers.confirmations.find(f"t{number}")
        claimed = question is not None and question.state is ConfirmationState.CLAIMED
        return (
            claimed,
            drawers.orders.find(f"o{number}") is not None,
            [order.number for order in drawers.orders.of_day(ACCOUNT.id, DAY)],
        )

    async def work() -> str:
        async with _open(database, key_file) as store:
            claimed, stored, numbers = await store.run(look)
            if claimed != stored:
                return "half of it is there"
            if answered and not stored:
                return "answered and lost"
            if numbers != list(range(1, len(numbers) + 1)):
                return f"numbers with holes: {numbers}"
            return f"{'stored' if stored else 'not stored'}, {'answered' if answered else 'not answered'}"

    return asyncio.run(work())


def main(kind: str, database: Path, key_file: Path) -> None:
    if kind == "orders":
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        steps = _in_a_child(0, lambda: _place(0, database, key_file, writer))
        for number, step in enumerate(_spread(steps), 1):
            _drain(reader)
            _in_a_child(step, partial(_place, number, database, key_file, writer))
            sys.stdout.write(f"{step}: {_what_is_stored(number, _drain(reader), database, key_file)}\n")
        return
    steps = _in_a_child(0, lambda: _change_keys(kind, database, key_file))
    for step in _spread(steps):
        killed = _in_a_child(step, lambda: _change_keys(kind, database, key_file)) is None
        sys.stdout.write(f"{step}: {_what_opens(database, key_file) if killed else 'ran to its end'}\n")
    _in_a_child(0, lambda: _change_keys(kind, database, key_file))
    sys.stdout.write(f"whole: {_what_opens(database, key_file)}\n")


def _spread(steps: int | None) -> range:
    assert steps is not None
    return range(1, steps + 1, max(1, steps // _SWEEP))


def _drain(reader: int) -> bool:
    try:
        return bool(os.read(reader, 1000))
    except BlockingIOError:
        return False


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
