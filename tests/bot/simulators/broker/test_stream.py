"""The socket: login word, snapshots, the beat, order frames, and how it ends."""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.simulators.broker.market.frames import wall_seconds
from bot.simulators.loop import LoopClock
from tests.bot.simulators.broker.wire import ACCOUNT, STILL, Wire, broker, heard


def subscription(mode: int = 3, action: int = 1, **groups: list[str]) -> dict[str, Any]:
    codes = {"nse": 1, "nfo": 2, "bse": 3, "bfo": 4}
    lists = [{"exchangeType": codes[name], "tokens": tokens} for name, tokens in groups.items()]
    return {"correlationID": "x", "action": action, "params": {"mode": mode, "tokenList": lists}}


def orders_in(frames: list[Any]) -> list[tuple[str, str]]:
    texts = [json.loads(frame) for frame in frames if isinstance(frame, str)]
    return [(text["order_status"], text["orderData"]["status"]) for text in texts]


async def test_subscriptions_answer_with_a_snapshot_at_once_and_then_a_beat(wire: Wire) -> None:
    async with wire.socket() as socket:
        await socket.send_json(subscription(3, nse=["2885", "2885", "26000"]))
        first = await heard(socket, 0.1)
        assert [len(frame) for frame in first] == [379, 379]
        rest = await heard(socket, 6.1)
        assert len(rest) == 8  # two tokens, four beats of 1.5 s
        mode, code, token, sequence, at, ltp = struct.unpack("<BB25sqqq", bytes(first[0])[:51])
        assert (mode, code, token.rstrip(b"\0"), sequence, ltp) == (3, 1, b"2885", 0, 148030)
        assert abs(at - wall_seconds(wire.clock.now())) < 15


async def test_modes_and_segments_of_one_socket_may_differ_and_unsubscribing_ends_them(wire: Wire) -> None:
    option = wire.running.broker.named("NFO", "NIFTY26NOV24500CE")
    assert option is not None
    async with wire.socket() as socket:
        await socket.send_json(subscription(1, nse=["2885"], bse=["500325", "51"]))
        await socket.send_json(subscription(2, nfo=[option.token]))
        assert sorted(len(frame) for frame in await heard(socket, 0.2)) == [51, 51, 51, 123]
        await socket.send_json(subscription(1, 0, nse=["2885"], bse=["500325", "51"]))
        await asyncio.sleep(0.1)
        assert {len(frame) for frame in await heard(socket, 3)} == {123}


async def test_nothing_is_answered_to_login_and_unreadable_frames_are_ignored(wire: Wire) -> None:
    async with wire.socket() as socket:
        for nonsense in (
            "{",
            "[]",
            '{"action":1}',
            '{"action":1,"params":{"mode":9,"tokenList":[{"exchangeType":"x","tokens":1}]}}',
        ):
            await socket.send_str(nonsense)
        await socket.send_json(subscription(1, nse=["999999"]))
        assert await heard(socket, 5) == []
        assert not socket.closed


@pytest.mark.parametrize("word", ["LOGIN:wrong", "login", None])
async def test_without_the_right_login_the_server_closes_with_1000(wire: Wire, word: str | None) -> None:
    async with wire.socket(login=False) as socket:
        if word is not None:
            await socket.send_str(word)
        message = await socket.receive()
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, 1000)


@pytest.mark.parametrize("spoil", ["token", "key", "case"])
async def test_handshake_without_good_credentials_is_refused(wire: Wire, spoil: str) -> None:
    params = {"API_KEY": wire.account.api_key, "ACCESS_TOKEN": wire.token}
    params = {"token": params | {"ACCESS_TOKEN": "x"}, "key": params | {"API_KEY": "x"},
              "case": {k.lower(): v for k, v in params.items()}}[spoil]  # fmt: skip
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await wire.http.ws_connect(wire.running.ws_url, params=params)
    assert refused.value.status == 401


async def test_a_plus_in_the_key_may_arrive_as_a_blank(clock: LoopClock) -> None:
    settings = replace(STILL, accounts=(replace(ACCOUNT, api_key="a+b/c=="),))
    async with broker(clock, settings) as wire:
        await wire.login()
        for spelled in ("a%2Bb%2Fc%3D%3D", "a+b/c==", "a%20b/c=="):
            url = URL(f"{wire.running.ws_url}?ACCESS_TOKEN={wire.token}&API_KEY={spelled}", encoded=True)
            async with wire.http.ws_connect(url) as socket:
                assert not socket.closed


async def test_a_filled_order_sends_three_growing_text_frames_unasked(wire: Wire) -> None:
    async with wire.socket() as socket:
        await asyncio.sleep(0.1)
        await wire.place()
        frames = await heard(socket, 1)
    assert orders_in(frames) == [("order", "Transit"), ("order", "Pending"), ("trade", "Traded")]
    assert [len(frame) for frame in frames] == sorted(len(frame) for frame in frames)
    data = json.loads(frames[-1])["orderData"]
    assert (data["ordertag"], data["filledshares"], data["price"], data["fillid"]) == ("test", "10", 0, "")


async def test_an_order_from_the_app_is_told_to_the_socket_too(wire: Wire) -> None:
    async with wire.socket() as socket:
        await asyncio.sleep(0.1)
        await wire.desk("POST", "/orders", {"name": "ITC", "side": "SELL", "quantity": 5})
        frames = await heard(socket, 1)
    assert [status for _, status in orders_in(frames)] == ["Transit", "Pending", "Traded"]
    assert json.loads(frames[0])["orderData"]["ordertag"] == "NA"


async def test_before_the_login_word_no_order_is_told(wire: Wire) -> None:
    async with wire.socket(login=False) as socket:
        await wire.place()
        assert await heard(socket, 3) == []


async def test_socket_is_closed_at_midnight(wire: Wire) -> None:
    async with wire.socket() as socket:
        async with asyncio.timeout(16 * 3600):
            message = await socket.receive()
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, 1000)
        assert wire.clock.now().hour == 18  # 00:00 IST


async def test_manners_of_the_socket_can_be_spoiled_by_name(wire: Wire) -> None:
    faults = wire.running.broker.faults
    async with wire.socket() as socket:
        await socket.send_json(subscription(1, nse=["2885", "1594"]))
        await heard(socket, 0.1)

        async def with_fault(name: str, seconds: float = 1.6, **params: object) -> list[Any]:
            faults.clear()
            faults.arm(name, **params)  # type: ignore[arg-type]  # parameters by name, as the desk passes them
            return await heard(socket, seconds)

        assert await with_fault("socket_mute", 5) == []
        assert await with_fault("socket_half_open", 5) == []
        assert await with_fault("ticks_stalled", 5) == []
        assert [len(f) for f in await with_fault("frames_doubled")] == [51] * 4
        assert [len(f) for f in await with_fault("frames_framed")] == [4 + 2 * 51]
        assert [len(f) for f in await with_fault("frames_garbled")] == [77, 51, 77, 51]
        faults.clear()
        faults.arm("frames_reordered")
        await wire.place()
        frames = [f for f in await heard(socket, 1.4) if isinstance(f, str)]
        assert [status for _, status in orders_in(frames)] == ["Traded", "Pending", "Transit"]
        faults.clear()
        faults.arm("order_frames_binary")
        await wire.place()
        assert any(isinstance(f, bytes) and f.startswith(b"{") for f in await heard(socket, 1))
        faults.clear()
        faults.arm("order_frames_lost")
        await wire.place()
        assert all(len(f) == 51 for f in await heard(socket, 2))
        assert {len(f) for f in await with_fault("heartbeats")} == {2, 51}
        faults.clear()
        faults.arm("order_frames_late", seconds=5.0)
        await wire.place()
        assert not orders_in([f for f in await heard(socket, 4) if isinstance(f, str)])
        assert orders_in([f for f in await heard(socket, 20) if isinstance(f, str)])[-1] == ("trade", "Traded")
        faults.clear()
        faults.arm("socket_cut_at_order")
        await wire.place()
        assert not [f for f in await heard(socket, 5) if isinstance(f, str)]
        assert socket.closed


async def test_pings_are_answered_also_before_the_login_word_but_not_by_an_end_that_is_gone(wire: Wire) -> None:
    async with wire.socket(login=False) as socket, asyncio.timeout(5):
        await socket.ping(b"early")
        await socket.send_str(f"LOGIN:{wire.token}")
        await socket.send_json(subscription(1, nse=["2885"]))
        assert len(await heard(socket, 0.5)) == 1
    params = {"API_KEY": wire.account.api_key, "ACCESS_TOKEN": wire.token}
    async with wire.http.ws_connect(wire.running.ws_url, params=params, autoping=False) as socket:
        await socket.ping(b"first")
        await socket.send_str(f"LOGIN:{wire.token}")
        await socket.ping(b"second")
        assert [(await socket.receive()).data for _ in range(2)] == [b"first", b"second"]
        wire.running.broker.faults.arm("socket_half_open")
        await socket.ping(b"third")
        await wire.place()
        assert await heard(socket, 5) == []
        wire.running.broker.faults.clear()
        await socket.ping(b"fourth")
        assert (await socket.receive()).data == b"fourth"


async def test_order_frames_may_be_lost_now_and_then(wire: Wire) -> None:
    wire.running.broker.faults.arm("order_frames_lost", percent=50)
    async with wire.socket() as socket:
        await asyncio.sleep(0.1)
        for _ in range(20):
            await wire.filled(quantity=1)
        frames = orders_in(await heard(socket, 1))
    assert 15 < len(frames) < 45
    assert len(set(frames)) == 3


async def test_a_stale_first_snapshot_carries_its_old_time(wire: Wire) -> None:
    wire.running.broker.faults.arm("snapshot_stale", seconds=39)
    async with wire.socket() as socket:
        await socket.send_json(subscription(1, nse=["2885"]))
        first, second = await heard(socket, 1.7)
    at = [struct.unpack_from("<q", bytes(frame), 35)[0] for frame in (first, second)]
    assert at[1] - at[0] >= 39


async def test_dropped_sockets_end_without_a_goodbye_and_a_refused_handshake_says_so_once(wire: Wire) -> None:
    async with wire.socket() as socket:
        await asyncio.sleep(0.1)
        assert (await wire.desk("POST", "/sockets/drop"))["dropped"] == 1
        message = await socket.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert socket.close_code != 1000
    wire.running.broker.faults.arm("socket_refused", status=503)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await wire.http.ws_connect(wire.running.ws_url, params={"API_KEY": wire.account.api_key, "ACCESS_TOKEN": wire.token})
    assert refused.value.status == 503
    async with wire.socket() as again:
        assert not again.closed
