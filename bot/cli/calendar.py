"""`python -m bot calendar`: what is known of a day, with the source of each line."""

import argparse
from collections.abc import Iterator
from datetime import date, timedelta

from bot.cli.dated import day as day_argument
from bot.cli.dated import reference_of
from bot.cli.exit_codes import DONE
from bot.domain.clock import SystemClock, ist, ist_date
from bot.domain.market.market_days import DayKind
from bot.domain.market.sessions import Phase, SessionClass
from bot.reference.load import ReferenceData

TITLES = {
    SessionClass.CASH_AUCTION: "Shares with F&O",
    SessionClass.CASH: "Other shares and funds",
    SessionClass.NEAR_FUTURE: "Current-month futures",
    SessionClass.DERIVATIVE: "Options, later futures",
}
AHEAD = 30  # days of coming holidays and special days that the page lists


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which day."""
    parser.add_argument("date", nargs="?", type=day_argument, help="such as 2026-11-24 (default: today)")


def run(parsed: argparse.Namespace) -> int:
    """Prints the page."""
    print("\n".join(calendar_page(parsed.date or ist_date(SystemClock().now()), reference_of(parsed))))
    return DONE


def calendar_page(day: date, reference: ReferenceData) -> Iterator[str]:
    """Says what is known of a day and from which source."""
    calendar = reference.calendar
    market_day = calendar.day(day)
    yield f"{day:%A} {day.day} {day:%B %Y}: {_described(market_day.kind, market_day.name)}"
    yield f"  source: {market_day.source or 'none'}"
    if market_day.announced is not None:
        yield f"  announced: {market_day.announced}"
    if market_day.session and not market_day.trading:
        yield "  trades are real and settle; it counts for no expiry"
    for session, title in TITLES.items():
        yield f"{title}:"
        phases = calendar.phases_of(session, day)
        yield from (f"  {_hours(phase)}" for phase in phases)
        yield f"  source: {phases[0].source}"
    for row in calendar.auction_exceptions:
        if row.since <= day and (row.until is None or day <= row.until):
            yield f"Not in {row.exchange}'s closing auction: {', '.join(sorted(row.symbols))} (source: {row.source})"
    yield from _square_offs(reference)
    yield "mStock's own windows:"
    for window in reference.calendar.broker:
        hours = f"{window.start:%H:%M}-{window.end:%H:%M}" if window.start and window.end else "not known"
        yield f"  {window.kind} {hours}: {window.says} (source: {window.source})"
    expiries = calendar.expiries(day)
    yield "Expiries:" if expiries else "Expiries: none"
    for expiry in expiries:
        moved = f", moved from {expiry.scheduled}" if expiry.moved else ""
        yield f"  {expiry.exchange} {expiry.underlying} {expiry.cycle}{moved} (source: {expiry.source})"
    yield f"Next {AHEAD} days:"
    for offset in range(1, AHEAD + 1):
        later = calendar.day(day + timedelta(days=offset))
        if later.kind in (DayKind.HOLIDAY, DayKind.SPECIAL):
            yield f"  {later.day:%a} {later.day}: {_described(later.kind, later.name)} (source: {later.source})"
        if later.kind is DayKind.UNCOVERED:
            yield f"  from {later.day}: {later.name}"
            break
    yield f"Host's own rows: {reference.override or 'none'}"


def _described(kind: DayKind, name: str) -> str:
    return f"{kind.lower()}, {name}" if name else kind.lower()


def _hours(phase: Phase) -> str:
    end = ist(phase.end)
    until = "24:00" if (end.hour, end.minute) == (0, 0) else f"{end:%H:%M}"
    early = f", may end at any second from {ist(phase.random_from):%H:%M}" if phase.random_from else ""
    return f"{ist(phase.start):%H:%M}-{until} {phase.kind}{early}"


def _square_offs(reference: ReferenceData) -> Iterator[str]:
    yield "Square-off by mStock on a full day:"
    for row in reference.calendar.square_offs:
        kinds = ", ".join(sorted(row.kinds))
        proven = "" if row.proven else " (not proven)"
        yield f"  {row.product} {kinds}: {row.time:%H:%M} from {row.since}{proven} (source: {row.source})"
