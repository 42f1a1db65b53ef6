"""/alert and /alerts by chat: what was asked stands on the list, and each button does what it says."""

from decimal import Decimal

import pytest

from bot.domain.clock import IST
from bot.domain.news.alert import Alert, AlertKind, AlertPaused, AlertsShown, AlertState, AlertStruck, Sees
from bot.domain.news.delivery import Delivery
from bot.domain.positions.held import NewBase
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from handlers.context.context import as_said
from handlers.views.format import columns
from handlers.views.market import alerts as views
from handlers.views.message import Table
from handlers.views.news.notices import notice
from tests.handlers.chat import a_stage, later
from tests.handlers.samples import ASHA, NOW
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT


@pytest.mark.parametrize(
    ("words", "kind", "level", "percent"),
    [
        ("alert reliance above 1500", AlertKind.ABOVE, "1500", None),
        ("/alert reliance > ₹1,500.50", AlertKind.ABOVE, "1500.50", None),
        ("/alert reliance below 1400", AlertKind.BELOW, "1400", None),
        ("/alert reliance above 1.5k", AlertKind.ABOVE, "1500", None),
        ("/alert reliance above rs 1500/-", AlertKind.ABOVE, "1500", None),
        ("/alert reliance 1400 ke neeche", AlertKind.BELOW, "1400", None),
        ("/alert nifty 24500 ce above 2000", AlertKind.ABOVE, "2000", None),
        ("/alert reliance above 2%", AlertKind.ABOVE, "1499.40", "2"),
        ("/alert reliance below 2 %", AlertKind.BELOW, "1440.60", "-2"),
        ("/alert reliance below -2%", AlertKind.BELOW, "1440.60", "-2"),
        ("/alert mtm -5000", AlertKind.LOSS, "-5000", None),
        ("/alert mtm −5,000", AlertKind.LOSS, "-5000", None),
        ("alert mtm 3000", AlertKind.PROFIT, "3000", None),
        ("alert mtm -1 lakh", AlertKind.LOSS, "-100000", None),
        ("/alert mtm giveback 40%", AlertKind.GIVEBACK, "40", None),
    ],
)
async def test_each_spelling_sets_what_it_says(
    words: str, kind: AlertKind, level: str, percent: str | None, clock: LoopClock
) -> None:
    async with a_stage(clock) as stage:
        stage.bot.connection.feed.previous_close = Decimal(1470)
        await stage.me.ask(words, "Alert 1 is set")
        (alert,) = await stage.bot.store.transaction(lambda db: db.alerts.of(ACCOUNT.id, ASHA))
        assert (alert.kind, alert.level, alert.percent) == (kind, Decimal(level), Decimal(percent) if percent else None)


@pytest.mark.parametrize(
    "words",
    [
        "reliance", "reliance 1500", "reliance above", "above 1500", "mtm", "mtm 0", "mtm giveback 0%", "mtm 5%",
        "reliance below 1412,50", "mtm -5,00", "reliance above ten", "reliance above 1500 1600",
    ],
)  # fmt: skip
async def test_what_is_no_alert_sets_none_and_shows_an_example(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(f"/alert {words}", "Try /alert")
        assert list(await stage.bot.store.transaction(lambda db: db.alerts.of(ACCOUNT.id, ASHA))) == []


async def test_the_list_takes_one_away_in_its_place(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/alert reliance above 1500", "Alert 1 is set")
        card = await stage.me.ask("/alert mtm -5000", "Alert 2 is set")
        stage.me.press("Delete 1", card)
        await later(5)
        (now,) = [message for message in stage.me.history() if message["id"] == card["id"]]
        assert ("1 RELIANCE" in card["text"], "1 RELIANCE" in now["text"], "2 Day" in now["text"]) == (True, False, True)
        assert [alert.id for alert in await stage.bot.store.transaction(lambda db: db.alerts.of(ACCOUNT.id, ASHA))] == [2]
        await stage.me.ask("/alerts delete 1", "There is no alert 1 any more")
        await stage.me.ask("/alert delete 1", "There is no alert 1 any more")


def an_alert(**changes: object) -> Alert:
    known: dict[str, object] = {
        "id": 12, "account_id": "a1", "person": ASHA, "kind": AlertKind.ABOVE, "level": Decimal("1500.05"),
        "instrument": RELIANCE, "created_at": NOW,
    }  # fmt: skip
    return Alert(**(known | changes))  # type: ignore[arg-type] # the fields by name


ALERTS = (
    an_alert(instrument=NIFTY_CALL, level=Decimal("123456.75"), percent=Decimal("-12.5")),
    an_alert(state=AlertState.PAUSED),
    an_alert(instrument=None, kind=AlertKind.LOSS, level=Decimal(-99999999)),
    an_alert(instrument=None, kind=AlertKind.GIVEBACK, level=Decimal(40)),
)


@pytest.mark.parametrize("sees", Sees)
def test_the_list_fits_a_narrow_phone_and_says_by_what_it_is_watched(sees: Sees) -> None:
    view = views.alerts(AlertsShown(alerts=ALERTS, sees=sees, as_of=NOW), "🔵 main", "main", "PAPER")
    rows = [line for part in view.parts if isinstance(part, Table) for line in part.rows]
    assert max(columns(line) for line in rows) <= 30
    words = {Sees.TICKS: "12", Sees.QUOTES: "every 12 s", Sees.NOTHING: "nothing is being watched"}
    assert words[sees] in view.plain
    assert [button.label for line in view.keyboard for button in line] == [
        "Delete 12", "Keep 12", "Delete 12", "Delete 12", "Delete 12", "Refresh"
    ]  # fmt: skip


def rung(news: AlertStruck | AlertPaused) -> tuple[str, list[str]]:
    sent = Delivery(
        id=7, chat_id=ASHA, account_id="a1", label="main", notice=news, sound=type(news).sound, created_at=NOW, mark="🔵"
    )
    view = notice(sent, mode="PAPER", now=NOW.astimezone(IST), explain=as_said)
    return view.plain, [button.label for line in view.keyboard for button in line]


def test_a_struck_alert_says_the_price_what_was_asked_and_carries_a_ticket() -> None:
    text, buttons = rung(AlertStruck(alert=an_alert(), value=Decimal("1500.10"), at=NOW, products=(Product.MIS,)))
    assert text.splitlines() == [
        "🔵 Alert RELIANCE 1,500.10",
        "You asked for above 1,500.05. Traded 14:02:11. This alert is over.",
        "main · PAPER",
    ]
    assert buttons == ["Buy…", "Sell…", "Exit", "Quote"]
    by_quote, _ = rung(AlertStruck(alert=an_alert(percent=Decimal(2)), value=Decimal("1500.10"), at=None))
    assert "By a quote: live prices are down" in by_quote
    assert "(+2.00 % from the previous close)" in by_quote


def test_a_result_that_struck_says_that_charges_are_not_in_it() -> None:
    text, buttons = rung(AlertStruck(alert=ALERTS[2], value=Decimal(-5010), at=NOW))
    assert text.startswith("🔵 Alert The day's P&L is −5,010.00 🔴 before charges.")
    assert buttons == ["Positions"]


def test_a_paused_alert_asks_names_both_prices_and_offers_the_level_on_the_new_base() -> None:
    base = NewBase(instrument=RELIANCE, before=Decimal(1490), now=Decimal(745))
    text, buttons = rung(AlertPaused(alert=an_alert(base=base), base=base))
    assert "1,490.00 became 745.00" in text
    assert "Adjusted ×0.5 it would be above 750.00" in text
    assert buttons == ["Adjust ×0.5", "Keep", "Delete"]
