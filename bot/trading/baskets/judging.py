"""The checks of a basket: each order by its own, but short options and money by the whole of it."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from decimal import Decimal

from bot.domain.exits.exit_list import ExitRow
from bot.domain.market.display_names import short as display_name
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, grouped, in_figures
from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Side
from bot.domain.value import value
from bot.trading.baskets.basket_rows import with_orders
from bot.trading.checks.reducing import objections
from bot.trading.checks.remarks import closed_until, remarks
from bot.trading.checks.situation import Situation
from bot.trading.checks.weight import TIMES_AVAILABLE, weighs
from bot.trading.drafts.held import Held
from bot.trading.orders.cover import uncovers
from bot.trading.proposals.proposal_builder import ProposalBuilder


@value
class Money:
    """What the whole of a basket needs and what there is, rupees. None: not known."""

    margin: Decimal | None = None
    cost: Decimal | None = None  # at the worst prices
    cash: Decimal | None = None

    @property
    def needed(self) -> Decimal | None:
        """What it blocks. What it costs where the broker does not say."""
        return self.margin if self.margin is not None else self.cost


_Said = tuple[int, str] | str  # the number of the order that a sentence is about, if it is about one


@value
class Whole:
    """A basket with what was read for it."""

    rows: Sequence[ExitRow]
    held: Held  # positions, and holdings where shares are sold
    money: Money = Money()
    prices: Mapping[InstrumentKey, Price] = field(default_factory=dict)  # else those that the feed knows


@value
class BasketJudgement:
    """All that the checks say of a basket."""

    reasons: tuple[str, ...]  # against it
    warnings: tuple[str, ...]
    weights: tuple[str, ...]  # why it is asked again in words
    value: Decimal | None  # of the orders that open, at their worst prices
    opens: datetime | None  # when the market takes all of it again; None: it does now, or nobody knows


@value
class BasketJudge:
    """Looks at each order as if the others were filled."""

    proposing: ProposalBuilder

    def judge(self, db: Repositories, account_id: str, role: Role, whole: Whole) -> BasketJudgement:
        """Reads our own store inside the caller's transaction."""
        rows, held, money, prices = whole.rows, whole.held, whole.money, whole.prices
        many = [self._situation(db, account_id, row, held, prices) for row in rows]
        filled = [self._filled(each, row, rows, held) for each, row in zip(many, rows, strict=True)]
        reasons: list[_Said] = [_named(row, say) for row, at in zip(rows, many, strict=True) for say in objections(role, at)]
        reasons += _together(many)
        warnings: list[_Said] = [_named(row, remark.say) for row, at in zip(rows, filled, strict=True) for remark in remarks(at)]
        weights: list[_Said] = [_named(row, say) for row, at in zip(rows, filled, strict=True) for say in weighs(at)]
        warnings += [_named(row, say) for row, at in zip(rows, filled, strict=True) if (say := _uncovered(at)) is not None]
        if (short := _short_of(money)) is not None:
            warnings.append(short)
        if (heavy := _heavy(money)) is not None:
            weights.insert(0, heavy)
        values = [at.value for at in many if not at.reduces]
        return BasketJudgement(
            reasons=_once(reasons, len(rows)),
            warnings=_once(warnings, len(rows)),
            weights=_once(weights, len(rows)),
            value=sum((each for each in values if each is not None), ZERO) if None not in values else None,
            opens=max((at for each in many if (at := closed_until(each)) is not None), default=None),
        )

    def _situation(
        self, db: Repositories, account_id: str, row: ExitRow, held: Held, prices: Mapping[InstrumentKey, Price]
    ) -> Situation:
        at = self.proposing.situation(db, account_id, row.draft, held, asked_as_exit=not row.enters)
        return replace(at, price=prices.get(row.draft.instrument.key, at.price))

    def _filled(self, at: Situation, row: ExitRow, rows: Sequence[ExitRow], held: Held) -> Situation:
        """The same with the other orders filled: a short option is bare only where nothing of the basket covers it either."""
        others = [each.draft for each in rows if each.number != row.number]
        return replace(at, positions=with_orders(held.positions, others))


def _uncovered(at: Situation) -> str | None:
    """Source: the broker's positions, and the other orders of the basket."""
    short = uncovers(at.draft, at.positions) if at.reduces else None
    return f"Leaves {display_name(short)} without its cover" if short is not None else None


def _together(many: Sequence[Situation]) -> list[str]:
    """What each order may and all of them may not: the counts of a day and of a minute."""
    opening = [at for at in many if not at.reduces]
    if len(opening) < 2:
        return []
    limits, new = opening[0].limits, len(opening)
    said = []
    for most, sent, span in (
        (limits.orders_a_day, opening[0].sent_today, "today"),
        (limits.orders_a_minute, opening[0].sent_last_minute, "in the last minute"),
    ):
        if most is not None and sent < most < sent + new:
            said.append(f"{sent} orders were sent {span}, and {new} more are over your own limit of {most}.")
    return said


def _short_of(money: Money) -> str | None:
    """Source: the broker's funds and margin routes."""
    if money.cash is None or money.needed is None or money.needed <= money.cash:
        return None
    return f"All of it needs {in_figures(money.needed - money.cash)} more than the cash there is"


def _heavy(money: Money) -> str | None:
    """Source: the broker's funds and margin routes. The cost at the worst prices where the margin is not known."""
    if money.cash is None or money.needed is None or money.needed <= TIMES_AVAILABLE * max(money.cash, ZERO):
        return None
    return f"It blocks {in_figures(money.needed)}, over {TIMES_AVAILABLE} times the {in_figures(money.cash)} that is available."


def _named(row: ExitRow, say: str) -> _Said:
    return row.number + 1, say


def _once(said: Sequence[_Said], many: int) -> tuple[str, ...]:
    """Each sentence once, led by the numbers of the orders that it is about. One about all of them stands alone."""
    numbers: dict[str, list[int]] = {}
    for each in said:
        number, say = (0, each) if isinstance(each, str) else each
        numbers.setdefault(say, []).append(number)
    return tuple(
        say if 0 in which or len(which) == many else f"{', '.join(map(str, which))}: {say}" for say, which in numbers.items()
    )


def over_freeze(freeze: int | None, row: ExitRow) -> str | None:
    """Refuses what would go in parts: in a basket each order is one. Source: dated rows of the exchanges' notices."""
    if freeze is None or row.draft.quantity <= freeze:
        return None
    size = grouped(str(row.draft.quantity))
    return f"{row.number + 1}: {size} is over the freeze of {grouped(str(freeze))} and would go in parts: order it alone."


def same_twice(rows: Sequence[ExitRow]) -> str | None:
    """Refuses a purchase and a sale of one contract in one basket: they would meet each other."""
    sides: dict[object, set[Side]] = {}
    for row in rows:
        sides.setdefault(row.place, set()).add(row.draft.side)
    both = next((row for row in rows if len(sides[row.place]) > 1), None)
    return None if both is None else f"{both.draft.instrument.symbol} is bought and sold in one basket: order that apart."
