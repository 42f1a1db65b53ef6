"""The list of facts as a person reads it: whole (`diagnose`), on a phone (`/status full`), as what is in order (`check`)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from pathlib import Path

from bot.diagnostics.safe_facts import Fact, Plain
from bot.domain.value import value
from bot.runtime.redaction import Redactor


def lines(report: Sequence[Fact]) -> list[str]:
    """Writes every fact as a line."""
    return [fact.line for fact in report]


def redacted(report: Sequence[str], redactor: Redactor) -> list[str]:
    """Redacts the report once more, should what cannot hold a secret ever hold one."""
    return [redactor.redact(line) for line in report]


_WARNINGS = "setting warnings"
_SOUND: Mapping[str, Collection[Plain]] = {  # a fact whose value is none of these stands first
    "database alarm": (False,),
    "database audit broken at row": (None,),
    "database accounts stopped": (0,),
    "database phones sealed": (0,),
    "database notices buried": (0,),
    "vault without key": (False,),
    "process core dumps": (False,),
    "process dumpable": (False,),
    "process private files": (True,),
    _WARNINGS: (0,),
}
_STILL = timedelta(seconds=60)
_ALWAYS = (
    "program version", "program python", "setting MODE", "vault secrets that open", "database people", "database accounts",
    "database updates waiting", "database notices waiting", "file database bytes", "file heartbeat age",
)  # fmt: skip


def on_a_phone(report: Sequence[Fact], warnings: Sequence[str] = ()) -> list[str]:
    """Writes the report for a small screen: first what is wrong, then how the bot stands. The rest is for the host.

    warnings: of the settings, which repeat no value. They stand in place of their count.
    """
    by_name = {str(fact.name): fact for fact in report}
    wrong = [by_name[name] for name, sound in _SOUND.items() if name in by_name and by_name[name].value not in sound]
    age, opened = by_name.get("file heartbeat age"), by_name.get("vault secrets that open")
    if age is not None and (not isinstance(age.value, timedelta) or age.value > _STILL):
        wrong.append(age)
    if opened is not None and opened.value is None and by_name["vault without key"].value is False:
        wrong.append(opened)
    rest = [by_name[name] for name in _ALWAYS if name in by_name] + [
        fact for name, fact in by_name.items() if name.startswith("unsettled orders")
    ]
    marked = chain(*(warnings if warnings and str(fact.name) == _WARNINGS else (fact.line,) for fact in wrong))
    return [
        *([f"🔴 {line}" for line in marked] or ["🟢 nothing found wrong"]),
        *(fact.line for fact in rest if fact not in wrong),
    ]


@value
class CheckLine:
    """One line of the checkup."""

    name: str
    say: str
    bad: bool = False

    @property
    def line(self) -> str:
        return f"{'✗' if self.bad else '✓'} {self.name:<14} {self.say}"


def process_finding(process: Sequence[Fact]) -> CheckLine:
    """Says whether others could look into the process."""
    wrong = [fact for fact in process if str(fact.name) in _SOUND and fact.value not in _SOUND[str(fact.name)]]
    if wrong:
        return CheckLine(name="process", say="this system does not let it close itself against other programs", bad=True)
    return CheckLine(name="process", say="no core dumps, no memory for others to read, private files")


def store_findings(store: Sequence[Fact], *, database: Path, labels: Sequence[str]) -> list[CheckLine]:
    """Says what of the database is in order. labels: of the accounts, which no fact may hold."""
    value = {str(fact.name): fact.value for fact in store}
    people, broken = value["database people"], value["database audit broken at row"]
    seeds = "there: a TOTP seed can be stored" if value["vault seed key"] else "none: no TOTP seed can be stored"
    findings = [CheckLine(name="key, database", say=f"{database} opens"), CheckLine(name="second key", say=seeds)]
    if broken is not None:
        findings.append(CheckLine(name="audit", say=f"row {broken} was changed after it was written", bad=True))
    if not people:
        nobody = "nobody is on the list: python -m bot people add ID --role owner"
        findings.append(CheckLine(name="people", say=nobody, bad=True))
    else:
        findings.append(CheckLine(name="people", say=f"{people} on the list"))
    if not labels:
        findings.append(CheckLine(name="accounts", say="none is linked: python -m bot link", bad=True))
    else:
        findings.append(CheckLine(name="accounts", say=", ".join(labels)))
    return findings
