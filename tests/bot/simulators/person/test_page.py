"""The page in the browser: who may speak to it, what its stream tells, and the whole of it in a real Chromium."""

import asyncio
import base64
import itertools
import json
import random
import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, async_playwright, expect
from playwright.async_api import Page as Tab
from yarl import URL

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.server import PARTS, build_app
from bot.simulators.broker.settings import PaperSettings
from bot.simulators.door import POLICY, listening
from bot.simulators.loop import LoopClock
from bot.simulators.person.page import STATIC, Page
from bot.simulators.telegram.bot_api.server import DemoServer, new_token
from bot.simulators.telegram.chat import entities
from bot.simulators.telegram.chat.chats import Chats, Person

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is found on this machine")
# One loop for all of them, so that one browser can serve them.
in_real_time = pytest.mark.asyncio(loop_scope="module", loop_factories=["real"])

Json = dict[str, Any]
Shift = Callable[[float], Coroutine[Any, Any, None]]
ONE_PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
# How many lines of text an element shows.
LINES = """node => {
    const style = getComputedStyle(node);
    return Math.round((node.clientHeight - 2 * parseFloat(style.paddingTop)) / parseFloat(style.lineHeight));
}"""
CARD = "BUY 10 RELIANCE          PAPER\nDelivery (CNC) · NSE · main\n\nMarket     (max 1,487.70)\nValue        14,877.00"


class Bot:
    """Stands for the bot at the other end of the chat: sends, edits, deletes and answers as it is told."""

    def __init__(self, chats: Chats, person: Person) -> None:
        self.chats = chats
        self.person = person

    def send(self, html: str, *rows: list[Json], silent: bool = False, reply_to: int | None = None) -> int:
        text, found = entities.finish(*entities.parse(html))
        message = self.chats.new_message(
            self.person.private,
            self.chats.bot,
            text=text,
            entities=found,
            rows=list(rows),
            silent=silent,
            reply_to=reply_to,
        )
        return self.chats.send(self.person.private, message).id

    def edit(self, message_id: int, html: str, *rows: list[Json]) -> None:
        message = self.person.private.present(message_id)
        assert message is not None
        message.text, message.entities = entities.finish(*entities.parse(html))
        message.rows = list(rows)
        self.chats.touch(message)
        self.chats.amend(self.person.private, message)

    def delete(self, message_id: int) -> None:
        self.chats.erase(self.person.private, message_id)

    def answer(self, query: Json, text: str = "", *, alert: bool = False) -> None:
        self.chats.answer(query["id"], text=text, alert=alert, url=None)

    async def hears(self) -> Json:
        """The next update. Earlier ones are confirmed."""
        update, *_ = await self.chats.updates.poll(offset=self._offset, timeout=10)
        self._offset = update["update_id"] + 1
        return update

    _offset = 0


def button(label: str, data: str) -> Json:
    return {"text": label, "callback_data": data}


@dataclass
class Demo:
    """A page that is served, and the bot behind it."""

    url: str
    token: str
    bot: Bot
    broker: PaperBroker
    shifted: list[float] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return self.bot.person


@asynccontextmanager
async def served(
    bot: Bot, *, port: int = 0, shift: Shift | None = None, keep_hours: Callable[[str], None] | None = None
) -> AsyncIterator[Demo]:
    """The page with the paper exchange beside it, whose prices stand still."""
    exchange = build_app(PaperSettings(walk=0), clock=bot.chats.clock, rng=random.Random(1))
    token = new_token(random.Random(1))
    demo = Demo(url="", token=token, bot=bot, broker=exchange[PARTS].broker)

    async def note(seconds: float) -> None:
        demo.shifted.append(seconds)

    app = DemoServer(bot.chats, token=token).application()
    app.add_subapp("/exchange", exchange)
    Page(person=bot.person, desk="/exchange/desk", shift=shift or note, keep_hours=keep_hours).add_to(app)
    async with listening(app, port=port, pages=frozenset({"/"})) as demo.url:
        yield demo


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


# In the browser


@dataclass
class Seen:
    """A tab on the page, and what its browser complained of or asked for."""

    tab: Tab
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def row(self, text: str) -> Locator:
        """The message that holds this text."""
        return self.tab.locator("li.row", has_text=text)

    async def types(self, text: str) -> None:
        await self.tab.get_by_label("Message", exact=True).fill(text)
        await self.tab.keyboard.press("Enter")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium. Each test has a profile of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(
    chromium: Browser, demo: Demo, *, width: int = 390, height: int = 844, dark: bool = False
) -> AsyncIterator[Seen]:
    """A fresh visitor on the page. Afterwards nothing was complained of and nobody else was asked."""
    tab = await chromium.new_page(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    seen = Seen(tab)
    tab.set_default_timeout(5000)
    tab.on("console", lambda said: seen.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
    tab.on("request", lambda request: seen.asked.append(request.url))
    try:
        await tab.goto(demo.url)
        await expect(tab.locator("#presence")).to_have_text("bot")
        yield seen
    finally:
        await tab.close()
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(f"{demo.url}/")] == []


@pytest_asyncio.fixture(loop_scope="module")
async def talking() -> Bot:
    """A chat whose time runs."""
    chats = Chats(LoopClock(asyncio.get_running_loop(), datetime(2026, 11, 20, 3, 30, tzinfo=UTC)))
    chats.set_commands(
        ("default",),
        [{"command": name, "description": f"About {name}"} for name in ("start", "login", "buy", "positions", "kill")],
    )
    return Bot(chats, chats.person(4211, name="Asha", started=True))


def artifact(name: str, tmp_path: Path) -> Path:
    """Where a screenshot is kept: with CI's artifacts where it collects them, else with the test's own files."""
    folder = Path("artifacts")
    return (folder if folder.is_dir() else tmp_path) / name


def content(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_a_visitor_is_led_from_hello_to_a_filled_order(chromium: Browser, talking: Bot, tmp_path: Path) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo, width=1280, height=900) as seen:
        tab = seen.tab
        await expect(tab.get_by_text("What can this bot do?")).to_be_visible()
        guide = tab.locator("#guide")
        await expect(guide).to_contain_text("1/15")
        await guide.get_by_role("button", name="/start").click()
        assert (await bot.hears())["message"]["text"] == "/start"
        await expect(tab.locator("li.row.out .meta .ticks")).to_have_attribute("data-read", "no")
        bot.chats.act(bot.person.private, "typing")
        await expect(tab.locator("#presence")).to_have_text("typing")
        bot.send("Good morning. Try /login.")
        await expect(seen.row("Good morning")).to_be_visible()
        await expect(tab.locator("#presence")).to_have_text("bot")
        await expect(tab.locator("li.row.out .meta .ticks")).to_have_attribute("data-read", "yes")
        await expect(tab.locator("#rung-count")).to_have_text("1")
        await expect(tab.get_by_text("What can this bot do?")).to_be_hidden()

        await seen.row("Good morning").get_by_role("button", name="/login").click()
        assert (await bot.hears())["message"]["text"] == "/login"
        bot.send("Logged in until midnight.", silent=True)
        await expect(seen.row("Logged in").locator(".meta .hushed")).to_be_visible()
        await expect(tab.locator("#rung-count")).to_have_text("1")

        # Words with arguments are laid into the box, to be sent by the person.
        await guide.get_by_role("button", name="/buy RELIANCE 10").click()
        await expect(tab.get_by_label("Message", exact=True)).to_have_value("/buy RELIANCE 10")
        await tab.keyboard.press("Enter")
        assert (await bot.hears())["message"]["text"] == "/buy RELIANCE 10"
        card = bot.send(
            f"<pre>{CARD}</pre>",
            [button("Confirm buy", "c:1:y")],
            [button("Change", "c:1:c"), button("Discard", "c:1:n")],
        )
        await expect(guide).to_contain_text("tap Confirm")
        confirm = tab.get_by_role("button", name="Confirm buy")
        await confirm.click()
        await expect(confirm).to_have_attribute("aria-busy", "true")
        await confirm.click()  # an impatient second tap stays on the phone
        query = (await bot.hears())["callback_query"]
        assert (query["data"], query["message"]["message_id"]) == ("c:1:y", card)
        bot.answer(query, "Sending…")
        await expect(confirm).to_have_attribute("aria-busy", "false")
        await expect(tab.locator("#toast")).to_have_text("Sending…")
        assert len(bot.chats.updates.pending) == 1  # the one just heard, confirmed by the next look

        bot.edit(card, "#12 BUY 10 RELIANCE · open at 1,487.70", [button("Modify", "m"), button("Cancel", "x")])
        row = tab.locator(f'li.row[data-id="{card}"]')
        await expect(row).to_contain_text("open at 1,487.70")
        await expect(row.locator(".bubble")).to_have_class(re.compile("changed"))
        await expect(row.locator(".meta")).to_contain_text("edited")
        await expect(confirm).to_have_count(0)
        await expect(tab.locator("#rung-count")).to_have_text("2")  # Telegram does not ring for edits

        bot.send("<b>Filled</b> #12 BUY 10 RELIANCE, avg 1,480.30 · PAPER", reply_to=card)
        await expect(tab.locator("#rung-count")).to_have_text("3")
        quote = seen.row("Filled").locator(".answer")
        await expect(quote).to_contain_text("#12 BUY 10 RELIANCE · open at")
        await quote.click()
        await expect(row).to_be_focused()
        await expect(guide).to_contain_text("/positions")
        await tab.screenshot(path=artifact("demo-1280.png", tmp_path))


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_what_a_message_holds_stays_words_and_opens_nothing(chromium: Browser, talking: Bot) -> None:
    bot = talking
    hostile = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script> & M&M'
    async with served(bot) as demo, opened(chromium, demo) as seen:
        bot.person.say(hostile)
        place = bot.person.private
        raw = bot.chats.new_message(
            place,
            bot.chats.bot,
            text="link code 🟢 bold",
            entities=[
                {"type": "text_link", "offset": 0, "length": 4, "url": "javascript:window.pwned=1"},
                {"type": "code", "offset": 5, "length": 9},
                {"type": "bold", "offset": 10, "length": 400},
                {"type": "no_such_thing", "offset": 2, "length": 1},
                {"type": "pre", "offset": 900, "length": 5},
            ],
            rows=[[{"text": "Go", "url": "javascript:window.pwned=1"}, button("<b>M&M</b>", "</x>\"'\\ 1")]],
        )
        bot.chats.send(place, raw)
        row = seen.tab.locator(f'li.row[data-id="{raw.id}"]')
        await expect(seen.row("M&M").first).to_contain_text(hostile)
        await expect(row.locator(".words")).to_contain_text("link code 🟢 bold")
        assert await seen.tab.locator("#messages img, #messages script, #messages a[href^=javascript]").count() == 0
        await expect(row.get_by_role("button", name="Go")).to_be_disabled()
        await row.get_by_role("button", name="<b>M&M</b>").click()
        await bot.hears()
        query = (await bot.hears())["callback_query"]
        assert query["data"] == "</x>\"'\\ 1"
        bot.answer(query, "<b>no</b> market order on M&M", alert=True)
        await expect(seen.tab.get_by_role("dialog")).to_contain_text("<b>no</b> market order on M&M")
        await seen.tab.keyboard.press("Enter")
        await expect(seen.tab.get_by_role("dialog")).to_have_count(0)
        assert await seen.tab.evaluate("window.pwned") is None


@pytest.mark.exhaustive
@in_chromium
@in_real_time
@pytest.mark.parametrize("width", [390, 320])
async def test_thirty_characters_fit_a_narrow_phone_and_nothing_scrolls_sideways(
    chromium: Browser, talking: Bot, tmp_path: Path, width: int
) -> None:
    bot = talking
    ruler = "123456789012345678901234567890\nNet                +423.95 🟢\nx"
    bot.send(f"<pre>{ruler}</pre>", [button("Refresh", "f"), button("Exit…", "e"), button("P&L", "p")])
    bot.send("Late <blockquote expandable>" + "STT 268 · NSE 71 · brokerage 55 · stamp 28. " * 9 + "</blockquote>")
    bot.send("https://example.com/" + "a" * 300)
    async with served(bot) as demo, opened(chromium, demo, width=width, dark=width == 390) as seen:
        assert await seen.tab.locator("pre").evaluate(LINES) == 3
        for what in ("document.documentElement", "document.querySelector('#log')", "document.querySelector('pre')"):
            assert await seen.tab.evaluate(f"{what}.scrollWidth <= {what}.clientWidth"), what
        quote = seen.tab.locator(".quote-body")
        folded = await quote.evaluate("node => node.clientHeight")
        await seen.tab.get_by_role("button", name="Show all").click()
        assert await quote.evaluate("node => node.clientHeight") > folded
        desk = seen.tab.get_by_role("complementary", name="Exchange control desk")
        await expect(desk).to_be_hidden()
        await seen.tab.get_by_role("button", name="Exchange control desk").click()
        await expect(desk).to_be_visible()
        await seen.tab.screenshot(path=artifact(f"demo-desk-{width}.png", tmp_path))
        await seen.tab.keyboard.press("Escape")
        await expect(desk).to_be_hidden()
        await expect(seen.tab.get_by_role("button", name="Exchange control desk")).to_be_focused()
        await seen.tab.screenshot(path=artifact(f"demo-{width}.png", tmp_path))


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_all_of_it_can_be_done_at_the_keyboard(chromium: Browser, talking: Bot) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo) as seen:
        tab, keys = seen.tab, seen.tab.keyboard
        box = tab.get_by_label("Message", exact=True)
        await keys.type("/po")  # no click before: letters find the box by themselves
        await expect(tab.locator("#commands").get_by_role("option")).to_have_text(["/positionsAbout positions"])
        await keys.press("Tab")
        await expect(box).to_have_value("/positions ")
        await keys.press("Enter")
        assert (await bot.hears())["message"]["text"] == "/positions"
        await keys.type("/")
        await expect(tab.locator("#commands").get_by_role("option")).to_have_count(5)
        await keys.press("ArrowDown")
        await keys.press("ArrowDown")
        await keys.press("Enter")
        assert (await bot.hears())["message"]["text"] == "/login"
        await expect(box).to_have_value("")
        await keys.type("two")
        await keys.press("Shift+Enter")
        await keys.type("lines")
        await keys.press("Enter")
        assert (await bot.hears())["message"]["text"] == "two\nlines"
        await keys.press("ArrowUp")
        await keys.press("Home")
        await keys.press("ArrowUp")
        await expect(box).to_have_value("/login")
        await keys.press("ArrowDown")
        await expect(box).to_have_value("two\nlines")
        await box.fill("")

        # From the box back into the log, up to the card, and its menu.
        bot.send("A card", [button("Confirm buy", "y")])
        await expect(seen.row("A card")).to_be_visible()
        await seen.row("two").focus()
        await keys.press("ArrowDown")
        await expect(seen.row("A card")).to_be_focused()
        await keys.press("Tab")
        await expect(tab.get_by_role("button", name="Confirm buy")).to_be_focused()
        await keys.press("Enter")
        bot.answer((await bot.hears())["callback_query"])
        await seen.row("A card").focus()
        await keys.press("Enter")
        await expect(tab.get_by_role("menuitem", name="Reply")).to_be_focused()
        await keys.press("Enter")
        await keys.type("q 20")
        await keys.press("Enter")
        said = (await bot.hears())["message"]
        assert (said["text"], said["reply_to_message"]["text"]) == ("q 20", "A card")

        # A message that held a secret: its owner deletes it, and it is gone at both ends.
        await expect(seen.row("q 20")).to_be_visible()
        await seen.row("q 20").focus()
        await keys.press("Enter")
        await keys.press("ArrowUp")
        await expect(tab.get_by_role("menuitem", name="Delete")).to_be_focused()
        await keys.press("Enter")
        await expect(tab.locator("li.row", has_text="q 20")).to_have_count(0)
        assert "q 20" not in [message["text"] for message in bot.person.history()]


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_pictures_files_copies_and_deletions_do_what_a_phone_does(chromium: Browser, talking: Bot) -> None:
    bot, place = talking, talking.person.private
    async with served(bot) as demo, opened(chromium, demo) as seen:
        tab = seen.tab
        await tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        picture = bot.chats.keep(name="net.png", mime="image/png", content=ONE_PIXEL, width=1, height=1)
        bot.chats.send(place, bot.chats.new_message(place, bot.chats.bot, text="Net, 20 Nov 2026", photo=picture))
        table = bot.chats.keep(name="trades.csv", mime="text/csv", content=b"a,b")
        copy = {"text": "NXQRO2611201234", "copy_text": {"text": "NXQRO2611201234"}}
        message = bot.chats.new_message(place, bot.chats.bot, text="Today", document=table, rows=[[copy]])
        bot.chats.send(place, message)
        image = tab.get_by_role("img", name="Net, 20 Nov 2026")
        await expect(image).to_be_visible()
        assert await image.evaluate("node => node.decode().then(() => node.naturalWidth)") == 1
        await tab.get_by_role("button", name="Enlarge the picture").click()
        await expect(tab.get_by_role("dialog", name="Picture")).to_be_visible()
        await tab.keyboard.press("Escape")
        await expect(tab.get_by_role("dialog")).to_have_count(0)

        async with tab.expect_download() as download:
            await tab.get_by_role("link", name="trades.csv").click()
        assert content(await (await download.value).path()) == b"a,b"
        await tab.get_by_role("button", name="NXQRO2611201234").click()
        await expect(tab.locator("#toast")).to_have_text("Copied")
        assert await tab.evaluate("navigator.clipboard.readText()") == "NXQRO2611201234"

        # Somebody who reads further up is not torn away, but told how much is below.
        for number in range(30):
            bot.send(f"line {number}", silent=True)
        await expect(seen.row("line 29")).to_be_in_viewport()
        await tab.locator("#log").evaluate("node => { node.scrollTop = 0; }")
        await expect(tab.get_by_role("button", name="To the newest message")).to_be_visible()
        bot.send("one more")
        bot.send("and another")
        await expect(tab.locator("#unread")).to_have_text("2")
        await expect(seen.row("and another")).not_to_be_in_viewport()
        await tab.get_by_role("button", name="To the newest message, 2 unread").click()
        await expect(seen.row("and another")).to_be_in_viewport()
        await expect(tab.locator("#to-end")).to_be_hidden()

        bot.delete(message.id)
        await expect(tab.get_by_role("link", name="trades.csv")).to_have_count(0)

        background = "getComputedStyle(document.querySelector('.chat-head')).backgroundColor"
        light = await tab.evaluate(background)
        await tab.get_by_role("button", name="Light or dark").click()
        assert await tab.evaluate(background) != light
        sound = tab.get_by_role("button", name="Sound when a message rings")
        await expect(sound).to_have_attribute("aria-pressed", "false")
        await sound.click()
        await expect(sound).to_have_attribute("aria-pressed", "true")


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_the_desk_moves_prices_misbehaves_and_shows_the_account(chromium: Browser, talking: Bot, tmp_path: Path) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo, width=1280, height=1100) as seen:
        tab, faults = seen.tab, demo.broker.faults
        desk = tab.get_by_role("complementary", name="Exchange control desk")
        await expect(tab.locator("#price-now")).to_have_text("1,480.30")
        await desk.get_by_role("button", name="+1 %", exact=True).click()
        await expect(tab.locator("#price-now")).to_have_text("1,495.10")
        await desk.get_by_label("Price in rupees").fill("1500.50")
        await desk.get_by_role("button", name="Set", exact=True).click()
        await expect(tab.locator("#price-now")).to_have_text("1,500.50")
        # The tour's resting order follows the price: two percent over it, on the tick.
        await expect(tab.locator("#guide-text")).to_have_text("Say hello")
        await seen.types("/login")  # whoever begins otherwise is not asked for a hello any more
        await expect(tab.locator("#guide-text")).to_have_text("Ask for ten shares; nothing is sent yet")
        await seen.types("/buy TCS 10")
        await expect(tab.get_by_label("Symbol whose price moves")).to_have_value("TCS")
        await seen.types("/positions")
        bot.send("#1 BUY 10 TCS · filled")
        await expect(tab.locator("#guide-try")).to_have_text("/sell RELIANCE 5 1530.60")

        never = desk.get_by_role("button", name="never", exact=True)
        await desk.get_by_role("button", name="in parts").click()
        await expect(desk.get_by_role("button", name="in parts")).to_have_attribute("aria-pressed", "true")
        await never.click()
        await expect(never).to_have_attribute("aria-pressed", "true")
        await expect(tab.locator("#behaviour-words")).to_have_text("It rests until you fill it below.")
        assert [each.fault.name for each in faults.armed()] == ["fill_never"]
        await desk.get_by_role("button", name="at once").click()
        await expect(never).to_have_attribute("aria-pressed", "false")
        lose = desk.get_by_role("button", name="lose next answer")
        await lose.click()
        await expect(lose).to_have_attribute("aria-pressed", "true")
        assert [(each.fault.name, each.route) for each in faults.armed()] == [("answer_lost", "place")]
        await lose.click()
        await expect(lose).to_have_attribute("aria-pressed", "false")
        await desk.get_by_text("More ways to misbehave").click()
        await desk.get_by_label("Misbehaviour").select_option("token expired")
        await desk.get_by_role("button", name="Arm", exact=True).click()
        await desk.get_by_role("button", name="Clear token expired").click()
        await expect(desk.get_by_role("list", name="Armed").get_by_role("listitem")).to_have_count(0)
        assert faults.armed() == []
        await desk.get_by_role("button", name="drop socket").click()
        await expect(tab.locator("#toast")).to_have_text("No socket is open")
        await expect(desk.get_by_role("button", name="square off")).to_be_visible()

        await desk.get_by_role("button", name="Place").click()
        account = tab.locator("#account")
        await expect(account).to_contain_text("Buy 5 TCS")
        await expect(account).to_contain_text("filled")
        await expect(account).to_contain_text("+5")
        assert [(order.side, order.quantity, order.channel) for order in demo.broker.ledger.orders.values()] == [
            ("BUY", 5, "WEB")
        ]

        await expect(desk.locator("[data-clock=long]")).to_have_text(re.compile(r"09:00:\d\d"))
        await desk.get_by_role("button", name="to 15:10").click()
        await expect(desk.get_by_role("button", name="to 15:10")).to_be_enabled()
        assert [round(each, -2) for each in demo.shifted] == [22_200]  # 09:00 to 15:10
        await tab.screenshot(path=artifact("demo-desk-1280.png", tmp_path))


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_the_tour_follows_what_has_happened_and_not_what_was_typed(chromium: Browser, talking: Bot) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo) as seen:
        line, offer = seen.tab.locator("#guide-text"), seen.tab.locator("#guide-try")
        for words in ("/start", "/login", "/buy RELIANCE 10"):
            await seen.types(words)
        await expect(line).to_have_text("Ask for ten shares; nothing is sent yet")
        card = bot.send("BUY 10 RELIANCE", [button("Confirm buy", "c:1:y")])
        await expect(line).to_have_text("Read the card, then tap Confirm")
        await seen.types("/positions")  # a look at something else confirms nothing
        await expect(seen.row("/positions")).to_be_visible()
        await expect(line).to_have_text("Read the card, then tap Confirm")
        bot.edit(card, "BUY 10 RELIANCE: not confirmed in time")
        await expect(line).to_have_text("Ask for ten shares; nothing is sent yet")
        bot.edit(card, "#1 BUY 10 RELIANCE\nfilled", [button("Exit", "e")])
        await expect(line).to_have_text("Offer five above the price, so that it waits")

        # One that was filled is nothing to take back: the tour asks for another, and names the one that rests.
        card = bot.send("SELL 5 RELIANCE", [button("Confirm sell", "c:2:y")])
        await expect(line).to_have_text("Tap Confirm: this one rests in the book")
        bot.edit(card, "#2 SELL 5 RELIANCE\nfilled")
        await expect(line).to_have_text("Offer five above the price, so that it waits")
        card = bot.send("#3 SELL 5 RELIANCE\nopen at 1,527.10", [button("Modify", "m"), button("Cancel", "x")])
        bot.send("Filled #2 SELL 5 RELIANCE, avg 1,480.30", [button("Exit", "e")])
        await expect(offer).to_have_text("/cancel_order 3")
        await seen.types("/cancel_order 3")
        bot.edit(card, "#3 SELL 5 RELIANCE\nopen at 1,527.10 · cancel sent")
        await expect(seen.row("cancel sent")).to_be_visible()
        await expect(line).not_to_have_text("Buy five with a stop and a target under one Confirm")
        bot.edit(card, "#3 SELL 5 RELIANCE\ncancelled, nothing filled")
        await expect(offer).to_have_text("/buy RELIANCE 5 mis sl 1% t 1%")

        card = bot.send("BUY 5 RELIANCE\nTarget, by me 1,495.10", [button("Confirm buy", "c:4:y")])
        await expect(line).to_have_text("Tap Confirm: the stop goes to the exchange once it fills")
        bot.edit(card, "#4 BUY 5 RELIANCE\nfilled")
        bot.send("Stop placed.\n#5 SELL 5 RELIANCE")
        await expect(offer).to_have_text("/panic")
        card = bot.send("PANIC", [button("Close these", "q:1:y")])
        await expect(line).to_have_text("Tap it: the stop becomes the exit")
        bot.edit(card, "Closing main (PAPER)")
        bot.send("Flat at 09:01:12. 1 row closed in 1 order.")
        await expect(offer).to_have_text("/resume")
        question = bot.send("Allow new orders again?", [button("Yes, allow new orders", "y")])
        await expect(line).to_have_text("It asks once more, in words")
        bot.edit(question, "New orders are allowed again.")
        await expect(offer).to_have_text("/report")


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_a_clock_that_runs_ahead_is_seen_after_a_reload_too_and_can_be_stopped(
    chromium: Browser, talking: Bot, tmp_path: Path
) -> None:
    gone = asyncio.Event()

    async def a_long_way(_: float) -> None:
        await gone.wait()

    async with served(talking, shift=a_long_way) as demo, opened(chromium, demo, width=1280, height=900) as seen:
        tab, race, ahead = seen.tab, seen.tab.locator("#race-words"), re.compile(r"Runs ahead to 08:40, Sat,? 21 Nov 2026")
        await tab.get_by_role("button", name="next 08:40").click()
        await expect(race).to_have_text(ahead)
        await expect(tab.get_by_role("button", name="+15 min")).to_be_hidden()
        await tab.reload()
        await expect(race).to_have_text(ahead)
        await tab.screenshot(path=artifact("demo-ahead-1280.png", tmp_path))
        await tab.get_by_role("button", name="Stop here").click()
        await expect(race).to_be_hidden()
        await expect(tab.get_by_role("button", name="+15 min")).to_be_enabled()


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_a_market_that_never_closes_says_so_and_can_be_given_real_hours(chromium: Browser, talking: Bot) -> None:
    kept: asyncio.Queue[str] = asyncio.Queue()
    # 07:30 IST on a Friday, before any session: the exchange is closed, this market is not.
    talking.chats.clock = LoopClock(asyncio.get_running_loop(), datetime(2026, 11, 20, 2, 0, tzinfo=UTC))
    async with served(talking, keep_hours=kept.put_nowait) as demo, opened(chromium, demo) as seen:
        said = "The exchange is closed now; this market never closes."
        await expect(seen.tab.locator("#welcome-hours")).to_have_text(said)
        await seen.tab.get_by_role("button", name="Exchange control desk").click()
        await expect(seen.tab.locator("#hours-words")).to_have_text(said)
        await seen.tab.get_by_role("button", name="Real hours").click()
        assert await asyncio.wait_for(kept.get(), 5) == "real"


@pytest.mark.exhaustive
@in_chromium
@in_real_time
@pytest.mark.parametrize("width", [390, 320])
async def test_nothing_on_the_desk_is_cut_in_a_wide_font(chromium: Browser, talking: Bot, width: int) -> None:
    beyond = """card => [...card.querySelectorAll("*")].filter((node) => {
        const [outer, inner] = [card.getBoundingClientRect(), node.getBoundingClientRect()];
        return inner.width && (inner.right > outer.right - 8 || inner.left < outer.left);
    }).map((node) => node.textContent)"""
    async with served(talking) as demo, opened(chromium, demo, width=width) as seen:
        await seen.tab.evaluate("document.documentElement.style.setProperty('--sans', '\"DejaVu Sans\", sans-serif')")
        await seen.tab.evaluate("document.body.style.letterSpacing = '0.6px'")  # as wide where that font is not there
        await seen.tab.get_by_role("button", name="Exchange control desk").click()
        await expect(seen.tab.locator("#account")).to_contain_text("Cash free")
        for card in await seen.tab.locator(".desk .card").all():
            assert await card.evaluate(beyond) == []


@pytest.mark.exhaustive
@in_chromium
@in_real_time
async def test_after_a_gap_the_page_shows_what_it_missed(chromium: Browser, talking: Bot) -> None:
    bot = talking
    bot.send("kept")
    edited, deleted = bot.send("before"), bot.send("deleted meanwhile")
    async with AsyncExitStack() as first:
        demo = await first.enter_async_context(served(bot))
        tab = await chromium.new_page()
        await tab.goto(demo.url)
        await expect(tab.locator("li.row")).to_have_count(3)
        await expect(tab.locator("#rung-count")).to_have_text("0")
        await first.aclose()
        await expect(tab.locator("#presence")).to_have_text("connecting")
        bot.edit(edited, "after")
        bot.delete(deleted)
        bot.send("missed")
        bot.send("missed without a sound", silent=True)
        async with served(bot, port=int(demo.url.rpartition(":")[2])):
            await expect(tab.locator("#presence")).to_have_text("bot", timeout=8000)
            await expect(tab.locator("li.row .words")).to_contain_text(["kept", "after", "missed", "missed without"])
            await expect(tab.locator("li.row")).to_have_count(4)
            await expect(tab.locator("#rung-count")).to_have_text("1")
        await tab.close()
