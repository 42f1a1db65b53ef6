"""P&L exits: the question, how each stands, and the news of them."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bot.domain.clock import ist, ist_date
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.plans.pnl_card import PnlCard, PnlShown
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, PnlExitNow, ScopeKind, ScopeResult
from bot.domain.plans.pnl_words import levels_in_words, scope_in_words, typed
from handlers.views.format import amount, clock_time, mark, row, signed, table, wrapped
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, code, detail, keyboard, say
from handlers.views.orders.card import place
from handlers.views.orders.order_news import Scene, renders
from handlers.views.taps.exit_taps import ExitsTap, ExitsVerb
from handlers.views.taps.pnl_taps import PnlExitTap, PnlVerb

HUNDRED = Decimal(100)


def card(asked: PnlCard, mode: str) -> View:
    """The question, with Confirm alone on its row."""
    exit_, label = asked.exit, asked.account.label
    rows: list[tuple[str, ...] | str] = [row("P&L EXIT", mode), wrapped(scope_in_words(exit_.scope)), row(asked.account.name), ""]
    rows.append(row("P&L now", _value(asked.figure)))
    act = "Exit" if exit_.action is PnlAction.EXIT else "Alert"
    for name, level in ((f"{act} at", exit_.stop), (f"{act} at", exit_.target)):
        if level is not None:
            rows.append(row(name, signed(level)))
    if exit_.giveback is not None:
        rows += [row(f"{act} after giving back", amount(exit_.giveback)), row(" of the best from now on")]
    rows.append(row("Counted", _charges(exit_)))
    if exit_.blocks_until is not None:
        rows.append(row("Then no entries", f"until {_until(exit_.blocks_until, exit_.created_at)}"))
    rows.append(row("", f"until {clock_time(asked.confirmation.expires_at)}"))
    parts: list[Part] = [table(*rows)]
    if exit_.action is PnlAction.ALERT:
        parts.append(say(bold("Alert only:"), " it rings and closes nothing."))
    if asked.figure.missing:
        parts.append(say(f"⚠️ Not known now: {', '.join(asked.figure.missing)}. Nothing strikes until it is."))
    if asked.uncharged:
        parts.append(say(f"⚠️ Without {', '.join(asked.uncharged)}, which is not known."))
    if asked.replaces is not None:
        parts.append(say(f"Takes the place of {levels_in_words(asked.replaces)}."))
    parts.append(detail(*_licence(exit_)))
    token = asked.confirmation.token
    return View(
        tuple(parts),
        keyboard(
            [button(f"Confirm P&L {act.lower()}", PnlExitTap(token, PnlVerb.CONFIRM, label))],
            [button("Discard", PnlExitTap(token, PnlVerb.DISCARD, label))],
        ),
    )


def _licence(exit_: PnlExit) -> list[str]:
    day = _ends(exit_)
    lasts = f"It lasts {day}, sleeps while nothing is open, and covers what is opened later."
    ends = f"It lasts {day}, ends with its last open row before that, and rings then."
    return [
        f"It strikes once, after {exit_.stands} s of known figures at the level or beyond.",
        "A figure is known while each open row was traded within 60 s, or has a bid and ask within 5 %, and prices come.",
        "It may only close what of this is open when it strikes, one slab from the price of then, priced anew at most 3 times.",
        "Delivery and margin funding are never part of it.",
        lasts if exit_.scope.kind is ScopeKind.ALL else ends,
    ]


def listed(shown: PnlShown, mode: str) -> View:
    """All of an account."""
    label = shown.account.label
    numbers = [f" {number}" for number in range(1, len(shown.exits) + 1)] if len(shown.exits) > 1 else [""]
    numbered = list(zip(shown.exits, numbers, strict=False))
    parts: list[Part] = []
    for one, number in numbered:
        parts += _lines(one, label, mode, number)
    if not shown.exits:
        parts.append(say(bold("No P&L exits."), " Say: exit all if -5000, exit nifty if +8000, exit all if giveback 3000"))
        parts.append(place(label, mode))
    if shown.blocked_until is not None:
        parts.append(say(f"No entries until {_until(shown.blocked_until, shown.as_of)}: a P&L exit struck."))
    rows = [_buttons(one, label, number) for one, number in numbered[:12]]
    return View(tuple(parts), keyboard(*rows, [words("Refresh", "/exit if", account=label, stays=True)]))


def _lines(one: PnlExitNow, label: str, mode: str, number: str = "") -> list[Part]:
    exit_, figure = one.exit, one.figure
    act = "Exit" if exit_.action is PnlAction.EXIT else "Alert only"
    levels = [f"at {signed(level)}" for level in (exit_.stop, exit_.target) if level is not None]
    if exit_.giveback is not None:
        best = f"best {signed(exit_.best)}" if exit_.best is not None else "no best yet"
        armed = f", so at {signed(exit_.gives_back_at)}" if exit_.gives_back_at is not None else ", not armed"
        levels.append(f"after giving back {amount(exit_.giveback)} of the best ({best}{armed})")
    now = "Now: not looked at yet"
    if figure is not None and figure.flat:
        now = "Nothing is open: it sleeps."
    elif one.blind_since is not None:
        missing = ", ".join(figure.missing) if figure is not None else ""
        now = f"Blind since {clock_time(one.blind_since)}: {missing}. Nothing strikes until I see again."
    elif figure is not None and figure.value is not None:
        at_mid = ", at mid" if figure.at_mid else ""
        now = f"Now {signed(figure.value)} {mark(figure.value)}{at_mid} · held by me, seen {clock_time(one.as_of)}"
    blocks = f"Then no entries until {_until(exit_.blocks_until, one.as_of)}." if exit_.blocks_until is not None else ""
    return [
        say(bold(f"P&L exit{number}"), f" {label} ({mode}) · {scope_in_words(exit_.scope)} · {_charges(exit_)}"),
        say(f"{act} {' or '.join(levels)} · {_ends(exit_)}, if still true after {exit_.stands} s"),
        say(now),
        *([say(blocks)] if blocks else []),
    ]


def _buttons(one: PnlExitNow, label: str, number: str) -> list[Button]:
    change = button(f"Change{number}", PnlExitTap(one.exit.id, PnlVerb.CHANGE, label))
    remove = button(f"Remove{number}", PnlExitTap(one.exit.id, PnlVerb.REMOVE, label))
    return [change, remove] if number else [change, *_only_alert(one.exit, label), remove]


def _only_alert(exit_: PnlExit, label: str) -> list[Button]:
    alert = button("Alert only", PnlExitTap(exit_.id, PnlVerb.ONLY_ALERT, label))
    return [alert] if exit_.action is PnlAction.EXIT else []


def changing(shown: PnlShown, exit_id: str, mode: str) -> View:
    """Other levels for one that watches. Each is a card of its own, and nothing changes before its Confirm."""
    label = shown.account.label
    one = next((each for each in shown.exits if each.exit.id == exit_id), None)
    if one is None:
        return listed(shown, mode)
    exit_ = one.exit
    act = "Exit" if exit_.action is PnlAction.EXIT else "Alert"
    rows = []
    if exit_.stop is not None:
        rows.append([_ask(f"{act} at {signed(level)}", replace(exit_, stop=level), label) for level in _beside(exit_.stop)])
    if exit_.target is not None:
        rows.append([_ask(f"{act} at {signed(level)}", replace(exit_, target=level), label) for level in _beside(exit_.target)])
    if exit_.giveback is not None:
        rows.append(
            [_ask(f"Give back {amount(level)}", replace(exit_, giveback=level), label) for level in _beside(exit_.giveback)]
        )
    anew = [_ask("Exit, not only alert", replace(exit_, action=PnlAction.EXIT), label)]
    rows.append(_only_alert(exit_, label) or anew)
    back = [words("Back", "/exit if", account=label, stays=True)]
    said = say("Or say it whole: ", code(typed(exit_)))
    return View((*_lines(one, label, mode), said), keyboard(*rows, back))


def _beside(level: Decimal) -> list[Decimal]:
    """A fifth nearer to nothing and a fifth farther away, in whole hundreds of rupees, the same sign."""
    step = max((abs(level) / 5 / HUNDRED).to_integral_value() * HUNDRED, HUNDRED)
    sign = 1 if level > 0 else -1
    return [each for each in (level - sign * step, level + sign * step) if each * sign > 0]


def _ask(name: str, exit_: PnlExit, label: str) -> Button:
    return words(name, f"/{typed(exit_)}", account=label)


def _value(figure: ScopeResult) -> str:
    if figure.flat:
        return "nothing open"
    return f"{signed(figure.value)} {mark(figure.value)}".rstrip() if figure.value is not None else "not known"


def _charges(exit_: PnlExit) -> str:
    return "after charges" if exit_.after_charges else "before charges"


def _ends(exit_: PnlExit) -> str:
    """Says when it ends: until 15:40 today, or today alone where its market never closes."""
    same = ist_date(exit_.until) == ist_date(exit_.created_at)
    return f"until {ist(exit_.until):%H:%M} today" if same else "today"


def _until(moment: datetime, now: datetime) -> str:
    return f"{ist(moment):%H:%M}" if ist_date(moment) == ist_date(now) else "tomorrow"


@renders(PnlExitTold)
def _told(news: PnlExitTold, scene: Scene) -> View:
    label, what = scene.label, f"{news.levels} of {news.scope}"
    value = f"{signed(news.value)} {mark(news.value)}".rstrip() if news.value is not None else ""
    list_ = words("P&L exits", "/exit if", account=label)
    look = button("Look", ExitsTap(news.exit_id, ExitsVerb.LOOK, label))
    blocked = f" No entries until {_until(news.blocks_until, news.at)}." if news.blocks_until is not None else ""
    since = clock_time(news.since) if news.since is not None else ""
    match news.told:
        case PnlNews.EXITS:
            rows = f"{news.rows} row{'s' if news.rows != 1 else ''}" if news.rows else "nothing, for nothing is open"
            return View((say(bold("P&L exit struck."), f" {what}: {value}. It closes {rows}.{blocked}"),), keyboard([look]))
        case PnlNews.ALERTS:
            exit_ = words("Exit…", "/exit", account=label)
            text = f" {what}: {value}. Alert only: nothing is closed.{blocked}"
            return View((say(bold("P&L level reached."), text),), keyboard([exit_, list_]))
        case PnlNews.BLIND:
            missing = ", ".join(news.missing)
            text = f" {what}. Not known: {missing}. Nothing strikes until I see again."
            alert = button("Alert only", PnlExitTap(news.exit_id, PnlVerb.ONLY_ALERT, label))
            ways = keyboard([words("Exit now…", "/exit", account=label), alert])
            return View((say(bold(f"P&L exit blind since {since}."), text),), ways)
        case PnlNews.SEES:
            text = f" {what}: {value}. Not seen {since}-{clock_time(news.at)}."
            return View((say(bold("P&L exit watches again."), text),), keyboard([list_]))
        case PnlNews.ENDED:
            why = "its day is over" if news.day_over else "nothing of it is open any more"
            return View((say(bold("P&L exit ended."), f" {what}: {why}."),))
        case PnlNews.LIVES_ON:
            text = f" {what}: {news.name} may not trade here any more. It lives on, for it only closes."
            return View((say(bold("P&L exit lives on."), text),), keyboard([list_]))
