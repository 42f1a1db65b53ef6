"""The morning's cards: readiness, a missing login, contracts that end in shares, the week ahead."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import groupby

from bot.domain.market.display_names import short
from bot.domain.market.expiries import STOCKS, Expiry
from bot.domain.market.instrument import Exchange
from bot.domain.news.days.readiness import (
    ClosedDay,
    ExpiryAlarm,
    Finding,
    Light,
    LoginReminder,
    NearExpiry,
    Overnight,
    Readiness,
    ReadinessAlarm,
    Settlement,
    SharesDue,
    WeekAhead,
)
from handlers.views.format import (
    RULE,
    WIDTH,
    amount,
    columns,
    count,
    fit,
    money_row,
    price,
    row,
    signed_count,
    table,
    wrapped,
)
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, keyboard, say
from handlers.views.orders.order_news import Scene, renders
from handlers.views.orders.steps import STOP, Candidate
from handlers.views.taps.taps import ExitTap

Rows = tuple[str, ...]

_LIGHTS = {Light.GREEN: "🟢", Light.AMBER: "🟡", Light.RED: "🔴"}
_FACT = 14  # columns of a light and its name
_INDENT = "   "
_MOST = 6  # positions, and contracts, that are named one by one
_STOPS = 3  # buttons for stops
UNWATCHED = "Nothing is being watched."


@renders(Readiness, ReadinessAlarm)
def readiness(news: Readiness, scene: Scene) -> View:
    """First what expires or is closed, then each fact with its light, and the buttons that repair."""
    rows: list[Rows] = [_head(_day(news.day).upper(), scene), *_today(news)]
    rows.append(_fact(news.clock, "clock", f"{news.skew:+.1f} s".replace("-", "−") if news.skew is not None else "not known"))
    rows.append(_fact(Light.GREEN if news.session else Light.RED, "session", "logged in" if news.session else "log in"))
    dated = f"dated {news.master.day} {news.master:%b}" if news.master is not None else "none"
    rows.append(_fact(news.contracts, "contracts", dated))
    rows.append(_fact(news.money, "cash", amount(news.cash) if news.cash is not None else "not known"))
    rows.append(_fact(Light.GREEN if news.feed else Light.AMBER, "feed", "connected" if news.feed else "not connected"))
    rows.append(_overnight(news))
    rows += _changed(news)
    rows += [line for each in news.findings for line in _finding(each)]
    parts: list[Part] = [table(*rows)]
    if isinstance(news, ReadinessAlarm):
        parts.insert(0, say(bold(UNWATCHED), f" {_what_waits(news)}, and there is no mStock session."))
    if news.unauthorised:
        parts.append(say("⚠️ mStock may need your CDSL TPIN today; authorise in the mStock app."))
    return View(tuple(parts), keyboard(_repairs(news, scene.label), *([stop] for stop in _stops(news, scene.label))))


@renders(LoginReminder)
def login_reminder(news: LoginReminder, scene: Scene) -> View:
    """No session, positions, and the market about to open."""
    parts: list[Part] = [say(bold(UNWATCHED), " There is no mStock session.")]
    if news.overnight:
        held = ", ".join(_position(one) for one in news.overnight[:_MOST])
        more = f" and {len(news.overnight) - _MOST} more" if len(news.overnight) > _MOST else ""
        parts.append(say(f"Held: {held}{more}."))
    parts += [say(f"{each.name.capitalize()}: {each.value}.") for each in news.findings]
    return View(tuple(parts), keyboard([words("Log in", "/login", account=scene.label)]))


@renders(NearExpiry, ExpiryAlarm)
def near_expiry(news: NearExpiry, scene: Scene) -> View:
    """Shares to give or take, the money for them, and closing now against settling, for each contract."""
    rows: list[Rows] = [_head("ENDS IN SHARES", scene)]
    for one in news.rows[:_MOST]:
        rows += [(RULE,), *_settlement(one, alone=one.meets not in news.netted)]
    for (symbol, _), due in news.netted.items():
        rows += [(RULE,), row(f"{symbol} together"), *_due(due)]
    parts: list[Part] = [table(*rows)]
    if len(news.rows) > _MOST:
        parts.append(say(f"And {len(news.rows) - _MOST} more: /positions"))
    if news.noted_of is not None:
        parts.append(say(f"As of the evening of {_day(news.noted_of)}: mStock's books could not be read."))
        return View(tuple(parts), keyboard([words("Log in", "/login", account=scene.label)]))
    parts.append(say("Since entry, after charges ≈, at the prices of now; mStock's own fee for a settlement is not in it."))
    parts.append(say("What mStock blocks for a delivery rises day by day until the end."))
    exits = [
        [button(f"Exit {short(one.instrument, today=news.day)}", ExitTap(one.instrument.key, one.product, scene.label))]
        for one in news.rows[:_MOST]
    ]
    return View(tuple(parts), keyboard(*exits))


@renders(WeekAhead)
def week_ahead(news: WeekAhead, scene: Scene) -> View:
    """The holidays of the week, and what of that which is held ends in it."""
    rows: list[Rows] = [_head(f"WEEK OF {news.monday.day} {news.monday:%b}".upper(), scene)]
    rows += [_closed(one) for one in news.closed] or [row("No holiday")]
    if not news.covered:
        rows.append(wrapped("I have no calendar for all of it"))
    rows.append((RULE,))
    if news.expiring is None:
        rows.append(row("What is held is not known"))
    elif not news.expiring:
        rows.append(row("Nothing that is held ends"))
    else:
        rows.append(row("Ends, of what is held"))
        for day, ending in groupby(news.expiring[:_MOST], lambda one: one.instrument.expiry):
            rows.append(row(f" {_day(day)}" if day is not None else " day not known"))
            rows += [_under(_position(one)) for one in ending]
        rows += _rest(len(news.expiring))
    parts: list[Part] = [table(*rows)]
    if news.noted_of is not None:
        parts.append(say(f"Held as of the evening of {_day(news.noted_of)}."))
    return View(tuple(parts), keyboard([words("Positions", "/positions", account=scene.label)] if news.expiring else []))


OWN_PLACE = frozenset({Readiness, ReadinessAlarm, NearExpiry, ExpiryAlarm, WeekAhead})  # their tables name account and mode


# --- rows ---------------------------------------------------------------------------------------------------------


def _head(title: str, scene: Scene) -> Rows:
    return row(fit(" ".join(filter(None, (title, scene.mark, scene.label))), 23), scene.mode)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _fact(light: Light, name: str, value: str) -> Rows:
    left = f"{_LIGHTS[light]} {name}"
    left += " " * max(_FACT + 1 - columns(left), 1)
    return (left + value,) if columns(left + value) <= WIDTH else (left.rstrip(), *_under(value))


def _under(text: str) -> Rows:
    """A detail under its fact."""
    return tuple(_INDENT + line for line in wrapped(text, WIDTH - len(_INDENT)))


def _today(news: Readiness) -> Iterable[Rows]:
    if not news.covered:
        yield wrapped(f"I have no calendar for {news.day.year}")
    elif news.expiries:
        yield wrapped(f"Expiry today: {', '.join(_families(news.expiries))}")
    elif not news.held_expiring:
        yield row("No expiry today")
    if news.held_expiring:
        names = [short(one, today=news.day) for one in news.held_expiring[:_MOST]]
        more = [f"{len(news.held_expiring) - _MOST} more"] if len(news.held_expiring) > _MOST else []
        yield wrapped(f"Held and ends: {', '.join(names + more)}")
    for day in news.ahead:
        yield _closed(day)


def _families(expiries: tuple[Expiry, ...]) -> list[str]:
    """Indices by name, and the shares' contracts in one word for each exchange, NSE's first."""
    names = [expiry.underlying for expiry in expiries if expiry.underlying != STOCKS]
    stocks = {expiry.exchange for expiry in expiries if expiry.underlying == STOCKS}
    if Exchange.NFO in stocks:
        names.append("all stock F&O")
    elif stocks:
        names.append("BSE stock F&O")
    return list(dict.fromkeys(names))


def _closed(day: ClosedDay) -> Rows:
    name = f", {day.name}" if day.name else ""
    return wrapped(f"{_day(day.day)}: {'special session' if day.special else 'holiday'}{name}")


def _position(one: Overnight) -> str:
    return f"{signed_count(one.quantity)} {short(one.instrument)} {one.product}"


def _overnight(news: Readiness) -> Rows:
    if news.overnight is None:
        return _fact(news.carried, "overnight", "not known")
    if not news.overnight:
        return _fact(news.carried, "overnight", "none")
    since = (
        f"as of {news.overnight_of.day} {news.overnight_of:%b}" if news.overnight_of is not None else count(len(news.overnight))
    )
    rows = _fact(news.carried, "overnight", since)
    for one in news.overnight[:_MOST]:
        note = "no stop" if one.lacks_stop else "stop not known" if one.guarded is None and news.overnight_of is None else ""
        rows += _under(_position(one)) + (_under(note) if note else ())
    return rows + tuple(line for rest in _rest(len(news.overnight)) for line in rest)


def _rest(number: int) -> list[Rows]:
    return [_under(f"and {number - _MOST} more")] if number > _MOST else []


def _changed(news: Readiness) -> Iterable[Rows]:
    """What changed overnight. Where nothing did, nothing is said."""
    if news.changes is None:
        yield _fact(Light.AMBER, "changes", "not known")
    elif news.changes:
        yield _fact(Light.AMBER, "changed", "")
        for one in news.changes[:_MOST]:
            name = short(one.instrument, today=news.day)
            yield _under(f"{name}: {one.what} {one.before} → {one.now}" if one.now else f"{name}: not listed any more")
        yield from _rest(len(news.changes))
    if news.bases is None:
        yield _fact(Light.AMBER, "holdings", "not known")
    elif news.bases:
        yield row(f"{_LIGHTS[Light.AMBER]} bonus or split?")
        for base in news.bases[:_MOST]:
            yield _under(f"{short(base.instrument)} {price(base.before)} → {price(base.now)}")
        yield from _rest(len(news.bases))
        yield _under("day change not known")
    if news.unauthorised:
        yield row(f"{_LIGHTS[Light.AMBER]} not authorised")
        for stop in news.unauthorised[:_MOST]:
            yield _under(f"{short(stop.instrument)} stop {count(stop.quantity)}, authorised {count(stop.authorised)}")
        yield from _rest(len(news.unauthorised))


def _finding(each: Finding) -> Iterable[Rows]:
    yield _fact(each.light, each.name, each.value)
    yield from (_under(detail) for detail in each.details[:_MOST])
    yield from _rest(len(each.details))


def _what_waits(news: Readiness) -> str:
    """Positions are held and alerts are armed."""
    waiting = [each.waits for each in news.findings if each.waits]
    said = " and ".join([*(["positions are held"] if news.overnight else []), *waiting])
    return said[:1].upper() + said[1:]


def _repairs(news: Readiness, label: str) -> list[Button]:
    buttons = []
    if not news.session:
        buttons.append(words("Log in", "/login", account=label))
    elif news.money is not Light.GREEN:
        buttons.append(words("Funds", "/funds", account=label))
    if news.overnight and news.session:
        buttons.append(words("Positions", "/positions", account=label))
    if news.bases or news.unauthorised:
        buttons.append(words("Holdings", "/holdings", account=label))
    return [*buttons, *(words(each.label, each.command, account=label) for found in news.findings for each in found.repairs)]


def _stops(news: Readiness, label: str) -> Iterable[Button]:
    """A stop for what has none: all of it is said but its price, which is asked for."""
    if not news.session:
        return
    for one in [held for held in news.overnight or () if held.lacks_stop][:_STOPS]:
        command = "/sell" if one.quantity > 0 else "/buy"
        named = Candidate(one.instrument, one.quantity, one.product, news.day).words
        name = short(one.instrument, today=news.day)
        yield words(f"Set stop: {name}", f"{command} {named} {abs(one.quantity)} {STOP}", account=label)


def _settlement(one: Settlement, *, alone: bool) -> Iterable[Rows]:
    """One contract. alone: no other one of its share ends with it."""
    yield row(f"{signed_count(one.quantity)} {short(one.instrument)}", one.product)
    if one.left is None:
        yield row(" days left not known")
    else:
        yield row(f" {one.left} trading day{'s' if one.left > 1 else ''} left" if one.left else " expires today")
    yield from _due(one.due, alone=alone)
    if one.spot is not None:
        yield row(" share now", f"{price(one.spot)}   ")
    yield money_row(" close now", one.close_now)
    yield money_row(" settle", one.settle)
    if one.squared_off is not None:
        is_past = one.left == 0  # it is still held on its last day
        yield _spaced(f"mStock {'was to close' if is_past else 'closes'} it {_day(one.squared_off)}, best effort")


def _due(one: SharesDue, *, alone: bool = True) -> Iterable[Rows]:
    """The shares and their money. Those to give that are not there only where no other contract may bring them."""
    if one.shares is None:
        yield row(" shares not known")
    elif one.shares:
        yield row(f" {'take' if one.shares > 0 else 'give'} {count(abs(one.shares))} shares")
    else:
        yield row(" ends without shares")
    if one.shares is not None and one.shares < 0:
        yield row(f" you own {count(one.owned)}" if one.owned is not None else " owned: not known")
    if alone and one.lacking:
        yield row(f" {count(one.lacking)} not there: auction")
    if one.shares or one.money:
        yield _money(one.money)


def _money(rupees: Decimal | None) -> Rows:
    if rupees is None:
        return row(" money", "not known   ")
    return row(" needs" if rupees > 0 else " brings", f"{amount(abs(rupees))}   ")


def _spaced(text: str) -> Rows:
    return tuple(f" {line}" for line in wrapped(text, WIDTH - 1))
