"""Trails: the question, where each stands, and the news of them."""

from datetime import datetime

from bot.domain.clock import ist_date
from bot.domain.exits.closing import is_closing
from bot.domain.market.display_names import short
from bot.domain.news.plans.trails import TrailNews, TrailTold
from bot.domain.orders.order import Order
from bot.domain.plans.plan import PlanState
from bot.domain.plans.trail import A_MINUTE, AN_HOUR
from bot.domain.plans.trail_card import TrailCard, TrailShown
from bot.domain.terms import Side
from handlers.views.format import age, clock_time, count, joined, price, row, table
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, detail, keyboard, say
from handlers.views.orders.card import at, place, verb, what
from handlers.views.orders.order import PRODUCTS
from handlers.views.orders.order_news import Scene, renders
from handlers.views.orders.trail_words import trail_line
from handlers.views.taps.taps import OrderTap, OrderVerb
from handlers.views.taps.trail_taps import TrailTap, TrailVerb


def card(asked: TrailCard, mode: str, now: datetime) -> View:
    """The question, with Confirm alone on its row."""
    rule, stop, label = asked.rule, asked.stop, asked.account.label
    first, *contract = what(stop, now).split(" · ")
    rows: list[tuple[str, ...] | str] = [row("TRAIL", mode), row(first), *(row(f" {part}") for part in contract)]
    rows += [joined(PRODUCTS[stop.product], asked.account.name), ""]
    best = "high" if rule.side is Side.SELL else "low"
    if rule.step is None:
        rows.append(row("Stop follows", f"{price(rule.every)} {'below' if rule.side is Side.SELL else 'above'} {best}"))
    else:
        way = "up" if rule.side is Side.SELL else "down"
        rows += [row("For every", f"{price(rule.every)} {way}"), row(" stop goes", f"{price(rule.step)} {way}")]
        rows.append(row(" counted from", price(rule.base)))
    name = f"Stop #{asked.guard.number} now" if asked.guard is not None else "Stop, placed now"
    rows.append(row(name, price(rule.start)))
    worst = rule.worst(rule.start)
    if worst is not None:
        rows.append(row(f" then {verb(stop)}", price(worst)))
    if stop.quantity < asked.open:
        rows.append(row("Guards", f"{count(stop.quantity)} of {count(asked.open)}"))
    rows += [row(f"LTP {price(asked.price.last)}", age(asked.price.at, now))]
    rows.append(row("", f"until {clock_time(asked.confirmation.expires_at)}"))
    kind = "continuous" if rule.step is None else "stepped"
    token = asked.confirmation.token
    return View(
        (
            table(*rows),
            say(f"The stop rests at the exchange; I move it on live prices, {kind}, towards the profit only."),
            detail(
                f"It counts from the {best} that is traded after Confirm, and sees nothing while prices are away.",
                "It moves by a tenth of its distance at least, every 5 s at most.",
                f"All trails of an account share {A_MINUTE} moves a minute and {AN_HOUR} an hour.",
                "Where the price is through before the stop could move, the exit goes, no worse than that stop.",
            ),
        ),
        keyboard(
            [button("Confirm trail", TrailTap(token, TrailVerb.CONFIRM, label))],
            [button("Discard", TrailTap(token, TrailVerb.DISCARD, label))],
        ),
    )


def shown(one: TrailShown, mode: str) -> View:
    """One trail as it stands, with what can be done about it."""
    lives = one.plan.state is PlanState.ALIVE and one.plan.trails
    rows = [_buttons(one)] if lives else []
    label = one.account.label
    return View((*_lines(one), place(label, mode)), keyboard(*rows, [_look(one)] if lives else []))


def listed(all_: tuple[TrailShown, ...], label: str, mode: str) -> View:
    """All trails of an account."""
    parts: list[Part] = []
    for one in all_:
        parts += _lines(one)
    if not all_:
        parts = [say(bold("No trails."), " On an entry: buy reliance 10 trail 15. On what is open: trail reliance 15.")]
    refresh = [words("Refresh", "/trail", account=label, stays=True)]
    return View((*parts, place(label, mode)), keyboard(*(_buttons(one, named=True) for one in all_[:12]), refresh))


def _lines(one: TrailShown) -> list[Part]:
    plan, trail = one.plan, one.seen.trail
    stop = plan.stop.draft if plan.stop is not None else None
    name = short(stop.instrument, today=ist_date(one.as_of)) if stop is not None else ""
    if plan.state is not PlanState.ALIVE or not plan.trails:
        stands = f" #{one.guard.number}: {at(one.guard)}." if one.guard is not None and one.guard.status.is_working else ""
        return [say(bold("Trail is over."), f" {name}{stands}")]
    guard = one.guard
    size = count(guard.pending if guard is not None else stop.quantity) if stop is not None else ""
    parts: list[Part] = [say(bold(f"{'SELL' if trail.rule.side is Side.SELL else 'BUY'} {size} {name}"))]
    if guard is not None and guard.status.is_working:
        parts.append(say(f"#{guard.number} at the exchange: {at(guard)}."))
    else:
        parts.append(
            say("The stop is placed when something of the entry is filled." if plan.entries else "The stop is on its way.")
        )
    if guard is not None and is_closing(guard):
        return [*parts, say("It follows the price no more: it is being closed.")]
    parts.append(say(trail_line(one.seen, one.as_of)))
    if trail.unseen is not None:
        parts.append(say(f"not seen {clock_time(trail.unseen.since)}-{clock_time(trail.unseen.until)}"))
    if (until := one.seen.slowed_until) is not None:
        wait = max((until - one.as_of).total_seconds(), 0)
        parts.append(say(f"Slowed: trails share {A_MINUTE} moves a minute and {AN_HOUR} an hour; next move in {wait:.0f} s."))
    moves = f"last {one.seen.refused} moves" if one.seen.refused > 1 else "last move"
    if one.seen.doubt is not None:
        stands = f"{price(trail.trigger)} or {price(one.seen.doubt)}"
        parts.append(say(f"No clear answer to the {moves}: the stop stands at {stands}, until the book tells."))
    elif one.seen.refused:
        parts.append(say(f"mStock did not take the {moves}; the stop stands as it was."))
    return parts


def _buttons(one: TrailShown, *, named: bool = False) -> list[Button]:
    label, guard, found = one.account.label, one.guard, []
    name = f": {short(one.plan.stop.draft.instrument)}" if named and one.plan.stop is not None else ""
    if guard is not None and guard.status.is_working and not named:
        found += [
            button("Exit", OrderTap(guard.id, OrderVerb.EXIT, label)),
            button("Change stop", OrderTap(guard.id, OrderVerb.MODIFY, label)),
        ]
    return [*found, button(f"Stop the trail{name}", TrailTap(one.plan.id, TrailVerb.END, label))]


def _look(one: TrailShown) -> Button:
    return button("Refresh", TrailTap(one.plan.id, TrailVerb.LOOK, one.account.label))


@renders(TrailTold)
def _told(news: TrailTold, scene: Scene) -> View:
    stop = news.stop
    name = f" {count(stop.draft.quantity)} {short(stop.draft.instrument, today=ist_date(scene.now))}"
    since = clock_time(news.since) if news.since is not None else ""
    level = price(news.price) if news.price is not None else ""
    stands = _stands(stop)
    look = button("Look", TrailTap(news.plan_id, TrailVerb.LOOK, scene.label))
    leave = button("Exit", OrderTap(stop.id, OrderVerb.EXIT, scene.label))
    match news.told:
        case TrailNews.BLIND:
            text = f"{name}: no live prices since {since}. {stands} It does not follow until I see again."
            return View((say(bold("Trail not watched."), text),), keyboard([leave, look]))
        case TrailNews.SEES:
            text = f"{name}: not seen {since}-{clock_time(scene.now)}. What was traded then does not move the stop. {stands}"
            return View((say(bold("Trail watched again."), text),), keyboard([look]))
        case TrailNews.EXITS:
            text = f"{name}: the price reached {level} before the stop could be moved there. The exit goes."
            return View((say(bold("Trail: out."), text),), keyboard([words("Positions", "/positions", account=scene.label)]))
        case TrailNews.STUCK:
            text = f"{name}: mStock takes no move to {level}. {stands} I go on trying."
            if news.doubtful:
                either = f"{stands.removesuffix('.')} or at {level}."
                text = f"{name}: no clear answer to its moves. {either} I go on trying."
            return View((say(bold("Trail stuck."), text),), keyboard([leave, look]))
        case TrailNews.LIVES_ON:
            text = (
                f"{name}: {news.name} may not trade here any more. The stop and its trail live on, for they only close. {stands}"
            )
            return View((say(bold("Trail lives on."), text),), keyboard([leave, look]))


def _stands(stop: Order) -> str:
    return f"The stop #{stop.number} stands at {price(stop.draft.trigger)}." if stop.draft.trigger is not None else ""
