"""The question on the way to an order that waits for a person's next words, for a minute and across restarts."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.orders.order import Order
from bot.domain.people.account import Actor
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.value import value
from bot.trading.actor import account_of

LASTS = timedelta(seconds=60)
HABITS = 20  # orders; what is offered first is among them


@value
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

    async def habits(self, actor: Actor) -> Sequence[Order]:
        """What this person last ordered on the account, the newest first."""
        account, person = account_of(actor), actor.user.telegram_id
        return await self.store.transaction(lambda db: db.orders.placed_by(person, account.id, HABITS))
