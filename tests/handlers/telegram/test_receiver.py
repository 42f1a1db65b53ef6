"""What Telegram's library cannot read is counted, told of in the log without a word of it, and stops nothing."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from telegram import Bot as Library
from telegram import Message, Update

from bot.domain.ports.inbox import InboxEntry
from bot.simulators.loop import LoopClock
from handlers.application import build_application, running
from handlers.poller import UpdatePoller
from handlers.telegram.receiver import read_one
from tests.attack.rig import TOKEN, Queue, tap, words
from tests.handlers.chat import Bot, a_bot, counting_bytes, later
from tests.handlers.samples import ASHA, STRANGER

SAID = "my words are mine"


class Wire(Queue):
    """Telegram as a queue that notes what it is asked for and what it is made to say."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets: list[int | None] = []
        self.told: list[str] = []
        self.listeners.append(lambda _, text: self.told.append(text))

    async def do_request(self, url: str, method: str, request_data: Any = None, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if url.endswith("getUpdates"):
            self.offsets.append(request_data.parameters.get("offset") if request_data is not None else None)
        return await super().do_request(url, method, request_data, *args, **kwargs)


def typed(number: int, text: str, clock: LoopClock, person: int = ASHA, **more: Any) -> dict[str, Any]:
    return {"update_id": number} | words(person, text, at=int(clock.now().timestamp()), **more)


def spoilt(number: int, clock: LoopClock, person: int = ASHA) -> list[dict[str, Any]]:
    """Well-meant messages with a part that the library was never told of, each of which it refuses in its own way."""
    parts: tuple[Any, ...] = (
        {"entities": [{"type": "bold"}]},
        {"entities": ["bold"]},
        {"entities": 7},
        {"date": 10**18},
        {"date": "soon"},
        {"chat": {"type": "private"}},
        {"chat": "private"},
        {"photo": [{"file_id": 5}]},
        {"reply_to_message": {"message_id": 4}},
        {"forward_origin": {"type": "user"}},
    )
    plain = typed(0, SAID, clock, person)["message"]
    return [{"update_id": number + at, "message": plain | part} for at, part in enumerate(parts)]


@asynccontextmanager
async def a_poller(clock: LoopClock, wire: Wire, bot: Bot) -> AsyncIterator[UpdatePoller]:
    application = build_application(TOKEN, services=bot.services, random_bytes=counting_bytes(), wire=wire)
    await bot.services.allowlist.refresh()
    poller = UpdatePoller(application, inbox=bot.inbox, allowlist=bot.services.allowlist, clock=clock)
    async with running(application):
        polling = asyncio.create_task(poller.run(), name="telegram")
        try:
            yield poller
            assert not polling.done(), polling
        finally:
            poller.close()
            await asyncio.wait({polling})
            await poller.drain(5)
        polling.result()


async def test_the_good_updates_of_a_batch_are_handled_once_whatever_stands_between_them(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    bot, wire = await a_bot(clock, orders=14), Wire()
    bad = spoilt(102, clock)
    last = 102 + len(bad)
    async with a_poller(clock, wire, bot) as poller:
        with caplog.at_level(logging.DEBUG, logger="handlers"):
            batch = [typed(100, "cancel 11", clock), typed(101, "cancel 12", clock), *bad, typed(last, "cancel 13", clock)]
            wire.batches.put_nowait(batch)
            await later(2)
            wire.batches.put_nowait([typed(last + 1, "cancel 14", clock)])
            await later(20)
        assert bot.cancelled() == [11, 12, 13, 14]
        assert wire.offsets[-2:] == [last + 1, last + 2], "all of the batch is confirmed, so none of it comes again"
        assert set(bot.inbox.entries) == {100, 101, last, last + 1}
        assert poller.left_out == len(bad) - 2, "two do not say whose chat it was, and so are nobody's"
    told = [record.getMessage() for record in caplog.records if record.name.startswith("handlers")]
    assert [line for line in told if "cannot be read" in line], told
    assert SAID not in "\n".join(told), "a person's words are not for the log, whatever the library thinks of them"


@pytest.mark.parametrize(("person", "read"), [(ASHA, 8), (STRANGER, 0)])
async def test_a_batch_of_nothing_but_unreadable_updates_is_confirmed_and_does_not_spin(
    person: int, read: int, clock: LoopClock
) -> None:
    bot, wire = await a_bot(clock, orders=14), Wire()
    bad = spoilt(7, clock, person)
    async with a_poller(clock, wire, bot) as poller:
        wire.batches.put_nowait(bad)
        await later(2)
        assert wire.offsets[-1] == 7 + len(bad)
        assert len(wire.offsets) == 2
        assert poller.left_out == read, "a stranger's are not even tried, for the guard needs no library"
        assert bot.inbox.entries == {}
        await later(20)
        assert len(wire.told) == read, "a stranger gets silence for this too"


@pytest.mark.parametrize("answer", [7, "many", {"update_id": 5}, [[]], ["x"], [None], [{"message": {}}], [{"update_id": "5"}]])
async def test_an_answer_without_a_number_in_it_is_an_outage_and_not_the_end(answer: Any, clock: LoopClock) -> None:
    bot, wire = await a_bot(clock, orders=14), Wire()
    async with a_poller(clock, wire, bot):
        wire.batches.put_nowait(answer)
        await later(0.5)
        asked = len(wire.offsets)
        await later(0.2)
        assert len(wire.offsets) == asked, "no tight loop around it"
        wire.batches.put_nowait([typed(9, "cancel 12", clock)])
        await later(5)
        assert bot.cancelled() == [12]


async def test_a_known_person_is_told_that_a_message_could_not_be_read(clock: LoopClock) -> None:
    bot, wire = await a_bot(clock, orders=14), Wire()
    async with a_poller(clock, wire, bot):
        wire.batches.put_nowait([spoilt(7, clock)[0]])
        await later(2)
        assert wire.told == ["I could not read that. Nothing was done with it. Send it again as plain words."]
        for at in range(40):
            wire.batches.put_nowait([spoilt(100 + at, clock)[0]])
        await later(2)
        assert len(wire.told) < 35, "such a flood is bounded as any other"


async def test_a_flood_of_unreadable_updates_writes_one_line_a_minute(clock: LoopClock, caplog: pytest.LogCaptureFixture) -> None:
    bot, wire = await a_bot(clock, orders=14), Wire()
    async with a_poller(clock, wire, bot):
        for at in range(1, 301):
            wire.batches.put_nowait([spoilt(0, clock)[at % 10] | {"update_id": at}])
            await later(0.4)
        lines = [record.getMessage() for record in caplog.records if "cannot be read" in record.getMessage()]
        assert 2 <= len(lines) <= 3, lines
        assert "update 1 " in lines[0]
        assert "as 1 since" in lines[0]


async def test_an_unreadable_row_left_from_before_does_not_stop_the_start(clock: LoopClock) -> None:
    bot, wire = await a_bot(clock, orders=14), Wire()
    for at, bad in enumerate(spoilt(1, clock)):
        await bot.inbox.add([InboxEntry(update_id=at, user_id=ASHA, body=json.dumps(bad), received_at=clock.now())])
    async with a_poller(clock, wire, bot):
        wire.batches.put_nowait([typed(50, "cancel 12", clock)])
        await later(2)
        assert bot.cancelled() == [12]
        assert bot.inbox.handled == set(bot.inbox.entries)


def test_a_tap_is_read_with_the_words_of_its_card_and_without_its_spans_and_buttons_however_odd() -> None:
    said = tap(ASHA, "c:n:1", 5)
    said["callback_query"]["message"] |= {
        "entities": [{"type": "bold"}],
        "reply_markup": {"inline_keyboard": [[{"text": "Discard", "callback_data": "c:n:1"}]]},
        "reply_to_message": words(ASHA, "buy itc 10", at=1)["message"],
    }
    update = read_one({"update_id": 7} | said, Library(TOKEN))
    assert isinstance(update, Update)
    assert update.callback_query is not None
    under = update.callback_query.message
    assert isinstance(under, Message)
    assert (under.message_id, under.text, under.entities, under.reply_markup) == (5, "a card", (), None)
    assert under.reply_to_message is not None
    assert under.reply_to_message.text == "buy itc 10"
