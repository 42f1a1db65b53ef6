"""Words to one person that no record has to survive: they go out at once, or not at all."""

from collections.abc import Awaitable, Callable

from bot.runtime.background import BackgroundTasks


class DirectMessages:
    """Says something to one person. Nothing is said before somebody is there to carry it."""

    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        self._send: Callable[[int, str], Awaitable[object]] | None = None

    def attach(self, send: Callable[[int, str], Awaitable[object]]) -> None:
        """From now on words go out by this call. A failure of it is logged."""
        self._send = send

    def tell(self, person: int, words: str) -> None:
        """Starts to send the words. Returns at once."""
        if self._send is not None:
            self._background.start(_sent(self._send(person, words)), "a word to a person")


async def _sent(sending: Awaitable[object]) -> None:
    await sending
