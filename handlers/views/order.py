"""The proposal, the card that lives on from it, and the questions around an order (cards.md)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.money import ZERO, tick_down, tick_up
from bot.domain.order import Order, OrderDraft, OrderKind, OrderStatus, Product, Purpose, Side, Validity
from bot.domain.proposal import ChangeOptions, Proposal, Question
from bot.domain.titles import title
from handlers import parse
from handlers.views.keyboards import CardTap, CardVerb, ChangeTap, OrderTap, OrderVerb, button, words
from handlers.views.text import (
    Button,
    Keyboard,
    Line,
    Part,
    Table,
    View,
    age,
    amount,
    bold,
    clock_time,
    code,
    count,
    detail,
    keyboard,
    message,
    price,
    row,
    say,
    table,
    wrapped,
)

Explain = Callable[[str], str]

LOOK_OUT = timedelta(seconds=180)  # before this nobody may say that an order does not exist (product.md section 4)
PRODUCTS = {
    Product.CNC: "Delivery (CNC)",
    Product.MIS: "Intraday (MIS)",
    Product.NRML: "Carry-forward (NRML)",
    Product.MTF: "Margin funding (MTF)",
}


def what(draft: OrderDraft, now: datetime | None = None) -> str:
    """BUY 10 RELIANCE, with the contract in full."""
    today = ist_date(now) if now is not None else None
    return f"{draft.side} {count(draft.quantity)} {title(draft.instrument, today=today)}"


# --- the proposal ---------------------------------------------------------------------------------------------------


def proposal(asked: Proposal, mode: str, now: datetime) -> View:
    """The question, with Confirm alone on its row."""
    parts: list[Part] = []
    if asked.redrawn:
        parts.append(say(bold("New price."), f" {asked.redrawn} Read, then tap."))
    parts.append(_terms(asked, mode, now))
    parts += [say(f"⚠️ {warning.say}") for warning in asked.warnings]
    parts.append(_more(asked))
    return View(tuple(parts), proposal_keyboard(asked))


def proposal_keyboard(asked: Proposal) -> Keyboard:
    token = asked.confirmation.token
    if asked.confirmation.purpose is Purpose.MODIFY:
        return question_keyboard(token, "Confirm change")
    return question_keyboard(token, f"Confirm {asked.draft.side.lower()}")


def question_keyboard(token: str, label: str) -> Keyboard:
    """Confirm stands alone; what cannot hurt stands below it."""
    return keyboard(
        [button(label, CardTap(token, CardVerb.CONFIRM))],
        [button("Change", CardTap(token, CardVerb.CHANGE)), button("Discard", CardTap(token, CardVerb.DISCARD))],
    )


def _terms(asked: Proposal, mode: str, now: datetime) -> Table:
    draft = asked.draft
    first, *contract = what(draft, now).split(" · ")
    head = f"CHANGE #{asked.before.number}" if asked.before is not None else first
    rows: list[tuple[str, ...] | str] = [row(head, mode)]
    if asked.before is not None:
        rows.append(wrapped(first))
    rows += [row(f" {part}") for part in contract]
    if draft.instrument.is_derivative:
        rows.append(row(f" {draft.lots} lot{'s' if draft.lots > 1 else ''} of {count(draft.instrument.lot)}"))
    rows.append(wrapped(f"{PRODUCTS[draft.product]} · {draft.instrument.exchange} · {asked.account.label}"))
    rows.append("")
    if asked.before is not None:
        rows.append(row("Was", _short_terms(asked.before.draft)))
    rows += _price_rows(draft)
    rows += _market_rows(asked, now)
    rows += _money_rows(asked)
    rows.append(row("", f"until {clock_time(asked.confirmation.expires_at)}"))
    return table(*rows)


def _short_terms(draft: OrderDraft) -> str:
    at = price(draft.price) if draft.price is not None else "market"
    return f"{count(draft.quantity)} @ {at}"


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
            row(f" then {_verb(draft)}", price(draft.price) if draft.price is not None else "at market"),
        ]
    if draft.validity is Validity.IOC:
        rows.append(row("At once or not at all", "IOC"))
    return rows


def _verb(draft: OrderDraft) -> str:
    return "buys up to" if draft.side is Side.BUY else "sells down to"


def _market_rows(asked: Proposal, now: datetime) -> list[tuple[str, ...]]:
    seen = asked.price
    if seen is None:
        return [row("LTP", "not known")]
    rows = []
    if seen.bid is not None or seen.ask is not None:
        bid = price(seen.bid) if seen.bid is not None else "none"
        ask = price(seen.ask) if seen.ask is not None else "none"
        rows.append(row("Bid/Ask", f"{bid} / {ask}"))
    rows.append(row(f"LTP {price(seen.last)}", age(seen.at, now)))
    return rows


def _money_rows(asked: Proposal) -> list[tuple[str, ...]]:
    rows = [row("Value", amount(asked.value) if asked.value is not None else "not known")]
    if asked.margin is not None and asked.margin != asked.value:
        rows.append(row("Margin", amount(asked.margin)))
    after = asked.cash_after
    rows.append(row("Cash after", amount(after) if after is not None else "not known"))
    if asked.charges is not None:
        rows.append(row("Charges", f"≈ {amount(asked.charges)}"))
    if asked.charges_unknown:
        rows.append(wrapped(" + " + ", ".join(asked.charges_unknown) + " (not known)"))
    if asked.charges_both is not None:
        rows.append(row(" with the exit", f"≈ {amount(asked.charges_both)}"))
    if asked.break_even is not None:
        ticks = f" ({asked.break_even_ticks} ticks)" if asked.break_even_ticks is not None else ""
        sign = "+" if asked.draft.side is Side.BUY else "−"
        rows.append(row("Break-even", f"{sign}{amount(abs(asked.break_even))}{ticks}"))
    return rows


def _more(asked: Proposal) -> Part:
    """What only some want to read: the line that asks for the same again, and the money before."""
    lines: list[Line | str] = []
    if asked.cash is not None:
        lines.append(f"Cash now {amount(asked.cash)}.")
    if asked.before is None:
        lines.append(say("The same in words: ", code(parse.spell(parse.request_of(asked.draft)))))
    else:
        lines.append(f"The order keeps its number #{asked.before.number}; its place in the queue may change.")
    return detail(*lines)


def changes(token: str, options: ChangeOptions) -> Keyboard:
    """Steps for quantity and price, products, and the way back."""
    return keyboard(
        [button(count(size), ChangeTap(token, quantity=size)) for size in options.quantities[:4]],
        *_pairs([button(label, ChangeTap(token, price=value)) for label, value in options.prices]),
        [button(product.value, ChangeTap(token, product=product)) for product in options.products],
        [button("Market, protected", ChangeTap(token, protected=True)), button("Back", CardTap(token, CardVerb.BACK))],
    )


def _pairs(buttons: list[Button]) -> list[list[Button]]:
    return [buttons[start : start + 3] for start in range(0, len(buttons), 3)]


def discarded(draft: OrderDraft | None, now: datetime) -> View:
    return message(say(bold("Discarded."), " Nothing was sent."), *([what(draft, now)] if draft is not None else []))


def expired(words_of_it: str, token: str) -> View:
    """An old button: the card says so itself, and offers to ask anew."""
    return message(words_of_it).with_keyboard([button("Ask again at the price of now", CardTap(token, CardVerb.AGAIN))])


def question(asked: Question, mode: str, now: datetime) -> View:
    """Asked again in words: cancelling the stop of a position, or allowing new orders."""
    token = asked.confirmation.token
    if asked.order is not None:
        order = asked.order
        return message(
            say(bold(f"Cancel the stop #{order.number}?"), f" · {asked.account.label} · {mode}"),
            f"{what(order.draft, now)}: {_at(order)}. Without it nothing guards the position.",
        ).with_keyboard(
            [button("Yes, cancel the stop", CardTap(token, CardVerb.YES))],
            [button("No, keep it", CardTap(token, CardVerb.DISCARD))],
        )
    since = f" since {clock_time(asked.stop.at)}" if asked.stop is not None else ""
    why = [f"Reason then: {asked.stop.why}"] if asked.stop is not None and asked.stop.why else []
    return message(
        say(bold("Allow new orders again?"), f" · {asked.account.label} · {mode}"),
        f"They are blocked{since}. Open cards stay dead; type an order anew.",
        *why,
    ).with_keyboard(
        [button("Yes, allow new orders", CardTap(token, CardVerb.YES))],
        [button("No, stay stopped", CardTap(token, CardVerb.DISCARD))],
    )


# --- the living card ------------------------------------------------------------------------------------------------


def card(order: Order, *, label: str, mode: str, now: datetime, explain: Explain) -> View:
    """The order as it stands; the same message from the tap to the end."""
    return View((_headline(order, label, mode, now, explain), *_story(order, now, explain)), _card_keyboard(order, label, now))


def headline(order: Order, *, label: str, mode: str, now: datetime, explain: Explain) -> Line:
    """The first line of the card, for other messages."""
    return _headline(order, label, mode, now, explain)


def _headline(order: Order, label: str, mode: str, now: datetime, explain: Explain) -> Line:
    draft = order.draft
    sign = _SIGNS.get(order.status, "")
    size = f"{count(order.filled)}/{count(draft.quantity)}" if _is_partly(order) else count(draft.quantity)
    head = f"{sign}#{order.number} {draft.side} {size} {title(draft.instrument, today=ist_date(now))}"
    return say(bold(head), f" · {_state(order, explain)} · {label} · {mode}")


_SIGNS = {
    OrderStatus.SUBMITTING: "⏳ ",
    OrderStatus.UNKNOWN: "❔ ",
    OrderStatus.NOT_SEEN: "❔ ",
    OrderStatus.REFUSED: "✖️ ",
    OrderStatus.REJECTED: "✖️ ",
    OrderStatus.FILLED: "✅ ",
}


def _is_partly(order: Order) -> bool:
    return 0 < order.filled < order.draft.quantity


def _state(order: Order, explain: Explain) -> str:
    average = f", avg {price(order.average)}" if order.average is not None and order.filled else ""
    match order.status:
        case OrderStatus.SUBMITTING:
            return "sending…"
        case OrderStatus.UNKNOWN:
            return "outcome unknown"
        case OrderStatus.NOT_SEEN:
            return "closed by you: not in the mStock app"
        case OrderStatus.REFUSED | OrderStatus.REJECTED:
            return "rejected by mStock" + (f": {explain(order.reason)}" if order.reason else "")
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING:
            return f"{_at(order)}{_since(order)}"
        case OrderStatus.PARTIAL:
            return f"partly filled{average}"
        case OrderStatus.FILLED:
            return f"filled{average}{_took(order)}"
        case OrderStatus.CANCELLED:
            return f"cancelled, {count(order.filled)} filled{average}" if order.filled else "cancelled, nothing filled"
        case OrderStatus.EXPIRED:
            return f"expired, {count(order.filled)} filled{average}" if order.filled else "expired, nothing filled"


def _at(order: Order) -> str:
    draft = order.draft
    if draft.trigger is not None:
        limit = f", then {_verb(draft)} {price(draft.price)}" if draft.price is not None else ", then at market"
        return f"waiting for {price(draft.trigger)}{limit}"
    if draft.price is None:
        return "open at market"
    bound = "max " if draft.side is Side.BUY else "min "
    return f"open at {bound if draft.protected else ''}{price(draft.price)}"


def _since(order: Order) -> str:
    return f" since {clock_time(order.sent_at)}" if order.sent_at is not None else ""


def _took(order: Order) -> str:
    if order.sent_at is None:
        return ""
    seconds = (order.updated_at - order.sent_at).total_seconds()
    return f" in {seconds:.1f} s" if 0 <= seconds < 60 else ""


def _story(order: Order, now: datetime, explain: Explain) -> tuple[Part, ...]:
    """The lines below the first, where a state needs more words."""
    del explain
    match order.status:
        case OrderStatus.UNKNOWN:
            return (say(_unclear(order)),)
        case OrderStatus.REFUSED:
            return (
                say("An answer is no proof: I keep looking in the order book for three minutes, in case it exists after all."),
            )
        case OrderStatus.NOT_SEEN:
            return (say("Should it turn up in the order book after all, I ring."),)
        case OrderStatus.PARTIAL:
            return (say(f"{count(order.pending)} {_at(order)}{_since(order)}{_cancelling(order)}"),)
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING if order.cancelled_by is not None:
            return (say("Cancel sent; the book has not said so yet."),)
        case OrderStatus.FILLED if (better := _better(order)) is not None:
            return (say(better),)
    return ()


def _cancelling(order: Order) -> str:
    return " · cancel sent" if order.cancelled_by is not None else ""


def _unclear(order: Order) -> str:
    at = f" at {clock_time(order.sent_at)}" if order.sent_at is not None else ""
    looked = ""
    if order.looks and order.looked_at is not None:
        looked = f" ({order.looks} look{'s' if order.looks > 1 else ''}, last {clock_time(order.looked_at)})"
    return (
        f"I sent this order{at} and got no clear answer. I will not send it again. I am looking for it in the order book{looked}."
    )


def _better(order: Order) -> str | None:
    """What the fill saved against the worst price on the card, a share."""
    if not order.draft.protected or order.draft.price is None or order.average is None:
        return None
    gain = (order.draft.price - order.average) * order.draft.side.sign
    return f"{amount(gain)} better than the card" if gain > 0 else None


def _card_keyboard(order: Order, label: str, now: datetime) -> Keyboard:
    def tap(text: str, verb: OrderVerb) -> Button:
        return button(text, OrderTap(order.id, verb))

    match order.status:
        case OrderStatus.UNKNOWN:
            late = [tap("It is not in the mStock app", OrderVerb.NOT_THERE)] if may_give_up(order, now) else []
            return keyboard([tap("Look now", OrderVerb.LOOK)], late)
        case OrderStatus.OPEN | OrderStatus.TRIGGER_PENDING | OrderStatus.PARTIAL if order.cancelled_by is None:
            rest = "Cancel rest" if order.status is OrderStatus.PARTIAL else "Cancel"
            return keyboard([tap("Modify", OrderVerb.MODIFY), tap(rest, OrderVerb.CANCEL)])
        case OrderStatus.FILLED:
            return keyboard([tap("Same again", OrderVerb.SAME), tap("Exit", OrderVerb.EXIT)])
        case OrderStatus.REJECTED:
            return keyboard([tap("Ask again", OrderVerb.SAME), words("Funds", "/funds", account=label)])
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return keyboard([tap("Same again", OrderVerb.SAME)])
    return ()


def may_give_up(order: Order, now: datetime) -> bool:
    """Only after the look-out's time and a look made after it."""
    if order.sent_at is None or order.looked_at is None:
        return False
    return now - order.sent_at >= LOOK_OUT and order.looked_at - order.sent_at >= LOOK_OUT


def fill_keyboard(order: Order) -> Keyboard:
    """Under a fill that rings."""
    return keyboard(
        [button("Exit", OrderTap(order.id, OrderVerb.EXIT)), button("Same again", OrderTap(order.id, OrderVerb.SAME))],
        [button("Reverse", OrderTap(order.id, OrderVerb.REVERSE))],
    )


def not_there(order: Order, mode: str, now: datetime) -> View:
    """The second tap that closes an unknown order."""
    return message(
        say(bold(f"#{order.number} {what(order.draft, now)}"), f" · {mode}"),
        "You looked in the mStock app, under Orders, and it is not there? Then I stop waiting for it. "
        "I still ring if it turns up.",
    ).with_keyboard(
        [button("Yes, allow a new order", OrderTap(order.id, OrderVerb.GIVE_UP))],
        [button("No, look again", OrderTap(order.id, OrderVerb.LOOK))],
    )


def modify_prices(order: Order, label: str, mode: str, now: datetime) -> View:
    """Prices near the present one as buttons, and the words for any other."""
    draft, tick = order.draft, order.draft.instrument.tick
    near: list[Button] = []
    if draft.price is not None and draft.trigger is None:
        for part in (Decimal("-0.005"), Decimal("-0.001"), Decimal("0.001"), Decimal("0.005")):
            new = draft.price * (1 + part)
            new = min(tick_down(new, tick), draft.price - tick) if part < 0 else max(tick_up(new, tick), draft.price + tick)
            if new > 0:
                near.append(words(price(new), f"/modify {order.number} {new:f}", account=label))
    return message(
        say(bold(f"#{order.number} {what(draft, now)}"), f" · {_at(order)} · {label} · {mode}"),
        say("Another price: ", code(f"modify {order.number} {draft.price or draft.trigger or ZERO:f}"), " · quantity: ",
            code(f"modify {order.number} q {draft.quantity}")),
    ).with_keyboard(near[:2], near[2:])  # fmt: skip


def cancel_sent(orders: tuple[Order, ...], label: str, mode: str, now: datetime) -> View:
    """A cancel is asked for, not done: the book decides."""
    if not orders:
        return message(say(bold("No open orders."), f" Nothing to cancel · {label} · {mode}"))
    first = say(bold(f"Cancel sent for {len(orders)} order{'s' if len(orders) > 1 else ''}."), f" · {label} · {mode}")
    lines = [f"#{order.number} {what(order.draft, now)} · {_state(order, lambda text: text)}" for order in orders[:20]]
    if len(orders) > 20:
        lines.append(f"and {len(orders) - 20} more")
    return message(first, *lines, "The order book decides; each card says when it is done.")
