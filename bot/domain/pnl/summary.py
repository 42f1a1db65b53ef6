"""The summary of a day, a week or a month out of its rows: what is told beside the sums."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.charges.day_bill import DayBill
from bot.domain.market.coming_days import ComingDay
from bot.domain.money import ZERO, total
from bot.domain.news.days.period_summary import PeriodSummary, Span
from bot.domain.pictures import DayFill, DayPicture, DayResult, EquityCurve, NetPoint, SymbolResult
from bot.domain.pnl.range_report import CurvePoint, RangeReport
from bot.domain.pnl.round_trips import RoundTrip
from bot.domain.positions.day_facts import ChargeLine, DayFacts, DayNet, LeftOut, Low, Mismatch, SymbolNet, Trip, TripCount, Why
from bot.domain.positions.portfolio import DayReport, Funds, PositionLine
from bot.domain.terms import Product

MOST_SYMBOLS = 12  # as many as a picture has room for; what the others made stands in one sum
OTHERS = "others"
UNWATCHED = timedelta(minutes=2)  # at most between a fill and the next point of the curve while the bot runs


def day_facts(
    day: RangeReport,
    *,
    month: Sequence[DayReport],
    coming: tuple[ComingDay, ...],
    lines: Sequence[PositionLine] = (),
    bill: DayBill | None = None,
    funds: Funds | None = None,
    approximate: tuple[str, ...] = (),
) -> DayFacts:
    """All that one day's row tells beside its sums.

    day: the range of that one day. month: the rows of its month up to the day itself. lines: the positions as they were read.
    bill: of the same fills as the row's charges. funds: as the broker says when the row is made.
    """
    known = [_net(report) for report in month if not report.records_only]
    return DayFacts(
        capital=funds.start_of_day if funds is not None else None,
        month=total(known) if known else None,
        month_gaps=tuple(date.fromisoformat(report.date) for report in month if report.records_only),
        margin=funds.used if funds is not None else None,
        mismatches=_mismatches(lines),
        broker=_by_the_broker(lines),
        left_out=tuple(
            LeftOut(
                instrument=line.position.instrument,
                product=line.position.product,
                missing=tuple(each.value for each in line.missing),
            )
            for line in lines
            if line.today is None
        ),
        coming=coming,
        charges=_charges(bill),
        symbols=_symbols(day),
        trips=_trips(day),
        slippage=day.slippage if day.slips else None,
        lowest=Low(net=day.lowest.net, at=day.lowest.at) if day.lowest is not None else None,
        approximate=approximate,
    )


def period_summary(report: RangeReport, span: Span, *, made_at: datetime, late: bool) -> PeriodSummary:
    """A week or a month from the final rows of its days. A day that has none is not in it."""
    return PeriodSummary(
        span=span,
        first=report.first,
        last=report.last,
        days=tuple(
            DayNet(day=each.day, net=each.net, capital=each.report.facts.capital if each.report.facts is not None else None)
            for each in report.days
        ),
        booked=report.booked,
        open=report.open,
        adjustment=report.adjustment,
        charges=report.charges,
        charges_missing=report.charges_missing,
        trades=report.trades,
        trips=_trips(report),
        slippage=report.slippage if report.slips else None,
        symbols=_symbols(report),
        made_at=made_at,
        late=late,
    )


def day_picture(day: RangeReport, facts: DayFacts, *, mode: str, made_at: datetime) -> DayPicture | None:
    """The curve of a day's net with its fills, and what each symbol made. None where there is nothing to see."""
    last = day.days[-1]
    if not last.known or (len(last.course) < 2 and not facts.symbols):
        return None
    return DayPicture(
        day=last.day,
        net=last.net,
        curve=tuple(NetPoint(at=point.at, net=point.net) for point in (*_before_the_first(day), *last.course)),
        fills=tuple(DayFill(at=trade.at, side=trade.side) for trade in last.trades),
        symbols=tuple(SymbolResult(name=each.name, net=each.net) for each in facts.symbols),
        mode=mode,
        as_of=made_at,
    )


def _before_the_first(day: RangeReport) -> tuple[CurvePoint, ...]:
    """Nothing was made until the first fill, where nothing was carried into the day: the watch begins a moment after it."""
    last = day.days[-1]
    carried = any(row.begun for row in day.row_days if row.day == last.day and row.product is not Product.CNC)
    if carried or not last.trades or not last.course:
        return ()
    first = min(trade.at for trade in last.trades)
    return (CurvePoint(at=first, net=ZERO),) if timedelta(0) < last.course[0].at - first <= UNWATCHED else ()


def equity_curve(summary: PeriodSummary, *, mode: str) -> EquityCurve | None:
    """The days of a week or month summed up. None where fewer than two of them have data."""
    if len(summary.known) < 2:
        return None
    month = f"{summary.last:%B %Y}"
    week = f"Week to {summary.last.day} {summary.last:%b}"
    return EquityCurve(
        title=month if summary.span is Span.MONTH else week,
        days=tuple(DayResult(day=each.day, net=each.net) for each in summary.days),
        mode=mode,
        as_of=summary.made_at,
    )


def _net(report: DayReport) -> Decimal:
    return report.gross - (report.charges or ZERO)


def _mismatches(lines: Iterable[PositionLine]) -> tuple[Mismatch, ...]:
    return tuple(
        Mismatch(
            instrument=line.position.instrument, product=line.position.product, rupees=line.difference or ZERO,
            reasons=tuple(reason.value for reason in line.reasons),
            parts=tuple(Why(reason=part.reason.value, rupees=part.rupees) for part in line.off),
        )
        for line in lines
        if line.differs
    )  # fmt: skip


def _by_the_broker(lines: Sequence[PositionLine]) -> Decimal | None:
    """The broker's figure. None where there was nothing to read, or its row does not say what ours does."""
    known = [line for line in lines if line.today is not None]
    told = [line.broker for line in known if line.broker is not None]
    return total(told) if known and len(told) == len(known) else None


def _charges(bill: DayBill | None) -> tuple[ChargeLine, ...]:
    return (
        tuple(ChargeLine(name=line.name.say, rupees=line.amount) for line in bill.lines if line.amount)
        if bill is not None
        else ()
    )


def _symbols(report: RangeReport) -> tuple[SymbolNet, ...]:
    nets = [SymbolNet(name=part.name, net=part.net) for part in report.symbols if part.net]
    rest = total(each.net for each in nets[MOST_SYMBOLS:])
    return (*nets[:MOST_SYMBOLS], *([SymbolNet(name=OTHERS, net=rest)] if rest else []))


def _trips(report: RangeReport) -> TripCount:
    return TripCount(
        closed=len(report.trips), known=len(report.counted), won=report.won, best=_trip(report.best), worst=_trip(report.worst)
    )


def _trip(trip: RoundTrip | None) -> Trip | None:
    return Trip(instrument=trip.instrument, net=trip.net) if trip is not None and trip.net is not None else None
