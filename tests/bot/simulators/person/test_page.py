"""Who may speak to the page, what it is made of, what its stream tells, and the clock that it moves."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.simulators.door import POLICY
from bot.simulators.person.page import STATIC
from bot.simulators.telegram.chat.chats import Chats
from tests.bot.simulators.person.demo_page import Bot, Json, button, served


@pytest.fixture
def bot() -> Bot:
    """A chat that nobody has spoken in, at 09:00 IST on Friday 20 November 2026, standing clock."""

    class Standing:
        def now(self) -> datetime:
            return datetime(2026, 11, 20, 3, 30, tzinfo=UTC)

    chats = Chats(Standing())
    return Bot(chats, chats.person(4211, name="Asha", started=True))


# Who may speak to the page


async def test_a_foreign_name_for_this_machine_is_refused_everywhere(bot: Bot) -> None:
    foreign = ("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "[")
    paths = ("/", "/config", "/chat/events", "/person/4211/history", "/exchange/desk/state")
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        for host, path in itertools.product(foreign, paths):
            async with browser.get(path, headers={"Host": host}) as answer:
                assert answer.status == 403, (host, path)
        for host in foreign:
            async with browser.post("/chat/say", json={"text": "/kill"}, headers={"Host": host}) as answer:
                assert answer.status == 403, host
    assert bot.person.history() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
async def test_another_site_can_neither_say_nor_tap_nor_remove_nor_shift_the_clock(bot: Bot, headers: dict[str, str]) -> None:
    card = bot.send("<b>BUY</b>", [button("Confirm buy", "c:1:y")])
    acts = [("/chat/say", {"text": "hi"}), ("/chat/tap", {"message_id": card, "data": "c:1:y"})]
    acts += [("/chat/remove", {"message_id": card}), ("/clock", {"shift": 60})]
    site = {name: value for name, value in headers.items() if name != "Content-Type"}
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        for path, body in acts:
            sent = {"Content-Type": "application/json", **headers}
            async with browser.post(path, data=json.dumps(body), headers=sent) as answer:
                assert answer.status == 403, path
        if site:
            order = {"name": "RELIANCE", "side": "BUY", "quantity": 10}
            async with browser.post("/exchange/desk/orders", json=order, headers=site) as answer:
                assert answer.status == 403
        assert demo.broker.ledger.orders == {}
    assert [message["id"] for message in bot.person.history()] == [card]
    assert bot.chats.updates.pending == []
    assert demo.shifted == []


async def test_the_page_itself_may_speak_under_every_name_of_loopback_and_any_port(bot: Bot) -> None:
    names = ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        for name in names:
            host = f"{name}:9999"  # the far end of a tunnel
            headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
            async with browser.post("/chat/say", json={"text": name}, headers=headers) as answer:
                assert answer.status == 200, name
    assert [message["text"] for message in bot.person.history()] == names


async def test_a_link_on_another_site_may_lead_to_the_page_but_not_read_the_chat(bot: Bot) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    script = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        async with browser.get("/", headers=link) as answer:
            assert answer.status == 200
        async with browser.get("/config", headers=script) as answer:
            assert answer.status == 403


async def test_a_link_on_a_page_or_in_a_mail_cannot_speak_as_the_bot_nor_fetch_its_updates(bot: Bot) -> None:
    bot.person.say("/start")
    sent = {"chat_id": "4211", "text": "Yours, the bot"}
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        for site in ("cross-site", "none"):
            link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
            for method in ("sendMessage", "getUpdates", "setWebhook"):
                async with browser.get(f"/bot{demo.token}/{method}", params=sent, headers=link) as answer:
                    assert answer.status == 403
    assert [message["text"] for message in bot.person.history()] == ["/start"]
    assert len(bot.chats.updates.pending) == 1


NEVER_SENT: list[tuple[str, Any, int]] = [
    ("/chat/say", {}, 400),
    ("/chat/say", {"text": 5}, 400),
    ("/chat/say", {"text": "hi", "reply_to": "1"}, 400),
    ("/chat/say", {"text": "hi", "reply_to": 77}, 409),
    ("/chat/say", {"text": "  "}, 409),
    ("/chat/say", {"text": "x" * 4097}, 409),
    ("/chat/tap", {"data": "y"}, 400),
    ("/chat/tap", {"message_id": True, "data": "y"}, 400),
    ("/chat/tap", {"message_id": 77, "data": "y"}, 409),
    ("/chat/remove", {"message_id": 77}, 409),
    ("/clock", {"shift": -60}, 400),
    ("/clock", {"shift": 8 * 86_400}, 400),
    ("/clock", {"shift": "60"}, 400),
    ("/clock", [60], 400),
]


async def test_what_the_page_would_never_send_is_refused_in_words_and_does_nothing(bot: Bot) -> None:
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        for path, body, status in NEVER_SENT:
            async with browser.post(path, json=body) as answer:
                assert answer.status == status, (path, body)
                assert (await answer.json())["error"]
    assert bot.person.history() == []
    assert demo.shifted == []


async def test_a_body_that_is_no_json_is_refused(bot: Bot) -> None:
    headers = {"Content-Type": "application/json"}
    async with (
        served(bot) as demo,
        aiohttp.ClientSession(demo.url) as browser,
        browser.post("/chat/say", data="{", headers=headers) as answer,
    ):
        assert answer.status == 400


# What is served


async def test_every_part_of_the_page_comes_from_here_under_the_strict_policy(bot: Bot) -> None:
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        async with browser.get("/") as answer:
            page = await answer.text()
            assert answer.headers["Content-Security-Policy"] == POLICY
        named = set(re.findall(r'(?:src|href)="(/[^"#]+)"', page))
        assert {f"/static/{name}" for name in ("page.js", "page.css", "chat.css", "desk.css", "icon.svg")} == named
        for path in sorted(named | {f"/static/{each.name}" for each in STATIC.iterdir()}):
            async with browser.get(path) as answer:
                assert answer.status == 200, path
                assert answer.headers["Content-Security-Policy"] == POLICY
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_nothing_but_the_pages_own_files_can_be_fetched(bot: Bot) -> None:
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        for name in ("..%2Fpage.py", "%2e%2e/page.py", "nothing.js", "static", "..%5Cpage.py", "%00"):
            async with browser.get(URL(f"{demo.url}/static/{name}", encoded=True)) as answer:
                assert answer.status == 404, name


def test_the_pages_files_hold_no_outside_address_and_nothing_inline() -> None:
    for path in STATIC.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://[a-z0-9]", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), path.name
        # An emoji font has digits and a space of its own, and where no family before it is there it would draw them.
        assert "emoji" not in "".join(re.findall(r"--(?:sans|mono): .*|font(?:-family)?: .*", text)).lower(), path.name
    index = (STATIC / "index.html").read_text()
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", index)
    assert re.findall(r"<script\b(?![^>]*\bsrc=)", index) == []


# The stream


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[Json]:
    async for line in answer.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def test_a_stream_begins_with_the_whole_chat_and_goes_on_with_each_change(bot: Bot) -> None:
    gone = bot.send("old")
    bot.delete(gone)
    bot.chats.set_commands(("default",), [{"command": "start", "description": "Begin"}])
    async with served(bot) as demo, aiohttp.ClientSession(demo.url) as browser:
        bot.person.say("/start")
        async with browser.get("/chat/events") as answer:
            stream = events(answer)
            history = await anext(stream)
            assert history["type"] == "history"
            assert [message["text"] for message in history["messages"]] == ["/start"]
            assert history["commands"] == [{"command": "start", "description": "Begin"}]
            assert history["now"] == "2026-11-20T03:30:00+00:00"
            card = bot.send("<b>BUY</b> 10", [button("Confirm buy", "c:1:y")])
            async with browser.post("/chat/tap", json={"message_id": card, "data": "c:1:y"}) as tapped:
                assert tapped.status == 200
            await bot.hears()
            bot.answer((await bot.hears())["callback_query"], "Sending…")
            bot.edit(card, "sent")
            bot.delete(card)
            seen = [await anext(stream) for _ in range(4)]
    assert [each["type"] for each in seen] == ["message", "answer", "edit", "delete"]
    assert seen[0]["message"]["buttons"] == [[{"label": "Confirm buy", "data": "c:1:y"}]]
    assert (seen[1]["message_id"], seen[1]["data"], seen[1]["text"]) == (card, "c:1:y", "Sending…")


@pytest.mark.exhaustive
async def test_a_silent_hour_keeps_the_stream_and_the_end_of_the_server_ends_it(
    bot: Bot, loop: asyncio.AbstractEventLoop
) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_read=None)) as browser:
        async with served(bot) as demo:
            answer = await browser.get(f"{demo.url}/chat/events")
            stream = events(answer)
            await anext(stream)
            await asyncio.sleep(3600)
            bot.send("still here")
            assert (await anext(stream))["message"]["text"] == "still here"
        assert [each async for each in stream] == []


async def test_shifting_the_clock_answers_when_all_in_between_has_happened(bot: Bot, loop: asyncio.AbstractEventLoop) -> None:
    async def half_an_hour_of_work(seconds: float) -> None:
        await asyncio.sleep(seconds)
        bot.send("16:15 summary")

    patient = aiohttp.ClientTimeout(total=None)
    async with (
        served(bot, shift=half_an_hour_of_work) as demo,
        aiohttp.ClientSession(demo.url, timeout=patient) as browser,
        browser.post("/clock", json={"shift": 1800}) as answer,
    ):
        assert answer.status == 200
        assert [message["text"] for message in bot.person.history()] == ["16:15 summary"]


async def test_a_clock_that_runs_ahead_says_until_when_and_stops_where_it_has_come_to(bot: Bot) -> None:
    stopped: list[float] = []

    async def a_long_way(seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            stopped.append(seconds)
            raise

    still, ahead = "2026-11-20T03:30:00+00:00", "2026-11-20T09:30:00+00:00"
    async with served(bot, shift=a_long_way) as demo, aiohttp.ClientSession(demo.url) as browser:

        async def clock(method: str = "GET", body: Json | None = None) -> tuple[int, Json]:
            async with browser.request(method, "/clock", json=body) as answer:
                return answer.status, await answer.json()

        assert await clock() == (200, {"now": still, "until": None})
        running = asyncio.create_task(clock("POST", {"shift": 6 * 3600}))
        await asyncio.sleep(1)
        assert await clock() == (200, {"now": still, "until": ahead})
        assert await clock("POST", {"shift": 60}) == (409, {"error": "The clock runs ahead already."})
        assert await clock("DELETE") == (200, {"now": still, "until": None})
        assert (await running)[1]["until"] is None
        assert await clock("DELETE") == (200, {"now": still, "until": None}), "a clock that does not run is stopped already"
    assert stopped == [6 * 3600]


async def test_the_end_of_the_server_stops_a_clock_that_runs_ahead(bot: Bot, loop: asyncio.AbstractEventLoop) -> None:
    async with served(bot, shift=asyncio.sleep) as demo, aiohttp.ClientSession(demo.url) as browser:
        running = asyncio.create_task(browser.post("/clock", json={"shift": 6 * 3600}).__aenter__())
        await asyncio.sleep(1)
    assert loop.time() < 60
    await asyncio.gather(running, return_exceptions=True)


async def test_the_hours_are_switched_where_they_can_be_and_refused_in_words_where_not(bot: Bot) -> None:
    kept: list[str] = []
    for switch, status in ((kept.append, 200), (None, 409)):
        async with served(bot, keep_hours=switch) as demo, aiohttp.ClientSession(demo.url) as browser:
            async with browser.get("/config") as answer:
                assert (await answer.json())["hours_switch"] is (switch is not None)
            for hours, expected in (("real", status), ("sometimes", 400), (None, 400)):
                async with browser.post("/hours", json={"hours": hours}) as answer:
                    assert answer.status == expected
    assert kept == ["real"]
