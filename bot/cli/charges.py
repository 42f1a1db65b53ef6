"""`python -m bot charges`: every dated rate, or what one order would cost, with the source of each line."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.cli.dated import day as day_argument
from bot.cli.dated import reference_of
from bot.cli.exit_codes import DONE
from bot.domain.charges.charges import Trade
from bot.domain.charges.tariff import Asset, Bill, BrokeragePlan, Rate
from bot.domain.clock import SystemClock, ist_date
from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.money import in_figures, to_paise
from bot.domain.terms import Product, Side
from bot.reference.load import ReferenceData

CHARGES_EXAMPLE = "python -m bot charges --side buy --quantity 10 --symbol RELIANCE --price 1480.30 --plan flat-5"
PRODUCTS = {"delivery": Product.CNC, "intraday": Product.MIS, "carry": Product.NRML, "mtf": Product.MTF}
_RUPEES = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_COUNT = re.compile(r"[0-9]{1,9}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags describe an order. Without any, every rate is listed."""
    parser.add_argument("--side", choices=("buy", "sell"))
    parser.add_argument("--quantity", type=_count)
    parser.add_argument("--symbol", type=str.upper, help="of the share, or of a contract's underlying")
    parser.add_argument("--price", type=_rupees, help="in rupees")
    parser.add_argument("--product", choices=PRODUCTS, help="default: delivery, or carry for a contract")
    exchanges = [exchange.value for exchange in Exchange]
    parser.add_argument("--exchange", type=str.upper, choices=exchanges, help="default: the usual one")
    contract = parser.add_mutually_exclusive_group()
    contract.add_argument("--future", action="store_true", help="the future of the symbol")
    contract.add_argument("--call", type=_rupees, metavar="STRIKE", help="the call of the symbol")
    contract.add_argument("--put", type=_rupees, metavar="STRIKE", help="the put of the symbol")
    parser.add_argument("--plan", help="mStock's brokerage plan (default: brokerage is not known)")
    parser.add_argument("--on", type=day_argument, metavar="DATE", help="by the rates of that day (default: today)")
    parser.add_argument("--orders", type=_count, help="in how many orders (default: 1)")


def run(parsed: argparse.Namespace) -> int:
    """Prints the page."""
    reference = reference_of(parsed)
    order = order_of(parsed, ist_date(SystemClock().now()), reference)
    print("\n".join(charges_page(*order, reference) if order is not None else rates_page(reference)))
    return DONE


def order_of(parsed: argparse.Namespace, today: date, reference: ReferenceData) -> tuple[Trade, BrokeragePlan | None] | None:
    """Reads the trade and the plan from the flags. None: no flag was given. UsageError names a command that would have worked."""
    flags = {name for name, value in vars(parsed).items() if name in _FLAGS and value not in (None, False)}
    if not flags:
        return None
    missing = [name for name in _NEEDED if name not in flags]
    if missing:
        raise UsageError(f"An order also needs {', '.join(f'--{name}' for name in missing)}.", example=CHARGES_EXAMPLE)
    plan = reference.tariff.plan(parsed.plan) if parsed.plan is not None else None
    if parsed.plan is not None and plan is None:
        names = ", ".join(plan.name for plan in reference.tariff.plans)
        raise UsageError(f"There is no plan {parsed.plan!r}, only {names}.", example=CHARGES_EXAMPLE)
    day, instrument = parsed.on or today, _instrument(parsed, reference)
    tick = reference.rules.expected_tick(instrument.kind, parsed.price, day)
    product = PRODUCTS[parsed.product] if parsed.product else Product.NRML if instrument.is_derivative else Product.CNC
    trade = Trade(
        instrument=replace(instrument, tick=tick or instrument.tick),
        side=Side(parsed.side.upper()),
        product=product,
        quantity=parsed.quantity,
        price=parsed.price,
        day=day,
        orders=parsed.orders or 1,
    )
    return trade, plan


_NEEDED = ("side", "quantity", "symbol", "price")
_FLAGS = frozenset({*_NEEDED, "product", "exchange", "future", "call", "put", "plan", "on", "orders"})


def _instrument(parsed: argparse.Namespace, reference: ReferenceData) -> Instrument:
    """Makes a contract just good enough to price. Lot and tick of the real one are in the scrip master, which is not here."""
    strike = parsed.call or parsed.put
    derivative = parsed.future or strike is not None
    homes = {rule.underlying: rule.exchange for rule in reference.calendar.expiry_rules}
    stock = parsed.symbol not in homes
    usual = homes.get(parsed.symbol, Exchange.NFO) if derivative else Exchange.NSE
    exchange = Exchange(parsed.exchange) if parsed.exchange else usual
    if derivative is not (exchange in (Exchange.NFO, Exchange.BFO)):
        what = "no contracts" if derivative else "contracts only: add --future, --call STRIKE or --put STRIKE"
        raise UsageError(f"{exchange} has {what}.", example=CHARGES_EXAMPLE)
    right = Right.CE if parsed.call else Right.PE if parsed.put else None
    kind, name = InstrumentKind.EQUITY, parsed.symbol
    if right is not None:
        kind = InstrumentKind.STOCK_OPTION if stock else InstrumentKind.INDEX_OPTION
        name = f"{parsed.symbol} {strike} {right}"
    elif derivative:
        kind = InstrumentKind.STOCK_FUTURE if stock else InstrumentKind.INDEX_FUTURE
        name = f"{parsed.symbol} fut"
    return Instrument(
        exchange=exchange, token=parsed.symbol, symbol=parsed.symbol, name=name, kind=kind, lot=1, tick=Decimal("0.05"),
        strike=strike, right=right,
    )  # fmt: skip


def _rupees(words: str) -> Decimal:
    if not _RUPEES.fullmatch(words) or not Decimal(words):
        raise argparse.ArgumentTypeError(f"{words!r} is no price such as 1480.30")
    return Decimal(words)


def _count(words: str) -> int:
    if not _COUNT.fullmatch(words) or not int(words):
        raise argparse.ArgumentTypeError(f"{words!r} is no number such as 10")
    return int(words)


def rates_page(reference: ReferenceData) -> Iterator[str]:
    """Lists every dated rate with its source."""
    tariff = reference.tariff
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
        steps = (f"{slab.percent} %{f' up to ₹{in_figures(slab.upto)}' if slab.upto else ''}" for slab in interest.slabs)
        yield f"  MTF_INTEREST a year {', '.join(steps)} from {interest.since} (source: {interest.source})"
    yield "Brokerage plans (none is assumed):"
    for plan in tariff.plans:
        terms = ", ".join(f"{name} ₹{row.flat}" for name, row in plan.terms.items())
        yield f"  {plan.name}: {plan.title}; {terms} (source: {plan.source})"
    yield f"Host's own rows: {reference.override or 'none'}"


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


def charges_page(trade: Trade, plan: BrokeragePlan | None, reference: ReferenceData) -> Iterator[str]:
    """Lists the charges of one order line by line."""
    tariff = reference.tariff
    what = f"{trade.quantity} {trade.instrument.name} {trade.product} {trade.instrument.exchange}"
    yield f"{trade.side} {what} at {trade.price}, {trade.day}"
    yield f"Value {to_paise(trade.value)}, plan {plan.name if plan is not None else 'not set'}"
    yield "This order:"
    yield from _bill(tariff.ledger_order(trade, plan))
    trip = tariff.round_trip(trade, plan)
    if trip is None:
        return
    yield "Both sides at this price:"
    yield from _bill(trip.both)
    if trip.break_even is None:
        yield "No price pays for it."
        return
    point = trip.break_even
    caveat = " (by what is known)" if trip.both.unknown else ""
    ticks = f"{point.ticks} ticks of {trade.instrument.tick}"
    yield f"Break-even {to_paise(point.price)}: {to_paise(point.move)} a unit, {ticks}{caveat}"


def _bill(bill: Bill) -> Iterator[str]:
    for line in bill.lines:
        yield f"  {line.name:<12} {line.amount:>14.4f}  (source: {'; '.join(line.sources)})"
    for gap in sorted(bill.gaps, key=lambda gap: gap.name):
        yield f"  {gap.name:<12}      not known  ({gap.why})"
    yield f"  {'total':<12} {bill.total:>14.4f}"
