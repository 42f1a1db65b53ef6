"""The keypad: tapped, counted in dots, never stored.

The act that waited is done once the PIN was right.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people.access import Pad, PadStep, PadUse
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from handlers.views.people import pin as views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import CardTap, PadTap
from tests.handlers.chat import PIN, Stage, a_stage
from tests.handlers.samples import ASHA, NOW


async def tap_in(stage: Stage, digits: str) -> None:
    """Taps the digits where the keypad shows them. Each tap waits for the message to be drawn anew."""
    for digit in digits:
        pad = next(each for each in reversed(stage.me.history()) if each["from_bot"] and "PIN" in each["text"])
        stage.me.press(digit, pad)
        await asyncio.sleep(2)


@asynccontextmanager
async def a_wary_stage(clock: LoopClock) -> AsyncIterator[Stage]:
    """Asha has a PIN, and has sent nothing for long."""
    async with a_stage(clock, papa=Role.OWNER) as stage:
        await stage.bot.set_pin()
        yield stage


async def test_an_order_that_waits_for_the_pin_is_sent_after_it_and_once(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("First order in a while: your PIN, please.")
        assert stage.broker.posts == 0
        await tap_in(stage, PIN)
        assert stage.broker.posts == 1
        said = [each["text"] for each in stage.me.history() if each["from_bot"]]
        assert any("PIN accepted." in text for text in said)
        assert not any("Give up" in text for text in said)


async def test_a_wrong_pin_sends_nothing(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("your PIN, please.")
        await tap_in(stage, "111222")
        await stage.me.wait_for("Wrong.")
        assert stage.broker.posts == 0


async def test_giving_up_forgets_what_waited(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        pad = await stage.me.wait_for("your PIN, please.")
        stage.me.press("Give up")
        await asyncio.sleep(2)
        assert "Keypad closed. Nothing was done." in [each["text"] for each in stage.me.history()]
        key = decode(pad["buttons"][0][0]["data"])
        assert isinstance(key, PadTap)
        assert stage.application.bot_data.take_waiting(key.pad_id) is None
        assert stage.broker.posts == 0


async def test_words_that_wait_for_the_pin_are_done_as_typed(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        await stage.me.ask("/people add viewer papa", "Inviting somebody: your PIN, please.")
        await tap_in(stage, PIN)
        await stage.me.wait_for("A link for one viewer · papa")


async def test_no_tap_on_the_keypad_leaves_a_digit_in_the_store(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        await stage.me.ask("/people add viewer", "your PIN, please.")
        await tap_in(stage, PIN)
        bodies = [json.loads(entry.body) for entry in stage.inbox.entries.values()]
        taps = [body for body in bodies if "callback_query" in body]
        assert len(taps) == 6
        for body in taps:
            assert body["callback_query"]["data"] == "k:gone:x"
            assert "reply_markup" not in body["callback_query"]["message"]
        alike = {
            json.dumps({**body, "update_id": 0, "callback_query": {**body["callback_query"], "id": 0, "message": 0}})
            for body in taps
        }
        assert len(alike) == 1


async def test_digits_that_are_typed_are_no_pin(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("your PIN, please.")
        said = stage.me.say(PIN)
        await stage.me.wait_for("No code is expected now.")
        assert said["id"] not in [message["id"] for message in stage.me.history()]
        assert stage.broker.posts == 0


@pytest.mark.parametrize("words", [PIN, f"change {PIN}", "1234"])
async def test_a_pin_is_never_taken_as_words_and_does_not_stay_in_the_chat(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/pin {words}", "tapped, never typed")
        assert not any(words in message["text"] for message in stage.me.history())
        assert any("I deleted that message" in message["text"] for message in stage.me.history())
        assert await stage.bot.store.transaction(lambda db: db.pins.find(ASHA)) is None


async def test_sealing_without_a_pin_asks_first_and_then_only_the_kill_switch_works(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/lock", "could be opened on the host alone")
        assert await sealed(stage) is None
        stage.me.press("Seal it anyway")
        await stage.me.wait_for("Sealed.")
        assert await sealed(stage) is not None
        await stage.me.ask("/positions", "This phone is sealed.")
        await stage.me.ask("/kill", "Stopped.")
        await stage.me.ask("/unlock", "It is opened on the host")


async def test_a_sealed_phone_with_a_pin_is_opened_by_it(clock: LoopClock) -> None:
    async with a_wary_stage(clock) as stage:
        await stage.me.ask("/lock", "Sealed.")
        await stage.me.ask("/positions", "This phone is sealed.")
        await stage.me.ask("/unlock", "Your PIN")
        await tap_in(stage, PIN)
        await stage.me.wait_for("This phone is open again.")
        assert await sealed(stage) is None


async def sealed(stage: Stage) -> datetime | None:
    return await stage.bot.store.transaction(lambda db: db.pins.phone_locked_since(ASHA))


def a_pad(entered: int, digits: tuple[int, ...], note: str = "") -> Pad:
    return Pad(id="p" * 16, use=PadUse.PROVE, step=PadStep.CURRENT, digits=digits, entered=entered, until=NOW, note=note)


@given(st.integers(0, 5), st.permutations(range(10)))
def test_the_keypad_shows_every_digit_once_and_tells_places_only(entered: int, digits: list[int]) -> None:
    view = views.pad(a_pad(entered, tuple(digits)), "")
    buttons = [item for row in view.keyboard for item in row]
    assert sorted(item.label for item in buttons if item.label.isdigit()) == [str(digit) for digit in range(10)]
    assert "●" * entered + "○" * (6 - entered) in view.plain
    for item in buttons:
        tap = decode(item.data)
        assert isinstance(tap, PadTap)
        if item.label.isdigit():
            assert tap.place == digits.index(int(item.label))


@pytest.mark.parametrize("data", ["k:", "k:pad", "k:pad:", "k:pad:11", "k:pad:-1", "k:p d:1", "k:pad:1:1", "k:pad:x1"])
def test_a_key_that_is_none_is_not_read(data: str) -> None:
    assert decode(data) is None
    assert decode("k:pad:10") == PadTap("pad", 10)
    assert not isinstance(decode("k:pad:x"), CardTap)
