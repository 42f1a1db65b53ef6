"""The words for indices and companies: written as they are compared, and never hiding a ticker that is a name itself."""

from bench.master import TODAY
from bot.trading.instruments.aliases import COMPANY_WORDS, INDEX_WORDS
from bot.trading.instruments.query import squash
from tests.stage.values.master import ALL, MADE


def test_every_word_is_written_as_it_is_compared() -> None:
    for word in (*INDEX_WORDS, *COMPANY_WORDS):
        assert word == squash(word)


def test_no_index_word_means_two_things() -> None:
    assert not set(INDEX_WORDS) & set(INDEX_WORDS.values())
    assert not set(INDEX_WORDS) & set(COMPANY_WORDS)


def test_company_words_lead_to_their_company_first_and_are_only_offered() -> None:
    tried = 0
    for words, symbols in COMPANY_WORDS.items():
        listed = [symbol for symbol in symbols if symbol in MADE.traded]
        if not listed or words in {squash(symbol) for symbol in MADE.traded}:
            continue
        tried += 1
        found = ALL.find(words, today=TODAY)
        assert found.instrument is None, words
        assert found.near[0].symbol == listed[0], words
    assert tried > 80
