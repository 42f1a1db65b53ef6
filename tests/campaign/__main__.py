"""The campaign: seeded sessions judged by the checker, and mutants that it has to catch.

It prints one line of JSON.

python -m tests.campaign --seeds 1000          sessions 1 to 1000, and every mutant
python -m tests.campaign --seed 4711           one session again, with all that was done and shown
python -m tests.campaign --seeds 300 --seconds 150 --no-mutants
"""

import argparse
import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.campaign.mutants import MUTANTS, Mutant, build

WORKERS = 2
STUCK = 180.0  # real seconds after which a session is taken for one that never ends
MOST_FOR_A_MUTANT = 150  # sessions
Json = dict[str, Any]
FIRST_KINDS = ("lost", "doubled", "misordered", "unannounced_gaps", "untrue_cards", "silent_ends", "duplicate_orders")


def _print(line: str, *, aside: bool = False) -> None:
    """Prints one line. aside: for whoever looks on, and not for whoever reads the JSON."""
    stream = sys.stderr if aside else sys.stdout
    stream.write(f"{line}\n")
    stream.flush()


def main() -> int:
    """The exit code is 0 when nothing is wrong with any session and every mutant was caught."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # a session is the same each time, down to the order of a set
        os.execve(  # noqa: S606 - this program once more
            sys.executable, [sys.executable, "-m", "tests.campaign", *sys.argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"}
        )
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    parser.add_argument("--seeds", type=int, default=200, help="how many sessions")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first one")
    parser.add_argument("--seed", type=int, help="this session alone, told in full")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no session after so many real seconds")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--mutant", help="as a broken build")
    parser.add_argument("--no-mutants", action="store_true", help="sessions only")
    asked = parser.parse_args()
    mutant = next((each for each in MUTANTS if each.name == asked.mutant), None)
    if mutant is not None:
        build(mutant)
    if asked.seed is not None:
        return _again(asked.seed, mutant)
    if mutant is not None:
        return _hunted(mutant, asked.first, asked.workers)
    return _campaign(asked)


def _campaign(asked: argparse.Namespace) -> int:
    began = time.monotonic()
    seeds = (seed for seed in range(asked.first, asked.first + asked.seeds) if time.monotonic() - began < asked.seconds)
    found: Counter[str] = Counter(dict.fromkeys(FIRST_KINDS, 0))
    faults: Counter[str] = Counter()
    played: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    sessions = fills = 0
    spent = 0.0
    for seed, verdict in judged(seeds, None, asked.workers):
        sessions += 1
        fills += verdict["fills"]
        spent += verdict["cpu"]
        faults.update(verdict["faults"])
        played.update(verdict.get("played", {}))
        reached.update(verdict.get("reached", {}))
        for kind, sentences in verdict["wrong"].items():
            found[kind] += len(sentences)
            for sentence in sentences:
                _print(f"{kind}: {sentence}", aside=True)
        if any(verdict["wrong"].values()):
            _print(f"again: make campaign SEED={seed}", aside=True)
    took = time.monotonic() - began
    caught = [] if asked.no_mutants else [_is_caught(mutant) for mutant in MUTANTS]
    line: Json = {
        "name": "campaign",
        "sessions": sessions,
        "faults": dict(sorted(faults.items())),
        "acts": {name: [times, reached[name]] for name, times in sorted(played.items())},
        "fills": fills,
        **{kind: found.pop(kind) for kind in FIRST_KINDS},
        "mutants_caught": sum(caught),
        "mutants": len(caught),
        **found,
        "seconds_a_session": round(took / max(sessions, 1), 3),
        "cpu_seconds_a_session": round(spent / max(sessions, 1), 3),
    }
    _print(json.dumps(line))
    clean = not any(line[kind] for kind in (*FIRST_KINDS, *found))
    return 0 if clean and sessions and all(caught) else 1


def _is_caught(mutant: Mutant) -> bool:
    """Looks for it in a process of its own, whose modules are the mutant's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaign", "--mutant", mutant.name], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    _print(lines[-1] if lines else f"{mutant.name}: {done.stderr[-2000:]}", aside=True)
    return done.returncode == 0


def _hunted(mutant: Mutant, first: int, workers: int) -> int:
    """Plays sessions where the mutant can be seen until the checker shows it. 0 when it was caught."""
    tried = 0
    for seed, verdict in judged(range(first, first + MOST_FOR_A_MUTANT), mutant, workers):
        tried += 1
        shows = sorted(kind for kind, sentences in verdict["wrong"].items() if sentences and kind in mutant.shows)
        if shows:
            _print(
                f"{mutant.name}: caught by {', '.join(shows)} in session {seed}, {tried} played: {verdict['wrong'][shows[0]][0]}"
            )
            return 0
    _print(f"{mutant.name}: NOT caught in {tried} sessions")
    return 1


def _again(seed: int, mutant: Mutant | None) -> int:
    """Tells one session in full, in the order in which things happened."""
    wrong = False
    for _, verdict in judged([seed], mutant, 1, told=True):
        _print(verdict.get("story", ""))
        for kind, sentences in verdict["wrong"].items():
            for sentence in sentences:
                wrong = True
                _print(f"{kind}: {sentence}")
    return int(wrong)


def judged(seeds: Iterable[int], mutant: Mutant | None, workers: int, *, told: bool = False) -> Iterator[tuple[int, Json]]:
    """Plays each session in a process of its own and brings back what the checker says of it, as they end."""
    from tests.campaign.focus import Focus  # noqa: PLC0415 - what is played is imported after a mutant was built
    from tests.campaign.one import told_of  # noqa: PLC0415
    from tests.campaign.playing.world import a_template  # noqa: PLC0415

    focus = mutant.focus if mutant is not None else Focus()
    with a_template() as template:
        gc.collect()
        gc.freeze()
        yield from forked(seeds, lambda seed: told_of(seed, template, focus, story=told), workers)


def forked(seeds: Iterable[int], work: Callable[[int], Json], workers: int) -> Iterator[tuple[int, Json]]:
    """Does the work for each seed in a child, so many side by side. A child that dies or hangs is a verdict of its own."""
    running: dict[int, tuple[int, int, float, list[bytes]]] = {}  # pipe -> process, seed, when it began, what it said
    waiting = iter(seeds)
    more = True
    try:
        while more or running:
            while more and len(running) < workers:
                seed = next(waiting, None)
                if seed is None:
                    more = False
                else:
                    running.update([_child(seed, work)])
            ready, _, _ = select.select(list(running), [], [], 5.0)
            for pipe in list(running):
                process, seed, began, said = running[pipe]
                chunk = os.read(pipe, 1 << 20) if pipe in ready else None
                if chunk:
                    said.append(chunk)
                elif chunk == b"" or time.monotonic() - began > STUCK:
                    del running[pipe]
                    _end(process, pipe)
                    yield seed, _said(seed, b"".join(said))
    finally:
        for pipe, (process, *_) in running.items():
            _end(process, pipe)


def _child(seed: int, work: Callable[[int], Json]) -> tuple[int, tuple[int, int, float, list[bytes]]]:
    outcome, pipe = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(outcome)
            gc.disable()
            said = json.dumps(work(seed)).encode()
            while said:
                said = said[os.write(pipe, said) :]
        finally:
            os._exit(0)
    os.close(pipe)
    return outcome, (process, seed, time.monotonic(), [])


def _end(process: int, pipe: int) -> None:
    os.close(pipe)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _said(seed: int, said: bytes) -> Json:
    if said:
        verdict: Json = json.loads(said)
        return verdict
    return {"faults": {}, "fills": 0, "cpu": 0.0, "wrong": {"broken": [f"seed {seed}: the session did not come to its end"]}}


if __name__ == "__main__":
    sys.exit(main())
