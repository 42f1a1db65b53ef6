"""Logging in: two steps, one password try, one use of each code, and when a token dies."""

import asyncio
import base64
import email.utils
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.connections import Connections, MStockConnection
from bot.broker.session import SessionKeeper, code_from_seed, six_digits, token_dies
from bot.domain.clock import next_midnight
from bot.domain.errors import BotError, LoginRefused, NotSent, PasswordRefused, Refused, SessionExpired, Unreadable
from bot.domain.people.account import CodeKind, Credentials, Session
from bot.domain.people.secret import Secret
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.broker.quirks.rows import Wire, a_client, bad, body, good
from tests.stage.brokers.exchange import credentials_of, log_in

MORNING = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


def a_token(exp: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).decode().rstrip("=")
    return f"head.{body}.tail"


@pytest.fixture
def credentials() -> Credentials:
    return credentials_of(PaperAccount())


def test_a_token_dies_at_its_claim_or_at_midnight_in_india() -> None:
    midnight = next_midnight(MORNING)
    assert token_dies(a_token(midnight.timestamp()), MORNING) == midnight
    assert token_dies(a_token((MORNING + timedelta(minutes=5)).timestamp()), MORNING) == MORNING + timedelta(minutes=5)
    assert token_dies(a_token((MORNING + timedelta(days=30)).timestamp()), MORNING) == midnight


@given(st.text() | st.builds(a_token, st.integers() | st.text() | st.none() | st.lists(st.integers()) | st.floats()))
def test_a_token_of_any_shape_dies_by_midnight(token: str) -> None:
    assert token_dies(token, MORNING) <= next_midnight(MORNING)


async def test_the_two_steps_give_a_session_until_midnight(
    connections: Connections, clock: LoopClock, credentials: Credentials
) -> None:
    connection = connections.of("main", credentials)
    session = await log_in(connection, credentials, clock)
    assert session.expires == next_midnight(clock.now())
    assert connection.session == session


async def test_the_first_step_keeps_nothing_of_the_phone_and_mail_that_the_broker_names(
    connections: Connections, credentials: Credentials
) -> None:
    step = await connections.of("main", credentials).broker.begin_login(credentials)
    assert "@" not in repr(step)
    assert "XX" not in repr(step)


async def test_the_older_login_answer_serves_as_well(
    connections: Connections, paper: Running, clock: LoopClock, credentials: Credentials
) -> None:
    paper.broker.faults.arm("uuid_login")
    assert (await log_in(connections.of("main", credentials), credentials, clock)).alive(clock.now())


async def test_a_refused_password_is_not_sent_twice(connections: Connections, paper: Running, credentials: Credentials) -> None:
    wrong = Credentials(client_code=credentials.client_code, password=Secret("wrong-Canary1"), api_key=credentials.api_key)
    broker = connections.of("main", credentials).broker
    for _ in range(5):
        with pytest.raises(LoginRefused) as refused:
            await broker.begin_login(wrong)
        assert "9 attempts" in refused.value.say
        assert "Canary" not in repr(refused.value)
    assert paper.counter.calls["login"] == 1
    await asyncio.sleep(601)
    with pytest.raises(LoginRefused):
        await broker.begin_login(wrong)
    assert paper.counter.calls["login"] == 2
    await broker.begin_login(credentials)  # the right one is another password


async def test_neither_password_nor_code_is_tried_twice_over_another_line(
    connections: Connections, paper: Running, clock: LoopClock, credentials: Credentials
) -> None:
    """Linking opens a line for each attempt, and closes it when the login fails."""
    wrong = Credentials(client_code=credentials.client_code, password=Secret("wrong"), api_key=credentials.api_key)
    for number in range(3):
        with pytest.raises(PasswordRefused):
            await connections.of(f"p{number}", wrong).broker.begin_login(wrong)
        await connections.close(f"p{number}")
    assert paper.counter.calls["login"] == 1
    for number, error in enumerate((LoginRefused, NotSent, NotSent)):
        broker = connections.of(f"c{number}", credentials).broker
        step = await broker.begin_login(credentials)
        with pytest.raises(error):
            await broker.finish_login(credentials, step, "000000", CodeKind.TOTP)
        await connections.close(f"c{number}")
    assert paper.counter.calls["session_totp"] == 1


async def test_a_code_is_submitted_once(
    connections: Connections, paper: Running, clock: LoopClock, credentials: Credentials
) -> None:
    broker = connections.of("main", credentials).broker
    step = await broker.begin_login(credentials)
    with pytest.raises(LoginRefused):
        await broker.finish_login(credentials, step, "000000", CodeKind.TOTP)
    with pytest.raises(NotSent):
        await broker.finish_login(credentials, step, "000000", CodeKind.TOTP)
    assert paper.counter.calls["session_totp"] == 1


async def test_a_code_that_comes_after_five_minutes_is_not_sent(
    connections: Connections, paper: Running, credentials: Credentials
) -> None:
    broker = connections.of("main", credentials).broker
    step = await broker.begin_login(credentials)
    await asyncio.sleep(300)
    with pytest.raises(NotSent):
        await broker.finish_login(credentials, step, "123456", CodeKind.TOTP)
    assert paper.counter.calls.get("session_totp", 0) == 0


async def test_a_code_about_to_end_is_waited_out(clock: LoopClock, loop: VirtualLoop) -> None:
    seed = Secret("JBSWY3DPEHPK3PXP")
    await asyncio.sleep(28.5)
    key = base64.b32decode(seed.reveal())
    assert await code_from_seed(seed, clock) == six_digits(key, MORNING + timedelta(seconds=31))
    assert loop.time() == pytest.approx(30.2)
    for odd in ("123456", "not base32!"):
        with pytest.raises(NotSent):
            await code_from_seed(Secret(odd), clock)


@given(st.binary(min_size=20, max_size=40), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_our_own_six_digits_are_those_of_the_library(key: bytes, at: datetime) -> None:
    assert six_digits(key, at) == pyotp.TOTP(base64.b32encode(key).decode()).at(at)


async def test_a_suspended_key_is_told_from_a_wrong_code(
    connections: Connections, paper: Running, clock: LoopClock, credentials: Credentials
) -> None:
    paper.broker.faults.arm("key_expired", route="session_totp")
    with pytest.raises(Refused) as refused:
        await log_in(connections.of("main", credentials), credentials, clock)
    assert "API key" in refused.value.say


@pytest.mark.parametrize("fault", ["html_page", "gateway_502", "error_instead", "answer_empty", "connection_dropped"])
async def test_a_broker_in_trouble_is_no_refusal_and_is_asked_once(
    connections: Connections, paper: Running, clock: LoopClock, credentials: Credentials, fault: str
) -> None:
    for route in ("login", "session_totp"):
        before = dict(paper.counter.calls)
        paper.broker.faults.arm(fault, route=route)
        with pytest.raises(Unreadable):
            await log_in(connections.of("main", credentials), credentials, clock)
        assert paper.counter.calls[route] - before.get(route, 0) == 1


async def a_keeper(clock: LoopClock, answers: list[Session | BotError | None]) -> tuple[SessionKeeper, list[Session | None]]:
    asked: list[Session | None] = []

    async def renew(_account: str, dead: Session | None) -> Session | None:
        asked.append(dead)
        await asyncio.sleep(1)
        answer = answers.pop(0)
        if isinstance(answer, BotError):
            raise answer
        return answer

    return SessionKeeper("main", clock, renew, lambda: None), asked


def a_session(clock: LoopClock, token: str = "t", hours: float = 8) -> Session:  # noqa: S107 - a sample
    return Session(token=Secret(token), issued=clock.now(), expires=clock.now() + timedelta(hours=hours))


async def test_ten_callers_wait_for_one_renewal(clock: LoopClock) -> None:
    fresh = a_session(clock, "fresh")
    keeper, asked = await a_keeper(clock, [fresh])
    dead = a_session(clock, "dead", hours=0)
    keeper.adopt(dead)
    assert await asyncio.gather(*(keeper.living() for _ in range(10))) == [fresh] * 10
    assert asked == [dead]


async def test_ten_callers_share_one_failure_and_nobody_hammers(clock: LoopClock) -> None:
    keeper, asked = await a_keeper(clock, [LoginRefused("no"), None])
    told = await asyncio.gather(*(keeper.living() for _ in range(10)), return_exceptions=True)
    assert all(isinstance(each, SessionExpired) for each in told)
    assert len(asked) == 1
    await asyncio.sleep(61)
    with pytest.raises(SessionExpired):
        await keeper.living()
    assert len(asked) == 2


async def test_in_the_brokers_morning_a_failed_login_is_left_alone_for_ten_minutes(clock: LoopClock, loop: VirtualLoop) -> None:
    loop.shift(22.25 * 3600)  # 07:15 IST on the next day
    keeper, asked = await a_keeper(clock, [Unreadable("busy"), Unreadable("busy")])
    for _ in range(9):
        with pytest.raises(SessionExpired):
            await keeper.living()
        await asyncio.sleep(60)
    assert len(asked) == 1


async def test_a_token_found_dead_does_not_kill_its_successor(clock: LoopClock) -> None:
    keeper, _ = await a_keeper(clock, [])
    old, new = a_session(clock, "old"), a_session(clock, "new")
    keeper.adopt(new)
    keeper.found_dead(old)
    assert keeper.session == new


@pytest.mark.exhaustive
async def test_a_route_that_never_takes_the_token_causes_no_login_after_login(
    connections: Connections, connection: MStockConnection, paper: Running, clock: LoopClock, credentials: Credentials
) -> None:
    async def renew(account_id: str, _dead: Session | None) -> Session | None:
        await asyncio.sleep(130)
        return await log_in(connections.of(account_id), credentials, clock)

    connections.attach(renewer=renew)
    await asyncio.sleep(3600)
    paper.broker.faults.arm("token_expired", times=None, route="holdings")
    for _ in range(10):
        with pytest.raises(SessionExpired):
            await connection.broker.holdings()
    assert paper.counter.calls["login"] == 2, "the first of the morning, and one try"


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(0, ""), (9, ""), (-9, ""), (12, "clock is 12 s behind mStock's"), (-80, "clock is 80 s ahead of mStock's")],
)
async def test_a_clock_that_is_wrong_is_said_in_words(clock: LoopClock, tmp_path: Path, ahead: int, words: str) -> None:
    def told(*answer: object) -> httpx.Response:
        date = email.utils.format_datetime(clock.now() + timedelta(seconds=ahead), usegmt=True)
        return httpx.Response(200, content=body(answer[0]), headers={"Date": date})

    wire = Wire(told(good({"jwtToken": "h"})), told(bad("Please enter correct TOTP", "MA400", key="error_type", status="error")))
    client, _ = a_client(wire, clock, tmp_path)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    step = await client.begin_login(credentials)
    with pytest.raises(LoginRefused) as refused:
        await client.finish_login(credentials, step, "123456", CodeKind.TOTP)
    assert ("clock" in refused.value.say) is bool(words)
    assert words in refused.value.say
    assert await client.clock_skew() == pytest.approx(ahead, abs=1)


async def test_the_brokers_morning_sees_no_login_loop(
    connections: Connections, connection: MStockConnection, paper: Running, clock: LoopClock, loop: VirtualLoop
) -> None:
    """07:00 to 08:30, the broker half away and the session of yesterday dead: calls all the time, a handful of logins."""
    credentials = credentials_of(PaperAccount())

    async def renew(account_id: str, _dead: Session | None) -> Session | None:
        return await log_in(connections.of(account_id), credentials, clock)

    connections.attach(renewer=renew)
    loop.shift(22 * 3600)  # 07:00 on the next day
    before = paper.counter.calls["login"]
    paper.broker.faults.arm("gateway_502", times=None)
    for _ in range(180):
        with pytest.raises((SessionExpired, Unreadable)):
            await connection.broker.positions()
        await asyncio.sleep(30)
    assert 1 <= paper.counter.calls["login"] - before <= 10, "one in ten minutes"
