"""Notes at the end of each day of trading what an account holds, and says next morning what has changed in it overnight."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import date

from bot.domain.clock import Clock, ist_date
from bot.domain.market.instrument import Instrument
from bot.domain.news.days.readiness import Overnight
from bot.domain.people.account import Account
from bot.domain.ports.repositories import Store
from bot.domain.positions.held import ContractChange, HeldNote, HeldRow, contract_changes
from bot.domain.terms import Product
from bot.runtime.scheduler import Occasion
from bot.trading.account.account_views import AccountViews
from bot.trading.money.telling import by_the_clock
from bot.trading.watch.watched import watched_on

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class HeldNotes:
    """Notes what is held: without a session nobody can ask the broker, and the newest note is all there is to know."""

    store: Store
    views: AccountViews
    clock: Clock

    async def note(self, occasion: Occasion) -> None:
        """Notes what every account holds on that date. BrokerError while one of them cannot be read, the others are noted.

        The broker's books hold one day only, so a date that is over is left out.
        """
        if occasion.day != ist_date(self.clock.now()):
            return
        accounts = await self.store.transaction(lambda db: db.accounts.all())
        outcomes = await asyncio.gather(*(self._note(account, occasion.day) for account in accounts), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _note(self, account: Account, day: date) -> None:
        if await self.store.transaction(lambda db: db.held.find(account.id, day)) is not None:
            return
        bot = by_the_clock(account)
        positions, demat = await asyncio.gather(self.views.positions(bot), self.views.holdings(bot))
        await self.views.events.loans.ask(account.id, positions.lines)
        rows = [
            HeldRow(
                instrument=line.position.instrument,
                product=line.position.product,
                quantity=line.position.quantity,
                close=line.price.last if line.price is not None else None,
                previous_close=line.price.previous_close if line.price is not None else None,
                listed=self._lists(line.position.instrument),
            )
            for line in positions.lines
            if line.position.is_open
        ]
        rows += [
            HeldRow(
                instrument=share.instrument,
                product=Product.CNC,
                quantity=share.total,
                close=share.last,
                previous_close=share.previous_close,
                listed=self._lists(share.instrument),
            )
            for share in demat.lines
            if share.total
        ]
        watched = await self.store.read(lambda db: tuple(watched_on(db, account.id, self.views.instruments)))
        note = HeldNote(account_id=account.id, day=day, rows=tuple(rows), noted_at=self.clock.now(), watched=watched)
        await self.store.transaction(lambda db: db.held.note(note))

    def _lists(self, instrument: Instrument) -> bool:
        return self.views.instruments.by_key(instrument.key) is not None

    async def before(self, account_id: str, day: date) -> HeldNote | None:
        """The newest note of an earlier date."""
        return await self.store.transaction(lambda db: db.held.before(account_id, day))

    def changes(self, note: HeldNote, day: date) -> tuple[ContractChange, ...] | None:
        """What today's master says otherwise of what was held. None while there is no master of that date."""
        if self.views.instruments.day != day:
            return None
        once = {row.instrument.key: row.instrument for row in note.rows if row.listed}
        return tuple(
            change for was in once.values() for change in contract_changes(was, self.views.instruments.by_key(was.key), day)
        )


def carried(note: HeldNote | None, day: date) -> tuple[Overnight, ...]:
    """The positions of a note that live on that date. Whether a stop stands against them is not known."""
    return tuple(
        Overnight(instrument=row.instrument, product=row.product, quantity=row.quantity, guarded=None)
        for row in (note.rows if note is not None else ())
        if row.is_position and row.quantity and (row.instrument.expiry is None or row.instrument.expiry >= day)
    )
