"""Watches the day's result of scopes tick by tick, and begins the exits of one that struck, once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.market.prices import Tick
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.plans.pnl_exit import (
    BLIND_FOR,
    HEARD_WITHIN,
    PnlExit,
    PnlExitNow,
    PnlLevel,
    PnlState,
    Recheck,
    ScopeKind,
    ScopeResult,
    mark_of,
)
from bot.domain.pnl.valuation import Valuation
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.runtime.signal import Signal
from bot.trading.pnl_exits.pnl_strike import PnlStrike
from bot.trading.pnl_exits.scope_rows import ScopeReader, ScopeRows
from bot.trading.safety.announce import tell_all
from bot.trading.ticks.tick_watcher import TickWatcher, Use, Watching

log = logging.getLogger(__name__)

PULSE = 0.5  # seconds between two looks at what time alone changes
BOOKS = 15.0  # seconds between two readings of the books while nothing fills
NOTED = timedelta(seconds=5)  # between two notes that its figure is known
LATER = 2.0  # seconds until a reading that failed, or showed no open row, is made again
AHEAD = 0.7  # seconds before it may strike: the books are looked at then, so that the exits need not wait for them


@dataclass(slots=True)
class _Watched:
    """One P&L exit as this process knows it. What matters of it is stored."""

    exit: PnlExit
    noted: PnlExit  # as it is stored
    recheck: Recheck
    valuation: Valuation | None = None  # None: the books could not be read
    read_at: float | None = None  # loop time; None: the books changed
    reading: bool = False
    watching: Watching | None = None
    blind_since: datetime | None = None
    blind_at: float = 0.0  # the same in loop time
    rang: bool = False
    missed: bool = False  # no process watched for a while: that is told when it sees again
    flat_since: float | None = None  # loop time
    acting: bool = False
    retry_at: float = 0.0  # loop time, before which it does not act again
    ahead: float | None = None  # the due of the recheck whose books are looked at already
    rows: ScopeRows | None = None  # of the last reading. None: something filled since


@dataclass(slots=True, kw_only=True)
class PnlWatch:
    """One loop for the P&L exits of all accounts. A restart takes up again what was alive."""

    store: Store
    connections: BrokerConnections
    watcher: TickWatcher
    reader: ScopeReader
    striking: PnlStrike
    background: BackgroundTasks
    clock: Clock
    _wake: Signal = field(default_factory=Signal)
    _watched: dict[str, _Watched] = field(default_factory=dict)
    _stale: bool = True  # one was confirmed or changed since the last look

    def wake(self) -> None:
        """One was confirmed, changed or taken away."""
        self._stale = True
        self._wake()

    def filled(self) -> None:
        """Something filled: the books are read anew."""
        for watched in self._watched.values():
            watched.read_at = watched.rows = None
        self._wake()

    def now(self, exit_: PnlExit) -> PnlExitNow:
        """A P&L exit as it stands now, as far as it is watched."""
        watched, at = self._watched.get(exit_.id), self.clock.now()
        if watched is None:
            return PnlExitNow(exit=exit_, figure=None, as_of=at)
        best = replace(exit_, best=watched.exit.best)
        return PnlExitNow(exit=best, figure=self._figure(watched), blind_since=watched.blind_since, as_of=at)

    async def run(self) -> None:
        """Watches for ever."""
        while True:
            try:
                await self.step()
            except (BrokerError, StorageAway) as error:
                log.warning("the P&L exits could not be looked after: %s", type(error).__name__)
            await self._wake.wait(self._pause())

    def _pause(self) -> float | None:
        """Seconds until the next look, exact to the moment at which one may strike. None: until something happens."""
        dues = [due for watched in self._watched.values() if (due := watched.recheck.due) is not None]
        moments = [moment - self._elapsed() for due in dues for moment in (due - AHEAD, due)]
        return min([PULSE, *(moment for moment in moments if moment > 0)]) if self._watched else None

    async def step(self) -> None:
        """Takes in what changed, reads what is due, and looks at what time alone changes."""
        if self._stale:
            self._stale = False
            self._settle(await self.store.read(lambda db: db.pnl_exits.alive()))
        for watched in list(self._watched.values()):
            if watched.exit.until <= self.clock.now():
                await self._end(watched, "its day is over", day_over=True)
                continue
            if not watched.reading and self._is_due(watched):
                watched.reading = True
                self.background.start(self._read(watched), f"P&L exit {watched.exit.id}")
            self._refresh(watched)
            self._judge(watched)
            self._look_ahead(watched)
            await self._note(watched)
            await self._note_blind(watched)

    def _settle(self, alive: Sequence[PnlExit]) -> None:
        known = {each.id: each for each in alive}
        for gone in self._watched.keys() - known.keys():
            self._let_go(gone)
        for exit_id, each in known.items():
            watched = self._watched.get(exit_id)
            if watched is None:
                self._watched[exit_id] = self._taken_up(each)
            else:
                watched.exit = replace(each, best=watched.exit.best, seen_at=watched.exit.seen_at)

    def _taken_up(self, exit_: PnlExit) -> _Watched:
        """One that was confirmed just now, or that an earlier process watched until it ended."""
        since, now = exit_.seen_at, self.clock.now()
        if since is None or since > now:  # the clock was set back meanwhile
            return _Watched(exit_, exit_, recheck=Recheck(exit_.stands))
        missed = (now - since).total_seconds() >= BLIND_FOR
        recheck = Recheck(exit_.stands)
        return _Watched(exit_, exit_, recheck=recheck, missed=missed, blind_since=since, blind_at=self._elapsed())

    def _let_go(self, exit_id: str) -> None:
        watched = self._watched.pop(exit_id, None)
        if watched is not None and watched.watching is not None:
            watched.watching.end()

    def _is_due(self, watched: _Watched) -> bool:
        return watched.read_at is None or self._elapsed() - watched.read_at >= BOOKS

    async def _read(self, watched: _Watched, *, ahead: bool = False) -> None:
        """The books anew, and the prices of what is open. ahead: where it fails, the strike reads for itself."""
        began = self._elapsed()
        try:
            rows = await self.reader.read(watched.exit)
        except (BrokerError, StorageAway) as error:
            log.info("P&L exit %s: the books could not be read: %s", watched.exit.id, type(error).__name__)
            if not ahead:
                watched.valuation, watched.read_at = None, began - BOOKS + LATER
        else:
            await self._take(watched, rows, began)
        finally:
            watched.reading = False
            self._wake()

    async def _take(self, watched: _Watched, rows: ScopeRows, began: float) -> None:
        valuation, before = rows.valuation(), watched.valuation
        if watched.watching is None or watched.watching.keys != valuation.keys:
            if watched.watching is not None:
                watched.watching.end()
            account_id = watched.exit.account_id
            watched.watching = self.watcher.watch(account_id, valuation.keys, Use.PNL_EXIT, self._listener(watched))
        for key, mark in before.marks.items() if before is not None else ():
            valuation.price(key, mark)
        watched.valuation, watched.read_at, watched.rows = valuation, began, rows
        if not rows.is_flat:
            watched.flat_since = None
            return
        watched.flat_since = watched.flat_since if watched.flat_since is not None else began
        if watched.exit.scope.kind is ScopeKind.ALL:
            return  # it sleeps
        watched.read_at = began - BOOKS + LATER
        if began - watched.flat_since >= LATER:  # two readings agree, a while apart
            await self._end(watched, "its last row is closed")

    def _listener(self, watched: _Watched) -> Callable[[Tick], None]:
        def traded(tick: Tick) -> None:
            if watched.valuation is not None and watched.valuation.price(tick.key, mark_of(tick, self.clock.now())):
                self._judge(watched)

        return traded

    def _refresh(self, watched: _Watched) -> None:
        """Prices of now that grew old, or that came before this process listened."""
        valuation, account_id, now = watched.valuation, watched.exit.account_id, self.clock.now()
        if valuation is None:
            return
        sees = self._sees(watched)
        for key in valuation.keys:
            tick = self.watcher.latest(account_id, key, within=HEARD_WITHIN.total_seconds()) if sees else None
            valuation.price(key, mark_of(tick, now))

    def _sees(self, watched: _Watched) -> bool:
        account_id = watched.exit.account_id
        live = watched.watching is not None and watched.watching.live
        return self._logged_in(account_id) and live and self.watcher.connected(account_id)

    def _logged_in(self, account_id: str) -> bool:
        return self.connections.session_of(account_id, self.clock.now()) is not None

    def _judge(self, watched: _Watched) -> None:
        """The figure of this moment, and whether it has struck."""
        now = self._elapsed()
        value = watched.valuation.value if watched.valuation is not None else None
        if value is None or watched.flat_since is not None:
            watched.recheck.forget()
            return
        watched.recheck.saw(watched.exit, value, now)
        if (stood := watched.recheck.stood(now)) is not None:
            watched.exit = watched.exit.with_best(stood)
        level = watched.recheck.struck(now)
        if level is not None and not watched.acting and now >= watched.retry_at:
            watched.acting = True
            self.background.start(self._strike(watched, level), f"P&L exit {watched.exit.id} strikes")

    def _look_ahead(self, watched: _Watched) -> None:
        """Has the books read shortly before it strikes: the strike and its exits rely on that reading, if nothing changes."""
        due = watched.recheck.due
        if due is not None and due != watched.ahead and not watched.reading and self._elapsed() >= due - AHEAD:
            watched.ahead, watched.reading = due, True
            self.background.start(self._read(watched, ahead=True), f"P&L exit {watched.exit.id} looks ahead")

    def _figure(self, watched: _Watched) -> ScopeResult:
        if watched.valuation is None or self._is_overdue(watched):
            return ScopeResult(value=None, missing=("the books",))
        return watched.valuation.figure

    def _is_overdue(self, watched: _Watched) -> bool:
        """Whether it should have struck by now: the books that it has to read first do not come."""
        due = watched.recheck.due
        return due is not None and self._elapsed() - due >= LATER

    async def _note(self, watched: _Watched) -> None:
        """Stores the best result, so that a restart counts from it, and every few seconds that its figure is known."""
        if watched.flat_since is not None or self._figure(watched).value is not None:
            watched.exit = replace(watched.exit, seen_at=self.clock.now())
        seen, noted = watched.exit, watched.noted
        is_due = seen.seen_at is not None and (noted.seen_at is None or abs(seen.seen_at - noted.seen_at) >= NOTED)
        if is_due or seen.best != noted.best:
            watched.noted = seen
            await self.store.lightly(lambda db: _keep(db, seen))

    async def _note_blind(self, watched: _Watched) -> None:
        """Rings when the figure has not been known for a while, and when it is again."""
        value = self._figure(watched).value
        sleeps = watched.flat_since is not None and self._logged_in(watched.exit.account_id)
        if sleeps:
            watched.blind_since, watched.missed = None, False
            return
        if value is None:
            if watched.blind_since is None:
                watched.blind_since, watched.blind_at = self.clock.now(), self._elapsed()
            if self._elapsed() - watched.blind_at >= BLIND_FOR and not watched.rang:
                watched.rang = True
                await self._tell(watched.exit, PnlNews.BLIND, since=watched.blind_since, missing=self._why(watched))
            return
        since, watched.blind_since = watched.blind_since, None
        if watched.rang or watched.missed:
            watched.rang = watched.missed = False
            await self._tell(watched.exit, PnlNews.SEES, since=since, value=value)

    def _why(self, watched: _Watched) -> tuple[str, ...]:
        if not self._logged_in(watched.exit.account_id):
            return ("the session",)
        return self._figure(watched).missing if self.watcher.connected(watched.exit.account_id) else ("the feed",)

    async def _strike(self, watched: _Watched, level: PnlLevel) -> None:
        """Where the figure still is beyond its level by the books of now, it acts on what is open in this moment."""
        exit_, rows = watched.exit, watched.rows
        try:
            if rows is not None and self.reader.stands(exit_, rows):
                self._refresh(watched)
            else:
                rows, began = await self.reader.read(exit_), self._elapsed()
                await self._take(watched, rows, began)
            value = watched.valuation.value if watched.valuation is not None else None
            if value is None or exit_.reached(value) is not level:
                watched.recheck.forget()
                return
            await self.striking.begin(exit_, level, value, rows.lines)
            self._let_go(exit_.id)
        except (BrokerError, StorageAway) as error:
            log.warning("P&L exit %s could not act: %s", exit_.id, type(error).__name__)
            watched.retry_at = self._elapsed() + LATER
        finally:
            watched.acting = False
            self._wake()

    async def _end(self, watched: _Watched, why: str, *, day_over: bool = False) -> None:
        exit_, now = watched.exit, self.clock.now()

        def end(db: Repositories) -> None:
            if db.pnl_exits.end(exit_.id):
                news = PnlExitTold.of(exit_, PnlNews.ENDED, now, value=self._figure(watched).value, day_over=day_over)
                tell_all(db, exit_.account_id, news, now)
                db.audit.add(now, exit_.by, "pnl exit", exit_.account_id, before="watches", after=why)

        await self.store.transaction(end)
        self._let_go(exit_.id)

    async def _tell(
        self, exit_: PnlExit, told: PnlNews, *, since: datetime | None = None, missing: tuple[str, ...] = (),
        value: Decimal | None = None,
    ) -> None:  # fmt: skip
        now = self.clock.now()
        news = PnlExitTold.of(exit_, told, now, since=since, missing=missing, value=value)

        def tell(db: Repositories) -> bool:
            known = db.pnl_exits.find(exit_.id)
            if known is None or known.state is not PnlState.ALIVE:
                return False
            tell_all(db, exit_.account_id, news, now)
            return True

        if not await self.store.transaction(tell):  # it ended meanwhile, with its account
            self.wake()

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time()


def _keep(db: Repositories, exit_: PnlExit) -> None:
    stored = db.pnl_exits.find(exit_.id)
    if stored is not None:
        db.pnl_exits.note(replace(stored, best=exit_.best, seen_at=exit_.seen_at))
