"""An account is unlinked after a question in words, its work ends before its connection, and linked again it is the same."""

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import (
    CheckFailed,
    ConfirmationGone,
    NotAllowed,
    NotFound,
    NotLinked,
    NotSent,
    PersonError,
    PinWanted,
    Unclear,
)
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.account import Actor, Credentials, LoginStep, NoLogin, Role, Stop, User
from bot.domain.people.secret import Secret
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.proposal import Unlinked, UnlinkQuestion
from bot.simulators.loop import LoopClock
from bot.trading.account.accounts import Accounts
from bot.trading.orders.confirmations import Confirmations
from bot.trading.sessions.logins import Logins
from bot.trading.unlinking import PATIENCE, Unlinking
from tests.bot.trading.desk.asked import a_position, ask
from tests.stage.access import access
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, CREDENTIALS, NOW, PERSON

RAVI = User(telegram_id=2002, name="Ravi")
CARD = 78  # the message of the question


class Leaving(ScriptedBroker):
    """A broker that counts logouts and may refuse them, or never answer."""

    logouts = 0
    refuses_logout = False
    silent = False

    async def logout(self) -> None:
        self.logouts += 1
        if self.silent:
            await asyncio.sleep(3600)
        if self.refuses_logout:
            raise NotSent("mStock cannot be reached. Nothing was sent.")


@dataclass
class Door:
    """A desk with what links and unlinks its account."""

    stage: DeskStage
    broker: Leaving
    logins: Logins
    unlinking: Unlinking

    async def ask(self, label: str = "main") -> UnlinkQuestion:
        question = await self.unlinking.ask(self.stage.actor, label, chat_id=PERSON)
        await self.stage.proposals.shown(question.confirmation.token, CARD)
        return question

    async def tap(self, question: UnlinkQuestion, actor: Actor | None = None) -> Unlinked:
        token = question.confirmation.token
        return await self.unlinking.confirm(actor or self.stage.actor, token, chat_id=PERSON, message_id=CARD)

    async def link(self, credentials: Credentials = CREDENTIALS, label: str = "mine", code: str = "111222") -> str:
        return (await self.logins.link(label, credentials, code, by=self.stage.actor.user)).id

    async def is_linked(self) -> bool:
        return await self.stage.store.transaction(lambda db: db.accounts.find(ACCOUNT.id)) is not None


async def a_door(clock: LoopClock) -> Door:
    broker = Leaving(clock)
    stage = await set_stage(clock, broker=broker)

    async def digits(_: Secret) -> str:
        return "654321"

    logins = Logins(
        store=stage.store,
        connections=lambda: stage.connection,
        clock=clock,
        random=random.Random(3).randbytes,
        totp=digits,
        logged_in=lambda _: None,
        renewed=lambda _: None,
    )
    unlinking = Unlinking(
        store=stage.store,
        connections=stage.connection,
        accounts=Accounts(store=stage.store, clock=clock),
        logins=logins,
        reconcile=stage.reconcile,
        confirmations=Confirmations(clock, asyncio.get_running_loop().time, random.Random(4).randbytes),
        clock=clock,
    )
    return Door(stage, broker, logins, unlinking)


async def test_nothing_is_destroyed_before_the_question_is_answered(clock: LoopClock) -> None:
    door = await a_door(clock)
    question = await door.ask("MAIN")
    assert (question.account, question.orders, question.positions, question.unread) == (ACCOUNT, (), (), None)
    assert await door.is_linked()
    assert door.broker.logouts == 0
    await door.stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    door.stage.wakes.clear()
    done = await door.tap(question)
    assert (done.account, done.logged_out, door.broker.logouts) == (ACCOUNT, True, 1)
    assert await door.stage.store.transaction(lambda db: db.accounts.credentials(ACCOUNT.id)) is None
    with pytest.raises(NotLinked):
        door.stage.connection.of(ACCOUNT.id)
    assert len(door.stage.wakes) == 1, "the others are told at once"
    with pytest.raises(ConfirmationGone, match="answered already"):
        await door.tap(question)


async def test_the_question_names_open_orders_and_positions_as_the_books_have_them(clock: LoopClock) -> None:
    door = await a_door(clock)
    await door.stage.tap(await ask(door.stage))
    door.broker.held = [a_position(25), a_position(0)]
    question = await door.ask()
    assert [order.status for order in question.orders] == [OrderStatus.OPEN]
    assert [position.quantity for position in question.positions] == [25]
    await door.tap(question)
    assert not await door.is_linked(), "what is open at the broker stays there, and keeps nobody from leaving"
    order = await door.stage.order()
    assert order is not None
    assert order.status is OrderStatus.OPEN


async def test_books_that_cannot_be_read_are_said_and_refuse_nothing(clock: LoopClock) -> None:
    door = await a_door(clock)
    await door.stage.tap(await ask(door.stage))
    door.broker.books_down = NotSent("mStock cannot be reached. Nothing was sent.")
    question = await door.ask()
    assert question.unread == "mStock cannot be reached. Nothing was sent."
    assert len(question.orders) == 1, "as last known"
    await door.tap(question)
    assert not await door.is_linked()


async def test_while_an_orders_outcome_is_open_it_is_refused_and_at_the_tap_again(clock: LoopClock) -> None:
    door = await a_door(clock)
    before = await door.ask()
    door.broker.after_place = lose_the_answer
    door.broker.book_lag = 600
    order = await door.stage.tap(await ask(door.stage))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.UNKNOWN
    with pytest.raises(CheckFailed, match="outcome of #1 on main is still open"):
        await door.ask()
    with pytest.raises(CheckFailed, match="outcome of #1 on main is still open"):
        await door.tap(before)
    assert await door.is_linked()
    assert door.broker.logouts == 0
    door.broker.book_lag = 0
    await door.stage.reconcile.sync(ACCOUNT.id)
    await door.tap(await door.ask())
    assert not await door.is_linked()


def lose_the_answer() -> None:
    raise Unclear("mStock's answer did not arrive.")


async def test_an_order_that_is_being_sent_refuses_it(clock: LoopClock) -> None:
    door = await a_door(clock)
    question, token = await door.ask(), await ask(door.stage)
    seen: list[BaseException] = []

    async def told() -> None:
        with pytest.raises(CheckFailed, match="still open") as refused:
            await door.tap(question)
        seen.append(refused.value)

    await door.stage.desk.confirm(door.stage.actor, token, chat_id=PERSON, message_id=77, answered=told)
    assert len(seen) == 1
    assert door.broker.posts == 1


async def test_from_the_tap_on_no_card_of_the_account_sends_an_order(clock: LoopClock) -> None:
    door = await a_door(clock)
    token = await ask(door.stage)
    door.broker.silent = True  # so that the connection is still there while the card is tapped
    leaving = asyncio.create_task(door.tap(await door.ask()))
    await asyncio.sleep(1)
    assert not leaving.done()
    with pytest.raises(ConfirmationGone, match="refused"):
        await door.stage.tap(token)
    assert (await leaving).logged_out is False
    assert door.broker.posts == 0


@pytest.mark.parametrize("trouble", ["refuses_logout", "silent"])
async def test_a_logout_that_fails_holds_nothing_up_and_is_said(clock: LoopClock, trouble: str) -> None:
    door = await a_door(clock)
    setattr(door.broker, trouble, True)
    question, began = await door.ask(), clock.now()
    assert (await door.tap(question)).logged_out is False
    assert clock.now() - began <= timedelta(seconds=PATIENCE)
    assert not await door.is_linked()
    assert not door.stage.connection.is_open


async def test_only_an_owner_of_the_account_unlinks_it_and_is_asked_for_the_role_at_the_tap_again(clock: LoopClock) -> None:
    door = await a_door(clock)
    owner = door.stage.actor.user
    for role in (Role.TRADER, Role.GUARDIAN, Role.VIEWER):
        await door.stage.store.transaction(lambda db, role=role: db.people.add(owner, role, ACCOUNT.id, NOW))  # type: ignore[misc]  # bound at once
        with pytest.raises(NotAllowed):
            await door.unlinking.ask(door.stage.actor, "main", chat_id=PERSON)
    await door.stage.store.transaction(lambda db: db.people.add(owner, Role.OWNER, ACCOUNT.id, NOW))
    with pytest.raises(NotFound):
        await door.ask("papa")
    question = await door.ask()
    other = replace(door.stage.actor, user=RAVI)
    with pytest.raises(ConfirmationGone, match="don't know this card"):
        await door.tap(question, other)
    await door.stage.store.transaction(lambda db: db.people.add(door.stage.actor.user, Role.TRADER, ACCOUNT.id, NOW))
    with pytest.raises(NotAllowed, match="Only an owner of the account"):
        await door.tap(question)
    assert await door.is_linked()


async def test_a_pin_is_asked_for_this_one_act_and_the_question_stays_open_for_it(clock: LoopClock) -> None:
    door = await a_door(clock)
    at = access(door.stage)
    await at.set_pin(door.stage.actor)
    question = await door.ask()
    with pytest.raises(PinWanted, match="Unlinking main") as wanted:
        await door.tap(question)
    assert await door.is_linked()
    await at.prove(door.stage.actor, wanted.value.proof)
    await door.tap(question)
    assert not await door.is_linked()


async def test_no_other_question_is_answered_by_its_button_nor_it_by_theirs(clock: LoopClock) -> None:
    door = await a_door(clock)
    question, card = await door.ask(), await ask(door.stage)
    with pytest.raises(ConfirmationGone, match="does not belong to this question"):
        await door.unlinking.confirm(door.stage.actor, card, chat_id=PERSON, message_id=77)
    for in_words in (True, False):
        with pytest.raises(ConfirmationGone, match="does not belong to this question"):
            await door.stage.desk.confirm(
                door.stage.actor, question.confirmation.token, chat_id=PERSON, message_id=CARD, in_words=in_words
            )
    assert await door.is_linked()
    await door.stage.tap(card)
    assert door.broker.posts == 1


async def test_an_old_question_is_over(clock: LoopClock) -> None:
    door = await a_door(clock)
    question = await door.ask()
    await asyncio.sleep(61)
    with pytest.raises(ConfirmationGone, match="expired") as gone:
        await door.tap(question)
    assert (gone.value.expired, gone.value.again) == (True, False)
    assert await door.is_linked()


async def test_it_is_on_record_as_it_was_and_the_others_are_told_once(clock: LoopClock) -> None:
    door = await a_door(clock)
    await door.stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    await door.stage.tap(await ask(door.stage))
    await door.stage.notices()
    await door.tap(await door.ask())
    rows = await door.stage.store.transaction(lambda db: db.audit.page(limit=1))
    assert [(row[2], row[3]) for row in rows] == [(PERSON, "unlink")]
    assert rows[0][4].startswith("before: main MA••••1, ")
    assert rows[0][4].endswith("after: its secrets are destroyed, 1 open orders stay at mStock")
    told = [each for each in await door.stage.notices() if isinstance(each, ActByOther)]
    assert [(each.name, each.deed) for each in told] == [("Asha", ActionKind.UNLINKED)]


async def test_linked_again_it_is_the_same_account_with_all_that_binds_it(clock: LoopClock) -> None:
    door = await a_door(clock)
    store, today = door.stage.store, ist_date(clock.now())
    await access(door.stage).put(value=Decimal(10_000), orders_a_day=1)
    await access(door.stage).limits.lock_day(door.stage.actor)

    def bind(db: Repositories) -> None:
        db.stops.stop(Stop(account_id=ACCOUNT.id, by=PERSON, at=clock.now()))
        db.people.add(RAVI, Role.VIEWER, ACCOUNT.id, NOW)
        db.accounts.keep_stop_words(ACCOUNT.id, "split")
        db.flags.forbid_login(ACCOUNT.id, NoLogin.LOGGED_OUT, NOW)

    await door.stage.store.transaction(lambda db: db.orders.next_number(ACCOUNT.id, today))
    await store.transaction(bind)
    await door.tap(await door.ask())
    await asyncio.sleep(60)
    typed = replace(CREDENTIALS, client_code=Secret(CREDENTIALS.client_code.reveal().lower()), password=Secret("another"))
    assert await door.link(typed) == ACCOUNT.id

    def look(db: Repositories) -> tuple[object, ...]:
        account = db.accounts.find(ACCOUNT.id)
        limits = db.limits.on(ACCOUNT.id, today)
        return (
            account and (account.label, account.created_at, account.mark),
            (limits.value, limits.orders_a_day),
            db.limits.day_lock(ACCOUNT.id, today) is not None,
            db.stops.stopped(ACCOUNT.id) is not None,
            db.orders.next_number(ACCOUNT.id, today),
            db.people.role_on(RAVI.telegram_id, ACCOUNT.id),
            db.accounts.credentials(ACCOUNT.id),
            db.flags.login_forbidden(ACCOUNT.id),
        )

    mark = "🔵"
    expected = (("mine", ACCOUNT.created_at, mark), (Decimal(10_000), 1), True, True, 2, Role.VIEWER, typed, False)
    assert await store.transaction(look) == expected
    assert door.broker.stop_words == "split"
    assert door.stage.connection.session is not None
    rows = await store.transaction(lambda db: db.audit.page(limit=1))
    assert rows[0][4].startswith("before: unlinked, then called main, after: mine ca••••7, ")


async def test_orders_and_history_are_there_again_and_their_number_goes_on(clock: LoopClock) -> None:
    door = await a_door(clock)
    first = await door.stage.tap(await ask(door.stage))
    assert isinstance(first, Order)
    await door.tap(await door.ask())
    await asyncio.sleep(60)
    await door.link()
    second = await door.stage.tap(await ask(door.stage), 77)
    assert isinstance(second, Order)
    assert (first.number, second.number) == (1, 2)
    today = ist_date(clock.now())
    orders = await door.stage.store.transaction(lambda db: db.orders.of_day(ACCOUNT.id, today))
    assert [order.id for order in orders] == [first.id, second.id]


async def test_a_client_that_is_linked_is_not_linked_a_second_time_under_another_name(clock: LoopClock) -> None:
    door = await a_door(clock)
    with pytest.raises(PersonError, match="linked here already"):
        await door.link()
    assert door.stage.connection.is_open, "its connection is left as it is"
    assert door.stage.connection.session is not None


async def test_a_login_that_is_refused_leaves_the_unlinked_account_as_it_was(clock: LoopClock) -> None:
    class Refusing(Leaving):
        async def begin_login(self, credentials: Credentials) -> LoginStep:
            raise NotSent("mStock cannot be reached. Nothing was sent.")

    door = await a_door(clock)
    await door.tap(await door.ask())
    door.stage.connection.broker = Refusing(clock)
    with pytest.raises(NotSent):
        await door.link()
    known = await door.stage.store.transaction(lambda db: db.accounts.known(CREDENTIALS.client_code))
    assert known is not None
    assert (known.linked, known.account.label, door.stage.connection.is_open) == (False, "main", False)


async def test_two_who_link_the_same_client_at_once_get_one_account(clock: LoopClock) -> None:
    door = await a_door(clock)
    await door.tap(await door.ask())
    outcomes = await asyncio.gather(door.link(label="mine"), door.link(label="ours", code="333444"), return_exceptions=True)
    assert outcomes[0] == ACCOUNT.id
    assert isinstance(outcomes[1], PersonError)
    assert door.stage.connection.is_open
    fresh = replace(CREDENTIALS, client_code=Secret("XY7654321"))
    outcomes = await asyncio.gather(door.link(fresh, "papa", "555666"), door.link(fresh, "dad", "777888"), return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["PersonError", "str"]


async def test_its_own_question_is_claimed_and_the_others_are_refused(clock: LoopClock) -> None:
    door = await a_door(clock)
    card, question = await ask(door.stage), await door.ask()
    await door.tap(question)

    def states(db: Repositories) -> list[tuple[Purpose, ConfirmationState]]:
        found = [db.confirmations.find(token) for token in (card, question.confirmation.token)]
        return [(each.purpose, each.state) for each in found if each is not None]

    expected = [(Purpose.PLACE, ConfirmationState.REFUSED), (Purpose.UNLINK, ConfirmationState.CLAIMED)]
    assert await door.stage.store.transaction(states) == expected
