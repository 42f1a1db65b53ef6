"""What was drawn lately is not drawn again, what is under way is drawn once, and nobody else's failure is kept."""

import asyncio
from dataclasses import replace

import pytest

from bot.charts.album import KEPT, MOST_WAITING, Album
from bot.domain.errors import PictureFailed
from bot.domain.pictures import Picture
from tests.stage.values.pictures import a_day


async def slow(picture: Picture) -> bytes:
    await asyncio.sleep(1)
    return picture.mode.encode()


def another(number: int) -> Picture:
    return replace(a_day(), mode=f"{number}")


async def test_an_equal_picture_is_drawn_once_whether_asked_for_meanwhile_or_after() -> None:
    album = Album(slow)
    assert await asyncio.gather(*(album.png(a_day()) for _ in range(5))) == [b"PAPER"] * 5
    assert await album.png(a_day()) == b"PAPER"
    assert album.drawn == 1
    await album.png(another(1))
    assert album.drawn == 2


async def test_the_oldest_of_some_is_forgotten_first_and_what_was_asked_for_again_stays() -> None:
    album = Album(slow)
    for number in range(KEPT):
        await album.png(another(number))
    await album.png(another(0))
    await album.png(another(KEPT))
    assert album.drawn == KEPT + 1
    await album.png(another(0))
    assert album.drawn == KEPT + 1
    await album.png(another(1))
    assert album.drawn == KEPT + 2


async def test_a_failure_is_told_to_all_who_waited_and_not_kept() -> None:
    fails = [True]

    async def failing(picture: Picture) -> bytes:
        await asyncio.sleep(1)
        if fails:
            fails.clear()
            raise PictureFailed("no")
        return b"png"

    album = Album(failing)
    told = await asyncio.gather(album.png(a_day()), album.png(a_day()), return_exceptions=True)
    assert [type(each) for each in told] == [PictureFailed, PictureFailed]
    assert await album.png(a_day()) == b"png"


async def test_whoever_gives_up_does_not_take_the_picture_from_the_others() -> None:
    album = Album(slow)
    impatient, patient = asyncio.create_task(album.png(a_day())), asyncio.create_task(album.png(a_day()))
    await asyncio.sleep(0.5)
    impatient.cancel()
    assert await patient == b"PAPER"
    assert album.drawn == 1


async def test_beyond_a_bound_people_are_told_to_come_back_instead_of_waiting_unseen() -> None:
    album = Album(slow)
    drawing = [asyncio.create_task(album.png(another(number))) for number in range(MOST_WAITING)]
    await asyncio.sleep(0.5)
    with pytest.raises(PictureFailed, match="Ask again in a moment"):
        await album.png(a_day())
    await asyncio.gather(*drawing)
    assert await album.png(a_day()) == b"PAPER"


async def test_at_the_end_nothing_is_drawn_any_more() -> None:
    ended: list[bool] = []

    async def end() -> None:
        ended.append(drawing.done())

    album = Album(slow, end)
    drawing = asyncio.create_task(album.png(a_day()))
    await asyncio.sleep(0.5)
    await album.close()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert ended == [True], "what draws is ended after the last drawing"
