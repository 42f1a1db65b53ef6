"""The words for a day -> a date in India."""

import re
from datetime import date, timedelta

from bot.domain.errors import UsageError

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


def report_day(words: str, today: date) -> date | None:
    """The date of a report: nothing or `today`, `yesterday`, `2026-11-20`, `20 nov`, `20nov`, `20/11`. None is today."""
    text = words.strip().lower()
    if text in ("", "today"):
        return None
    if text == "yesterday":
        return today - timedelta(days=1)
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII):
        return _date(int(match[1]), int(match[2]), int(match[3]), today)
    if match := re.fullmatch(rf"(\d{{1,2}})\s*({_MONTHS})[a-z]*(?:\s*(\d{{4}}))?", text, re.ASCII):
        return _date(int(match[3] or 0), _MONTHS.split("|").index(match[2]) + 1, int(match[1]), today)
    if match := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?", text, re.ASCII):
        return _date(int(match[3] or 0), int(match[2]), int(match[1]), today)
    raise UsageError(f'"{words.strip()[:40]}" is not a date.', example=f"/report {today.day} {today:%b}")


def _date(year: int, month: int, day: int, today: date) -> date:
    """Reads a day. Without a year it is the last such day that was not in the future."""
    try:
        result = date(year or today.year, month, day)
        if not year and result > today:
            result = date(today.year - 1, month, day)
    except ValueError:
        raise UsageError("There is no such day.", example=f"/report {today.day} {today:%b}") from None
    if result > today:
        raise UsageError("That day is still to come.", example="/report")
    return result


def coming_day(words: str, today: date, *, example: str) -> date:
    """A day to come: `31 dec`, `31/12`, `2026-12-31`, `tomorrow`. Without a year the next such day. UsageError otherwise."""
    text = words.strip().lower()
    if text in ("today", "tomorrow"):
        return today + timedelta(days=1 if text == "tomorrow" else 0)
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := re.fullmatch(rf"(\d{{1,2}})\s*({_MONTHS})[a-z]*(?:\s*(\d{{4}}))?", text, re.ASCII):
        year, month, day = int(match[3] or 0), _MONTHS.split("|").index(match[2]) + 1, int(match[1])
    elif match := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?", text, re.ASCII):
        year, month, day = int(match[3] or 0), int(match[2]), int(match[1])
    else:
        raise UsageError(f'"{words.strip()[:40]}" is not a date.', example=example)
    try:
        result = date(year or today.year, month, day)
        return result if year or result >= today else date(today.year + 1, month, day)
    except ValueError:
        raise UsageError("There is no such day.", example=example) from None
