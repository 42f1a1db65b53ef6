"""Days that follow one another: what is carried counts once, and what the days made adds up to what the trades made."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.money import ZERO, total
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.house import House, a_house

MADE = ("Booked", "Booked today", "Open", "Open, change", "Close adjustment")


async def fill(house: House, side: str, what: str) -> None:
    """Confirms 65 of it and waits for the fill to ring."""
    card = await house.me.ask(f"/{side} {what} 65 nrml", f"{side.upper()} 65 {what} ")
    house.me.press(f"Confirm {side}", card)
    await house.me.wait_for("Filled")


def figure(text: str, label: str) -> Decimal:
    """The rupees behind a label, nought where it has no row."""
    found = re.search(rf"^ ?{label} +([−+]?[\d,]+\.\d\d)", text, re.MULTILINE)
    return Decimal(found[1].replace(",", "").replace("−", "-")) if found is not None else ZERO


def made(text: str) -> Decimal:
    """What a day made before charges, by its rows."""
    return total(figure(text, label) for label in MADE)


def price(house: House, clock: LoopClock, name: str, rupees: str) -> None:
    broker = house.near.paper.broker
    instrument = broker.named("NFO", name)
    assert instrument is not None
    broker.market.set_price(instrument, int(Decimal(rupees) * 100), clock.now())


@pytest.mark.core
async def test_a_future_and_an_option_over_a_night_are_counted_once(clock: LoopClock, loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        me = house.me
        await house.log_in()
        price(house, clock, "NIFTY26NOV24500CE", "134.00")
        await fill(house, "buy", "NIFTY FUT")
        await fill(house, "buy", "NIFTY 24500 CE")
        price(house, clock, "NIFTY26NOV24500CE", "154.00")
        loop.shift((at_ist(ist_date(clock.now()), 16, 14) - clock.now()).total_seconds() + 50)
        first = (await me.wait_for("Cash"))["text"]
        loop.shift((at_ist(ist_date(clock.now()) + timedelta(days=1), 9, 20) - clock.now()).total_seconds())
        await me.ask("/login", "lives until")
        price(house, clock, "NIFTY26NOV24500CE", "149.00")
        shown = (await me.ask("/positions", "POSITIONS"))["text"]
        assert shown.count("since entry") == 2
        await fill(house, "sell", "NIFTY 24500 CE")
        await fill(house, "sell", "NIFTY FUT")
        await me.ask("/orders", "ORDERS")
        second = (await me.ask("/pnl", "P&L"))["text"]
        assert house.store is not None
        days = ist_date(clock.now()) - timedelta(days=1), ist_date(clock.now())
        fills = await house.store.transaction(lambda db: db.ledger.between(db.accounts.all()[0].id, *days))
        assert len(fills) == 4
        whole = total(-each.signed * (each.price or ZERO) for each in fills)
        assert made(first) + made(second) == whole
        assert made(first) > 0, "the option rose"
        assert made(second) != whole
        assert "rounding" not in second
        assert "missing trade" not in second
