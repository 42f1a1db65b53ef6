"""The doors: who is let in, how Telegram fails by name, and how people come in over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.simulators.loop import VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import Serving, serve
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.flood_limits import FloodLimits
from tests.bot.simulators.telegram.chat.test_pictures import png
from tests.stage.telegram import bot_for

ASHA = 4211
GO = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="g")]])


@pytest.fixture
async def web_client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_wrong_token_opens_nothing(serving: Serving, asha: ScriptedPerson, web_client: aiohttp.ClientSession) -> None:
    for token, status in (("7000000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 401), ("nonsense", 404)):
        async with web_client.get(f"{serving.base_url}{token}/getMe") as answer:
            assert answer.status == status
            assert (await answer.json())["error_code"] == status
        async with web_client.get(f"{serving.base_file_url}{token}/photos/x") as answer:
            assert answer.status == status
        with pytest.raises(InvalidToken):
            async with bot_for(serving, token=token):
                pass
    assert asha.history() == []


async def test_a_method_that_is_not_built_says_so(serving: Serving, web_client: aiohttp.ClientSession) -> None:
    async with web_client.post(f"{serving.base_url}{serving.token}/sendDice", data={"chat_id": ASHA}) as answer:
        assert answer.status == 404
        assert await answer.json() == {"ok": False, "error_code": 404, "description": "Not Found: method not found"}


async def test_every_way_of_saying_the_same_thing_is_understood(
    serving: Serving, asha: ScriptedPerson, web_client: aiohttp.ClientSession
) -> None:
    url = f"{serving.base_url}{serving.token}/SENDMESSAGE"
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "g"}]]}
    said = {"chat_id": ASHA, "text": "₹ & more", "disable_notification": True, "reply_markup": keyboard}
    flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}
    multipart = aiohttp.FormData(flat, default_to_multipart=True)
    for request in (
        web_client.post(url, json=said),
        web_client.post(url, json=flat),
        web_client.post(url, data=flat),
        web_client.post(url, data=multipart),
        web_client.get(url, params=flat),
    ):
        async with request as answer:
            assert answer.status == 200, await answer.text()
    assert [(each["text"], each["silent"], each["buttons"][0][0]["data"]) for each in asha.history()] == [
        ("₹ & more", True, "g")
    ] * 5


async def test_unreadable_parameters_are_refused(
    serving: Serving, asha: ScriptedPerson, web_client: aiohttp.ClientSession
) -> None:
    url = f"{serving.base_url}{serving.token}/sendMessage"
    for params, words in (
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "@somebody", "text": "x"}, "chat not found"),
        ({"chat_id": str(ASHA), "text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ({"chat_id": str(ASHA), "text": "x", "reply_markup": "[]"}, "object expected as reply markup"),
        ({"chat_id": str(ASHA), "text": "x", "reply_parameters": "{}"}, "can't parse reply parameters JSON object"),
        ({"chat_id": str(ASHA), "text": "x", "entities": '[{"type": "bold"}]'}, "offset and length must be of type Integer"),
        ({"chat_id": str(ASHA), "text": "x", "reply_markup": '{"inline_keyboard": [{}]}'}, "must be an Array of Arrays"),
        ({"chat_id": str(ASHA), "text": "x", "reply_markup": '{"inline_keyboard": [[{}]]}'}, "Can't find field"),
    ):
        async with web_client.post(url, data=params) as answer:
            assert answer.status == 400
            assert words in (await answer.json())["description"]
    assert asha.history() == []


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # seconds become a timedelta one day
async def test_a_flood_says_how_long_to_wait(bot: Bot, asha: ScriptedPerson, chats: Chats) -> None:
    chats.faults.add("flood", "sendMessage", times=2, seconds=17)
    for _ in range(2):
        with pytest.raises(RetryAfter) as refusal:
            await bot.send_message(ASHA, "news")
        assert refusal.value.retry_after == 17
    await bot.send_message(ASHA, "news")
    assert [each["text"] for each in asha.history()] == ["news"]
    assert chats.faults.met == {"flood": 2}


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("server_error", NetworkError("Internal Server Error")),
        ("dropped", NetworkError("httpx")),
        ("blocked", Forbidden("bot was blocked by the user")),
        ("chat_not_found", BadRequest("hat not found")),
        ("revoked", InvalidToken("Unauthorized")),
    ],
)
async def test_faults_that_leave_nothing_behind(
    bot: Bot, asha: ScriptedPerson, chats: Chats, name: str, refusal: TelegramError
) -> None:
    chats.faults.add(name)
    with pytest.raises(type(refusal), match=refusal.message):
        await bot.send_message(ASHA, "news")
    assert asha.history() == []
    await bot.send_message(ASHA, "news")
    assert len(asha.history()) == 1


async def test_a_bad_gateway_answers_with_a_page(
    serving: Serving, asha: ScriptedPerson, chats: Chats, web_client: aiohttp.ClientSession
) -> None:
    chats.faults.add("bad_gateway", "sendMessage")
    async with web_client.post(f"{serving.base_url}{serving.token}/sendMessage", data={"chat_id": ASHA, "text": "x"}) as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")
    assert asha.history() == []


async def test_an_answer_that_is_lost_leaves_the_message_there(
    bot: Bot, asha: ScriptedPerson, chats: Chats, serving: Serving
) -> None:
    chats.faults.add("lost_answer", "sendMessage")
    with pytest.raises(NetworkError) as lost:
        await bot.send_message(ASHA, "news")
    assert not isinstance(lost.value, TimedOut)
    assert [each["text"] for each in asha.history()] == ["news"]
    assert [each.status for each in serving.server.sent("sendMessage")] == [0]


async def test_an_answer_that_never_comes_ends_with_the_bots_own_patience(
    bot: Bot, asha: ScriptedPerson, chats: Chats, loop: VirtualLoop
) -> None:
    chats.faults.add("hanging", "sendMessage")
    with pytest.raises(TimedOut):
        await bot.send_message(ASHA, "news")
    assert loop.time() == pytest.approx(5, abs=0.1)
    assert [each["text"] for each in asha.history()] == ["news"]


async def test_a_slow_answer_comes_late(bot: Bot, asha: ScriptedPerson, chats: Chats, loop: VirtualLoop) -> None:
    chats.faults.add("slow", seconds=3)
    await bot.send_message(ASHA, "news")
    assert loop.time() == pytest.approx(3, abs=0.1)
    assert len(asha.history()) == 1


async def test_an_outage_ends_the_poll_that_waits_and_nothing_is_lost_by_it(
    bot: Bot, asha: ScriptedPerson, chats: Chats, loop: VirtualLoop
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(1)
    chats.faults.down = True
    asha.say("are you there?")
    for attempt in (poll, bot.get_updates(timeout=30), bot.send_message(ASHA, "news"), bot.get_me()):
        with pytest.raises(NetworkError):
            await attempt
    await asyncio.sleep(3_600)
    chats.faults.down = False
    assert [each.effective_message and each.effective_message.text for each in await bot.get_updates()] == ["are you there?"]
    assert [each["text"] for each in asha.history()] == ["are you there?"]
    assert loop.time() == pytest.approx(3_601, abs=1)


async def test_a_bot_can_be_given_abilities_that_it_should_not_have(chats: Chats) -> None:
    chats.abilities = {"supports_inline_queries": True}
    async with serve(chats) as serving, bot_for(serving) as bot:
        assert (await bot.get_me()).supports_inline_queries


async def test_a_conflict_ends_the_poll_and_loses_no_update(bot: Bot, asha: ScriptedPerson, chats: Chats) -> None:
    asha.say("hello")
    chats.faults.add("conflict", "getUpdates")
    with pytest.raises(Conflict):
        await bot.get_updates()
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "hello"


async def test_a_lost_answer_to_a_poll_loses_no_update(bot: Bot, asha: ScriptedPerson, chats: Chats) -> None:
    asha.say("hello")
    chats.faults.add("lost_answer", "getUpdates")
    with pytest.raises(NetworkError):
        await bot.get_updates()
    assert len(await bot.get_updates()) == 1


async def test_two_pollers_on_one_token_fight(bot: Bot, serving: Serving, asha: ScriptedPerson) -> None:
    async with bot_for(serving) as rival:
        first = asyncio.create_task(bot.get_updates(timeout=30))
        await asyncio.sleep(1)
        second = asyncio.create_task(rival.get_updates(timeout=30))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        asha.say("hello")
        assert len(await second) == 1


async def test_people_come_in_over_http(
    serving: Serving, bot: Bot, asha: ScriptedPerson, web_client: aiohttp.ClientSession
) -> None:
    door = f"{serving.url}/person/{ASHA}"
    async with web_client.post(f"{door}/say", json={"text": "/start"}) as answer:
        said = await answer.json()
    assert (answer.status, said["text"]) == (200, "/start")
    sent = await bot.send_message(
        ASHA, "card", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="g")]])
    )
    async with web_client.post(f"{door}/tap", json={"message_id": sent.message_id, "data": "g"}) as answer:
        assert answer.status == 200
    async with web_client.post(f"{door}/edit", json={"message_id": said["id"], "text": "/help"}) as answer:
        assert (await answer.json())["edited"]
    async with web_client.post(f"{door}/remove", json={"message_id": said["id"]}) as answer:
        assert answer.status == 200
    async with web_client.get(f"{door}/history") as answer:
        seen = await answer.json()
    assert [each["text"] for each in seen["messages"]] == ["card"]
    kinds = [next(key for key in each if key != "update_id") for each in serving.server.chats.updates.pending]
    assert kinds == ["message", "callback_query", "edited_message"]

    waiting = asyncio.create_task(web_client.get(f"{door}/history", params={"after": seen["event"], "wait": 20}).__aenter__())
    await asyncio.sleep(5)
    await bot.send_message(ASHA, "news")
    async with await waiting as answer:
        assert [each["text"] for each in (await answer.json())["messages"]] == ["card", "news"]


async def test_the_peoples_door_refuses_what_no_person_can_do(
    serving: Serving, asha: ScriptedPerson, web_client: aiohttp.ClientSession
) -> None:
    door = f"{serving.url}/person"
    for path, body, status in (
        (f"{ASHA}/tap", {"message_id": 1, "data": "g"}, 409),
        (f"{ASHA}/say", {"text": " "}, 409),
        (f"{ASHA}/say", {}, 400),
        (f"{ASHA}/say", [], 400),
        (f"{ASHA}/fly", {}, 409),
        ("12/say", {"text": "x"}, 404),
    ):
        async with web_client.post(f"{door}/{path}", json=body) as answer:
            assert answer.status == status, path
    # A foreign page can only send forms without asking first.
    async with web_client.post(f"{door}/{ASHA}/say", data='{"text": "x"}', headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
    assert asha.history() == []


async def test_a_page_gets_pictures_in_place_and_anything_else_as_a_download(
    serving: Serving, bot: Bot, asha: ScriptedPerson, web_client: aiohttp.ClientSession
) -> None:
    await bot.send_photo(ASHA, png(4, 4))
    async with web_client.get(f"{serving.url}{asha.last['photo_url']}") as answer:
        assert await answer.read() == png(4, 4)
        assert (answer.content_type, answer.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")
    await bot.send_document(ASHA, b"<script>alert(1)</script>", filename="x.html")
    async with web_client.get(f"{serving.url}{asha.last['document']['url']}") as answer:
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.content_type == "application/octet-stream"
    async with web_client.get(f"{serving.url}/person/file/none") as answer:
        assert answer.status == 404


async def test_other_applications_live_under_the_same_port(chats: Chats, web_client: aiohttp.ClientSession) -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    exchange = web.Application()
    exchange.router.add_get("/quote", hello)

    def page(app: web.Application) -> None:
        app.router.add_get("/", hello)

    async with serve(chats, mounts={"/exchange": exchange}, extend=[page]) as serving:
        for path in ("/exchange/quote", "/"):
            async with web_client.get(f"{serving.url}{path}") as answer:
                assert await answer.text() == "hello"
        async with bot_for(serving) as bot:
            assert bot.username == "mstock_demo_bot"


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")  # seconds become a timedelta one day
async def test_a_bot_that_is_too_fast_is_told_to_wait_and_nothing_is_taken(
    chats: Chats, asha: ScriptedPerson, loop: VirtualLoop
) -> None:
    async with serve(chats, flood_limits=FloodLimits(chat_burst=3)) as serving, bot_for(serving) as bot:
        for number in range(3):
            await bot.send_message(ASHA, str(number))
        for _ in range(2):
            with pytest.raises(RetryAfter) as refusal:
                await bot.send_message(ASHA, "too fast")
            assert refusal.value.retry_after == 1
        assert await bot.get_updates() == ()
        loop.shift(1)
        await bot.send_message(ASHA, "3")
    assert [each["text"] for each in asha.history()] == list("0123")


async def test_a_server_ends_while_a_poll_waits(chats: Chats, loop: VirtualLoop) -> None:
    async with serve(chats) as serving, bot_for(serving) as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=50))
        await asyncio.sleep(1)
    assert loop.time() < 5
    with pytest.raises(NetworkError):
        await poll
