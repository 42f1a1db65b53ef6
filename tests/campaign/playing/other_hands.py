"""Others act on the same row at the same moment: the broker's own app, another phone, and mStock itself."""

import asyncio

from bot.simulators.broker.accounts.records import CANCELLED
from bot.simulators.broker.exchange.requests import OrderRequest
from tests.campaign.playing.hands import Session


async def sells_in_the_app_meanwhile(session: Session) -> None:
    """All of a row, or some of it, is sold in mStock's app while an exit of it is asked for or goes."""
    share = await session.held()
    card = await session.world.me.ask(f"/exit {share}", "until ", 8)
    first = session.chance.random() < 0.5
    if first:
        _sells(session, share)
        await session.pause(3)
    if card is not None:
        session.begin_coming()
        session.world.me.tap("Confirm", card)
    if not first:
        await session.pause(2)
        _sells(session, share)
    await session.pause(12)


def _sells(session: Session, share: str) -> None:
    have = session.open().get(share, 0)
    if have <= 0:
        return
    broker = session.world.near.paper.broker
    instrument = broker.named("NSE", f"{share}-EQ")
    assert instrument is not None
    quantity = session.chance.choice((have, have, max(have // 2, 1)))
    part = session.chance.choice((0.99, 1.04))  # at once, or it rests
    request = OrderRequest(
        exchange="NSE", token=instrument.token, symbol=instrument.name, side="SELL", kind="LIMIT", product="INTRADAY",
        validity="DAY", variety="NORMAL", quantity=quantity, price=round(session.price(share) * part) * 100, trigger=0,
    )  # fmt: skip
    broker.exchange.place(next(iter(broker.ledger.accounts.values())), request, "WEB")


async def exits_on_another_phone(session: Session) -> None:
    """Two people leave the same row at the same moment, each by a card of their own."""
    share = await session.held()
    hands = [session.world.me, session.world.guest]
    session.chance.shuffle(hands)
    words = [session.chance.choice((f"/exit {share}", "/exit all", f"/exit {share} half")) for _ in hands]
    cards = [await hand.ask(each, "until ", 8) for hand, each in zip(hands, words, strict=True)]
    session.begin_coming()
    for hand, card in zip(hands, cards, strict=True):
        if card is not None:
            hand.tap("Confirm", card)
            await session.pause(0.6)
    await session.pause(8)


async def is_squared_off(session: Session) -> None:
    """mStock closes what is intraday, at once or by orders that rest, perhaps while an exit of ours goes."""
    share = await session.held()
    broker = session.world.near.paper.broker
    card = await session.world.me.ask(f"/exit {share}", "until ", 8) if session.chance.random() < 0.6 else None
    rests = session.chance.random() < 0.5
    if rests:
        broker.faults.arm("square_off_rests")
    theirs = broker.square_off(next(iter(broker.ledger.accounts.values())))
    broker.faults.clear("square_off_rests")
    await session.pause(3)
    if card is not None:
        session.begin_coming()
        session.world.me.tap("Confirm", card)
    await asyncio.sleep(session.chance.uniform(2.0, 25.0))
    for order in theirs:
        if order.working and session.chance.random() < 0.5:
            broker.book.fill(order, order.remaining, order.price or round(session.price(share) * 100), by="broker")
        elif order.working:
            broker.book.end(order, CANCELLED, "CANCELLED BY RMS")
