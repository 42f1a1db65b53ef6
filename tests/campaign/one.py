"""One session, played and judged: what its process tells the campaign."""

import time
import traceback
from typing import Any

from tests.campaign.focus import Focus
from tests.campaign.judging.checker import judge
from tests.campaign.playing.sessions import play
from tests.campaign.playing.world import Template
from tests.campaign.record import Record


def told_of(seed: int, template: Template, focus: Focus, *, story: bool) -> dict[str, Any]:
    """The verdict as plain values. story: with all that happened, line by line."""
    began = time.process_time()
    try:
        record = play(seed, template, focus)
    except BaseException as error:  # noqa: BLE001 - whatever ends a session is told, for its process ends with it
        words = "".join(traceback.format_exception(error))[-3000:]
        return {"faults": {}, "fills": 0, "cpu": time.process_time() - began, "wrong": {"broken": [f"seed {seed}: {words}"]}}
    verdict = judge(record)
    told = {
        "faults": dict(verdict.faults),
        "fills": verdict.fills,
        "played": dict(record.played),
        "reached": dict(record.reached),
        "cpu": time.process_time() - began,
        "wrong": verdict.wrong,
    }
    return told | {"story": _story(record)} if story else told


def _story(record: Record) -> str:
    happened = [(shown.at, str(shown)) for shown in record.shown]
    happened += [(act.at, str(act)) for act in record.acts]
    happened += [(deed.at, str(deed)) for deed in record.deeds]
    happened += [(trouble.began, str(trouble)) for trouble in record.troubles]
    lines = [f"{at:9.2f} {words}" for at, words in sorted(happened, key=lambda each: each[0])]
    return "\n".join([*lines, "", "The log:", record.log])
