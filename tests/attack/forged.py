"""Forged and mutated updates and taps: none of them is anybody's wish, so none may act at the broker.

Each is wrong by construction (another person, another chat, another shape, a role too small, a question that is closed,
a code that was changed), so the count needs no second opinion on what would have been allowed: it has to stay at nothing.
Between them the owner's own taps are let in, one order each, which shows that the rig would see an order.
"""

import asyncio
import contextlib
import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.errors import ConfirmationGone
from bot.domain.people.account import GRANTS
from bot.trading.services import Services
from handlers.registry import COMMANDS
from handlers.views.taps.tap import decode
from tests.attack.rig import GUARDIAN, LISTED, OWNER, PAPA, REMOVED, TRADER, VIEWER, Json, Rig, a_rig, tap, words, working_orders

A_QUIET_BATCH, A_BATCH = 40, 160
FROM_EACH = 28  # of a listed person in a batch: fewer than would be refused for their number alone
GROUP = {"id": -500, "type": "group", "title": "Club"}
KINDS_OF_CHAT = (
    GROUP,
    {"id": -501, "type": "supergroup", "title": "Club"},
    {"id": -502, "type": "channel", "title": "News"},
    {"id": 667, "type": "private"},
)
FORWARDS = (
    {"type": "user", "date": 1, "sender_user": {"id": 5, "is_bot": False, "first_name": "X"}},
    {"type": "hidden_user", "date": 1, "sender_user_name": "x"},
    {"type": "channel", "date": 1, "chat": {"id": -502, "type": "channel", "title": "News"}, "message_id": 3},
)
DEEDS = (
    "/buy RELIANCE 10", "b reliance 10 2900", "10 reliance becho", "/cancel_all", "cancel all", "/login 123456", "123456",
    "/logout", "/unlink main", "/resume", "/cancel_order 1", "/modify 1 1400", "main: /sell RELIANCE 10 mkt", "/login", "/kill",
    "/people", "/link mine", "/funds", "/positions", "/start",
)  # fmt: skip
JUNK: tuple[object, ...] = (None, "", "x", 0, -1, 2**63, True, False, [], {}, "group", "🙂", "a" * 70, [1], {"id": 1})


@dataclass
class World:
    """What an attacker may have learnt: a living question and its message, the time."""

    rig: Rig
    token: str
    message_id: int
    now: int

    @property
    def chance(self) -> random.Random:
        return self.rig.chance

    def stranger(self) -> int:
        return self.chance.choice((666, REMOVED, 1, 42110, 421, -OWNER, 2**40, self.chance.randrange(1, 2**52)))

    def data(self) -> str:
        """A callback that would do something for its owner."""
        order = self.chance.choice(self.rig.orders)
        return self.chance.choice(
            (f"c:{self.token}:y", f"c:{self.token}:k", f"o:{order}:x", f"o:{order}:x:main", f"c:{self.token}:y:main", "e",
             "e:main", "w:/cancel_all", "w:main: /login 123456", f"o:{order}:e")
        )  # fmt: skip


Forger = Callable[[World], tuple[int, Json]]  # -> (who is counted as the sender, the update)


def by_a_stranger(world: World) -> tuple[int, Json]:
    person = world.stranger()
    if world.chance.random() < 0.5:
        chat = world.chance.choice((None, {"id": OWNER, "type": "private"}))
        return person, tap(person, world.data(), world.message_id, chat=chat)
    named = {"username": "asha", "first_name": "Owner"}
    update = words(person, world.chance.choice(DEEDS), at=world.now)
    update["message"]["from"] |= named
    return person, update


def in_another_chat(world: World) -> tuple[int, Json]:
    chat = dict(world.chance.choice(KINDS_OF_CHAT))
    if world.chance.random() < 0.5:
        return 0, tap(OWNER, world.data(), world.message_id, chat=chat)
    return 0, words(OWNER, world.chance.choice(DEEDS), at=world.now, chat=chat)


def in_another_shape(world: World) -> tuple[int, Json]:
    """The owner's own words in the owner's own chat, but not typed there by the owner."""
    more: Json = world.chance.choice(
        (
            {"forward_origin": world.chance.choice(FORWARDS)},
            {"via_bot": {"id": 77, "is_bot": True, "first_name": "b"}},
            {"sender_chat": {"id": -502, "type": "channel", "title": "News"}},
            {"edit_date": world.now},
            {"is_automatic_forward": True},
            {"business_connection_id": "b1"},
            {"sender_business_bot": {"id": 77, "is_bot": True, "first_name": "b"}},
            {"from": {"id": OWNER, "is_bot": True, "first_name": "Asha"}},
        )
    )
    body = words(OWNER, world.chance.choice(DEEDS), at=world.now, **more)["message"]
    return OWNER, {"message": body}


def of_another_kind(world: World) -> tuple[int, Json]:
    body = words(OWNER, world.chance.choice(DEEDS), at=world.now)["message"]
    asker = body["from"]
    kinds: tuple[Json, ...] = (
        {"edited_message": body | {"edit_date": world.now}},
        {"channel_post": body},
        {"edited_channel_post": body | {"edit_date": world.now}},
        {"business_message": body},
        {"edited_business_message": body | {"edit_date": world.now}},
        {"guest_message": body},
        {"inline_query": {"id": "1", "from": asker, "query": body["text"], "offset": ""}},
        {"chosen_inline_result": {"result_id": "1", "from": asker, "query": body["text"]}},
        {"poll_answer": {"poll_id": "1", "user": asker, "option_ids": [0]}},
        {
            "message_reaction": {
                "chat": body["chat"], "message_id": world.message_id, "user": asker, "date": world.now, "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            }
        },
    )  # fmt: skip
    return OWNER, world.chance.choice(kinds)


def without_a_message(world: World) -> tuple[int, Json]:
    update = tap(OWNER, world.data(), world.message_id)
    query = update["callback_query"]
    match world.chance.randrange(4):
        case 0:
            del query["message"]
            query["inline_message_id"] = "i"
        case 1:
            query["from"] = query["from"] | {"is_bot": True}
        case 2:
            del query["data"]
            query["game_short_name"] = "g"
        case _:
            query["message"]["chat"] = dict(GROUP)
    return OWNER, update


def with_a_changed_code(world: World) -> tuple[int, Json]:
    """The owner's own tap, its data flipped, cut, doubled, or about a question that is closed."""
    chance = world.chance
    living = f"c:{world.token}:y"
    match chance.randrange(6):
        case 0:
            at = chance.randrange(2, len(living))
            flipped = chr(ord(living[at]) ^ (1 << chance.randrange(7)))
            data = living[:at] + flipped + living[at + 1 :]
        case 1:
            data = living[: chance.randrange(1, len(living) - 1)]
        case 2:
            data = living[:-2] + chance.choice("abcdef0123") + living[-2:]
        case 3:
            data = f"c:{chance.choice(world.rig.dead)}:{chance.choice('yk')}"
        case 4:
            data = f"c:{world.token.swapcase()}:y"
        case _:
            data = "".join(chr(chance.randrange(32, 0x2000)) for _ in range(chance.randrange(1, 40)))
    message_id = world.message_id
    if means_the_living_one(data, world.token):  # a flip that changed nothing that counts: from under another message
        message_id += 1 + chance.randrange(100)
    return OWNER, tap(OWNER, data[:64], message_id)


def means_the_living_one(data: str, token: str) -> bool:
    found = decode(data)
    return found is not None and getattr(found, "token", "") == token


def from_under_another_message(world: World) -> tuple[int, Json]:
    other = world.chance.choice((world.message_id - 1, world.message_id + 1, 0, 1, 2**31, world.chance.randrange(1, 10**6)))
    return OWNER, tap(OWNER, f"c:{world.token}:{world.chance.choice('yk')}", other)


def of_a_closed_question(world: World) -> tuple[int, Json]:
    return OWNER, tap(OWNER, f"c:{world.chance.choice(world.rig.dead)}:y", world.chance.randrange(2, world.message_id + 1))


def of_somebody_elses_question(world: World) -> tuple[int, Json]:
    person = world.chance.choice((TRADER, GUARDIAN, VIEWER, PAPA))
    where = world.chance.choice((None, {"id": OWNER, "type": "private"}))
    return person, tap(person, f"c:{world.token}:{world.chance.choice('yk')}", world.message_id, chat=where)


def beyond_the_role(world: World) -> tuple[int, Json]:
    """People type and tap what their role does not carry. Papa owns another account and no more."""
    chance = world.chance
    person = chance.choice((GUARDIAN, VIEWER, VIEWER, PAPA))
    order = chance.choice(world.rig.orders)
    if person == PAPA:
        data = chance.choice((f"o:{order}:x", f"o:{order}:x:main", "e:main", "w:main: /cancel_all", f"o:{order}:e:main"))
        return person, tap(person, data, world.message_id)
    granted = GRANTS[LISTED[person]]
    if chance.random() < 0.5 and person == VIEWER:
        return person, tap(person, chance.choice((f"o:{order}:x", "e", "w:/cancel_all", f"o:{order}:G")), world.message_id)
    refused = [command for command in COMMANDS if command.permission not in granted]
    command = chance.choice(refused)
    return person, words(person, chance.choice((command.example, f"main: {command.example}")), at=world.now)


def long_ago(world: World) -> tuple[int, Json]:
    """Typed while the bot was away: it is offered, not done."""
    deed = world.chance.choice(("/cancel_all", "/logout", "/login 123456", "123456", "/cancel_order 1"))
    return OWNER, words(OWNER, deed, at=world.now - world.chance.randrange(120, 80_000))


def mutated(world: World) -> tuple[int, Json]:
    """Any leaf of an update that is wrong already becomes something else, or goes."""
    who, update = world.chance.choice((by_a_stranger, in_another_chat, of_a_closed_question, of_a_closed_question))(world)
    update = copy.deepcopy(update)
    for _ in range(world.chance.randrange(1, 4)):
        node: object = update
        while isinstance(node, dict) and node:
            key = world.chance.choice(sorted(node))
            if not isinstance(node[key], dict) or world.chance.random() < 0.2:
                if world.chance.random() < 0.3:
                    del node[key]
                else:
                    node[key] = world.chance.choice(JUNK)
                break
            node = node[key]
    return who or OWNER, update


FORGERS: tuple[Forger, ...] = (
    by_a_stranger, by_a_stranger, in_another_chat, in_another_chat, in_another_shape, of_another_kind, without_a_message,
    with_a_changed_code, with_a_changed_code, from_under_another_message, of_a_closed_question, of_somebody_elses_question,
    beyond_the_role, long_ago, mutated, mutated, mutated,
)  # fmt: skip
PEOPLE = frozenset({OWNER, TRADER, GUARDIAN, VIEWER, PAPA})
QUIET = (by_a_stranger, in_another_chat)  # what may not even lead to a look at the broker's books


@dataclass
class Tally:
    """What was tried and what came of it."""

    tried: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0  # those among them that are no update for Telegram's own library, and stopped nothing
    unauthorised: int = 0  # calls that changed something at the broker
    looked: int = 0  # calls of any kind that strangers caused
    own: int = 0  # the owner's taps between them
    orders: int = 0  # what those placed
    evidence: list[str] = field(default_factory=list)  # the batches in which something was done
    handled: int = 0  # how many passed the guard and were refused behind it

    @property
    def line(self) -> Json:
        return {
            "name": "forged",
            "tried": sum(self.tried.values()),
            "kinds": dict(sorted(self.tried.items())),
            "past_the_guard": self.handled,
            "unreadable": self.unreadable,
            "unauthorised_acts": self.unauthorised,
            "looks_by_strangers": self.looked,
            "own_taps": self.own,
            "own_orders": self.orders,
            "ok": self.unauthorised == 0 and self.looked == 0 and self.own == self.orders > 0,
        }


async def forge(
    count: int, *, seed: int = 1, flaw: Callable[[Services], Services] = lambda sound: sound, own: bool = True
) -> Tally:
    """Tries so many, in batches, each batch around one living question of the owner. With own the owner taps between them."""
    tally = Tally()
    async with a_rig(seed, flaw=flaw) as rig:
        await working_orders(rig, 5)
        while sum(tally.tried.values()) < count:
            await asyncio.sleep(1)  # the looks that follow the owner's own orders are over
            token, message_id = await rig.card()
            world = World(rig, token, message_id, int(rig.clock.now().timestamp()))
            await _quiet_batch(world, tally)
            await _batch(world, tally)
            with contextlib.suppress(ConfirmationGone):  # open for a minute yet: a tap on it would be the owner's good right
                await rig.core.services.proposals.discard(await rig.actor(), token, chat_id=OWNER, message_id=message_id)
            rig.dead.append(token)
            if own:
                await _own_tap(rig, tally)
        tally.handled = (await rig.rows())["inbox"]
        tally.unreadable = rig.poller.left_out
    return tally


async def _quiet_batch(world: World, tally: Tally) -> None:
    before = sum(world.rig.broker.calls.values())
    await world.rig.feed([_forged(world, world.chance.choice(QUIET), tally) for _ in range(A_QUIET_BATCH)])
    tally.looked += sum(world.rig.broker.calls.values()) - before


async def _batch(world: World, tally: Tally) -> None:
    before, calls = world.rig.broker.acts, Counter(world.rig.broker.calls)
    room: Counter[int] = Counter()
    updates: list[Json] = []
    while len(updates) < A_BATCH:
        forger = world.chance.choice(FORGERS)
        who, update = forger(world)
        if who in PEOPLE:
            room[who] += 1
            if room[who] > FROM_EACH:  # would be refused for their number alone, which proves nothing
                forger = by_a_stranger
                _, update = forger(world)
        tally.tried[forger.__name__] += 1
        updates.append(update)
    await world.rig.feed(updates)
    acts = world.rig.broker.acts - before
    tally.unauthorised += acts
    if acts:
        told = {"token": world.token, "message_id": world.message_id, "calls": world.rig.broker.calls - calls, "updates": updates}
        tally.evidence.append(json.dumps(told))


def _forged(world: World, forger: Forger, tally: Tally) -> Json:
    tally.tried[forger.__name__] += 1
    return forger(world)[1]


async def _own_tap(rig: Rig, tally: Tally) -> None:
    """The owner's tap on a fresh question: exactly one order, or the rig would be blind."""
    await asyncio.sleep(11)  # so that it is not one message too many
    token, message_id = await rig.card()
    before = rig.broker.calls["place"]
    await rig.feed([tap(OWNER, f"c:{token}:y", message_id)])
    tally.own += 1
    tally.orders += rig.broker.calls["place"] - before
    rig.dead.append(token)
