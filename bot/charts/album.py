"""What was drawn lately: an equal picture is not drawn again, and those who ask for one under way wait for the same drawing."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from bot.domain.errors import PictureFailed
from bot.domain.pictures import Picture

KEPT = 16  # pictures, about 30 kB each
MOST_WAITING = 20
BUSY = "Many pictures are being drawn at once. Ask again in a moment."


class Album:
    """Implements bot.domain.ports.pictures.Pictures over whatever draws one picture."""

    def __init__(self, draw: Callable[[Picture], Awaitable[bytes]], end: Callable[[], Awaitable[None]] | None = None) -> None:
        """end: called at the end, when nothing is drawn any more."""
        self._draw = draw
        self._end = end
        self._kept: OrderedDict[Picture, bytes] = OrderedDict()
        self._under_way: dict[Picture, asyncio.Task[bytes]] = {}
        self.drawn = 0

    async def png(self, picture: Picture) -> bytes:
        """The PNG. PictureFailed when it cannot be drawn, or when too many wait already."""
        if (kept := self._kept.get(picture)) is not None:
            self._kept.move_to_end(picture)
            return kept
        task = self._under_way.get(picture)
        if task is None:
            if len(self._under_way) >= MOST_WAITING:
                raise PictureFailed(BUSY)
            task = self._under_way[picture] = asyncio.create_task(self._make(picture), name="a picture")
            task.add_done_callback(lambda task: self._done(picture, task))
        return await asyncio.shield(task)  # whoever gives up leaves the drawing to the others

    async def _make(self, picture: Picture) -> bytes:
        self.drawn += 1
        content = self._kept[picture] = await self._draw(picture)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return content

    def _done(self, picture: Picture, task: "asyncio.Task[bytes]") -> None:
        self._under_way.pop(picture, None)
        if not task.cancelled():
            task.exception()  # told to those who waited; where all of them gave up nobody is left

    async def close(self) -> None:
        """Gives up what is being drawn."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._end is not None:
            await self._end()
