"""No button is shown to somebody whom the gate would refuse it, in an answer, on a card or under news."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.charts.album import Album
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled, OrderByOther, OrderNotSeen, OrderRejected
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef, Fill, Order, OrderStatus
from bot.domain.people.account import GRANTS, Permission, Role
from bot.simulators.loop import LoopClock
from handlers.context.permissions import offered
from handlers.messenger import TelegramMessenger
from handlers.registry import permission_of
from handlers.views.keyboards import button, words
from handlers.views.message import View, message
from handlers.views.taps.tap import Tap, decode
from handlers.views.taps.taps import EXITS, CardTap, CardVerb, Listing, ListingTap, OrderTap, OrderVerb, WordsTap
from tests.handlers.chat import Stage, a_stage, owners_hear
from tests.handlers.samples import ASHA, NOW
from tests.handlers.test_matrix import TAPS, WORDS, carried_out
from tests.stage.depth import these_first
from tests.stage.values.orders import an_order
from tests.stage.values.pictures import drawn_in_place


def shown(stage: Stage) -> dict[str, int]:
    """Data of every button in the chat -> the message that it stands under."""
    found: dict[str, int] = {}
    for each in stage.chats.person(ASHA).history():
        found |= {item["data"]: each["id"] for row in each["buttons"] for item in row if "data" in item}
    return found


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", these_first([Role.TRADER, Role.VIEWER], Role))
async def test_no_role_is_offered_a_button_that_it_is_then_refused(role: Role, clock: LoopClock) -> None:
    async with a_stage(clock, role, papa=role, orders=12) as stage:
        for act in WORDS:
            stage.me.say(act)
            await asyncio.sleep(2)
        tried: set[str] = set()
        await owners_hear(stage)
        for _ in range(2):  # what the first round of taps brings is tapped as well
            for data, under in shown(stage).items():
                tap = decode(data)
                assert tap is not None
                if data not in tried:
                    tried.add(data)
                    stage.chats.person(ASHA).forge(under, data)
                    await asyncio.sleep(1)
        assert len(tried) > (8 if role is Role.VIEWER else 20)
        assert await owners_hear(stage) == 0, "the owners hear of no tap on what was offered"


@pytest.mark.parametrize("role", Role)
async def test_what_the_role_may_tap_is_offered_and_works(role: Role, clock: LoopClock) -> None:
    """The other way round: nothing is taken from a view that the table allows."""
    async with a_stage(clock, role, orders=12) as stage:
        await stage.me.ask("/menu", "Menu")
        for tap, roles in TAPS.items():
            view = message("x").with_keyboard([button("x", tap)])
            left = offered(view, role, stage.application.bot_data.permission_of)
            assert bool(left.keyboard) == (role in roles), tap
            if role in roles and isinstance(tap, ListingTap):
                assert await carried_out(stage, tap)


@pytest.mark.parametrize("label", ["", "main", "papa-2"])
def test_a_button_of_words_is_judged_by_its_command_whatever_account_it_names(label: str) -> None:
    view = message("x").with_keyboard([words("R", "/resume", account=label), words("O", "/orders open", account=label)], [])
    kept = {role: len(offered(view, role, permission_of).keyboard[0]) for role in Role}
    assert kept == {Role.OWNER: 2, Role.TRADER: 1, Role.GUARDIAN: 1, Role.VIEWER: 1}


def test_a_row_that_loses_its_last_button_is_gone_and_copies_stay() -> None:
    view = message("x").with_keyboard([button("S", OrderTap("o1", OrderVerb.SAME))], [words("long", "/orders " + "x" * 80)])
    left = offered(view, Role.VIEWER, permission_of)
    assert [[item.label for item in row] for row in left.keyboard] == [["long"]]
    assert WordsTap("/kill").permission is None
    assert CardTap("t", CardVerb.CONFIRM).permission is Permission.REDUCE


def test_the_list_of_exits_is_offered_to_nobody_who_only_looks() -> None:
    view = message("x").with_keyboard([button("Exit…", ListingTap(Listing.POSITIONS, "main", EXITS))])
    kept = {role: bool(offered(view, role, permission_of).keyboard) for role in Role}
    assert kept == {Role.OWNER: True, Role.TRADER: True, Role.GUARDIAN: True, Role.VIEWER: False}


def news(order: Order) -> tuple[Notice, ...]:
    fill = Fill(broker_id="1", filled_after=10, quantity=10, price=None, average=None, at=NOW)
    return (
        Filled(order=order, fill=fill),
        OrderByOther(order=order, name="Ravi"),
        OrderRejected(order=order),
        OrderNotSeen(order=order),
        TradingStopped(name="Ravi", at=NOW),
    )


@pytest.mark.parametrize("role", Role)
async def test_news_and_cards_offer_a_person_what_the_role_on_that_account_carries(role: Role, clock: LoopClock) -> None:
    asked: list[tuple[int, str]] = []

    def role_on(person: int, account_id: str) -> Role:
        asked.append((person, account_id))
        return role

    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        bot = stage.application.bot
        speaks = TelegramMessenger(bot, mode="PAPER", clock=clock, pictures=Album(drawn_in_place), role_on=role_on)
        before = len(stage.me.history())
        for number, status in enumerate((OrderStatus.OPEN, OrderStatus.FILLED, OrderStatus.UNKNOWN, OrderStatus.REJECTED)):
            order = replace(an_order(status=status), sent_at=NOW - timedelta(hours=1), looked_at=NOW, account_id="a9")
            for notice in news(order):
                delivery = Delivery(
                    id=number, chat_id=ASHA, account_id="a9", label="papa", notice=notice, sound=notice.sound,
                    created_at=clock.now(),
                )  # fmt: skip
                await speaks.deliver(delivery)
            await speaks.draw(CardRef(chat_id=ASHA, message_id=9999, order_id=order.id, version=0), order, "papa")
        offers = {tap for each in stage.me.history()[before:] for tap in taps(each["buttons"])}
    assert set(asked) == {(ASHA, "a9")}
    needed = {permission for tap in offers if (permission := required(tap)) is not None}
    assert needed <= GRANTS[role]
    if role is Role.OWNER:
        assert {Permission.OPEN, Permission.REDUCE, Permission.LOOK} <= needed
    if role is Role.GUARDIAN:
        assert Permission.REDUCE in needed, "an exit stays"


def taps(rows: list[list[dict[str, str]]]) -> list[Tap]:
    return [tap for row in rows for item in row if (tap := decode(item.get("data", ""))) is not None]


def required(tap: Tap) -> Permission | None:
    if isinstance(tap, WordsTap):
        return permission_of(tap.words)
    return tap.permission


def test_a_view_without_buttons_stays_the_same() -> None:
    view = message("x")
    assert offered(view, Role.VIEWER, permission_of) == View(view.parts)
