"""The question on the way to an order that waits for a person's next words, for a minute and across restarts."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.ports.repositories import Repositories, Store

LASTS = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """One open question a person: the newest."""

    store: Store
    clock: Clock

    async def ask(self, person: int, words: str) -> None:
        """The next plain words complete these: a command as far as it is known."""
        now = self.clock.now()
        await self.store.transaction(lambda db: db.flags.ask(person, words, now))

    async def answered(self, person: int) -> str | None:
        """The words that are to be completed. None where no question was asked within the last minute. Asked once."""
        now = self.clock.now()

        def take(db: Repositories) -> str | None:
            prompt = db.flags.prompt(person)
            if prompt is None:
                return None
            db.flags.forget_prompt(person)
            words, at = prompt
            return words if timedelta(0) <= now - at <= LASTS else None

        return await self.store.transaction(take)
