"""The whole first journey, walked by a scripted person against the demo's three parts; prints the conversation."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from bot.demo_house import Demo

Json = dict[str, Any]


class Astray(AssertionError):
    """The journey did not go as it must; the words say where."""


async def story(demo: Demo, write: Callable[[str], None]) -> bool:
    """Steps 1 to 7; True when every one went as it must. What was said is written whole, in the order it came."""
    me = demo.neighbours.person
    try:
        async with asyncio.timeout(55):
            await _walk(demo)
    except (Astray, TimeoutError, LookupError, ValueError) as error:
        write(me.transcript())
        write(f"\nThe journey ended here: {type(error).__name__}: {error}")
        return False
    write(me.transcript())
    write("\nThe whole journey went as it must.")
    return True


async def _walk(demo: Demo) -> None:
    me, exchange = demo.neighbours.person, demo.neighbours.paper.broker
    await me.ask("/start", "/login")
    await me.ask("/help", "/buy")
    await me.ask("/login", "midnight")

    card = await me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
    before = len(exchange.ledger.orders)
    query = me.press("Confirm buy", card)
    me.tap(card["id"], _data_of(card, "Confirm buy"))  # the second tap of a nervous thumb
    await me.wait_for_note(query)
    await me.wait_for("Filled")
    _must(len(exchange.ledger.orders) == before + 1, "two taps placed more than one order")


def _data_of(message: Json, label: str) -> str:
    for row in message["buttons"]:
        for choice in row:
            if choice["label"] == label:
                return str(choice["data"])
    raise Astray(f"no button {label!r}")


def _must(true: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not true:
        raise Astray(otherwise)


def figures(text: str) -> list[str]:
    """Every figure in a text, for comparing what a card says with what the exchange has."""
    return re.findall(r"[\d,]+\.\d\d", text)
