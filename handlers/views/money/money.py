"""The summary of a day, a week and a month."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import ist, ist_date
from bot.domain.market.coming_days import ComingDay
from bot.domain.market.display_names import short
from bot.domain.market.expiries import BSE_STOCKS, STOCKS
from bot.domain.news.days.period_summary import PeriodSummary, Span
from bot.domain.news.days.picture import Pictured
from bot.domain.pictures import DayPicture
from bot.domain.positions.day_facts import DayFacts, DayNet, Mismatch, SymbolNet, TripCount
from bot.domain.positions.portfolio import DayReport, PositionLine
from handlers.views.format import (
    MINUS,
    RULE,
    amount,
    clock_time,
    fit,
    mark,
    money_row,
    row,
    short_time,
    signed,
    signed_count,
    table,
    wrapped,
)
from handlers.views.keyboards import words
from handlers.views.message import Keyboard, Part, View, detail, keyboard, message, say
from handlers.views.money.books import wants_stop

Rows = tuple[str, ...]
_LINES = 8
_HUNDREDTH = Decimal("0.01")
NO_FACTS = DayFacts()


def report(summary: DayReport, label: str, mode: str, *, mark: str = "") -> View:
    """The summary of a date: first the net, then what made it, then what is carried. mark: the account's own."""
    day, facts = date.fromisoformat(summary.date), summary.facts or NO_FACTS
    rows: list[Rows] = [row(fit(f"{day.day} {day:%b %Y}".upper() + f" {mark} {label}", 23), mode)]
    if summary.records_only:
        rows += [row("Net", "no data   "), _month_row(facts, day)]
        rows += [(RULE,)] if facts.coming else []
    else:
        rows += [_net_row(summary), _gained_row(summary, facts, day), (RULE,)]
        rows += _made_rows(summary.booked, summary.open, summary.adjustment)
        rows += _charges_rows(summary.charges, summary.gross, summary.charges_missing)
    if summary.carried:
        rows.append(row("Carried"))
        rows += [_carried(line) for line in summary.carried]
    if not summary.records_only and not facts.approximate:
        if facts.margin is not None:  # what sales brought counts as less than nothing used
            used = ("Margin now", facts.margin) if facts.margin >= 0 else ("Sales of today", -facts.margin)
            rows.append(row(used[0], f"{amount(used[1])}   "))
        rows.append(row("Cash now", f"{amount(summary.cash)}   " if summary.cash is not None else "not known   "))
    rows += _mismatch_rows(facts)
    rows += [_coming_rows(each) for each in facts.coming]
    parts: list[Part] = [table(*rows)]
    if not summary.trades and not summary.records_only:
        since = f"; up since {_moment(summary.up_since, day)}" if summary.up_since is not None else ""
        parts.append(say(f"No trades{since}."))
    parts += _how_far_known(summary, facts)
    if summary.after:
        more = f"{summary.after} trade{'s' if summary.after > 1 else ''}"
        parts.append(say(f"Corrected: {more} came after the day was first summed up."))
    if summary.late:
        parts.append(say(f"Late: made at {_moment(summary.made_at, day)}, because I was not running at its time."))
    orders = f"Orders {summary.orders}, filled {summary.filled_orders}, rejected {summary.rejected_orders}."
    charged = " · ".join(f"{line.name} {amount(line.rupees)}" for line in facts.charges)
    parts.append(
        detail(
            *([f"Charges: {charged}."] if charged else []),
            f"{orders} Trades {summary.trades}.",
            *_trip_lines(facts.trips),
            *_low_and_slippage(facts, summary.made_at),
            *_symbol_lines(facts.symbols),
            *_gap_lines(facts.month_gaps, f"{day:%B}"),
        )
    )
    is_today = ist_date(summary.made_at) == day
    return View(tuple(parts), _day_buttons(day, label, is_today=is_today))


def period(summary: PeriodSummary, label: str, mode: str, *, mark: str = "") -> View:
    """The summary of a week or a month: its net, its days, what made them. mark: the account's own."""
    rows: list[Rows] = [row(fit(f"{_title(summary)} {mark} {label}", 23), mode)]
    if summary.known:
        rows.append(money_row("Net of these" if summary.charges_missing else "Net", summary.net))
        if (gained := summary.returned) is not None:
            rows.append(row(f" {_percent(gained)} on capital"))
    else:
        rows.append(row("Net", "no data   "))
    rows.append((RULE,))
    if summary.span is Span.WEEK:
        rows += [_day_row(each) for each in summary.days]
        rows.append((RULE,))
    if summary.known:
        rows += _made_rows(summary.booked, summary.open, summary.adjustment)
        rows += _charges_rows(summary.charges, summary.gross, summary.charges_missing)
    parts: list[Part] = [table(*rows)]
    if summary.gaps:
        parts.append(say(f"⚠️ No data, and in no sum: {_dates(summary.gaps)}."))
    if summary.late:
        parts.append(say(f"Late: made at {_moment(summary.made_at, summary.last)}, because I was not running at its time."))
    parts.append(
        detail(
            *_day_lines(summary),
            f"Trades {summary.trades}.",
            *_trip_lines(summary.trips),
            *([f"Slippage {signed(summary.slippage)}."] if summary.slippage is not None else []),
            *_symbol_lines(summary.symbols),
        )
    )
    between = _between(summary.first, summary.last)
    buttons = [words("P&L", f"/pnl {between}", account=label), words("Export", f"/export trades {between}", account=label)]
    return View(tuple(parts), keyboard(buttons))


def caption(news: Pictured) -> View:
    """One line under a picture."""
    picture = news.picture
    if isinstance(picture, DayPicture):
        return message(f"{picture.day.day} {picture.day:%b %Y}, net through the day")
    return message(f"{picture.title}, day by day")


def _day_buttons(day: date, label: str, *, is_today: bool) -> Keyboard:
    """Its trades while they are today's, its week so far, and its trades as files."""
    monday = day - timedelta(days=day.weekday())
    trades = [words("Trades", "/trades", account=label)] if is_today else []
    week = words("Week", f"/pnl {_between(monday, day)}", account=label)
    return keyboard([*trades, week, words("Export", f"/export trades {_between(day, day)}", account=label)])


def _between(first: date, last: date) -> str:
    """A range in the words of /pnl and /export."""
    return f"{first.isoformat()}..{last.isoformat()}"


def _moment(at: datetime, day: date) -> str:
    """14:02:11 on that day, 21 Nov 14:02 on another."""
    local = ist(at)
    return clock_time(at) if local.date() == day else f"{local.day} {local:%b %H:%M}"


def _net_row(summary: DayReport) -> Rows:
    if summary.net is None:
        return money_row("Before charges", summary.gross)
    return money_row("Net of these" if summary.charges_missing else "Net", summary.net)


def _gained_row(summary: DayReport, facts: DayFacts, day: date) -> Rows:
    """+0.68 % · Nov +18,204.10 🟢."""
    if summary.net is None or not facts.capital or facts.capital < 0:
        return _month_row(facts, day)
    gained = _percent(summary.net / facts.capital)
    if facts.month is None:
        return row(f" {gained}")
    month = f"{day:%b} {signed(facts.month)} {mark(facts.month)}".rstrip()
    return (line,) if fit(line := f" {gained} · {month}") == line else (*row(f" {gained} on capital"), *_month_row(facts, day))


def _month_row(facts: DayFacts, day: date) -> Rows:
    return money_row(f" {day:%b} so far", facts.month) if facts.month is not None else ()


def _percent(fraction: Decimal) -> str:
    hundreds = (fraction * 100).quantize(_HUNDREDTH)
    return f"{'+' if hundreds > 0 else MINUS if hundreds < 0 else ''}{abs(hundreds):,} %"


def _made_rows(booked: Decimal, opened: Decimal, adjustment: Decimal) -> list[Rows]:
    rows = [money_row("Booked", booked), money_row("Open, change", opened)]
    return [*rows, money_row("Close adjustment", adjustment)] if adjustment else rows


def _charges_rows(charges: Decimal | None, gross: Decimal, missing: tuple[str, ...]) -> list[Rows]:
    """Charges with their share of the gross. What is not known of them is named, and the rest stands."""
    if charges is None:
        return [row("Charges", "not known   ")]
    rows = [money_row("Charges ≈", -charges, marked=False)]
    if gross > charges:  # of a gross that does not even pay them a share says nothing
        rows.append(row("", f"{charges / gross * 100:.1f} % of gross   "))
    return [*rows, *(row(f" {name}", "not known   ") for name in missing)]


def _carried(line: PositionLine) -> Rows:
    position = line.position
    name = f" {signed_count(position.quantity)} {short(position.instrument)} {position.product}"
    figure = f"{signed(line.open)} {mark(line.open) or '  '}" if line.open is not None else "P&L not known"
    note = row("   no stop ⚠️") if wants_stop(line) else ()
    if line.open is None:
        return (*wrapped(f"{name}, {figure}"), *note)
    return (*row(fit(name), figure), *note)


def _mismatch_rows(facts: DayFacts) -> list[Rows]:
    """What mStock's positions say of the day where that is not what our fills say, in rupees and why."""
    mismatches = facts.mismatches
    if not mismatches:
        return []
    rows = [row("Ours less mStock's books")]
    if facts.broker is not None:
        rows = [row("mStock's books", f"{signed(facts.broker)}   "), row("Ours less theirs")]
    for each in mismatches[:_LINES]:
        rows.append(row(fit(f" {short(each.instrument)} {each.product}"), f"{signed(each.rupees)}   "))
        rows += why_rows(each)
    return [*rows, row(f" and {len(mismatches) - _LINES} more")] if len(mismatches) > _LINES else rows


def why_rows(each: Mismatch) -> list[Rows]:
    """The reasons of one difference, each with its rupees where there are several."""
    if len(each.parts) > 1:
        return [row(f"  {part.reason}", f"{signed(part.rupees)}   ") for part in each.parts]
    why = ", ".join(each.reasons) or "no reason found"
    return [tuple(f"  {line}" for line in wrapped(why, width=28, indent=""))]


def _coming_rows(coming: ComingDay) -> Rows:
    """Mon 23 Nov: NIFTY expires."""
    stocks = {STOCKS: "all stock F&O", BSE_STOCKS: "BSE stock F&O"}
    ends = [stocks.get(name, name) for name in coming.expiring]
    what = [f"holiday ({coming.closed})"] if coming.closed else []
    what += [coming.special] if coming.special else []
    what += (
        [f"{', '.join(ends)} {'expire' if len(ends) > 1 or stocks.keys() & set(coming.expiring) else 'expires'}"] if ends else []
    )
    return wrapped(f"{coming.day:%a} {coming.day.day} {coming.day:%b}: {'; '.join(what)}")


def _how_far_known(summary: DayReport, facts: DayFacts) -> list[Part]:
    if summary.records_only:
        return [say("⚠️ No data: mStock's books of this day could not be read. Orders and trades are from my own records.")]
    parts: list[Part] = []
    if facts.approximate:
        parts.append(say(f"≈ mStock's books of this day are gone: {', '.join(facts.approximate)}."))
    if facts.left_out:
        names = [f"{short(each.instrument)} {each.product} ({', '.join(each.missing) or 'its day'})" for each in facts.left_out]
        more = f" and {len(names) - _LINES} more" if len(names) > _LINES else ""
        parts.append(say(f"⚠️ Not known, and in no sum: {', '.join(names[:_LINES])}{more}."))
    elif not summary.complete:
        parts.append(say("⚠️ mStock could not be asked for everything: these are the figures that I have."))
    return parts


def _trip_lines(trips: TripCount) -> list[str]:
    """Round trips 9, won 6 (67 %), best +1,820.00, worst −640.00. A best that won nothing is none."""
    if not trips.closed:
        return []
    said = [f"Round trips {trips.closed}"]
    if trips.known:
        said.append(f"won {trips.won} ({trips.won * 100 / trips.known:.0f} %)")
    if trips.best is not None and trips.best.net > 0:
        said.append(f"best {short(trips.best.instrument)} {signed(trips.best.net)}")
    if trips.worst is not None and (trips.known > 1 or trips.worst.net < 0):
        said.append(f"worst {short(trips.worst.instrument)} {signed(trips.worst.net)}")
    unknown = f" Of {trips.closed - trips.known} the cost is not known." if trips.closed > trips.known else ""
    return [f"{', '.join(said)}.{unknown}"]


def _low_and_slippage(facts: DayFacts, made_at: datetime) -> list[str]:
    said = []
    if (low := facts.lowest) is not None:  # the row itself is no moment of the day: another look would tell another
        said.append(f"Lowest {signed(low.net)} at {short_time(low.at)}." if low.at != made_at else "It stands at its lowest.")
    if facts.slippage is not None:
        said.append(f"Slippage {signed(facts.slippage)}.")
    return [" ".join(said)] if said else []


def _symbol_lines(symbols: Sequence[SymbolNet]) -> list[str]:
    return [f"By symbol: {' · '.join(f'{each.name} {signed(each.net)}' for each in symbols)}."] if symbols else []


def _gap_lines(gaps: Sequence[date], month: str) -> list[str]:
    return [f"{month} leaves out {_dates(gaps)}: no data."] if gaps else []


def _dates(days: Iterable[date]) -> str:
    return ", ".join(f"{day.day} {day:%b}" for day in days)


def _title(summary: PeriodSummary) -> str:
    first, last = summary.first, summary.last
    if summary.span is Span.MONTH:
        return f"{last:%B %Y}".upper()
    begun = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
    return f"WEEK {begun}-{last.day} {last:%b}".upper()


def _day_row(each: DayNet) -> Rows:
    name = f"{each.day:%a} {each.day.day}"
    return money_row(name, each.net) if each.net is not None else row(name, "no data   ")


def _day_lines(summary: PeriodSummary) -> list[str]:
    """Best and worst day, how many were green, and for a month each day as well."""
    known = sorted(summary.known, key=lambda each: each.net or 0)
    lines = []
    if len(known) > 1:
        worst, best = known[0], known[-1]
        green = sum((each.net or 0) > 0 for each in known)
        lines.append(f"Best day {_day_said(best)}, worst {_day_said(worst)}. Green {green} of {len(known)} days.")
    if summary.fall:
        lines.append(f"Deepest fall below an earlier height {signed(summary.fall)}.")
    if summary.span is Span.MONTH:
        lines.append(" · ".join(_day_said(each) for each in summary.days))
    return lines


def _day_said(each: DayNet) -> str:
    return f"{each.day.day} {each.day:%b} {signed(each.net) if each.net is not None else 'no data'}"
