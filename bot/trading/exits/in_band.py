"""What leaves by itself goes no further than the edge of the day's band: beyond it the exchange takes no order."""

from contextlib import suppress

from bot.domain.clock import ist_date
from bot.domain.errors import BrokerError
from bot.domain.orders.band_edge import day_edges, no_further
from bot.domain.orders.order import OrderDraft
from bot.trading.proposals.proposal_builder import ProposalBuilder


async def in_band(account_id: str, draft: OrderDraft, proposing: ProposalBuilder) -> OrderDraft:
    """The draft with its worst price on the edge where it lay beyond. Asks for a price only where the host named a band."""
    today = ist_date(proposing.clock.now())
    if draft.price is None or proposing.rules.price_band(draft.instrument, today) is None:
        return draft
    price = None
    with suppress(BrokerError):
        price = await proposing.prices.of(account_id, draft.instrument.key)
    return no_further(draft, day_edges(proposing.rules, draft.instrument, price, today))
