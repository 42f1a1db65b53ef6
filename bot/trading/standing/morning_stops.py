"""The morning of stops that live over days: what is to be placed rings once the market is open.

A new base pauses a stop.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.domain.clock import Clock
from bot.domain.market.display_names import short
from bot.domain.market.instrument import InstrumentKey
from bot.domain.news.days.readiness import Finding, Light, Repair
from bot.domain.news.plans.standing_stops import StandingStopPaused, StandingStopsDue
from bot.domain.people.account import Account
from bot.domain.plans.standing_stop import Morning, StandingState, StandingStop
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.held import NewBase
from bot.domain.terms import Product
from bot.domain.value import value
from bot.runtime.scheduler import Occasion
from bot.trading.account.account_views import AccountViews
from bot.trading.money.telling import Telling, by_the_clock
from bot.trading.safety.announce import tell_all
from bot.trading.standing.by_themselves import StopsByThemselves
from bot.trading.standing.standing_stops import StandingStops

MOMENTS, MOMENT = 3, 1.0  # readings more, and seconds between them, that wait for a first trade


@value
class MorningStops:
    """Rings once for each account and date."""

    store: Store
    telling: Telling
    views: AccountViews
    stops: StandingStops
    own_way: StopsByThemselves
    clock: Clock

    @property
    def name(self) -> str:
        """The name of its row on the morning's card."""
        return "stops"

    async def of(self, account: Account, day: date) -> Sequence[Finding]:
        """A row of what is to be placed today."""
        stops = await self.store.read(lambda db: db.standing_stops.of(account.id))
        if not stops:
            return ()
        kept = [stop for stop in stops if stop.state is StandingState.KEPT and stop.until >= day]
        paused = tuple(f"{short(stop.instrument)} paused" for stop in stops if stop.state is StandingState.PAUSED)
        return (
            Finding(
                light=Light.AMBER if paused else Light.GREEN,
                name=self.name,
                value=f"{len(kept)} to place",
                details=paused,
                repairs=(Repair(label="Stops", command="/stops"),),
                waits="stops are to be placed" if kept else "",
            ),
        )

    async def tell(self, occasion: Occasion) -> None:
        """What is to be placed, what opened beyond its stop, what is over. Without a session that nothing can be placed."""
        await self.telling.each("standing stops", occasion, lambda account: self._due(account, occasion.day))

    async def _due(self, account: Account, day: date) -> StandingStopsDue | None:
        kept = [
            stop
            for stop in await self.store.read(lambda db: db.standing_stops.of(account.id))
            if stop.state is StandingState.KEPT
        ]
        if not kept:
            return None
        if self.views.connections.session_of(account.id, self.clock.now()) is None:
            return StandingStopsDue(to_place=tuple(kept), session=False)
        if any(stop.product is Product.CNC for stop in kept):
            await self._pause(account, kept, day)
        morning = await self._traded(account.id)
        await self.store.transaction(lambda db: _end(db, morning.gone))
        placing = await self.own_way.place(account.id, morning, day)
        bare = [replace(stop, quantity=quantity) for stop, quantity in morning.to_place]
        own, asked = (tuple(stop for stop in bare if (stop.id in placing) is by_itself) for by_itself in (True, False))
        if not (bare or morning.beyond or morning.gone):
            return None
        return StandingStopsDue(to_place=asked, untraded=morning.untraded, placing=own, beyond=morning.beyond, gone=morning.gone)

    async def _traded(self, account_id: str) -> Morning:
        """What a morning makes of them. What was not traded yet is given a moment: the first trades come with the open."""
        morning = await self.stops.morning(account_id)
        for _ in range(MOMENTS):
            if not morning.untraded:
                break
            await asyncio.sleep(MOMENT)
            morning = await self.stops.morning(account_id)
        return morning

    async def _pause(self, account: Account, kept: Sequence[StandingStop], day: date) -> None:
        """Pauses those whose share seems to have a new base, and tells each."""
        demat = await self.views.holdings(by_the_clock(account))
        bases: Mapping[InstrumentKey, NewBase] = {line.instrument.key: line.base for line in demat.lines if line.base is not None}

        def write(db: Repositories) -> None:
            for stop in kept:
                base = bases.get(stop.instrument.key)
                if base is None or stop.trusted_on == day:
                    continue
                paused = replace(stop, state=StandingState.PAUSED, base=base)
                if db.standing_stops.save(paused, was=StandingState.KEPT):
                    news = StandingStopPaused(stop=paused, base=base)
                    tell_all(db, account.id, news, self.clock.now())

        await self.store.transaction(write)


def _end(db: Repositories, gone: Sequence[StandingStop]) -> None:
    for stop in gone:
        db.standing_stops.save(replace(stop, state=StandingState.OVER), was=StandingState.KEPT)
