"""The optional PIN: a keypad of shuffled digits, five tries and then a growing pause, and the sealing of a phone.

A PIN is six digits, tapped and never typed. Which digits were tapped is known to this process alone, until the sixth. Of the
PIN itself only a slow hash is kept. A try is counted and committed before it is looked at, so that no restart gives one back.
The slow hash has a thread of its own: neither the others' updates nor the database wait for it.
"""

import asyncio
import base64
import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock, ist
from bot.domain.errors import NotFound, PinClosed, PinWanted
from bot.domain.money import in_figures
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.people.access import Pad, PadEnded, PadStep, PadUse, Pin, PinHash, PinState
from bot.domain.people.account import Actor, Limits, User
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import RandomBytes
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.safety.announce import tell_others
from bot.trading.safety.lockdown import LIFT, WHY, is_locked_down

LENGTH = 6
TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=24)
PAD_LIFE = timedelta(minutes=2)
IDLE = timedelta(hours=12)
BACK = 10  # the place of the key that takes the last digit away

_STEPS = {
    PadUse.PROVE: (PadStep.CURRENT,),
    PadUse.SET: (PadStep.NEW, PadStep.AGAIN),
    PadUse.CHANGE: (PadStep.CURRENT, PadStep.NEW, PadStep.AGAIN),
    PadUse.REMOVE: (PadStep.CURRENT,),
    PadUse.UNSEAL: (PadStep.CURRENT,),
}
_DONE = {
    PadUse.PROVE: "PIN accepted.",
    PadUse.SET: "Your PIN is set.",
    PadUse.CHANGE: "Your PIN is changed.",
    PadUse.REMOVE: "Your PIN is removed.",
    PadUse.UNSEAL: "This phone is open again.",
}
_CHANGED = {  # for the record of acts: detail, before, after
    PadUse.REMOVE: ("remove", "set", "none"),
    PadUse.UNSEAL: ("unseal", "sealed", "open"),
}
_NONE_ANY_MORE = "You have no PIN any more."


@dataclass(slots=True)
class _Open:
    """A keypad at work."""

    pad: Pad
    proof: str
    until: float  # loop time
    steps: list[PadStep]
    tapped: str = ""
    new: str = ""
    allowed: bool = False  # the present PIN was right, on this keypad


class Pins:
    """One keypad for each person. It lives in memory, and a restart ends it."""

    def __init__(self, *, store: Store, clock: Clock, random: RandomBytes, hashing: PinHash) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._hashing = hashing
        self._open: dict[int, _Open] = {}

    async def state(self, actor: Actor) -> PinState:
        """Whether a PIN is set, and what stands in its way."""
        person, now = actor.user.telegram_id, self._clock.now()

        def read(db: Repositories) -> PinState:
            pin = _bounded(db, person, now)
            closed = pin.closed_until if pin and pin.closed_until and pin.closed_until > now else None
            return PinState(set=pin is not None, phone_locked_since=db.pins.phone_locked_since(person), closed_until=closed)

        return await self._store.transaction(read)

    async def open(self, actor: Actor, use: PadUse, *, proof: str = "") -> Pad:
        """A fresh keypad, which ends an older one of this person. PinClosed while tries are closed, NotFound without a PIN.

        A phone that was locked without a PIN gets none: whoever holds it would choose one and open it.
        """
        state = await self.state(actor)
        if use is PadUse.SET and state.set:
            raise PinClosed("You have a PIN already. /pin change asks for it first.")
        if use is PadUse.SET and state.phone_locked_since is not None:
            raise NotFound(_only_host(actor))
        if use is PadUse.UNSEAL and await self._store.transaction(is_locked_down):
            raise NotFound(f"{WHY} {LIFT}")
        if use is not PadUse.SET:
            if not state.set:
                raise NotFound("You have no PIN. /pin sets one." if not state.phone_locked_since else _only_host(actor))
            if state.closed_until is not None:
                raise PinClosed(_closed(state.closed_until, actor))
        steps = list(_STEPS[use])
        pad = Pad(
            id=base64.b32encode(self._random(10)).decode().lower(),
            use=use,
            step=steps[0],
            digits=self._shuffled(),
            entered=0,
            until=self._clock.now() + PAD_LIFE,
        )
        self._open[actor.user.telegram_id] = _Open(
            pad, proof, asyncio.get_running_loop().time() + PAD_LIFE.total_seconds(), steps
        )
        return pad

    async def press(self, actor: Actor, pad_id: str, place: int) -> Pad | PadEnded:
        """One key: 0 to 9 are places on the keypad, BACK takes the last digit away. NotFound for a keypad that is over."""
        person = actor.user.telegram_id
        at = self._open.get(person)
        if at is None or at.pad.id != pad_id or asyncio.get_running_loop().time() >= at.until:
            raise NotFound("This keypad is over. Nothing was done.")
        if place == BACK:
            at.tapped = at.tapped[:-1]
        elif 0 <= place < 10 and len(at.tapped) < LENGTH:
            at.tapped += str(at.pad.digits[place])
        if len(at.tapped) < LENGTH:
            at.pad = replace(at.pad, entered=len(at.tapped), note="")
            return at.pad
        digits, at.tapped = at.tapped, ""
        match at.steps[0]:
            case PadStep.CURRENT:
                return await self._tried(actor, at, Secret(digits))
            case PadStep.NEW:
                if why := _too_easy(digits):
                    return self._next(at, why)
                at.new = digits
                at.steps.pop(0)
                return self._next(at)
            case PadStep.AGAIN:
                if digits != at.new:
                    at.new, at.steps = "", [PadStep.NEW, PadStep.AGAIN]
                    return self._next(at, "The two were not the same. Choose again.")
                return await self._keep(actor, at, Secret(digits))

    def close(self, actor: Actor, pad_id: str) -> None:
        """The person gave up. Nothing happens."""
        at = self._open.get(actor.user.telegram_id)
        if at is not None and at.pad.id == pad_id:
            del self._open[actor.user.telegram_id]

    async def _tried(self, actor: Actor, at: _Open, digits: Secret) -> Pad | PadEnded:
        """Counts the try, then looks whether it fits."""
        person, now = actor.user.telegram_id, self._clock.now()

        def count(db: Repositories) -> Pin | None:
            pin = _bounded(db, person, now)
            if pin is None or (pin.closed_until is not None and now < pin.closed_until):
                return pin
            failures = pin.failures + 1
            counted = replace(pin, failures=failures, closed_until=now + pause(failures) if failures >= TRIES else None)
            db.pins.put(counted)
            return replace(counted, closed_until=pin.closed_until)  # what held before this try

        pin = await self._store.transaction(count)
        if pin is None:
            return self._end(person, at, right=False, say=_NONE_ANY_MORE)
        if pin.closed_until is not None and now < pin.closed_until:
            return self._end(person, at, right=False, say=_closed(pin.closed_until, actor))
        if await asyncio.to_thread(self._hashing.fits, digits, pin.hashed):
            if not await self._store.transaction(lambda db: self._right(db, actor, at, pin, now)):
                return self._end(person, at, right=False, say=_NONE_ANY_MORE)
            if len(at.steps) > 1:
                at.allowed = True
                at.steps.pop(0)
                return self._next(at)
            return self._end(person, at, right=True, say=_DONE[at.pad.use])
        if pin.failures < TRIES:
            left = TRIES - pin.failures
            return self._next(at, f"Wrong. {left} {'try' if left == 1 else 'tries'} left.")
        await self._store.transaction(lambda db: self._tell_of_guesses(db, actor, now))
        return self._end(person, at, right=False, say=_closed(now + pause(pin.failures), actor))

    def _right(self, db: Repositories, actor: Actor, at: _Open, pin: Pin, now: datetime) -> bool:
        """Writes down that this PIN was given. False when it was taken away or changed while it was weighed."""
        present = db.pins.find(pin.telegram_id)
        if present is None or present.hashed != pin.hashed:
            return False
        proven_for = at.proof if at.pad.use is PadUse.PROVE else None
        if at.pad.use is PadUse.REMOVE:
            db.pins.remove(pin.telegram_id)
            _tell_of(db, actor.user, ActionKind.PIN_CHANGED, now, "removed their PIN")
        else:
            db.pins.put(replace(pin, failures=0, closed_until=None, proven_at=now, proven_for=proven_for))
        if at.pad.use is PadUse.UNSEAL:
            db.pins.unlock_phone(pin.telegram_id)
        detail, before, after = _CHANGED.get(at.pad.use, (f"given for {proven_for or at.pad.use}", "", ""))
        db.audit.add(now, pin.telegram_id, "pin", None, detail, before=before, after=after)
        return True

    def _tell_of_guesses(self, db: Repositories, actor: Actor, now: datetime) -> None:
        """The others of every account of this person hear that somebody guesses on that phone."""
        person = actor.user.telegram_id
        db.audit.add(now, person, "pin closed", None, "too many wrong tries", before="open", after="closed for a while")
        _tell_of(db, actor.user, ActionKind.PIN_CLOSED, now)

    async def _keep(self, actor: Actor, at: _Open, digits: Secret) -> PadEnded:
        person, now = actor.user.telegram_id, self._clock.now()
        hashed = await asyncio.to_thread(self._hashing.of, digits)

        def put(db: Repositories) -> bool:
            pin = db.pins.find(person)
            if pin is not None and not at.allowed:
                return False
            db.pins.put(Pin(telegram_id=person, hashed=hashed, set_at=now, proven_at=now))
            before = f"one of {pin.set_at:%Y-%m-%d %H:%M} UTC" if pin is not None else "none"
            db.audit.add(now, person, "pin", None, at.pad.use, before=before, after="a new one")
            _tell_of(db, actor.user, ActionKind.PIN_CHANGED, now, "changed their PIN" if pin else "set a PIN")
            return True

        success = await self._store.transaction(put)
        return self._end(person, at, right=success, say=_DONE[at.pad.use] if success else "You have a PIN already.")

    def _next(self, at: _Open, note: str = "") -> Pad:
        at.pad = replace(at.pad, step=at.steps[0], digits=self._shuffled(), entered=0, note=note)
        return at.pad

    def _end(self, person: int, at: _Open, *, right: bool, say: str) -> PadEnded:
        self._open.pop(person, None)
        return PadEnded(use=at.pad.use, right=right, say=say)

    def _shuffled(self) -> tuple[int, ...]:
        """The ten digits in an order that says nothing of the taps (a shuffle by sorting 64-bit draws)."""
        draws = [(self._random(8), digit) for digit in range(10)]
        return tuple(digit for _, digit in sorted(draws))

    async def lock(self, actor: Actor) -> PinState:
        """From now on this person's phone can only stop trading and be opened. The open questions die."""
        person, now = actor.user.telegram_id, self._clock.now()

        def shut(db: Repositories) -> None:
            db.pins.lock_phone(person, now)
            db.confirmations.refuse_of(person, "This phone was locked.")
            db.audit.add(now, person, "lock", before="open", after="sealed")
            _tell_of(db, actor.user, ActionKind.PHONE_LOCKED, now)

        await self._store.transaction(shut)
        self._open.pop(person, None)
        return await self.state(actor)


def _tell_of(db: Repositories, user: User, deed: ActionKind, now: datetime, detail: str = "") -> None:
    """The others of every account of this person, each once: what happens on one phone concerns them all."""
    audience: set[int] = {user.telegram_id}
    for account in db.accounts.all():
        if db.people.role_on(user.telegram_id, account.id) is None:
            continue
        news = ActByOther(name=user.name, deed=deed, at=now, detail=detail)
        audience.update(tell_others(db, account.id, audience, news, now))


def pause(failures: int) -> timedelta:
    """How long tries are closed after that many wrong ones in a row: 5 minutes, doubled with each further one."""
    doublings = min(max(failures - TRIES, 0), 20)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _bounded(db: Repositories, telegram_id: int, now: datetime) -> Pin | None:
    """A person's PIN. Tries are closed for no longer than the pause itself, also where the clock was set back since."""
    pin = db.pins.find(telegram_id)
    if pin is not None and pin.closed_until is not None and pin.closed_until - now > pause(pin.failures):
        pin = replace(pin, closed_until=now + pause(pin.failures))
        db.pins.put(pin)
    return pin


def why_pin(
    db: Repositories, telegram_id: int, account_id: str, *, value: Decimal | None, limits: Limits, now: datetime
) -> str | None:
    """Why an entry of this person waits for the PIN: over the soft limit, or the first after 12 idle hours. None: it does not."""
    pin = db.pins.find(telegram_id)
    if pin is None:
        return None
    if limits.ask_pin_above is not None and (value is None or value > limits.ask_pin_above):
        return f"Over {in_figures(limits.ask_pin_above)} rupees: your PIN, please."
    last = (db.orders.last_by(telegram_id, account_id), pin.proven_at)
    acts = [at for at in last if at is not None and at <= now]  # one from the future says nothing: the clock was set back since
    mode = db.flags.mode()
    if acts and mode is not None and max(acts) < mode[1]:
        return f"First order since this bot went {mode[0]}: your PIN, please."
    if not acts or now - max(acts) > IDLE:
        return "First order in a while: your PIN, please."
    return None


def begin_mode(db: Repositories, mode: str, now: datetime) -> None:
    """At each start: remembers since when this database is used in that mode, so that going live waits for the PIN."""
    present = db.flags.mode()
    if present is not None and present[0] == mode:
        return
    db.flags.begin_mode(mode, now)
    before = "none" if present is None else f"{present[0]} {present[1].isoformat()}"
    db.audit.add(now, None, "mode", before=before, after=mode)


def take_proof(db: Repositories, telegram_id: int, proof: str) -> bool:
    """Uses up the PIN given for this one act. True as well when the person has none."""
    pin = db.pins.find(telegram_id)
    if pin is None:
        return True
    if pin.proven_for != proof:
        return False
    db.pins.put(replace(pin, proven_for=None))
    return True


def demand_pin(db: Repositories, telegram_id: int, proof: str, say: str) -> None:
    """PinWanted unless the PIN was just given for exactly this act."""
    if not take_proof(db, telegram_id, proof):
        raise PinWanted(say, proof=proof)


def _only_host(actor: Actor) -> str:
    return f"This phone is sealed and has no PIN. It is opened on the host: python -m bot people unlock {actor.user.telegram_id}"


def _closed(until: datetime, actor: Actor) -> str:
    host = f"Forgotten? On the host: python -m bot people unlock {actor.user.telegram_id}"
    return f"Too many wrong tries. No PIN is taken until {ist(until):%d %b %H:%M:%S}. {host}"


def _too_easy(digits: str) -> str:
    steps = {int(after) - int(before) for before, after in itertools.pairwise(digits)}
    return "Too easy to guess. Choose another." if steps in ({0}, {1}, {-1}) or len(set(digits)) < 3 else ""
