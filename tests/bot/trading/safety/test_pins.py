"""A PIN is chosen, weighed, sealed off and taken away, and cannot be guessed by patience or by restarts (T17)."""

import asyncio
import random
import threading
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.errors import NotFound, PinClosed
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.people.access import Pad, PadEnded, PadStep, PadUse
from bot.domain.people.account import Role, User
from bot.domain.people.secret import Secret
from bot.simulators.loop import LoopClock
from bot.trading.people.invitations import unlock
from bot.trading.safety.pins import BACK, TRIES, pause
from storage.secrets.pinhash import Argon2Pins
from tests.stage.access import PIN, access
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import NOW, PERSON

RAVI = User(telegram_id=2002, name="Ravi")
WRONG = "112233"


async def test_a_pin_is_chosen_twice_and_then_it_alone_fits(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    pad = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.SET), PIN)
    assert isinstance(pad, Pad)
    assert (pad.step, pad.entered) == (PadStep.AGAIN, 0)
    again = await at.tap(stage.actor, pad, "482914")
    assert isinstance(again, Pad)
    assert "not the same" in again.note
    done = await at.tap(stage.actor, again, PIN + PIN)
    assert isinstance(done, PadEnded)
    assert done.right
    kept = await stage.store.transaction(lambda db: db.pins.find(PERSON))
    assert kept is not None
    assert PIN not in kept.hashed
    right = await at.prove(stage.actor, "act")
    assert isinstance(right, PadEnded)
    assert right.right


@pytest.mark.parametrize("easy", ["123456", "987654", "000000", "121212", "112211"])
async def test_what_is_guessed_first_is_not_taken(easy: str, clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    pad = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.SET), easy)
    assert isinstance(pad, Pad)
    assert pad.step is PadStep.NEW
    assert "Too easy" in pad.note


async def test_the_digits_lie_elsewhere_each_time_and_the_last_tap_can_be_taken_back(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    layouts = [(await at.pins.open(stage.actor, PadUse.PROVE)).digits for _ in range(20)]
    assert len(set(layouts)) > 15
    assert all(sorted(layout) == list(range(10)) for layout in layouts)
    pad = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.PROVE), PIN[:5] + "0"[:0])
    assert isinstance(pad, Pad)
    back = await at.pins.press(stage.actor, pad.id, BACK)
    assert isinstance(back, Pad)
    assert back.entered == 4
    done = await at.tap(stage.actor, back, PIN[4:])
    assert isinstance(done, PadEnded)
    assert done.right


async def test_a_keypad_is_one_persons_for_two_minutes_and_ends_with_the_process(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    pad = await at.pins.open(stage.actor, PadUse.PROVE, proof="act")
    with pytest.raises(NotFound):
        await at.pins.press(replace(stage.actor, user=RAVI), pad.id, 1)
    with pytest.raises(NotFound):
        await access(stage).pins.press(stage.actor, pad.id, 1)
    await asyncio.sleep(120)
    with pytest.raises(NotFound):
        await at.pins.press(stage.actor, pad.id, 1)


class Weighing:
    """A slow hash on its scales: it ends when somebody else on the loop had a turn."""

    def __init__(self) -> None:
        self._quick = Argon2Pins(random.Random(5).randbytes, memory=64)
        self.begun = threading.Event()
        self.others_went_on = threading.Event()
        self.waited_in_vain = 0

    def _weigh(self) -> None:
        self.begun.set()
        self.waited_in_vain += not self.others_went_on.wait(timeout=2)

    def of(self, pin: Secret) -> str:
        self._weigh()
        return self._quick.of(pin)

    def fits(self, pin: Secret, hashed: str) -> bool:
        self._weigh()
        return self._quick.fits(pin, hashed)


async def another(hashing: Weighing, work: Coroutine[Any, Any, object]) -> None:
    """Somebody else, whose turn comes while the PIN is weighed."""
    await asyncio.to_thread(hashing.begun.wait, 2)
    await work
    hashing.others_went_on.set()


async def test_while_a_pin_is_weighed_everybody_else_goes_on(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    hashing = Weighing()
    at = access(stage, hashing=hashing)
    await asyncio.gather(at.set_pin(stage.actor), another(hashing, stage.store.transaction(lambda db: db.people.all())))
    hashing.begun.clear()
    hashing.others_went_on.clear()
    proven, _ = await asyncio.gather(
        at.prove(stage.actor, "act"), another(hashing, stage.store.transaction(lambda db: db.people.all()))
    )
    assert isinstance(proven, PadEnded)
    assert proven.right
    assert hashing.waited_in_vain == 0


async def test_a_pin_that_the_host_takes_away_while_it_is_weighed_proves_nothing_and_does_not_come_back(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).set_pin(stage.actor)
    hashing = Weighing()
    at = access(stage, hashing=hashing)
    taken_away = stage.store.transaction(lambda db: unlock(db, PERSON, clock.now()))
    ended, _ = await asyncio.gather(at.prove(stage.actor, "act"), another(hashing, taken_away))
    assert isinstance(ended, PadEnded)
    assert (ended.right, ended.say) == (False, "You have no PIN any more.")
    assert await stage.store.transaction(lambda db: db.pins.find(PERSON)) is None


async def miss(stage: DeskStage, times: int, *, restart: bool) -> PadEnded | Pad:
    """That many wrong tries in a row, each on a keypad of its own, and each in a new process where asked."""
    at = access(stage)
    outcome: Pad | PadEnded | None = None
    for number in range(times):
        if restart:
            at = access(stage, seed=number)
        outcome = await at.prove(stage.actor, "act", WRONG)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("restart", [False, True])
async def test_five_wrong_tries_close_it_and_no_restart_gives_one_back(restart: bool, clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.store.transaction(lambda db: db.people.add(RAVI, Role.TRADER, None, NOW))
    at = access(stage)
    await at.set_pin(stage.actor)
    fourth = await miss(stage, TRIES - 1, restart=restart)
    assert isinstance(fourth, Pad)
    assert fourth.note == "Wrong. 1 try left."
    fifth = await miss(stage, 1, restart=restart)
    assert isinstance(fifth, PadEnded)
    assert not fifth.right
    again = access(stage, seed=99)
    with pytest.raises(PinClosed, match=f"Too many wrong tries.*python -m bot people unlock {PERSON}"):
        await again.pins.open(stage.actor, PadUse.PROVE, proof="act")
    told = [each for each in await stage.notices() if isinstance(each, ActByOther)]
    assert [(each.name, each.deed) for each in told] == [("Asha", ActionKind.PIN_CHANGED), ("Asha", ActionKind.PIN_CLOSED)], (
        "Ravi's phone"
    )
    await asyncio.sleep(pause(TRIES).total_seconds())
    right = await again.prove(stage.actor, "act")
    assert isinstance(right, PadEnded)
    assert right.right
    kept = await stage.store.transaction(lambda db: db.pins.find(PERSON))
    assert kept is not None
    assert kept.failures == 0


async def test_the_pause_grows_with_every_further_miss_and_a_keypad_opened_before_it_is_shut_too(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    await miss(stage, TRIES, restart=False)
    assert [pause(count) for count in (5, 6, 7)] == [timedelta(minutes=minutes) for minutes in (5, 10, 20)]
    assert pause(500) == timedelta(hours=24)
    await asyncio.sleep(pause(TRIES).total_seconds())
    early = access(stage, seed=7)
    pad = await early.pins.open(stage.actor, PadUse.PROVE, proof="act")
    await miss(stage, 1, restart=True)  # on another keypad, meanwhile
    late = await early.tap(stage.actor, pad, PIN)
    assert isinstance(late, PadEnded)
    assert not late.right, "even the right PIN is not looked at while tries are closed"
    with pytest.raises(PinClosed):
        await early.pins.open(stage.actor, PadUse.UNSEAL)


async def test_many_keypads_at_once_do_not_buy_more_tries(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).set_pin(stage.actor)
    processes = [access(stage, seed=number) for number in range(30)]
    pads = [await each.pins.open(stage.actor, PadUse.PROVE, proof="act") for each in processes]
    guesses = [*(f"{number:06d}" for number in range(29)), PIN]  # the right one comes last
    outcomes = await asyncio.gather(
        *(each.tap(stage.actor, pad, guess) for each, pad, guess in zip(processes, pads, guesses, strict=True))
    )
    assert not any(isinstance(outcome, PadEnded) and outcome.right for outcome in outcomes)
    kept = await stage.store.transaction(lambda db: db.pins.find(PERSON))
    assert kept is not None
    assert kept.failures == TRIES
