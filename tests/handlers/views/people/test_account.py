"""Accounts and sessions in words.

A code is asked for plainly, and what became of its message is always said.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.orders.confirmation import Purpose
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import CodeKind, Role
from bot.domain.proposals.proposal import CodeWanted, LoggedIn, SessionState, Unlinked, UnlinkQuestion
from handlers.views.people import account as views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import CardTap, CardVerb, WordsTap
from tests.handlers.samples import A_STOP, MAIN, NOW, PAPA, SHORT_CALL, a_confirmation, a_position, a_session
from tests.stage.values.orders import an_order


def test_the_account_in_use_is_marked_and_another_is_a_tap_away() -> None:
    view = views.accounts(((MAIN, Role.OWNER), (PAPA, Role.VIEWER)), MAIN)
    assert "main · MA••••1 · you are owner ← in use" in view.plain
    assert "papa · MA••••2 · you are viewer" in view.plain
    assert [decode(item.data) for line in view.keyboard for item in line] == [WordsTap("/use papa")]
    assert "python -m bot link" in views.accounts((), None).plain


def test_a_login_says_until_when_it_lives() -> None:
    assert (
        "The session lives until 00:00 on 21 Nov (Sat)."
        in views.logged_in(LoggedIn(account=MAIN, session=a_session()), "LIVE", NOW).plain
    )
    again = views.logged_in(LoggedIn(account=MAIN, session=a_session(), already=True), "LIVE", NOW)
    assert again.plain.startswith("Already logged in.")


@pytest.mark.parametrize(
    ("kind", "source"), [(CodeKind.TOTP, "from your authenticator app"), (CodeKind.SMS, "that mStock sent you")]
)
def test_a_code_is_asked_for_with_its_source_and_its_end(kind: CodeKind, source: str) -> None:
    text = views.code_wanted(CodeWanted(account=MAIN, kind=kind, until=NOW + timedelta(minutes=5)), "LIVE").plain
    assert source in text
    assert "until 14:07:11" in text
    assert "delete your message" in text


@pytest.mark.parametrize("alive", [True, False])
def test_a_dead_session_is_red_and_repaired_by_one_tap(alive: bool) -> None:
    session = a_session() if alive else a_session(expires=NOW)
    view = views.session(SessionState(account=MAIN, session=session, feed_connected=False, seed_stored=True), "LIVE", NOW)
    assert ("🟢" in view.plain) is alive
    assert [decode(item.data) for line in view.keyboard for item in line] == [
        WordsTap("main: /logout" if alive else "main: /login")
    ]
    assert "one factor instead of two" in view.plain


@pytest.mark.parametrize(
    ("skew", "words"), [(None, ""), (9.5, ""), (-80.0, "80 s ahead of mStock's"), (12.0, "12 s behind mStock's")]
)
def test_a_clock_that_is_off_is_said(skew: float | None, words: str) -> None:
    found = SessionState(account=MAIN, session=a_session(), feed_connected=True, seed_stored=False, skew=skew)
    view = views.session(found, "LIVE", NOW)
    assert ("This server's clock" in view.plain) is bool(words)
    assert words in view.plain


def test_leaving_says_what_stays() -> None:
    assert "Orders at the exchange stay" in views.logged_out(MAIN, "LIVE").plain
    assert "secrets are destroyed" in views.unlinked(Unlinked(account=PAPA, logged_out=True), "LIVE").plain
    assert "may live" in views.unlinked(Unlinked(account=PAPA, logged_out=False), "LIVE").plain


def test_unlinking_is_asked_with_every_order_and_position_that_stays_and_one_button_that_names_it() -> None:
    confirmation = a_confirmation(purpose=Purpose.UNLINK, draft=None)
    stop = an_order(number=13, status=OrderStatus.TRIGGER_PENDING, draft=A_STOP)
    asked = UnlinkQuestion(
        confirmation=confirmation,
        account=PAPA,
        orders=(an_order(number=12, status=OrderStatus.OPEN), stop),
        positions=(a_position(), SHORT_CALL),
    )
    view = views.unlink_question(asked, "LIVE", NOW)
    assert view.plain.startswith("Unlink papa? (MA••••2)")
    for line in (
        "2 open orders stay at mStock, and nobody here watches them:",
        "#12 BUY 10 RELIANCE: open at",
        "#13 SELL 65 NIFTY 24500 CE",
        "2 open positions:",
        "+25 RELIANCE CNC",
        "−65 NIFTY 24500 CE · ",
        "papa · LIVE",
    ):
        assert line in view.plain, view.plain
    assert [[item.label for item in row] for row in view.keyboard] == [["Yes, unlink papa"], ["No, keep it linked"]]
    assert decode(view.keyboard[0][0].data) == CardTap(confirmation.token, CardVerb.UNLINK, "papa")


def test_books_that_cannot_be_read_are_said_on_the_question() -> None:
    confirmation = a_confirmation(purpose=Purpose.UNLINK, draft=None)
    bare = UnlinkQuestion(confirmation=confirmation, account=PAPA, orders=(), positions=())
    assert "No order and no position is open." in views.unlink_question(bare, "LIVE", NOW).plain
    view = views.unlink_question(replace(bare, unread="mStock cannot be reached. Nothing was sent."), "LIVE", NOW)
    assert "I do not know what is open now. mStock cannot be reached." in view.plain
    assert "No order and no position is open." not in view.plain
    assert len(view.keyboard) == 2
