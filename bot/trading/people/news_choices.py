"""What a person chooses of how news arrives, and what a message of news tells in whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from bot.domain.errors import CheckFailed, NotFound, PhoneLocked
from bot.domain.news.delivery import Delivery
from bot.domain.people.account import Actor
from bot.domain.people.news_settings import Manner, NewsKind, NewsSettings
from bot.domain.ports.repositories import Repositories, Store


@dataclass(slots=True, kw_only=True)
class NewsChoices:
    """Choices are a person's own. Each holds from the next delivery on, for what waits already as well."""

    store: Store

    async def shown(self, actor: Actor) -> NewsSettings:
        """What holds now."""
        return await self.store.read(lambda db: db.news_settings.of(actor.user.telegram_id))

    async def choose(self, actor: Actor, kind: NewsKind, manner: Manner) -> NewsSettings:
        """One kind of news. CheckFailed where that kind cannot be turned off."""

        def choosing(settings: NewsSettings) -> NewsSettings:
            try:
                return settings.choosing(kind, manner)
            except ValueError:
                raise CheckFailed(["None of these may be missed: they can be silent, not off."]) from None

        return await self._change(actor, choosing)

    async def be_quiet(self, actor: Actor, hours: tuple[time, time] | None) -> NewsSettings:
        """Hours in India in which rings make no sound. None: none."""
        return await self._change(actor, lambda settings: replace(settings, quiet=hours))

    async def be_discreet(self, actor: Actor, discreet: bool) -> NewsSettings:  # noqa: FBT001 - the choice itself
        """Whether pushes hide rupees."""
        return await self._change(actor, lambda settings: replace(settings, discreet=discreet))

    async def told(self, actor: Actor, message_id: int) -> Sequence[tuple[Delivery, datetime]]:
        """What a message of the person's chat tells, each piece with the time it was sent.

        NotFound where it is older than what is kept, or of an account that the person sees no more.
        """
        person = actor.user.telegram_id

        def read(db: Repositories) -> list[tuple[Delivery, datetime]]:
            found = db.outbox.told(person, message_id)
            return [(news, at) for news, at in found if db.people.role_on(person, news.account_id) is not None]

        found = await self.store.read(read)
        if not found:
            raise NotFound("That is too long ago to be shown again. /orders and /pnl have it.")
        return found

    async def _change(self, actor: Actor, change: Callable[[NewsSettings], NewsSettings]) -> NewsSettings:
        person = actor.user.telegram_id

        def put(db: Repositories) -> NewsSettings:
            if db.pins.phone_locked_since(person) is not None:
                raise PhoneLocked("This phone is sealed.")
            settings = change(db.news_settings.of(person))
            db.news_settings.put(person, settings)
            return settings

        return await self.store.transaction(put)
