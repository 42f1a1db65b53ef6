"""Who watches what: counted by use, at most 400 an account, the least needed let go, and each tick to whoever waits for it."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import NotLinked
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.market.prices import Tick
from bot.domain.people.account import Credentials
from bot.domain.ports.broker import FeedMode
from bot.simulators.loop import LoopClock
from bot.trading.account.prices import Prices
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.ticks.tick_watcher import GLANCE_LASTS, MOST, TickWatcher, Use, Watching
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.loop import MORNING
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT

ME = ACCOUNT.id
KEYS = [InstrumentKey(Exchange.NFO, str(number)) for number in range(MOST + 20)]


class NotingFeed(StillFeed):
    """A feed that notes what it is asked for, and knows no price."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.watched: set[InstrumentKey] = set()

    def watch(self, keys: Collection[InstrumentKey], mode: FeedMode = FeedMode.DEPTH) -> None:
        self.watched |= set(keys)

    def unwatch(self, keys: Collection[InstrumentKey]) -> None:
        assert self.watched.issuperset(keys), "lets go of what it never had"
        self.watched -= set(keys)

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        return None


@dataclass
class Stage:
    """One account's watcher and its feed, which can be linked anew."""

    clock: LoopClock
    connection: OneConnection
    watcher: TickWatcher
    feeds: list[NotingFeed] = field(default_factory=list)

    @property
    def watched(self) -> set[InstrumentKey]:
        return self.feeds[-1].watched

    def link_anew(self) -> None:
        self.feeds.append(NotingFeed(self.clock))
        self.connection.feed = self.feeds[-1]
        self.connection.is_open = True

    def tick(self, key: InstrumentKey, last: str = "100") -> None:
        now = self.clock.now()
        self.watcher.tick(ME, Tick(key=key, last=Decimal(last), at=now, received=now))


@pytest.fixture
async def stage(clock: LoopClock) -> Stage:
    connection = OneConnection(ScriptedBroker(clock), StillFeed(clock), None)
    made = Stage(clock, connection, TickWatcher(connections=connection))
    made.link_anew()
    return made


async def test_two_who_watch_one_instrument_are_counted_and_the_last_one_lets_it_go(stage: Stage) -> None:
    stop = stage.watcher.watch(ME, KEYS[:2], Use.GUARD)
    alert = stage.watcher.watch(ME, KEYS[1:3], Use.ALERT)
    stop.end()
    assert stage.watched == set(KEYS[1:3])
    stop.end()  # twice is once
    assert stage.watched == set(KEYS[1:3])
    alert.end()
    assert stage.watched == set()


async def test_a_glance_is_let_go_after_two_minutes_unless_it_is_looked_at_again(stage: Stage) -> None:
    stage.watcher.glance(ME, KEYS[:2])
    await asyncio.sleep(GLANCE_LASTS - 1)
    stage.watcher.glance(ME, KEYS[1:2])
    await asyncio.sleep(2)
    assert stage.watched == {KEYS[1]}
    await asyncio.sleep(GLANCE_LASTS)
    assert stage.watched == set()


async def test_a_glance_that_ends_leaves_what_a_stop_watches(stage: Stage) -> None:
    stop = stage.watcher.watch(ME, KEYS[:1], Use.GUARD)
    stage.watcher.glance(ME, KEYS[:2])
    await asyncio.sleep(GLANCE_LASTS + 1)
    assert stage.watched == {KEYS[0]}
    assert stop.live


async def test_beyond_400_the_least_needed_is_let_go_and_its_watcher_can_tell(stage: Stage) -> None:
    looked = stage.watcher.watch(ME, KEYS[:10], Use.WATCH_LIST)
    alerts = stage.watcher.watch(ME, KEYS[10 : MOST - 5], Use.ALERT)
    assert alerts.live
    stops = stage.watcher.watch(ME, KEYS[MOST : MOST + 15], Use.GUARD)
    assert len(stage.watched) == MOST
    assert [each.live for each in (stops, alerts, looked)] == [True, True, False]
    stage.watcher.glance(ME, KEYS[MOST + 16 : MOST + 18])
    assert not stage.watched.intersection(KEYS[MOST + 16 : MOST + 18])
    stops.end()
    assert looked.live, "there is room again"
    assert len(stage.watched) == MOST - 5 + 2


async def test_between_equals_the_one_asked_for_last_stays(stage: Stage) -> None:
    stage.watcher.glance(ME, KEYS[:MOST])
    stage.watcher.glance(ME, KEYS[:1])
    stage.watcher.glance(ME, KEYS[MOST : MOST + 1])
    assert len(stage.watched) == MOST
    assert {KEYS[0], KEYS[MOST]} <= stage.watched
    assert KEYS[1] not in stage.watched


async def test_an_account_that_is_linked_later_or_anew_is_subscribed_to_all_that_is_wanted(stage: Stage) -> None:
    stage.connection.is_open = False
    stop = stage.watcher.watch(ME, KEYS[:2], Use.GUARD)
    assert [stop.live] == [False]
    with pytest.raises(NotLinked):
        stage.watcher.glance(ME, KEYS[:1])
    for _ in range(2):
        stage.link_anew()
        stage.watcher.renew(ME)
        assert stop.live
        assert stage.watched == set(KEYS[:2])


async def test_each_tick_reaches_those_who_watch_its_instrument_a_stop_first_until_they_end(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def breaks(_tick: Tick) -> None:
        raise ValueError("a bug in one watcher")

    def ends(_tick: Tick) -> None:
        heard.append("alert")
        alert.end()

    alert = stage.watcher.watch(ME, KEYS[:1], Use.ALERT, ends)
    stage.watcher.watch(ME, KEYS[:1], Use.PNL_EXIT, breaks)
    stage.watcher.watch(ME, KEYS[:1], Use.GUARD, lambda tick: heard.append(f"stop {tick.last}"))
    stage.tick(KEYS[0], "99.5")
    stage.tick(KEYS[1])
    stage.tick(KEYS[0], "99.0")
    assert heard == ["stop 99.5", "alert", "stop 99.0"]
    assert "a watcher of" in caplog.text


async def test_how_long_an_account_has_been_silent_and_whether_its_feed_is_up_can_be_told(stage: Stage) -> None:
    assert stage.watcher.silent_for(ME) is None
    stage.watcher.watch(ME, KEYS[:1], Use.GUARD)
    stage.tick(KEYS[0])
    await asyncio.sleep(7)
    assert stage.watcher.silent_for(ME) == 7
    assert stage.watcher.connected(ME)
    stage.connection.is_open = False
    assert not stage.watcher.connected(ME)


async def test_a_thousand_prices_of_a_closed_market_leave_nobody_waiting(stage: Stage) -> None:
    reads = SharedReads(connections=stage.connection, clock=stage.clock, changed_at=lambda _account: 0.0)
    prices = Prices(connections=stage.connection, reads=reads, watcher=stage.watcher)
    for _ in range(1_000):
        price = await prices.of(ME, RELIANCE.key)
        assert price is not None
        assert price.at is None, "by a quote"
    assert stage.watched == {RELIANCE.key}
    await asyncio.sleep(GLANCE_LASTS + 1)
    assert stage.watched == set()


async def test_two_hundred_instruments_at_twenty_ticks_a_second_pass_with_hardly_any_work(stage: Stage) -> None:
    last = {key: Decimal(0) for key in KEYS[:200]}
    stage.watcher.watch(ME, KEYS[:200], Use.GUARD, lambda tick: last.__setitem__(tick.key, tick.last))
    now = stage.clock.now()
    ticks = [Tick(key=key, last=Decimal(number), at=now, received=now) for number in range(1, 21) for key in KEYS[:200]]
    began = time.process_time()
    for tick in ticks:
        stage.watcher.tick(ME, tick)
    assert time.process_time() - began < 0.2, "a fifth of the second in which they come"
    assert set(last.values()) == {Decimal(20)}


@dataclass
class Closed:
    """Connections that know one feed. Nothing else is asked of them."""

    feed: NotingFeed

    def of(self, account_id: str, credentials: Credentials | None = None) -> "Closed":
        return self


@given(st.lists(st.tuples(st.sampled_from(Use), st.sets(st.integers(0, 29), min_size=1), st.booleans()), max_size=30))
def test_whatever_is_watched_and_ended_exactly_the_wanted_is_subscribed(
    acts: list[tuple[Use, set[int], bool]],
) -> None:
    async def play() -> None:
        feed = NotingFeed(LoopClock(asyncio.get_running_loop(), MORNING))
        watcher = TickWatcher(connections=Closed(feed))  # type: ignore[arg-type] # it asks for the feed alone
        alive: list[Watching] = []
        for use, numbers, ends in acts:
            if ends and alive:
                alive.pop(len(numbers) % len(alive)).end()
            else:
                alive.append(watcher.watch(ME, {KEYS[number] for number in numbers}, use))
            assert feed.watched == set().union(*(each.keys for each in alive))

    asyncio.run(play())
