"""A session from its seed: a few acts, troubles over them, restarts and kills between them, and a quiet end.

`play` brings back the record that the checker judges. The same seed plays the same session.
"""

import asyncio
import logging
import random
from collections.abc import Iterator
from pathlib import Path

from storage.topics import Topic
from tests.campaign.focus import Focus
from tests.campaign.playing import days, nights, other_hands, ways_out
from tests.campaign.playing.acts import ACTS, Act
from tests.campaign.playing.hands import Session
from tests.campaign.playing.mortal import MortalLoop
from tests.campaign.playing.troubles import ORDERS, STEP, WEATHER, Kind, Troubles, drawn
from tests.campaign.playing.world import Template, World, a_world
from tests.campaign.record import Record

QUIET = 70.0  # seconds without trouble at the end: from then on all is told and true, orders from elsewhere too
LOOK_OUT = 200.0  # the same where an order's outcome is open
DAYS = 9  # in each so-many-th session days pass
OPEN_AFTER = 960.0  # seconds from the beginning until shares are traded
DAY: tuple[tuple[Act, float], ...] = (
    (days.keeps_a_stop, 0.7),
    (nights.guards_what_is_split, 0.5),
    (days.comes_back_in_the_afternoon, 0.8),
    (ways_out.exits, 0.4),
    (other_hands.exits_on_another_phone, 0.3),
    (ways_out.panics, 0.3),
    (days.orders_in_the_evening, 0.4),
    (nights.sends_in_the_evening, 0.6),
    (nights.is_split, 0.5),
    (days.the_next_morning, 0.8),
)
STEPPED = 10  # in each so-many-th session the host's clock is set
FATAL = (Topic.NOTICES, Topic.SENDING, Topic.ORDERS, Topic.QUESTIONS)


def play(seed: int, template: Template, focus: Focus) -> Record:
    """Plays one session. The loop is left as it is, for it holds the dead: the caller is a process that ends."""
    record = Record(seed=seed)
    loop = MortalLoop()
    asyncio.set_event_loop(loop)
    with template.copied() as directory:
        loop.run_until_complete(_lived(directory, record, focus))
    return record


async def _lived(directory: Path, record: Record, focus: Focus) -> None:
    chance = random.Random(record.seed)
    long = bool(focus.days) or (record.seed % DAYS == DAYS - 1 and focus == Focus())
    async with a_world(directory, record, chance, hours="real" if long else "always") as world:
        await _Play(world, chance, focus, stepped=record.seed % STEPPED == 0 and not long, days=long).run()


class _Play:
    def __init__(self, world: World, chance: random.Random, focus: Focus, *, stepped: bool, days: bool) -> None:
        self.world = world
        self.chance = chance
        self.focus = focus
        self.days = days
        self.stepped = stepped if focus.stepped is None else focus.stepped
        self.acts = [(act, weight) for act, weight in ACTS if focus.acts is None or act.__name__ in focus.acts]
        self.weather = _of(WEATHER, focus.weather)
        self.troubles = Troubles(world, chance)
        self.session = Session(world, chance, self.troubles, _of(ORDERS, focus.orders), 0.5 if focus.orders is None else 1.0)

    async def run(self) -> None:
        world, chance, troubles = self.world, self.chance, self.troubles
        if self.days:
            await asyncio.sleep(OPEN_AFTER)
        for act in self._drawn():
            troubles.over()
            if self.weather and chance.random() < (0.6 if self.focus.weather is None else 0.7):
                self.session.coming = drawn(self.weather, chance)
                if chance.random() < 0.5:
                    self.session.begin_coming()
            if self.stepped and self.focus.stepped is None and chance.random() < 0.5:
                troubles.begin(STEP)
            await world.start()
            if self.focus.fatal is not None or chance.random() < 0.2:
                topic = chance.choice(FATAL) if self.focus.fatal is None else Topic[self.focus.fatal]
                world.die_at(topic, chance.randint(1, 3))
            await self._played(act)
            self.session.begin_coming()
            await self._between()
        await asyncio.sleep(troubles.longest())
        troubles.over(all_of_them=True)
        await world.start(60.0)
        world.die_at(Topic.RESULTS, 1_000_000)  # it lives to the end
        _library_fails(world)
        await asyncio.sleep(3)
        if await world.me.ask("/session", "Logged in until") is None:
            world.host_clock.right()
            await world.me.ask("/login", "lives until", 40)
        for hand in (world.me, world.guest):  # whoever was shut out by a passing refusal is there again
            hand.say("/session")
        await asyncio.sleep(QUIET)
        if any("utcome unknown" in each["text"] for each in world.me.person.history()):
            await asyncio.sleep(LOOK_OUT)
        if await world.me.ask("/session", "Logged in until") is not None:
            world.write_figures()
            await world.me.ask("/positions", "")
            await asyncio.sleep(5)

    def _drawn(self) -> Iterator[Act]:
        """What is done, one after the other: some acts, or a day with them and the morning after it."""
        chance = self.chance

        def some(least: int, most: int) -> list[Act]:
            acts, weights = [act for act, _ in self.acts], [weight for _, weight in self.acts]
            return [chance.choices(acts, weights)[0] for _ in range(chance.randint(least, most))]

        if not self.days:
            yield from some(2, 4)
            return
        if self.focus.days:
            yield from (act for act, _ in DAY if act.__name__ in self.focus.days)
            return
        yield from some(0, 1)
        yield from (act for act, often in DAY if chance.random() < often)
        yield from some(1, 2)

    async def _played(self, act: Act) -> None:
        record = self.world.record
        ledger = self.world.near.paper.broker.ledger
        taps, done = len(record.acts), len(ledger.orders) + len(ledger.trades)
        await act(self.session)
        record.played[act.__name__] += 1
        came = len(ledger.orders) + len(ledger.trades) > done
        record.reached[act.__name__] += came or any(each.what == "taps" for each in record.acts[taps:])

    async def _between(self) -> None:
        """Some seconds, in which the process may end and begin anew."""
        world, chance = self.world, self.chance
        await asyncio.sleep(chance.uniform(0.5, 3.0))
        if self.stepped and chance.random() < 0.5:
            self.troubles.over()
            self.troubles.begin(STEP)
        await asyncio.sleep(chance.uniform(0.0, 5.0))
        ends = 0.18 if self.focus.ends is None else self.focus.ends
        if chance.random() < ends:
            if chance.random() < 0.7:
                world.kill()
            else:
                await world.stop()
        if not world.alive:
            await asyncio.sleep(chance.choice((1.0, 5.0, 45.0, 45.0)))
            if chance.random() < 0.5:
                self._goes_on_without()
            await world.start()

    def _goes_on_without(self) -> None:
        """The exchange fills an order while the bot is away."""
        resting = self.session.resting()
        if resting:
            order = self.chance.choice(resting)
            self.world.near.paper.broker.book.fill(order, order.remaining, order.price or 100_00, by="desk")


def _of(kinds: tuple[Kind, ...], names: tuple[str, ...] | None) -> tuple[Kind, ...]:
    return kinds if names is None else tuple(kind for kind in kinds if kind.name in names)


def _library_fails(world: World) -> None:
    """A library logs an error whose traceback names the address that it called, with the bot's token in it."""
    error = ConnectionError(f"{world.near.telegram_url}/bot{world.near.token}/sendMessage")
    logging.getLogger("some.library").error("a call failed", exc_info=error)
