"""Reads the texts of the settings from a .env file and from files that hold one secret each.

No words of a problem repeat a value: it may be a secret in the wrong place. A .env file is the bot's own, so every name in it
must be one. The environment holds much that is nobody's business, so there a name is only told when it is nearly one of ours.
"""

import os
import re
import stat
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from bot.config.openalgo import ONLY_OPENALGO

_LONGEST_SECRET = 4096  # bytes in a secret's file
_A_NAME = re.compile(r"[A-Za-z]{1,12}(?:_[A-Za-z]{1,12})*")  # repeated in words; a secret with `=` at its end is longer
_ALIKE, _NEARLY_THE_SAME = 0.6, 0.9  # ratios of difflib: worth a hint, and hardly by chance
_NAMED = 3  # of OpenAlgo's names, where there are many
_DOTENV_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")


def gather(
    environ: Mapping[str, str], directory: Path | None, settings: Mapping[str, bool], problems: list[str], warnings: list[str]
) -> dict[str, str]:
    """Returns name -> text for every setting that is given. An empty text is as good as none.

    settings: each name, and whether it is a secret. What is wrong is added to problems, what should be otherwise to warnings.
    """
    ours = {*settings, *(f"{name}_FILE" for name, secret in settings.items() if secret)}
    file_values = _dotenv(directory / ".env", settings, ours, problems, warnings) if directory is not None else {}
    warnings += [
        f"{name} in the environment is no setting (the nearest is {near}): it is passed over"
        for name in sorted({*environ} - ours - ONLY_OPENALGO)
        if (near := _nearest(name, ours, _NEARLY_THE_SAME)) is not None
    ]
    given: dict[str, str] = {}
    for name, secret in settings.items():
        text = environ.get(name) or file_values.get(name)
        if secret:
            twin = f"{name}_FILE"
            place = environ.get(twin) or file_values.get(twin)
            if place:
                text = _from_file(twin, place, problems, warnings)
            elif environ.get(name):
                warnings.append(f"{name} stands in the environment, where other programs of this user can read it: use {twin}")
        if text:
            given[name] = text
    return given


def _from_file(name: str, place: str, problems: list[str], warnings: list[str]) -> str | None:
    try:
        with Path(place).expanduser().open("rb") as file:
            content = file.read(_LONGEST_SECRET + 1)
            shared = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
        text = content.decode("ascii").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it holds no plain text"
        problems.append(f"{name} names a file that cannot be read: {reason}")
        return None
    if not text or len(content) > _LONGEST_SECRET:
        problems.append(f"{name} names a file that is {'too long' if text else 'empty'}")
        return None
    if shared:  # no refusal: a container engine hands its secrets over so, and there nobody else is
        warnings.append(f"{name} names a file that others can use: chmod 600")
    return text


def _nearest(name: str, ours: Collection[str], ratio: float) -> str | None:
    return next(iter(get_close_matches(name.upper(), sorted(ours), n=1, cutoff=ratio)), None)


def _dotenv(
    file: Path, settings: Mapping[str, bool], ours: Collection[str], problems: list[str], warnings: list[str]
) -> dict[str, str]:
    """Reads NAME=value by lines. Quotes and `export` are allowed, comments start with #. OpenAlgo's own names are told once."""
    try:
        text = file.read_text("utf-8")
        rights = file.stat().st_mode
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        problems.append(".env cannot be read")
        return {}
    values: dict[str, str] = {}
    foreign: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _DOTENV_LINE.fullmatch(stripped)
        value = _unquoted(match["value"]) if match else None
        if match is None or value is None:
            problems.append(f".env line {number} is not NAME=value")
        elif match["name"] in ours and match["name"] in values:
            problems.append(f"{match['name']} stands twice in .env")
        elif match["name"] in ONLY_OPENALGO:
            foreign[match["name"]] = None
        elif match["name"] not in ours:
            problems.append(f".env line {number} names no setting{_hint(match['name'], ours)}")
        else:
            values[match["name"]] = value
    if rights & 0o077 and any(secret and values.get(name) for name, secret in settings.items()):
        warnings.append(".env holds secrets and can be read by others: chmod 600 .env")
    elif rights & stat.S_IWOTH:
        warnings.append(".env can be changed by others: chmod go-w .env")
    if foreign:
        more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
        warnings.append(
            f".env has names that are OpenAlgo's alone, which are passed over: {', '.join([*foreign][:_NAMED])}{more}"
        )
    return values


def _hint(name: str, ours: Collection[str]) -> str:
    """Repeats the name, unless it could be a secret, and adds the nearest that there is."""
    if not _A_NAME.fullmatch(name):
        return ""
    near = _nearest(name, ours, _ALIKE)
    return f": {name} (the nearest is {near})" if near else f": {name}"


def _unquoted(text: str) -> str | None:
    """Returns the value of a line. None: a quote is not closed."""
    if text[:1] in ("'", '"'):
        body, closed, rest = text[1:].partition(text[0])
        return body if closed and (not rest.strip() or rest.lstrip().startswith("#")) else None
    return re.split(r"\s#", f" {text}", maxsplit=1)[0].strip()
