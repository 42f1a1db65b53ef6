"""The cards themselves: numbered once each, enough of them, each with its section, and a failure that names it."""

import re
from pathlib import Path

import pytest

from tests.contract.bench import CARDS, Bench, card

HERE = Path(__file__).parent
FOUND = [
    (int(number), section)
    for path in HERE.glob("test_*_cards.py")
    for number, section in re.findall(r'^@card\((\d+), "(.+)"\)$', path.read_text(), re.MULTILINE)
]


def test_there_are_enough_and_each_number_is_there_once() -> None:
    numbers = sorted(number for number, _ in FOUND)
    assert len(numbers) >= 60
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_names_a_section_of_the_reference() -> None:
    for number, section in FOUND:
        chapter = re.fullmatch(r"(\d+)(\.\d+)?(, (point|quirk) \d+)?", section)
        assert chapter, f"card {number}: {section}"
        assert int(chapter[1]) <= 18


def test_the_document_of_open_questions_leads_to_cards_that_exist() -> None:
    text = (HERE.parents[1] / "docs" / "verify-live.md").read_text()
    named = {
        int(number)
        for words in re.findall(r"\bcards? ((?:\d+(?:, | and | to )?)+)", text)
        for number in re.findall(r"\d+", words)
    }
    assert len(named) >= 20
    assert named <= {number for number, _ in FOUND}


class Tidied:
    """A bench that only remembers that it was tidied."""

    done = 0

    async def tidy(self) -> None:
        self.done += 1


@pytest.mark.parametrize("error", [AssertionError("no"), KeyError("orderid")])
async def test_a_card_that_fails_in_any_way_names_its_number_and_section_and_is_tidied(error: Exception) -> None:
    async def play(bench: Bench) -> None:
        """Dies."""
        raise error

    played = card(9000, "5.6")(play)
    bench = Tidied()
    try:
        with pytest.raises(AssertionError, match=r"card 9000, mstock-type-b\.md 5\.6: "):
            await played(bench)  # type: ignore[arg-type]  # all that a card's end needs
    finally:
        del CARDS[9000]
    assert bench.done == 1
