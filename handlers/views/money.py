"""Profit and loss, and the summary of a day."""

from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import ist
from bot.domain.market.display_names import short
from bot.domain.money import PAISA, total
from bot.domain.orders.portfolio import DayReport, PnL, PositionLine
from handlers.views.books import day_rows, left_out, net_rows, old_prices, position_rows, wants_stop
from handlers.views.format import RULE, amount, clock_time, fit, mark, money_row, price, row, signed, signed_count, table, wrapped
from handlers.views.keyboards import button, words
from handlers.views.message import Part, View, detail, keyboard, say
from handlers.views.taps import ListingTap

_LINES = 8


def pnl(result: PnL, tap: ListingTap, name: str, mode: str) -> View:
    """Booked, open, charges and net of today; the holdings' change stands apart and is never in the net."""
    rows = [row(fit(f"P&L {name}", 23), mode), row(f" as of {clock_time(result.as_of)}")]
    rows += [position_rows(line, result.as_of) for line in result.lines[:_LINES]]
    if len(result.lines) > _LINES:
        rows.append(row(f" and {len(result.lines) - _LINES} more"))
    rows += [(RULE,), *day_rows(result.open, result.booked, result.adjustment)]
    rows += net_rows(result.charges, result.gross, result.charges_missing)
    parts: list[Part] = [table(*rows)]
    if result.bases:
        names = "; ".join(f"{short(base.instrument)} {price(base.before)} → {price(base.now)}" for base in result.bases[:_LINES])
        parts.append(table(money_row("Holdings today", None)))
        parts.append(say(f"⚠️ Bonus or split? {names}. Their change today is not known."))
    elif result.holdings_change is not None:
        parts.append(table(money_row("Holdings today", result.holdings_change)))
        parts.append(say("The holdings' change is not part of the net."))
    parts += left_out([line for line in result.lines if line.booked is None or (line.open is None and line.position.quantity)])
    parts += _by_the_broker(result.lines)
    parts += old_prices(result.lines, result.as_of)
    buttons = [
        button("Refresh", tap),
        words("Positions", "/positions", account=tap.label),
        words("Report", "/report", account=tap.label),
    ]
    return View(tuple(parts), keyboard(buttons))


def _by_the_broker(lines: tuple[PositionLine, ...]) -> list[Part]:
    """What mStock's own positions make of the day, where that differs from our fills by a paisa or more, and why."""
    told = [(line, off) for line in lines if (off := line.difference) is not None and abs(off) >= PAISA]
    if not told:
        return []
    own = total(off for _, off in told)
    why = [f"{short(line.position.instrument)} {signed(off)}: {', '.join(line.reasons)}" for line, off in told[:_LINES]]
    more = [f"and {len(told) - _LINES} more"] if len(told) > _LINES else []
    return [detail(f"By our own fills {signed(own)} against mStock's positions.", *why, *more)]


def report(summary: DayReport, label: str, mode: str, *, mark: str = "") -> View:
    """The summary of a date: first the net, then what made it, then what is carried. mark: the account's own."""
    day = date.fromisoformat(summary.date)
    rows = [row(fit(f"{day.day} {day:%b %Y}".upper() + f" {mark} {label}", 23), mode)]
    if summary.records_only:
        rows += [row("Net", "no data   "), (RULE,)]
    else:
        gross = summary.gross
        rows.append(money_row("Net", summary.net) if summary.net is not None else money_row("Before charges", gross))
        rows += [(RULE,), money_row("Booked", summary.booked), money_row("Open", summary.open)]
        if summary.adjustment:
            rows.append(money_row("Close adjustment", summary.adjustment))
        rows.append(_charges_row(summary, gross))
    rows.append(row("Orders", f"{summary.orders}   "))
    rows.append(row(" filled", f"{summary.filled_orders}   "))
    rows.append(row(" rejected", f"{summary.rejected_orders}   "))
    rows.append(row("Trades", f"{summary.trades}   "))
    if summary.carried:
        rows.append(row("Carried"))
        rows += [_carried(line) for line in summary.carried]
    if not summary.records_only:
        rows.append(row("Cash tomorrow", f"{amount(summary.cash)}   " if summary.cash is not None else "not known   "))
    parts: list[Part] = [table(*rows)]
    if not summary.trades and not summary.records_only:
        since = f"; up since {_moment(summary.up_since, day)}" if summary.up_since is not None else ""
        parts.append(say(f"No trades{since}."))
    if summary.records_only:
        parts.append(say("⚠️ No data: mStock's books of this day could not be read. Orders and trades are from my own records."))
    elif not summary.complete:
        parts.append(say("⚠️ mStock could not be asked for everything: these are the figures that I have."))
    if summary.late:
        parts.append(say(f"Late: made at {_moment(summary.made_at, day)}, because I was not running at its time."))
    return View(
        tuple(parts), keyboard([words("Trades", "/trades", account=label), words("Positions", "/positions", account=label)])
    )


def _moment(at: datetime, day: date) -> str:
    """14:02:11 on that day, 21 Nov 14:02 on another."""
    local = ist(at)
    return clock_time(at) if local.date() == day else f"{local.day} {local:%b %H:%M}"


def _charges_row(summary: DayReport, gross: Decimal) -> tuple[str, ...]:
    if summary.charges is None:
        return row("Charges", "not known   ")
    rows = money_row("Charges ≈", -summary.charges, marked=False)
    if gross <= summary.charges:  # of a gross that does not even pay them a share says nothing
        return rows
    return (*rows, *row("", f"{summary.charges / gross * 100:.1f} % of gross   "))


def _carried(line: PositionLine) -> tuple[str, ...]:
    position = line.position
    name = f" {signed_count(position.quantity)} {short(position.instrument)} {position.product}"
    figure = f"{signed(line.open)} {mark(line.open) or '  '}" if line.open is not None else "P&L not known"
    note = row("   no stop ⚠️") if wants_stop(line) else ()
    if line.open is None:
        return (*wrapped(f"{name}, {figure}"), *note)
    return (*row(fit(name), figure), *note)
