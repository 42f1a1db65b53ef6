"""Reads what the settings' texts are kept in: a .env file, and files that hold one secret each.

No words of a problem repeat a value: it may be a secret in the wrong place.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

_LONGEST_SECRET = 4096  # bytes in a secret's file
_DOTENV_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")


def gather(
    environ: Mapping[str, str], directory: Path | None, settings: Mapping[str, bool], problems: list[str], warnings: list[str]
) -> dict[str, str]:
    """Name -> text for every setting that is given; an empty text is as good as none.

    settings: each name, and whether it is a secret. What is wrong is added to problems, what should be otherwise to warnings.
    """
    kept = _dotenv(directory / ".env", settings, problems, warnings) if directory is not None else {}
    given: dict[str, str] = {}
    for name, secret in settings.items():
        text = environ.get(name) or kept.get(name)
        if secret:
            twin = f"{name}_FILE"
            place = environ.get(twin) or kept.get(twin)
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


def _dotenv(file: Path, settings: Mapping[str, bool], problems: list[str], warnings: list[str]) -> dict[str, str]:
    """NAME=value by lines; quotes and `export` are allowed, comments start with #. Names that are not ours are passed over."""
    try:
        text = file.read_text("utf-8")
        shared = file.stat().st_mode & 0o077
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        problems.append(".env cannot be read")
        return {}
    values: dict[str, str] = {}
    ours = {*settings, *(f"{name}_FILE" for name in settings)}
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
        else:
            values[match["name"]] = value
    if shared and any(secret and values.get(name) for name, secret in settings.items()):
        warnings.append(".env holds secrets and can be read by others: chmod 600 .env")
    return values


def _unquoted(text: str) -> str | None:
    """The value of a line; None when a quote is not closed."""
    if text[:1] in ("'", '"'):
        body, closed, rest = text[1:].partition(text[0])
        return body if closed and (not rest.strip() or rest.lstrip().startswith("#")) else None
    return re.split(r"\s#", f" {text}", maxsplit=1)[0].strip()
