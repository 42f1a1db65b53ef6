"""Words first, the picture after: candles and payoffs on the phone, over real sockets in virtual time."""

import asyncio
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.charts.album import Album
from bot.domain.clock import at_ist
from bot.domain.errors import PictureFailed
from bot.domain.pictures import CandleChart, LevelKind, Picture
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.telegram.chat.messages import File
from tests.stage.house import House, a_house
from tests.stage.values.pictures import drawn_in_place

NOON = at_ist(date(2026, 11, 20), 12)


def photo_of(house: House, message: dict[str, Any]) -> File:
    """The file behind a photo in the chat."""
    return house.near.chats.state.files[message["photo_url"].rpartition("/")[2]]


async def photo(house: House, after: int = 0) -> dict[str, Any]:
    """The next photo in the chat."""
    return await house.me.wait_for(lambda message: bool(message["photo_url"]) and message["id"] > after)


def order_of(house: House) -> list[str]:
    """The signs "uploading photo" and the photos themselves, as Telegram took them."""
    return [
        served.method
        for served in house.near.telegram.served
        if served.method == "sendPhoto" or served.params.get("action") == "upload_photo"
    ]


@pytest.mark.core
async def test_a_chart_comes_as_words_and_then_a_photo_and_asked_again_nothing_is_drawn(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(LoopClock(loop, NOON), tmp_path, walk=0.2) as house:
        await house.log_in()
        words = await house.me.ask("/chart RELIANCE", "RELIANCE")
        assert re.search(r"CHART .* PAPER\nRELIANCE\n NSE · 5m · 20 Nov\n", words["text"])
        picture = await photo(house)
        assert picture["reply_to"] == words["id"]
        assert "RELIANCE · 5m · 20 Nov · as of 12:0" in picture["text"]
        image = Image.open(io.BytesIO(photo_of(house, picture).content))
        assert image.size == (1080, 1080)
        assert order_of(house) == ["sendChatAction", "sendPhoto"]
        assert house.album.drawn == 1

        again = await house.me.ask("/chart RELIANCE", "RELIANCE")
        second = await photo(house, after=again["id"])
        assert photo_of(house, second).content == photo_of(house, picture).content
        assert order_of(house)[2:] == ["sendChatAction", "sendPhoto"], "a sign after the photo would stand there for nothing"
        assert house.album.drawn == 1, "within its freshness it comes from the album"

        await asyncio.sleep(60)
        later = await house.me.ask("/chart RELIANCE", "RELIANCE")
        await photo(house, after=later["id"])
        assert house.album.drawn == 2


async def test_own_trades_average_stop_and_the_target_the_bot_watches_are_on_it(loop: VirtualLoop, tmp_path: Path) -> None:
    drawn: list[Picture] = []

    async def noted(picture: Picture) -> bytes:
        drawn.append(picture)
        return await drawn_in_place(picture)

    async with a_house(LoopClock(loop, NOON), tmp_path) as house:
        await house.stop()
        house.album = Album(noted)
        await house.start()
        await house.log_in()
        first = await house.me.ask("/chart ITC", "ITC")
        await photo(house, after=first["id"])
        card = await house.me.ask("/buy ITC 10 mis sl 400/395 t 430", "BUY 10 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await asyncio.sleep(5)
        words = await house.me.ask("/chart ITC", "ITC")
        await photo(house, after=words["id"])
        chart = drawn[-1]
        assert isinstance(chart, CandleChart)
        assert [(fill.side, fill.quantity) for fill in chart.fills] == [("BUY", 10)]
        assert chart.fills[0].at <= chart.as_of, "the candles were read anew after the trade"
        levels = {level.kind: (level.price, level.quantity) for level in chart.levels}
        assert levels == {
            LevelKind.AVERAGE: (Decimal("412.90"), 10),
            LevelKind.STOP: (Decimal(400), -10),
            LevelKind.TARGET: (Decimal(430), -10),
        }
        assert re.search(r"Stop 400\.00 +−10", words["text"])
        assert "holds +10" in words["text"]
        assert "Your trades shown" in words["text"]


async def test_while_one_is_drawn_the_same_person_and_others_go_on(loop: VirtualLoop, tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def held(picture: Picture) -> bytes:
        await gate.wait()
        return await drawn_in_place(picture)

    async with a_house(LoopClock(loop, NOON), tmp_path) as house:
        await house.stop()
        house.album = Album(held)
        await house.start()
        await house.log_in()
        words = await house.me.ask("/chart RELIANCE", "RELIANCE")
        await house.me.ask("/kill", "Stopped")
        assert not any(message["photo_url"] for message in house.me.history())
        gate.set()
        assert (await photo(house))["reply_to"] == words["id"]


async def test_a_picture_that_cannot_be_drawn_is_one_sentence_and_the_next_one_comes(loop: VirtualLoop, tmp_path: Path) -> None:
    fails = [True]

    async def failing(picture: Picture) -> bytes:
        if fails:
            fails.clear()
            raise PictureFailed("The picture could not be drawn.")
        return await drawn_in_place(picture)

    async with a_house(LoopClock(loop, NOON), tmp_path) as house:
        await house.stop()
        house.album = Album(failing)
        await house.start()
        await house.log_in()
        await house.me.ask("/chart RELIANCE", "RELIANCE")
        sentence = await house.me.wait_for("could not be drawn")
        assert "Nothing was sent or changed" in sentence["text"]
        await house.me.ask("/chart RELIANCE", "RELIANCE")
        await photo(house)


async def test_what_is_held_on_one_underlying_is_a_payoff(loop: VirtualLoop, tmp_path: Path) -> None:
    async with a_house(LoopClock(loop, NOON), tmp_path) as house:
        await house.log_in()
        await house.me.ask("/chart nifty payoff", "Nothing is held on NIFTY")
        card = await house.me.ask("/buy nifty 24500 ce 1lot", "BUY 65 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await asyncio.sleep(5)
        words = await house.me.ask("/chart nifty payoff", "PAYOFF")
        assert "no limit" in words["text"]
        assert "+65" in words["text"]
        assert (await photo(house))["reply_to"] == words["id"]
