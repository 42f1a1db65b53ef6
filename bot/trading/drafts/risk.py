"""A size by risk: as many whole lots as lose no more than so many rupees when the attached stop fills at its worst price."""

from dataclasses import replace
from decimal import ROUND_FLOOR

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.money import in_figures
from bot.domain.orders.order import OrderRequest
from bot.domain.plans.plan import Attached
from bot.domain.proposals.proposal import Remark
from bot.domain.terms import Product
from bot.trading.drafts.attaching import attach, attached_of, loss_if_stopped
from bot.trading.drafts.drafting import Drafting, sized


def by_risk(
    request: OrderRequest, instrument: Instrument, price: Price | None, product: Product, drafting: Drafting
) -> tuple[OrderRequest, tuple[Remark, ...]]:
    """The request with a quantity, rounded down to whole lots, and what the card says of it.

    A request without a risk is itself. ChoiceWanted and CheckFailed as attached_of and attach, and CheckFailed where the risk
    does not cover one lot.
    """
    if request.risk is None:
        return request, ()
    one, _ = drafting.draft(sized(replace(request, disclosed=None), instrument.lot), instrument, price, product)
    attached = attached_of(request, one, price) or Attached()
    attached = attach(attached, one, price, drafting.rules, ist_date(drafting.clock.now()))
    loss = loss_if_stopped(attached, one, price)
    if loss is None or loss >= 0:
        raise CheckFailed(["A size by risk needs a stop whose worst price lies on the losing side: risk 1000 sl 2880."])
    lots = int((request.risk / -loss).to_integral_value(ROUND_FLOOR))
    if not lots:
        each = "one lot" if instrument.lot > 1 else "one share"
        raise CheckFailed([f"₹{in_figures(request.risk)} does not cover {each}: it loses {in_figures(-loss)} at that stop."])
    say = f"Sized to lose at most ₹{in_figures(request.risk)} if the stop fills at its worst price"
    return sized(request, lots * instrument.lot), (Remark(name="risk", say=say),)
