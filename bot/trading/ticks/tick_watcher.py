"""One watcher of ticks for an account: subscriptions counted by use, and each tick handed to whoever waits for it."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum

from bot.domain.errors import NotLinked
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Tick
from bot.domain.ports.broker import BrokerConnections, Feed, FeedMode

log = logging.getLogger(__name__)

MOST = 400  # instruments of an account; mStock's socket takes 500 (mstock-type-b.md 14.3), and the last of those would be silent
GLANCE_LASTS = 120.0  # seconds; a list that is refreshed or a card that is changed finds its prices still coming

TickCall = Callable[[Tick], None]  # returns at once; called for each tick of the instrument


class Use(IntEnum):
    """What an instrument is watched for. The larger is needed more. Where places are short, the least needed is let go."""

    GLANCE = 1  # a quote, a list, a card
    WATCH_LIST = 2
    ALERT = 3
    PNL_EXIT = 4
    GUARD = 5  # a stop or a target of a position


class Watching:
    """Somebody's interest in some instruments of an account, until end() is called."""

    def __init__(
        self, watcher: "TickWatcher", account_id: str, keys: frozenset[InstrumentKey], use: Use, call: TickCall | None
    ) -> None:
        self.account_id = account_id
        self.keys = keys
        self.use = use
        self.call = call
        self._watcher = watcher

    @property
    def live(self) -> bool:
        """Whether all of it is subscribed. False where more needed instruments took the places, or no account is linked."""
        return self._watcher.is_subscribed(self.account_id, self.keys)

    def end(self) -> None:
        """Nothing is called any more, and what nobody else watches is let go. Twice is once."""
        self._watcher.ended(self)


@dataclass(slots=True)
class _Account:
    """What is wanted and what is subscribed of one account."""

    uses: dict[InstrumentKey, list[Watching]] = field(default_factory=dict)
    calls: dict[InstrumentKey, tuple[TickCall, ...]] = field(default_factory=dict)
    glances: dict[InstrumentKey, float] = field(default_factory=dict)  # until when, in loop time
    asked: dict[InstrumentKey, int] = field(default_factory=dict)  # in which order they were asked for, the last time each
    subscribed: set[InstrumentKey] = field(default_factory=set)
    heard: float | None = None  # loop time of the last tick
    sweep: asyncio.TimerHandle | None = None

    def need(self, key: InstrumentKey) -> tuple[int, int]:
        """How much it is needed. Between equals the one asked for last is needed more."""
        uses = self.uses.get(key)
        return (max(each.use for each in uses) if uses else Use.GLANCE, self.asked[key])

    def wanted(self) -> set[InstrumentKey]:
        wanted = self.uses.keys() | self.glances.keys()
        return wanted if len(wanted) <= MOST else set(sorted(wanted, key=self.need, reverse=True)[:MOST])


class TickWatcher:
    """Knows who watches what. A tick costs one look for its account and one for its instrument."""

    def __init__(self, *, connections: BrokerConnections) -> None:
        self._connections = connections
        self._accounts: dict[str, _Account] = {}
        self._order = 0

    def watch(self, account_id: str, keys: Collection[InstrumentKey], use: Use, call: TickCall | None = None) -> Watching:
        """Subscribes to instruments until the result is ended. call hears each of their ticks.

        An account that is not linked yet is subscribed by the first renew() after its login.
        """
        watching = Watching(self, account_id, frozenset(keys), use, call)
        account = self._accounts.setdefault(account_id, _Account())
        for key in watching.keys:
            account.uses.setdefault(key, []).append(watching)
        self._asked(account, watching.keys)
        self._recall(account, watching.keys)
        self._settle(account_id, account)
        return watching

    def glance(self, account_id: str, keys: Collection[InstrumentKey]) -> None:
        """Subscribes to instruments for two minutes. NotLinked where the account is not."""
        feed = self._connections.of(account_id).feed
        account = self._accounts.setdefault(account_id, _Account())
        until = asyncio.get_running_loop().time() + GLANCE_LASTS
        account.glances |= dict.fromkeys(keys, until)
        self._asked(account, keys)
        self._settle(account_id, account)
        # A connection that was closed and opened again knows nothing of what its forerunner watched.
        feed.watch([key for key in keys if key in account.subscribed], FeedMode.DEPTH)
        if account.sweep is None:
            account.sweep = asyncio.get_running_loop().call_at(until, self._sweep, account_id, account)

    def ended(self, watching: Watching) -> None:
        """Watching.end() comes here."""
        account = self._accounts.get(watching.account_id)
        if account is None:
            return
        for key in watching.keys:
            holders = account.uses.get(key, [])
            if watching in holders:
                holders.remove(watching)
            if not holders:
                account.uses.pop(key, None)
        self._recall(account, watching.keys)
        self._settle(watching.account_id, account)

    def renew(self, account_id: str) -> None:
        """Subscribes anew to all that is wanted: the account has a new connection."""
        account = self._accounts.get(account_id)
        if account is not None:
            account.subscribed.clear()
            self._settle(account_id, account)

    def tick(self, account_id: str, tick: Tick) -> None:
        """Hands a tick to all who watch its instrument. One that fails hides it from no other."""
        account = self._accounts.get(account_id)
        if account is None:
            return
        account.heard = asyncio.get_running_loop().time()
        for call in account.calls.get(tick.key, ()):
            try:
                call(tick)
            except Exception:
                log.exception("account %s: a watcher of %s failed", account_id, tick.key)

    def connected(self, account_id: str) -> bool:
        """Whether the account's feed is up, and not silent beyond its time."""
        feed = self._feed(account_id)
        return feed is not None and feed.connected

    def silent_for(self, account_id: str) -> float | None:
        """Seconds since the account's last tick of anything. None: none came yet."""
        account = self._accounts.get(account_id)
        if account is None or account.heard is None:
            return None
        return asyncio.get_running_loop().time() - account.heard

    def watches(self, account_id: str) -> bool:
        """Whether anything of the account is subscribed to."""
        account = self._accounts.get(account_id)
        return account is not None and bool(account.subscribed)

    def latest(self, account_id: str, key: InstrumentKey, *, within: float) -> Tick | None:
        """The newest tick of an instrument, if one came within so many seconds."""
        feed = self._feed(account_id)
        return feed.last(key, within=within) if feed is not None else None

    def subscriptions(self, account_id: str) -> int:
        """For how many instruments of the account the feed is asked."""
        account = self._accounts.get(account_id)
        return len(account.subscribed) if account is not None else 0

    def is_subscribed(self, account_id: str, keys: frozenset[InstrumentKey]) -> bool:
        """Whether the feed is asked for all of these."""
        account = self._accounts.get(account_id)
        return account is not None and keys <= account.subscribed

    def _asked(self, account: _Account, keys: Iterable[InstrumentKey]) -> None:
        for key in keys:
            self._order += 1
            account.asked[key] = self._order

    def _recall(self, account: _Account, keys: Iterable[InstrumentKey]) -> None:
        """Lists anew whom a tick of these goes to, the most needed first: a stop before an alert."""
        for key in keys:
            holders = sorted(account.uses.get(key, ()), key=lambda each: -each.use)
            calls = tuple(each.call for each in holders if each.call is not None)
            if calls:
                account.calls[key] = calls
            else:
                account.calls.pop(key, None)

    def _settle(self, account_id: str, account: _Account) -> None:
        """Subscribes to what is wanted, and lets go of what is not."""
        feed = self._feed(account_id)
        if feed is None:
            return
        wanted = account.wanted()
        if gone := account.subscribed - wanted:
            feed.unwatch(gone)
        if news := wanted - account.subscribed:
            feed.watch(news, FeedMode.DEPTH)
        account.subscribed = set(wanted)
        for key in account.asked.keys() - account.uses.keys() - account.glances.keys():
            del account.asked[key]

    def _sweep(self, account_id: str, account: _Account) -> None:
        now = asyncio.get_running_loop().time()
        account.glances = {key: until for key, until in account.glances.items() if until > now}
        later = min(account.glances.values(), default=None)
        loop = asyncio.get_running_loop()
        account.sweep = loop.call_at(later, self._sweep, account_id, account) if later is not None else None
        self._settle(account_id, account)

    def _feed(self, account_id: str) -> Feed | None:
        with suppress(NotLinked):
            return self._connections.of(account_id).feed
        return None
