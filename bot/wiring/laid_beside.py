"""The file of dated facts that the host lays beside the shipped ones is read anew once it has changed, while the bot runs."""

import asyncio
import logging
from dataclasses import dataclass, field

from bot.config.settings import Settings
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.clock import Clock
from bot.domain.errors import SettingsError
from bot.domain.news.days.days import HostFactsRead
from bot.domain.ports.repositories import Store
from bot.domain.value import renew
from bot.reference.load import ReferenceData, load_reference
from bot.trading.safety.announce import tell_owners
from bot.wiring.ground import chosen_plan

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two looks, as many as the scheduler leaves between its looks at the clock

Stamp = tuple[int, int, int] | None  # of a file: when it was changed, its size, its number on the disk; None: it cannot be seen


@dataclass(slots=True, kw_only=True)
class LaidBeside:
    """Keeps the facts that all parts of the bot hold as the file says. One that cannot be used changes none of them."""

    settings: Settings
    reference: ReferenceData
    plan: BrokeragePlan | None  # that the settings name
    store: Store
    clock: Clock
    _read: Stamp = field(init=False)  # of the file as it was last read, whatever came of it
    _seen: Stamp = field(init=False)

    def __post_init__(self) -> None:
        self._read = self._seen = self._stamp()

    async def run(self) -> None:
        """Looks for ever where a file is named."""
        while self.settings.market_data is not None:
            await asyncio.sleep(EVERY)
            await self.look()

    async def look(self) -> None:
        """Takes up a file that has changed and was not written to since the last look, and tells the owners what came of it."""
        before, self._seen = self._seen, self._stamp()
        if self._seen == self._read or self._seen != before:
            return
        self._read = self._seen
        news = HostFactsRead(file=self._name, wrong=self._taken_up())
        log.log(logging.WARNING if news.wrong else logging.INFO, "%s was read anew: %s", news.file, news.wrong or "in force")
        await self.store.transaction(lambda db: tell_owners(db, news, self.clock.now()))

    def _taken_up(self) -> str:
        """Puts the file's facts in force. Says what is wrong with it where they are not."""
        try:
            newer = load_reference(self.settings.market_data)
            plan = chosen_plan(self.settings, newer.tariff)
        except SettingsError as error:
            return str(error)
        self.reference.take_up(newer)
        if self.plan is not None and plan is not None:
            renew(self.plan, plan)
        return ""

    @property
    def _name(self) -> str:
        return self.settings.market_data.name if self.settings.market_data is not None else ""

    def _stamp(self) -> Stamp:
        if self.settings.market_data is None:
            return None
        try:
            seen = self.settings.market_data.stat()
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size, seen.st_ino
