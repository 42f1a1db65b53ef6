"""What the card of many exits says of its rows: the depository, orders in their way, and the stops that become exits."""

from collections.abc import Sequence

from bot.domain.exits.exit_list import ExitRow
from bot.domain.orders.order import Order
from bot.domain.people.account import Account
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Product, Side
from bot.domain.value import value
from bot.trading.checks.beside import held_row
from bot.trading.checks.selling import AT_DEPOSITORY
from bot.trading.checks.situation import Situation
from bot.trading.proposals.proposal_builder import ProposalBuilder

CHECKS = (*AT_DEPOSITORY, held_row)


@value
class Remarked:
    """The words for a list. Each remark is that of a single order's card."""

    rows: tuple[tuple[int, str], ...] = ()  # number of the row, and what is to be known of it
    turns: tuple[Order, ...] = ()  # stops that become these exits, or guard less


@value
class RowRemarks:
    """Asks the checks of a single order for every row of a list."""

    proposing: ProposalBuilder

    async def of(self, account: Account, rows: Sequence[ExitRow]) -> Remarked:
        """BrokerError when positions, or holdings where shares are sold in delivery, cannot be read."""
        shares = (row for row in rows if row.draft.product is Product.CNC and row.draft.side is Side.SELL)
        draft = next(shares, rows[0]).draft  # the one of which the most has to be known
        held = await self.proposing.held(account.id, draft.side, draft.product, draft.instrument, closes=True)

        def judge(db: Repositories) -> list[tuple[ExitRow, Situation]]:
            return [
                (row, self.proposing.situation(db, account.id, row.draft, held, asked_as_exit=True)) for row in rows if row.slices
            ]

        judged = await self.proposing.store.read(judge)
        remarks = tuple((row.number, said) for row, situation in judged for check in CHECKS if (said := check(situation)))
        return Remarked(rows=remarks, turns=tuple(order for _, situation in judged for order in situation.turns))
