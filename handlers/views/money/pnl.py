"""Profit and loss of today and of a range of days: whole, by symbol, product and source, per exit, and what orders slipped."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby

from bot.domain.clock import ist
from bot.domain.market.display_names import short
from bot.domain.money import PAISA, ZERO, total
from bot.domain.pictures import DayResult, MonthHeatmap
from bot.domain.pnl.range_report import RangeDay, RangeReport, Slip
from bot.domain.pnl.round_trips import Booked, RoundTrip
from bot.domain.positions.portfolio import PositionLine
from bot.trading.money.range_pnl import TodayPnl
from handlers.views.format import (
    RULE,
    clock_time,
    count,
    fit,
    mark,
    money_row,
    price,
    row,
    short_time,
    signed,
    signed_count,
    table,
)
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, detail, keyboard, message, say
from handlers.views.money.books import day_rows, left_out, net_rows, no_newer, old_prices, page_of, position_rows
from handlers.views.taps.taps import ListingTap

Rows = tuple[str, ...]
_LINES = 8
_DAYS = 31  # rows of days; a longer range is shown by months


class Section(StrEnum):
    """One way of looking at a range."""

    WHOLE = ""
    PARTS = "p"
    EXITS = "x"
    SLIPS = "s"


_SECTIONS = {Section.WHOLE: "Whole", Section.PARTS: "By symbol", Section.EXITS: "Exits", Section.SLIPS: "Slippage"}


def argument_of(first: date, last: date, section: Section = Section.WHOLE) -> str:
    """How a range and a section travel in a tap."""
    return f"{first:%Y%m%d}{last:%Y%m%d}{section}"


def asked_by(argument: str) -> tuple[tuple[date, date] | None, Section]:
    """The range and the section of a tap. No range: today. ValueError for what no button of ours says."""
    digits, section = argument[:16], Section(argument[16:])
    if not argument[:1].isdigit():
        return None, Section(argument)
    first, last = (datetime.strptime(part, "%Y%m%d").date() for part in (digits[:8], digits[8:]))  # noqa: DTZ007 - a date
    return (first, last), section


# --- today ----------------------------------------------------------------------------------------------------------


def today(made: TodayPnl, tap: ListingTap, name: str, mode: str) -> View:
    """Booked, open, charges and net of today, and what each row would leave if it were closed now. Holdings stand apart."""
    result = made.pnl
    rows = [row(fit(f"P&L {name}", 23), mode), row(f" as of {clock_time(result.as_of)}")]
    for line in result.lines[:_LINES]:
        rows.append(position_rows(line, result.as_of))
        after = made.if_closed.get((line.position.instrument.key, line.position.product))
        if after is not None:
            rows.append(money_row(" if closed now ≈", after, marked=False))
    if len(result.lines) > _LINES:
        rows.append(row(f" and {len(result.lines) - _LINES} more"))
    rows += [(RULE,), *day_rows(result.open, result.booked, result.adjustment)]
    rows += net_rows(result.charges, result.gross, result.charges_missing)
    parts: list[Part] = [table(*rows), *no_newer(result.stale, result.as_of)]
    if result.bases:
        names = "; ".join(f"{short(base.instrument)} {price(base.before)} → {price(base.now)}" for base in result.bases[:_LINES])
        parts.append(table(money_row("Holdings today", None)))
        parts.append(say(f"⚠️ Bonus or split? {names}. Their change today is not known."))
    elif result.holdings_change is not None:
        parts.append(table(money_row("Holdings today", result.holdings_change)))
        parts.append(say("The holdings' change is not part of the net."))
    else:
        parts.append(table(money_row("Holdings today", None)))
    parts += left_out([line for line in result.lines if line.booked is None or (line.open is None and line.position.quantity)])
    parts += _by_the_broker(result.lines)
    parts += _facts(made.report)
    parts += old_prices(result.lines, result.as_of)
    parts += [say(line) for line in result.plans]
    others = [words("Week", "/pnl week", account=tap.label), words("Month", "/pnl month", account=tap.label)]
    more = [words("Positions", "/positions", account=tap.label), words("Report", "/report", account=tap.label)]
    return View(tuple(parts), keyboard([button("Refresh", tap), *others], _ways(tap, Section.WHOLE), more))


def _by_the_broker(lines: Sequence[PositionLine]) -> list[Part]:
    """What mStock's own positions make of the day, where that is not what our fills make of it, and why."""
    told = [(line, line.difference or ZERO) for line in lines if line.differs]
    if not told:
        return []
    both = [(line.difference, line.broker) for line in lines if line.difference is not None and line.broker is not None]
    theirs, off = total(broker for _, broker in both), total(difference for difference, _ in both)
    why = [f"{short(line.position.instrument)} {signed(off)}: {_reasons(line)}" for line, off in told[:_LINES]]
    more = [f"and {len(told) - _LINES} more"] if len(told) > _LINES else []
    said = f"Before charges: by our own fills {signed(theirs + off)}, by mStock's positions {signed(theirs)}."
    return [detail(said, *why, *more)]


def _reasons(line: PositionLine) -> str:
    """Why a row differs, each reason with its rupees where there are several."""
    if len(line.off) > 1:
        return ", ".join(f"{part.reason} {signed(part.rupees)}" for part in line.off)
    return ", ".join(line.reasons)


# --- a range --------------------------------------------------------------------------------------------------------


def range_view(report: RangeReport, section: Section, tap: ListingTap, name: str, mode: str) -> View:
    """A range of days, one section of it. Every button keeps the range."""
    head = [row(fit(f"P&L {name}", 23), mode), row(fit(f" {_span(report.first, report.last)}"))]
    turn: list[Button] = []
    parts: list[Part]
    match section:
        case Section.WHOLE:
            parts = [table(*head, *_whole(report)), *_facts(report), *_kept_of_the_broker(report)]
        case Section.PARTS:
            parts = [table(*head, *_parts(report)), *_leaks(report)]
        case Section.EXITS:
            page, turn = page_of([_exit(each) for each in reversed(report.booked_by)], tap)
            booked = [each.amount for each in report.booked_by if each.amount is not None]
            rows = [*page, (RULE,), money_row("Booked, all", total(booked))] if page else [row("nothing was closed")]
            parts = [table(*head, *rows), say("Since entry, before charges.")]
        case Section.SLIPS:
            parts = [table(*head, *_slips(report.slips)), say("Got against the bid or ask at the tap. − is what it cost.")]
    if report.unread:
        parts.append(say(f"⚠️ Today is left out: {report.unread}"))
    if report.no_data:
        days = ", ".join(f"{day.day} {day:%b}" for day in report.no_data[:_LINES])
        parts.append(say(f"⚠️ No data of {days}: mStock's books of those days could not be read. They count nothing here."))
    changes = [button("Refresh", tap)] if report.as_of is not None or report.unread else []
    last = [*changes, words("Export", f"/export pnl {_words(report)}", account=tap.label)]
    return View(tuple(parts), keyboard(turn, _ways(tap, section), last))


def month(report: RangeReport, mode: str) -> MonthHeatmap | None:
    """The calendar of a range that begins with a month and stays in it. None for any other, and where no day has a row."""
    first, last = report.first, report.last
    if first.day != 1 or first == last or (first.year, first.month) != (last.year, last.month) or not report.days:
        return None
    days = tuple(DayResult(day=day.day, net=day.net) for day in report.days)
    as_of = report.as_of or max(day.report.made_at for day in report.days)
    return MonthHeatmap(month=first, days=days, closed=report.closed, mode=mode, as_of=as_of)


def month_caption(picture: MonthHeatmap) -> View:
    """What the calendar shows."""
    return message(f"{picture.month:%B %Y}: each day's net after charges.")


def _ways(tap: ListingTap, shown: Section) -> list[Button]:
    """The other ways of looking at the same range."""
    span = tap.argument[:16] if tap.argument[:1].isdigit() else ""
    others = [section for section in _SECTIONS if section is not shown]
    return [button(_SECTIONS[section], replace(tap, argument=f"{span}{section}", page=0)) for section in others]


def _span(first: date, last: date) -> str:
    """20 Nov 2026, 23–27 Nov 2026, 28 Nov–3 Dec 2026."""
    if first == last:
        return f"{first.day} {first:%b %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day} {last:%b %Y}"
    year = f" {first:%Y}" if first.year != last.year else ""
    return f"{first.day} {first:%b}{year}–{last.day} {last:%b %Y}"


def _words(report: RangeReport) -> str:
    return f"{report.first.isoformat()}..{report.last.isoformat()}"


def _whole(report: RangeReport) -> list[Rows]:
    """What made the net, and under it each day, or each month of a long range."""
    if not report.days:
        return [row("no day of it is on record")]
    net = "Net of these" if report.charges_missing else "Net"
    rows = [money_row(net, report.net), (RULE,), money_row("Booked", report.booked), money_row("Open, change", report.open)]
    if report.adjustment:
        rows.append(money_row("Close adjustment", report.adjustment))
    rows.append(money_row("Charges ≈", -report.charges, marked=False))
    if report.gross > report.charges > 0:
        rows.append(row("", f"{report.charges / report.gross * 100:.1f} % of gross   "))
    rows += [row(f" {name}", "not known   ") for name in report.charges_missing]
    if report.first == report.last:
        return rows
    rows.append((RULE,))
    if len(report.days) <= _DAYS:
        return [*rows, *(_day(day) for day in report.days)]
    months = groupby(report.days, key=lambda day: (day.day.year, day.day.month))
    return [*rows, *(_month(list(days)) for _, days in months)]


def _day(day: RangeDay) -> Rows:
    label = f"{day.day:%a} {day.day.day} {day.day:%b}"
    return row(label, "no data   ") if day.net is None else money_row(label, day.net)


def _month(days: Sequence[RangeDay]) -> Rows:
    return money_row(f"{days[0].day:%b %Y}", total(day.net for day in days if day.net is not None))


def _facts(report: RangeReport) -> list[Part]:
    """What the figures do not say by themselves, folded away."""
    lines = []
    trips = report.counted
    if trips:
        won = f"Round trips {len(trips)}, won {report.won} ({report.won * 100 / len(trips):.0f} %)"
        lines.append(f"{won}, trades {report.trades}.")
        if report.best is not None and report.worst is not None and len(trips) > 1:
            best, worst = _trip(report.best), _trip(report.worst)
            lines.append(f"Best {best}, worst {worst}." if report.won else f"Worst {worst}; none won.")
        held = [trip.held for trip in trips if trip.held is not None]
        if held:
            lines.append(f"Held {_duration(sum(held, timedelta()) / len(held))} on average, {_duration(max(held))} at most.")
    elif report.trades:
        lines.append(f"Trades {report.trades}; no round trip was closed.")
    if unknown := len(report.trips) - len(trips):
        lines.append(f"Of {count(unknown)} more round {'trip' if unknown == 1 else 'trips'} the cost is not known.")
    if (low := report.lowest) is not None:
        day = "" if report.first == report.last else f" on {ist(low.at).day} {ist(low.at):%b}"
        at = "now" if low.at == report.as_of else f"at {short_time(low.at)}{day}"  # another look would tell another time
        lines.append(f"Lowest {signed(low.net)} {at}, as far as I watched.")
    if report.slips:
        lines.append(f"Slippage {signed(report.slippage)} over {_orders(len(report.slips))}.")
    return [detail(*lines)] if lines else []


def _kept_of_the_broker(report: RangeReport) -> list[Part]:
    """What mStock's positions made of the days, as it was kept when each was summed up, where that is not what ours made."""
    kept = [day for day in report.days if day.report.facts is not None and day.report.facts.broker is not None]
    theirs = total(
        day.report.facts.broker for day in kept if day.report.facts is not None and day.report.facts.broker is not None
    )
    ours = total(day.report.gross for day in kept)
    if not kept or abs(ours - theirs) < PAISA:
        return []
    days = "" if len(kept) == len(report.days) else f" on {len(kept)} of {len(report.days)} days"
    parts = [part for day in kept if day.report.facts is not None for each in day.report.facts.mismatches for part in each.parts]
    why: dict[str, Decimal] = {}
    for part in parts:
        why[part.reason] = why.get(part.reason, ZERO) + part.rupees
    said = "; ".join(f"{reason} {signed(rupees)}" for reason, rupees in why.items())
    return [
        detail(
            f"Before charges{days}: ours {signed(ours)}, mStock's positions {signed(theirs)}.",
            *([f"Between them {signed(ours - theirs)}: {said}."] if said else []),
        )
    ]


def _leaks(report: RangeReport) -> list[Part]:
    leaks = [f"{part.name} {signed(part.gross)} → {signed(part.net)}" for part in report.symbols if part.leaks]
    return [say(f"Green before charges, red after: {', '.join(leaks[:_LINES])}.")] if leaks else []


def _trip(trip: RoundTrip) -> str:
    return f"{signed(trip.net or ZERO)} ({short(trip.instrument)})"


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return f"{int(span.total_seconds())} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _parts(report: RangeReport) -> list[Rows]:
    """Net by symbol, product and source. Each block adds up to the net."""
    rows: list[Rows] = []
    for title, parts in (("Symbol", report.symbols), ("Product", report.products), ("Placed by", report.sources)):
        if rows:
            rows.append((RULE,))
        rows.append(row(title, "net   "))
        rows += [money_row(fit(part.name, 16), part.net) for part in parts[: 2 * _LINES]]
        if rest := parts[2 * _LINES :]:
            rows.append(money_row(f"{len(rest)} more", total(part.net for part in rest)))
    rows += [(RULE,), money_row("Net", report.net)]
    return rows


def _exit(each: Booked) -> Rows:
    """SELL-side or BUY-side exit of one order, and what it booked."""
    name = f"{each.day.day} {each.day:%b} {signed_count(-each.quantity)} {short(each.instrument)}"
    way = f" {price(each.entry)} → {price(each.price)}" if each.entry is not None and each.price is not None else " cost unknown"
    amount = f"{signed(each.amount)} {mark(each.amount) or '  '}" if each.amount is not None else "not known   "
    return (*row(fit(name)), *row(way, amount))


def _slips(slips: Sequence[Slip]) -> list[Rows]:
    """Rupees by symbol and by the hour of the tap."""
    if not slips:
        return [row("no order with a price in sight")]
    rows = [row("Symbol", "rupees   "), *_sums((slip.instrument.symbol, slip.amount) for slip in slips)]
    hours = sorted((f"{ist(slip.at):%H}–{ist(slip.at) + timedelta(hours=1):%H} h", slip.amount) for slip in slips)
    rows += [(RULE,), row("Hour of the tap", "rupees   "), *_sums(hours)]
    return [*rows, (RULE,), money_row(_orders(len(slips)), total(slip.amount for slip in slips))]


def _orders(number: int) -> str:
    return "1 order" if number == 1 else f"{count(number)} orders"


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> list[Rows]:
    sums: dict[str, Decimal] = {}
    for name, amount in amounts:
        sums[name] = sums.get(name, ZERO) + amount
    return [money_row(fit(name, 16), amount) for name, amount in sums.items()]
