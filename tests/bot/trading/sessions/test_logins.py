"""Ten calls that find the session dead cause one login.

A wrong password is never tried again by itself.
"""

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import LoginRefused, NotAllowed, NotFound, NotSent, PasswordRefused, PersonError
from bot.domain.news.connections import SessionReplaced
from bot.domain.people.account import Account, Actor, CodeKind, Credentials, LoginStep, Role, Session, User
from bot.domain.people.secret import Secret
from bot.domain.proposals.proposal import CodeWanted, LoggedIn
from bot.simulators.loop import LoopClock
from bot.trading.account.accounts import Accounts
from bot.trading.sessions.logins import Logins
from storage.store import SqlStore
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.storage.samples import ACCOUNT, CREDENTIALS, PERSON, a_store

PAPAS = replace(CREDENTIALS, client_code=Secret("MA0000002"))
OWNER = Actor(user=User(telegram_id=PERSON, name="Asha"), role=Role.OWNER, account=ACCOUNT)


class Gate(ScriptedBroker):
    """A broker that counts logins and may refuse them."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.logins = 0
        self.finished: list[str] = []  # codes
        self.refuses = False
        self.taken: tuple[str, ...] = ()  # codes that a login elsewhere has used

    async def begin_login(self, credentials: Credentials) -> LoginStep:
        self.logins += 1
        await asyncio.sleep(0.5)
        if self.refuses:
            raise PasswordRefused("mStock says: invalid password. 8 attempts remain.")
        return await super().begin_login(credentials)

    async def finish_login(self, credentials: Credentials, step: LoginStep, code: str, kind: CodeKind) -> Session:
        session = await super().finish_login(credentials, step, code, kind)
        if code in self.taken or self.taken == ("all",):
            raise LoginRefused("mStock says: Please enter correct TOTP.")
        self.finished.append(code)
        return Session(token=Secret(f"jwt-{self.logins}"), issued=session.issued, expires=session.expires)


class Connections(OneConnection):
    """One connection that can be closed."""

    closed: tuple[str, ...] = ()

    async def close(self, account_id: str) -> None:
        self.closed = (*self.closed, account_id)

    def opened(self) -> Collection[str]:
        return (ACCOUNT.id,)


async def a_desk(
    clock: LoopClock, kept: SqlStore | None = None, *, renewed: Callable[[str], None] = lambda _: None
) -> tuple[Logins, Gate, Connections, SqlStore]:
    store, broker = kept or await a_store(), Gate(clock)
    connection = Connections(broker, StillFeed(clock), None)

    async def digits(_: Secret) -> str:
        return f"{int(clock.now().timestamp()) // 30 % 1_000_000:06d}"

    logins = Logins(
        store=store,
        connections=lambda: connection,
        clock=clock,
        random=random.Random(1).randbytes,
        totp=digits,
        logged_in=lambda _: None,
        renewed=renewed,
    )
    return logins, broker, connection, store


async def forget_seed(store: SqlStore) -> None:
    bare = Credentials(client_code=CREDENTIALS.client_code, password=CREDENTIALS.password, api_key=CREDENTIALS.api_key)
    await store.transaction(lambda db: db.accounts.add(ACCOUNT, bare))


async def test_ten_calls_that_find_it_dead_cause_one_login(clock: LoopClock) -> None:
    logins, broker, connection, store = await a_desk(clock)
    dead = Session(token=Secret("old"), issued=clock.now(), expires=clock.now())
    renewed = await asyncio.gather(*(logins.renew(ACCOUNT.id, dead) for _ in range(10)))
    assert broker.logins == 1
    assert {session.token.reveal() for session in renewed if session} == {"jwt-1"}
    assert connection.session == renewed[0] == await store.transaction(lambda db: db.accounts.session(ACCOUNT.id))


async def test_a_session_that_was_begun_by_itself_is_told_to_whoever_waits_for_one(clock: LoopClock) -> None:
    begun: list[str] = []
    logins, _, _, _ = await a_desk(clock, renewed=begun.append)
    assert await logins.renew(ACCOUNT.id, None) is not None
    assert await logins.renew(ACCOUNT.id, None) is not None, "it lives"
    assert begun == [ACCOUNT.id]


async def test_the_same_six_digits_are_submitted_once_also_by_the_process_after_a_restart(clock: LoopClock) -> None:
    logins, broker, _, store = await a_desk(clock)
    await logins.login(OWNER, "222333")
    await logins.logout(OWNER)
    again, broker, _, _ = await a_desk(clock, store)
    with pytest.raises(NotSent, match="used already"):
        await again.login(OWNER, "222333")
    await again.login(OWNER, "444555")
    await again.logout(OWNER)
    await asyncio.sleep(120)
    await again.login(OWNER, "222333")
    assert broker.finished == ["444555", "222333"]


async def test_who_lost_the_role_since_the_act_began_neither_logs_in_nor_out(clock: LoopClock) -> None:
    logins, broker, connection, store = await a_desk(clock)
    await logins.login(OWNER)
    await store.transaction(lambda db: db.people.add(OWNER.user, Role.VIEWER, ACCOUNT.id, clock.now()))
    with pytest.raises(NotAllowed):
        await logins.logout(OWNER)
    assert connection.session is not None
    with pytest.raises(NotAllowed):
        await logins.login(OWNER)
    with pytest.raises(NotAllowed):
        await Accounts(store=store, clock=clock).people(OWNER)
    assert broker.logins == 1


async def test_a_refused_password_is_never_tried_again_by_itself_not_even_after_a_restart(clock: LoopClock) -> None:
    logins, broker, _, store = await a_desk(clock)
    broker.refuses = True
    for _ in range(40):
        assert await logins.renew(ACCOUNT.id, None) is None
        await asyncio.sleep(600)
    assert broker.logins == 1
    logins, broker, _, _ = await a_desk(clock, store)
    assert await logins.renew(ACCOUNT.id, None) is None
    assert broker.logins == 0, "whether it would be taken now is for a person to try"
    assert isinstance(await logins.login(OWNER), LoggedIn)
    dead = await store.transaction(lambda db: db.accounts.session(ACCOUNT.id))
    await asyncio.sleep(60)
    logins, broker, _, _ = await a_desk(clock, store)
    assert await logins.renew(ACCOUNT.id, dead) is not None, "a person's login worked, so the password is good again"


async def test_a_code_that_a_login_elsewhere_used_is_followed_by_the_next_one_and_a_second_refusal_by_a_pause(
    clock: LoopClock,
) -> None:
    logins, broker, _, _ = await a_desk(clock)
    broker.taken = (f"{int(clock.now().timestamp()) // 30 % 1_000_000:06d}",)
    dead = Session(token=Secret("old"), issued=clock.now(), expires=clock.now() + timedelta(hours=5))
    assert await logins.renew(ACCOUNT.id, dead) is None
    await asyncio.sleep(31)
    assert (living := await logins.renew(ACCOUNT.id, dead)) is not None
    assert broker.logins == 2
    broker.taken = ("all",)
    await asyncio.sleep(31)
    for _ in range(24):
        assert await logins.renew(ACCOUNT.id, living) is None
        await asyncio.sleep(31)
    assert broker.logins == 5, "two at once, and the next after ten minutes: mStock locks who goes on trying"


async def test_the_line_to_the_broker_tells_how_far_the_clocks_are_apart(clock: LoopClock) -> None:
    logins, _, _, _ = await a_desk(clock)
    assert (await logins.session(OWNER)).skew == 0.0


async def test_whoever_logged_out_is_not_logged_in_again_by_a_stored_seed_not_even_after_a_restart(clock: LoopClock) -> None:
    logins, broker, connection, store = await a_desk(clock)
    await logins.login(OWNER)
    await logins.logout(OWNER)
    for _ in range(3):
        assert await logins.renew(ACCOUNT.id, None) is None
        await asyncio.sleep(8 * 3600)
    logins, _, _, _ = await a_desk(clock, store)
    assert await logins.renew(ACCOUNT.id, None) is None
    assert broker.logins == 1
    assert connection.session is None
    logins, broker, _, _ = await a_desk(clock, store)
    assert isinstance(await logins.login(OWNER), LoggedIn)
    dead = await store.transaction(lambda db: db.accounts.session(ACCOUNT.id))
    await asyncio.sleep(60)
    assert await logins.renew(ACCOUNT.id, dead) is not None, "a person is back"


async def test_a_password_that_a_person_saw_refused_is_not_tried_by_the_bot(clock: LoopClock) -> None:
    logins, broker, _, _ = await a_desk(clock)
    broker.refuses = True
    with pytest.raises(LoginRefused):
        await logins.login(OWNER)
    await asyncio.sleep(3600)
    assert await logins.renew(ACCOUNT.id, None) is None
    assert broker.logins == 1


async def test_while_the_broker_prepares_its_day_nobody_is_logged_in_by_itself(clock: LoopClock) -> None:
    logins, broker, _, _ = await a_desk(clock)
    await asyncio.sleep(timedelta(hours=22, minutes=30).total_seconds())  # 07:30 the next morning
    assert await logins.renew(ACCOUNT.id, None) is None
    assert broker.logins == 0


async def test_without_a_seed_the_digits_are_asked_for_once_and_expected_for_five_minutes(clock: LoopClock) -> None:
    logins, broker, _, store = await a_desk(clock)
    await forget_seed(store)
    assert isinstance(await logins.login(OWNER), CodeWanted)
    assert broker.logins == 0
    assert logins.expects_code(PERSON)
    await asyncio.sleep(301)
    assert not logins.expects_code(PERSON)
    assert isinstance(await logins.login(OWNER, "123456"), LoggedIn)
    assert not logins.expects_code(PERSON)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12a456", "१२३४५६"])
async def test_what_is_not_six_digits_is_not_sent(clock: LoopClock, code: str) -> None:
    logins, broker, _, _ = await a_desk(clock)
    with pytest.raises(PersonError, match="six digits"):
        await logins.login(OWNER, code)
    assert broker.logins == 0


async def test_a_living_session_is_not_logged_in_again(clock: LoopClock) -> None:
    logins, broker, _, _ = await a_desk(clock)
    first = await logins.login(OWNER)
    again = await logins.login(OWNER)
    assert isinstance(first, LoggedIn)
    assert isinstance(again, LoggedIn)
    assert again.already
    assert broker.logins == 1


async def test_a_link_that_does_not_log_in_stores_nothing(clock: LoopClock) -> None:
    logins, broker, connection, store = await a_desk(clock)
    broker.refuses = True
    with pytest.raises(LoginRefused):
        await logins.link("papa", PAPAS, None)
    assert await store.transaction(lambda db: db.accounts.by_label("papa")) is None
    assert len(connection.closed) == 1
    broker.refuses = False
    linked = await logins.link("papa", PAPAS, None)
    assert linked.client == "MA••••2"
    assert await store.transaction(lambda db: db.accounts.credentials(linked.id)) == PAPAS


@pytest.mark.parametrize("label", ["", "two words", "a" * 33, "<b>", "papa:"])
async def test_a_label_that_could_not_lead_a_card_is_refused_before_the_broker_is_asked(clock: LoopClock, label: str) -> None:
    logins, broker, _, _ = await a_desk(clock)
    with pytest.raises(PersonError, match="label"):
        await logins.link(label, CREDENTIALS, None)
    assert broker.logins == 0


async def test_use_lasts_half_an_hour_and_knows_only_ones_own_accounts(clock: LoopClock) -> None:
    _, _, _, store = await a_desk(clock)
    accounts = Accounts(store=store, clock=clock)
    papa = Account(id="a2", label="papa", client="MA••••2", created_at=ACCOUNT.created_at + timedelta(days=1))
    await store.transaction(lambda db: db.accounts.add(papa, CREDENTIALS))
    await accounts.use(OWNER, "Papa")
    chosen = await accounts.actor(PERSON)
    assert chosen is not None
    assert chosen.account is not None
    assert chosen.account.id == papa.id
    await asyncio.sleep(1801)
    fallen_back = await accounts.actor(PERSON)
    assert fallen_back is not None
    assert fallen_back.account is not None
    assert fallen_back.account.id == ACCOUNT.id
    with pytest.raises(NotFound, match="Yours: main, papa"):
        await accounts.actor(PERSON, "mama")
    assert await accounts.actor(666) is None


@pytest.mark.parametrize(("hours", "told"), [(5, 1), (0, 0)])
async def test_a_session_ended_before_its_time_rings_though_the_stored_seed_made_a_new_one(
    clock: LoopClock, hours: int, told: int
) -> None:
    logins, _, _, store = await a_desk(clock)
    dead = Session(token=Secret("old"), issued=clock.now(), expires=clock.now() + timedelta(hours=hours))
    assert await logins.renew(ACCOUNT.id, dead) is not None
    news = await store.transaction(lambda db: db.outbox.lease(clock.now(), clock.now() + timedelta(minutes=1)))
    assert [type(delivery.notice) for delivery in news] == [SessionReplaced] * told
