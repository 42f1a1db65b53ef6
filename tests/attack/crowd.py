"""The other process of the flood: a Telegram with a few listed people, who wait for answers, and strangers without number.

Run as `python -m tests.attack.crowd`. It prints its address, then obeys lines of JSON on its input: {"seconds", "strangers"},
answered by a line with the listed people's waits in seconds, and the number of strangers' updates that the bot took.
"""

import asyncio
import itertools
import json
import random
import sys
import threading
from typing import Any

from bot.domain.clock import SystemClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import serve
from bot.simulators.telegram.chat.chats import Chats

LISTED = range(5001, 5021)
EVERY = 2.0  # seconds between one listed person's messages
SLICE = 0.01  # seconds; how finely the flood is poured

_numbers = itertools.count(1)


def _strangers_update(chance: random.Random, now: int) -> dict[str, Any]:
    person = chance.randrange(10**6, 10**12)
    asker = {"id": person, "is_bot": False, "first_name": "Mallory", "username": f"m{person}"}
    message = {"message_id": next(_numbers), "date": now, "chat": {"id": person, "type": "private"}, "from": asker}
    if chance.random() < 0.3:
        under = message | {"from": {"id": 99, "is_bot": True, "first_name": "b"}, "text": "card"}
        return {"callback_query": {"id": "1", "from": asker, "chat_instance": "1", "data": "c:AAAA:y", "message": under}}
    return {"message": message | {"text": chance.choice(("/start", "/buy RELIANCE 10", "hello", "/start " + "A" * 26))}}


async def _person(chats: Chats, number: int, until: float, waits: list[float]) -> None:
    loop = asyncio.get_running_loop()
    me = ScriptedPerson(chats, number, name=f"P{number}", started=True)
    await asyncio.sleep((number - LISTED[0]) * EVERY / len(LISTED))
    while loop.time() < until - EVERY:
        began = loop.time()
        me.say("/accounts")
        await me.wait_for("Accounts", timeout=30)
        waits.append(loop.time() - began)
        await asyncio.sleep(max(0.0, EVERY - (loop.time() - began)))


async def _pour(chats: Chats, rate: int, until: float) -> int:
    loop, chance, poured = asyncio.get_running_loop(), random.Random(1), 0
    began = loop.time()
    now = int(chats.clock.now().timestamp())
    while loop.time() < until - 1:
        while poured < (loop.time() - began) * rate:
            chats.inject(_strangers_update(chance, now))
            poured += 1
        await asyncio.sleep(SLICE)
    return poured


async def _obey(chats: Chats, asked: dict[str, Any]) -> dict[str, Any]:
    until = asyncio.get_running_loop().time() + float(asked["seconds"])
    waits: list[float] = []
    *_, poured = await asyncio.gather(
        *(_person(chats, number, until, waits) for number in LISTED), _pour(chats, int(asked["strangers"]), until)
    )
    return {"waits": waits, "poured": poured, "left": len(chats.updates.pending)}


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    chats = Chats(SystemClock())
    async with serve(chats) as serving:
        _say({"url": serving.url, "token": serving.token})
        while line := await lines.get():
            _say(await _obey(chats, json.loads(line)))


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
