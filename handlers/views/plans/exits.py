"""Lists of exits and panics: the question, where each row stands, and the news of them."""

from bot.domain.exits.exit_list import CLOSED, ExitCard, ExitList, ExitRow, ExitsShown, ListKind, Opening, RowState, RowTold
from bot.domain.market.display_names import short
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.orders.order_text import plain
from bot.domain.terms import Side
from handlers.views.format import clock_time, count, fit, joined, money_row, price, row, rupees, table
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, detail, keyboard, say
from handlers.views.orders.card import Explain, place
from handlers.views.orders.order_news import Scene
from handlers.views.taps.exit_taps import ExitsTap, ExitsVerb
from handlers.views.taps.taps import ExitTap, OrderTap, OrderVerb

MOST = 40  # rows of one message


def card(asked: ExitCard, mode: str) -> View:
    """The question, with its Confirm alone on its row."""
    exits, label = asked.exits, asked.account.label
    panic = exits.kind is ListKind.PANIC
    many = len(exits.rows)
    what = "holding" if asked.of_demat else "position"
    head = "PANIC" if panic else f"EXIT {many} {what}{'s' if many > 1 else ''}"
    rows: list[tuple[str, ...] | str] = [row(head, mode), joined(asked.account.name), ""]
    noted = {number for number, _ in asked.remarks}
    for each in exits.rows[:MOST]:
        rows += _lines(each, noted=each.number in noted)
    rows.append("")
    if asked.profit is not None or (not panic and many > 1):
        rows.append(money_row("P&L of these", asked.profit))
    rows.append(row("", f"until {clock_time(asked.confirmation.expires_at)}"))
    parts: list[Part] = [table(*rows)]
    if panic:
        parts.append(say(bold(f"This closes intraday and carry-forward on {label} ({mode}): "), _panic_counts(asked)))
    elif len(exits.rows) > 1:
        parts.append(say("Closes what is listed here, and nothing that is opened later."))
    parts += _of_auction(exits)
    if any(each.back for each in exits.rows):
        parts.append(say("⏸ mStock's own order is closing this. Mine is held back: I wait 20 s for theirs, then ask again."))
    parts += [say(f"⚠️ {warning}.") for warning in (*_noted(asked), *asked.warnings)]
    if asked.turns:
        stops = ", ".join(f"#{stop.number}" if stop.is_ours else f"#{stop.number} (not mine)" for stop in asked.turns)
        parts.append(say(f"Stops become these exits, or guard what is left: {stops}."))
    if asked.not_touched:
        parts.append(say(f"Not touched: {', '.join(asked.not_touched)}."))
    how = "Rows go at the price of now, never beyond the worst price shown; nothing is ever sent past zero."
    waits = "Between 15:15 and 15:20 the exchange takes no order of shares with F&O: such a row is kept and sent at 15:20."
    more = ["What rests is priced anew every 3 s, at most 3 times.", "New orders stay blocked: /resume."] if panic else []
    parts.append(detail(how, *more, waits))
    name = "Close these" if panic else f"Confirm {many} exit{'s' if many > 1 else ''}"
    token = asked.confirmation.token
    return View(
        tuple(parts),
        keyboard(
            [button(name, ExitsTap(token, ExitsVerb.CONFIRM, label))],
            [button("No" if panic else "Discard", ExitsTap(token, ExitsVerb.DISCARD, label))],
        ),
    )


def login_first(label: str, mode: str) -> View:
    """A panic without a session: nothing can be read, and its card follows the login."""
    text = " I cannot see what is open. Log in, and the card of the panic follows by itself."
    parts = (say(bold("Not logged in."), text), say("/kill blocks new orders at once."), place(label, mode))
    return View(parts, keyboard([words("Log in", "/login", account=label)]))


def not_seen(label: str, mode: str, *, stopped: bool, refused: str = "") -> View:
    """A panic while mStock does not answer. stopped: by the kill switch. refused: it answers, and says why it shows nothing."""
    why = refused or "mStock does not answer."
    unseen = "I cannot see what is open, so nothing was closed or cancelled. The mStock app may still work."
    seen = say(bold(why), f" {unseen}")
    again = [words("Try again", "/panic", account=label)]
    if stopped:
        return View((seen, say("New orders are blocked already."), place(label, mode)), keyboard(again))
    blocks = say("New orders are not blocked yet: /kill blocks them at once.")
    return View((seen, blocks, place(label, mode)), keyboard(again, [words("Kill", "/kill", account=label)]))


def _of_auction(exits: ExitList) -> list[Part]:
    """When rows that the closing auction takes are sent, and what becomes of them there."""
    opens = {each.opens for each in exits.rows if each.opens is not None}
    gathers = any(each.rests_until is not None for each in exits.rows)
    parts: list[Part] = []
    for at in sorted(opens):
        names = ", ".join(_name(each.draft) for each in exits.rows if each.opens == at)
        first = f"⏸ No orders until {clock_time(at)}: {names} is kept, and sent then. Until then it can be discarded."
        parts.append(say(first))
    if gathers:
        parts.append(say("In the closing auction: a limit at the edge of its band, filled at its one price or not at all."))
    return parts


def _panic_counts(asked: ExitCard) -> str:
    entries, stops, rows = len(asked.exits.entries), asked.stops, sum(bool(each.slices) for each in asked.exits.rows)
    counted = ((entries, "entry order", "entry orders"), (stops, "stop", "stops"), (rows, "position", "positions"))
    return ", ".join(f"{number} {one if number == 1 else many}" for number, one, many in counted if number) + "."


def _noted(asked: ExitCard) -> list[str]:
    """What is to be known of single rows: each word once, with the rows that it is about."""
    rows: dict[str, list[str]] = {}
    for number, said in asked.remarks:
        rows.setdefault(said, []).append(f"{number + 1} {short(asked.exits.rows[number].draft.instrument)}")
    return [f"{', '.join(names)}: {said}" for said, names in rows.items()]


def _lines(each: ExitRow, *, noted: bool = False) -> list[tuple[str, ...] | str]:
    draft = each.draft
    quantity = sum(piece.quantity for piece in each.slices)
    if not quantity:
        return [row(f"{each.number + 1} what fills of {fit(short(draft.instrument), 18)}")]
    worst = f"{'max' if draft.side is Side.BUY else 'min'} {price(draft.price)}" if draft.price is not None else "market"
    lines = [
        *row(f"{each.number + 1} {draft.side} {count(quantity)} {short(draft.instrument)}"),
        *row(f"   {draft.product}{' ⚠️' if noted else ''}", worst),
    ]
    if len(each.slices) > 1:
        lines.append(f"   in {len(each.slices)} orders")
    if each.after:
        lines.append(f"   after {', '.join(str(number + 1) for number in each.after)} is filled")
    return list(lines)


def shown(way: ExitsShown, mode: str, explain: Explain) -> View:
    """Where each row stands at this moment."""
    exits, label = way.exits, way.account.label
    closed = sum(exits.state(each, way.orders) in CLOSED for each in exits.rows)
    title = {ListKind.PANIC: "Closing", ListKind.PNL: "P&L exit: closing", ListKind.REVERSE: "Reversing"}.get(exits.kind, "Exits")
    works = any(order.status.is_working for order in way.orders.values())
    end = (" · all sent" if works else " · over") if way.over else ""
    parts: list[Part] = [say(bold(title), f" {label} ({mode}) · {closed} of {len(exits.rows)} closed{end}")]
    parts += [say(_standing(each, exits, way, explain)) for each in exits.rows[:MOST]]
    if exits.then is not None:
        parts.append(say(_opening(exits.then, way)))
    if exits.kind is ListKind.PANIC and not way.over:  # afterwards they may have been allowed again
        parts.append(say("New orders are blocked: /resume."))
    if not way.logged_in and not way.over:
        parts.append(say("⏸ Not logged in: nothing is sent until you log in. Then this goes on by itself."))
    parts.append(say(f"as of {clock_time(way.as_of)}"))
    login = [words("Log in", "/login", account=label)] if not way.logged_in and not way.over else []
    rows = [[button("Look again", ExitsTap(exits.plan_id, ExitsVerb.LOOK, label))]]
    states = {exits.state(each, way.orders) for each in exits.rows}
    if not way.over and RowState.WAITS in states:
        rows.append(_answers(exits.plan_id, label))
    elif not way.over and any(each.back and exits.state(each, way.orders) is RowState.HELD for each in exits.rows):
        rows.append([_left(exits.plan_id, label)])
    elif not way.over and RowState.LATER in states:
        rows.append([button("Discard what waits", ExitsTap(exits.plan_id, ExitsVerb.STOP, label))])
    elif not way.over and exits.then is not None:
        rows.append([button("Stop here", ExitsTap(exits.plan_id, ExitsVerb.STOP, label))])
    return View(tuple(parts), keyboard(login, *rows))


def _opening(then: Opening, way: ExitsShown) -> str:
    """The second half of a reversal."""
    sent = [order for each in then.slices if (order := way.orders.get(each.order_id or "")) is not None]
    draft = then.draft
    name = f"{draft.side} {count(draft.quantity)} {short(draft.instrument)}"
    if not sent:
        return f"⏹ {name} was not sent" if way.over else f"⏸ {name} waits for the fill of the exit"
    numbers = ", ".join(f"#{order.number} {order.status.lower().replace('_', ' ')}" for order in sent)
    return f"⏳ {name}: {numbers}" if any(order.status.is_working for order in sent) else f"✅ {name}: {numbers}"


def _answers(plan_id: str, label: str) -> list[Button]:
    return [
        button("Go on", ExitsTap(plan_id, ExitsVerb.GO_ON, label)),
        button("Stop here", ExitsTap(plan_id, ExitsVerb.STOP, label)),
    ]


def _left(plan_id: str, label: str) -> Button:
    return button("Send mine for what is left", ExitsTap(plan_id, ExitsVerb.LEFT, label))


def _standing(each: ExitRow, exits: ExitList, way: ExitsShown, explain: Explain) -> str:
    row_told = exits.row_told(each, way.orders)
    state = row_told.state
    moves = max((piece.moves for piece in each.slices), default=0)
    waiting = ", ".join(str(other.number + 1) for other in exits.waits_for(each, way.orders))
    more = f", price {moves + 1} of 4" if moves and state is RowState.SENT else f" ({waiting})" if state is RowState.WAITS else ""
    if state is RowState.LATER and each.opens is not None:
        more = f" {clock_time(each.opens)} (auction)"
    elif state is RowState.SENT and each.rests_until is not None:
        more = f", in the closing auction until {clock_time(each.rests_until)}"
    return f"{_line(row_told, explain)}{more}"


MARKS = {
    **dict.fromkeys((RowState.READY, RowState.SENT), "⏳"),
    **dict.fromkeys((RowState.WAITS, RowState.LATER, RowState.HELD), "⏸"),
    **dict.fromkeys((RowState.FILLED, RowState.GONE), "✅"),
    **dict.fromkeys((RowState.REFUSED, RowState.KEPT, RowState.BARE), "✖️"),
    RowState.UNKNOWN: "❔",
    RowState.LEFT: "⏹",
}


def _line(told: RowTold, explain: Explain) -> str:
    """⏳ −65 NF 24500CE resting at 98.40. An entry is no position yet: BUY 5 INFY."""
    name = (
        f"{told.draft.side} {count(told.draft.quantity)} {short(told.draft.instrument)}" if told.is_entry else _name(told.draft)
    )
    return f"{MARKS[told.state]} {name} {_words(told, explain)}"


def _name(draft: OrderDraft) -> str:
    """The position that a draft closes."""
    return f"{'+' if draft.side is Side.SELL else '−'}{count(draft.quantity)} {short(draft.instrument)}"


_STANDING = {
    RowState.GONE: "was not open any more",
    RowState.WAITS: "waits for the fill of what it covers",
    RowState.LATER: "waits for",
    RowState.KEPT: "nothing sent: its stop would not change, or mStock was not reached",
    RowState.BARE: "its stop is gone and nothing was sent: nothing guards it",
    RowState.LEFT: "left as it is",
}


def _words(told: RowTold, explain: Explain) -> str:
    order = told.order
    number = f"#{order.number}" if order is not None else told.said
    match told.state:
        case RowState.FILLED:
            average = f" {price(order.average)}" if order is not None and order.average is not None else ""
            return f"{number} filled{average}"
        case RowState.SENT:
            if order is not None and order.status is OrderStatus.SUBMITTING:
                return f"{number} is being sent"
            at = f" at {price(order.draft.price)}" if order is not None and order.draft.price is not None else ""
            part = f", {count(order.filled)} filled" if order is not None and order.filled else ""
            rest = f", the rest is being closed by {told.beside}" if told.beside else ""
            return f"{number} rests{at}{part}{rest}"
        case RowState.HELD:
            part = f"{count(order.filled)} filled by {number}, the rest " if order is not None and told.beside else ""
            return f"{part}is being closed by {told.beside or told.said or number or 'another order'}"
        case RowState.REFUSED:
            why = f": {explain(order.reason)}" if order is not None and order.reason else ""
            return f"{number} ended unfilled{why}"
        case RowState.UNKNOWN:
            if order is not None and order.status is OrderStatus.REFUSED:
                return f"{number} refused ({explain(order.reason)}); looked for all the same, not sent again"
            return f"{number}: outcome unknown, not sent again"
        case _:
            return _STANDING.get(told.state, "to be sent")


def told(news: ExitsTold, scene: Scene) -> View:
    """The news of a list: what waits in vain, what was not sent, or whether all is flat."""
    if news.told is Told.FLAT:
        return _flat(news, scene)
    # One row may have several orders, and an entry is none.
    open_places = {(each.draft.instrument.key, each.draft.product) for each in news.rows if not each.is_entry}
    titles = {
        Told.NO_SESSION: "Closing waits: not logged in. It goes on by itself after the login.",
        Told.NOT_FLAT: f"Not proven flat. {news.of - len(open_places)} of {news.of} closed.",
        Told.STALLED: f"An exit is not filled. What covers it waits: {count(news.waiting)}.",
        Told.HELD: "Held back. mStock's order is still closing this; mine was not sent.",
        Told.TURN_WAITS: "The exit is not filled. The other side waits for it.",
        Told.CUT: "Not sent: the time of this list is over.",
        Told.BESIDE: "Not all closed. Another order is closing this, and I send none beside it.",
        Told.STANDS: f"Not closed: {count(len(news.rows))}. I tried, and mStock did not take it.",
    }
    parts: list[Part] = [say(bold(titles[news.told]))]
    parts += [say(_line(each, scene.explain)) for each in news.rows[:MOST]]
    if news.told is Told.NOT_FLAT and news.kind is ListKind.PANIC:
        parts.append(say("New orders stay blocked: /resume."))
    rows: list[list[Button]] = [acts for each in news.rows[:8] if (acts := _repairs(each, scene))]
    if news.told is Told.HELD or (news.told is Told.NOT_FLAT and any(each.state is RowState.HELD for each in news.rows)):
        rows.append([_left(news.plan_id, scene.label)])
    if news.told is Told.NO_SESSION:
        rows.append([words("Log in", "/login", account=scene.label)])
    if news.told is Told.STALLED:
        rows.append(_answers(news.plan_id, scene.label))
    elif news.told is Told.TURN_WAITS:
        rows.append([button("Stop here", ExitsTap(news.plan_id, ExitsVerb.STOP, scene.label))])
    rows.append([button("Look again", ExitsTap(news.plan_id, ExitsVerb.LOOK, scene.label))])
    return View(tuple(parts), keyboard(*rows))


def _flat(news: ExitsTold, scene: Scene) -> View:
    slippage = ""
    if news.slippage is not None:
        better = news.slippage < 0
        seen = "when it struck" if news.kind is ListKind.PNL else "at the tap"
        slippage = f", {rupees(-news.slippage)} better than seen {seen}" if better else f", slippage {rupees(news.slippage)}"
    text = (
        f" {news.of} row{'s' if news.of != 1 else ''} closed in {news.orders} order{'s' if news.orders != 1 else ''}{slippage}."
    )
    blocked = " New orders stay blocked: /resume." if news.kind is ListKind.PANIC else ""
    stays = f"Holdings and delivery trades stay.{blocked}"
    flat = f"Flat: {news.scope} at" if news.scope else "Flat at"
    return View(
        (say(bold(f"{flat} {clock_time(news.at)}."), text), say(stays)),
        keyboard([words("Positions", "/positions", account=scene.label)]),
    )


def _repairs(told: RowTold, scene: Scene) -> list[Button]:
    """The buttons that go on with a row that stands still. Beside an unknown outcome another exit is the person's to send."""
    order, draft = told.order, told.draft
    name = short(draft.instrument)
    another = button(f"Exit {name}", ExitTap(draft.instrument.key, draft.product, scene.label))
    match told.state:
        case RowState.UNKNOWN if order is not None:
            look = button(f"Look now: {name}", OrderTap(order.id, OrderVerb.LOOK, scene.label))
            return [look, another] if order.closes else [look]
        case RowState.SENT if order is not None and told.is_entry:
            return [button(f"Cancel #{order.number}", OrderTap(order.id, OrderVerb.CANCEL, scene.label))]
        case RowState.SENT if order is not None and order.draft.side is draft.side:
            to, where = ("", "") if told.chase is None else (f" {plain(told.chase)}", f" to {price(told.chase)}")
            return [words(f"Chase {name}{where}", f"/modify {order.number}{to}", account=scene.label)]
        case RowState.HELD if told.said:
            return [words(f"Change {told.said}: {name}", f"/modify {told.said}", account=scene.label)]
        case RowState.FILLED | RowState.GONE | RowState.WAITS | RowState.LATER | RowState.READY | RowState.HELD:
            return []
        case _:
            return [another]
