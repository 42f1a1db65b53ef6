"""Stores the question about a list of exits: the plan with a leg for each slice, and the rows, all of it under one digest."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.exits.exit_list import ExitCard, ExitList, ExitRow, ListKind
from bot.domain.orders.confirmation import Purpose
from bot.domain.people.account import Actor, Permission
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState
from bot.domain.ports.repositories import Repositories
from bot.domain.value import value
from bot.trading.actor import account_of, demand_role
from bot.trading.proposals.proposal_builder import ProposalBuilder

LIST_LASTS = timedelta(minutes=10)
PANIC_LASTS = timedelta(hours=12)
NO = "You may not close positions here any more."


@value
class BesideRows:
    """What a card says beside its rows."""

    profit: Decimal | None
    not_touched: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    stops: int = 0


@value
class ExitQuestions:
    """Begins lists, each with its question. Nothing of one is sent."""

    proposing: ProposalBuilder

    def listed(self, actor: Actor, rows: tuple[ExitRow, ...], kind: ListKind) -> ExitList:
        return ExitList(
            plan_id="", account_id=account_of(actor).id, kind=kind, by=actor.user.telegram_id, name=actor.user.name,
            began_at=self.proposing.clock.now(), rows=rows,
        )  # fmt: skip

    async def ask(self, actor: Actor, exits: ExitList, card: "BesideRows", *, chat_id: int) -> ExitCard:
        """Stores the question, the plan with a leg for each slice, and the list. All of it is under the question's digest."""
        now = self.proposing.clock.now()
        legs = tuple(
            PlanLeg(number=piece.leg, kind=LegKind.EXIT, draft=replace(row.draft, quantity=piece.quantity))
            for row in exits.rows
            for piece in row.slices
        )
        panic = exits.kind is ListKind.PANIC
        opens = [row.opens for row in exits.rows if row.opens is not None]
        plan = Plan(
            id="",
            account_id=exits.account_id,
            placed_by=exits.by,
            state=PlanState.ASKED,
            legs=legs,
            until=max([now, *opens]) + (PANIC_LASTS if panic else LIST_LASTS),
            created_at=now,
        )
        purpose = Purpose.PANIC if panic else Purpose.EXIT
        question = self.proposing.confirmations.new(actor, chat_id, purpose, plan=plan.digest())
        self.proposing.confirmations.note_exit(question)
        exits = replace(exits, plan_id=question.token)

        def store(db: Repositories) -> None:
            demand_role(db, actor, Permission.REDUCE, NO)
            db.confirmations.add(question)
            db.plans.add(replace(plan, id=question.token))
            db.exit_lists.add(exits)

        await self.proposing.store.transaction(store)
        return ExitCard(
            confirmation=question,
            account=account_of(actor),
            exits=exits,
            profit=card.profit,
            not_touched=card.not_touched,
            stops=card.stops,
            warnings=card.warnings,
        )
