"""The dated data as lines of text with their sources, for `python -m bot calendar` and `python -m bot charges`."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from bot.data.asking import read_date, read_order
from bot.data.shelf import Shelf
from bot.domain.charges import Trade
from bot.domain.clock import ist, ist_date
from bot.domain.errors import UsageError
from bot.domain.instrument import Exchange
from bot.domain.market_days import DayKind
from bot.domain.money import to_paise
from bot.domain.sessions import Phase, SessionClass
from bot.domain.tariff import Asset, Bill, Plan, Rate

TITLES = {
    SessionClass.CASH_AUCTION: "Shares with F&O",
    SessionClass.CASH: "Other shares and funds",
    SessionClass.NEAR_FUTURE: "Current-month futures",
    SessionClass.DERIVATIVE: "Options, later futures",
}
CALENDAR_EXAMPLE = "python -m bot calendar 2026-11-24"
AHEAD = 30  # days of coming holidays and special days that the calendar page lists


def calendar_page(arguments: Sequence[str], *, now: datetime, shelf: Shelf) -> list[str]:
    """What is known of a day (today, or the date given) and from which source; UsageError for anything else than one date."""
    if len(arguments) > 1:
        msg = "One date at most."
        raise UsageError(msg, example=CALENDAR_EXAMPLE)
    day = read_date(arguments[0], CALENDAR_EXAMPLE) if arguments else ist_date(now)
    return list(_calendar(day, shelf))


def charges_page(arguments: Sequence[str], *, now: datetime, shelf: Shelf) -> list[str]:
    """Without arguments every dated rate with its source; with an order, its charges line by line. UsageError for other words.

    Order words, in any order but for the figures (quantity, strike, price): side, symbol, `fut` or ce or pe for a contract, an
    exchange, a product, a plan's name, `on DATE`, `orders N`. Without a product word: delivery, or carry-forward for contracts.
    """
    if not arguments:
        return list(_tariff(shelf))
    trade, plan = read_order(arguments, ist_date(now), shelf)
    return list(_priced(trade, plan, shelf))


def _calendar(day: date, shelf: Shelf) -> Iterator[str]:
    calendar = shelf.calendar
    known = calendar.day(day)
    yield f"{day:%A} {day.day} {day:%B %Y}: {_described(known.kind, known.name)}"
    yield f"  source: {known.source or 'none'}"
    if known.announced is not None:
        yield f"  announced: {known.announced}"
    for session, title in TITLES.items():
        yield f"{title}:"
        phases = calendar.phases_of(session, day)
        yield from (f"  {_hours(phase)}" for phase in phases)
        yield f"  source: {phases[0].source}"
    yield from _square_offs(shelf)
    yield "mStock's own windows:"
    for window in shelf.calendar.broker:
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
    yield f"Host's own rows: {shelf.override or 'none'}"


def _described(kind: DayKind, name: str) -> str:
    return f"{kind.lower()}, {name}" if name else kind.lower()


def _hours(phase: Phase) -> str:
    end = ist(phase.end)
    until = "24:00" if (end.hour, end.minute) == (0, 0) else f"{end:%H:%M}"
    early = f", may end at any second from {ist(phase.random_from):%H:%M}" if phase.random_from else ""
    return f"{ist(phase.start):%H:%M}-{until} {phase.kind}{early}"


def _square_offs(shelf: Shelf) -> Iterator[str]:
    yield "Square-off by mStock on a full day:"
    for row in shelf.calendar.square_offs:
        kinds = ", ".join(sorted(row.kinds))
        proven = "" if row.proven else " (not proven)"
        yield f"  {row.product} {kinds}: {row.time:%H:%M} from {row.since}{proven} (source: {row.source})"


def _tariff(shelf: Shelf) -> Iterator[str]:
    tariff = shelf.tariff
    yield "Rates in percent of turnover (premium for options):"
    for rate in sorted(tariff.rates, key=lambda rate: (rate.charge, sorted(rate.classes), rate.since)):
        percent = "not known" if rate.percent is None else f"{rate.percent} %"
        yield f"  {rate.charge} {_limits(rate)}: {percent} from {rate.since} (source: {rate.source})"
    for tax in tariff.taxes:
        yield f"  GST {tax.percent} % of {', '.join(sorted(tax.on))} from {tax.since} (source: {tax.source})"
    yield "Fees:"
    for fee in tariff.fees:
        yield f"  {fee.charge} ₹{fee.rupees}{' + GST' if fee.gst else ''} from {fee.since} (source: {fee.source})"
    for interest in tariff.interest:
        yield f"  MTF_INTEREST {interest.percent} % a year from {interest.since} (source: {interest.source})"
    yield "Brokerage plans (none is assumed):"
    for plan in tariff.plans:
        terms = ", ".join(f"{name} ₹{row.flat}" for name, row in plan.terms.items())
        yield f"  {plan.name}: {plan.title}; {terms} (source: {plan.source})"
    yield f"Host's own rows: {shelf.override or 'none'}"


def _limits(rate: Rate) -> str:
    parts = ["/".join(sorted(rate.classes)), "/".join(sorted(rate.sides))]
    if len(rate.exchanges) < len(Exchange):
        parts.append("/".join(sorted(rate.exchanges)))
    if len(rate.assets) < len(Asset):
        parts.append("/".join(sorted(rate.assets)))
    if rate.underlyings:
        parts.append("/".join(sorted(rate.underlyings)))
    if rate.besides:
        parts.append("not " + "/".join(sorted(rate.besides)))
    if rate.series:
        parts.append("series " + "/".join(sorted(rate.series)))
    return " ".join(parts)


def _priced(trade: Trade, plan: Plan | None, shelf: Shelf) -> Iterator[str]:
    tariff = shelf.tariff
    what = f"{trade.quantity} {trade.instrument.name} {trade.product} {trade.instrument.exchange}"
    yield f"{trade.side} {what} at {trade.price}, {trade.day}"
    yield f"Value {to_paise(trade.value)}, plan {plan.name if plan is not None else 'not set'}"
    yield "This order:"
    yield from _bill(tariff.order(trade, plan))
    trip = tariff.round_trip(trade, plan)
    if trip is None:
        return
    yield "Both sides at this price:"
    yield from _bill(trip.both)
    if trip.break_even is None:
        yield "No price pays for it."
        return
    point = trip.break_even
    known = " (by what is known)" if trip.both.unknown else ""
    ticks = f"{point.ticks} ticks of {trade.instrument.tick}"
    yield f"Break-even {to_paise(point.price)}: {to_paise(point.move)} a unit, {ticks}{known}"


def _bill(bill: Bill) -> Iterator[str]:
    for line in bill.lines:
        yield f"  {line.name:<12} {line.amount:>14.4f}  (source: {'; '.join(line.sources)})"
    for name in sorted(bill.unknown):
        yield f"  {name:<12}      not known"
    yield f"  {'total':<12} {bill.total:>14.4f}"
