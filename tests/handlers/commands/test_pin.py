"""The keypad: tapped, counted in dots, never stored; the act that waited is done once the PIN was right."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import PinWanted
from bot.domain.orders.order import Order
from bot.domain.orders.proposal import Proposal, Resumed
from bot.domain.people.access import Pad, PadStep, PadUse
from bot.simulators.loop import LoopClock
from handlers.views import pin as views
from handlers.views.taps import CardTap, PadTap, decode
from tests.handlers.chat import Stage, a_stage
from tests.handlers.face import ASHA, NOW, FakeDesk, FakeServices

PIN = "482913"


class Wary(FakeDesk):
    """A desk that wants the PIN before the first order."""

    wants = True

    async def confirm(self, *args: Any, **kwargs: Any) -> Order | Proposal | Resumed:
        if self.wants:
            self.wants = False
            raise PinWanted("First order in a while: your PIN, please.", proof="TOKEN1")
        return await super().confirm(*args, **kwargs)


async def tap_in(stage: Stage, digits: str) -> None:
    """Taps the digits where the keypad shows them; each tap waits for the message to be drawn anew."""
    for digit in digits:
        pad = next(each for each in reversed(stage.me.history()) if each["from_bot"] and "PIN" in each["text"])
        stage.me.press(digit, pad)
        await asyncio.sleep(2)


async def a_wary_stage(clock: LoopClock) -> FakeServices:
    services = FakeServices(clock)
    services.desk = services.proposals = services.orders = Wary(clock)
    return services


async def test_an_order_that_waits_for_the_pin_is_sent_after_it_and_once(clock: LoopClock) -> None:
    async with a_stage(clock, await a_wary_stage(clock)) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("First order in a while: your PIN, please.")
        assert stage.services.desk.sent == []
        await tap_in(stage, PIN)
        assert stage.services.desk.sent == ["TOKEN1"]
        assert stage.services.pins.proofs == ["TOKEN1"]
        said = [each["text"] for each in stage.me.history() if each["from_bot"]]
        assert any("PIN accepted." in text for text in said)
        assert not any("Give up" in text for text in said)


async def test_a_wrong_pin_sends_nothing(clock: LoopClock) -> None:
    async with a_stage(clock, await a_wary_stage(clock)) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("your PIN, please.")
        await tap_in(stage, "111222")
        assert stage.services.desk.sent == []


async def test_giving_up_forgets_what_waited(clock: LoopClock) -> None:
    async with a_stage(clock, await a_wary_stage(clock)) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("your PIN, please.")
        stage.me.press("Give up")
        await asyncio.sleep(2)
        assert "Keypad closed. Nothing was done." in [each["text"] for each in stage.me.history()]
        assert stage.application.bot_data.waited("pad1") is None
        assert stage.services.desk.sent == []


async def test_words_that_wait_for_the_pin_are_done_as_typed(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.services.invitations.wants_pin = True
        await stage.me.ask("/people add viewer papa", "Inviting somebody: your PIN, please.")
        await tap_in(stage, PIN)
        await stage.me.wait_for("A link for one viewer · papa")


async def test_no_tap_on_the_keypad_leaves_a_digit_in_the_store(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.services.invitations.wants_pin = True
        await stage.me.ask("/people add viewer", "your PIN, please.")
        await tap_in(stage, PIN)
        taps = [json.loads(entry.body) for entry in stage.inbox.entries.values() if "callback_query" in json.loads(entry.body)]
        assert len(taps) == 6
        for body in taps:
            assert body["callback_query"]["data"] == "k:gone:x"
            assert "reply_markup" not in body["callback_query"]["message"]
        assert (
            len(
                {
                    json.dumps({**body, "update_id": 0, "callback_query": {**body["callback_query"], "id": 0, "message": 0}})
                    for body in taps
                }
            )
            == 1
        )


async def test_digits_that_are_typed_are_no_pin(clock: LoopClock) -> None:
    async with a_stage(clock, await a_wary_stage(clock)) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("your PIN, please.")
        said = stage.me.say(PIN)
        await stage.me.wait_for("No code is expected now.")
        assert said["id"] not in [message["id"] for message in stage.me.history()]
        assert stage.services.desk.sent == []


async def test_a_pin_is_never_taken_as_words(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/pin 482913", "tapped, never typed")
        assert stage.services.pins.proofs == []


async def test_sealing_without_a_pin_asks_first_and_a_sealed_phone_offers_to_be_opened(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.services.pins.has_pin = False
        await stage.me.ask("/lock", "could be opened on the host alone")
        assert not stage.services.pins.sealed
        stage.me.press("Seal it anyway")
        await stage.me.wait_for("Sealed.")
        stage.services.accounts.sealed.add(ASHA)
        await stage.me.ask("/positions", "This phone is sealed.")
        await stage.me.ask("/kill", "Stopped.")
        stage.services.pins.has_pin = True
        await stage.me.ask("/unlock", "Your PIN")


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
