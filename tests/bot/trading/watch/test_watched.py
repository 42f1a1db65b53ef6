"""What a morning says of alerts and of what is watched: to each person their own, and to nobody else."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.clock import at_ist
from bot.domain.market.instrument import Instrument
from bot.domain.news.alert import Alert, AlertKind
from bot.domain.news.days.readiness import Finding, Light, LoginReminder, Readiness, ReadinessAlarm
from bot.domain.news.notice import Notice
from bot.domain.people.account import Role, User
from bot.domain.positions.held import HeldNote, Watched
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.mornings import Morning, a_morning
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 20)
OTHER = 4242
ENDED = replace(NIFTY_CALL, token="40001", name="NIFTY26N1724500CE", expiry=date(2026, 11, 17))


async def a_watched_morning(loop: VirtualLoop, *instruments: Instrument | None, noted: tuple[Instrument, ...] = ()) -> Morning:
    """PERSON has an alert on each of these (None: on the day's result). These were noted as watched on Friday evening."""
    morning = await a_morning(LoopClock(loop, at_ist(MONDAY, 8, 39)))
    alerts = [
        Alert(
            account_id=ACCOUNT.id, person=PERSON, kind=AlertKind.ABOVE if each else AlertKind.LOSS, level=Decimal(2000),
            instrument=each, created_at=morning.clock.now() - timedelta(days=9),
        )
        for each in instruments
    ]  # fmt: skip
    note = HeldNote(
        account_id=ACCOUNT.id, day=FRIDAY, rows=(), noted_at=morning.clock.now(),
        watched=tuple(Watched(person=PERSON, instrument=each) for each in noted),
    )  # fmt: skip
    await morning.stage.store.transaction(lambda db: [db.alerts.add(each) for each in alerts])
    await morning.stage.store.transaction(lambda db: db.held.note(note))
    return morning


def findings(told: list[Notice]) -> list[Finding]:
    return [each for news in told if isinstance(news, Readiness) for each in news.findings]


async def test_armed_alerts_are_counted_and_dead_and_paused_ones_are_named_with_the_way_to_them(loop: VirtualLoop) -> None:
    morning = await a_watched_morning(loop, RELIANCE, ENDED, None)
    await morning.stage.store.transaction(lambda db: db.alerts.pause(db.alerts.of(ACCOUNT.id, PERSON)[0]))
    (row,) = findings(await morning.until(at_ist(MONDAY, 8, 43)))
    assert (row.light, row.value, row.details) == (Light.AMBER, "1 armed", ("ended: NF 24500CE 17Nov", "paused: RELIANCE"))
    assert [each.command for each in row.repairs] == ["/alerts"]


async def test_living_alerts_alone_are_a_green_row(loop: VirtualLoop) -> None:
    morning = await a_watched_morning(loop, RELIANCE)
    (row,) = findings(await morning.until(at_ist(MONDAY, 8, 43)))
    assert (row.light, row.value, row.details, row.repairs) == (Light.GREEN, "1 armed", (), ())


async def test_a_contract_that_is_only_watched_tells_of_its_new_lot_and_of_its_end(loop: VirtualLoop) -> None:
    was = replace(NIFTY_CALL, lot=75)
    morning = await a_watched_morning(loop, noted=(was, ENDED, RELIANCE))
    (row,) = findings(await morning.until(at_ist(MONDAY, 8, 43)))
    assert (row.name, row.details) == ("watched", ("NF 24500CE 23Nov: lot 75 → 65", "NF 24500CE 17Nov has ended"))


async def test_an_alert_without_a_session_rings_thrice_though_nothing_is_held(loop: VirtualLoop) -> None:
    morning = await a_watched_morning(loop, RELIANCE)
    morning.log_out()
    told = await morning.until(at_ist(MONDAY, 9, 20))
    assert [type(news) for news in told] == [ReadinessAlarm, LoginReminder, LoginReminder]


async def test_another_person_of_the_account_hears_nothing_of_it(loop: VirtualLoop) -> None:
    morning = await a_watched_morning(loop, RELIANCE, noted=(replace(NIFTY_CALL, lot=75),))
    morning.log_out()
    await morning.stage.store.transaction(
        lambda db: db.people.add(User(telegram_id=OTHER, name="Ravi"), Role.VIEWER, ACCOUNT.id, morning.clock.now())
    )
    told = await morning.until(at_ist(MONDAY, 9, 20))
    calm = [news for news in told if type(news) is Readiness]
    assert len(calm) == 1
    assert calm[0].findings == ()
    assert len(told) == 4, "and of the reminders none went to the other"
