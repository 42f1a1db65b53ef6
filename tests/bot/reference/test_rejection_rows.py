"""Rows of the dictionary: broken patterns, lost figures and doubled names are refused.

A host's rows come first.
"""

import tomllib

import pytest

from bot.reference.rejection_rows import RejectionTables, read_rejections
from bot.reference.schema import BadRow, tables_of


def a_text(name: str = "one", pattern: str = "NO FUNDS", says: str = "Not enough funds.") -> str:
    return (
        f"[[texts]]\nname = '{name}'\npattern = '{pattern}'\nkind = 'FUNDS'\nsays = '{says}'\nrepair = 'FEWER'\n"
        "example = 'no funds'\nsource = 's'\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (a_text(pattern="(("), "pattern cannot be read"),
        (a_text(says="You lack {short}."), r"the sentence wants \['short'\] and the pattern captures \[\]"),
        (a_text(pattern=r"LACK (?P<short>\d+)"), r"the sentence wants \[\] and the pattern captures \['short'\]"),
        (a_text() + a_text(), "the name one is used twice"),
        (a_text().replace("FEWER", "PRAY"), "repair must be one of"),
    ],
)
def test_a_row_that_could_never_explain_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadRow, match=words):
        read_rejections([tables_of(tomllib.loads(text), "host.toml", RejectionTables)])


def test_a_hosts_rows_are_asked_before_ours_and_replace_by_name() -> None:
    ours = a_text("general", "FUNDS") + a_text("old", "SHARES", "old words")
    theirs = a_text("mine", "NO FUNDS TODAY", "My own words.") + a_text("old", "SHARES", "new words")
    files = [tables_of(tomllib.loads(text), name, RejectionTables) for text, name in ((ours, "ours.toml"), (theirs, "host.toml"))]
    dictionary = read_rejections(files)
    assert dictionary.explain("no funds today").says == "My own words."
    assert dictionary.explain("funds").name == "general"
    assert dictionary.explain("shares").says == "new words"
    assert len(dictionary.rows) == 3
