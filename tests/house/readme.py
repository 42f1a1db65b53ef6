"""Writes the tables of the README that come from the code: `make readme`, and one test for each compares."""

from bot.config.settings import table
from handlers.registry import COMMANDS
from tests.house.source import ROOT

README = ROOT / "README.md"


def commands() -> str:
    """The commands of the chat as rows of a Markdown table. Those of letters alone are typed with a slash."""
    rows = ["| command | short | what it does |", "|---|---|---|"]
    for command in COMMANDS:
        name = f"/{command.name}" if command.name.isidentifier() else command.name
        typed = f"{name} {command.arguments}".strip().replace("|", r"\|")
        rows.append(f"| `{typed}` | {', '.join(f'`{word}`' for word in command.short)} | {command.help} |")
    return "\n".join(rows)


def with_table(text: str, rows: str) -> str:
    """Replaces the table of the text that has the same first line by these rows. ValueError where there is none."""
    begin = text.index(rows.partition("\n")[0])
    end = text.index("\n\n", begin)
    return text[:begin] + rows + text[end:]


def main() -> None:
    text = README.read_text("utf-8")
    for rows in (table(), commands()):
        text = with_table(text, rows)
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
