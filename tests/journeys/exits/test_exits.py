"""Getting out of everything, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.broker.accounts.records import Carried
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

RICH = PaperAccount(cash=50_00_00_000_00)
OPTIONS = ("NIFTY26NOV24500CE", "NIFTY26NOV24800CE", "NIFTY26NOV24000PE", "NIFTY26NOV23800PE")


def carry(house: House, quantities: dict[str, int], *, at: str = "100.00") -> None:
    """Carried positions of the account, with a price for each."""
    broker = house.near.paper.broker
    with broker.ledger.change():
        for name, quantity in quantities.items():
            exchange = "NFO" if name[-2:] in ("CE", "PE") or name.endswith("FUT") else "NSE"
            instrument = broker.named(exchange, name)
            assert instrument is not None, name
            fact = Carried(
                client=RICH.client, exchange=exchange, token=instrument.token, product="CARRYFORWARD", quantity=quantity,
                cost=quantity * 100_00, name=name,
            )  # fmt: skip
            broker.ledger.put(fact)
    for name in quantities:
        price(house, at, name, "NFO" if name[-2:] in ("CE", "PE") or name.endswith("FUT") else "NSE")


def open_rows(house: House) -> dict[str, int]:
    """What is open at the exchange, but for delivery."""
    broker = house.near.paper.broker
    day = f"{house.clock.now():%Y-%m-%d}"
    rows = broker.portfolio.positions(RICH.client, day)
    return {row.key[1]: row.net for row in rows if row.net and row.product != "DELIVERY"}


@pytest.mark.core
async def test_exit_all_closes_the_short_before_its_cover(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-65, 65, 130, -130), strict=True)))
        assert "NF net lots CE 0 · PE 0" in (await house.me.ask("/positions", "POSITIONS", 30))["text"]
        card = await house.me.ask("exit all", "EXIT 4 positions", 30)
        house.me.press("Confirm 4 exits", card)
        await house.me.wait_for("of 4 closed", 30)
        await asyncio.sleep(20)
        assert open_rows(house) == {}
        assert house.placed == 4
        broker = house.near.paper.broker
        names = {order.id: broker.find((order.exchange, order.token)).name for order in broker.ledger.orders.values()}
        sent_at = {names[order.id]: datetime.fromisoformat(order.placed_at) for order in broker.ledger.orders.values()}
        traded_at = {names[trade.order]: datetime.fromisoformat(trade.at) for trade in broker.ledger.trades}
        for short, cover in ((OPTIONS[0], OPTIONS[1]), (OPTIONS[3], OPTIONS[2])):
            assert traded_at[short] < sent_at[cover], f"{cover} was sent while {short} was open"


async def test_half_of_one_lot_is_a_question_whose_button_closes_it_whole(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {"NIFTY26NOV24500CE": 65})
        await house.me.ask("exit nifty half", "less than one lot of 65", 30)
        await house.me.choose("All 65", "SELL 65 NIFTY 24500 CE", 30)


async def test_a_panic_ends_flat_with_slices_a_rejection_and_a_delivery_row_on_the_way(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, dict(zip(OPTIONS, (-1950, 1950, 130, 65), strict=True)))
        house.me.say("/sell ITC 10 cnc")
        card = await house.me.wait_for("SELL 10 ITC", 30)
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled", 30)
        faults = house.near.paper.broker.faults
        card = await house.me.ask("/panic", "PANIC", 30)
        assert "ITC sold today from holdings" in card["text"]
        faults.arm("order_rejected")
        house.me.press("Close these", card)
        told = await house.me.wait_for("Not proven flat", 120)
        assert len([order for order in await house.orders() if order.status is OrderStatus.REJECTED]) == 1
        faults.clear()
        button = next(item["label"] for row in told["buttons"] for item in row if item["label"].startswith("Exit "))
        again = await house.me.choose(button, "BUY 1,755 NIFTY 24500 CE", 30)
        house.me.press("Confirm buy", again)
        flat = await house.me.wait_for("Flat at", 120)
        assert "Holdings and delivery trades stay" in flat["text"]
        assert open_rows(house) == {}


async def test_a_panic_of_twelve_rows_survives_a_restart_a_lost_answer_and_the_freeze(clock: LoopClock, tmp_path: Path) -> None:
    calls = {f"NIFTY26NOV{strike}CE": 65 for strike in range(24500, 25000, 50)}
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {**calls, "NIFTY26NOV24000PE": 1950, "NIFTY26NOV23800PE": 2600})
        card = await house.me.ask("/panic", "PANIC", 30)
        assert card["text"].count("in 2 orders") == 2
        house.near.paper.broker.faults.arm("answer_lost", route="place")
        house.me.press("Close these", card)
        await asyncio.sleep(1.5)
        assert 0 < house.placed < 14
        await house.restart()
        await house.me.wait_for("Flat at", 240)
        assert open_rows(house) == {}
        assert house.placed == 14, "two rows above the freeze take two orders each, and none goes twice"


async def test_a_part_sold_out_of_two_purchases_is_told_at_one_cost_everywhere(clock: LoopClock, tmp_path: Path) -> None:
    """First in, first out, on the exit's card, in its news and in the list: the broker's average is of all that was bought."""
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        for paid in ("1480", "1500"):
            price(house, paid)
            await asyncio.sleep(2)
            house.me.press("Confirm buy", await house.me.ask("/buy reliance 10 mis", "BUY 10 RELIANCE"))
            await house.me.wait_for("Filled")
        first, second = (order.average for order in await house.orders())
        assert first is not None
        card = await house.me.ask("/exit reliance half", "SELL 10 RELIANCE")
        assert f"Bought at {first:,.2f}" in " ".join(card["text"].split())
        house.me.press("Confirm sell", card)
        told = await house.me.wait_for("Booked")
        sold = (await house.orders())[-1].average
        assert sold is not None
        assert f"Booked +{(sold - first) * 10:.2f}" in told["text"]
        assert f"+10 left, avg {second:,.2f}" in told["text"]
        assert f"{second:,.2f} →" in (await house.me.ask("/positions", "POSITIONS"))["text"]


async def test_shares_bought_back_of_those_sold_out_of_the_holdings_are_called_so(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm sell", await house.me.ask("/sell itc 40", "SELL 40 ITC"))
        assert "out of your holdings" in (await house.me.wait_for("Filled"))["text"]
        house.me.press("Confirm buy", await house.me.ask("/buy itc 10", "BUY 10 ITC"))
        assert "Bought back of what was sold today out of your holdings" in (await house.me.wait_for("Filled"))["text"]


async def test_a_row_that_another_order_holds_in_part_is_not_called_closed(clock: LoopClock, tmp_path: Path) -> None:
    """A limit far away is to close 100 of 110: the list closes ten, and says who has the rest."""
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy itc 100 mis", "BUY 100 ITC"))
        await house.me.wait_for("Filled")
        house.me.press("Confirm sell", await house.me.ask("/sell itc 100 mis 430", "SELL 100 ITC"))
        await house.me.wait_for("open at 430.00")
        house.me.press("Confirm buy", await house.me.ask("/buy itc 10 mis", "BUY 10 ITC"))
        await house.me.wait_for("Filled")
        house.me.press("Confirm buy", await house.me.ask("/buy reliance 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled")
        card = await house.me.ask("exit all", "EXIT 2 positions")
        assert "1 ITC: #2 at 430.00 may be closing it already, only 10 go beside that." in card["text"]
        house.me.press("Confirm 2 exits", card)
        assert "the rest is being closed by #2" in (await house.me.wait_for("Not all closed"))["text"]
        await asyncio.sleep(15)
        shown = house.me.message(card["id"])
        assert shown is not None
        assert "+110 ITC 10 filled by #" in shown["text"]
        assert "the rest is being closed by #2" in shown["text"]
        assert "1 of 2 closed" in shown["text"]
        assert "✅ +10 RELIANCE" in shown["text"]
        assert sorted(open_rows(house).values()) == [100]


async def fallen_through_its_stop(house: House) -> None:
    """A hundred ITC whose stop was triggered and rests above the price."""
    await house.log_in()
    house.me.press("Confirm buy", await house.me.ask("/buy itc 100 mis sl 405", "BUY 100 ITC"))
    await house.me.wait_for("Stop placed")
    price(house, "395", "ITC-EQ")
    await house.me.wait_for("Stop triggered, not filled")


@pytest.mark.parametrize("words", ["exit all", "/exit itc"])
async def test_a_stop_that_was_triggered_and_rests_becomes_the_exit(words: str, clock: LoopClock, tmp_path: Path) -> None:
    """The price ran through it: whoever exits then is out, and one order did it."""
    async with a_house(clock, tmp_path) as house:
        await fallen_through_its_stop(house)
        card = await house.me.ask(words, "ITC")
        assert "#2" in card["text"]
        house.me.press("Confirm", card)
        await house.me.wait_for("position closed")
        assert open_rows(house) == {}
        assert house.placed == 2


async def test_a_part_sold_beside_a_triggered_stop_leaves_the_rest_to_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await fallen_through_its_stop(house)
        card = await house.me.ask("/exit itc half", "SELL 50 ITC")
        assert "The stop #2, triggered, then rests for what is left" in card["text"]
        house.me.press("Confirm sell", card)
        await house.me.wait_for("+50 left")
        stop = next(order for order in await house.orders() if order.number == 2)
        assert (stop.draft.quantity, stop.status, f"{stop.draft.price:.2f}") == (50, OrderStatus.OPEN, "396.90")
        price(house, "398", "ITC-EQ")
        await house.me.wait_for("position closed")
        assert open_rows(house) == {}
