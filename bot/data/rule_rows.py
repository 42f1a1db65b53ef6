"""Reads the market rules' tables into domain values."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from bot.data.rows import BadRow, Row, Table
from bot.domain.instrument import Exchange, InstrumentKind
from bot.domain.rules import Band, BrokerRisk, Freeze, Ladder, Lot, MarketRules, Step, StockExpiryRule, TriggerRange
from bot.domain.sessions import Withdrawal


def read_rules(tables: Iterable[Table], withdrawals: tuple[Withdrawal, ...]) -> MarketRules:
    """The rules of several files, a later file's row replacing an earlier one with the same key; BadRow names what is wrong."""
    freezes: dict[tuple[Exchange, str, date], Freeze] = {}
    slabs: dict[tuple[frozenset[InstrumentKind], date], Ladder] = {}
    ticks: dict[tuple[frozenset[InstrumentKind], date], Ladder] = {}
    ranges: dict[tuple[frozenset[InstrumentKind], date], TriggerRange] = {}
    lots: dict[tuple[str, date], Lot] = {}
    bands: dict[tuple[Exchange, str, date], Band] = {}
    stock_expiry: dict[date, StockExpiryRule] = {}
    risks: dict[date, BrokerRisk] = {}
    protection: tuple[int, int, int] | None = None
    for table in tables:
        protection = _protection(table) or protection
        for freeze in _freezes(table):
            freezes[freeze.exchange, freeze.underlying, freeze.since] = freeze
        for ladder in _ladders(table, "slabs"):
            slabs[ladder.kinds, ladder.since] = ladder
        for ladder in _ladders(table, "ticks"):
            ticks[ladder.kinds, ladder.since] = ladder
        for found in _ranges(table):
            ranges[found.kinds, found.since] = found
        for lot in _lots(table):
            lots[lot.underlying, lot.first_expiry] = lot
        for band in _bands(table):
            bands[band.exchange, band.symbol, band.since] = band
        for rule in _stock_expiry(table):
            stock_expiry[rule.since] = rule
        for risk in _risks(table):
            risks[risk.since] = risk
    if protection is None:
        msg = "rules: the table [protection] is missing"
        raise BadRow(msg)
    market_ticks, stop_slabs, stop_ticks = protection
    return MarketRules(
        freezes=tuple(freezes.values()),
        slabs=tuple(slabs.values()),
        ticks=tuple(ticks.values()),
        ranges=tuple(ranges.values()),
        withdrawals=withdrawals,
        lots=tuple(lots.values()),
        bands=tuple(bands.values()),
        stock_expiry=tuple(stock_expiry.values()),
        risks=tuple(risks.values()),
        market_ticks=market_ticks,
        stop_slabs=stop_slabs,
        stop_ticks=stop_ticks,
    )


def _protection(table: Table) -> tuple[int, int, int] | None:
    row = table.one("protection")
    if row is None:
        return None
    row.source()
    figures = row.whole("market_ticks", least=1), row.whole("stop_slabs", least=1), row.whole("stop_ticks", least=1)
    row.finish()
    return figures


def _freezes(table: Table) -> Iterable[Freeze]:
    for row in table.rows("freeze"):
        exchange, since = row.word("exchange", Exchange), row.date("from")
        monthly, source = row.flag("monthly"), row.source()
        units = row.inner("units")
        for underlying in units.names():
            quantity = units.whole(underlying, least=1)
            yield Freeze(exchange=exchange, underlying=underlying, quantity=quantity, since=since, monthly=monthly, source=source)


def _ladders(table: Table, name: str) -> Iterable[Ladder]:
    for row in table.rows(name):
        kinds, since, source = row.words("kinds", InstrumentKind), row.date("from"), row.source()
        yield Ladder(kinds=kinds, since=since, steps=_steps(row), source=source)


def _steps(row: Row) -> tuple[Step, ...]:
    steps: list[Step] = []
    reached = Decimal(0)
    for part in row.rows("steps"):
        if steps and steps[-1].upto is None:
            raise part.wrong("nothing may follow the step without a limit")
        value = part.amount("value")
        inclusive = part.has("to")
        upto = part.amount("to") if inclusive else part.amount("below") if part.has("below") else None
        part.finish()
        if upto is not None and upto <= reached:
            raise part.wrong(f"{upto} is not above {reached}")
        if value == 0:
            raise part.wrong("a step of nothing")
        steps.append(Step(upto=upto, inclusive=inclusive, value=value))
        reached = upto if upto is not None else reached
    if steps[-1].upto is not None:
        raise row.wrong("the last step must have no limit, or prices above it have no answer")
    return tuple(steps)


def _ranges(table: Table) -> Iterable[TriggerRange]:
    for row in table.rows("trigger_ranges"):
        yield TriggerRange(
            kinds=row.words("kinds", InstrumentKind),
            since=row.date("from"),
            low_upto=row.amount("low_upto"),
            low_rupees=row.amount("low_rupees"),
            percent=row.amount("percent"),
            source=row.source(),
        )


def _lots(table: Table) -> Iterable[Lot]:
    for row in table.rows("lots"):
        first, source = row.date("first_expiry"), row.source()
        units = row.inner("units")
        for underlying in units.names():
            yield Lot(underlying=underlying, first_expiry=first, units=units.whole(underlying, least=1), source=source)


def _bands(table: Table) -> Iterable[Band]:
    for row in table.rows("price_bands"):
        yield Band(
            exchange=row.word("exchange", Exchange),
            symbol=row.text("symbol"),
            percent=row.amount("percent"),
            since=row.date("from"),
            source=row.source(),
        )


def _stock_expiry(table: Table) -> Iterable[StockExpiryRule]:
    for row in table.rows("stock_expiry"):
        tell, warn, refuse = row.whole("tell"), row.whole("warn"), row.whole("refuse")
        if not tell >= warn >= refuse:
            raise row.wrong("tell, warn and refuse must fall in this order")
        yield StockExpiryRule(
            since=row.date("from"),
            tell=tell,
            warn=warn,
            refuse=refuse,
            squared_off=row.whole("squared_off", least=1),
            source=row.source(),
        )


def _risks(table: Table) -> Iterable[BrokerRisk]:
    for row in table.rows("broker_risk"):
        yield BrokerRisk(
            since=row.date("from"), band_used=row.amount("band_used"), margin_lost=row.amount("margin_lost"), source=row.source()
        )
