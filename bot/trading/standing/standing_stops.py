"""What a person does with stops that live over days: keeps one, lists them, ends one, and places today's under one Confirm."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.errors import CheckFailed, ConfirmationGone, NotFound
from bot.domain.exits.closing import is_guard
from bot.domain.market.display_names import short
from bot.domain.news.people import ActionKind
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.orders.standing import is_exit
from bot.domain.people.account import Account, Actor, Permission
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState, part_name, sliced
from bot.domain.plans.standing_stop import OVER_DAYS, Morning, StandingCard, StandingShown, StandingState, StandingStop
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import Product
from bot.domain.value import value
from bot.trading.actor import account_of, demand_role
from bot.trading.exits.live_exit import LiveExit
from bot.trading.orders.lookup import order_by_number, own_order
from bot.trading.orders.sending import Answered
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_of

A_YEAR, AN_HOUR = timedelta(days=365), timedelta(hours=1)
_NO = "You may not place stops here any more."
_PURPOSES = frozenset({Purpose.STOPS, Purpose.KEEP, Purpose.KEEP_ONLY})


@value
class StandingStops:
    """Records of an account. All of its people see them. Each morning asks for its Confirm, unless an owner set otherwise."""

    store: Store
    proposing: ProposalBuilder
    exits: LiveExit
    clock: Clock
    begun: Callable[[], None]  # plans were begun: whoever carries them out looks now

    async def keep(self, actor: Actor, order: int | str, until: date | None = None) -> StandingShown:
        """Keeps the stop that an order is, until a date in India. Without one until its contract ends, or for a year.

        It takes the place of one for the same row. CheckFailed where the order is no stop that waits, or is of one day.
        """
        account, now = account_of(actor), self.clock.now()
        today = ist_date(now)
        rows = self.exits.reconcile.open_rows(account.id)

        def write(db: Repositories) -> StandingStop:
            demand_role(db, actor, Permission.REDUCE, _NO)
            known = own_order(db, actor, order) if isinstance(order, str) else order_by_number(db, account.id, today, order)
            if not is_guard(known) or known.draft.trigger is None or not is_exit(known, rows):
                raise CheckFailed([f"#{known.number} is no stop that waits for a position."])
            stop = StandingStop.of(known, actor.user.telegram_id, _last_day(known.draft, until, today), now)
            self._note(db, stop, known.id)
            return db.standing_stops.add(stop)

        made = await self.store.transaction(write)
        return await self.shown(actor, made)

    def _note(self, db: Repositories, stop: StandingStop, subject: str) -> None:
        """It takes the place of one for the same row, on record."""
        for other in db.standing_stops.of(stop.account_id):
            if other.row == stop.row:
                db.standing_stops.save(replace(other, state=StandingState.OVER), was=other.state)
        what = f"{self.proposing.terms(stop.draft())} until {stop.until.isoformat()}"
        now = self.clock.now()
        db.audit.add(now, stop.by, "standing stop", stop.account_id, subject, before="none", after=what)
        say = f"keeps a stop every day: {short(stop.instrument)}"
        tell_of(db, stop.account_id, stop.by, ActionKind.STANDING_STOP, now, detail=say)

    async def ask_to_keep(self, actor: Actor, asked: Proposal, until: date, *, chat_id: int) -> StandingCard:
        """One question about a new stop: it is placed today, and kept until a date in India. It takes the place of the stop's
        own question. While the market takes none it is only kept, and the next morning asks for it or places it.
        CheckFailed where it is of one day, or another stop guards the row.
        """
        account, _ = self.proposing.connection(actor)
        draft, now = asked.draft, self.clock.now()
        if draft.trigger is None:
            raise CheckFailed(["That is no stop."])
        last = _last_day(draft, until, ist_date(now))
        row, _ = await self.exits.standing(account.id, draft)
        bare = min(draft.quantity, max(row.unguarded, 0)) // draft.instrument.lot * draft.instrument.lot
        if not bare:
            raise CheckFailed(["A stop guards it already: Keep every day on its card keeps that one (/orders)."])
        stop = StandingStop(
            account_id=account.id,
            by=actor.user.telegram_id,
            instrument=draft.instrument,
            product=draft.product,
            side=draft.side,
            quantity=bare,
            trigger=draft.trigger,
            limit=draft.price,
            until=last,
            made_at=now,
            state=StandingState.ASKED,
        )
        purpose = Purpose.KEEP if asked.opens is None else Purpose.KEEP_ONLY
        card = self._card(actor, account, chat_id, purpose, Morning(to_place=((stop, bare),)))
        stop = replace(stop, asked=card.confirmation.token)

        def store(db: Repositories) -> None:
            self._add(db, actor, card)
            db.confirmations.close(asked.confirmation.token, ConfirmationState.REPLACED)
            for old in db.standing_stops.asked(account.id):
                if now - old.made_at > AN_HOUR:  # nobody answered
                    db.standing_stops.save(replace(old, state=StandingState.OVER), was=StandingState.ASKED)
            db.standing_stops.add(stop)

        await self.store.transaction(store)
        return replace(card, kept=stop, warnings=tuple(remark.say for remark in asked.warnings))

    async def shown(self, actor: Actor, made: StandingStop | None = None) -> StandingShown:
        """Those of the account that are not over."""
        account = account_of(actor)
        now = self.clock.now()

        def read(db: Repositories) -> StandingShown:
            today, later = db.limits.on(account.id, ist_date(now)), db.limits.after(account.id, ist_date(now))
            own = today.stops_by_themselves
            changes = later[0] if later is not None and later[1].stops_by_themselves is not own else None
            stops = tuple(db.standing_stops.of(account.id))
            return StandingShown(account=account, stops=stops, as_of=now, made=made, by_themselves=own, changes_on=changes)

        return await self.store.read(read)

    async def end(self, actor: Actor, number: int) -> StandingShown:
        """Ends one: it is offered no more. What rests at the exchange today stays."""
        return await self._change(actor, number, lambda stop: replace(stop, state=StandingState.OVER), "ended")

    async def trust(self, actor: Actor, number: int) -> StandingShown:
        """Takes a paused one up again at its old price."""
        today = ist_date(self.clock.now())
        again = lambda stop: replace(stop, state=StandingState.KEPT, base=None, trusted_on=today)  # noqa: E731
        return await self._change(actor, number, again, "kept as it was")

    async def adjust(self, actor: Actor, number: int) -> StandingShown:
        """Takes a paused one up again on the price after a bonus or a split. CheckFailed where no usual factor explains it."""
        today = ist_date(self.clock.now())

        def anew(stop: StandingStop) -> StandingStop:
            rebased = stop.rebased()
            if rebased is None:
                raise CheckFailed(
                    [f"No usual bonus or split explains the price. Place the stop of {short(stop.instrument)} anew."]
                )
            return replace(rebased, state=StandingState.KEPT, base=None, trusted_on=today)

        return await self._change(actor, number, anew, "adjusted")

    async def _change(
        self, actor: Actor, number: int, change: Callable[[StandingStop], StandingStop], what: str
    ) -> StandingShown:
        account, now = account_of(actor), self.clock.now()

        def write(db: Repositories) -> None:
            demand_role(db, actor, Permission.REDUCE, _NO)
            stop = next((each for each in db.standing_stops.of(account.id) if each.id == number), None)
            if stop is None or (stop.base is None and what != "ended"):
                raise NotFound(f"There is no standing stop {number} to be {what}. /stops lists them.")
            db.standing_stops.save(change(stop), was=stop.state)
            person = actor.user.telegram_id
            db.audit.add(now, person, "standing stop", account.id, before=f"stop {number} {stop.state}", after=what)
            say = f"changed a stop that is kept every day: {short(stop.instrument)} is {what}"
            tell_of(db, account.id, person, ActionKind.STANDING_STOP, now, detail=say)

        await self.store.transaction(write)
        return await self.shown(actor)

    async def morning(self, account_id: str) -> Morning:
        """What is to be placed now, by the books of now. BrokerError where they cannot be read."""
        today = ist_date(self.clock.now())
        stops = await self.store.read(lambda db: list(db.standing_stops.of(account_id)))
        found = Morning()
        for stop in stops:
            if stop.state is not StandingState.KEPT:
                continue
            row, _ = await self.exits.standing(account_id, stop.draft())
            lot = stop.instrument.lot
            bare = min(stop.quantity, max(row.unguarded, 0)) // lot * lot
            beyond = stop.is_beyond(await self.proposing.prices.of(account_id, stop.instrument.key), today)
            if stop.until < today or row.open <= 0:
                found = replace(found, gone=(*found.gone, stop))
            elif not bare:
                found = replace(found, guarded=(*found.guarded, stop))
            elif beyond:
                found = replace(found, beyond=(*found.beyond, stop))
            else:
                untraded = (*found.untraded, stop) if beyond is None else found.untraded
                found = replace(found, to_place=(*found.to_place, (stop, bare)), untraded=untraded)
        return found

    async def ask(self, actor: Actor, *, chat_id: int) -> StandingCard:
        """One question about all of today's stops. CheckFailed where none is to be placed."""
        account, _ = self.proposing.connection(actor)
        await self.proposing.instruments.settled()
        morning = await self.morning(account.id)
        if not morning.to_place:
            raise CheckFailed(["No standing stop is to be placed now: what is open is guarded, or its price is beyond the stop."])
        card = self._card(actor, account, chat_id, Purpose.STOPS, morning)
        await self.store.transaction(lambda db: self._add(db, actor, card))
        return card

    def _card(self, actor: Actor, account: Account, chat_id: int, purpose: Purpose, morning: Morning) -> StandingCard:
        now = self.clock.now()
        drafts = [draft for stop, bare in morning.to_place for draft in self.orders(stop, bare, ist_date(now))]
        legs = tuple(PlanLeg(number=place, kind=LegKind.STOP, draft=draft) for place, draft in enumerate(drafts))
        plan = stops_of_a_day("", account.id, actor.user.telegram_id, legs, now)
        question = self.proposing.confirmations.new(actor, chat_id, purpose, plan=plan.digest())
        return StandingCard(confirmation=question, account=account, plan=replace(plan, id=question.token), morning=morning)

    def _add(self, db: Repositories, actor: Actor, card: StandingCard) -> None:
        self._demand(db, actor, card.account, card.plan.legs)
        self.proposing.confirmations.note_exit(card.confirmation)
        db.confirmations.add(card.confirmation)
        db.plans.add(card.plan)

    async def confirm(
        self, actor: Actor, token: str, *, chat_id: int, message_id: int, answered: Answered | None = None
    ) -> StandingCard:
        """Claims the question. Each of its stops becomes a plan of its own, which places it, once, for what is open then."""
        account, _ = self.proposing.connection(actor)

        def claim(db: Repositories) -> StandingCard:
            confirmations, now = self.proposing.confirmations, self.clock.now()
            question = confirmations.open_one(db, actor, token, chat_id, message_id, fits=_PURPOSES)
            plan = db.plans.find(token)
            if question.account_id != account.id or plan is None:
                raise ConfirmationGone("This card belongs to another account. Nothing was sent.")
            self._demand(db, actor, account, plan.legs)
            confirmations.claim(db, question)
            if not db.plans.begin(token):
                raise ConfirmationGone("These stops were begun already.")
            only_kept = question.purpose is Purpose.KEEP_ONLY
            db.plans.end(token, "kept for the next morning" if only_kept else "each stop has a plan of its own")
            for leg in () if only_kept else plan.legs:
                db.plans.add(own_plan(plan, leg, now))
            terms = "; ".join(self.proposing.terms(leg.draft) for leg in plan.legs)
            db.audit.add(now, plan.placed_by, "standing stops", account.id, before="asked", after=terms)
            kept = next((stop for stop in db.standing_stops.asked(account.id) if stop.asked == token), None)
            if kept is not None:
                self._note(db, kept, "")
                kept = replace(kept, state=StandingState.KEPT)
                db.standing_stops.save(kept, was=StandingState.ASKED)
            return StandingCard(confirmation=question, account=account, plan=plan, morning=Morning(), placed=True, kept=kept)

        card = await self.store.transaction(claim)
        self.begun()
        if answered is not None:
            await answered()
        return card

    def orders(self, stop: StandingStop, bare: int, on: date) -> list[OrderDraft]:
        """The orders of one stop: more than one where it is over the freeze quantity."""
        known = self.proposing.instruments.by_key(stop.instrument.key)
        draft = replace(stop, instrument=known or stop.instrument).draft(bare)
        freeze = self.proposing.rules.freeze(draft.instrument, on)
        return [leg.draft for leg in sliced(draft, freeze.quantity if freeze is not None else bare, LegKind.STOP)]

    def _demand(self, db: Repositories, actor: Actor, account: Account, legs: tuple[PlanLeg, ...]) -> None:
        """May this person place all of it? A guardian leaves delivery alone, unless an owner allowed it."""
        demand_role(db, actor, Permission.REDUCE, _NO)
        limits = db.limits.on(account.id, ist_date(self.clock.now()))
        delivery = any(leg.draft.product is Product.CNC for leg in legs)
        if delivery and not limits.guardian_sells_holdings:
            demand_role(db, actor, Permission.OPEN, "Delivery and holdings are the owner's.")


def _last_day(draft: OrderDraft, until: date | None, today: date) -> date:
    """The last date in India on which a stop stands. CheckFailed where it cannot stand so long, or is of one day."""
    if draft.product not in OVER_DAYS:
        raise CheckFailed([f"{draft.product} is of one day: a stop over days is for delivery and carry-forward."])
    expiry = draft.instrument.expiry
    last = until or expiry or today + A_YEAR
    if last < today or (expiry is not None and last > expiry):
        raise CheckFailed([f"It can stand from today until {expiry or today + A_YEAR:%d %b %Y}."])
    return last


def stops_of_a_day(plan_id: str, account_id: str, by: int, legs: tuple[PlanLeg, ...], now: datetime) -> Plan:
    """All of them as one plan that is not begun. Nothing of it is sent after the midnight that ends the day in India."""
    midnight = at_ist(ist_date(now) + timedelta(days=1), 0)
    return Plan(id=plan_id, account_id=account_id, placed_by=by, state=PlanState.ASKED, legs=legs, until=midnight, created_at=now)


def own_plan(whole: Plan, leg: PlanLeg, now: datetime) -> Plan:
    """The plan that places one of the orders, once, for what is open then."""
    return replace(
        whole,
        id=part_name(whole.id, leg.number),
        state=PlanState.ALIVE,
        legs=(replace(leg, number=0),),
        created_at=now,
        base=leg.draft.quantity,
    )
