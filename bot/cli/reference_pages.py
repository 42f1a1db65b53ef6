"""The dated data as lines of text with their sources: `python -m bot calendar` and `python -m bot charges`."""

import argparse
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from bot.config.settings import market_data
from bot.domain.clock import SystemClock, ist, ist_date
from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.market.market_days import DayKind
from bot.domain.market.sessions import Phase, SessionClass
from bot.domain.money import to_paise
from bot.domain.orders.charges import Trade
from bot.domain.orders.tariff import Asset, Bill, Plan, Rate
from bot.domain.terms import Product, Side
from bot.reference.load import ReferenceData, load_reference

TITLES = {
    SessionClass.CASH_AUCTION: "Shares with F&O",
    SessionClass.CASH: "Other shares and funds",
    SessionClass.NEAR_FUTURE: "Current-month futures",
    SessionClass.DERIVATIVE: "Options, later futures",
}
CHARGES_EXAMPLE = "python -m bot charges --side buy --quantity 10 --symbol RELIANCE --price 1480.30 --plan flat-5"
PRODUCTS = {"delivery": Product.CNC, "intraday": Product.MIS, "carry": Product.NRML, "mtf": Product.MTF}
AHEAD = 30  # days of coming holidays and special days that the calendar page lists
_YEARS = range(1990, 2101)
_RUPEES = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_COUNT = re.compile(r"[0-9]{1,9}")


def add_pages(command: Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    """Puts this file's commands on the command line."""
    calendar = command("calendar", "what the calendar knows of a day, and from which source", _calendar)
    calendar.add_argument("date", nargs="?", type=_date, help="such as 2026-11-24 (default: today)")

    charges = command("charges", "every rate with its source; or what an order would cost, line by line", _charges)
    charges.add_argument("--side", choices=("buy", "sell"))
    charges.add_argument("--quantity", type=_count)
    charges.add_argument("--symbol", type=str.upper, help="of the share, or of a contract's underlying")
    charges.add_argument("--price", type=_rupees, help="in rupees")
    charges.add_argument("--product", choices=PRODUCTS, help="default: delivery, or carry for a contract")
    charges.add_argument("--exchange", type=str.upper, choices=[each.value for each in Exchange], help="default: the usual one")
    contract = charges.add_mutually_exclusive_group()
    contract.add_argument("--future", action="store_true", help="the future of the symbol")
    contract.add_argument("--call", type=_rupees, metavar="STRIKE", help="the call of the symbol")
    contract.add_argument("--put", type=_rupees, metavar="STRIKE", help="the put of the symbol")
    charges.add_argument("--plan", help="mStock's brokerage plan (default: brokerage is not known)")
    charges.add_argument("--on", type=_date, metavar="DATE", help="by the rates of that day (default: today)")
    charges.add_argument("--orders", type=_count, help="in how many orders (default: 1)")


def _calendar(asked: argparse.Namespace) -> int:
    print("\n".join(calendar_page(asked.date or ist_date(SystemClock().now()), _shelf(asked))))
    return 0


def _charges(asked: argparse.Namespace) -> int:
    shelf = _shelf(asked)
    order = order_of(asked, ist_date(SystemClock().now()), shelf)
    print("\n".join(charges_page(*order, shelf) if order is not None else rates_page(shelf)))
    return 0


def _shelf(asked: argparse.Namespace) -> ReferenceData:
    """The dated data with the host's own rows, if MARKET_DATA names a file; no other setting is needed to look things up."""
    return load_reference(market_data(asked.environ, Path()))


def order_of(asked: argparse.Namespace, today: date, shelf: ReferenceData) -> tuple[Trade, Plan | None] | None:
    """The trade and the plan that the flags name, None without any flag; UsageError with a command that would have worked."""
    given = {name for name, value in vars(asked).items() if name in _FLAGS and value not in (None, False)}
    if not given:
        return None
    missing = [name for name in _NEEDED if name not in given]
    if missing:
        raise UsageError(f"An order also needs {', '.join(f'--{name}' for name in missing)}.", example=CHARGES_EXAMPLE)
    plan = shelf.tariff.plan(asked.plan) if asked.plan is not None else None
    if asked.plan is not None and plan is None:
        names = ", ".join(each.name for each in shelf.tariff.plans)
        raise UsageError(f"There is no plan {asked.plan!r}, only {names}.", example=CHARGES_EXAMPLE)
    day, instrument = asked.on or today, _instrument(asked, shelf)
    tick = shelf.rules.expected_tick(instrument.kind, asked.price, day)
    product = PRODUCTS[asked.product] if asked.product else Product.NRML if instrument.is_derivative else Product.CNC
    trade = Trade(
        instrument=replace(instrument, tick=tick or instrument.tick),
        side=Side(asked.side.upper()),
        product=product,
        quantity=asked.quantity,
        price=asked.price,
        day=day,
        orders=asked.orders or 1,
    )
    return trade, plan


_NEEDED = ("side", "quantity", "symbol", "price")
_FLAGS = frozenset({*_NEEDED, "product", "exchange", "future", "call", "put", "plan", "on", "orders"})


def _instrument(asked: argparse.Namespace, shelf: ReferenceData) -> Instrument:
    """A contract just good enough to price; lot and tick of the real one are in the scrip master, which is not here."""
    strike = asked.call or asked.put
    derivative = asked.future or strike is not None
    homes = {rule.underlying: rule.exchange for rule in shelf.calendar.expiry_rules}
    stock = asked.symbol not in homes
    usual = homes.get(asked.symbol, Exchange.NFO) if derivative else Exchange.NSE
    exchange = Exchange(asked.exchange) if asked.exchange else usual
    if derivative is not (exchange in (Exchange.NFO, Exchange.BFO)):
        what = "no contracts" if derivative else "contracts only: add --future, --call STRIKE or --put STRIKE"
        raise UsageError(f"{exchange} has {what}.", example=CHARGES_EXAMPLE)
    right = Right.CE if asked.call else Right.PE if asked.put else None
    kind, name = InstrumentKind.EQUITY, asked.symbol
    if right is not None:
        kind = InstrumentKind.STOCK_OPTION if stock else InstrumentKind.INDEX_OPTION
        name = f"{asked.symbol} {strike} {right}"
    elif derivative:
        kind = InstrumentKind.STOCK_FUTURE if stock else InstrumentKind.INDEX_FUTURE
        name = f"{asked.symbol} fut"
    return Instrument(
        exchange=exchange, token=asked.symbol, symbol=asked.symbol, name=name, kind=kind, lot=1, tick=Decimal("0.05"),
        strike=strike, right=right,
    )  # fmt: skip


def _date(words: str) -> date:
    try:
        day = date.fromisoformat(words)
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise argparse.ArgumentTypeError(f"{words!r} is no date such as 2026-11-24")
    return day


def _rupees(words: str) -> Decimal:
    if not _RUPEES.fullmatch(words) or not Decimal(words):
        raise argparse.ArgumentTypeError(f"{words!r} is no price such as 1480.30")
    return Decimal(words)


def _count(words: str) -> int:
    if not _COUNT.fullmatch(words) or not int(words):
        raise argparse.ArgumentTypeError(f"{words!r} is no number such as 10")
    return int(words)


def calendar_page(day: date, shelf: ReferenceData) -> Iterator[str]:
    """What is known of a day and from which source."""
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


def _square_offs(shelf: ReferenceData) -> Iterator[str]:
    yield "Square-off by mStock on a full day:"
    for row in shelf.calendar.square_offs:
        kinds = ", ".join(sorted(row.kinds))
        proven = "" if row.proven else " (not proven)"
        yield f"  {row.product} {kinds}: {row.time:%H:%M} from {row.since}{proven} (source: {row.source})"


def rates_page(shelf: ReferenceData) -> Iterator[str]:
    """Every dated rate with its source."""
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


def charges_page(trade: Trade, plan: Plan | None, shelf: ReferenceData) -> Iterator[str]:
    """The charges of one order line by line."""
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
