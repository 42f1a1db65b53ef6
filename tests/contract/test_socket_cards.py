"""Cards 77 to 88: the socket, its frames and its bell.

Every card has a number of its own.
"""

import asyncio
import json
import re
import struct
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.contract.bench import Bench, card

pytestmark = pytest.mark.asyncio(loop_scope="module", **({"loop_factories": ["real"]} if "--live" in sys.argv else {}))


def subscribe(mode: int, *tokens: str, action: int = 1) -> str:
    groups = [{"exchangeType": 1, "tokens": list(tokens)}]
    return json.dumps({"correlationID": "card", "action": action, "params": {"mode": mode, "tokenList": groups}})


async def first(socket: aiohttp.ClientWebSocketResponse, seconds: float = 5.0) -> aiohttp.WSMessage | None:
    try:
        return await socket.receive(timeout=seconds)
    except TimeoutError:
        return None


async def greeted(bench: Bench) -> aiohttp.ClientWebSocketResponse:
    socket = await bench.socket()
    await socket.send_str(f"LOGIN:{bench.token.reveal()}")
    return socket


@card(77, "14.2")
async def test_card_77(bench: Bench) -> None:
    """Nothing answers the login word or a subscription: the first frame is a price."""
    socket = await greeted(bench)
    assert await first(socket, 1.5) is None
    await socket.close()
    socket = await greeted(bench)
    await socket.send_str(subscribe(3, "26000"))
    message = await first(socket)
    assert message is not None
    assert message.type is aiohttp.WSMsgType.BINARY
    await socket.close()


@card(78, "14.4")
async def test_card_78(bench: Bench) -> None:
    """Packets are bare: 51, 123 and 379 bytes for the three modes, the mode in byte 0, the exchange in byte 1."""
    share = await bench.share()
    for mode, size in ((1, 51), (2, 123), (3, 379)):
        socket = await greeted(bench)
        await socket.send_str(subscribe(mode, share.token))
        message = await first(socket)
        assert message is not None
        assert len(message.data) == size
        assert (message.data[0], message.data[1]) == (mode, 1)
        assert message.data[2:27].rstrip(b"\0").decode() == share.token
        await socket.close()


@card(79, "14.4")
async def test_card_79(bench: Bench) -> None:
    """The exchange's time counts seconds since 1980 on India's wall clock."""
    share = await bench.share()
    socket = await greeted(bench)
    await socket.send_str(subscribe(1, share.token))
    message = await first(socket)
    assert message is not None
    (seconds,) = struct.unpack_from("<q", message.data, 35)
    began = 315_532_800 - 19_800  # 1980 in Unix seconds, when India's wall clock stood at midnight
    assert abs(began + seconds - bench.clock.now().timestamp()) < (7 * 86_400 if bench.live else 60)
    await socket.close()


@card(80, "14.4")
async def test_card_80(bench: Bench) -> None:
    """Depth: five bids, best first, then five asks. The sequence number is 0."""
    share = await bench.share()
    socket = await greeted(bench)
    await socket.send_str(subscribe(3, share.token))
    message = await first(socket)
    assert message is not None
    levels = [struct.unpack_from("<hqqh", message.data, 147 + 20 * at) for at in range(10)]
    bids = [price for _, _, price, _ in levels[:5] if price]
    asks = [price for _, _, price, _ in levels[5:] if price]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert struct.unpack_from("<q", message.data, 27) == (0,)
    await socket.close()


@card(81, "14.3")
async def test_card_81(bench: Bench) -> None:
    """After unsubscribing the token falls silent."""
    share = await bench.share()
    socket = await greeted(bench)
    await socket.send_str(subscribe(1, share.token))
    assert await first(socket) is not None
    await socket.send_str(subscribe(1, share.token, action=0))
    await asyncio.sleep(2)
    while (await first(socket, 0.5)) is not None:
        continue
    assert await first(socket, 6) is None
    await socket.close()


@card(82, "14.1")
async def test_card_82(bench: Bench) -> None:
    """Names in lower case are refused at the handshake. Skip: real account."""
    bench.only_paper("a refused handshake")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await bench.socket(f"api_key=x&access_token={bench.token.reveal()}")


@card(83, "14.1")
async def test_card_83(bench: Bench) -> None:
    """A token that is none is refused with 401, 403, 502 or 503. Skip: real account."""
    bench.only_paper("a refused handshake")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await bench.socket("API_KEY=x&ACCESS_TOKEN=y")
    assert refused.value.status in (401, 403, 502, 503)


@card(84, "14.2")
async def test_card_84(bench: Bench) -> None:
    """Without the login word the server hangs up within about ten seconds."""
    socket = await bench.socket()
    message = await first(socket, 15)
    assert message is not None
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING)
    await socket.close()


@card(85, "14.6")
async def test_card_85(bench: Bench) -> None:
    """An order brings frames that are no packets, without any subscription, on every socket of the account."""
    socket = await greeted(bench)
    await asyncio.sleep(0.5)
    broker_id = await bench.place(await bench.draft())
    message = await first(socket, 10)
    assert message is not None
    assert len(message.data) not in (51, 123, 379)
    text = message.data if isinstance(message.data, str) else message.data.decode()
    assert json.loads(text)["orderData"]["orderid"].strip() == broker_id
    await bench.broker.cancel(broker_id)
    await socket.close()


@card(86, "14.6")
async def test_card_86(bench: Bench) -> None:
    """The port's bell rings for an order within two seconds."""
    await asyncio.sleep(2)
    before = len(bench.ears.bells)
    broker_id = await bench.place(await bench.draft())
    await asyncio.sleep(2)
    assert len(bench.ears.bells) > before
    await bench.broker.cancel(broker_id)


@card(87, "14.3")
async def test_card_87(bench: Bench) -> None:
    """The port's feed brings exact prices with their time for what is watched, and keeps the last."""
    share = await bench.share()
    bench.feed.watch([share.key])
    for _ in range(40):
        await asyncio.sleep(0.25)
        if bench.feed.last(share.key):
            break
    tick = bench.feed.last(share.key)
    assert tick is not None
    assert tick.last > 0
    assert bench.feed.connected
    bench.feed.unwatch([share.key])


@card(88, "14.7")
async def test_card_88(bench: Bench) -> None:
    """A socket with nothing to say stays up for five minutes, and pings are answered."""
    assert bench.feed.connected
    await asyncio.sleep(300)
    assert bench.feed.connected


async def test_there_are_at_least_sixty_cards_and_each_names_its_section() -> None:
    numbered = [
        int(found)
        for path in Path(__file__).parent.glob("test_*_cards.py")
        for found in re.findall(r"^@card\((\d+), ", path.read_text(), re.MULTILINE)
    ]
    assert sorted(numbered) == list(range(1, len(numbered) + 1))
    assert len(numbered) >= 60
