"""A hundred taps at once on one question, a thousand times over: a thousand orders, no more and no less.

On the real loop with the store's writer thread, so that the taps really meet.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain.clock import ist_date
from bot.domain.errors import BotError, ConfirmationGone
from bot.domain.orders.order import Order, OrderRequest
from bot.domain.people.account import Limits
from bot.domain.terms import Side
from storage.store import SqlStore
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, PERSON, a_store

A_DAY = 50  # questions
MORNING = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


class SlowClock:
    """A clock that the test moves, so that no question expires while the machine is busy."""

    def __init__(self) -> None:
        self.moment = MORNING

    def now(self) -> datetime:
        return self.moment


@dataclass
class Tapped:
    """What was tapped and what it came to."""

    questions: int = 0
    taps: int = 0
    orders: int = 0  # at the broker
    stored: int = 0  # in our records
    told_gone: int = 0
    wrong: int = 0  # questions that led to no order or to more than one, and taps that ended otherwise

    @property
    def line(self) -> dict[str, Any]:
        return {
            "name": "tapped",
            "questions": self.questions,
            "taps": self.taps,
            "orders": self.orders,
            "stored": self.stored,
            "told_it_is_gone": self.told_gone,
            "wrong": self.wrong,
            "ok": self.wrong == 0 and self.orders == self.stored == self.questions > 0,
        }


async def tap_at_once(questions: int, taps: int, directory: Path) -> Tapped:
    """Taps each question that many times at once. Every few questions get a fresh database, since a day's orders grow."""
    told = Tapped()
    for first in range(0, questions, A_DAY):
        await _day(directory / f"{first}.db", min(A_DAY, questions - first), taps, told)
    return told


async def _day(path: Path, questions: int, taps: int, told: Tapped) -> None:
    clock = SlowClock()
    store = await a_store(path, inline=False)
    try:
        free = Limits(orders_a_day=None, orders_a_minute=None)
        await store.transaction(lambda db: db.limits.put(ACCOUNT.id, ist_date(clock.now()), free))
        stage = await set_stage(clock, store=store)
        for number in range(questions):
            await _one(stage, number, taps, told)
            clock.moment += timedelta(seconds=1)
        told.orders += stage.broker.posts
        told.stored += await _stored(store, clock)
        await stage.background.finish(5)
    finally:
        await store.close()


async def _one(stage: DeskStage, number: int, taps: int, told: Tapped) -> None:
    request = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
    proposal = await stage.proposals.propose(stage.actor, request, chat_id=PERSON)
    token = await stage.card(proposal, message_id=number + 1)
    before = stage.broker.posts
    answers = await asyncio.gather(
        *(stage.desk.confirm(stage.actor, token, chat_id=PERSON, message_id=number + 1) for _ in range(taps)),
        return_exceptions=True,
    )
    told.questions += 1
    told.taps += taps
    told.told_gone += sum(isinstance(answer, ConfirmationGone) for answer in answers)
    placed = [answer for answer in answers if isinstance(answer, Order)]
    others = [answer for answer in answers if not isinstance(answer, Order | ConfirmationGone)]
    if len(placed) != 1 or stage.broker.posts - before != 1 or others:
        told.wrong += 1
    for other in others:
        if isinstance(other, BaseException) and not isinstance(other, BotError):
            raise other


async def _stored(store: SqlStore, clock: SlowClock) -> int:
    return len(await store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, ist_date(clock.now()))))
