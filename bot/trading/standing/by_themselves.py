"""Stops over days that are placed without a morning's Confirm, where an owner of the account set so.

What was confirmed when a stop was kept is the licence: its side, at most its quantity and what is open, its trigger, its limit.
"""

from datetime import date

from bot.domain.people.account import GRANTS, Permission
from bot.domain.plans.plan import LegKind, Plan, PlanLeg
from bot.domain.plans.standing_stop import Morning, StandingStop
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Product
from bot.domain.value import value
from bot.trading.standing.standing_stops import StandingStops, own_plan, stops_of_a_day


@value
class StopsByThemselves:
    """Makes the plans that place a morning's stops."""

    stops: StandingStops

    async def place(self, account_id: str, morning: Morning, day: date) -> frozenset[int]:
        """The numbers of the stops that are placed so. The rest is to be asked for: no owner set it, or nothing is known of a
        trade of today, or who kept the stop may not place it any more.

        A plan is named after its stop and the date in India, so that a morning that is repeated after a kill makes no second one.
        """
        priced = await self._priced(account_id, morning, day)

        def write(db: Repositories) -> frozenset[int]:
            if not db.limits.on(account_id, day).stops_by_themselves:
                return frozenset()
            now = self.stops.clock.now()
            placed = set[int]()
            for stop, bare in priced:
                if not _may(db, stop, day):
                    continue
                placed.add(stop.id)
                drafts = self.stops.orders(stop, bare, day)
                legs = tuple(PlanLeg(number=place, kind=LegKind.STOP, draft=draft) for place, draft in enumerate(drafts))
                whole = stops_of_a_day(f"standing-{stop.id}-{day:%Y%m%d}", account_id, stop.by, legs, now)
                plans = [plan for leg in legs if db.plans.find((plan := own_plan(whole, leg, now)).id) is None]
                if plans:
                    self._begin(db, stop, plans)
            return frozenset(placed)

        placed = await self.stops.store.transaction(write)
        if placed:
            self.stops.begun()
        return placed

    async def _priced(self, account_id: str, morning: Morning, day: date) -> list[tuple[StandingStop, int]]:
        """Those of which a trade of today is known that is not beyond."""
        if not morning.to_place:
            return []
        await self.stops.proposing.instruments.settled()
        prices = await self.stops.proposing.prices.of_all(account_id, {stop.instrument.key for stop, _ in morning.to_place})
        return [(stop, bare) for stop, bare in morning.to_place if stop.is_beyond(prices.get(stop.instrument.key), day) is False]

    def _begin(self, db: Repositories, stop: StandingStop, plans: list[Plan]) -> None:
        for plan in plans:
            db.plans.add(plan)
        terms = "; ".join(self.stops.proposing.terms(plan.legs[0].draft) for plan in plans)
        now = self.stops.clock.now()
        db.audit.add(now, None, "standing stops", stop.account_id, before=f"stop {stop.id} kept", after=f"by itself: {terms}")


def _may(db: Repositories, stop: StandingStop, day: date) -> bool:
    """Whether the person who kept it might confirm it today. A guardian leaves delivery alone, unless an owner allowed it."""
    role = db.people.role_on(stop.by, stop.account_id)
    if role is None or Permission.REDUCE not in GRANTS[role]:
        return False
    if stop.product is not Product.CNC or db.limits.on(stop.account_id, day).guardian_sells_holdings:
        return True
    return Permission.OPEN in GRANTS[role]
