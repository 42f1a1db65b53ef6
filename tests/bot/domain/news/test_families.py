"""Whatever can be told is found by the name under which it is stored, whoever reads it."""

import pkgutil

import bot.domain.news
from bot.domain.news.families import FAMILIES, KINDS

BESIDE = {"notice", "delivery", "families", "arrival"}  # what news is made of, and how it travels


def test_every_file_of_news_is_among_the_families() -> None:
    found = pkgutil.walk_packages(bot.domain.news.__path__, "bot.domain.news.")
    files = {info.name.rpartition(".")[2] for info in found if not info.ispkg}
    assert {family.__name__.rpartition(".")[2] for family in FAMILIES} == files - BESIDE


def test_no_kind_of_news_is_declared_anywhere_else() -> None:
    assert {kind.__module__ for kind in KINDS.values()} == {family.__name__ for family in FAMILIES}
