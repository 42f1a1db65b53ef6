"""Every error has words: what became of the act, and what to do next."""

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import errors
from bot.domain.errors import BotError, PersonError
from handlers.views.failures import BECAME, failure, has_incident
from handlers.views.message import View
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import WordsTap
from tests.handlers.views.test_message import read_back

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BotError)]


def an_error(kind: type[BotError], say: str = "Said.") -> BotError:
    more = {
        errors.UsageError: {"example": "/buy RELIANCE 10"},
        errors.PinWanted: {"proof": "limits:a1"},
        errors.TooFast: {"retry_after": 2.4},
        errors.Refused: {"words": "RMS:1:no", "code": "400"},
    }.get(kind, {})
    return kind([say]) if issubclass(kind, errors.CheckFailed) else kind(say, **more)  # type: ignore[arg-type]  # its own shape


def texts(view: View) -> list[str]:
    return view.plain.splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_class_has_words_of_its_own(kind: type[BotError]) -> None:
    assert kind in BECAME
    view = failure(an_error(kind), "7f3a")
    assert "Said." in view.plain
    assert ("id 7f3a" in view.plain) is not issubclass(kind, PersonError)
    assert has_incident(an_error(kind)) is not issubclass(kind, PersonError)


def test_samples() -> None:
    assert texts(failure(errors.UsageError('"ten" is not a quantity.', example="/buy RELIANCE 10"), "7f3a")) == [
        '"ten" is not a quantity.',
        "Try /buy RELIANCE 10",
    ]
    assert "Ask again in 2 s." in texts(failure(an_error(errors.TooFast), "7f3a"))
    assert "mStock's words: RMS:1:no" in texts(failure(an_error(errors.Refused), "7f3a"))
    assert texts(failure(KeyError("secret-token-in-here"), "7f3a"))[-1] == "id 7f3a"


TOLD = [
    (errors.NotSent("mStock cannot be reached. Nothing was sent."), "mStock cannot be reached. Nothing was sent."),
    (errors.NotSent("mStock does not answer."), "mStock does not answer."),
    (errors.TooFast("Too many requests at once. Nothing was sent.", retry_after=2.4), "Too many requests at once."),
    (errors.NotFound("This card is over (dropped). Nothing was sent."), "This card is over (dropped). Nothing was sent."),
    (errors.SessionExpired("There is no session with mStock."), "There is no session with mStock."),
    (errors.Unclear("The answer did not arrive. It may have happened; looking for it."), "The answer did not arrive."),
    (errors.Refused("mStock refused the change: no.", words="no."), "mStock refused the change: no."),
    (errors.CheckFailed(["Only 5 of it are open. Nothing was sent."]), "Only 5 of it are open. Nothing was sent."),
    (errors.CheckFailed(["ITC is CNC already. Nothing was changed."]), "ITC is CNC already. Nothing was changed."),
    (errors.CheckFailed(["None can be sold. Nothing was sent.", "ITC 5: pledged"]), "• None can be sold. Nothing was sent."),
    (errors.CheckFailed(["10 is over your own limit of 5."]), "Not sent."),
]
FATE = re.compile(r"not sent|nothing was|it may have happened|mstock (?:said|refused)|again in|waits in a queue|ask again")


@pytest.mark.parametrize(("error", "first"), TOLD)
def test_what_became_of_the_act_is_said_once(error: BotError, first: str) -> None:
    lines = texts(failure(error, "7f3a"))
    assert lines[0].startswith(first)
    said = FATE.findall("\n".join(lines).lower())
    assert len(said) == len(set(said)), said
    assert {"not sent", "nothing was", "it may have happened", "mstock refused"}.intersection(said)


def test_an_alert_that_was_not_set_is_not_called_unsent_as_well() -> None:
    refused = errors.CheckFailed(["RELIANCE is above that already, at 1,480.30. No alert was set."])
    assert texts(failure(refused, "7f3a")) == [refused.say]


def test_what_was_not_ours_is_never_shown() -> None:
    assert "secret-token" not in failure(KeyError("secret-token-in-here"), "7f3a").plain


def test_offers_keep_the_account_that_was_addressed() -> None:
    unknown = errors.UnknownSymbol('No "RELAINCE".', near=(("RELIANCE", "/buy RELIANCE 10"),))
    assert decode(failure(unknown, "", account="papa").keyboard[0][0].data) == WordsTap("papa: /buy RELIANCE 10")
    dead = failure(errors.SessionExpired("The session is over."), "", account="papa")
    assert decode(dead.keyboard[0][0].data) == WordsTap("papa: /login")


@given(st.sampled_from(KINDS), st.text(st.characters(codec=None), max_size=200))
def test_no_words_of_an_error_break_the_message(kind: type[BotError], words: str) -> None:
    view = failure(an_error(kind, words), "7f3a")
    assert read_back(view.html) == view.plain
