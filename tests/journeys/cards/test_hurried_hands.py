"""A tired thumb on a bad network: what it taps twice, types wrongly or sends by mistake gets a sentence and costs nothing."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.stage.house import House, a_house


async def bought(house: House, words: str, card_says: str) -> None:
    card = await house.me.ask(words, card_says)
    house.me.press("Confirm buy", card)
    await house.me.wait_for("Filled")


@pytest.mark.core
async def test_two_exit_cards_of_one_position_close_it_once_and_never_cross_zero(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await bought(house, "/buy nifty fut 1lot", "BUY 65 NIFTY FUT")
        filled = house.me.last
        first = await house.me.choose("Exit", "SELL 65 NIFTY FUT")
        house.me.press("Exit", filled)
        second = await house.me.wait_for(lambda message: message["id"] != first["id"] and "SELL 65" in message["text"])
        house.me.press("Confirm sell", first)
        house.me.press("Confirm sell", second)
        await house.me.wait_for("Not sent.")
        await asyncio.sleep(30)
        assert [order.draft.side for order in await house.orders()] == [Side.BUY, Side.SELL]
        assert "no open" not in (await house.me.ask("/positions", "closed"))["text"]


async def test_a_delivery_sale_beyond_what_is_held_is_refused_with_what_can_be_sold(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        refused = await house.me.ask("/sell INFY 999", "Not sent.")
        assert "20" in refused["text"]
        card = await house.me.ask("/sell INFY 20", "SELL 20 INFY")
        same = await house.me.ask(
            "/sell INFY 20", lambda message: "SELL 20 INFY" in message["text"] and message["id"] != card["id"]
        )
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled")
        house.me.press("Confirm sell", same)
        await house.me.wait_for("Not sent.")
        assert house.placed == 1


async def test_an_exit_card_from_before_a_restart_is_asked_anew_and_not_sent_blind(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await bought(house, "/buy nifty fut 1lot", "BUY 65 NIFTY FUT")
        card = await house.me.choose("Exit", "SELL 65 NIFTY FUT")
        await asyncio.sleep(1)
        await house.restart()
        house.me.press("Confirm sell", card)
        await house.me.wait_for("I was restarted after this card.")
        assert house.placed == 1


async def test_a_fill_whose_trade_row_comes_late_is_told_at_once_and_its_price_is_added_without_a_ring(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("trades_late", seconds=20, times=None)
        house.near.paper.broker.faults.arm("fill_in_parts", parts=2, seconds=30)
        card = await house.me.ask("/buy nifty 24500 ce 2lots", "BUY 130 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        told = await house.me.wait_for("Partly filled")
        assert "This step: 65," in told["text"]

        def rings() -> int:
            """The rings of fills. That the rest waits beyond its price may ring beside them."""
            return sum(
                "illed #1" in ring["text"] and "ot filled" not in ring["text"] for ring in house.me.rings(after=card["id"])
            )

        before = rings()
        mended = await house.me.wait_for(
            lambda message: message["id"] == told["id"] and "This step: 65 at " in message["text"], 90
        )
        assert mended["edited"]
        assert rings() == before
        await asyncio.sleep(180)
        assert house.store is not None
        orders = await house.orders()
        fills = await house.store.transaction(lambda db: db.orders.fills_of(orders[0].id))
        assert [fill.quantity for fill in fills] == [65, 65]
        assert all(fill.price is not None for fill in fills)
        assert rings() == before + 1


async def test_trades_are_listed_newest_first_in_whatever_order_the_book_has_them(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        for name in ("ITC", "SBIN", "INFY"):
            await bought(house, f"/buy {name} 1", f"BUY 1 {name}")
            await asyncio.sleep(5)
        house.near.paper.broker.faults.arm("rows_shuffled", times=None)
        for _ in range(3):
            listed = (await house.me.ask("/trades", "TRADES"))["text"]
            assert listed.index("INFY") < listed.index("SBIN") < listed.index("ITC")


async def test_what_is_no_order_gets_a_sentence_and_whatever_is_old_does_nothing(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        me = house.me
        await house.log_in()
        card = await me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        typed = next(message for message in me.history() if message["text"] == "/buy RELIANCE 10")
        me.edit(typed["id"], "/buy RELIANCE 100")
        await me.wait_for("I don't read edits")
        me.forward("/buy RELIANCE 10", author="Tips")
        await me.wait_for("I don't act on forwarded messages")
        me.send_file("order.jpg", b"..", mime="image/jpeg", caption="/buy RELIANCE 10")
        await me.wait_for("words and buttons only")
        for odd in ("x" * 4096, "🚀", "ok", "10", "/buy " + "९" * 60, "/buy RELIANCE 10 sell INFY 5", "/nosuch", "हाँ"):
            await me.ask(odd, lambda message: message["from_bot"])
        await me.ask("/buy RELIANCE 1000000000", "over the ceiling of 5,00,00,000.00 for one order")
        await me.ask("/buy RELIANCE 5000", "more than the cash there is")
        me.say("q २०", reply_to=card["id"])
        asked = await me.wait_for("BUY 20 RELIANCE")
        old = next(button["data"] for row in asked["buttons"] for button in row if button["label"] == "Confirm buy")
        await asyncio.sleep(120)
        await me.wait_for("nothing sent")  # it folded by itself
        note = await me.wait_for_note(me.forge(asked["id"], old))
        assert note["text"] is None, "a card that is over announces nothing"
        await me.wait_for("Nothing was sent")
        me.forge(asked["id"], "o:zz:zz")
        assert house.placed == 0
        await me.ask("/help", "/buy")


@pytest.mark.parametrize(("fault", "times"), [("dropped", 1), ("hanging", 1), ("server_error", 4), ("bad_gateway", 3)])
async def test_a_kill_whose_answer_did_not_arrive_is_told_as_news(
    clock: LoopClock, tmp_path: Path, fault: str, times: int
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.chats.faults.add(fault, "sendMessage", times=times)
        house.me.say("/kill")
        told = await house.me.wait_for("New orders are blocked since 09:00:", 120)
        assert told["text"].startswith("🔵 Stopped by ")
        assert not told["silent"]
