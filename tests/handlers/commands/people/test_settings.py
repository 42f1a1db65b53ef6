"""/settings by chat: a choice by button or words holds from the next news on, and nothing takes a fill away."""

from datetime import time

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.news.arrival import arrival
from bot.domain.news.days.rings import NoStop, NoStopDelivery
from bot.domain.news.notice import Notice, Sound
from bot.domain.news.orders.orders import Filled
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import OrderStatus
from bot.domain.people.news_settings import Manner, NewsKind, NewsSettings, manners
from bot.simulators.loop import LoopClock
from tests.handlers.chat import Stage, a_stage, later
from tests.handlers.rings import LONG
from tests.handlers.samples import ASHA
from tests.handlers.views.news.test_notices import DONE, FILL, every_kind
from tests.storage.samples import ACCOUNT


async def chosen(stage: Stage) -> NewsSettings:
    return await stage.bot.store.transaction(lambda db: db.news_settings.of(ASHA))


async def test_a_tap_takes_a_kind_to_its_next_manner_in_place(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/settings", "What protects you always rings")
        stage.me.press("Stops placed: silent", card)
        await later(3)
        stage.me.press("Stops placed: off", stage.me.message(card["id"]))
        await later(3)
        now = stage.me.message(card["id"])
        assert now is not None
        assert "Stops placed: ring" in [choice["label"] for line in now["buttons"] for choice in line]
        assert (await chosen(stage)).manner(NewsKind.PLACED) is Manner.RING


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        ("fills silent", NewsSettings(chosen=((NewsKind.FILLS, Manner.SILENT),))),
        ("nostop off", NewsSettings(chosen=((NewsKind.NO_STOP, Manner.OFF),))),
        ("quiet 22:30-07:15", NewsSettings(quiet=(time(22, 30), time(7, 15)))),
        ("discreet on", NewsSettings(discreet=True)),
    ],
)
async def test_each_choice_by_words_is_kept_for_that_person(words: str, settings: NewsSettings, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/settings {words}", "What protects you always rings")
        assert await chosen(stage) == settings
        assert await stage.bot.store.transaction(lambda db: db.news_settings.of(77)) == NewsSettings()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("fills off", "not off"),
        ("quiet 25:00-07:00", "no span of hours"),
        ("fills loud", "one of fills"),
        ("x", "one of"),
    ],
)
async def test_what_cannot_be_chosen_changes_nothing(words: str, answer: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/settings {words}", answer)
        assert await chosen(stage) == NewsSettings()


async def test_a_choice_holds_for_what_waits_already_and_off_makes_way_for_what_is_behind(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        order = await stage.bot.stand(status=OrderStatus.OPEN)
        filled = Filled(order=DONE, fill=FILL)
        at = clock.now()
        news = (NoStop(rows=(LONG,)), NoStopDelivery(rows=(LONG,)), filled, TradingStopped(name="Ravi", at=at))
        for one in news:
            await stage.bot.store.transaction(
                lambda db, one=one: db.outbox.add(ACCOUNT.id, [ASHA], one, at, order_id=order.id)  # type: ignore[misc] # bound at once
            )
        await stage.me.ask("/settings nostop off", "always rings")
        await stage.me.ask("/settings fills silent", "always rings")
        heard = []
        while deliveries := await stage.bot.store.transaction(lambda db: db.outbox.lease(at, at)):
            for delivery in deliveries:
                heard.append((type(delivery.notice), delivery.sound))
                await stage.bot.store.transaction(lambda db, sent=delivery.id: db.outbox.sent(sent, at, 5))  # type: ignore[misc] # bound at once
        assert heard == [(Filled, Sound.SILENT), (TradingStopped, Sound.ALWAYS)]


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (23, True), (3, True), (7, False), (12, False)])
def test_quiet_hours_go_over_midnight(hour: int, quiet: bool, clock: LoopClock) -> None:
    settings = NewsSettings(quiet=(time(22), time(7)))
    assert settings.is_quiet(at_ist(ist_date(clock.now()), hour)) is quiet


@pytest.mark.parametrize("news", every_kind(DONE), ids=lambda news: type(news).__name__)
def test_who_has_chosen_nothing_hears_each_kind_as_it_is_but_for_delivery_without_a_stop(news: Notice, clock: LoopClock) -> None:
    heard = None if news.about is NewsKind.NO_STOP_DELIVERY else news.loudness
    assert arrival(news, NewsSettings(), clock.now()) is heard
    nothing = NewsSettings(chosen=tuple((kind, manners(kind)[-1]) for kind in NewsKind), quiet=(time(0), time(23, 59)))
    least = arrival(news, nothing, clock.now())
    assert least is Sound.ALWAYS if news.loudness is Sound.ALWAYS else least in (None, Sound.SILENT)
