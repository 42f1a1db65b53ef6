"""Which shares live on another price base than yesterday, by what was noted of them on the evening before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.market.instrument import InstrumentKey
from bot.domain.ports.repositories import Store
from bot.domain.positions.held import HeldNote, HeldRow, NewBase, new_base
from bot.domain.positions.portfolio import Holding

DAY = timedelta(days=1)
FURTHEST = 20  # days; no run of holidays is longer


@dataclass(slots=True, kw_only=True)
class NewBases:
    """A note counts only while no session lies between it and today: an older one has other days' prices."""

    store: Store
    trading: Callable[[date], bool]

    async def marked(self, account_id: str, day: date, shares: Sequence[Holding]) -> tuple[Holding, ...]:
        """The shares, each with its new base where it seems to have one on that date."""
        note = await self.store.transaction(lambda db: db.held.before(account_id, day)) if shares else None
        noted: Mapping[InstrumentKey, HeldRow] = {}
        if note is not None and self._is_of_the_day_before(note, day):
            noted = {row.instrument.key: row for row in note.rows}
        return tuple(replace(share, base=_base(share, noted.get(share.instrument.key))) for share in shares)

    def _is_of_the_day_before(self, note: HeldNote, day: date) -> bool:
        before = (day - ahead * DAY for ahead in range(1, FURTHEST))
        return note.day == next((one for one in before if self.trading(one)), None)


def _base(share: Holding, noted: HeldRow | None) -> NewBase | None:
    return new_base(share.instrument, previous_close=share.previous_close, last=share.last, noted=noted)
