"""The wire itself: each request begins once, whatever the library would repeat, and a line is kept and let go as it must."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from bot.broker.road import CONNECT, MOST, Road
from bot.broker.transport import tls_context
from bot.simulators.loop import VirtualLoop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Server:
    """Answers as many requests of a line as it is told, reads one more, and cuts the line without a word."""

    answers: int
    address: str = ""
    asked: list[bytes] = field(default_factory=list)
    lines: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
            self.asked.append(head.partition(b" ")[0] + b" " + body)
            if len(self.asked) > self.answers:
                break
            writer.write(ANSWER)
        writer.close()


@asynccontextmanager
async def a_server(answers: int) -> AsyncIterator[tuple[Server, Road]]:
    server = Server(answers)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/openapi/x"
    road = Road(tls_context())
    try:
        yield server, road
    finally:
        await road.aclose()
        listening.close()
        await listening.wait_closed()


async def ask(road: Road, server: Server, method: str, body: bytes | None = None) -> bytes:
    answer = await road.handle_async_request(httpx.Request(method, server.address, content=body))
    return await answer.aread()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("before", [0, 1])
async def test_a_request_whose_line_breaks_is_not_sent_again_whatever_its_method(method: str, before: int) -> None:
    """A change and a cancel, too, may have been carried out by then."""
    async with a_server(answers=before) as (server, road):
        for _ in range(before):
            await ask(road, server, "GET")  # so that the line is one that was kept
        with pytest.raises(httpx.TransportError) as broken:
            await ask(road, server, method, b'{"orderid":"1"}')
        assert not isinstance(broken.value, httpx.ConnectError | httpx.ConnectTimeout), "a byte has left"
        assert len(server.asked) == before + 1
        assert server.asked[-1].split(b" ", 1) == [method.encode(), b'{"orderid":"1"}']


async def test_a_line_is_used_again_and_one_that_was_closed_is_not() -> None:
    async with a_server(answers=2) as (server, road):
        assert [await ask(road, server, "GET") for _ in range(2)] == [b"{}", b"{}"]
        assert server.lines == 1
        with pytest.raises(httpx.TransportError):
            await ask(road, server, "GET")
        server.answers = 9
        assert await ask(road, server, "POST", b"{}") == b"{}"
        assert server.lines == 2


async def test_an_answer_that_is_left_before_its_end_takes_its_line_with_it() -> None:
    async with a_server(answers=9) as (server, road):
        answer = await road.handle_async_request(httpx.Request("GET", server.address))
        await answer.aclose()
        assert await ask(road, server, "GET") == b"{}"


async def test_a_request_that_finds_no_free_line_in_time_was_not_sent(loop: VirtualLoop) -> None:
    heads: list[bytes] = []
    over = asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        await over.wait()
        writer.close()

    listening = await asyncio.start_server(never, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/openapi/x"
    road = Road(tls_context())
    slow = [asyncio.create_task(road.handle_async_request(httpx.Request("POST", address))) for _ in range(MOST)]
    await asyncio.sleep(1)
    began = loop.time()
    with pytest.raises(httpx.ConnectTimeout):
        await road.handle_async_request(httpx.Request("DELETE", address))
    assert loop.time() - began <= CONNECT + 1
    assert len(heads) == MOST
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    await road.aclose()
    over.set()
    listening.close()
    await listening.wait_closed()
    await asyncio.sleep(1)
