"""Plans and ways out in a session: stops and targets, exits of one and of all, panic, and the prices that strike them."""

import asyncio
import re

from tests.campaign.playing.hands import A_LOOK, SHARES, Session

CLOSERS = ("Confirm", "Close these")


async def buys_with_stop_and_target(session: Session) -> None:
    share = session.chance.choice(SHARES)
    price = session.price(share)
    words = f"/buy {share} {session.quantity()} @{price * 1.01:.0f} mis sl {price * 0.97:.0f} t {price * 1.03:.0f}"
    await session.confirmed(words, "buy")
    await asyncio.sleep(session.chance.uniform(0.0, 6.0))


async def buys_with_a_stop_that_waits(session: Session) -> None:
    """The entry rests, and fills in parts perhaps. The stop follows what is filled."""
    share = session.chance.choice(SHARES)
    price = session.price(share)
    await session.confirmed(f"/buy {share} {session.quantity()} @{price * 0.98:.0f} mis sl {price * 0.95:.0f}", "buy")


async def buys_with_a_trail(session: Session) -> None:
    share = session.chance.choice(SHARES)
    price = session.price(share)
    await session.confirmed(f"/buy {share} {session.quantity()} @{price * 1.01:.0f} mis trail 1%", "buy")
    for step in (1.004, 1.008, 1.012):
        await asyncio.sleep(session.chance.uniform(1.0, 6.0))
        session.move(share, price * step)


async def exits_at_a_result(session: Session) -> None:
    """A P&L exit of all that a fall strikes, or that only watches."""
    share = await session.held()
    card = await session.world.me.ask(f"/exit all if -{session.chance.choice((20, 500, 9000))} gross", "P&L EXIT", 6)
    if card is None:
        return
    await session.pause(A_LOOK)
    session.begin_coming()
    session.world.me.tap("Confirm", card)
    await session.pause(4)
    session.move(share, session.price(share) * 0.97)
    await asyncio.sleep(session.chance.uniform(0.0, 10.0))


async def buys_a_basket(session: Session) -> None:
    lines = [f"b {share} {session.quantity()} mis" for share in session.chance.sample(SHARES, 2)]
    card = await session.world.me.ask("\n".join(lines), "BASKET 2 orders", 6)
    if card is not None:
        await session.pause(A_LOOK)
        session.begin_coming()
        session.world.me.tap("Confirm both", card)


async def the_price_falls_or_rises(session: Session) -> None:
    """Far enough to strike most stops and targets."""
    share = session.chance.choice(SHARES)
    session.move(share, session.price(share) * session.chance.choice((0.965, 1.035)))
    await asyncio.sleep(session.chance.uniform(0.0, 4.0))


async def exits(session: Session) -> None:
    """One share, half of it, or all, from the words alone."""
    share = await session.held()
    words = session.chance.choice((f"/exit {share}", f"/exit {share} half", "/exit all", "/exit intraday"))
    card = await session.world.me.ask(words, "until ", 6)
    if card is not None and _asks(card["text"]):
        await session.pause(A_LOOK)
        session.begin_coming()
        session.world.me.tap("Confirm", card)
        await asyncio.sleep(session.chance.uniform(0.0, 8.0))


async def exits_on_two_phones_at_once(session: Session) -> None:
    """Two cards of one way out, tapped one behind the other."""
    await session.held()
    cards = [await session.world.me.ask("/exit all", "until ", 6) for _ in range(2)]
    for card in cards:
        if card is not None and _asks(card["text"]):
            session.world.me.tap("Confirm", card)
            await session.pause(0.4)


async def panics(session: Session) -> None:
    await session.held()
    card = await session.world.me.ask("/panic", "PANIC", 6)
    if card is not None:
        await session.pause(A_LOOK)
        session.begin_coming()
        session.world.me.tap("Close these", card)
        await asyncio.sleep(session.chance.uniform(0.0, 20.0))
    asked = await session.world.me.ask("/resume", "Allow new orders", 8)
    if asked is not None:
        session.world.me.tap("Yes", asked)


def _asks(text: str) -> bool:
    return re.search(r"\bSELL\b|\bEXIT\b", text) is not None
