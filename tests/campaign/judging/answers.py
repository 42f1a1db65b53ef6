"""Whether whoever spoke was answered, and whether something was said that nobody may read."""

from collections.abc import Iterator

from tests.campaign.judging.readings import could_answer
from tests.campaign.record import Record


def found(record: Record) -> Iterator[tuple[str, str]]:
    """What is wrong, by kind."""
    yield from (("unanswered", words) for words in unanswered(record))
    yield from (("secrets_out", words) for words in secrets_out(record))


def unanswered(record: Record) -> Iterator[str]:
    """Words without an answer."""
    for act in record.acts:
        passing = any(each.side == "telegram" and each.overlaps(act.at - 1.0, act.at + 30.0) for each in record.troubles)
        if act.what == "says" and not passing and act.chat == record.chats[0] and act.at < record.ended - 30.0:
            after = [each for each in record.shown if each.chat == act.chat and each.at >= act.at and each.what != "delete"]
            if not after:
                yield f"“{act.text}” at {act.at:.1f}"
            elif act.text.startswith(("/buy", "/sell")) and not any(could_answer(act.text, each.text) for each in after):
                yield f"“{act.text}” at {act.at:.1f} got no card and no refusal"


def secrets_out(record: Record) -> Iterator[str]:
    """Secrets that a log or a chat held."""
    for number, secret in enumerate(record.secrets):
        if secret and secret in record.log:
            yield f"secret {number} stands in the log"
        if secret and any(secret in shown.text for shown in record.shown):
            yield f"secret {number} was shown"
