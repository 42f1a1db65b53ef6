"""What an order costs before it is sent: its charges, those of its exit, of its parts, and what mStock lends for it."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.tariff import Bill, BrokeragePlan, Loan, RoundTripBill
from bot.domain.clock import Clock, ist_date
from bot.domain.money import ZERO
from bot.domain.orders.order import OrderDraft
from bot.domain.plans.plan import Plan
from bot.domain.positions.portfolio import Margin
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import positional


@positional
class Costs:
    """Charges by the dated tariff and the person's brokerage plan."""

    tariff: Tariff
    plan: BrokeragePlan | None  # None: nobody named a brokerage plan, so brokerage is not known
    clock: Clock

    def loan(self, draft: OrderDraft, value: Decimal | None, margin: Margin) -> Loan | None:
        """What mStock lends for an MTF purchase. None: it is none, or not known."""
        if draft.product is not Product.MTF or draft.side is not Side.BUY or value is None or margin.required is None:
            return None
        return self.tariff.loan(value, margin.required, ist_date(self.clock.now()))

    def of_parts(self, plan: Plan, each: Decimal | None, whole: Bill) -> Decimal:
        """What it costs more, in rupees, to go in several orders: brokerage counts orders."""
        if len(plan.parts) == 1:
            return ZERO
        bills = [self.of(leg.draft, each, 0)[0] for leg in plan.parts]
        return sum((bill.total for bill in bills if bill is not None), ZERO) - whole.total

    def together(self, drafts: Sequence[OrderDraft]) -> Decimal | None:
        """What several orders cost, in rupees, each at its worst price. None where one of them is not known."""
        bills = [self.of(draft, draft.price, 0)[0] for draft in drafts]
        totals = [bill.total for bill in bills if bill is not None]
        return sum(totals, ZERO) if len(totals) == len(bills) else None

    def of(self, draft: OrderDraft, each: Decimal | None, meets: int) -> tuple[Bill | None, RoundTripBill | None]:
        """What the order costs, and what it and its exit cost: a sale out of the depository has its other side in the past.

        each: its price in rupees. meets: shares of it that the day has traded the other way, which the contract note takes as
        intraday.
        """
        if each is None or not draft.instrument.is_tradable:
            return None, None
        trade = Trade(
            instrument=draft.instrument,
            side=draft.side,
            product=draft.product,
            quantity=draft.quantity,
            price=each,
            day=ist_date(self.clock.now()),
        )
        return self.tariff.ledger_order(trade, self.plan, meets=meets), self.tariff.round_trip(trade, self.plan)


def worth(draft: OrderDraft, each: Decimal | None, margin: Margin) -> Decimal | None:
    """What an order is worth in rupees. A delivery bought at the market is paid whole: the broker's figure and ours are one."""
    value = each * draft.quantity if each is not None else None
    paid_whole = draft.kind is OrderKind.MARKET and draft.side is Side.BUY and draft.product is Product.CNC
    return margin.required or value if paid_whole else value


def proceeds(draft: OrderDraft, value: Decimal | None, bill: Bill | None) -> Decimal | None:
    """What a delivery sale brings in rupees. None: it is none, or not known."""
    if draft.side is not Side.SELL or draft.product is not Product.CNC or value is None or bill is None:
        return None
    return value - bill.total
