"""Who draws in a question's message what became of it: the handler of its tap, or later the card updater."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bot.domain.errors import StorageError
from bot.domain.orders.confirmation import Purpose
from bot.domain.ports.repositories import Repositories, Store


@dataclass(frozen=True, slots=True)
class Answers:
    """A question that is over owes its message an answer, in the store, until somebody has drawn it there."""

    store: Store
    _in_hand: list[str] = field(default_factory=list)  # questions of which a tap is being answered

    @contextmanager
    def drawing(self, token: str) -> Iterator[None]:
        """Around a tap on the question: its handler draws, and nobody else does meanwhile."""
        self._in_hand.append(token)
        try:
            yield
        finally:
            self._in_hand.remove(token)

    def is_in_hand(self, token: str) -> bool:
        """Whether a tap on the question is being answered now."""
        return token in self._in_hand

    async def is_owed(self, token: str) -> bool:
        """Whether the question's message does not show yet what became of it."""
        owed = await self.store.read(lambda db: db.confirmations.owed_answers())
        return any(each.question.token == token for each in owed)

    async def shown(self, token: str) -> None:
        """The message shows what the tap led to. Where that cannot be noted it is drawn once more."""
        with suppress(StorageError):
            await self.store.lightly(lambda db: db.confirmations.answer_shown(token))

    async def told(self, token: str) -> None:
        """What became of it was said in a message of its own. That is enough for a change, whose message is a card by now."""

        def note(db: Repositories) -> None:
            question = db.confirmations.find(token)
            if question is not None and question.purpose is Purpose.MODIFY:
                db.confirmations.answer_shown(token)

        with suppress(StorageError):
            await self.store.lightly(note)
