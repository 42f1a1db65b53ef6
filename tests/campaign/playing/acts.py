"""What people and the exchange do in a session: one line each in ACTS.

To add a way in or out, add its line.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable

from bot.simulators.broker.accounts.records import CANCELLED, EXPIRED, REJECTED
from bot.simulators.broker.exchange.requests import OrderRequest
from tests.campaign.playing import other_hands, partings, plan_acts, ways_out
from tests.campaign.playing.hands import A_LOOK, SHARES, Session

Act = Callable[[Session], Awaitable[object]]


async def buys_at_market(session: Session) -> None:
    product = session.chance.choice(("", " mis"))
    await session.confirmed(f"/buy {session.chance.choice(SHARES)} {session.quantity()}{product}", "buy")


async def buys_with_a_limit_that_fills(session: Session) -> None:
    share = session.chance.choice(SHARES)
    await session.confirmed(f"/buy {share} {session.quantity()} @{session.price(share) * 1.01:.0f}", "buy")


async def buys_with_a_limit_that_rests(session: Session) -> None:
    share = session.chance.choice(SHARES)
    await session.confirmed(f"/buy {share} {session.quantity()} @{session.price(share) * 0.96:.0f}", "buy")


async def sells_what_is_held(session: Session) -> None:
    await session.confirmed(f"/sell ITC {session.quantity(25)} cnc", "sell")


async def waits_with_a_stop(session: Session) -> None:
    share = session.chance.choice(SHARES)
    trigger = session.price(share) * 1.02
    await session.confirmed(f"/buy {share} {session.quantity()} stop {trigger:.0f}/{trigger * 1.005:.0f} mis", "buy")
    if session.chance.random() < 0.5:
        await asyncio.sleep(2)
        session.move(share, trigger * 1.005)


async def taps_twice(session: Session) -> None:
    card = await session.confirmed(f"/buy {session.chance.choice(SHARES)} {session.quantity()}", "buy")
    if card is not None:
        session.world.me.tap("Confirm buy", card)


async def taps_too_late(session: Session) -> None:
    card = await session.world.me.ask(f"/buy {session.chance.choice(SHARES)} {session.quantity()}", "until ")
    if card is not None:
        await asyncio.sleep(session.chance.uniform(61.0, 75.0))
        session.world.me.tap("Confirm buy", card)


async def taps_while_the_bot_is_away(session: Session) -> None:
    card = await session.world.me.ask(f"/buy {session.chance.choice(SHARES)} {session.quantity()}", "until ")
    if card is not None:
        session.world.kill()
        await session.pause(20)
        session.world.me.tap("Confirm buy", card)
        await asyncio.sleep(70)
        await session.world.start()
        await asyncio.sleep(2)


async def leaves_by_button(session: Session) -> None:
    await session.held()
    fill = session.world.me.newest("Exit", "Filled #")
    if fill is not None and session.world.me.tap("Exit", fill):
        card = await session.world.me.wait_for("until ")
        if card is not None:
            await session.pause(A_LOOK)
            session.world.me.tap("Confirm sell", card)


async def changes_a_price(session: Session) -> None:
    await session.rests()
    card = session.world.me.newest("Modify", "open at")
    if card is None:
        return
    match = re.search(r"#(\d+) .*open at (?:max |min )?([\d,.]+)", card["text"], re.DOTALL)
    if match is None:
        return
    number, price = match[1], float(match[2].replace(",", "")) * 0.99
    asked = await session.world.me.ask(f"/modify {number} {price:.0f}", "until ")
    if asked is not None:
        await session.pause(A_LOOK)
        session.world.me.tap("Confirm", asked)


async def cancels_by_button(session: Session) -> None:
    await session.rests()
    card = session.world.me.newest("Cancel")
    if card is not None:
        session.world.me.tap("Cancel", card)


async def cancels_all(session: Session) -> None:
    await session.rests()
    await session.world.me.ask("/cancel_all", "", 5)


async def stops_all_entries(session: Session) -> None:
    await session.world.me.ask("/kill", "Stopped", 8)
    await session.world.me.ask(f"/buy RELIANCE {session.quantity()}", "stopped", 8)
    asked = await session.world.me.ask("/resume", "Allow new orders", 8)
    if asked is not None:
        session.world.me.tap("Yes", asked)
        await session.world.me.wait_for("allowed", 8)


async def logs_out_and_in(session: Session) -> None:
    """Nothing is watched meanwhile, and both phones were told so."""
    away = session.world.trouble("logged_out", "bot")
    await session.world.me.ask("/logout", "ogged out", 8)
    await session.pause(10)
    await asyncio.sleep(31)  # a code is good for one login
    await session.world.start()
    await session.world.me.ask("/login", "lives until", 20)
    away.ended = session.world.loop.time()


async def orders_in_the_app(session: Session) -> None:
    """Orders that the bot did not place: from the broker's own app."""
    broker = session.world.near.paper.broker
    account = next(iter(broker.ledger.accounts.values()))
    for _ in range(session.chance.choice((1, 1, 3))):
        share = session.chance.choice(SHARES)
        instrument = broker.named("NSE", f"{share}-EQ")
        assert instrument is not None
        price = round(session.price(share) * session.chance.choice((0.96, 1.01))) * 100
        request = OrderRequest(
            exchange="NSE", token=instrument.token, symbol=instrument.name, side="BUY", kind="LIMIT", product="DELIVERY",
            validity="DAY", variety="NORMAL", quantity=session.quantity(), price=price, trigger=0,
        )  # fmt: skip
        broker.exchange.place(account, request, "WEB")


async def the_exchange_fills(session: Session) -> None:
    """What rests is filled, in one or two steps."""
    await session.rests()
    book = session.world.near.paper.broker.book
    for order in session.resting():
        if order.kind not in ("LIMIT", "MARKET"):
            continue
        if order.remaining > 1 and session.chance.random() < 0.5:
            book.fill(order, session.chance.randint(1, order.remaining - 1), order.price, by="desk")
            await session.pause(4)
        if order.working and session.chance.random() < 0.8:
            book.fill(order, order.remaining, order.price, by="desk")


async def the_exchange_ends(session: Session) -> None:
    """What rests is ended by the exchange."""
    await session.rests()
    for order in session.resting()[:2]:
        end, words = session.chance.choice(
            (
                (CANCELLED, "CANCELLED BY EXCHANGE"),
                (REJECTED, "EXCH:16284:The order price is out of the days price range."),
                (EXPIRED, ""),
            )
        )
        session.world.near.paper.broker.book.end(order, end, words)


async def looks(session: Session) -> None:
    await session.world.me.ask(session.chance.choice(("/positions", "/orders", "/funds", "/status")), "", 5)


# What is done, and how often it is drawn beside the others.
ACTS: tuple[tuple[Act, int], ...] = (
    (buys_at_market, 8),
    (buys_with_a_limit_that_fills, 6),
    (buys_with_a_limit_that_rests, 8),
    (sells_what_is_held, 2),
    (waits_with_a_stop, 2),
    (taps_twice, 2),
    (taps_too_late, 1),
    (taps_while_the_bot_is_away, 1),
    (leaves_by_button, 3),
    (changes_a_price, 2),
    (cancels_by_button, 2),
    (cancels_all, 1),
    (stops_all_entries, 1),
    (logs_out_and_in, 1),
    (orders_in_the_app, 2),
    (the_exchange_fills, 8),
    (the_exchange_ends, 2),
    (looks, 1),
    (ways_out.buys_with_stop_and_target, 6),
    (ways_out.buys_with_a_stop_that_waits, 3),
    (ways_out.buys_with_a_trail, 3),
    (ways_out.exits_at_a_result, 2),
    (ways_out.buys_a_basket, 2),
    (ways_out.the_price_falls_or_rises, 4),
    (ways_out.exits, 4),
    (ways_out.exits_on_two_phones_at_once, 1),
    (ways_out.panics, 3),
    (plan_acts.sells_short, 3),
    (plan_acts.sells_short_with_a_trail, 2),
    (plan_acts.trails_in_steps, 2),
    (plan_acts.moves_the_stop_to_cost, 2),
    (plan_acts.exits_at_a_result_of_one_scope, 4),
    (plan_acts.sells_covered, 4),
    (plan_acts.sells_covered_and_a_leg_is_refused, 2),
    (plan_acts.exits_a_list, 3),
    (plan_acts.turns_round, 1),
    (plan_acts.converts, 2),
    (plan_acts.orders_from_an_alert, 2),
    (plan_acts.sells_the_holdings, 1),
    (other_hands.sells_in_the_app_meanwhile, 4),
    (other_hands.exits_on_another_phone, 3),
    (other_hands.is_squared_off, 2),
    (partings.unlinks, 2),
    (partings.is_taken_off_the_list, 2),
)
