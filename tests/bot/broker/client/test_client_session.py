"""The client and its session against the paper broker: one login for all, and no order under a session that ended."""

import asyncio
from dataclasses import replace

import pytest

from bot.broker.connections import Connections, MStockConnection
from bot.domain.errors import NotSent, Refused, SessionExpired, Unclear
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.bot.broker.client.test_client import RELIANCE, TAG, a_draft, orders_at
from tests.stage.brokers.exchange import credentials_of, log_in


async def test_an_order_whose_session_ends_while_it_waits_is_not_sent(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection, far=True)
    waiting = [asyncio.create_task(connection.broker.place(draft, f"ORDER{number}")) for number in range(4)]
    await asyncio.sleep(0.5)
    connection.adopt(None)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [str, str, str, NotSent]
    assert len(orders_at(paper)) == 3


async def test_ten_reads_that_find_the_session_dead_cause_one_login(
    connections: Connections, connection: MStockConnection, paper: Running, clock: LoopClock
) -> None:
    credentials = credentials_of(PaperAccount())
    logins: list[Session | None] = []

    async def renew(account_id: str, dead: Session | None) -> Session | None:
        logins.append(dead)
        await asyncio.sleep(40)  # the next code of the authenticator
        return await log_in(connections.of(account_id), credentials, clock)

    connections.attach(renewer=renew)
    dead = connection.session
    paper.broker.faults.arm("token_expired", times=6)  # as many as leave at once: the others wait for the session
    got = await asyncio.gather(*(connection.broker.orders() for _ in range(10)))
    assert got == [[]] * 10
    assert logins == [dead]


async def test_a_session_that_only_a_person_can_renew_is_asked_for_once(
    connections: Connections, connection: MStockConnection, paper: Running, clock: LoopClock
) -> None:
    asked = 0

    async def renew(account_id: str, dead: Session | None) -> Session | None:
        nonlocal asked
        asked += 1
        return None

    connections.attach(renewer=renew)
    paper.broker.faults.arm("session_invalid", times=1)
    for _ in range(5):
        with pytest.raises(SessionExpired):
            await connection.broker.funds()
    draft = OrderDraft(instrument=RELIANCE, side=Side.BUY, quantity=1, kind=OrderKind.MARKET, product=Product.MIS)
    with pytest.raises(NotSent):
        await connection.broker.place(draft, TAG)
    assert asked == 1
    await asyncio.sleep(61)
    with pytest.raises(SessionExpired):
        await connection.broker.funds()
    assert asked == 2
    await log_in(connection, credentials_of(PaperAccount()), clock)
    assert (await connection.broker.funds()).available


async def test_an_order_that_meets_a_dead_token_is_refused_not_repeated(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection)
    paper.broker.faults.arm("token_expired", route="place")
    with pytest.raises(Refused) as refused:
        await connection.broker.place(draft, TAG)
    assert not refused.value.final
    assert connection.session is None, "the token is known to be dead, so the next read renews it"
    assert orders_at(paper) == []


async def test_orders_that_wait_for_their_turn_do_not_leave_under_a_session_that_ended_meanwhile(
    connections: Connections, connection: MStockConnection, paper: Running
) -> None:
    """The broker would refuse each in words that prove nothing, and each would be looked for for three minutes."""

    async def renew(account_id: str, dead: Session | None) -> Session | None:
        return None

    connections.attach(renewer=renew)
    draft = await a_draft(connection, far=True)
    placing = [asyncio.create_task(connection.broker.place(draft, f"TAG{number}", urgent=True)) for number in range(10)]
    await asyncio.sleep(0.5)
    await connection.broker.logout()
    outcomes = await asyncio.gather(*placing, return_exceptions=True)
    sent = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert 0 < len(sent) == len(orders_at(paper)) < 10
    assert all(isinstance(outcome, NotSent) for outcome in outcomes if outcome not in sent)


async def test_orders_that_wait_leave_under_the_session_that_took_the_old_ones_place(
    connection: MStockConnection, paper: Running
) -> None:
    draft, living = await a_draft(connection, far=True), connection.session
    assert living is not None
    await asyncio.gather(*(connection.broker.place(draft, f"FIRST{number}") for number in range(3)))
    connection.adopt(replace(living, token=Secret("over")))
    placing = [asyncio.create_task(connection.broker.place(draft, f"THEN{number}")) for number in range(2)]
    await asyncio.sleep(0.5)
    connection.adopt(living)
    assert len([await place for place in placing]) == 2
    assert len(orders_at(paper)) == 5


async def test_an_order_told_invalid_session_by_the_gateway_stays_unclear(connection: MStockConnection, paper: Running) -> None:
    draft = await a_draft(connection)
    paper.broker.faults.arm("session_invalid", route="place")
    with pytest.raises(Unclear):
        await connection.broker.place(draft, TAG)
    assert connection.session is None


async def test_logging_out_ends_the_session_on_both_sides(connection: MStockConnection) -> None:
    await connection.broker.logout()
    assert connection.session is None
    await connection.broker.logout()
    with pytest.raises(SessionExpired):
        await connection.broker.funds()
