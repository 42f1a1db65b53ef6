"""The dated data as lines of text with their sources, for `python -m bot calendar` and `python -m bot charges`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.data.shelf import Shelf
from bot.domain.charges import Trade
from bot.domain.clock import ist, ist_date
from bot.domain.errors import UsageError
from bot.domain.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.market_days import DayKind
from bot.domain.money import exact, to_paise
from bot.domain.order import Product, Side
from bot.domain.sessions import Phase, SessionClass
from bot.domain.tariff import Asset, Bill, Plan, Rate

TITLES = {
    SessionClass.CASH_AUCTION: "Shares with F&O",
    SessionClass.CASH: "Other shares and funds",
    SessionClass.NEAR_FUTURE: "Current-month futures",
    SessionClass.DERIVATIVE: "Options, later futures",
}
CALENDAR_EXAMPLE = "python -m bot calendar 2026-11-24"
CHARGES_EXAMPLE = "python -m bot charges NSE CNC BUY 10 RELIANCE 1480.30 plan flat-5 on 2026-11-20"
AHEAD = 30  # days of coming holidays and special days that the calendar page lists


def calendar_page(arguments: Sequence[str], *, now: datetime, shelf: Shelf) -> list[str]:
    """What is known of a day (today, or the date given) and from which source; UsageError for anything else than one date."""
    if len(arguments) > 1:
        msg = "One date at most."
        raise UsageError(msg, example=CALENDAR_EXAMPLE)
    day = _date(arguments[0], CALENDAR_EXAMPLE) if arguments else ist_date(now)
    return list(_calendar(day, shelf))


def charges_page(arguments: Sequence[str], *, now: datetime, shelf: Shelf) -> list[str]:
    """Without arguments every dated rate with its source; with an order, its charges line by line. UsageError for other words.

    Order words: exchange, product, side, quantity, symbol, price, then any of `plan NAME`, `on DATE`, `orders N`; for F&O the
    symbol is followed by `fut`, or by a strike and ce or pe.
    """
    if not arguments:
        return list(_tariff(shelf))
    trade, plan = _asked(list(arguments), ist_date(now), shelf)
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


def _asked(words: list[str], today: date, shelf: Shelf) -> tuple[Trade, Plan | None]:
    try:
        exchange, product, side = Exchange(words.pop(0).upper()), Product(words.pop(0).upper()), Side(words.pop(0).upper())
        quantity, symbol = int(words.pop(0)), words.pop(0).upper()
        instrument = _instrument(exchange, symbol, words, shelf)
        price = exact(words.pop(0))
    except (IndexError, ValueError):
        msg = "That is no order: exchange, product, side, quantity, symbol, price."
        raise UsageError(msg, example=CHARGES_EXAMPLE) from None
    plan, day, orders = None, today, 1
    while words:
        option, value = words.pop(0).lower(), words.pop(0) if words else ""
        if option == "plan":
            plan = _plan(value, shelf)
        elif option == "on":
            day = _date(value, CHARGES_EXAMPLE)
        elif option == "orders" and value.isdigit() and int(value) > 0:
            orders = int(value)
        else:
            msg = f"I do not know {option} {value}.".replace(" .", ".")
            raise UsageError(msg, example=CHARGES_EXAMPLE)
    if quantity < 1 or price <= 0:
        msg = "Quantity and price must be above zero."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    tick = shelf.rules.expected_tick(instrument.kind, price, day)
    instrument = replace(instrument, tick=tick or instrument.tick)
    return Trade(instrument=instrument, side=side, product=product, quantity=quantity, price=price, day=day, orders=orders), plan


def _instrument(exchange: Exchange, symbol: str, words: list[str], shelf: Shelf) -> Instrument:
    """A contract just good enough to price; lot and tick of the real one are in the scrip master, which is not here."""
    stock = symbol not in {rule.underlying for rule in shelf.calendar.expiry_rules}
    kind, strike, right = InstrumentKind.EQUITY, None, None
    if exchange in (Exchange.NFO, Exchange.BFO):
        if words[0].lower() == "fut":
            words.pop(0)
            kind = InstrumentKind.STOCK_FUTURE if stock else InstrumentKind.INDEX_FUTURE
        else:
            strike, right = exact(words.pop(0)), Right(words.pop(0).upper())
            kind = InstrumentKind.STOCK_OPTION if stock else InstrumentKind.INDEX_OPTION
    name = symbol if strike is None else f"{symbol} {strike} {right}"
    return Instrument(
        exchange=exchange,
        token=symbol,
        symbol=symbol,
        name=name,
        kind=kind,
        lot=1,
        tick=Decimal("0.05"),
        strike=strike,
        right=right,
    )


def _plan(name: str, shelf: Shelf) -> Plan:
    found = shelf.tariff.plan(name)
    if found is None:
        msg = f"No plan {name!r}; there are {', '.join(plan.name for plan in shelf.tariff.plans)}."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    return found


def _date(text: str, example: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no date such as 2026-11-24."
        raise UsageError(msg, example=example) from None
