"""What lies over a night: orders sent in the evening for the next session, and a share that is split."""

import asyncio
from datetime import UTC, timedelta

from bot.domain.clock import at_ist, ist_date
from bot.simulators.broker.accounts.records import CANCELLED, REJECTED
from bot.simulators.broker.market.market import Move
from tests.campaign.playing.days import MONDAY, away_until
from tests.campaign.playing.hands import A_LOOK, SHARES, Session
from tests.campaign.record import Deed

SPLIT = "INFY"  # is held
FUTURE = "infy fut 29 dec"
FAR = 200_000  # rupees, that no price of a session makes or loses, and the jump of a future does
FACTORS = (0.5, 0.5, 0.1, 2 / 3, 0.75)  # the last is no usual split


async def sends_in_the_evening(session: Session) -> None:
    """After-market orders, of which some are changed, cancelled here, or ended at mStock."""
    now = session.world.clock.now()
    await away_until(session, at_ist(ist_date(now), 16, 30))
    for _ in range(session.chance.randint(1, 2)):
        share = session.chance.choice(tuple(share for share in SHARES if share != SPLIT))
        price = session.price(share) * session.chance.choice((0.97, 1.01))
        if await session.confirmed(f"/buy {share} {session.quantity()} {price:.0f} amo", "buy") is None:
            continue
        await asyncio.sleep(session.chance.uniform(0.0, 5.0))
        await _changes_it(session, price)


async def _changes_it(session: Session, price: float) -> None:
    me, what = session.world.me, session.chance.choice(("stays", "stays", "cancelled", "changed", "ended"))
    card = me.newest("Cancel", "limit ")
    if card is None:
        return
    if what == "cancelled":
        me.tap("Cancel", card)
    elif what == "changed":
        number = card["text"].partition("#")[2].partition(" ")[0]
        await session.taps(f"/modify {number} {price * 0.99:.0f}", "CHANGE", "Confirm")
    elif what == "ended":
        for order in session.resting()[:1]:
            session.world.near.paper.broker.book.end(order, session.chance.choice((CANCELLED, REJECTED)), "BY RMS")
    await session.pause(5)


async def guards_what_is_split(session: Session) -> None:
    """Alerts and a stop that is kept on a share of the demat account, more of it bought, and a future carried."""
    price, me = session.price(SPLIT), session.world.me
    await me.ask(f"/alert {SPLIT} below {price * 0.85:.0f}", "is set", 8)
    await me.ask(f"/alert {SPLIT} above {price * 1.2:.0f}", "is set", 8)
    if session.chance.random() < 0.5:
        await session.confirmed(f"/buy {SPLIT} {session.quantity()} cnc", "buy")
    if session.chance.random() < 0.6:
        await session.confirmed(f"/buy {FUTURE} 1lot", "buy")
    if await session.confirmed(f"/sell {SPLIT} 20 stop {price * 0.95:.0f}/{price * 0.94:.0f} cnc", "sell") is None:
        return
    stop = await me.wait_for("waiting for", 10)
    if stop is not None and me.tap("Keep every day", stop):
        await session.pause(3)


async def is_split(session: Session) -> None:
    """Over the night the share's price is another one, and its quantity too or not yet. Somebody answers, or nobody."""
    world, me = session.world, session.world.me
    early = session.chance.random() < 0.6
    await away_until(session, at_ist(MONDAY, 8, 33) if early else at_ist(MONDAY, 9, 10), then=lambda: _split(session))
    await me.ask("/login", "lives until", 30)
    if early:
        await asyncio.sleep((at_ist(MONDAY, 9, 14) - world.clock.now()).total_seconds())
    await me.ask(f"/exit all if -{FAR} gross", "until ", 8)
    watching = me.newest("Confirm", "P&L EXIT")
    if watching is not None:
        me.tap("Confirm", watching)
    await asyncio.sleep(max((at_ist(MONDAY, 9, 15) - world.clock.now()).total_seconds(), 0) + session.chance.uniform(1.0, 60.0))
    session.move(SPLIT, session.price(SPLIT) * session.chance.choice((1.0, 1.01, 0.99)))
    await asyncio.sleep(60)
    for words in ("/positions", "/holdings", "/pnl"):
        await me.ask(words, "", 8)
    asked = me.newest(session.chance.choice(("Adjust", "Keep", "Delete", "Nothing")), SPLIT)
    if asked is not None:
        label = session.chance.choice([str(each["label"]) for row in asked["buttons"] for each in row])
        await session.pause(A_LOOK)
        me.tap(label, asked)
    await session.pause(30)


def _split(session: Session) -> None:
    """What the exchange and mStock make of it: the close of the day before, what lies in the demat account, what is carried."""
    broker, factor = session.world.near.paper.broker, session.chance.choice(FACTORS)
    share = broker.named("NSE", f"{SPLIT}-EQ")
    assert share is not None
    friday = MONDAY - timedelta(days=3)
    close = round(broker.market.price(share, session.world.clock.now()) * factor / share.tick) * share.tick
    at = broker.timetable.closing(share, friday).astimezone(UTC)
    broker.market.apply(share.key, Move(at, fixed=close))
    detail: dict[str, object] = {"name": share.name, "factor": factor, "price": close}
    session.world.record.deeds.append(Deed(at=session.world.loop.time(), what="split", order="", detail=detail))
    if session.chance.random() < 0.3:
        return  # the books follow later
    ledger = broker.ledger
    with ledger.change():
        for holding in ledger.holdings.values():
            if holding.key == share.key:
                holding.quantity, holding.t1 = int(holding.quantity / factor), int(holding.t1 / factor)
                ledger.put(holding)
        for carried in ledger.carried.values():
            if broker.find(carried.key).underlying == share.key:
                carried.quantity = int(carried.quantity / factor)
                ledger.put(carried)
