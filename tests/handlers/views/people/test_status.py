"""The bot's own state: green where it is, red with what is wrong."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.people.audit import Act, ActPage
from bot.domain.proposals.proposal import LineHealth, SessionState, Status
from handlers.views.format import columns
from handlers.views.message import Table, View
from handlers.views.people import status as views
from tests.handlers.samples import MAIN, NOW, PAPA, a_session

STATUS = Status(
    mode="PAPER",
    version="0.1.0",
    started_at=NOW - timedelta(hours=2),
    now=NOW,
    sessions=(
        SessionState(account=MAIN, session=a_session(), feed_connected=True, seed_stored=False),
        SessionState(
            account=replace(PAPA, label="a label much longer than a row"), session=None, feed_connected=False, seed_stored=False
        ),
    ),
    notices_waiting=0,
    notices_buried=2,
    master_date="2026-11-20",
    master_rows=148213,
    looked_for=1,
)


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def test_what_is_wrong_is_red() -> None:
    shown = rows(views.status(STATUS))
    assert shown[:3] == ["STATUS 0.1.0             PAPER", " as of 14:02:11", "Running since     20 Nov 12:02"]
    assert shown[3].startswith("Contracts")
    assert shown[3].endswith(" of 20 Nov")
    assert any(line.startswith("Session main") and line.endswith("🟢") for line in shown)
    assert any(line.startswith("Session a label") and line.endswith("🔴 log in") for line in shown)
    assert not any(line.startswith("Clock") for line in shown)
    off = rows(views.status(replace(STATUS, sessions=(replace(STATUS.sessions[0], skew=-80.0),))))
    assert any(line.startswith("Clock main") and line.endswith("🔴 +80 s off") for line in off)
    assert any(line.startswith("News undelivered") and line.endswith("🔴 2") for line in shown)
    assert any(line.startswith("Orders looked for") and line.endswith("🟡 1") for line in shown)
    assert all(columns(line) <= 30 for line in shown)


HEALTH = LineHealth(
    account=replace(MAIN, label="a label much longer than a row"), silent_for=1.4, books_read_at=NOW - timedelta(seconds=9),
    books_down_since=None, subscribed=12, most=400, gaps=2, latency=0.0853,
)  # fmt: skip


def test_each_line_says_how_it_does() -> None:
    busy = replace(STATUS, lines=(HEALTH,), notices_waiting=3, oldest_notice=NOW - timedelta(minutes=2), telegram=1.25)
    shown = [" ".join(line.split()) for line in rows(views.status(busy))]
    start = shown.index("Last tick 1 s ago")
    assert shown[start : start + 7] == [
        "Last tick 1 s ago", "Books read 9 s ago", "mStock answers in 85 ms", "Prices watched 12 of 400", "Gaps today 🟡 2",
        "Telegram answers in 1.2 s", "News waiting 3 since 14:00",
    ]  # fmt: skip
    assert all(columns(line) <= 30 for line in rows(views.status(busy)))


def test_what_is_not_known_of_a_line_is_said_and_books_that_cannot_be_read_are_red() -> None:
    down = replace(HEALTH, silent_for=None, books_down_since=NOW - timedelta(minutes=7), latency=None)
    shown = [" ".join(line.split()) for line in rows(views.status(replace(STATUS, lines=(down,))))]
    assert {"Last tick none yet", "Books read 🔴 not since 13:55", "mStock answers in not known"} <= set(shown)


def test_a_bot_without_contracts_or_accounts_says_so() -> None:
    view = views.status(replace(STATUS, master_date=None, sessions=()))
    assert "🔴 none loaded" in view.plain
    assert "No account is linked." in view.plain


def test_the_report_of_status_full_is_broken_at_words_where_a_row_is_wider_than_a_phone() -> None:
    shown = views.full(["🔴 database audit broken at row: 7", "unsettled orders TRIGGER_PENDING: 12", "database people: 2"])
    assert rows(shown) == [
        "🔴 database audit broken at", " row: 7", "unsettled orders", " TRIGGER_PENDING: 12", "database people: 2",
    ]  # fmt: skip
    assert all(columns(line) <= 30 for line in rows(shown))
    assert shown.plain.endswith("Settings and versions: on the host, python -m bot diagnose")


def test_an_act_is_shown_without_the_digest_that_binds_its_terms() -> None:
    act = Act(id=7, at=NOW, who="Asha", what="order", detail=f"#1 BUY 5 ITC · before: none, after: BUY 5 ITC 380 {'0f' * 32}")
    view = views.audit(ActPage(acts=(act,), older=None), NOW)
    assert "7 order · Asha · 14:02:11\n#1 BUY 5 ITC · before: none, after: BUY 5 ITC 380" in view.plain
    assert "0f0f" not in view.plain
