"""What is made to go wrong, on both sides, by name.

Each trouble is one line, so a new one adds its line.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from storage.topics import Topic
from tests.campaign.playing.world import GUEST, World
from tests.campaign.record import Trouble

READS = ("orders", "tradebook", "positions")
AN_HOUR = 3600.0


Begin = Callable[[World, random.Random], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A misbehaviour: how it begins, how long it lasts in seconds, and how often it is drawn beside the others."""

    name: str
    side: str
    begin: Begin
    lasts: tuple[float, float] = (5.0, 30.0)
    weight: int = 2
    end: Callable[[World], None] | None = None  # None: what was armed under this name is cleared


def _armed(name: str, routes: tuple[str, ...], times: int | None, how: dict[str, Any]) -> Begin:
    def begin(world: World, _: random.Random) -> None:
        for route in routes or (None,):
            world.near.paper.broker.faults.arm(name, route=route, times=times, **how)

    return begin


def at_broker(
    name: str,
    *routes: str,
    times: int | None = 1,
    weight: int = 2,
    lasts: tuple[float, float] = (5.0, 30.0),
    **how: Any,
) -> Kind:
    """A fault of the paper broker on these routes, with its own parameters."""
    return Kind(name=name, side="broker", begin=_armed(name, routes, times, how), weight=weight, lasts=lasts)


def on_socket(name: str, *, lasts: tuple[float, float] = (5.0, 60.0), cut: bool = False, **how: Any) -> Kind:
    """Bad manners of the broker's socket. cut: the present one is dropped as they begin."""
    arm = _armed(name, (), None, how)

    def begin(world: World, chance: random.Random) -> None:
        arm(world, chance)
        if cut:
            world.near.paper.stream.drop()

    return Kind(name=name, side="socket", begin=begin, lasts=lasts)


def of_telegram(
    name: str, *methods: str, most: int = 3, weight: int = 2, seconds: float = 5.0, lasts: tuple[float, float] = (5.0, 20.0)
) -> Kind:
    def begin(world: World, chance: random.Random) -> None:
        method = chance.choice(methods or ("sendMessage",))
        world.near.chats.faults.add(name, method, times=chance.randint(1, most), seconds=seconds)

    return Kind(name=name, side="telegram", begin=begin, weight=weight, lasts=lasts, end=_telegram_well)


def _telegram_well(world: World) -> None:
    world.near.chats.faults.clear()


def _down(world: World, _: random.Random) -> None:
    world.near.chats.faults.down = True


BOOKS_AWAY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("connection_dropped", {}),
    ("gateway_502", {}),
    ("html_page", {}),
    ("error_instead", {"status": 503}),
)


def _books_away(world: World, chance: random.Random) -> None:
    fault, how = chance.choice(BOOKS_AWAY)
    for route in READS:
        world.near.paper.broker.faults.arm(fault, route=route, times=None, **how)


def _books_back(world: World) -> None:
    for name, _ in BOOKS_AWAY:
        world.near.paper.broker.faults.clear(name)


def _looks_slow(world: World, _: random.Random) -> None:
    for route in ("margin", "quote"):
        world.near.paper.broker.faults.arm("request_late", route=route, times=None, seconds=2.5)


def _looks_quick(world: World) -> None:
    world.near.paper.broker.faults.clear("request_late")


def _drop(world: World, _: random.Random) -> None:
    world.near.paper.stream.drop()


def _session_over(world: World, _: random.Random) -> None:
    broker_ = world.near.paper.broker
    broker_.sessions.end_all(next(iter(broker_.ledger.accounts)), world.clock.now())


def _other_login(world: World, chance: random.Random) -> None:
    """Now, in a moment, or between a step of ours and the next: between a claim and its POST too."""
    moment = chance.choice((None, 0.5, Topic.SENDING, Topic.SENDING, Topic.ORDERS, Topic.QUESTIONS))
    if moment is None:
        world.other_login()
    elif isinstance(moment, Topic):
        world.at_commit(moment, 1, world.other_login)
    else:
        world.loop.call_later(chance.uniform(0.0, moment), world.other_login)


def _blocks(world: World, _: random.Random) -> None:
    world.guest.block(blocked=True)


def _unblocks(world: World) -> None:
    world.guest.block(blocked=False)
    world.guest.say("/session")


def _stepped(world: World, chance: random.Random) -> None:
    world.host_clock.step(chance.choice((-7200.0, -120.0, -20.0, 20.0, 120.0, 7200.0)))


PARTS: dict[str, Any] = {"parts": 3, "seconds": 2.0}

# Struck by the order that is confirmed next.
ORDERS: tuple[Kind, ...] = (
    at_broker("answer_lost", "place"),
    at_broker("error_although_done", "place", status=502, body="html"),
    at_broker("error_although_done", "place", status=400, body="json", weight=1),
    at_broker("answer_truncated", "place", weight=1),
    at_broker("answer_empty", "place", weight=1),
    at_broker("answer_late", "place", seconds=30.0, weight=1),
    at_broker("connection_dropped", "place", weight=1),
    at_broker("error_instead", "place", weight=1),
    at_broker("order_rejected", "place", reason="funds"),
    at_broker("rejected_later", "place"),
    at_broker("fill_in_parts", "place", weight=4, **PARTS),
    at_broker("fill_in_parts", "place", weight=2, parts=4, seconds=0.7),
    at_broker("part_then_cancelled", "place", **PARTS),
    at_broker("part_then_rejected", "place", **PARTS),
    at_broker("part_then_expired", "place", **PARTS),
    at_broker("fill_late", "place", seconds=10.0),
    at_broker("token_expired", "place", weight=1),
    at_broker("place_as_object", "place", weight=1),
    at_broker("place_in_mock_form", "place", weight=1),
    at_broker("success_called_false", "place", weight=1),
)

# Last for a while, whatever is done meanwhile.
WEATHER: tuple[Kind, ...] = (
    at_broker("book_late", "orders", seconds=8.0, times=None),
    at_broker("changes_late", "orders", seconds=6.0, times=None),
    at_broker("rows_dropped", *READS, percent=30, times=None),
    at_broker("rows_shuffled", *READS, times=None),
    at_broker("book_empty", "orders", times=2),
    at_broker("book_shrinks", "orders", times=2, weight=1),
    at_broker("trades_late", "tradebook", seconds=8.0, times=None),
    at_broker("rate_limited", "orders", times=3),
    at_broker("cancel_not_final", "cancel"),
    at_broker("answer_lost", "cancel", weight=1),
    Kind(name="looks_slow", side="broker", begin=_looks_slow, end=_looks_quick, lasts=(10.0, 30.0)),
    Kind(name="books_away", side="broker", begin=_books_away, end=_books_back, lasts=(25.0, 60.0), weight=3),
    Kind(name="session_ended", side="broker", begin=_session_over, lasts=(1.0, 2.0)),
    Kind(name="login_elsewhere", side="broker", begin=_other_login, lasts=(1.0, 2.0), weight=3),
    Kind(name="socket_dropped", side="socket", begin=_drop, lasts=(0.5, 1.0), weight=3),
    on_socket("socket_refused", cut=True, lasts=(30.0, 60.0)),
    on_socket("socket_cut_at_order"),
    on_socket("socket_mute"),
    on_socket("socket_half_open"),
    on_socket("order_frames_lost"),
    on_socket("order_frames_late", seconds=5.0),
    on_socket("frames_doubled"),
    on_socket("frames_reordered"),
    on_socket("frames_framed"),
    on_socket("order_frames_binary"),
    on_socket("frames_garbled"),
    on_socket("ticks_stalled"),
    of_telegram("flood", weight=3),
    of_telegram("flood", "editMessageText", weight=1),
    of_telegram("chat_not_found"),
    of_telegram("blocked"),
    of_telegram("server_error", "sendMessage", "editMessageText"),
    of_telegram("bad_gateway", "sendMessage", "editMessageText"),
    of_telegram("dropped", "sendMessage", "editMessageText", ""),
    of_telegram("lost_answer", "sendMessage", "editMessageText", weight=4),
    of_telegram("hanging", "sendMessage", most=1, weight=4, lasts=(15.0, 20.0)),
    of_telegram("slow", "sendMessage", most=2),
    Kind(name="telegram_down", side="telegram", begin=_down, end=_telegram_well, lasts=(20.0, 120.0), weight=4),
    Kind(name="telegram_down_for_an_hour", side="telegram", begin=_down, end=_telegram_well, lasts=(AN_HOUR, AN_HOUR), weight=1),
    Kind(name="guest_blocks", side="telegram", begin=_blocks, end=_unblocks, lasts=(10.0, 40.0)),
)

STEP = Kind(name="clock_stepped", side="clock", begin=_stepped, lasts=(0.0, 0.0))


@dataclass
class Troubles:
    """Those that are under way, and when each ends."""

    world: World
    chance: random.Random
    _running: list[tuple[Kind, Trouble, float]] = field(default_factory=list)

    def begin(self, kind: Kind) -> None:
        """Starts one, unless one of that name is under way."""
        if any(other.name == kind.name for other, *_ in self._running):
            return
        chat = GUEST if kind.name == "guest_blocks" else None
        trouble = self.world.trouble(kind.name, kind.side, chat=chat)
        kind.begin(self.world, self.chance)
        self._running.append((kind, trouble, self.world.loop.time() + self.chance.uniform(*kind.lasts)))

    def over(self, *, all_of_them: bool = False) -> None:
        """Ends those whose time has come."""
        now = self.world.loop.time()
        for entry in list(self._running):
            kind, trouble, until = entry
            if now < until and not all_of_them:
                continue
            self._running.remove(entry)
            if kind.end is not None:
                kind.end(self.world)
            elif kind.side in ("broker", "socket"):
                self.world.near.paper.broker.faults.clear(kind.name)
            trouble.ended = now

    def longest(self) -> float:
        """Seconds until the last of them ends."""
        return max((until - self.world.loop.time() for *_, until in self._running), default=0.0)


def drawn(kinds: tuple[Kind, ...], chance: random.Random) -> Kind:
    return chance.choices(kinds, [kind.weight for kind in kinds])[0]
