"""A basket: the question about all of it, where each order stands, and its news."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.exits.exit_list import ExitList, ExitRow, ExitsShown, RowState, RowTold
from bot.domain.market.display_names import day_words, short, strike_words
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.orders.order_text import draft_line, plain
from bot.domain.pictures import Payoff
from bot.domain.plans.basket import BasketCard, BasketMargins
from bot.domain.terms import Validity
from handlers.views.format import amount, clock_time, count, day_and_time, joined, price, row, table
from handlers.views.keyboards import button, words
from handlers.views.market import chart
from handlers.views.message import Button, Keyboard, Line, Part, View, bold, code, detail, keyboard, message, say
from handlers.views.orders.card import Explain, place, state
from handlers.views.orders.order_news import Scene
from handlers.views.plans.exits import MARKS
from handlers.views.taps.basket_taps import BasketTap, BasketVerb

NUMBERS = {2: "both"}


def card(asked: BasketCard, mode: str, now: datetime) -> View:
    """The question, with its Confirm alone on its row."""
    exits, token, label = asked.exits, asked.confirmation.token, asked.account.label
    parts: list[Part] = []
    if asked.redrawn:
        parts.append(say(bold("Asked again."), f" {asked.redrawn} Read, then tap."))
    drafts = [each.draft for each in exits.rows]
    rows: list[tuple[str, ...] | str] = [
        row(f"BASKET {len(drafts)} orders", mode),
        joined(*_common(drafts), asked.account.name),
        "",
    ]
    for each in exits.rows:
        rows += _terms(each, drafts)
    rows += ["", *_money(asked), row("", f"until {clock_time(asked.confirmation.expires_at)}")]
    parts.append(table(*rows))
    parts += [say(f"⚠️ {warning.removesuffix('.')}.") for warning in asked.warnings]
    if asked.opens is not None:  # a Confirm could only fail
        say_when = f"The market takes all of this again on {day_and_time(asked.opens)}."
        return View((*parts, say(bold(say_when))), card_keyboard(token, drafts, label, shut=True))
    parts.append(_more(asked, drafts, now))
    return View(tuple(parts), card_keyboard(token, drafts, label))


def card_keyboard(token: str, drafts: Sequence[OrderDraft], label: str, *, shut: bool = False) -> Keyboard:
    """Confirm on a row of its own, and what cannot hurt below it. Contracts alone have a payoff and hedge one another."""

    def does(name: str, verb: BasketVerb) -> Button:
        return button(name, BasketTap(token, verb, label))

    discard = does("Discard", BasketVerb.DISCARD)
    confirm = does(f"Confirm {NUMBERS.get(len(drafts), str(len(drafts)))}", BasketVerb.CONFIRM)
    looks = [does("Payoff", BasketVerb.PAYOFF), does("Margin with hedge", BasketVerb.MARGIN)]
    acts = [[discard]] if shut else [[confirm], [does("Change", BasketVerb.CHANGE), discard]]
    return keyboard(*acts, looks if _has_contracts(drafts) else [])


def changes(token: str, label: str) -> Keyboard:
    """What is changed in all orders at once, and the way back."""

    def does(name: str, verb: BasketVerb) -> Button:
        return button(name, BasketTap(token, verb, label))

    return keyboard(
        [does("All twice", BasketVerb.DOUBLE), does("All half", BasketVerb.HALVE)],
        [does("Limits at mid", BasketVerb.AT_MID), does("Market, protected", BasketVerb.AT_MARKET)],
        [does("Done", BasketVerb.DONE)],
    )


def _common(drafts: Sequence[OrderDraft]) -> list[str]:
    """What all orders share: underlying and day, product."""
    said = []
    if _one_chain(drafts) and (expiry := drafts[0].instrument.expiry) is not None:
        said.append(f"{drafts[0].instrument.symbol} {day_words(expiry)}")
    if len({draft.product for draft in drafts}) == 1:
        said.append(drafts[0].product.value)
    return said


def _has_contracts(drafts: Sequence[OrderDraft]) -> bool:
    return any(draft.instrument.is_derivative for draft in drafts)


def _one_chain(drafts: Sequence[OrderDraft]) -> bool:
    contracts = {(draft.instrument.symbol, draft.instrument.exchange, draft.instrument.expiry) for draft in drafts}
    return len(contracts) == 1 and drafts[0].instrument.expiry is not None


def _terms(each: ExitRow, drafts: Sequence[OrderDraft]) -> list[tuple[str, ...] | str]:
    draft = each.draft
    lines: list[tuple[str, ...] | str] = [row(f"{each.number + 1} {_name(draft, drafts)}", _price(draft))]
    if len({other.product for other in drafts}) > 1:
        lines.append(f"   {draft.product}")
    if not each.enters:
        lines.append("   closes")
    if draft.validity is Validity.IOC:
        lines.append("   IOC")
    if each.after:
        numbers = ", ".join(str(number + 1) for number in each.after)
        lines.append(f"   sent after {numbers} {'is' if len(each.after) == 1 else 'are'} filled")
    return lines


def _name(draft: OrderDraft, drafts: Sequence[OrderDraft]) -> str:
    """BUY 65 24800 CE, or with the whole name where the orders are on more than one underlying or day."""
    instrument = draft.instrument
    what = f"{strike_words(instrument.strike)} {instrument.right}" if instrument.right else "FUT"
    name = what if _one_chain(drafts) else short(instrument)
    return f"{draft.side} {count(draft.quantity)} {name}"


def _price(draft: OrderDraft) -> str:
    if draft.price is None:
        return "any price"
    return f"{'m' if draft.protected else '@'} {price(draft.price)}"


def _money(asked: BasketCard) -> list[tuple[str, ...]]:
    rows = [row("Blocks", f"≈ {amount(asked.margin)}" if asked.margin is not None else "not known")]
    if asked.cost is not None:
        name = "Worst cost" if asked.cost >= 0 else "Least taken in"
        rows.append(row(name, amount(abs(asked.cost))))
    else:
        rows.append(row("Worst cost", "not known"))
    if asked.loss is not None:
        loss = "no limit" if asked.loss.endless else "not known" if asked.loss.rupees is None else amount(asked.loss.rupees)
        rows.append(row("Loss at most", loss))
    if asked.charges is not None:
        rows.append(row("Charges", f"≈ {amount(asked.charges)}"))
    rows += [row(f" {name}", "not known") for name in asked.charges_unknown]
    return rows


def _more(asked: BasketCard, drafts: Sequence[OrderDraft], now: datetime) -> Part:
    lines: list[Line | str] = [
        "m: at the market, never worse than this price. @: a limit.",
        "Each order is one order with a number of its own; a check that fails later strikes off what was not sent.",
    ]
    if asked.loss is not None:
        lines.append("The loss is before charges, at the worst prices, when the contracts end.")
    if asked.cash is not None:
        hedge = " mStock's margin for several orders may not see a hedge among them." if _has_contracts(drafts) else ""
        lines.append(f"Cash now {amount(asked.cash)}.{hedge}")
    typed = "; ".join(draft_line(draft, ist_date(now)).removeprefix("/") for draft in drafts)
    lines.append(say("The same in words: ", code(f"/basket {typed}")))
    return detail(*lines)


def payoff(asked: Payoff, token: str, account: str, label: str, *, with_held: bool) -> View:
    """What the orders can win and lose at expiry, alone or with what is held. account: mark and label."""
    whose = "These orders and what you hold" if with_held else "These orders alone"
    view = chart.payoff(asked, account, label).and_then(say(f"{whose}, the orders at their worst prices. Nothing was sent."))
    other = BasketVerb.PAYOFF if with_held else BasketVerb.PAYOFF_WITH_HELD
    name = "These orders alone" if with_held else "With what I hold"
    return view.with_keyboard([button(name, BasketTap(token, other, label))])


def margins(found: BasketMargins, mode: str) -> View:
    """What the orders block by the plain route, and by the one for baskets, which may see a hedge."""
    rows = [row("MARGIN of all orders", mode)]
    for name, value in (("Margin route", found.plain), ("Basket route", found.basket)):
        rows.append(row(name, f"≈ {amount(value)}" if value is not None else "not known"))
    if found.saved is not None:
        rows.append(row("The hedge spares", amount(found.saved)))
    seen = "sees no hedge among them" if found.saved is None and None not in (found.plain, found.basket) else ""
    said = [say(f"The basket route {seen}.")] if seen else []
    return View((table(*rows), *said, say("While a cover is not filled yet, mStock may block more.")))


def in_words(reasons: Sequence[str], token: str, many: int, label: str, mode: str) -> View:
    """A heavy basket, asked again: why it is heavy, and one button that names the act."""
    return message(say(bold(f"Send these {many} orders?")), *reasons, place(label, mode)).with_keyboard(
        [button(f"Yes, send {NUMBERS.get(many, str(many))}", BasketTap(token, BasketVerb.YES, label))],
        [button("No", BasketTap(token, BasketVerb.DISCARD, label))],
    )


def bare(reasons: Sequence[str], token: str, label: str, mode: str) -> View:
    """Whether a short is to be sold without its cover."""
    return message(say(bold("Sell without the cover?")), *reasons, place(label, mode)).with_keyboard(
        [button("Yes, sell it uncovered", BasketTap(token, BasketVerb.BARE, label))],
        [button("No, send nothing more", BasketTap(token, BasketVerb.STOP, label))],
    )


def expired(said: str, token: str, label: str) -> View:
    """Says in an old card's place that it is over, and offers to ask anew."""
    again = button("Ask again at the price of now", BasketTap(token, BasketVerb.AGAIN, label))
    return message(said).with_keyboard([again])


def shown(way: ExitsShown, mode: str, explain: Explain) -> View:
    """Where each order stands at this moment."""
    exits, label = way.exits, way.account.label
    filled = sum(exits.state(each, way.orders) in (RowState.FILLED, RowState.GONE) for each in exits.rows)
    parts: list[Part] = [say(bold("Basket"), f" {label} ({mode}) · {filled} of {len(exits.rows)} filled")]
    drafts = [each.draft for each in exits.rows]
    if common := _common(drafts):
        parts.append(say(" · ".join(common)))
    parts += [say(_standing(each, exits, way, explain)) for each in exits.rows]
    parts.append(say(f"as of {clock_time(way.as_of)}"))
    return View(tuple(parts), _keyboard(way))


def _standing(each: ExitRow, exits: ExitList, way: ExitsShown, explain: Explain) -> str:
    drafts = [other.draft for other in exits.rows]
    stands = exits.state(each, way.orders)
    name = f"{MARKS[stands]} {each.number + 1} {_name(each.draft, drafts)}"
    if way.over and each.unsent:
        return f"{name} · not sent, and will not be"
    if stands is RowState.WAITS:
        numbers = ", ".join(str(other.number + 1) for other in exits.waits_for(each, way.orders))
        return f"{name} · waits for the fill of {numbers}"
    return f"{name} · {_words(stands, each.hangs_on(way.orders), each.said, explain)}"


def _words(stands: RowState, order: Order | None, said: str, explain: Explain) -> str:
    if order is not None:
        part = f", {count(order.filled)} of {count(order.draft.quantity)} filled" if order.status is OrderStatus.PARTIAL else ""
        return f"#{order.number} {state(order, explain)}{part}"
    match stands:
        case RowState.LEFT:
            return "struck off, will not be sent"
        case RowState.GONE:
            return "nothing of it was open any more"
        case RowState.LATER:
            return "sent when the exchange takes orders of it again"
        case RowState.HELD:
            return f"{said or 'another order'} is closing it"
        case RowState.KEPT | RowState.BARE:
            return "nothing was sent"
        case _:
            return "to be sent"


def _keyboard(way: ExitsShown) -> Keyboard:
    exits, label = way.exits, way.account.label
    rows = [_orders([order for each in exits.rows if (order := each.hangs_on(way.orders)) is not None], label)]
    waited = {other.number for each in exits.rows for other in exits.waits_for(each, way.orders) if each.unsent}
    late = [exits.rows[number] for number in sorted(waited)]
    rows += [[act] for each in late if (act := _chase(each.hangs_on(way.orders), None, label)) is not None]
    if not way.over and any(exits.state(each, way.orders) is RowState.WAITS for each in exits.rows):
        rows.append(_answers(exits.plan_id, label))
    rows.append([button("Look again", BasketTap(exits.plan_id, BasketVerb.LOOK, label))])
    return keyboard(*rows)


def _orders(orders: Sequence[Order], label: str) -> list[Button]:
    """Those that rest: each opens with its Modify and Cancel."""
    working = [order for order in orders if order.status.is_working]
    return [words(f"#{order.number}…", f"/order {order.number}", account=label) for order in working[:4]]


def _chase(order: Order | None, to: Decimal | None, label: str) -> Button | None:
    """A new price for an order that others wait for: the one at which it would fill, or a choice where that is not known."""
    if order is None or not order.status.is_working:
        return None
    if to is None:
        return words(f"Chase #{order.number}…", f"/modify {order.number}", account=label)
    return words(f"Chase #{order.number} to {price(to)}", f"/modify {order.number} {plain(to)}", account=label)


def _answers(plan_id: str, label: str) -> list[Button]:
    return [
        button("Go on", BasketTap(plan_id, BasketVerb.GO_ON, label)),
        button("Stop here", BasketTap(plan_id, BasketVerb.STOP, label)),
    ]


def told(news: ExitsTold, scene: Scene) -> View:
    """The news of a basket: what waits in vain, or what will not be sent."""
    titles = {
        Told.STALLED: f"The cover is not filled. What it covers waits: {count(news.waiting)}.",
        Told.CUT: "Not sent: the time of this basket is over.",
        Told.STRUCK: "Struck off, will not be sent:",
    }
    parts: list[Part] = [say(bold(titles.get(news.told, "Basket")))]
    parts += [say(_told_line(each, scene)) for each in news.rows]
    if news.why:
        parts.append(say(news.why))
    rows: list[list[Button]] = []
    if news.told is Told.STALLED:
        rows += [[act] for each in news.rows if (act := _chase(each.order, each.chase, scene.label)) is not None]
        rows.append(_answers(news.plan_id, scene.label))
    rows.append([button("Look", BasketTap(news.plan_id, BasketVerb.LOOK, scene.label))])
    return View(tuple(parts), keyboard(*rows))


def _told_line(each: RowTold, scene: Scene) -> str:
    name = f"{each.draft.side} {count(each.draft.quantity)} {short(each.draft.instrument, today=ist_date(scene.now))}"
    if each.state is RowState.LEFT or (each.order is None and each.state in (RowState.WAITS, RowState.READY)):
        return name
    return f"{MARKS[each.state]} {name} · {_words(each.state, each.order, each.said, scene.explain)}"
