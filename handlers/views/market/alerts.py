"""A person's alerts, and the news of one that was struck or paused."""

from datetime import date
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.market.display_names import label, short
from bot.domain.news.alert import ARMS, Alert, AlertKind, AlertPaused, AlertsBlind, AlertsShown, AlertState, AlertStruck, Sees
from bot.domain.orders.order_text import words_of
from bot.domain.positions.rebase import Rebase
from handlers.views.format import clock_time, count, fit, mark, price, row, signed, table, wrapped
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, keyboard, say
from handlers.views.orders.order_news import Scene, renders
from handlers.views.taps.taps import ExitTap

_SIGNS = {AlertKind.ABOVE: "≥", AlertKind.BELOW: "≤", AlertKind.PROFIT: "≥", AlertKind.LOSS: "≤"}
_MOST_BUTTONS = 24
_MOST_NAMED = 6


def alerts(shown: AlertsShown, name: str, account: str, mode: str) -> View:
    """One row an alert with its number, what watches them, and a button for each."""
    rows = [row(fit(f"ALERTS {name}", 23), mode), row(f" as of {clock_time(shown.as_of)}")]
    for alert in shown.alerts:
        rows.append(_row(alert, shown))
        if alert.percent is not None:
            rows.append(row(f"   {_percent(alert.percent)} from prev close"))
        if alert.state is AlertState.PAUSED:
            rows.append(row("   🟡 paused"))
        elif _has_ended(alert, shown):
            rows.append(row("   🟡 the contract has ended"))
    parts: list[Part] = [table(*rows)]
    if shown.made is not None:
        parts.insert(0, say(bold(f"Alert {shown.made.id} is set"), ". It rings once."))
        if shown.made.kind is AlertKind.GIVEBACK:
            parts.append(say(f"It counts from the best of each day, once that is {signed(ARMS)} or more."))
    if not shown.alerts:
        parts.append(say("None. For example: alert reliance above 1500"))
    elif shown.sees is Sees.QUOTES:
        parts.append(say("🟡 Live prices are down: I ask mStock every 12 s meanwhile."))
    elif shown.sees is Sees.NOTHING:
        parts.append(say("🔴 No session: nothing is being watched until you log in."))
    buttons = [_buttons(alert, account) for alert in shown.alerts[:_MOST_BUTTONS]]
    return View(tuple(parts), keyboard(*buttons, [words("Refresh", "/alerts", account=account, stays=True)]))


def _has_ended(alert: Alert, shown: AlertsShown) -> bool:
    expiry = alert.instrument.expiry if alert.instrument is not None else None
    return expiry is not None and expiry < ist_date(shown.as_of)


def _buttons(alert: Alert, account: str) -> list[Button]:
    found = [words(f"Delete {alert.id}", f"/alerts delete {alert.id}", account=account, stays=True)]
    if alert.state is AlertState.PAUSED:
        found.insert(0, words(f"Keep {alert.id}", f"/alerts keep {alert.id}", account=account, stays=True))
        rebase = Rebase.suspected(alert.base) if alert.base is not None else None
        if rebase is not None:
            found.insert(0, words(f"Adjust {alert.id} {rebase}", f"/alerts adjust {alert.id}", account=account, stays=True))
    return found


def _row(alert: Alert, shown: AlertsShown) -> tuple[str, ...]:
    if alert.instrument is None:
        return wrapped(f"{alert.id} {_on_result(alert)}")
    name = label(alert.instrument, today=ist_date(shown.as_of))
    return row(f"{alert.id} {name}", f"{_SIGNS[alert.kind]} {price(alert.level)}")


def _on_result(alert: Alert) -> str:
    if alert.kind is AlertKind.GIVEBACK:
        return f"Day's P&L gives back {count(int(alert.level))} %"
    return f"Day's P&L {_SIGNS[alert.kind]} {signed(alert.level)}"


def _percent(percent: Decimal) -> str:
    return f"{signed(percent)} %"


@renders(AlertStruck)
def _struck(news: AlertStruck, scene: Scene) -> View:
    """First what it is now, then what was asked, and the ticket."""
    alert, account = news.alert, scene.label
    if alert.instrument is None:
        best = f" Best of the day {signed(alert.best)}." if alert.kind is AlertKind.GIVEBACK and alert.best is not None else ""
        lines: list[Part] = [
            say(bold("Alert"), f" The day's P&L is {signed(news.value)} {mark(news.value)} before charges.".replace("  ", " ")),
            say(f"{_on_result(alert)}.{best} This alert is over."),
        ]
        return View(tuple(lines), keyboard([words("Positions", "/positions", account=account)]))
    instrument, today = alert.instrument, ist_date(scene.now)
    asked = f"{alert.kind} {price(alert.level)}"
    if alert.percent is not None:
        asked += f" ({_percent(alert.percent)} from the previous close)"
    when = f"Traded {clock_time(news.at)}." if news.at is not None else "By a quote: live prices are down, its time is not known."
    lines = [
        say(bold("Alert"), f" {short(instrument, today=today)} {price(news.value)}"),
        say(f"You asked for {asked}. {when} This alert is over."),
    ]
    query = f"{words_of(instrument, today)} {instrument.exchange}".lower()
    trade = [words("Buy…", f"/buy {query}", account=account), words("Sell…", f"/sell {query}", account=account)]
    exits = [
        button("Exit" if len(news.products) == 1 else f"Exit {product}", ExitTap(instrument.key, product, account))
        for product in news.products
    ]
    rows = [trade, exits] if instrument.is_tradable else []
    return View(tuple(lines), keyboard(*rows, [words("Quote", f"/quote {query}", account=account)]))


@renders(AlertsBlind)
def _blind(news: AlertsBlind, scene: Scene) -> View:
    names = [_name(alert, ist_date(scene.now)) for alert in news.alerts[:_MOST_NAMED]]
    more = f" and {len(news.alerts) - _MOST_NAMED} more" if len(news.alerts) > _MOST_NAMED else ""
    which, since = f"{', '.join(names)}{more}", clock_time(news.since)
    if news.sees:
        line = say(bold("Alerts see again."), f" {which}. Not seen: {since}-{clock_time(scene.now)}.")
    else:
        line = say(bold("Alerts blind."), f" {which}. No figure since {since}, so nothing strikes until I see again.")
    return View((line,), keyboard([words("Alerts", "/alerts", account=scene.label)]))


def _name(alert: Alert, today: date) -> str:
    what = short(alert.instrument, today=today) if alert.instrument is not None else _on_result(alert)
    return f"{alert.id} {what}"


@renders(AlertPaused)
def _paused(news: AlertPaused, scene: Scene) -> View:
    alert, base, account = news.alert, news.base, scene.label
    text = (
        f"Alert {alert.id}, {alert.kind} {price(alert.level)}, is paused: {price(base.before)} became {price(base.now)}. "
        "It may be a bonus or a split, and the alert would mean another price."
    )
    rebase, adjusted = Rebase.suspected(base), alert.rebased()
    adjust = []
    if rebase is not None and adjusted is not None:
        text += f" Adjusted {rebase} it would be {alert.kind} {price(adjusted.level)}."
        adjust = [words(f"Adjust {rebase}", f"/alerts adjust {alert.id}", account=account)]
    buttons = [
        *adjust,
        words("Keep", f"/alerts keep {alert.id}", account=account),
        words("Delete", f"/alerts delete {alert.id}", account=account),
    ]
    return View(
        (say(bold(f"{short(base.instrument, today=ist_date(scene.now))}: bonus or split?")), say(text)), keyboard(buttons)
    )
