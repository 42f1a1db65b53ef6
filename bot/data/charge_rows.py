"""Reads the tables of charges and plans into domain values."""

from collections.abc import Iterable, Mapping
from datetime import date

from bot.data.rows import Row, Table
from bot.domain.charges import Tariff
from bot.domain.instrument import Exchange
from bot.domain.order import Side
from bot.domain.tariff import Asset, ChargeName, Fee, Interest, Plan, Rate, Tax, Terms, TradeClass

RateKey = tuple[object, ...]
TAXED = frozenset({ChargeName.BROKERAGE, ChargeName.EXCHANGE, ChargeName.IPFT, ChargeName.SEBI})


def read_tariff(tables: Iterable[Table]) -> Tariff:
    """The charges of several files, a later file's row replacing an earlier one with the same key; BadRow names what is wrong."""
    rates: dict[RateKey, Rate] = {}
    fees: dict[tuple[ChargeName, date], Fee] = {}
    taxes: dict[date, Tax] = {}
    interest: dict[date, Interest] = {}
    plans: dict[str, Plan] = {}
    funds: dict[str, Asset] = {}
    gross: set[str] = set()
    for table in tables:
        for rate in _rates(table):
            rates[_key(rate)] = rate
        for fee in _fees(table):
            fees[fee.charge, fee.since] = fee
        for tax in _taxes(table):
            taxes[tax.since] = tax
        for row in table.rows("interest"):
            found = Interest(percent=row.amount("percent"), since=row.date("from"), source=row.source())
            interest[found.since] = found
        for row in table.rows("plans"):
            plan = read_plan(row)
            plans[plan.name] = plan
        for row in table.rows("funds"):
            asset = row.word("asset", Asset)
            row.source()
            funds.update(dict.fromkeys(row.texts("symbols"), asset))
        for row in table.rows("gross_series"):
            row.source()
            gross.update(row.texts("series"))
    return Tariff(
        rates=tuple(rates.values()),
        fees=tuple(fees.values()),
        taxes=tuple(taxes.values()),
        interest=tuple(interest.values()),
        plans=tuple(plans.values()),
        funds=funds,
        gross_series=frozenset(gross),
    )


def read_plan(row: Row) -> Plan:
    """A brokerage plan: rupees for an executed order of each class, with `<class>_percent` where a percentage may be less."""
    name, title, source = row.text("name"), row.text("title"), row.source()
    return Plan(name=name, title=title, terms=_terms(row), source=source)


def _terms(row: Row) -> Mapping[TradeClass, Terms]:
    terms = {}
    for trade_class in (TradeClass.DELIVERY, TradeClass.MTF, TradeClass.INTRADAY, TradeClass.FUTURE, TradeClass.OPTION):
        if row.has(trade_class):
            capped = f"{trade_class}_percent"
            flat = row.amount(trade_class)
            terms[trade_class] = Terms(flat=flat, percent=row.amount(capped) if row.has(capped) else None)
    return terms


def _rates(table: Table) -> Iterable[Rate]:
    for row in table.rows("rates"):
        rate = Rate(
            charge=row.word("charge", ChargeName),
            classes=row.words("classes", TradeClass),
            sides=row.words("sides", Side, default=tuple(Side)),
            since=row.date("from"),
            percent=row.amount("percent") if row.has("percent") else None,
            source=row.source(),
            exchanges=row.words("exchanges", Exchange, default=tuple(Exchange)),
            assets=row.words("assets", Asset, default=tuple(Asset)),
            underlyings=frozenset(row.texts("underlyings")),
            besides=frozenset(row.texts("besides")),
            series=frozenset(row.texts("series")),
        )
        if rate.percent is not None and rate.percent > 1:
            raise row.wrong(f"{rate.percent} % of the turnover cannot be a charge: is it written in percent?")
        yield rate


def _key(rate: Rate) -> RateKey:
    return (
        rate.charge,
        rate.classes,
        rate.sides,
        rate.since,
        rate.exchanges,
        rate.assets,
        rate.underlyings,
        rate.besides,
        rate.series,
    )


def _fees(table: Table) -> Iterable[Fee]:
    for row in table.rows("fees"):
        charge = row.word("charge", ChargeName)
        yield Fee(charge=charge, rupees=row.amount("rupees"), gst=row.flag("gst"), since=row.date("from"), source=row.source())


def _taxes(table: Table) -> Iterable[Tax]:
    for row in table.rows("gst"):
        on = row.words("on", ChargeName)
        if not on <= TAXED:
            raise row.wrong(f"GST is counted on {', '.join(sorted(TAXED))} only; fees say it themselves")
        yield Tax(percent=row.amount("percent"), on=on, since=row.date("from"), source=row.source())
