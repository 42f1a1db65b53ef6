"""P&L of 100,000 fills beside a bare loop over the same numbers.

The floor matches quantities and prices first in, first out, and adds up what is booked and open: one list, no names.
"""

import gc
import random
import time
from collections import deque
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.clock import at_ist
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.money import ZERO
from bot.domain.pnl.fifo import booked_by, cost_of, lots_in_turn, quantity_of
from bot.domain.pnl.round_trips import round_trips, walk
from bot.domain.pnl.trades import LedgerTrade
from bot.domain.terms import Product, Side

FILLS, ROUNDS = 100_000, 7
FIRST = date(2026, 11, 2)
FUTURE = Instrument(
    exchange=Exchange.NFO, token="35001", symbol="NIFTY", name="NIFTY26NOVFUT", kind=InstrumentKind.INDEX_FUTURE, lot=65,
    tick=Decimal("0.05"), expiry=date(2026, 11, 30),
)  # fmt: skip
LAST = Decimal("24500.00")

Row = dict[str, Any]


def measure() -> list[Row]:
    """Milliseconds for all fills, ours and the bare loop turn by turn."""
    fills = the_fills(FILLS)
    numbers = [(fill.signed, fill.price or ZERO) for fill in fills]
    ours, floor, trips = [], [], []
    gc.collect()
    gc.freeze()  # as the bot does when it is open
    for _ in range(ROUNDS):
        made, took = timed(lambda: reckoned(fills))
        bare, bare_took = timed(lambda: bare_loop(numbers))
        assert made == bare, "both find the same rupees"
        walked, walk_took = timed(lambda: len(round_trips(walk(fills), {})))
        assert walked > 0
        ours.append(took)
        floor.append(bare_took)
        trips.append(walk_took)
    return [
        row("pnl: booked and open of 100,000 fills", ours, floor, "at most 3 times the bare loop"),
        row("pnl: the same day by day, with its round trips", trips, floor, "for reading"),
    ]


def the_fills(count: int) -> list[LedgerTrade]:
    """A row that is dealt in all day on twenty days, in fills of one to ten lots."""
    chance, fills, price = random.Random(7), [], Decimal("24480.00")
    for number in range(count):
        day = FIRST + timedelta(days=number * 20 // count)
        at: datetime = at_ist(day, 9, 15) + timedelta(milliseconds=number)
        price += chance.randint(-20, 20) * FUTURE.tick
        side = chance.choice((Side.BUY, Side.SELL))
        fills.append(
            LedgerTrade(
                account_id="a1", day=day, broker_id=f"{number:012}", step=65, trade_id=f"{number}", order_id=None,
                instrument=FUTURE, product=Product.NRML, side=side, quantity=65 * chance.randint(1, 10), price=price, at=at,
            )
        )  # fmt: skip
    return fills


def reckoned(fills: list[LedgerTrade]) -> Decimal:
    """Booked and open as the bot reckons them."""
    booked, left = booked_by((), lots_in_turn(fills))
    return (booked or ZERO) + LAST * quantity_of(left) - (cost_of(left) or ZERO)


def bare_loop(numbers: list[tuple[int, Decimal]]) -> Decimal:
    """The same rupees out of bare numbers."""
    opened: deque[list[Any]] = deque()
    booked = ZERO
    for signed, price in numbers:
        left = signed
        while left and opened and opened[0][0] * left < 0:
            lot = opened[0]
            part = -left if abs(left) < abs(lot[0]) else lot[0]
            booked += (price - lot[1]) * part
            lot[0] -= part
            left += part
            if not lot[0]:
                opened.popleft()
        if left:
            opened.append([left, price])
    return booked + sum(((LAST - price) * quantity for quantity, price in opened), ZERO)


def timed(work: Any) -> tuple[Any, float]:
    begun = time.perf_counter()
    made = work()
    return made, (time.perf_counter() - begun) * 1000


def row(name: str, ours: list[float], floor: list[float], aim: str) -> Row:
    """Medians and the worst of both, and how many times the floor ours takes."""
    middle, bottom = sorted(ours)[len(ours) // 2], sorted(floor)[len(floor) // 2]
    return {
        "name": name, "unit": "ms", "ours_p50": middle, "ours_p99": max(ours), "floor_p50": bottom, "floor_p99": max(floor),
        "ratio_p50": middle / bottom, "ratio_p99": max(ours) / max(floor), "aim": aim,
    }  # fmt: skip
