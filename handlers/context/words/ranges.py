"""The words for a range of days -> two dates in India."""

import re
from datetime import date, timedelta

from bot.domain.errors import UsageError
from handlers.context.words.dates import coming_day, report_day

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_BETWEEN = re.compile(r"(.+?)\s*(?:\.\.+|…|\bto\b|\bse\b)\s*(.+)")
_TODAY = ("", "today", "aaj")
DAY = timedelta(days=1)


def range_of(words: str, today: date, *, example: str) -> tuple[date, date]:
    """Reads a range, both ends included.

    Nothing or `today`, `yesterday`, `week`, `last week`, `month`, `nov`, `nov 2025`, `year` (the tax year, from April),
    `2025-26`, a date, `20 nov..25 nov`. UsageError names the example. A range that lies ahead is none.
    """
    text = " ".join(words.lower().split())
    first, last = _named(text, today) or _between(text, today, example)
    if first > last:
        raise UsageError("The range begins after its end.", example=example)
    if first > today:
        raise UsageError("Those days are still to come.", example=example)
    return first, min(last, today)


def names_a_span(words: str, today: date) -> bool:
    """Whether the words mean a week, a month or a year, though it may be one day old."""
    text = " ".join(words.lower().split())
    return text not in _TODAY and _named(text, today) is not None


def _named(text: str, today: date) -> tuple[date, date] | None:
    monday = today - today.weekday() * DAY
    month = today.replace(day=1)
    april = date(today.year - (today.month < 4), 4, 1)
    match text:
        case _ if text in _TODAY:
            return today, today
        case "week" | "this week":
            return monday, today
        case "last week":
            return monday - 7 * DAY, monday - DAY
        case "month" | "this month":
            return month, today
        case "last month":
            return (month - DAY).replace(day=1), month - DAY
        case "year" | "this year" | "fy":
            return april, today
        case "last year":
            return april.replace(year=april.year - 1), april - DAY
    if match := re.fullmatch(rf"({_MONTHS})[a-z]*(?:\s+(20[0-9]{{2}}))?", text, re.ASCII):
        number, year = _MONTHS.split("|").index(match[1]) + 1, int(match[2] or today.year)
        if not match[2] and number > today.month:
            year -= 1
        first = date(year, number, 1)
        return first, (first + 31 * DAY).replace(day=1) - DAY
    if (match := re.fullmatch(r"(?:fy\s*)?(20\d\d)-(\d\d)", text, re.ASCII)) and (int(match[1]) + 1) % 100 == int(match[2]):
        return date(int(match[1]), 4, 1), date(int(match[1]) + 1, 3, 31)
    return None


def _between(text: str, today: date, example: str) -> tuple[date, date]:
    """An end that is still to come, `1 jan..31 dec`, is of the year of the beginning. What lies ahead is cut off."""
    match = _BETWEEN.fullmatch(text)
    begins, ends = (match[1], match[2]) if match else (text, text)
    try:
        first = report_day(begins, today) or today
        ahead = coming_day(ends, first, example=example) if match and ends not in (*_TODAY, "yesterday", "tomorrow") else None
        if ahead is not None and ahead > today and ahead.year == first.year:
            return first, ahead
        return first, report_day(ends, today) or today
    except UsageError as error:
        raise UsageError(error.say, example=example) from None
