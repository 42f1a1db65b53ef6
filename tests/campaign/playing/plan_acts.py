"""Plans beside stops and targets: shorts, trails, P&L exits of a scope, covered baskets, lists, and what a card turns into."""

import asyncio

from tests.campaign.playing.hands import SHARES, SHORTED, Session
from tests.campaign.playing.troubles import at_broker

REFUSED = at_broker("order_rejected", "place", reason="funds", skip=1)  # the second of two
PUSHED = at_broker("answer_lost", "modify", lasts=(20.0, 40.0))
RULES = ("below -{n} gross", "giveback {n} gross", "above +{n} gross", "-{n}")


async def sells_short(session: Session) -> None:
    """Bare, with its stop and target, or an order that rests and has a stop for then."""
    share = session.chance.choice(SHORTED)
    price, quantity = session.price(share), session.quantity()
    words = session.chance.choice(
        (
            f"/sell {share} {quantity} mis",
            f"/sell {share} {quantity} @{price * 0.99:.0f} mis sl {price * 1.03:.0f} t {price * 0.97:.0f}",
            f"/sell {share} {quantity} @{price * 1.02:.0f} mis sl {price * 1.05:.0f}",
        )
    )
    await session.confirmed(words, "sell")
    await asyncio.sleep(session.chance.uniform(0.0, 6.0))
    session.move(share, price * session.chance.choice((1.0, 1.025, 1.035, 0.965)))


async def sells_short_with_a_trail(session: Session) -> None:
    """The stop follows the low, perhaps with a lost answer, and is struck in the end."""
    share = session.chance.choice(SHORTED)
    price = session.price(share)
    await session.confirmed(f"/sell {share} {session.quantity()} @{price * 0.99:.0f} mis trail 1%", "sell")
    await asyncio.sleep(3)
    await _walks(session, share, price, (0.996, 0.990, 0.984, 0.995))


async def trails_in_steps(session: Session) -> None:
    share = await session.held()
    price = session.price(share)
    way, step = (price * part for part in (0.01, 0.005))
    await session.taps(f"/trail {share} {way:.0f} step {step:.0f}", "until ", "Confirm")
    await asyncio.sleep(3)
    await _walks(session, share, price, (1.006, 1.012, 1.018, 1.004))


async def moves_the_stop_to_cost(session: Session) -> None:
    """`sl` and then `sl cost` as replies to the fill."""
    share = await session.held()
    price = session.price(share)
    fill = session.world.me.newest("Exit", "Filled #")
    if fill is None:
        return
    await session.taps(f"sl {price * 0.98:.0f}", "until ", "Confirm", fill["id"])
    await asyncio.sleep(3)
    session.move(share, price * 1.015)
    await asyncio.sleep(2)
    await session.taps("sl cost", "until ", "Confirm", fill["id"])
    await asyncio.sleep(session.chance.uniform(1.0, 4.0))
    session.move(share, price * session.chance.choice((0.99, 1.02)))


async def _walks(session: Session, share: str, price: float, steps: tuple[float, ...]) -> None:
    if session.chance.random() < 0.3:
        session.troubles.begin(PUSHED)
    for step in steps:
        session.move(share, price * step)
        await asyncio.sleep(session.chance.uniform(1.0, 7.0))


async def exits_at_a_result_of_one_scope(session: Session) -> None:
    """A stop, a target or a giveback of one share or of all, that exits or only rings, and is struck."""
    share = await session.held()
    scope = session.chance.choice((share, "all", "intraday"))
    rule = session.chance.choice(RULES).format(n=session.chance.choice((20, 200, 1000)))
    card = await session.world.me.ask(f"/exit {scope} if {rule}", "P&L EXIT", 8)
    if card is None:
        return
    await session.pause(3)
    session.begin_coming()
    if session.chance.random() < 0.15:
        session.world.me.tap("Alert only", card)
        await session.answers("P&L EXIT", "Confirm")
    else:
        session.world.me.tap("Confirm", card)
    await asyncio.sleep(2)
    price = session.price(share)
    for step in (1.03, 0.99):
        session.move(share, price * step)
        await asyncio.sleep(session.chance.uniform(1.0, 8.0))
    if session.chance.random() < 0.3:
        session.world.kill()
        await session.pause(20)
        await session.world.start()
        session.move(share, price * 0.98)
        await session.pause(10)


async def sells_covered(session: Session) -> None:
    """A covered short under one Confirm. The cover fills at once, in parts, or rests."""
    lots = session.lots()
    cover = session.chance.choice(("", "", " @300"))
    words = f"s nifty 24500 ce {lots}lot\nb nifty 24800 ce {lots}lot{cover}"
    if session.spoilers and session.chance.random() < session.spoiled:
        session.troubles.begin(session.chance.choice(session.spoilers))
    await session.taps(words, "BASKET 2 orders", "Confirm both")
    await session.pause(8)
    if cover and session.chance.random() < 0.5:
        rung = session.world.me.newest("Stop here", "The cover is not filled")
        if rung is not None:
            session.world.me.tap(session.chance.choice(("Stop here", "Chase")), rung)
            await session.pause(4)


async def sells_covered_and_a_leg_is_refused(session: Session) -> None:
    session.troubles.begin(REFUSED)
    lots = session.lots()
    await session.taps(f"b nifty 24800 ce {lots}lot\ns nifty 24500 ce {lots}lot", "BASKET 2 orders", "Confirm both")
    await session.pause(8)


async def exits_a_list(session: Session) -> None:
    """Several rows under one Confirm, some of them in parts."""
    await session.held()
    await session.held(SHORTED, "sell")
    words = session.chance.choice(
        ("exit longs", "exit shorts", "exit green", "exit red", "exit all", "exit intraday", "exit nifty")
    )
    if session.chance.random() < 0.4:
        session.troubles.begin(at_broker("fill_in_parts", "place", times=2, parts=3, seconds=2.0))
    await session.taps(words, "until ", "Confirm")
    await session.pause(12)


async def turns_round(session: Session) -> None:
    share = await session.held()
    fill = session.world.me.newest("Reverse", f"{share}, avg")
    if fill is not None and session.world.me.tap("Reverse", fill):
        await session.answers("REVERSE", "Confirm reverse")
        await session.pause(8)


async def converts(session: Session) -> None:
    """Intraday becomes delivery, perhaps with a stop that has to go first, and perhaps with a lost answer."""
    share = await session.held()
    if session.chance.random() < 0.3:
        session.troubles.begin(at_broker(session.chance.choice(("answer_lost", "gateway_502")), "convert"))
    await session.taps(f"/convert {share} cnc", "CONVERT", "Confirm conversion")
    await session.pause(10)


async def orders_from_an_alert(session: Session) -> None:
    share = session.chance.choice(SHARES)
    price = session.price(share)
    await session.world.me.ask(f"/alert {share} above {price * 1.01:.0f}", "is set", 8)
    session.move(share, price * 1.02)
    rung = await session.world.me.wait_for(f"Alert {share}", 60)
    if rung is None or not session.world.me.tap("Buy", rung):
        return
    if await session.world.me.wait_for("ow many", 8) is not None:
        await session.confirmed(str(session.quantity()), "buy")


async def sells_the_holdings(session: Session) -> None:
    """All of them under one Confirm."""
    await session.taps("/exit holdings", "EXIT", "Confirm")
    await session.pause(6)
