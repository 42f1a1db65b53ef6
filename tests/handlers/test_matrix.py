"""Every command and every button, for every role, in every chat, in every kind of update, against one table.

The table is written out by hand and compared with what the running face does. The code's own table of permissions is not asked.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.people.account import Role
from bot.domain.proposals.proposal import Change
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from handlers.registry import COMMANDS
from handlers.telegram.admission import Verdict, judge
from handlers.telegram.receiver import Json, Received
from handlers.views.news.discreet import ShowTap
from handlers.views.news.later import LaterTap, LaterVerb
from handlers.views.orders.convert import ConvertTap, ConvertVerb
from handlers.views.orders.repair_taps import RepairTap
from handlers.views.orders.reverse import ReverseTap, ReverseVerb
from handlers.views.taps.basket_taps import BasketTap, BasketVerb
from handlers.views.taps.exit_taps import ExitsTap, ExitsVerb
from handlers.views.taps.pnl_taps import PnlExitTap, PnlVerb
from handlers.views.taps.standing_taps import StandingTap, StandingVerb
from handlers.views.taps.tap import KINDS, Tap, encode
from handlers.views.taps.taps import (
    CardTap,
    CardVerb,
    ChangeTap,
    DoItNowTap,
    EntriesTap,
    ExitTap,
    LeaveTap,
    Listing,
    ListingTap,
    OrderTap,
    OrderVerb,
    PadTap,
    WordsTap,
)
from handlers.views.taps.trail_taps import TrailTap, TrailVerb
from tests.handlers.chat import Stage, a_stage, owners_hear
from tests.handlers.samples import ASHA, STRANGER
from tests.stage.depth import these_first

OWNER, TRADER, GUARDIAN, VIEWER = Role.OWNER, Role.TRADER, Role.GUARDIAN, Role.VIEWER
ALL = frozenset(Role)
ACTING = frozenset({OWNER, TRADER, GUARDIAN})  # the desk then lets a guardian only reduce
OPENING = frozenset({OWNER, TRADER})
OWNING = frozenset({OWNER})

# Words -> the roles for which they are carried out.
WORDS: dict[str, frozenset[Role]] = {
    "/start": ALL, "/help": ALL, "/menu": ALL, "/cancel": ALL, "?": ALL,
    "/accounts": ALL, "/use papa": ALL, "/session": ALL, "/link papa": OWNING, "/unlink papa": OWNING,
    "/login": OPENING, "/login all": OPENING, "/login page": OPENING, "/logout": OPENING,
    "/buy RELIANCE 10": ACTING, "/sell RELIANCE 10 2900": ACTING, "/modify 12 2905": OPENING,
    "/cancel_order 12": ACTING, "/cancel_all": ACTING,
    "/orders open": ALL, "/order 12": ALL, "/trades": ALL, "/positions": ALL, "/holdings": ALL, "/funds": ALL,
    "/pnl": ALL, "/pnl week": ALL, "/export trades": ALL, "/report 20 nov": ALL, "/quote NIFTY": ALL, "/search tata motors": ALL,
    "/chart RELIANCE 15m": ALL, "/chain NIFTY": ALL, "/alert mtm -5000": ALL, "/alerts": ALL, "/watch RELIANCE": ALL,
    "/exit": ACTING, "/panic": ACTING, "/basket buy ITC 1; buy INFY 1": OPENING, "/convert RELIANCE": OPENING,
    "/carry RELIANCE": OPENING,
    "/ddpi": ALL, "/ddpi yes": OWNING,
    "/sl RELIANCE 1450": ACTING, "/trail": ALL, "/trail RELIANCE 15": ACTING,
    "/stops": ALL, "/stops keep 12": ACTING, "/stops delete 3": ACTING,
    "/kill": ACTING, "/resume": OWNING,
    "/limits": ALL, "/limits lock": OPENING, "/limits lock now": OPENING, "/limits value 5": OWNING, "/status full": OWNING,
    "/lock": ALL, "/unlock": ALL, "/pin": ALL,
    "/status": ALL, "/people": OWNING, "/people add trader": OWNING, "/people remove Ravi": OWNING,
    "/audit": OWNING, "/settings": ALL, "/settings fills silent": ALL,
}  # fmt: skip
WHILE_LOCKED = {"/kill": ACTING, "/lock": ALL, "/unlock": ALL, "/pin": ALL}

# Buttons -> the same.
TAPS: dict[Tap, frozenset[Role]] = {
    **{CardTap("TOKEN1", verb): ACTING for verb in CardVerb if verb is not CardVerb.UNLINK},
    CardTap("UNLINK1", CardVerb.UNLINK): OWNING,
    ChangeTap("TOKEN1", quantity=5): ACTING,
    OrderTap("o12", OrderVerb.MODIFY): OPENING,
    OrderTap("o12", OrderVerb.DETAIL): ALL,
    OrderTap("o12", OrderVerb.LOOK): ALL,
    OrderTap("o12", OrderVerb.LEAVE): ALL,
    OrderTap("o12", OrderVerb.CANCEL): ACTING,
    OrderTap("o12", OrderVerb.EXIT): ACTING,
    OrderTap("o12", OrderVerb.HALF): ACTING,
    OrderTap("o12", OrderVerb.STOP): ACTING,
    OrderTap("o12", OrderVerb.NOT_THERE): OPENING,
    OrderTap("o12", OrderVerb.GIVE_UP): OPENING,
    OrderTap("o12", OrderVerb.SAME): OPENING,
    OrderTap("o12", OrderVerb.REVERSE): OPENING,
    **{ListingTap(book): ALL for book in Listing},
    EntriesTap(): ACTING,
    **{ReverseTap("TOKEN1", verb): OPENING for verb in ReverseVerb},
    **{LaterTap(7, verb): ACTING for verb in LaterVerb},
    **{StandingTap("TOKEN1", verb): ACTING for verb in StandingVerb},
    **{TrailTap("TOKEN1", verb): ACTING for verb in TrailVerb if verb is not TrailVerb.LOOK},
    TrailTap("TOKEN1", TrailVerb.LOOK): ALL,
    **{PnlExitTap("TOKEN1", verb): ACTING for verb in PnlVerb},
    RepairTap("o12", Change(quantity=9)): ACTING,
    ExitTap(InstrumentKey(Exchange.NSE, "2885"), Product.CNC): ACTING,
    WordsTap("/kill"): ACTING,
    WordsTap("/resume"): OWNING,
    WordsTap("/buy RELIANCE 10"): ACTING,
    WordsTap("/positions"): ALL,
    **{ConvertTap("TOKEN1", verb): OPENING for verb in ConvertVerb},
    **{ExitsTap("TOKEN1", verb): ACTING for verb in ExitsVerb if verb is not ExitsVerb.LOOK},
    ExitsTap("TOKEN1", ExitsVerb.LOOK): ALL,
    **{BasketTap("TOKEN1", verb): OPENING for verb in BasketVerb},
    **{
        BasketTap("TOKEN1", verb): ALL
        for verb in (BasketVerb.LOOK, BasketVerb.PAYOFF, BasketVerb.PAYOFF_WITH_HELD, BasketVerb.MARGIN)
    },
    **{BasketTap("TOKEN1", verb): ACTING for verb in (BasketVerb.STOP, BasketVerb.DISCARD)},
    DoItNowTap(): ALL,  # the words it stands for are judged as words; here the message it stands under answers none
    LeaveTap("/buy"): ALL,  # only takes a question away
    PadTap("pad1", 3): ALL,
    PadTap("pad1", None): ALL,
    ShowTap(): ALL,
}
EVERY_ACT: tuple[str | Tap, ...] = (*WORDS, *TAPS)
TAPS_WHILE_SEALED: dict[Tap, frozenset[Role]] = {
    WordsTap("/kill"): ACTING,
    PadTap("pad1", 3): ALL,
    PadTap("pad1", None): ALL,
    DoItNowTap(): ALL,
    LeaveTap("/buy"): ALL,
}


def test_the_table_has_every_command_and_every_kind_of_button() -> None:
    assert {words.split()[0].removeprefix("/") for words in WORDS} == {command.name for command in COMMANDS}
    assert {type(tap) for tap in TAPS} == set(KINDS.values())
    assert {tap.verb for tap in TAPS if isinstance(tap, OrderTap)} == set(OrderVerb)
    assert {tap.verb for tap in TAPS if isinstance(tap, CardTap)} == set(CardVerb)


def refusals(stage: Stage) -> int:
    """How often the role, or the seal, was given as the reason so far."""
    shown = [each.text for each in stage.chats.person(ASHA).private.messages.values() if each.from_bot and not each.deleted]
    return sum("you may not" in text or "This phone is sealed." in text for text in shown)


async def carried_out(stage: Stage, act: str | Tap) -> bool:
    """Whether an act was not refused for who asked it."""
    before = refusals(stage)
    if isinstance(act, str):
        stage.me.say(act)
    else:
        under = next(each for each in reversed(stage.chats.person(ASHA).history()) if each["from_bot"])
        stage.chats.person(ASHA).forge(under["id"], encode(act))
    await asyncio.sleep(4)
    return refusals(stage) <= before  # a list that is drawn anew may take the place of an older refusal


@pytest.mark.parametrize("role", Role)
async def test_every_command_and_every_button_does_for_a_role_what_the_table_says(role: Role, clock: LoopClock) -> None:
    async with a_stage(clock, role, papa=role, orders=12, logged_in=False) as stage:
        await stage.me.ask("/menu", "Menu")
        done, told = {}, 0
        for act in EVERY_ACT:
            done[act] = await carried_out(stage, act)
            told += await owners_hear(stage)
        expected = {act: role in roles for act, roles in (*WORDS.items(), *TAPS.items())}
        assert done == expected
        assert told == sum(not allowed for allowed in expected.values()), "the owners hear of each refusal, once an hour"
        if role in (GUARDIAN, VIEWER):
            assert stage.broker.codes == []
        if role is VIEWER:
            assert (stage.broker.posts, stage.broker.cancels, await stage.bot.stops()) == (0, [], [])


@pytest.mark.parametrize("role", these_first([Role.TRADER, Role.VIEWER], Role))
async def test_a_sealed_phone_does_what_the_table_says(role: Role, clock: LoopClock) -> None:
    async with a_stage(clock, role, papa=role, orders=12) as stage:
        await stage.me.ask("/menu", "Menu")
        await stage.bot.store.transaction(lambda db: db.pins.lock_phone(ASHA, clock.now()))
        done, told = {}, 0
        for act in EVERY_ACT:
            done[act] = await carried_out(stage, act)
            told += await owners_hear(stage)
        table: dict[object, frozenset[Role]] = dict([*WHILE_LOCKED.items(), *TAPS_WHILE_SEALED.items()])
        assert done == {act: role in table.get(act, frozenset()) for act in done}
        assert await stage.bot.questions() == []
        assert told == sum(role not in roles for roles in table.values()), "what the seal alone refuses is no trying"
        shown = [each["text"] for each in stage.chats.person(ASHA).history() if each["from_bot"]]
        assert not any("POSITIONS" in text or "FUNDS" in text or "HOLDINGS" in text for text in shown)


# The guard: which shape of update is taken at all, whatever it says.

PRIVATE, CHATS = "private", ("private", "group", "supergroup", "channel")
BOT = {"id": 99, "is_bot": True, "first_name": "Bot"}


def user(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "Asha", "username": "asha"}


def shapes(person: int, chat_kind: str, act: str | Tap) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every kind of update that Telegram knows, carrying the act where it can carry anything: (kind, update)."""
    chat = {"id": person if chat_kind == PRIVATE else -person, "type": chat_kind, "title": "Club"}
    text = act if isinstance(act, str) else "x"
    plain = {"message_id": 7, "date": 1790000000, "chat": chat, "from": user(person), "text": text}
    under = {**plain, "from": BOT}
    channel = {"id": -100, "type": "channel", "title": "News"}
    forwarded = {"type": "user", "date": 1790000000, "sender_user": user(person)}
    tap = {
        "id": "q",
        "from": user(person),
        "chat_instance": "1",
        "data": encode(act) if not isinstance(act, str) else "w:" + text,
    }
    emoji = [{"type": "emoji", "emoji": "👍"}]
    yield "message", {"message": plain}
    yield "tap", {"callback_query": {**tap, "message": under}}
    yield "edited", {"edited_message": {**plain, "edit_date": 1790000005}}
    yield "edited inside a message", {"message": {**plain, "edit_date": 1790000005}}
    yield "forwarded", {"message": {**plain, "forward_origin": forwarded}}
    yield "via bot", {"message": {**plain, "via_bot": BOT}}
    yield "anonymous", {"message": {**plain, "sender_chat": chat if chat_kind != PRIVATE else channel}}
    yield "of a bot", {"message": {**plain, "from": {**user(person), "is_bot": True}}}
    yield "without a sender", {"message": {key: value for key, value in plain.items() if key != "from"}}
    yield "automatic forward", {"message": {**plain, "is_automatic_forward": True}}
    yield "channel post", {"channel_post": {**plain, "sender_chat": channel}}
    yield "edited channel post", {"edited_channel_post": {**plain, "sender_chat": channel, "edit_date": 1790000005}}
    yield "business", {"business_message": {**plain, "business_connection_id": "b"}}
    yield "edited business", {"edited_business_message": {**plain, "business_connection_id": "b", "edit_date": 1790000005}}
    yield "business inside a message", {"message": {**plain, "business_connection_id": "b"}}
    yield "caption", {"message": {**{key: value for key, value in plain.items() if key != "text"}, "caption": text}}
    yield "tap without message", {"callback_query": {**tap, "inline_message_id": "i"}}
    yield "tap of a bot", {"callback_query": {**tap, "from": BOT, "message": under}}
    yield (
        "game",
        {
            "callback_query": {key: value for key, value in tap.items() if key != "data"}
            | {"game_short_name": "g", "message": under}
        },
    )
    yield (
        "reaction",
        {
            "message_reaction": {
                "chat": chat,
                "message_id": 7,
                "date": 1790000000,
                "user": user(person),
                "old_reaction": [],
                "new_reaction": emoji,
            }
        },
    )
    yield "inline query", {"inline_query": {"id": "1", "from": user(person), "query": text, "offset": ""}}
    yield "chosen inline result", {"chosen_inline_result": {"result_id": "1", "from": user(person), "query": text}}
    yield (
        "poll answer",
        {"poll_answer": {"poll_id": "1", "user": user(person), "option_ids": [0], "option_persistent_ids": ["0"]}},
    )
    yield "join request", {"chat_join_request": {"chat": chat, "from": user(person), "user_chat_id": person, "date": 1790000000}}
    yield "nothing", {}


def expected(kind: str, chat_kind: str, *, known: bool) -> set[Verdict]:
    """The table of the guard."""
    if not known or chat_kind != PRIVATE:
        return {Verdict.DROP}
    if kind in ("message", "tap"):
        return {Verdict.TAKE}
    if kind in ("edited", "forwarded", "caption"):
        return {Verdict.TELL}
    return {Verdict.DROP}


ACTS: tuple[str | Tap, ...] = (*WORDS, *TAPS)


@pytest.mark.exhaustive
@pytest.mark.parametrize("chat_kind", CHATS)
@pytest.mark.parametrize("person", [ASHA, STRANGER])
def test_only_words_and_taps_in_a_persons_own_private_chat_are_taken(person: int, chat_kind: str) -> None:
    count = 0
    for act in ACTS:
        for kind, body in shapes(person, chat_kind, act):
            verdict = judge(body, {ASHA}.__contains__).verdict
            assert verdict in expected(kind, chat_kind, known=person == ASHA), (act, kind)
            count += 1
    assert count > 1500


@pytest.mark.exhaustive
async def test_what_is_not_taken_reaches_no_store_and_no_service(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        count, before = 0, stage.bot.store.runs
        for first in range(0, len(ACTS), 8):  # few at a time: nothing here is left out only because it came too fast
            updates: list[Json] = []
            for act in ACTS[first : first + 8]:
                for person in (ASHA, STRANGER):
                    for chat_kind in CHATS:
                        for kind, body in shapes(person, chat_kind, act):
                            if Verdict.TAKE not in expected(kind, chat_kind, known=person == ASHA):
                                count += 1
                                updates.append({"update_id": count + 1000, **body})
            await stage.poller._take(Received(updates=tuple(updates), offset=count))
            await asyncio.sleep(11)
        assert count > 10_000
        assert stage.inbox.entries == {}
        asked = stage.bot.store.runs - before
        assert asked <= count // 100, "nothing but the list of people was read, now and then"
        assert (await stage.bot.questions(), stage.broker.posts, stage.broker.cancels, await stage.bot.stops()) == ([], 0, [], [])
        assert await stage.bot.done("refused") == []
        said = [each["text"] for each in stage.me.history() if each["from_bot"]]
        assert not any("Too many messages" in text for text in said)
        kind, body = next(shapes(ASHA, PRIVATE, "/funds"))
        await stage.poller._take(Received(updates=({"update_id": 9, **body},), offset=10))
        await asyncio.sleep(5)
        assert (kind, len(stage.inbox.entries)) == ("message", 1)
        assert stage.bot.store.runs > before + asked, "the same way is open"
