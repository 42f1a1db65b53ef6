"""The proposal with its buttons, and the questions that are asked again in words."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bot.domain.charges.tariff import Loan
from bot.domain.clock import ist_date
from bot.domain.money import ZERO
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.orders.order_text import draft_line, plain, request_line, request_of, trail_words
from bot.domain.proposals.later_card import due_at
from bot.domain.proposals.proposal import ChangeOptions, Proposal, Question, Raising
from bot.domain.terms import OrderKind, Product, Side, Validity
from handlers.views.format import (
    age,
    amount,
    clock_time,
    count,
    day_and_time,
    joined,
    mark,
    price,
    row,
    signed,
    table,
    time_on_day,
    wrapped,
)
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Keyboard, Line, Part, Table, View, bold, code, detail, keyboard, message, say
from handlers.views.orders.card import at, place, verb, what
from handlers.views.orders.trail_words import trail_rows
from handlers.views.taps.taps import CardTap, CardVerb, ChangeTap

FAR = Decimal("0.3")  # of the price: a smaller figure could be points
PRODUCTS = {
    Product.CNC: "Delivery (CNC)",
    Product.MIS: "Intraday (MIS)",
    Product.NRML: "Carry-forward (NRML)",
    Product.MTF: "Margin funding (MTF)",
}


def proposal(proposal: Proposal, mode: str, now: datetime) -> View:
    """The question, with Confirm alone on its row."""
    parts: list[Part] = []
    if proposal.redrawn:
        parts.append(say(bold("Asked again."), f" {proposal.redrawn} Read, then tap."))
    parts.append(_terms(proposal, mode, now))
    said_below = {"market_hours"} if proposal.opens is not None else set()  # when it opens is the last line then
    parts += [say(f"⚠️ {warning.say}") for warning in proposal.warnings if warning.name not in said_below]
    token, label = proposal.confirmation.token, proposal.account.label
    if proposal.opens is not None:  # a Confirm could only fail
        again = f"{proposal.draft.instrument.exchange} takes this again on {day_and_time(proposal.opens)}."
        later = button(f"Card at {time_on_day(due_at(proposal.opens))}", CardTap(token, CardVerb.LATER, label))
        discard = button("Discard", CardTap(token, CardVerb.DISCARD, label))
        evening = []
        if proposal.evening is not None:
            line = request_line(replace(request_of(proposal.draft), after_market=True))  # without a price: the close
            evening = [words(f"AMO limit at {price(proposal.evening)}", line, account=label)]
        return View((*parts, say(bold(again))), keyboard(evening, [later], [discard]))
    parts.append(_more(proposal, now))
    return View(tuple(parts), proposal_keyboard(proposal.confirmation, label, proposal.raising))


def proposal_keyboard(confirmation: Confirmation, label: str, raising: Raising | None = None) -> Keyboard:
    """Puts Confirm on a row of its own, and what cannot hurt below it. raising: the stop of what the entry adds to."""
    token, draft = confirmation.token, confirmation.draft
    act = "change" if confirmation.purpose is Purpose.MODIFY else draft.side.lower() if draft is not None else ""
    return keyboard(
        [button(f"Confirm {act}".strip(), CardTap(token, CardVerb.CONFIRM, label))],
        [_raising(raising, token, label)] if raising is not None else [],
        [button("Change", CardTap(token, CardVerb.CHANGE, label)), button("Discard", CardTap(token, CardVerb.DISCARD, label))],
    )


def _raising(raising: Raising, token: str, label: str) -> Button:
    """The other choice about the stop: the card says which one stands."""
    if raising.raised:
        return button(f"Leave the stop at {count(raising.before)}", CardTap(token, CardVerb.KEEP, label))
    return button(f"Raise stop to {count(raising.after)}", CardTap(token, CardVerb.RAISE, label))


def _terms(proposal: Proposal, mode: str, now: datetime) -> Table:
    draft = proposal.draft
    first, *contract = what(draft, now, monthly=proposal.monthly).split(" · ")
    head = f"CHANGE #{proposal.before.number}" if proposal.before is not None else first
    rows: list[tuple[str, ...] | str] = [row(head, mode)]
    if proposal.before is not None:
        rows.append(wrapped(first))
    if draft.instrument.is_derivative:
        rows += [row(f" {part}") for part in contract[:-1]]
        rows.append(row(f" {contract[-1]}" if contract else "", draft.instrument.exchange))
        rows.append(row(f" {draft.lots} lot{'s' if draft.lots > 1 else ''} of {count(draft.instrument.lot)}"))
        rows.append(joined(PRODUCTS[draft.product], proposal.account.name))
    else:
        rows.append(joined(PRODUCTS[draft.product], draft.instrument.exchange, proposal.account.name))
    rows.append("")
    if proposal.before is not None:
        rows.append(row("Was", _short_terms(proposal.before.draft)))
    rows += _price_rows(draft)
    rows += _attached_rows(proposal)
    rows += _market_rows(proposal, now)
    rows += _money_rows(proposal)
    rows.append(row("", f"until {clock_time(proposal.confirmation.expires_at)}"))
    return table(*rows)


def _short_terms(draft: OrderDraft) -> str:
    limit = price(draft.price) if draft.price is not None else "market"
    if draft.trigger is not None:
        return f"{count(draft.quantity)} stop {price(draft.trigger)}"
    return f"{count(draft.quantity)} @ {limit}"


def _price_rows(draft: OrderDraft) -> list[tuple[str, ...]]:
    bound = "max" if draft.side is Side.BUY else "min"
    rows: list[tuple[str, ...]]
    if draft.kind is OrderKind.LIMIT and draft.price is not None:
        rows = [row("Market", f"({bound} {price(draft.price)})") if draft.protected else row("Limit", price(draft.price))]
    elif draft.kind is OrderKind.MARKET:
        rows = [row("Market", "at any price")]
    else:
        trigger = price(draft.trigger or ZERO)
        rows = [
            row("Stop", trigger),
            row(f" then {verb(draft)}", price(draft.price)) if draft.price is not None else row(" then", "at market"),
        ]
    if draft.disclosed is not None:
        rows.append(row("Shows", f"{count(draft.disclosed)} at a time"))
    if draft.validity is Validity.IOC:
        rows += [row("IOC"), wrapped("Fills what it can at once, the rest is cancelled")]
    return rows


def _attached_rows(proposal: Proposal) -> list[tuple[str, ...]]:
    """The stop, which rests at the exchange once something is filled. The target and the trail, which the bot holds on ticks."""
    attached, rows = proposal.attached, []
    if attached is None:
        return _kept_rows(proposal)
    if attached.stop is not None:
        way = "sells" if proposal.draft.side is Side.BUY else "buys"
        limit = f" {way} to" if attached.stop_limit is not None else f" {way} at"
        rows += _raised_rows(proposal)
        rows.append(row("Stop, exchange", price(attached.stop)))
        rows.append(row(limit, price(attached.stop_limit) if attached.stop_limit is not None else "market"))
        hit = " if hit" if attached.joins is None else f" if hit, the new {count(proposal.draft.quantity)}"
        rows.append(row(hit, signed(proposal.stopped_at) if proposal.stopped_at is not None else "not known"))
    if attached.target is not None:
        rows.append(row("Target, by me", price(attached.target)))
    if attached.trail is not None:
        rows += trail_rows(attached.trail, proposal.draft.side)
    return rows


def _raised_rows(proposal: Proposal) -> list[tuple[str, ...]]:
    """The stop that rests already and grows by the entry once it is filled."""
    raising = proposal.raising
    if raising is None or not raising.raised:
        return []
    whose = "" if raising.is_ours else " (app)"
    return [row(f"Stop #{raising.number}{whose}", f"{count(raising.before)} → {count(raising.after)}")]


def _kept_rows(proposal: Proposal) -> list[tuple[str, ...]]:
    raising = proposal.raising
    return [row(f"Stop #{raising.number}", f"stays at {count(raising.before)}")] if raising is not None else []


def _market_rows(proposal: Proposal, now: datetime) -> list[tuple[str, ...]]:
    quoted = proposal.price
    if quoted is None:
        return [row("LTP", "not known")]
    rows = []
    if quoted.bid is not None or quoted.ask is not None:
        bid = price(quoted.bid) if quoted.bid is not None else "none"
        ask = price(quoted.ask) if quoted.ask is not None else "none"
        rows.append(row("Bid/Ask", f"{bid} / {ask}"))
    rows.append(row(f"LTP {price(quoted.last)}", age(quoted.at, now)))
    return rows


def _money_rows(proposal: Proposal) -> list[tuple[str, ...]]:
    """An exit blocks nothing and has its other side behind it: no margin, no cash after, no break-even."""
    rows = [row("Value", amount(proposal.value) if proposal.value is not None else "not known")]
    if proposal.closes is not None:
        closes = row("Closes", f"{count(proposal.draft.quantity)} of {count(proposal.closes)}")
        return [closes, *rows, *_exit_rows(proposal), *_charge_rows(proposal)]
    if proposal.draft.product is Product.MTF and proposal.draft.side is Side.BUY:
        rows += _loan_rows(proposal.loan)
    elif proposal.margin and proposal.margin != proposal.value:
        rows.append(row("Margin", amount(proposal.margin)))
    if proposal.margin != 0:  # where nothing is blocked, cash stays as it is
        rows.append(row("Cash after", amount(proposal.cash_after) if proposal.cash_after is not None else "not known"))
    rows += _charge_rows(proposal)
    if proposal.charges_both is not None:
        rows.append(row(" with the exit", f"≈ {amount(proposal.charges_both)}"))
    if proposal.break_even is not None:
        ticks = f" ({proposal.break_even_ticks} ticks)" if proposal.break_even_ticks is not None else ""
        sign = "+" if proposal.draft.side is Side.BUY else "−"
        rows.append(row("Break-even", f"{sign}{amount(abs(proposal.break_even))}{ticks}"))
    return rows


def _exit_rows(proposal: Proposal) -> list[tuple[str, ...]]:
    """What was paid or taken for it, and what the exit makes of that before charges."""
    figures = proposal.figures
    if figures is None or figures.entry is None:
        return [row("Bought at" if proposal.draft.side is Side.SELL else "Sold at", "not known")]
    rows = [row("Bought at" if proposal.draft.side is Side.SELL else "Sold at", price(figures.entry))]
    for name, result in (("If filled now", figures.if_now), ("At the worst", figures.at_worst)):
        if result is not None:
            rows.append(row(name, f"{signed(result)} {mark(result)}".rstrip()))
    return rows


def _loan_rows(loan: Loan | None) -> list[tuple[str, ...]]:
    if loan is None:
        return [row("mStock lends", "not known")]
    interest = f"≈ {amount(loan.interest)}" if loan.interest is not None else "not known"
    return [row("You pay", amount(loan.own)), row("mStock lends", amount(loan.lent)), row(" interest a day", interest)]


def _charge_rows(proposal: Proposal) -> list[tuple[str, ...]]:
    rows = []
    if proposal.charges is not None:
        rows.append(row("Charges", f"≈ {amount(proposal.charges)}"))
    rows += [row(f" {name}", "not known") for name in proposal.charges_unknown]
    if proposal.proceeds is not None:
        rows.append(row("You get", f"≈ {amount(proposal.proceeds)}"))
    return rows


def _more(proposal: Proposal, now: datetime) -> Part:
    """What only some want to read: the line that asks for the same again, and the money before."""
    lines: list[Line | str] = []
    if proposal.cash is not None:
        lines.append(f"Cash now {amount(proposal.cash)}.")
    if proposal.before is None:
        lines.append(say("The same in words: ", code(_line(proposal, now))))
        if any(warning.name == "sliced" for warning in proposal.warnings):
            lines.append("Each part goes at the price of its moment, never beyond the worst price here.")
            lines.append("A part that is refused for its size is cut in half, once.")
        if proposal.closes is not None and proposal.draft.trigger is not None:
            lines.append("It guards at most what is open: less after a part exit, and it is cancelled when nothing is left.")
    else:
        lines.append(f"The order keeps its number #{proposal.before.number}; its place in the queue may change.")
    return detail(*lines)


def _line(proposal: Proposal, now: datetime) -> str:
    """The order as a command, with what is attached to it."""
    line, attached = draft_line(proposal.draft, ist_date(now)), proposal.attached
    if attached is None or attached.joins is not None:  # the stop of what is open is joined by itself
        return line
    legs = []
    if attached.stop is not None and attached.stop_limit is not None:
        legs.append(f"sl {plain(attached.stop)}/{plain(attached.stop_limit)}")
    if attached.target is not None:
        at = proposal.draft.price or (proposal.price.last if proposal.price is not None else attached.target)
        sign = "@" if attached.target <= at * FAR else ""  # a bare figure so small could be points
        legs.append(f"t {sign}{plain(attached.target)}")
    legs += trail_words(attached.trail)
    return " ".join([line, *legs])


def changes(token: str, options: ChangeOptions, label: str) -> Keyboard:
    """Steps for quantity and price, products, and the way back."""
    steps = [button(f"{name} {price(value)}", ChangeTap(token, price=value, label=label)) for name, value in options.steps]
    book = [button(f"{name} {price(value)}", ChangeTap(token, price=value, label=label)) for name, value in options.seen]
    return keyboard(
        [button(count(size), ChangeTap(token, quantity=size, label=label)) for size in options.quantities[:4]],
        steps,
        book,
        [button(product.value, ChangeTap(token, product=product, label=label)) for product in options.products],
        [
            button("Market, protected", ChangeTap(token, protected=True, label=label)),
            button("Done", CardTap(token, CardVerb.BACK, label)),
        ],
    )


def ended(confirmation: Confirmation, now: datetime) -> str:
    """What an old card was for, and when its time was over."""
    named = what(confirmation.draft, now) if confirmation.draft is not None else "an order"
    return f"This card was for {named} and expired at {clock_time(confirmation.expires_at)}. Nothing was sent."


def expired(words_of_it: str, token: str, label: str) -> View:
    """Says in an old card's place that it expired, and offers to ask anew."""
    return message(words_of_it).with_keyboard([button("Ask again at the price of now", CardTap(token, CardVerb.AGAIN, label))])


def in_words(confirmation: Confirmation, reasons: tuple[str, ...], label: str, mode: str, now: datetime) -> View:
    """A heavy order, asked again: why it is heavy, and one button that names the act."""
    draft, token = confirmation.draft, confirmation.token
    if draft is None:
        msg = "a question without terms"
        raise ValueError(msg)
    change = confirmation.purpose is Purpose.MODIFY
    named = draft.trigger or draft.price
    at_price = price(named) if named is not None else "market"
    act = f"move it to {at_price}" if change else f"{draft.side.lower()} {count(draft.quantity)} at {at_price}"
    return message(
        say(bold(f"{'Change to ' if change else ''}{what(draft, now)}?")),
        *reasons,
        place(label, mode),
    ).with_keyboard(
        [button(f"Yes, {act}", CardTap(token, CardVerb.YES, label))],
        [button("No", CardTap(token, CardVerb.DISCARD, label))],
    )


def question(question: Question, mode: str, now: datetime) -> View:
    """Asked again in words: cancelling the stop of a position, or allowing new orders."""
    token, label = question.confirmation.token, question.account.label
    if question.order is not None:
        order = question.order
        target = f", and its target {price(question.target)} ends with it" if question.target is not None else ""
        return message(
            say(bold(f"Cancel the stop #{order.number}?")),
            f"{what(order.draft, now)}: {at(order)}. Without it nothing guards the position{target}.",
            place(label, mode),
        ).with_keyboard(
            [button("Yes, cancel the stop", CardTap(token, CardVerb.YES, label))],
            [button("No, keep it", CardTap(token, CardVerb.DISCARD, label))],
        )
    since = f" since {clock_time(question.stop.at)}" if question.stop is not None else ""
    why = [f"Reason then: {question.stop.why}"] if question.stop is not None and question.stop.why else []
    return message(
        say(bold("Allow new orders again?")),
        f"They are blocked{since}. Open cards stay dead.",
        *why,
        place(label, mode),
    ).with_keyboard(
        [button("Yes, allow new orders", CardTap(token, CardVerb.YES, label))],
        [button("No, stay stopped", CardTap(token, CardVerb.DISCARD, label))],
    )
