"""Profit and loss, and the summary of a day."""

from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import ist
from bot.domain.market.display_names import short
from bot.domain.orders.portfolio import DayReport, PositionLine
from handlers.views.books import wants_stop
from handlers.views.format import RULE, amount, clock_time, fit, mark, money_row, row, signed, signed_count, table, wrapped
from handlers.views.keyboards import words
from handlers.views.message import Part, View, keyboard, say


def report(summary: DayReport, label: str, mode: str, *, mark: str = "") -> View:
    """The summary of a date: first the net, then what made it, then what is carried. mark: the account's own."""
    day = date.fromisoformat(summary.date)
    rows = [row(fit(f"{day.day} {day:%b %Y}".upper() + f" {mark} {label}", 23), mode)]
    if summary.records_only:
        rows += [row("Net", "no data   "), (RULE,)]
    else:
        gross = summary.gross
        name = "Net of these" if summary.charges_missing else "Net"
        rows.append(money_row(name, summary.net) if summary.net is not None else money_row("Before charges", gross))
        rows += [(RULE,), money_row("Booked", summary.booked), money_row("Open", summary.open)]
        if summary.adjustment:
            rows.append(money_row("Close adjustment", summary.adjustment))
        rows.append(_charges_row(summary, gross))
        rows += [row(f" {what}", "not known   ") for what in summary.charges_missing]
    rows.append(row("Orders", f"{summary.orders}   "))
    rows.append(row(" filled", f"{summary.filled_orders}   "))
    rows.append(row(" rejected", f"{summary.rejected_orders}   "))
    rows.append(row("Trades", f"{summary.trades}   "))
    if summary.carried:
        rows.append(row("Carried"))
        rows += [_carried(line) for line in summary.carried]
    if not summary.records_only:
        rows.append(row("Cash now", f"{amount(summary.cash)}   " if summary.cash is not None else "not known   "))
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
