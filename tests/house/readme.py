"""Writes the tables of the README that come from the code: `make readme`, and one test compares."""

from bot.config.settings import table
from tests.house.source import ROOT

README = ROOT / "README.md"


def with_table(text: str, rows: str) -> str:
    """The text with the table that has the same first line replaced by these rows; ValueError where it has none."""
    begin = text.index(rows.partition("\n")[0])
    end = text.index("\n\n", begin)
    return text[:begin] + rows + text[end:]


def main() -> None:
    README.write_text(with_table(README.read_text("utf-8"), table()), "utf-8")


if __name__ == "__main__":
    main()
