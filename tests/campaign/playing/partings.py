"""Partings in the middle of a session: an account is unlinked, or a person taken off the list, with all that is open."""

import asyncio
import re
from urllib.parse import urlsplit

import aiohttp

from tests.campaign.playing.hands import A_LOOK, SHARES, Session
from tests.campaign.playing.world import ACCOUNT, GUEST, Hand
from tests.campaign.record import Trouble

TRIES = 12  # to come again, whatever goes wrong meanwhile
PAUSE = 31.0  # seconds, in which the authenticator's code becomes another one
OFF = "off the list"


async def unlinks(session: Session) -> None:
    """The account is unlinked with what is open, the exchange goes on, and it is linked again."""
    world, me = session.world, session.world.me
    if session.chance.random() < 0.6:
        await session.held()
    waiting = None
    if session.chance.random() < 0.5:
        waiting = await me.ask(f"/buy {session.chance.choice(SHARES)} {session.quantity()}", "until ", 8)
    asked = await me.ask("/unlink main", "Unlink ", 12)
    if asked is None:
        return
    await session.pause(A_LOOK)
    session.begin_coming()
    gone = world.trouble("unlinked", "bot")
    if not me.tap("Yes, unlink", asked):
        gone.ended = gone.began
        return
    await session.pause(2)
    if waiting is not None:
        me.tap("Confirm buy", waiting)
    await session.pause(10)
    _goes_on(session)
    await session.pause(40)
    await _linked_again(session, gone)
    await session.pause(5)


def _goes_on(session: Session) -> None:
    """What rests may fill, and a price may strike a stop, a target or a plan."""
    resting = session.resting()
    if resting and session.chance.random() < 0.6:
        order = session.chance.choice(resting)
        some = session.chance.choice((order.remaining, max(order.remaining // 2, 1)))
        session.world.near.paper.broker.book.fill(order, some, order.price or 100_00, by="desk")
    for share in session.open():
        if share in SHARES and session.chance.random() < 0.7:
            session.move(share, session.price(share) * session.chance.choice((0.965, 1.035)))


async def _linked_again(session: Session, gone: Trouble) -> None:
    """Links it on the page, as often as it takes. RuntimeError when that does not come about."""
    world = session.world
    for tried in range(TRIES):
        session.troubles.over(all_of_them=tried > TRIES // 2)
        await world.start(60.0)
        world.host_clock.right()  # a code of another hour is refused, and a link is over
        offered = await world.me.ask("/link main", "", 12)
        if offered is not None and "is linked already" in offered["text"]:
            gone.ended = min(gone.ended, world.loop.time())
            return
        address = re.search(r"http://\S+", offered["text"]) if offered is not None else None
        await asyncio.sleep(PAUSE)
        if address is not None:
            gone.ended = world.loop.time()
            if await _filled_in(address[0]):
                return
            gone.ended = float("inf")
    raise RuntimeError("the account could not be linked again")


async def _filled_in(address: str) -> bool:
    """Sends the page's form as a browser does. Whether it was taken."""
    parts = urlsplit(address)
    fields = {"client_code": ACCOUNT.client, "password": ACCOUNT.password, "api_key": ACCOUNT.api_key,
              "totp_seed": str(ACCOUNT.totp_seed)}  # fmt: skip
    headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Sec-Fetch-Site": "same-origin"}
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as browser:
            async with browser.get(address):
                pass
            async with browser.post(address, data=fields, headers=headers) as answer:
                return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def is_taken_off_the_list(session: Session) -> None:
    """The other person goes with cards and plans of theirs open, speaks and taps on in vain, and is invited again."""
    world, guest = session.world, session.world.guest
    await _begins_something(session, guest)
    waiting = await guest.ask(_words(session), "until ", 8) if session.chance.random() < 0.7 else None
    session.begin_coming()
    gone = world.trouble("off_the_list", "people", chat=GUEST)
    removed = await world.me.ask("/people remove Papa", OFF, 8)
    if removed is not None:
        await session.pause(1)
        if waiting is not None:
            guest.tap("Confirm", waiting)
        for words in session.chance.sample(("/positions", "/exit all", "/kill", "/cancel_all"), 2):
            guest.say(words)
            await session.pause(3)
        _goes_on(session)
        await session.pause(30)
    await _invited_again(session, gone)


async def _begins_something(session: Session, guest: Hand) -> None:
    card = await guest.ask(_words(session), "until ", 8)
    if card is not None:
        await session.pause(A_LOOK)
        guest.tap("Confirm", card)
        await session.pause(6)


def _words(session: Session) -> str:
    share = session.chance.choice(SHARES)
    price, quantity, lots = session.price(share), session.quantity(), session.lots()
    return session.chance.choice(
        (
            f"/buy {share} {quantity} @{price * 1.01:.0f} mis sl {price * 0.97:.0f} t {price * 1.03:.0f}",
            f"/buy {share} {quantity} @{price * 0.98:.0f} mis sl {price * 0.95:.0f}",
            f"/buy {share} {quantity} @{price * 1.01:.0f} mis trail 1%",
            f"s nifty 24500 ce {lots}lot\nb nifty 24800 ce {lots}lot @300",
            f"/buy {share} {quantity}",
            "/exit all if -500 gross",
            "/exit all",
        )
    )


async def _invited_again(session: Session, gone: Trouble) -> None:
    """By a one-time link, as often as it takes. RuntimeError when that does not come about."""
    world = session.world
    for tried in range(TRIES):
        session.troubles.over(all_of_them=tried > TRIES // 2)
        await world.start(60.0)
        world.host_clock.right()  # a code of another hour is refused, and a link is over
        if not await _is_off(session):
            await asyncio.sleep(10)
            continue
        offered = await world.me.ask("/people add trader", "?start=", 12)
        code = re.search(r"\?start=([a-z2-7]{26})\b", offered["text"]) if offered is not None else None
        if code is not None:
            gone.ended = world.loop.time()
            if await world.guest.ask(f"/start {code[1]}", "", 12) or await world.guest.ask("/session", "ession", 40):
                return
            gone = world.trouble("off_the_list", "people", chat=GUEST)
    raise RuntimeError("the person did not come again")


async def _is_off(session: Session) -> bool:
    """Whether the owner was told that they are gone."""
    told = await session.world.me.ask("/people remove Papa", "", 12)
    return told is not None and (OFF in told["text"] or "Nobody on the list" in told["text"])
