"""The whole first journey, walked by a scripted person against the demo's three parts.

Prints the conversation.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from bot.demo.world import Demo
from bot.domain.errors import BotError
from bot.simulators.telegram.errors import PersonError

Json = dict[str, Any]


class Astray(BotError):
    """The journey did not go as it must. The words say where."""


async def story(demo: Demo, write: Callable[[str], None]) -> bool:
    """Steps 1 to 8. True when every one went as it must. What was said is written whole, in the order it came."""
    me = demo.neighbours.person
    try:
        async with asyncio.timeout(55):
            await _walk(demo)
    except (Astray, PersonError, TimeoutError) as error:
        write(me.transcript())
        write(f"\nThe journey ended here: {type(error).__name__}: {error}")
        return False
    write(me.transcript())
    write("\nThe whole journey went as it must.")
    return True


async def _walk(demo: Demo) -> None:
    await _greeted(demo)
    await _bought_once(demo)
    await _contract_bought(demo)
    await _books_true(demo)
    await _rested_and_cancelled(demo)
    await _stopped_and_resumed(demo)
    await _day_summed_up(demo)
    await _pictured(demo)


async def _greeted(demo: Demo) -> None:
    """Steps 1 and 2: who you are, what there is, and a session until midnight."""
    me = demo.neighbours.person
    await me.ask("/start", "owner")
    await me.ask("/help", "/buy")
    if "Logged in" not in (await me.ask("/session", "ession"))["text"]:
        await me.ask("/login", "lives until 00:00")


async def _bought_once(demo: Demo) -> None:
    """Steps 3 and 4: a card, two nervous taps, one order, one ring."""
    me = demo.neighbours.person
    card = await me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
    before = _orders(demo)
    query = me.press("Confirm buy", card)
    me.tap(card["id"], _data_of(card, "Confirm buy"))
    await me.wait_for_note(query)
    fill = await me.wait_for("Filled")
    _must(_orders(demo) == before + 1, "two taps placed more than one order")
    _must(fill["reply_to"] == card["id"], "the fill did not answer its card")
    _must(len([ring for ring in me.rings(after=card["id"]) if "Filled" in ring["text"]]) == 1, "the fill rang more than once")
    await _until(lambda: "filled" in (me.message(card["id"]) or card)["text"].lower(), "the card did not become the order's")


async def _contract_bought(demo: Demo) -> None:
    """Step 3 for a contract: by lots, and sold again as a limit that the market meets."""
    me = demo.neighbours.person
    card = await me.ask("/buy nifty fut 1lot", "BUY 65 NIFTY FUT")
    me.press("Confirm buy", card)
    await me.wait_for("Filled")


async def _books_true(demo: Demo) -> None:
    """Step 5: what the phone shows is what the exchange has."""
    me = demo.neighbours.person
    positions = await me.ask("/positions", "RELIANCE")
    _must("+10" in positions["text"], "the position is not the ten shares bought")
    await asyncio.sleep(1)  # an answer that is younger is shown again as it is
    await me.choose("Refresh", "as of")
    await me.ask("/orders", "RELIANCE")
    await me.ask("/trades", "RELIANCE")
    await me.ask("/holdings", "INFY")
    await me.ask("/funds", "Available")
    await me.ask("/pnl", "Net")


async def _rested_and_cancelled(demo: Demo) -> None:
    """Step 6, first half: a limit far away rests, is changed, and is cancelled."""
    me = demo.neighbours.person
    card = await me.ask("/buy ITC 5 @380", "BUY 5 ITC")
    me.press("Confirm buy", card)
    working = await me.wait_for("open at 380.00")
    number = _number_of(working)
    change = await me.ask(f"/modify {number} 381", "CHANGE")
    me.press("Confirm change", change)
    await me.wait_for("381.00")
    await me.ask(f"/cancel_order {number}", "ancel")
    await _until(lambda: "cancelled" in (me.message(card["id"]) or card)["text"].lower(), "the card did not show the cancel")


async def _stopped_and_resumed(demo: Demo) -> None:
    """Step 6, second half: a card from before the kill switch is refused after it."""
    me = demo.neighbours.person
    card = await me.ask("/buy INFY 1", "BUY 1 INFY")
    before = _orders(demo)
    await me.ask("/kill", "Stopped")
    me.press("Confirm buy", card)
    await me.wait_for("topped")
    _must(_orders(demo) == before, "an order was placed while trading was stopped")
    await me.ask("/resume", "Allow new orders again?")
    await me.choose("Yes, allow new orders", "allowed again")


async def _day_summed_up(demo: Demo) -> None:
    """Step 7: the day in figures."""
    report = await demo.neighbours.person.ask("/report", "Trades")
    _must("Net" in report["text"], "the summary has no net")


async def _pictured(demo: Demo) -> None:
    """Step 8: words first, and the picture after them."""
    me = demo.neighbours.person
    words = await me.ask("/chart RELIANCE", "Your trades shown")
    photo = await me.wait_for(lambda message: bool(message["photo_url"]))
    _must(photo["reply_to"] == words["id"], "the picture did not answer its words")


def _orders(demo: Demo) -> int:
    return len(demo.neighbours.paper.broker.ledger.orders)


def _number_of(card: Json) -> int:
    match = re.search(r"#(\d+)", card["text"])
    if match is None:
        raise Astray("the card has no order number")
    return int(match[1])


def _data_of(message: Json, label: str) -> str:
    for row in message["buttons"]:
        for choice in row:
            if choice["label"] == label:
                return str(choice["data"])
    raise Astray(f"no button {label!r}")


async def _until(true: Callable[[], bool], otherwise: str, seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        await asyncio.sleep(0.05)
    raise Astray(otherwise)


def _must(true: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not true:
        raise Astray(otherwise)
