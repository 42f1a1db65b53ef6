"""What is asked for a picture: a value in, an image out."""

from typing import Protocol

from bot.domain.pictures import Picture


class Pictures(Protocol):
    """Draws beside everything else: nobody's command waits for it."""

    async def png(self, picture: Picture) -> bytes:
        """The picture as a PNG file. An equal one that was drawn lately is not drawn again. PictureFailed when there is none."""
        ...
