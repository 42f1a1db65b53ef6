"""A slice of each attack of `make attack`, and that the counting would see what it counts."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.people.account import Actor
from bot.trading.account.accounts import Accounts
from bot.trading.services import Services
from tests.attack.flooded import Flooded
from tests.attack.forged import FORGERS, World, by_a_stranger, forge
from tests.attack.rig import LISTED, OWNER, PAPA, a_rig, tap
from tests.attack.tampered import Tampered, tamper
from tests.attack.tapped import Tapped, tap_at_once
from tests.storage.samples import ACCOUNT

A_SLICE = 3000


async def test_forged_updates_cause_no_call_that_changes_anything_at_the_broker() -> None:
    tally = await forge(A_SLICE, seed=2)
    assert tally.unauthorised == 0
    assert tally.looked == 0, "a stranger does not even cause a look at the broker's books"
    assert tally.own == tally.orders > 5, "the owner's own taps between them each placed one order"
    assert set(tally.tried) == {forger.__name__ for forger in FORGERS}
    assert tally.handled > A_SLICE / 20, "many are refused behind the guard, not by it"
    assert tally.unreadable > 5, "some cannot even be read, and the bot hears what comes after them"


class Gullible:
    """Accounts that take everybody for the owner."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accounts, name)

    async def actor(self, _: int, label: str | None = None) -> Actor | None:
        return await self._accounts.actor(OWNER, label)


class Welcoming:
    """A list on which everybody stands."""

    def __init__(self, services: Services) -> None:
        self._allowlist = services.allowlist

    def __getattr__(self, name: str) -> Any:
        return getattr(self._allowlist, name)

    def known(self, _: int) -> bool:
        return True


def gullible(services: Services) -> Services:
    return replace(services, accounts=Gullible(services.accounts), allowlist=Welcoming(services))  # type: ignore[arg-type]  # that is the flaw


def welcoming(services: Services) -> Services:
    return replace(services, allowlist=Welcoming(services))  # type: ignore[arg-type]  # that is the flaw


async def test_a_bot_that_takes_everybody_for_the_owner_is_seen_by_the_counting() -> None:
    tally = await forge(150, seed=3, flaw=gullible, own=False)
    assert tally.unauthorised + tally.looked > 0
    assert not tally.line["ok"]


@pytest.mark.exhaustive
async def test_behind_a_guard_that_lets_everybody_in_nothing_is_done_for_a_stranger_either() -> None:
    tally = await forge(600, seed=3, flaw=welcoming)
    assert (tally.unauthorised, tally.looked) == (0, 0)


@pytest.mark.exhaustive
async def test_a_flood_of_strangers_is_answered_by_nothing_and_leaves_no_row() -> None:
    async with a_rig() as rig:
        token, message_id = await rig.card()
        rig.orders.append("none")
        world = World(rig, token, message_id, int(rig.clock.now().timestamp()))
        before = await rig.rows()
        await rig.feed([by_a_stranger(world)[1] for _ in range(3000)])
        assert await rig.rows() == before
        assert {chat for chat, count in rig.wire.said.items() if count and chat not in (*LISTED, PAPA)} == set()


async def test_every_tap_ever_seen_replayed_in_another_order_places_nothing_more() -> None:
    async with a_rig(seed=9) as rig:
        seen = []
        for _ in range(15):
            token, message_id = await rig.card()
            seen.append(tap(OWNER, f"c:{token}:y", message_id))
            await rig.feed([seen[-1]])
        placed = rig.broker.calls["place"]
        assert placed == 15
        for shuffled in range(4):
            again = list(seen)
            random.Random(shuffled).shuffle(again)
            await rig.feed(again)
            assert rig.broker.calls["place"] == placed
        orders = await rig.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
        assert len(orders) == 15


def test_spoilt_secrets_never_open(tmp_path: Path) -> None:
    told = tamper(tmp_path, accounts=2, every=29)
    assert told.opened == []
    assert told.sound == 8, "untouched ones did, before and after: two accounts and two PINs"
    assert told.bits > 200
    assert told.swaps > 40


@pytest.mark.asyncio(loop_factories=["real"])
async def test_of_a_hundred_taps_at_once_one_becomes_an_order(tmp_path: Path) -> None:
    told = await tap_at_once(5, 100, tmp_path)
    assert told.line["ok"], told
    assert (told.orders, told.stored, told.told_gone) == (5, 5, 495)


def test_a_failed_attack_line_is_not_ok() -> None:
    assert not Tapped(questions=10, taps=1000, orders=11, stored=10, wrong=1).line["ok"]
    assert not Tampered(values=20, bits=10, swaps=3, opened=["one"], sound=2).line["ok"]
    calm = Flooded(
        strangers_a_second=1000, seconds=30, poured=29_000, left=0, quiet_p99_ms=10, flooded_p99_ms=19, answers=200,
        grown_mb=0.5, rows_written=0,
    )  # fmt: skip
    assert calm.ok
    assert not replace(calm, flooded_p99_ms=21).ok
    assert not replace(calm, rows_written=1).ok
    assert not replace(calm, grown_mb=50).ok
    assert not replace(calm, left=20_000).ok
