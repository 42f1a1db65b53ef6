"""Many rows at once, each with a stop that rests: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.domain.people.account import Role
from bot.simulators.broker.accounts.records import Carried
from bot.simulators.broker.exchange.requests import OrderRequest
from bot.simulators.loop import LoopClock
from tests.journeys.exits.test_exits import RICH, open_rows
from tests.stage.house import House, a_house

UNDERLYINGS = (
    "RELIANCE", "TCS", "INFY", "HDFCBANK", "SBIN", "ACC", "ICICIBANK", "AXISBANK", "KOTAKBANK", "ITC", "LT", "HINDUNILVR",
)  # fmt: skip
A_SECOND = 3  # orders that may leave


def guarded(house: House, underlyings: tuple[str, ...] = UNDERLYINGS) -> None:
    """One lot of each one's future at its price of now, with a stop of the broker's own app 4 % below."""
    broker = house.near.paper.broker
    futures = [future for each in underlyings if (future := broker.named("NFO", f"{each}26NOVFUT")) is not None]
    last = {each.token: broker.market.price(each, house.clock.now()) for each in futures}
    with broker.ledger.change():
        for each in futures:
            fact = Carried(
                client=RICH.client, exchange="NFO", token=each.token, product="CARRYFORWARD", quantity=each.lot,
                cost=each.lot * last[each.token], name=each.name,
            )  # fmt: skip
            broker.ledger.put(fact)
    for each in futures:
        trigger = last[each.token] * 96 // 10000 * 100
        stop = OrderRequest(
            exchange="NFO", token=each.token, symbol=each.name, side="SELL", kind="STOPLOSS_LIMIT", product="CARRYFORWARD",
            validity="DAY", variety="STOPLOSS", quantity=each.lot, price=trigger - 1_00, trigger=trigger,
        )  # fmt: skip
        broker.exchange.place(next(iter(broker.ledger.accounts.values())), stop, "WEB")


@pytest.mark.core
async def test_twelve_guarded_rows_of_twelve_underlyings_go_side_by_side_at_the_order_rate(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        guarded(house)
        await asyncio.sleep(30)
        card = await house.me.ask("/exit all", "EXIT 12 positions", 30)
        went = asyncio.get_running_loop().time()
        house.me.press("Confirm 12 exits", card)
        while open_rows(house):
            await asyncio.sleep(0.1)
            assert asyncio.get_running_loop().time() - went < 60
        took = asyncio.get_running_loop().time() - went
        assert took < len(UNDERLYINGS) / A_SECOND + 3
        assert house.placed == 12, "each stop became the exit"


async def test_on_a_rough_broker_with_two_phones_a_dead_session_and_a_restart_each_row_is_closed_once(
    clock: LoopClock, tmp_path: Path
) -> None:
    """Lost answers to changes, refused changes, /kill, a session that ends and a process that ends in the middle."""
    async with a_house(clock, tmp_path, account=RICH) as house:
        broker, faults = house.near.paper.broker, house.near.paper.broker.faults
        await house.log_in()
        son = await house.join(5002, "Ravi", Role.TRADER)
        guarded(house)
        await asyncio.sleep(30)
        mine = await house.me.ask("/exit all", "EXIT 12 positions", 30)
        his = await son.ask("/exit all", "EXIT 12 positions", 30)
        faults.arm("answer_lost", route="modify", times=2)
        faults.arm("problem_body", route="modify", skip=2, times=2)  # refused as it is written
        house.me.press("Confirm 12 exits", mine)
        son.press("Confirm 12 exits", his)
        await asyncio.sleep(1)
        son.say("/kill")
        await asyncio.sleep(0.5)
        assert 0 < len(open_rows(house)) < 12
        broker.sessions.end_all(RICH.client, clock.now())
        await asyncio.sleep(1)
        await house.restart()
        await house.me.ask("/login", "lives until", 30)
        await asyncio.sleep(60)
        assert open_rows(house) == {}
        assert not [order for order in broker.ledger.orders.values() if order.working]
        sold = Counter({each.key: each.quantity for each in broker.ledger.trades})
        assert len(sold) == 12
        assert sum(trade.quantity for trade in broker.ledger.trades) == sum(broker.book.find(key).lot for key in sold)
