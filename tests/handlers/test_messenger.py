"""News and cards reach the phone, and Telegram's refusals are sorted into for good and for now."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.charts.album import Album
from bot.charts.draw import draw
from bot.domain.errors import DeliveryError, PictureFailed
from bot.domain.news.connections import FeedBack
from bot.domain.news.days.picture import Pictured
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Sound
from bot.domain.news.orders.orders import Filled
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef, Fill, OrderStatus
from bot.domain.orders.position_after import PositionAfter
from bot.domain.pictures import Picture
from bot.domain.ports.broker import Messenger
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.chat.chats import Chats
from handlers.application import build_application
from handlers.messenger import TelegramMessenger
from handlers.telegram.sender import Sender, sorted_error
from handlers.views.message import View, message, say
from tests.handlers.chat import a_bot, a_world, counting_bytes
from tests.handlers.samples import ASHA
from tests.stage.values.orders import RELIANCE, a_draft, an_order
from tests.stage.values.pictures import a_day, drawn_in_place

FILL = Fill(
    broker_id="1", filled_after=10, quantity=10, price=Decimal("1480.30"), average=Decimal("1480.30"), at=an_order().created_at
)
FILLED = an_order(number=12, status=OrderStatus.FILLED, filled=10, average=Decimal("1480.30"))


def a_parcel(clock: LoopClock, **changes: object) -> Delivery:
    delivery = Delivery(
        id=41,
        chat_id=ASHA,
        account_id="a1",
        label="main",
        notice=Filled(order=FILLED, fill=FILL, after=PositionAfter(quantity=25, average=Decimal("1471.40"))),
        sound=Sound.RING,
        created_at=clock.now(),
    )
    return replace(delivery, **changes)  # type: ignore[arg-type]  # any field may be changed


@asynccontextmanager
async def a_messenger(
    clock: LoopClock, draws: Callable[[Picture], Awaitable[bytes]] = drawn_in_place
) -> AsyncIterator[tuple[Messenger, ScriptedPerson, Chats, Sender]]:
    async with a_world(clock) as (chats, telegram):
        application = build_application(
            telegram.token, telegram_url=telegram.url, services=(await a_bot(clock)).services, random_bytes=counting_bytes()
        )
        async with application:
            me = ScriptedPerson(chats, ASHA, name="Asha", started=True)
            yield (
                TelegramMessenger(application.bot, mode="PAPER", clock=clock, pictures=Album(draws)),
                me,
                chats,
                Sender(application.bot),
            )


async def test_safety_goes_before_fills_and_fills_before_other_news_whatever_was_written_first(clock: LoopClock) -> None:
    now = clock.now()
    ending = TradingStopped(name="Ravi", at=now)
    back = FeedBack(since=now, until=now, fills=0, rejections=0)
    async with a_messenger(clock) as (messenger, me, _, _):
        for _ in range(6):  # the chat's burst is spent
            await messenger.deliver(a_parcel(clock, notice=back))
        last = me.history()[-1]["id"]
        news = [
            a_parcel(clock, id=1, notice=back),
            a_parcel(clock, id=2),
            a_parcel(clock, id=3, notice=ending, sound=ending.loudness),
        ]
        await asyncio.gather(*(messenger.deliver(each) for each in news))
        kinds = ("Stopped", "Filled", "Back")
        told = [next(kind for kind in kinds if kind in each["text"]) for each in me.history() if each["id"] > last]
        assert told == ["Stopped", "Filled", "Back"]


async def test_a_fill_rings_as_a_message_of_its_own_under_its_card(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, sender):
        card = await sender.send(ASHA, message("the card"))
        shown = await messenger.deliver(a_parcel(clock, reply_to=card))
        news = me.message(shown)
        assert news is not None
        assert news["reply_to"] == card
        assert news["text"].splitlines() == [
            "Filled #12 BUY 10 RELIANCE, avg 1,480.30",
            "Position +25, avg 1,471.40",
            "main · PAPER",
        ]
        assert not news["silent"]
        assert [item["label"] for line in news["buttons"] for item in line] == ["Set stop", "Exit", "Add"]


async def test_a_card_that_is_gone_holds_no_news_back(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, _):
        shown = await messenger.deliver(a_parcel(clock, reply_to=999999))
        assert me.message(shown) is not None


async def test_quiet_news_does_not_ring_and_late_news_says_that_it_is_late(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, _):
        shown = await messenger.deliver(a_parcel(clock, sound=Sound.SILENT, created_at=clock.now() - timedelta(minutes=4)))
        news = me.message(shown)
        assert news is not None
        assert news["silent"]
        assert "late 4 min (from 08:56:00)" in news["text"]
        assert me.rings() == []


async def test_a_card_is_drawn_where_it_stands_and_an_unchanged_one_is_no_error(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, sender):
        where = await sender.send(ASHA, message("proposal"))
        at = CardRef(chat_id=ASHA, message_id=where, order_id="o1", version=1)
        assert await messenger.draw(at, FILLED, "main") == where
        assert await messenger.draw(at, FILLED, "main") == where
        card = me.message(where)
        assert card is not None
        assert card["text"].startswith("✅ #12 BUY 10 RELIANCE\nfilled, avg 1,480.30")


async def test_a_card_whose_message_was_deleted_lives_on_in_a_new_one(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, sender):
        where = await sender.send(ASHA, message("proposal"))
        me.remove(where)
        moved = await messenger.draw(CardRef(chat_id=ASHA, message_id=where, order_id="o1", version=1), FILLED, "main")
        assert moved != where
        assert me.message(moved) is not None
        assert me.rings(after=where) == [], "what happened to the order rings by itself"


async def test_a_share_with_an_ampersand_is_not_lost(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, _):
        order = replace(FILLED, draft=a_draft(instrument=replace(RELIANCE, symbol="M&M<b>")))
        shown = await messenger.deliver(a_parcel(clock, notice=Filled(order=order, fill=FILL)))
        news = me.message(shown)
        assert news is not None
        assert "M&M<b>" in news["text"]


class BrokenView(View):
    """A view whose markup Telegram cannot read."""

    @property
    def html(self) -> str:
        return "<b>" + self.plain

    def messages(self) -> tuple[View, ...]:
        return (self,)


async def test_markup_that_telegram_cannot_read_is_sent_plain(clock: LoopClock) -> None:
    async with a_messenger(clock) as (_, me, _, sender):
        view = BrokenView((say("Filled"),))
        where = await sender.send(ASHA, view)
        sent = me.message(where)
        assert sent is not None
        assert sent["text"] == "Filled"
        await sender.edit(ASHA, where, BrokenView((say("Filled again"),)))
        edited = me.message(where)
        assert edited is not None
        assert edited["text"] == "Filled again"


async def test_a_photo_answers_its_words_and_its_caption_too_is_sent_plain_if_need_be(clock: LoopClock) -> None:
    async with a_messenger(clock) as (_, me, chats, sender):
        words = await sender.send(ASHA, message("Net +989.49"))
        where = await sender.photo(ASHA, draw(a_day()), BrokenView((say("20 Nov"),)), reply_to=words, silent=True)
        sent = me.message(where)
        assert sent is not None
        assert (sent["text"], sent["reply_to"], sent["silent"]) == ("20 Nov", words, True)
        assert chats.state.files[sent["photo_url"].rpartition("/")[2]].content == draw(a_day())


async def test_what_is_longer_than_a_message_arrives_in_parts(clock: LoopClock) -> None:
    async with a_messenger(clock) as (_, me, _, sender):
        await sender.send(ASHA, message(*("x" * 100 for _ in range(100))))
        assert sum(each["text"].count("x") for each in me.news()) == 10_000


@pytest.mark.parametrize(
    ("fault", "permanent", "retry_after"),
    [
        ("flood", False, 5.0),
        ("blocked", True, None),
        ("chat_not_found", True, None),
        ("server_error", False, None),
        ("bad_gateway", False, None),
        ("dropped", False, None),
        ("lost_answer", False, None),
    ],
)
async def test_each_refusal_on_the_wire_is_sorted(
    fault: str, permanent: bool, retry_after: float | None, clock: LoopClock
) -> None:
    async with a_messenger(clock) as (messenger, _, chats, _):
        chats.faults.add(fault, "sendMessage", times=5, seconds=5)
        with pytest.raises(DeliveryError) as refused:
            await messenger.deliver(a_parcel(clock))
        assert (refused.value.permanent, refused.value.retry_after) == (permanent, retry_after)


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (Forbidden("bot was blocked by the user"), True),
        (BadRequest("chat not found"), True),
        (ChatMigrated(5), True),
        (InvalidToken("404"), False),
        (EndPointNotFound("404"), False),
        (Conflict("other poller"), False),
        (TimedOut(), False),
        (NetworkError("gone"), False),
        (RetryAfter(3), False),
        (TelegramError("?"), False),
    ],
)
def test_an_error_is_final_only_where_telegram_will_never_take_the_message(error: TelegramError, permanent: bool) -> None:
    assert sorted_error(error).permanent is permanent


async def test_a_picture_comes_as_a_photo_with_its_line_and_no_sound(clock: LoopClock) -> None:
    async with a_messenger(clock) as (messenger, me, _, _):
        news = Pictured(day=a_day())
        shown = await messenger.deliver(a_parcel(clock, notice=news, sound=Sound.SILENT))
        photo = me.message(shown)
        assert photo is not None
        assert photo["photo_url"]
        assert photo["silent"]
        assert photo["text"].splitlines()[-1] == "main · PAPER"


async def test_a_picture_that_cannot_be_drawn_is_given_up_so_that_no_news_waits_behind_it(clock: LoopClock) -> None:
    async def fails(_picture: Picture) -> bytes:
        raise PictureFailed("no ink")

    async with a_messenger(clock, fails) as (messenger, _, _, _):
        with pytest.raises(DeliveryError) as refused:
            await messenger.deliver(a_parcel(clock, notice=Pictured(day=a_day())))
        assert refused.value.permanent


@pytest.mark.parametrize(
    ("error", "closed"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), True),
        (BadRequest("Bad Request: chat not found"), True),
        (BadRequest("Bad Request: message is too long"), False),
        (ChatMigrated(5), False),
        (NetworkError("gone"), False),
    ],
)
def test_what_is_for_a_chat_that_is_blocked_or_gone_waits_for_its_return(error: TelegramError, closed: bool) -> None:
    assert sorted_error(error).closed is closed
