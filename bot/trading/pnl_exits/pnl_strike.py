"""What a P&L exit does when it strikes: it claims itself, and begins the exits of what is open, in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bot.domain.clock import Clock, next_midnight
from bot.domain.exits.exit_choice import ExitChoice
from bot.domain.exits.exit_list import ExitList, ListKind
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.plans.plan import LegKind, Plan, PlanLeg, PlanState
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, PnlLevel
from bot.domain.plans.pnl_words import levels_in_words, scope_in_words
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import PositionLine
from bot.domain.value import value
from bot.trading.exit_lists.exit_rows import PANIC_SLABS, ExitRows
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.safety.announce import tell_all


@value
class PnlStrike:
    """Acts for a P&L exit, once, with no more than is open, at the prices of now."""

    store: Store
    rows: ExitRows
    instruments: Catalogue
    clock: Clock

    async def begin(self, exit_: PnlExit, level: PnlLevel, value: Decimal, lines: Sequence[PositionLine]) -> None:
        """Tells that it struck, and begins the exits of these rows where it has any. BrokerError and StorageAway pass through."""
        whole = ExitChoice(lines=())
        listed = (line.listed(self.instruments.by_key) for line in lines)
        meant = [(line, size) for line in listed if line.position.is_open and (size := whole.of(line))]
        found = await self.rows.of(exit_.account_id, meant, slabs=PANIC_SLABS) if exit_.action is PnlAction.EXIT else ()
        if not found:
            await self.store.transaction(lambda db: self._act(db, exit_, level, value, None))
            return
        exits = ExitList(
            plan_id=exit_.id, account_id=exit_.account_id, kind=ListKind.PNL, by=exit_.by, name=exit_.name,
            began_at=self.clock.now(), rows=found,
        )  # fmt: skip
        await self.rows.runner.begin(exits, lambda db: self._act(db, exit_, level, value, exits))

    def _act(self, db: Repositories, exit_: PnlExit, level: PnlLevel, value: Decimal, exits: ExitList | None) -> bool:
        """Claims it, and stores what it begins with its licence: no more than is open now, at the slab of now.

        False where it struck before.
        """
        now = self.clock.now()
        struck = replace(exit_, struck_at=now)
        if not db.pnl_exits.strike(struck):
            return False
        told = PnlNews.EXITS if exit_.action is PnlAction.EXIT else PnlNews.ALERTS
        rows = exits.rows if exits is not None else ()
        if exits is not None:
            legs = tuple(
                PlanLeg(number=piece.leg, kind=LegKind.EXIT, draft=replace(row.draft, quantity=piece.quantity))
                for row in rows
                for piece in row.slices
            )
            db.plans.add(
                Plan(
                    id=exit_.id, account_id=exit_.account_id, placed_by=exit_.by, state=PlanState.ALIVE, legs=legs,
                    until=next_midnight(now), created_at=now,
                )
            )  # fmt: skip
            db.exit_lists.add(exits)
        named = ", ".join(f"{row.draft.side} {row.draft.quantity} {row.draft.instrument.name}" for row in rows) or "nothing"
        before, after = f"{levels_in_words(exit_)} of {scope_in_words(exit_.scope)}", f"{level} at {value}: {named}"
        db.audit.add(now, exit_.by, "pnl exit", exit_.account_id, before=before, after=after)
        news = PnlExitTold.of(exit_, told, now, value=value, rows=len(rows), blocks_until=exit_.blocks_until)
        tell_all(db, exit_.account_id, news, now)
        return True
