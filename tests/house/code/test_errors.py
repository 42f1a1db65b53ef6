"""Every exception of ours says what became of the act, and there are words for a person for each."""

import importlib
import inspect
from collections.abc import Iterator

from bot.domain.errors import BotError
from handlers.views.failures import failure
from tests.house.source import is_in, ours

ELSEWHERE = ("bot.simulators", "bot.demo.smoke")  # the neighbours, and the scripted person who visits them

# What an error's constructor may ask for, with a value of that sort. A new one is to be added here.
ARGUMENTS: dict[str, object] = {
    "say": "The market is shut.",
    "example": "/buy RELIANCE 10",
    "near": (("RELIANCE", "buy reliance 10"),),
    "choices": (("Close intraday 10", "sell reliance 10 mis"),),
    "reasons": ("Too many orders today.",),
    "retry_after": 2.0,
    "proof": "limits:a1:value:50000",
}


def error_classes() -> list[type[BaseException]]:
    kinds: set[type[BaseException]] = set()
    for source in ours():
        if is_in(source.module, *ELSEWHERE) or source.module == "bot.__main__" or ".migrations" in source.module:
            continue
        module = importlib.import_module(source.module)
        kinds |= {
            each
            for each in vars(module).values()
            if inspect.isclass(each) and issubclass(each, BaseException) and each.__module__ == source.module
        }
    return sorted(kinds, key=lambda each: each.__qualname__)


def made(kind: type[BotError]) -> Iterator[BotError]:
    """One with the least arguments, and one with all that we have a value for."""
    parameters = [parameter for name, parameter in inspect.signature(kind.__init__).parameters.items() if name != "self"]
    for full in (False, True):
        positional, named = [], {}
        for parameter in parameters:
            if parameter.default is not inspect.Parameter.empty and not (full and parameter.name in ARGUMENTS):
                continue
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                named[parameter.name] = ARGUMENTS[parameter.name]
            else:
                positional.append(ARGUMENTS[parameter.name])
        yield kind(*positional, **named)  # type: ignore[arg-type]  # the values were chosen by name


def test_there_are_errors_to_look_at() -> None:
    assert len(error_classes()) > 15


def test_each_derives_from_the_one_root() -> None:
    assert [kind for kind in error_classes() if not issubclass(kind, BotError)] == []


def test_a_person_is_told_of_each_in_words() -> None:
    for kind in error_classes():
        assert issubclass(kind, BotError)
        for error in made(kind):
            assert error.say.strip(), kind
            shown = failure(error, "7f3a").plain
            assert len(shown) > 10, kind
            assert error.say in shown or all(reason in shown for reason in getattr(error, "reasons", ["?"])), kind
            assert kind.__name__ not in shown


def test_a_stranger_among_errors_is_told_in_words_with_its_id() -> None:
    assert "7f3a" in failure(ZeroDivisionError("secret thing"), "7f3a").plain
    assert "secret thing" not in failure(ZeroDivisionError("secret thing"), "7f3a").plain
