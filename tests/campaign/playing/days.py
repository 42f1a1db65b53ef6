"""Whole days on the exchange's own hours: stops that are kept, the afternoon, an evening's order, and the night to an expiry."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime

from bot.domain.clock import at_ist, ist_date
from tests.campaign.playing.hands import LOT, SHARES, Session

CALL = "nifty 24500 ce"
MONDAY = date(2026, 11, 23)


async def keeps_a_stop(session: Session) -> None:
    """A contract that is carried, with a stop that is to be placed each morning."""
    units = session.lots() * LOT
    if await session.confirmed(f"/buy {CALL} {units} nrml", "buy") is None:
        return
    await asyncio.sleep(3)
    if await session.confirmed(f"/sell {CALL} {units} stop 90/80 nrml", "sell") is None:
        return
    await asyncio.sleep(3)
    stop = session.world.me.newest("Keep every day")
    if stop is not None:
        session.world.me.tap("Keep every day", stop)
        await asyncio.sleep(2)


async def comes_back_in_the_afternoon(session: Session) -> None:
    """Between the last warnings before mStock's square-off and the closing auction."""
    await session.held()
    await away_until(session, at_ist(ist_date(session.world.clock.now()), 15, session.chance.randint(5, 16)))
    await session.pause(60)


async def orders_in_the_evening(session: Session) -> None:
    """An order that waits for the next morning as a card."""
    await away_until(session, at_ist(ist_date(session.world.clock.now()), 16, 30))
    share = session.chance.choice(SHARES)
    card = await session.world.me.ask(
        f"/buy {share} {session.quantity()} @{session.price(share) * 1.01:.0f}", "takes this again", 8
    )
    if card is not None:
        session.world.me.tap("Card at", card)
        await session.pause(3)


async def the_next_morning(session: Session) -> None:
    """The night of Friday, and the morning of a Monday on which contracts end: its stops, its cards and its evening orders."""
    await away_until(session, at_ist(MONDAY, *session.chance.choice(((9, 14), (9, 14), (8, 38)))))
    await session.world.me.ask("/login", "lives until", 30)
    due = await session.world.me.wait_for("to place today", 150)
    if due is not None and session.world.me.tap("Place today", due):
        await session.answers("STOPS", "Confirm")
    market = await session.world.me.wait_for("The market is open", 150)
    if market is not None and session.world.me.tap("Card at", market):
        await session.answers("until ", "Confirm buy")
    await session.pause(10)


async def away_until(session: Session, moment: datetime, then: Callable[[], None] | None = None) -> None:
    """The process is down until then. Hours without it cost no time. then: what comes about before it is up again."""
    if not session.world.alive:  # it is beginning still, for Telegram cannot be reached
        session.troubles.over(all_of_them=True)
        await session.world.start(60.0)
    await session.world.stop()
    await asyncio.sleep(max((moment - session.world.clock.now()).total_seconds(), 0.0))
    if then is not None:
        then()
    await session.world.start(60.0)
    await asyncio.sleep(3)
