"""Watches prices and days' results for alerts: on ticks, on quotes where no tick can come, and strikes each alert once."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.market.prices import Price, Tick
from bot.domain.news.alert import Alert, AlertPaused, AlertsBlind, AlertStruck, Sees
from bot.domain.news.notice import Notice
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.held import NewBase
from bot.domain.positions.portfolio import PnL
from bot.domain.terms import Product
from bot.runtime.signal import Signal
from bot.trading.account.loss_guard import Results
from bot.trading.account.prices import of_quote
from bot.trading.sync.shared_reads import SharedReads
from bot.trading.ticks.tick_watcher import TickWatcher, Use, Watching
from bot.trading.watch.sight import Sight

log = logging.getLogger(__name__)

EVERY = 12.0  # seconds between two quotes of what has no ticks, and between two readings of a day's result
NOTED = 300.0  # seconds between two notes of what was traded last
FRESH = timedelta(seconds=60)  # an older trade strikes nothing: it may come from a cache
SECOND = timedelta(seconds=1)  # trade times come in whole seconds
PATIENCE = 2.0  # seconds that a struck alert waits to know what is held


@dataclass(slots=True)
class _Hit:
    """A price that reached an alert, or that says that its share has a new base."""

    price: Price
    base: NewBase | None


@dataclass(slots=True)
class _Watched:
    """What is known of one alert between two looks."""

    alert: Alert
    watching: Watching | None = None
    price: Price | None = None  # the last one that was surely traded today
    traded_on: date | None = None  # the date in India of that
    first_quote: Price | None = None  # of that date; it may be the record of the day before
    quoted_on: date | None = None
    based_on: object = None  # the previous close by which the base was judged
    hit: _Hit | None = None
    noted: float | None = None  # loop time of the last note


@dataclass(slots=True, kw_only=True)
class AlertWatch:
    """One loop for the alerts of all accounts. What it knows of them beyond their rows is lost without harm."""

    store: Store
    connections: BrokerConnections
    watcher: TickWatcher
    reads: SharedReads
    results: Results
    clock: Clock
    in_hours: Callable[[Exchange, datetime], bool]  # whether an exchange trades at a moment (UTC)
    day_before: Callable[[date], date]  # the trading day before a date in India
    _wake: Signal = field(default_factory=Signal)
    _watched: dict[int, _Watched] = field(default_factory=dict)
    _sight: Sight = field(default_factory=Sight)
    _asked: float | None = None  # loop time of the last quotes and results

    def wake(self) -> None:
        """An alert was made or changed. Returns at once."""
        self._wake()

    def sees(self, account_id: str) -> Sees:
        """What watches an account's alerts now."""
        if not self._alive(account_id):
            return Sees.NOTHING
        return Sees.TICKS if self.watcher.connected(account_id) else Sees.QUOTES

    async def run(self) -> None:
        """Watches for ever. Takes up again what was armed before a restart."""
        while True:
            try:
                await self.look()
            except StorageAway as error:
                log.warning("the alerts could not be looked after: %s", type(error).__name__)
            await self._wake.wait(EVERY if self._watched else None)

    async def look(self) -> None:
        """One round: who watches what, what is due, and what was reached."""
        self._settle(await self.store.read(lambda db: db.alerts.live()))
        moment = asyncio.get_running_loop().time()
        if self._asked is None or moment - self._asked >= EVERY:
            self._asked = moment
            for account_id in {each.alert.account_id for each in self._watched.values()}:
                try:
                    await self._ask(account_id)
                except BrokerError as error:
                    log.info("account %s: its alerts see nothing now: %s", account_id, type(error).__name__)
            await self._tell_sight(asyncio.get_running_loop().time())
        for watched in [each for each in self._watched.values() if each.hit is not None]:
            await self._meet(watched)
        await self._note(moment)

    def _settle(self, live: Iterable[Alert]) -> None:
        """Watches what is armed now, and nothing else."""
        armed = {alert.id: alert for alert in live}
        for gone in self._watched.keys() - armed.keys():
            self._let_go(gone)
        for alert_id, alert in armed.items():
            watched = self._watched.get(alert_id)
            if watched is None:
                watched = self._watched[alert_id] = _Watched(alert)
                if alert.instrument is not None:
                    watched.watching = self.watcher.watch(
                        alert.account_id, [alert.instrument.key], Use.ALERT, self._listener(watched)
                    )
            watched.alert = alert

    def _let_go(self, alert_id: int) -> None:
        watched = self._watched.pop(alert_id)
        if watched.watching is not None:
            watched.watching.end()

    def _listener(self, watched: _Watched) -> Callable[[Tick], None]:
        def traded(tick: Tick) -> None:
            now = self.clock.now()
            if tick.stale or tick.last <= 0 or now - tick.at > FRESH or tick.at + SECOND <= watched.alert.created_at:
                return
            price = Price(last=tick.last, at=tick.at, previous_close=tick.previous_close)
            self._traded(watched, price, now)
            if watched.hit is not None:
                self._wake()

        return traded

    def _traded(self, watched: _Watched, price: Price, now: datetime) -> None:
        """A price of a trade of today: whether it reaches the alert, or lives on another base."""
        today = ist_date(now)
        watched.price, watched.traded_on = price, today
        if watched.hit is not None:
            return
        reached = watched.alert.is_reached(price.last)
        if reached or (price.previous_close is not None and price.previous_close != watched.based_on):
            watched.based_on = price.previous_close
            base = watched.alert.base_of(price, today, self.day_before(today))
            if reached or base is not None:
                watched.hit = _Hit(price, base)

    async def _ask(self, account_id: str) -> None:
        """Quotes of what no tick can tell of, and the day's result where an alert hangs on it. BrokerError passes through."""
        if not self._alive(account_id):
            return
        now = self.clock.now()
        own = [each for each in self._watched.values() if each.alert.account_id == account_id]
        blind = [each for each in own if self._is_blind(each, now)]
        on_result = [each for each in own if each.alert.instrument is None and self.in_hours(Exchange.NSE, now)]
        moment = asyncio.get_running_loop().time()
        self._sight.missed([each.alert.id for each in (*blind, *on_result)], moment)  # until something is read
        if blind:
            keys = {key for each in blind if (key := _key(each)) is not None}
            quotes = (await self.reads.quotes(account_id, keys)).value
            for each in blind:
                quote = quotes.get(key) if (key := _key(each)) is not None else None
                if quote is not None and quote.last > 0:
                    self._sight.saw([each.alert.id])
                    self._quoted(each, of_quote(quote), self.clock.now())
        self._sight.saw([each.alert.id for each in own if each.alert.instrument is not None and each not in blind])
        if on_result:
            result = await self.results.of(account_id, self.connections.of(account_id))
            if result is not None and _is_of_today(result):
                self._sight.saw([each.alert.id for each in on_result])
                await self._judge(on_result, result)

    def _is_blind(self, watched: _Watched, now: datetime) -> bool:
        instrument, watching = watched.alert.instrument, watched.watching
        if instrument is None or watching is None or not self.in_hours(instrument.exchange, now):
            return False
        return not (self.watcher.connected(watched.alert.account_id) and watching.live)

    async def _tell_sight(self, moment: float) -> None:
        """Rings once for each person where alerts have been blind for long, and once when they see again."""
        now = self.clock.now()
        watched = [each for each in self._watched.values() if self._is_asked(each.alert, now)]
        self._sight.keep([each.alert.id for each in watched])
        for sees, found in zip((False, True), self._sight.news(moment), strict=True):
            groups: dict[tuple[str, int], list[Alert]] = {}
            for each in watched:
                if each.alert.id in found:
                    groups.setdefault((each.alert.account_id, each.alert.person), []).append(each.alert)
            for (account_id, person), alerts in groups.items():
                since = now - timedelta(seconds=moment - min(found[alert.id] for alert in alerts))
                news = AlertsBlind(alerts=tuple(alerts), since=since, sees=sees)
                await self.store.transaction(
                    lambda db, account_id=account_id, person=person, news=news: db.outbox.add(  # type: ignore[misc] # bound at once
                        account_id, [person], news, now, order_id=None
                    )
                )

    def _is_asked(self, alert: Alert, now: datetime) -> bool:
        """Whether something should tell it what it watches. Of an account without a session everybody was told."""
        exchange = alert.instrument.exchange if alert.instrument is not None else Exchange.NSE
        return self.in_hours(exchange, now) and self._alive(alert.account_id)

    def _quoted(self, watched: _Watched, price: Price, now: datetime) -> None:
        """A quote tells no time. It counts once it has moved today: until then it may be the record of the day before."""
        today = ist_date(now)
        if watched.traded_on != today:
            if watched.first_quote is None or watched.quoted_on != today:
                watched.first_quote, watched.quoted_on = price, today
            if price.last == watched.first_quote.last:
                return
        self._traded(watched, price, now)

    async def _judge(self, on_result: Iterable[_Watched], result: PnL) -> None:
        """Strikes what the day's result, before charges, has reached. Each row of it is known."""
        for watched in on_result:
            alert = watched.alert.with_result(result.gross, ist_date(result.as_of))
            if alert != watched.alert:
                await self.store.transaction(lambda db, alert=alert: db.alerts.note(alert))  # type: ignore[misc] # bound at once
                watched.alert = alert
            if alert.is_reached(result.gross):
                await self._strike(watched, AlertStruck(alert=alert, value=result.gross, at=result.as_of))

    async def _meet(self, watched: _Watched) -> None:
        hit, alert = watched.hit, watched.alert
        if hit is None:
            return
        if hit.base is not None:
            await self._strike(watched, AlertPaused(alert=replace(alert, base=hit.base), base=hit.base))
            return
        products = await self._products(alert)
        await self._strike(watched, AlertStruck(alert=alert, value=hit.price.last, at=hit.price.at, products=products))

    async def _strike(self, watched: _Watched, notice: Notice) -> None:
        """Claims the alert and writes its notice, both or neither. An alert whose person lost the account goes without a word."""
        alert, now = watched.alert, self.clock.now()

        def claim(db: Repositories) -> bool:
            if db.accounts.find(alert.account_id) is None or db.people.role_on(alert.person, alert.account_id) is None:
                db.alerts.remove(alert.account_id, alert.person, alert.id)
                return False
            moved = db.alerts.pause(notice.alert) if isinstance(notice, AlertPaused) else db.alerts.strike(alert.id)
            if moved:
                db.outbox.add(alert.account_id, [alert.person], notice, now, order_id=None)
            return moved

        struck = await self.store.transaction(claim)
        self._let_go(alert.id)
        log.info("alert %d of account %s: %s", alert.id, alert.account_id, type(notice).__name__ if struck else "is gone")

    async def _products(self, alert: Alert) -> tuple[Product, ...]:
        """The products in which the instrument is held. None where the book does not answer in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                positions = (await self.reads.positions(alert.account_id)).value
        except (BrokerError, TimeoutError):
            return ()
        key = alert.instrument.key if alert.instrument is not None else None
        return tuple(position.product for position in positions if position.instrument.key == key and position.is_open)

    async def _note(self, moment: float) -> None:
        """Notes what was traded last, for the next morning's base, once in minutes."""
        today = ist_date(self.clock.now())
        noted = []
        for watched in self._watched.values():
            price = watched.price
            if price is None or watched.traded_on != today or price.previous_close is None:
                continue
            if watched.noted is None or moment - watched.noted >= NOTED:
                watched.noted, watched.alert = moment, watched.alert.with_price(price, today)
                noted.append(watched.alert)
        if noted:
            await self.store.lightly(lambda db: [db.alerts.note(alert) for alert in noted])

    def _alive(self, account_id: str) -> bool:
        return self.connections.session_of(account_id, self.clock.now()) is not None


def _key(watched: _Watched) -> InstrumentKey | None:
    return watched.alert.instrument.key if watched.alert.instrument is not None else None


def _is_of_today(result: PnL) -> bool:
    """Whether no open row is valued by the trade of an earlier day, nor by a zero."""
    today = ist_date(result.as_of)
    prices = [line.price for line in result.lines if line.position.quantity and line.price is not None]
    return all(price.last > 0 and (price.at is None or ist_date(price.at) == today) for price in prices)
