"""Asks whether a position is to be turned round, and claims the answer: an exit, and the same size on the other side."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, ConfirmationGone, WordsWanted
from bot.domain.exits.exit_choice import ExitChoice
from bot.domain.exits.exit_list import ExitList, ExitRow, ExitsShown, ListKind, Opening, Slice
from bot.domain.market.display_names import short
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState, sliced
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import PositionLine
from bot.domain.proposals.reversal import ReversalCard
from bot.domain.value import value
from bot.trading.actor import account_of, demand_role
from bot.trading.checks.blocking import known
from bot.trading.checks.reducing import objections
from bot.trading.checks.remarks import remarks
from bot.trading.checks.situation import Situation
from bot.trading.checks.weight import weighs
from bot.trading.drafts.held import Held
from bot.trading.exit_lists.exit_lists import ExitLists
from bot.trading.exit_lists.exit_names import record
from bot.trading.exit_lists.exit_questions import LIST_LASTS
from bot.trading.exit_lists.exit_rows import OF_PANIC, demand_no_cover
from bot.trading.orders.lookup import own_order
from bot.trading.orders.sending import Answered
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.pins import demand_pin, why_pin

SAID_ALREADY = frozenset({"opens_short", "stop_turned", "twin"})  # by the card itself
_NO = "You may not open positions here any more."


@value
class Reversals:
    """Turns intraday and carry-forward positions round."""

    proposing: ProposalBuilder
    lists: ExitLists

    async def ask(self, actor: Actor, order_id: str, *, chat_id: int) -> ReversalCard:
        """The card for the position of an order's instrument and product.

        CheckFailed where nothing of it is open, it is delivery, or something speaks against the other side. ChoiceWanted where
        the position covers a short.
        """
        account, connection = self.proposing.connection(actor)
        order = await self.proposing.store.transaction(lambda db: own_order(db, actor, order_id))
        if order.draft.product not in OF_PANIC:
            raise CheckFailed(["Delivery is not turned round: a share that is not held cannot be sold for delivery."])
        lines = await self.lists.lines(actor)
        line = _line_of(lines, order.draft)
        size = ExitChoice(lines=()).of(line) if line is not None and line.position.quantity else 0
        if line is None or not size:
            raise CheckFailed([f"There is no open {order.draft.product} position in it any more."])
        demand_no_cover(actor, line.position, size, [each.position for each in lines])
        row = (await self.lists.rows.of(account.id, [(line, size)], slabs=1))[0]
        opening = row.draft
        if opening.price is None:
            raise CheckFailed([f"No price of {short(opening.instrument)} is known now, so no worst price can be named."])
        exits, plan = self._planned(actor, row)
        question = self.proposing.confirmations.new(actor, chat_id, Purpose.REVERSE, plan=plan.digest())
        margin, funds, held = await asyncio.gather(
            known(connection.broker.margin(opening)), self.proposing.funds(connection), self._after(actor, lines, opening)
        )
        needed, cash = margin.required if margin is not None else None, funds.available if funds is not None else None

        def store(db: Repositories) -> tuple[tuple[str, ...], Situation]:
            role = demand_role(db, actor, Permission.OPEN, _NO)
            situation = replace(self._situation(db, account.id, opening, held), cash=cash, margin=needed)
            if against := objections(role, situation):
                return against, situation
            self.proposing.confirmations.note_weight(question, weighs(situation))
            db.confirmations.add(question)
            db.plans.add(replace(plan, id=question.token))
            db.exit_lists.add(replace(exits, plan_id=question.token))
            return (), situation

        reasons, situation = await self.proposing.store.transaction(store)
        if reasons:
            raise CheckFailed(reasons)
        return ReversalCard(
            confirmation=question,
            account=account,
            exits=exits,
            opening=opening,
            profit=line.since_entry,
            margin=needed,
            cash=cash,
            charges=self.proposing.costs.together([leg.draft for leg in plan.legs]),
            monthly=self.proposing.instruments.is_monthly(opening.instrument) if opening.instrument.is_derivative else None,
            warnings=tuple(each for each in remarks(situation, parts=len(plan.entries)) if each.name not in SAID_ALREADY),
        )

    async def confirm(
        self, actor: Actor, token: str, *, chat_id: int, message_id: int, in_words: bool = False, answered: Answered | None = None
    ) -> ExitsShown:
        """Claims the question and begins with the exit. The list as it stands after that order was answered.

        WordsWanted where the other side is heavy and its question in words was not answered. CheckFailed with every reason.
        """
        account, _ = self.proposing.connection(actor)
        confirmations, clock, store = self.proposing.confirmations, self.proposing.clock, self.proposing.store
        asked = await store.transaction(lambda db: db.exit_lists.find(token))
        if asked is None or asked.then is None or asked.account_id != account.id:
            raise ConfirmationGone("I don't know this card. Nothing was sent.")
        opening = asked.then.draft
        held = await self._after(actor, await self.lists.lines(actor), opening)

        def claim(db: Repositories) -> tuple[str, ...]:
            question = confirmations.open_one(db, actor, token, chat_id, message_id, fits={Purpose.REVERSE})
            if confirmations.is_of_before(question):
                raise ConfirmationGone("I was restarted after this card. Nothing was sent: tap Reverse again.")
            if (reasons := confirmations.weight(token)) and not (in_words and confirmations.was_asked_again(token)):
                confirmations.ask_again(token)
                raise WordsWanted(" ".join(reasons), reasons=reasons)
            confirmations.claim(db, question)
            if against := self._against(db, actor, question, opening, held):
                db.confirmations.close(token, ConfirmationState.REFUSED, against)
                return against
            if not db.plans.begin(token):
                raise ConfirmationGone("This list was begun already.")
            exits = replace(asked, began_at=clock.now())
            db.exit_lists.save(exits)
            after = f"{record(exits)}; then as much on the other side"
            db.audit.add(exits.began_at, exits.by, "reverse", account.id, before="asked", after=after)
            return ()

        if reasons := await store.transaction(claim):
            raise CheckFailed(reasons)
        if answered is not None:
            await answered()
        begun = self.lists.background.start(self.lists.runner.carry_on(token), f"exits {token}")
        await asyncio.shield(begun)
        return await self.lists.shown(actor, token)

    async def card(self, actor: Actor, token: str) -> ExitList:
        """The list behind a question of this account. NotFound for any other."""
        return (await self.lists.shown(actor, token)).exits

    def _against(
        self, db: Repositories, actor: Actor, question: Confirmation, opening: OrderDraft, held: Held
    ) -> tuple[str, ...]:
        """Every reason against the other side, read anew. PinWanted, which takes the claim back, where the PIN is asked for."""
        role = demand_role(db, actor, Permission.OPEN, _NO)
        situation = self._situation(db, question.account_id, opening, held)
        if against := objections(role, situation):
            return against
        person, now = actor.user.telegram_id, self.proposing.clock.now()
        pin = why_pin(db, person, question.account_id, value=situation.value, limits=situation.limits, now=now)
        if pin is not None:
            demand_pin(db, person, question.token, pin)
        return ()

    def _situation(self, db: Repositories, account_id: str, opening: OrderDraft, held: Held) -> Situation:
        """The other side as an entry of its own, which it is once the position is closed."""
        return replace(self.proposing.situation(db, account_id, opening, held), reduces=False, turns=(), guards=())

    async def _after(self, actor: Actor, lines: Sequence[PositionLine], opening: OrderDraft) -> Held:
        """What is held once the position is closed, and what the day has made where a limit hangs on it."""
        account, connection = self.proposing.connection(actor)
        gone = _line_of(lines, opening)
        result = await self.proposing.result(account.id, connection)
        positions = tuple(each.position for each in lines if each is not gone)
        return Held(positions=positions, read_at=self.proposing.clock.now(), result=result)

    def _planned(self, actor: Actor, row: ExitRow) -> tuple[ExitList, Plan]:
        """The list with its one row and its opening, and the plan whose legs license both."""
        now, opening = self.proposing.clock.now(), row.draft
        freeze = self.proposing.rules.freeze(opening.instrument, ist_date(now))
        closing = tuple(
            PlanLeg(number=piece.leg, kind=LegKind.EXIT, draft=replace(opening, quantity=piece.quantity)) for piece in row.slices
        )
        parts = sliced(opening, freeze.quantity if freeze is not None else opening.quantity)
        entries = tuple(replace(part, number=len(closing) + part.number) for part in parts)
        slices = tuple(Slice(leg=leg.number, quantity=leg.draft.quantity) for leg in entries)
        exits = ExitList(
            plan_id="",
            account_id=account_of(actor).id,
            kind=ListKind.REVERSE,
            by=actor.user.telegram_id,
            name=actor.user.name,
            began_at=now,
            rows=(row,),
            then=Opening(draft=opening, slices=slices),
        )
        plan = Plan(
            id="",
            account_id=exits.account_id,
            placed_by=exits.by,
            state=PlanState.ASKED,
            legs=closing + entries,
            until=now + LIST_LASTS,
            created_at=now,
        )
        return exits, plan


def _line_of(lines: Sequence[PositionLine], draft: OrderDraft) -> PositionLine | None:
    place = draft.instrument.key, draft.product
    return next((line for line in lines if (line.position.instrument.key, line.position.product) == place), None)
