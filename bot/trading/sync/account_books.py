"""What is known of one account's books between one look and the next."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.orders.order import TradeFact
from bot.domain.orders.standing import OpenRows
from bot.domain.positions.portfolio import Position
from bot.trading.sync.books import Look
from bot.trading.sync.fact_applier import SyncOutcome
from bot.trading.sync.shared_reads import NEVER, SharedRead


@dataclass(slots=True)
class Books:
    """The state of one account's books. Its floats are moments of loop time."""

    reading: SharedRead[SyncOutcome]
    soon: asyncio.TimerHandle | None = None  # a sync for an event that was not urgent
    seen_at: datetime | None = None  # the beginning of the last sync that read the books whole
    changed_at: float = NEVER  # the last act, event or change seen, in loop time: what was read before it is old
    moved_at: float = NEVER  # the same, but of changes seen only fills: no other makes the look old that saw it
    tried: float | None = None  # the beginning of the last sync, in loop time
    down_since: datetime | None = None
    down_at: float = NEVER  # the same in loop time
    down_told: bool = False  # people know of it, and are told of its end
    back_at: float = NEVER  # when people were last told of such a gap, in loop time
    trades: Sequence[TradeFact] | None = None  # of the last look. None: it could not read them
    positions: Sequence[Position] | None = None  # the same
    open_rows: OpenRows | None = None  # of the last look that read the positions

    def look(self) -> Look | None:
        """What the last look brought, however old. None where it left positions or trades open."""
        if self.positions is None or self.trades is None or self.seen_at is None:
            return None
        return Look(positions=self.positions, trades=self.trades, as_of=self.seen_at)
