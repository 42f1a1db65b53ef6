"""What a person does with trails: asks for one on what is open, confirms it, looks at it, ends it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted, ConfirmationGone, NotFound
from bot.domain.exits.exit_choice import chosen
from bot.domain.market.display_names import short
from bot.domain.money import grouped, in_figures, on_tick
from bot.domain.news.people import ActionKind
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.orders.order_text import plain, trail_words
from bot.domain.people.account import Account, Actor, Permission
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState
from bot.domain.plans.trail import TrailRule
from bot.domain.plans.trail_card import TrailCard, TrailSeen, TrailShown
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position, PositionLine, open_row
from bot.domain.terms import OrderKind, Side
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.actor import account_of, demand_role
from bot.trading.checks.reducing import objections
from bot.trading.checks.remarks import closed_until
from bot.trading.drafts.attaching import plan_for
from bot.trading.drafts.trailing import first_stop, trail_in_points
from bot.trading.exits.live_exit import LiveExit
from bot.trading.orders.lookup import own_order
from bot.trading.plans.plan_now import plan_now
from bot.trading.plans.stop_to_cost import StopToCost
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_of

SHARES, OPTIONS = ("0.5", "1", "2"), ("5", "10", "20")  # per cent that are offered
EXAMPLE = "/trail RELIANCE 15"
_NO = "You may not set a stop here any more."


@value
class Trails:
    """A trail stands with the plan whose stop it moves. For a stop that is of no plan, or for none, a plan is made."""

    proposing: ProposalBuilder
    exits: LiveExit
    views: AccountViews
    to_cost: StopToCost
    seen: Callable[[str], TrailSeen | None]  # a plan's trail as the runner knows it
    changed: Callable[[], None]
    clock: Clock

    async def ask(self, actor: Actor, words: str, said: TrailSaid, *, chat_id: int) -> TrailCard:
        """The card for the open position that the words name. ChoiceWanted where they name more than one."""
        position = await self._named(actor, words, " ".join(trail_words(said)[1:]))
        return await self._ask(actor, position, said, None, chat_id)

    async def ask_of_order(self, actor: Actor, order_id: str, said: TrailSaid, *, chat_id: int) -> TrailCard:
        """The card for the position of an order. Where that order's own plan has a stop, for that one."""
        order = await self.proposing.store.transaction(lambda db: own_order(db, actor, order_id))
        position = await self._position(actor, order.draft)

        def guard_of(db: Repositories) -> Order | None:
            plan = db.plans.of_order(order.id)
            guard = db.orders.find(plan.guard_id) if plan is not None and plan.guard_id is not None else None
            return guard if guard is not None and guard.status is OrderStatus.TRIGGER_PENDING else None

        own = await self.proposing.store.transaction(guard_of)
        return await self._ask(actor, position, said, own, chat_id)

    async def choices(self, actor: Actor, order_id: str) -> ChoiceWanted:
        """The question how far the stop of an order's position is to follow, with whole commands as buttons."""
        order = await self.proposing.store.transaction(lambda db: own_order(db, actor, order_id))
        position = await self._position(actor, order.draft)
        name = f"/trail {position.instrument.name} {position.product.lower()}"
        shares = OPTIONS if position.instrument.is_option else SHARES
        near = [(f"{each} % behind", f"{name} {each}%") for each in shares]
        return ChoiceWanted("How far behind the best price? Or reply to the fill: trail 15, trail 15 step 10", near=near)

    async def _named(self, actor: Actor, words: str, said: str) -> Position:
        lines = await self._lines(actor)
        choice = chosen(words, lines)
        if len(choice.lines) > 1:
            near = [
                (
                    f"{short(line.position.instrument)} {line.position.product}",
                    f"/trail {line.position.instrument.name} {line.position.product.lower()} {said}",
                )
                for line in choice.lines
            ]
            raise ChoiceWanted("Which of them?", near=near)
        return choice.lines[0].position

    async def _lines(self, actor: Actor) -> list[PositionLine]:
        """Today's positions, each with its instrument as the scrip master names it."""
        await self.proposing.instruments.settled()
        return [line.listed(self.proposing.instruments.by_key) for line in (await self.views.positions(actor)).lines]

    async def _position(self, actor: Actor, draft: OrderDraft) -> Position:
        _, connection = self.proposing.connection(actor)
        held = open_row(await connection.broker.positions(), draft.instrument.key, draft.product)
        if held is None:
            raise CheckFailed([f"There is no open {draft.product} position in it. On a card that is not confirmed: trail 15."])
        return held

    async def _ask(self, actor: Actor, position: Position, said: TrailSaid, own: Order | None, chat_id: int) -> TrailCard:
        account, _ = self.proposing.connection(actor)
        await self.proposing.instruments.settled()
        instrument = self.proposing.instruments.by_key(position.instrument.key) or position.instrument
        price = await self.proposing.prices.of(account.id, instrument.key)
        if price is None:
            raise CheckFailed([f"No price of {short(instrument)} is known now, so no stop can follow it."])
        long, tick = position.quantity > 0, instrument.tick
        trail = trail_in_points(said, price.last, tick)
        if off := [each for each in (trail.every, trail.step) if each is not None and not on_tick(each, tick)]:
            raise CheckFailed([f"{in_figures(each)} is between ticks of {in_figures(tick)}." for each in off])
        lot, side = instrument.lot, Side.SELL if long else Side.BUY
        whole = abs(position.quantity) // lot * lot
        if not whole:
            raise CheckFailed([f"{abs(position.quantity)} is less than one lot of {lot}: no stop can be placed for it."])
        closing = OrderDraft(
            instrument=instrument, side=side, quantity=whole, kind=OrderKind.MARKET, product=position.product
        )  # fmt: skip
        guard, free = await self._guard(account, closing, own)
        stop = guard.draft if guard is not None else self._first(trail, closing, price.last, min(free, whole))
        if guard is None:
            await self._check(actor, account, stop)
        rule = TrailRule(
            side=side,
            every=trail.every,
            step=trail.step,
            base=price.last,
            start=stop.trigger or price.last,
            gap=abs(stop.trigger - stop.price) if stop.trigger is not None and stop.price is not None else None,
            tick=tick,
        )
        card = TrailCard(
            confirmation=self.proposing.confirmations.new(actor, chat_id, Purpose.TRAIL),
            account=account, rule=rule, stop=stop, guard=guard, price=price, open=abs(position.quantity),
        )  # fmt: skip
        return await self._store(actor, card, chat_id)

    async def _guard(self, account: Account, closing: OrderDraft, own: Order | None) -> tuple[Order | None, int]:
        """The stop that stands and is to follow, and what no order guards. CheckFailed where it cannot be one stop."""
        row, _ = await self.exits.standing(account.id, closing)
        if row.others:
            raise CheckFailed([f"#{row.others[0].number} is closing it already: there is nothing left to guard."])
        guards = [each for each in row.guards if own is None or each.id == own.id] or list(row.guards)
        if len(guards) > 1:
            names = ", ".join(f"#{each.number}" for each in guards)
            raise CheckFailed([f"{len(guards)} stops guard it ({names}): reply to the fill whose stop is to follow."])
        if not guards and row.unguarded < closing.instrument.lot:
            raise CheckFailed(["Nothing of it is open any more."])
        return (guards[0] if guards else None), row.unguarded // closing.instrument.lot * closing.instrument.lot

    def _first(self, trail: TrailSaid, closing: OrderDraft, last: Decimal, quantity: int) -> OrderDraft:
        long, instrument = closing.side is Side.SELL, closing.instrument
        trigger = first_stop(trail, last, long=long, tick=instrument.tick)
        today = ist_date(self.clock.now())
        freeze = self.proposing.rules.freeze(instrument, today)
        if freeze is not None and quantity > freeze.quantity:
            most = grouped(str(freeze.quantity))
            raise CheckFailed([f"It is over the freeze quantity of {most}: set its stops first, one trail moves one."])
        limit = self.proposing.rules.stop_limit(
            side=closing.side, kind=instrument.kind, trigger=trigger, tick=instrument.tick, on=today
        )
        return replace(closing, kind=OrderKind.SL, quantity=quantity, trigger=trigger, price=limit)

    async def _check(self, actor: Actor, account: Account, stop: OrderDraft) -> None:
        """What speaks against a stop that is to be placed now. CheckFailed names it."""
        held = await self.proposing.held_for(actor, stop)

        def against(db: Repositories) -> tuple[str, ...]:
            role = demand_role(db, actor, Permission.REDUCE, _NO)
            situation = self.proposing.situation(db, account.id, stop, held)
            closed = closed_until(situation)
            shut = (f"{stop.instrument.exchange} takes no stop now.",) if closed is not None else ()
            return (*objections(role, situation), *shut)

        if reasons := await self.proposing.store.transaction(against):
            raise CheckFailed(reasons)

    async def _store(self, actor: Actor, card: TrailCard, chat_id: int) -> TrailCard:
        """Stores the question with the plan that it is about: the stop, and the exit where the price is quicker."""
        now = self.clock.now()
        legs = (
            PlanLeg(number=0, kind=LegKind.STOP, draft=card.stop),
            PlanLeg(number=1, kind=LegKind.TRAIL, draft=card.rule.exit(card.stop, card.rule.start)),
        )
        plan = plan_for(actor, legs, now, rule=card.rule)
        order_id = card.guard.id if card.guard is not None else None
        question = self.proposing.confirmations.new(actor, chat_id, Purpose.TRAIL, order_id=order_id, plan=plan.digest())
        self.proposing.confirmations.note_exit(question)

        def store(db: Repositories) -> None:
            demand_role(db, actor, Permission.REDUCE, _NO)
            db.confirmations.add(question)
            db.plans.add(replace(plan, id=question.token, base=card.stop.quantity))

        await self.proposing.store.transaction(store)
        return replace(card, confirmation=question)

    async def confirm(self, actor: Actor, token: str, *, chat_id: int, message_id: int) -> TrailShown:
        """Claims the question: from here on the stop follows. ConfirmationGone and CheckFailed where it cannot."""
        account, _ = self.proposing.connection(actor)

        def claim(db: Repositories) -> str:
            fits = frozenset({Purpose.TRAIL})
            question = self.proposing.confirmations.open_one(db, actor, token, chat_id, message_id, fits=fits)
            if question.account_id != account.id:
                raise ConfirmationGone("This card belongs to another account. Nothing was sent.")
            demand_role(db, actor, Permission.REDUCE, _NO)
            self.proposing.confirmations.claim(db, question)
            return self._begin(db, question)

        plan_id = await self.proposing.store.transaction(claim)
        self.changed()
        return await self.shown(actor, plan_id)

    def _begin(self, db: Repositories, question: Confirmation) -> str:
        """The plan begins to follow. Returns its id, which is another's where the stop is of a plan already."""
        now, token = self.clock.now(), question.token
        plan = db.plans.find(token)
        if plan is None or plan.trail is None or not db.plans.begin(token):
            raise ConfirmationGone("This trail was begun already.")
        trail = replace(plan.trail, since=now)
        if question.order_id is not None:
            plan = self._taken_over(db, plan, question.order_id)
            entries = [db.orders.find(leg.order_id) for leg in plan.entries if leg.order_id is not None]
            trail = replace(trail, filled=sum(entry.filled for entry in entries if entry is not None))
        db.plans.note_trail(plan.id, trail)
        what = f"{trail.rule.side} stop follows: {' '.join(trail_words(trail.rule.said))} from {plain(trail.rule.start)}"
        after = f"{plan.stop.draft.instrument.name} {what}" if plan.stop is not None else what
        db.audit.add(now, question.user_id, "trail", plan.account_id, question.order_id or "", before="none", after=after)
        tell_of(db, plan.account_id, question.user_id, ActionKind.TRAIL, now, detail=f"set a trail on {_stop_of(plan)}")
        return plan.id

    def _taken_over(self, db: Repositories, asked: Plan, stop_id: str) -> Plan:
        """The plan that the standing stop is of from now on: the one it has, or the one that was asked with this question."""
        stop, leg = db.orders.find(stop_id), asked.leg(LegKind.STOP)
        is_same = stop is not None and leg is not None and stop.draft == leg.draft
        if stop is None or not is_same or stop.status is not OrderStatus.TRIGGER_PENDING or stop.cancelled_by is not None:
            raise CheckFailed(["The stop changed since this card: ask again."])
        holder = db.plans.of_order(stop.id)
        if holder is None or holder.state is not PlanState.ALIVE:
            db.plans.adopt(asked.id, 0, stop.id, stop.draft.quantity)
            return db.plans.find(asked.id) or asked
        if holder.leg(LegKind.TRAIL) is None:
            out = asked.legs[-1]
            db.plans.extend(holder.id, replace(out, number=max(each.number for each in holder.legs) + 1))
        db.plans.end(asked.id, "joined the plan of its stop")
        return holder

    async def shown(self, actor: Actor, plan_id: str) -> TrailShown:
        """A trail as it stands. NotFound for one that is not this account's."""
        account = account_of(actor)
        now = await self.proposing.store.read(lambda db: plan_now(db, plan_id))
        if now is None or now.plan.account_id != account.id or now.plan.trail is None:
            raise NotFound("That trail is not one of this account's.")
        return self._shown(account, now.plan, now.guard)

    def _shown(self, account: Account, plan: Plan, guard: Order | None) -> TrailShown:
        stored = plan.trail
        if stored is None:
            raise NotFound("That trail is not one of this account's.")
        seen = self.seen(plan.id) if plan.state is PlanState.ALIVE and plan.trails else None
        fresh = seen if seen is not None and seen.trail.rule == stored.rule else TrailSeen(trail=stored)
        return TrailShown(account=account, plan=plan, guard=guard, seen=fresh, as_of=self.clock.now())

    async def all(self, actor: Actor) -> tuple[TrailShown, ...]:
        """Every trail of the account that is alive, oldest first."""
        account = account_of(actor)

        def read(db: Repositories) -> tuple[TrailShown, ...]:
            plans = (plan_now(db, plan.id) for plan in db.plans.alive() if plan.account_id == account.id and plan.trails)
            return tuple(self._shown(account, each.plan, each.guard) for each in plans if each is not None)

        return await self.proposing.store.read(read)

    async def end_of(self, actor: Actor, words: str) -> tuple[TrailShown, ...]:
        """Ends every trail of the open positions that the words name. NotFound where none of them has one."""
        lines = chosen(words, await self._lines(actor)).lines
        places = {(line.position.instrument.key, line.position.product) for line in lines}
        stops = [(one, one.plan.stop.draft) for one in await self.all(actor) if one.plan.stop is not None]
        mine = [one for one, stop in stops if (stop.instrument.key, stop.product) in places]
        if not mine:
            raise NotFound("No stop of it follows the price. /trail lists those that do.")
        return tuple([await self.end(actor, one.plan.id) for one in mine])

    async def end(self, actor: Actor, plan_id: str) -> TrailShown:
        """The stop stays where it is and follows no more."""
        await self.shown(actor, plan_id)
        now = self.clock.now()

        def write(db: Repositories) -> None:
            demand_role(db, actor, Permission.REDUCE, _NO)
            plan = db.plans.find(plan_id)
            if plan is not None and plan.trail is not None and db.plans.note_trail(plan_id, replace(plan.trail, over=True)):
                db.audit.add(now, actor.user.telegram_id, "trail", plan.account_id, before="follows", after="ended")
                what = f"ended the trail of {_stop_of(plan)}; the stop stays where it is"
                tell_of(db, plan.account_id, actor.user.telegram_id, ActionKind.TRAIL, now, detail=what)

        await self.proposing.store.transaction(write)
        self.changed()
        return await self.shown(actor, plan_id)


def _stop_of(plan: Plan) -> str:
    """Names a stop: the stop of 65 NF 24500CE 23Nov."""
    stop = plan.stop.draft if plan.stop is not None else plan.legs[0].draft
    return f"the stop of {stop.quantity} {short(stop.instrument)}"
