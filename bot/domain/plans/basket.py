"""Several orders under one Confirm: what the whole of them costs at its worst prices, and what it can lose at most."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.exits.exit_list import ExitList
from bot.domain.market.display_names import short
from bot.domain.money import total
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Account
from bot.domain.plans.payoff import PayoffLeg, extremes
from bot.domain.value import value

MOST = 10  # orders of one basket


class BasketChange(StrEnum):
    """What is changed in every order of a basket at once: how it stands to the others stays as it was."""

    DOUBLE = "DOUBLE"
    HALVE = "HALVE"
    AT_MID = "AT_MID"
    AT_MARKET = "AT_MARKET"


@value
class WorstLoss:
    """What can be lost at most when the contracts end, before charges."""

    rupees: Decimal | None = None  # zero where nothing can be lost; None: not known, or without end
    endless: bool = False


@value
class BasketCard:
    """A basket as it is asked about. Nothing of it was sent. Rupees. None is "not known"."""

    confirmation: Confirmation
    account: Account
    exits: ExitList
    margin: Decimal | None  # that all of it blocks together, as the broker says
    cost: Decimal | None  # premiums and shares at their worst prices: paid above zero, taken in below
    loss: WorstLoss | None  # None: some of it closes what is held, so it hangs on that
    charges: Decimal | None  # of all of it, estimated; what is not known is left out and named below
    charges_unknown: tuple[str, ...] = ()
    cash: Decimal | None = None
    warnings: tuple[str, ...] = ()
    opens: datetime | None = None  # the market takes some of it not now, and does again then, UTC
    redrawn: str | None = None  # why it is asked again


@value
class BasketMargins:
    """What several orders block together, rupees, by two of the broker's routes. None: it did not say."""

    account: Account
    plain: Decimal | None  # the margin route for several orders
    basket: Decimal | None  # the route for saved baskets

    @property
    def saved(self) -> Decimal | None:
        """What a hedge spares by the basket route. None: it sees none, or one of the two is not known."""
        if self.plain is None or self.basket is None or self.basket >= self.plain:
            return None
        return self.plain - self.basket


def worst_cost(drafts: Sequence[OrderDraft]) -> Decimal | None:
    """Rupees for premiums and shares at the worst prices, above zero when they are paid. A future costs nothing by itself.

    None where an order names no worst price.
    """
    paying = [draft for draft in drafts if draft.instrument.is_option or not draft.instrument.is_derivative]
    if any(draft.price is None for draft in paying):
        return None
    return total(draft.price * draft.quantity * draft.side.sign for draft in paying if draft.price is not None)


def payoff_legs(drafts: Sequence[OrderDraft]) -> tuple[PayoffLeg, ...] | None:
    """Orders on one underlying as positions entered at their worst prices.

    None where they are no one payoff: more than one underlying or end, or a price that nobody bounds.
    """
    symbols = {draft.instrument.symbol for draft in drafts}
    ends = {draft.instrument.expiry for draft in drafts if draft.instrument.expiry is not None}
    if len(symbols) != 1 or len(ends) > 1:
        return None
    legs = []
    for draft in drafts:
        if draft.price is None:
            return None
        instrument = draft.instrument
        name = short(instrument) if instrument.is_derivative else f"{instrument.symbol} shares"
        legs.append(
            PayoffLeg(
                name=name,
                right=instrument.right,
                strike=instrument.strike,
                quantity=draft.quantity * draft.side.sign,
                average=draft.price,
            )
        )
    return tuple(legs)


def by_underlying(drafts: Sequence[OrderDraft]) -> dict[str, list[OrderDraft]]:
    """The orders by their underlying, in their order."""
    groups: dict[str, list[OrderDraft]] = {}
    for draft in drafts:
        groups.setdefault(draft.instrument.symbol, []).append(draft)
    return groups


def worst_loss(drafts: Sequence[OrderDraft]) -> WorstLoss:
    """The most that orders which all open can lose together: the worst of each underlying, added up.

    Each underlying may end wherever it is worst for its own orders, so the sum is a bound that is never passed.
    """
    lost = Decimal(0)
    known = True
    for group in by_underlying(drafts).values():
        legs = payoff_legs(group)
        if legs is None:
            known = False
            continue
        least, _ = extremes(legs)
        if least is None:
            return WorstLoss(endless=True)
        lost += max(-least, Decimal(0))
    return WorstLoss(rupees=lost if known else None)
