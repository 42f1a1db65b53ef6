"""What is open of an underlying in all, in lots of calls, puts and futures: arithmetic on positions."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from bot.domain.market.instrument import Instrument
from bot.domain.positions.portfolio import Position
from bot.domain.value import value

FUTURE = "FUT"


@value
class NetLots:
    """Signed lots of one underlying by kind, CE before PE before FUT. Strikes, expiries and products are netted."""

    symbol: str
    lots: tuple[tuple[str, Fraction], ...]  # kind -> lots; a rest beyond whole lots is a fraction


def net_lots(positions: Iterable[Position]) -> tuple[NetLots, ...]:
    """One entry for each underlying of which more than one contract is open, in the order in which they are met."""
    found: defaultdict[str, dict[str, Fraction]] = defaultdict(dict)
    contracts: defaultdict[str, set[object]] = defaultdict(set)
    for each in positions:
        instrument = each.instrument
        if not each.quantity or not instrument.is_derivative:
            continue
        kind = _kind(instrument)
        kinds = found[instrument.symbol]
        kinds[kind] = kinds.get(kind, Fraction(0)) + Fraction(each.quantity, instrument.lot)
        contracts[instrument.symbol].add(instrument.key)
    order = ("CE", "PE", FUTURE)
    return tuple(
        NetLots(symbol=symbol, lots=tuple((kind, kinds[kind]) for kind in order if kind in kinds))
        for symbol, kinds in found.items()
        if len(contracts[symbol]) > 1
    )


def _kind(instrument: Instrument) -> str:
    return instrument.right.value if instrument.right is not None else FUTURE
