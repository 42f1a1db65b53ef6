"""A position to be turned round: the taps under its card, the card, and the question in words."""

from datetime import datetime
from enum import StrEnum

from bot.domain.exits.exit_list import ExitList
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Permission
from bot.domain.proposals.reversal import ReversalCard
from bot.domain.terms import Side
from bot.domain.value import positional
from handlers.views.format import amount, clock_time, count, joined, money_row, price, row, table
from handlers.views.keyboards import button
from handlers.views.message import Part, View, bold, detail, keyboard, message, say
from handlers.views.orders.card import place, what
from handlers.views.orders.order import PRODUCTS
from handlers.views.taps.tap import TokenTap, travels_as


class ReverseVerb(StrEnum):
    """What a tap does with the question."""

    CONFIRM = "y"
    YES = "k"  # of the question in words
    DISCARD = "n"


@travels_as("u")
@positional
class ReverseTap(TokenTap[ReverseVerb]):
    """A tap under the question whether a position is to be turned round."""

    verbs = ReverseVerb

    @property
    def permission(self) -> Permission:
        return Permission.OPEN


def card(asked: ReversalCard, mode: str, now: datetime) -> View:
    """Both orders in their order, and what the second one blocks."""
    draft, label = asked.opening, asked.account.label
    name, *contract = what(draft, now, monthly=asked.monthly).split(" · ")
    rows: list[tuple[str, ...] | str] = [row("REVERSE", mode), row(name.split(" ", 2)[2])]
    rows += [row(f" {part}") for part in contract]
    rows += [joined(PRODUCTS[draft.product], asked.account.name), ""]
    bound = f"{'max' if draft.side is Side.BUY else 'min'} {price(draft.price)}" if draft.price is not None else "market"
    size = count(draft.quantity)
    rows += [*row(f"1 {draft.side} {size}, closes {size}"), *row("   market", f"({bound})")]
    rows += [*row(f"2 {draft.side} {size}, opens a {_way(draft)}"), *row("   market", f"({bound})"), "   sent after 1 is filled"]
    if len(asked.exits.then.slices if asked.exits.then is not None else ()) > 1:
        rows.append("   in several orders")
    rows.append("")
    rows.append(money_row("P&L of 1", asked.profit))
    rows.append(row("Margin of 2", amount(asked.margin) if asked.margin is not None else "not known"))
    if asked.charges is not None:
        rows.append(row("Charges of both", f"≈ {amount(asked.charges)}"))
    rows.append(row("", f"until {clock_time(asked.confirmation.expires_at)}"))
    parts: list[Part] = [table(*rows), say(f"Closes {size}, opens a {_way(draft)} of {size}.")]
    parts += [say(f"⚠️ {warning.say}") for warning in asked.warnings]
    parts.append(detail("If 1 does not fill whole, 2 is never sent. A stop that guards the position becomes 1."))
    token = asked.confirmation.token
    return View(
        tuple(parts),
        keyboard(
            [button("Confirm reverse", ReverseTap(token, ReverseVerb.CONFIRM, label))],
            [button("Discard", ReverseTap(token, ReverseVerb.DISCARD, label))],
        ),
    )


def in_words(exits: ExitList, reasons: tuple[str, ...], label: str, mode: str, now: datetime) -> View:
    """Asked again where the other side is heavy: why, and one button that names the act."""
    draft, size = exits.rows[0].draft, count(exits.rows[0].draft.quantity)
    return message(
        say(bold(f"Reverse {what(draft, now).split(' ', 2)[2]}?")),
        f"It closes {size} and opens a {_way(draft)} of {size}.",
        *reasons,
        place(label, mode),
    ).with_keyboard(
        [button(f"Yes, {draft.side.lower()} {size} and {size} more", ReverseTap(exits.plan_id, ReverseVerb.YES, label))],
        [button("No", ReverseTap(exits.plan_id, ReverseVerb.DISCARD, label))],
    )


def _way(draft: OrderDraft) -> str:
    return "long" if draft.side is Side.BUY else "short"
