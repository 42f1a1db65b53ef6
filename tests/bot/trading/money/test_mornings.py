"""At 08:40 each fact of an account is told as it is, or as not known.

Without a session and with positions it rings.
"""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist
from bot.domain.errors import NotSent, Unreadable
from bot.domain.jobs import JobOutcome, JobRun
from bot.domain.market.expiries import STOCKS
from bot.domain.news.days.readiness import ClosedDay, Light, LoginReminder, Overnight, Readiness, ReadinessAlarm, Unauthorised
from bot.domain.news.notice import Notice, Sound
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role, User
from bot.domain.positions.held import ContractChange, NewBase
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from storage.store import SqlStore
from tests.handlers.samples import SHORT_CALL, a_holding
from tests.stage.desk import Crash, KilledStore
from tests.stage.mornings import Failing, Morning, a_held, a_morning, seed_long_ago
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft
from tests.storage.samples import ACCOUNT, CREDENTIALS, a_vault, an_order

MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 20)  # an expiry that a holiday on Tuesday moved; the session before
READ = at_ist(MONDAY, 8, 42)
CARRIED = replace(SHORT_CALL, carried=-65)


async def on(loop: VirtualLoop, day: date = MONDAY) -> Morning:
    return await a_morning(LoopClock(loop, at_ist(day, 8, 39)))


async def card(morning: Morning) -> Readiness:
    """The one readiness of the morning."""
    told = await morning.until(morning.clock.now() + timedelta(minutes=3))
    (news,) = [one for one in told if isinstance(one, Readiness)]
    return news


async def test_a_morning_with_everything_in_place_is_told_in_silence(loop: VirtualLoop) -> None:
    morning = await on(loop)
    news = await card(morning)
    assert type(news) is Readiness
    assert news.sound is Sound.SILENT
    assert [expiry.underlying for expiry in news.expiries if expiry.underlying in ("NIFTY", STOCKS)] == ["NIFTY", STOCKS]
    assert [(day.day, day.special) for day in news.ahead] == [(date(2026, 11, 24), False)]
    assert (news.skew, news.session, news.master, news.cash, news.feed) == (Decimal("0.0"), True, MONDAY, Decimal(250_000), True)
    assert (news.overnight, news.unauthorised, news.changes, news.bases) == ((), (), (), ())
    assert {news.clock, news.contracts, news.money, news.carried} == {Light.GREEN}


@pytest.mark.parametrize(
    "how", [Failing(Unreadable("no")), Failing(NotSent("no")), Failing(hangs=True)], ids=["no", "away", "hangs"]
)
@pytest.mark.parametrize(
    ("read", "fields"),
    [
        ("positions", {"overnight": None, "bases": None}),  # shares sold today are in the one, and leave the other
        ("holdings", {"bases": None}),
        ("funds", {"cash": None}),
        ("clock", {"skew": None}),
    ],
)
async def test_what_cannot_be_read_is_not_known_and_holds_up_nothing(
    loop: VirtualLoop, read: str, fields: dict[str, None], how: Failing
) -> None:
    morning = await on(loop)
    morning.broker.failing[read] = how
    news = await card(morning)
    known = {"overnight": (), "bases": (), "cash": Decimal(250_000), "skew": Decimal("0.0")}
    assert {name: getattr(news, name) for name in known} == known | fields


async def test_everything_hanging_at_once_still_gives_a_card_within_a_minute(loop: VirtualLoop) -> None:
    morning = await on(loop)
    for read in ("positions", "holdings", "funds", "clock"):
        morning.broker.failing[read] = Failing(hangs=True)
    told = await morning.until(at_ist(MONDAY, 8, 40) + timedelta(seconds=20))
    assert [type(one) for one in told] == [Readiness]


@pytest.mark.parametrize(
    ("off", "light"), [(0.4, Light.GREEN), (-2.1, Light.AMBER), (10.0, Light.AMBER), (10.1, Light.RED), (-61.0, Light.RED)]
)
async def test_a_clock_that_is_off(loop: VirtualLoop, off: float, light: Light) -> None:
    morning = await on(loop)
    morning.broker.off = off
    assert (await card(morning)).clock is light


async def test_a_position_carried_without_a_stop(loop: VirtualLoop) -> None:
    morning = await on(loop)
    morning.broker.held = [CARRIED, replace(CARRIED, instrument=RELIANCE, product=Product.CNC, quantity=-5)]
    await morning.stage.reconcile.sync(ACCOUNT.id)
    news = await card(morning)
    assert news.overnight is not None
    assert [(row.instrument, row.quantity, row.lacks_stop) for row in news.overnight] == [(NIFTY_CALL, -65, True)]
    assert news.held_expiring == (NIFTY_CALL,)
    assert news.carried is Light.AMBER


async def test_a_dead_session_with_positions_rings_thrice_and_a_login_ends_it(loop: VirtualLoop) -> None:
    morning = await on(loop)
    await morning.note(FRIDAY, a_held(), a_held(RELIANCE, 40, Product.CNC))
    session = morning.stage.connection.session
    morning.log_out()
    first = await morning.until(at_ist(MONDAY, 8, 45))
    assert [type(one) for one in first] == [ReadinessAlarm]
    assert isinstance(first[0], ReadinessAlarm)
    assert first[0].overnight == (Overnight(instrument=NIFTY_CALL, product=Product.NRML, quantity=-65, guarded=None),)
    assert first[0].overnight_of == FRIDAY
    second = await morning.until(at_ist(MONDAY, 9, 10))
    assert [type(one) for one in second] == [LoginReminder]
    morning.broker.failing.clear()
    morning.stage.connection.adopt(session)
    assert await morning.until(at_ist(MONDAY, 9, 20)) == []


async def test_a_stored_seed_that_takes_its_time_to_log_in_is_waited_for(loop: VirtualLoop) -> None:
    morning = await on(loop)
    await morning.note(FRIDAY, a_held())
    session = morning.stage.connection.session
    morning.stage.connection.adopt(None)
    over = asyncio.Event()
    morning.broker.failing["funds"] = Failing(hangs=True, over=over)

    async def log_in() -> None:
        await asyncio.sleep(90)  # half a minute after the time of the card
        morning.stage.connection.adopt(session)
        over.set()

    logging_in = asyncio.create_task(log_in())
    news = await card(morning)
    await logging_in
    assert (type(news), news.session, news.cash) == (Readiness, True, Decimal(250_000))


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("at", range(1, 7))
async def test_killed_at_any_step_of_the_morning_each_card_is_told_once(loop: VirtualLoop, at: int, after_commit: bool) -> None:
    clock = LoopClock(loop, at_ist(MONDAY, 8, 39))
    store = KilledStore.open(None, a_vault(), inline=True)
    await store.transaction(seed_long_ago)
    morning = await a_morning(clock, store=store)
    running = asyncio.create_task(morning.stage.core.scheduler.run())
    await asyncio.sleep(30)
    store.die(at, after_commit=after_commit)
    with pytest.raises(BaseExceptionGroup) as killed:
        await asyncio.wait_for(running, 60)
    assert killed.group_contains(Crash)
    store.at = None
    again = await a_morning(clock, store=store)
    assert [type(one) for one in await again.until(at_ist(MONDAY, 8, 50))] == [Readiness]


async def test_until_nobody_logs_in_both_reminders_ring(loop: VirtualLoop) -> None:
    morning = await on(loop)
    await morning.note(FRIDAY, a_held())
    morning.log_out()
    told = await morning.until(at_ist(MONDAY, 9, 30))
    assert [(type(one), one.sound) for one in told] == [
        (ReadinessAlarm, Sound.ALWAYS), (LoginReminder, Sound.ALWAYS), (LoginReminder, Sound.ALWAYS),
    ]  # fmt: skip
    assert [f"{one.at:%H:%M}" for one in told if isinstance(one, LoginReminder)] == ["03:35", "03:44"]


@pytest.mark.parametrize(
    "rows",
    [(), (a_held(RELIANCE, 40, Product.CNC),), (a_held(replace(NIFTY_CALL, expiry=FRIDAY)),)],
    ids=["none", "shares", "expired"],
)
async def test_without_positions_a_dead_session_is_told_in_silence_and_reminds_nobody(
    loop: VirtualLoop, rows: tuple[object, ...]
) -> None:
    morning = await on(loop)
    await morning.note(FRIDAY, *rows)  # type: ignore[arg-type] # rows of a note
    morning.log_out()
    told = await morning.until(at_ist(MONDAY, 9, 30))
    assert [type(one) for one in told] == [Readiness]


async def test_without_a_session_and_without_a_note_what_is_held_is_not_known(loop: VirtualLoop) -> None:
    morning = await on(loop)
    morning.log_out()
    news = await card(morning)
    assert (type(news), news.overnight, news.carried) == (Readiness, None, Light.AMBER)


async def test_a_lot_that_changed_overnight_is_told(loop: VirtualLoop) -> None:
    morning = await on(loop)
    was = replace(NIFTY_CALL, lot=75)
    await morning.note(FRIDAY, a_held(was, -75), a_held(was, -150, Product.MIS))
    news = await card(morning)
    assert news.changes == (ContractChange(instrument=was, what="lot", before="75", now="65"),)


async def test_what_no_master_has_listed_is_no_change_each_morning(loop: VirtualLoop) -> None:
    morning = await on(loop)
    suspended = replace(RELIANCE, token="999999", name="GONE LTD", tick=Decimal("0.05"))  # in the demat account for years
    bare = replace(a_held(replace(NIFTY_CALL, lot=1, name="as the position book has it"), -65), listed=False)
    await morning.note(FRIDAY, replace(a_held(suspended, 40, Product.CNC), listed=False), bare)
    news = await card(morning)
    assert news.changes == ()


async def test_without_todays_master_changes_are_not_known(loop: VirtualLoop) -> None:
    thursday = date(2026, 11, 19)
    morning = await on(loop, thursday)
    morning.log_out()
    await morning.note(thursday, a_held())
    loop.shift(86_400)
    news = await card(morning)
    assert (news.changes, news.master, news.contracts) == (None, thursday, Light.AMBER)


@pytest.mark.parametrize(("noted", "told"), [(FRIDAY, True), (date(2026, 11, 19), False)])
async def test_a_close_that_halved_overnight_is_a_question_when_the_note_is_of_the_day_before(
    loop: VirtualLoop, noted: date, told: bool
) -> None:
    morning = await on(loop)
    await morning.note(noted, a_held(RELIANCE, 40, Product.CNC, "1502.10"))
    morning.broker.demat = [a_holding(previous_close=Decimal("751.05"))]
    morning.broker.prices[RELIANCE.key] = Decimal("750.00")
    base = NewBase(instrument=RELIANCE, before=Decimal("1502.10"), now=Decimal("751.05"))
    assert (await card(morning)).bases == ((base,) if told else ())


async def test_the_day_change_of_a_share_on_a_new_base_is_not_known_and_the_others_is(loop: VirtualLoop) -> None:
    morning = await on(loop)
    await morning.note(FRIDAY, a_held(RELIANCE, 40, Product.CNC, "1502.10"))
    morning.broker.demat = [a_holding(previous_close=Decimal("751.05"))]
    books, actor = morning.stage.core.services.account_views, morning.stage.actor
    loop.shift(3600)  # before the bell nothing has changed today
    result = await books.pnl(actor)
    assert (result.holdings_change, [base.instrument for base in result.bases]) == (None, [RELIANCE])
    morning.broker.demat = [a_holding(previous_close=Decimal("1502.10"))]
    await asyncio.sleep(2)
    result = await books.pnl(actor)
    assert (result.holdings_change, result.bases) == ((Decimal("1480.30") - Decimal("1502.10")) * 45, ())


@pytest.mark.parametrize(
    ("ddpi", "told"), [("no", (Unauthorised(instrument=RELIANCE, quantity=40, authorised=10),)), ("yes", ())]
)
async def test_a_stop_of_more_shares_than_are_authorised_is_told_unless_a_ddpi_is_on_file(
    loop: VirtualLoop, ddpi: str, told: tuple[Unauthorised, ...]
) -> None:
    morning = await a_morning(LoopClock(loop, at_ist(MONDAY, 8, 39)), ddpi=ddpi)
    morning.broker.demat = [a_holding(quantity=40, authorised=10)]
    stop = a_draft(side=Side.SELL, quantity=40, kind=OrderKind.SL, price=Decimal(1400), trigger=Decimal(1405))
    await morning.stage.store.transaction(
        lambda db: db.orders.add(an_order(draft=stop, status=OrderStatus.TRIGGER_PENDING), MONDAY)
    )
    assert (await card(morning)).unauthorised == told


@pytest.mark.parametrize(
    ("day", "ahead"),
    [
        (date(2026, 11, 20), []),  # a Friday before a Monday of trading
        (date(2026, 11, 25), []),
        (date(2026, 12, 24), [ClosedDay(day=date(2026, 12, 25), name="Christmas")]),
    ],
)
async def test_the_holidays_before_the_next_session_are_named(loop: VirtualLoop, day: date, ahead: list[ClosedDay]) -> None:
    assert list((await card(await on(loop, day))).ahead) == ahead


async def test_an_account_that_was_linked_after_the_time_has_no_morning_yet(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(MONDAY, 8, 55))
    store = SqlStore.open(None, a_vault(), inline=True)
    await store.transaction(seed_long_ago)
    await store.transaction(
        lambda db: db.accounts.add(replace(ACCOUNT, id="a2", label="papa", created_at=clock.now()), CREDENTIALS)
    )
    morning = await a_morning(clock, store=store)
    assert [type(one) for one in await morning.until(at_ist(MONDAY, 8, 58))] == [Readiness]


async def test_a_day_that_no_calendar_covers_is_said_to_be_one(loop: VirtualLoop) -> None:
    news = await card(await on(loop, date(2027, 1, 4)))
    assert (news.covered, news.expiries, news.ahead) == (False, (), ())


async def test_a_practice_market_without_a_calendar_names_what_is_held_and_ends(loop: VirtualLoop) -> None:
    morning = await a_morning(LoopClock(loop, at_ist(MONDAY, 8, 39)), hours="always")
    morning.broker.held = [CARRIED]
    news = await card(morning)
    assert (news.covered, news.expiries, news.ahead, news.held_expiring) == (True, (), (), (NIFTY_CALL,))


@pytest.mark.exhaustive
async def test_a_sunday_and_a_holiday_have_no_readiness(loop: VirtualLoop) -> None:
    morning = await on(loop, date(2026, 11, 22))
    told = await morning.until(at_ist(date(2026, 11, 24), 9, 30))
    assert [one.day for one in told if isinstance(one, Readiness)] == [MONDAY]


@pytest.mark.parametrize(("started", "cards"), [((9, 14), 1), ((9, 16), 0)])
async def test_a_late_start_tells_it_within_half_an_hour_and_a_reminder_within_a_minute(
    loop: VirtualLoop, started: tuple[int, int], cards: int
) -> None:
    morning = await a_morning(LoopClock(loop, at_ist(MONDAY, *started, 30)))
    await morning.note(FRIDAY, a_held())
    morning.log_out()
    told = await morning.until(at_ist(MONDAY, 10))
    assert [type(one) for one in told if isinstance(one, Readiness)] == [ReadinessAlarm] * cards
    assert [type(one) for one in told if isinstance(one, LoginReminder)] == [LoginReminder] * cards


async def test_each_person_of_the_account_is_told_once_however_often_the_job_is_repeated(loop: VirtualLoop) -> None:
    morning = await on(loop)
    ravi = User(telegram_id=55, name="Ravi")
    await morning.stage.store.transaction(lambda db: db.people.add(ravi, Role.VIEWER, ACCOUNT.id, morning.clock.now()))
    told: list[Notice] = await morning.until(at_ist(MONDAY, 8, 41))
    undone = JobRun(job="readiness", day=FRIDAY, at=morning.clock.now(), outcome=JobOutcome.DONE)
    await morning.stage.store.transaction(lambda db: db.jobs.note(undone))  # stopped between the work and its note
    again = await a_morning(morning.clock, store=morning.stage.store)
    told += await again.until(at_ist(MONDAY, 8, 45))
    assert [type(one) for one in told] == [Readiness, Readiness]
