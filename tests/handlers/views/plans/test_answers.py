"""What a question's message says once it is over, whatever it was about and whatever became of it."""

from dataclasses import replace

import pytest

from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import OrderStatus
from bot.domain.proposals.ended_question import EndedQuestion
from handlers.views.message import View
from handlers.views.plans.answers import answer
from handlers.views.plans.standing import place_button
from tests.handlers.samples import NOW, a_confirmation
from tests.stage.values.orders import a_draft, an_order

WITH_TERMS = (Purpose.PLACE, Purpose.MODIFY, Purpose.CONVERT)
OVER = [each for each in ConfirmationState if each is not ConfirmationState.OPEN]


def shown(purpose: Purpose, state: ConfirmationState, *why: str) -> View:
    draft = a_draft() if purpose in WITH_TERMS else None
    question = replace(a_confirmation(), purpose=purpose, state=state, draft=draft)
    return answer(EndedQuestion(question=question, label="main", why=why), "PAPER", NOW)


def labels(view: View) -> list[list[str]]:
    return [[item.label for item in row] for row in view.keyboard]


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.STOPS])
def test_a_question_whose_time_is_over_says_what_it_was_and_what_did_not_come_of_it(purpose: Purpose) -> None:
    folded = shown(purpose, ConfirmationState.EXPIRED)
    (line,) = folded.plain.splitlines()
    assert "· expired " in line
    assert not line.startswith("·"), "each purpose has its own name"
    assert ["Ask again"] in labels(folded) or purpose not in (Purpose.PLACE, Purpose.PANIC, Purpose.BASKET)


@pytest.mark.parametrize("state", OVER)
@pytest.mark.parametrize("purpose", Purpose)
def test_no_message_of_a_question_that_is_over_has_a_button_that_answers_it(purpose: Purpose, state: ConfirmationState) -> None:
    view = shown(purpose, state, "Trading is stopped.")
    assert not {label for row in labels(view) for label in row if label.startswith(("Confirm", "Yes", "Discard"))}
    assert ("Trading is stopped." in view.plain) == (state is ConfirmationState.REFUSED)


def test_stops_that_were_not_placed_can_still_be_placed() -> None:
    for state in (ConfirmationState.EXPIRED, ConfirmationState.DISCARDED):
        assert shown(Purpose.STOPS, state).keyboard == ((place_button("main"),),)


def test_a_change_of_an_order_that_is_over_says_how_that_ended() -> None:
    order = an_order(status=OrderStatus.FILLED)
    for purpose, draft, said in ((Purpose.MODIFY, a_draft(), "Change to BUY 10 RELIANCE"), (Purpose.CANCEL, None, "Cancel #")):
        question = replace(a_confirmation(), purpose=purpose, state=ConfirmationState.EXPIRED, draft=draft, order_id=order.id)
        view = answer(EndedQuestion(question=question, label="main", order=order), "PAPER", NOW)
        assert view.plain.startswith(said)
        assert f"#{order.number} is filled already, nothing was changed" in view.plain


def test_what_nobody_could_see_the_end_of_is_never_called_sent_or_not_sent() -> None:
    view = shown(Purpose.PLACE, ConfirmationState.CLAIMED)
    assert "I was cut off before I knew what came of it." in view.plain
    assert labels(view) == [["Orders"]]
