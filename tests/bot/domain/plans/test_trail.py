"""Trails as arithmetic: what may move a stop, how far, how often, and that a mirrored tape gives mirrored stops."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plans.trail import AN_HOUR, BETWEEN, MoveBudget, Trail, TrailAct, TrailNext, TrailRule, next_move
from bot.domain.terms import Side

T0 = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
TICK = Decimal("0.05")
SECOND = timedelta(seconds=1)


def rupees(ticks: int) -> Decimal:
    return ticks * TICK


def a_trail(side: Side = Side.SELL, *, step: str | None = None, start: str = "676.00", every: str = "15.00") -> Trail:
    rule = TrailRule(
        side=side, every=Decimal(every), step=Decimal(step) if step else None, base=Decimal("691.00"), start=Decimal(start),
        gap=Decimal("14.00"), tick=TICK,
    )  # fmt: skip
    return Trail(rule=rule, trigger=rule.start, since=T0)


def mirrored(price: Decimal) -> Decimal:
    return 2 * Decimal("691.00") - price


def play(trail: Trail, tape: list[tuple[int, int]]) -> tuple[list[TrailNext | None], list[Decimal], list[Trail]]:
    """Lives through a tape of (seconds since the last trade, price in ticks). Every move is taken at once."""
    budget, now = MoveBudget(), T0
    acts: list[TrailNext | None] = []
    stops, trails = [], []
    for seconds, ticks in tape:
        now += seconds * SECOND
        price = rupees(ticks)
        trail = trail.traded(price, now, now)
        act = next_move(trail, price, now, now, budget)
        if act is not None and act.act is TrailAct.MOVE:
            budget.spend(now)
            trail = trail.moved(now).standing(act.trigger)
        acts.append(act)
        stops.append(trail.trigger)
        trails.append(trail)
        if act is not None and act.act is TrailAct.EXIT:
            break
    return acts, stops, trails


TAPES = st.lists(st.tuples(st.integers(0, 30), st.integers(12_000, 16_000)), max_size=60)
STEPS = st.sampled_from([None, "10.00", "15.00", "0.05"])


@given(TAPES, STEPS)
def test_a_stop_only_tightens_never_goes_beyond_the_best_and_moves_by_what_is_worth_it(
    tape: list[tuple[int, int]], step: str | None
) -> None:
    trail = a_trail(step=step)
    _, stops, trails = play(trail, tape)
    for before, after, then in zip([trail.rule.start, *stops], stops, trails, strict=False):
        assert after >= before
        if after != before:
            assert then.best is not None
            assert after < then.best
            assert after - before >= trail.rule.least


@given(TAPES, STEPS)
def test_a_mirrored_tape_and_side_give_mirrored_stops_to_the_paisa(tape: list[tuple[int, int]], step: str | None) -> None:
    other = a_trail(Side.BUY, step=step, start=str(mirrored(Decimal("676.00"))))
    image = [(seconds, int(mirrored(rupees(ticks)) / TICK)) for seconds, ticks in tape]
    acts, stops, _ = play(a_trail(step=step), tape)
    mirror_acts, mirror_stops, _ = play(other, image)
    assert [mirrored(stop) for stop in mirror_stops] == stops
    assert [act.act if act else None for act in mirror_acts] == [act.act if act else None for act in acts]


@given(TAPES)
def test_two_moves_are_five_seconds_apart(tape: list[tuple[int, int]]) -> None:
    _, _, trails = play(a_trail(), tape)
    moved = [trail.moved_at for trail in trails if trail.moved_at is not None]
    distinct = sorted(set(moved))
    assert all(later - earlier >= BETWEEN for earlier, later in pairwise(distinct))


@given(TAPES, st.integers(0, 59))
def test_a_stop_put_away_and_read_again_goes_on_as_if_nothing_had_been(tape: list[tuple[int, int]], cut: int) -> None:
    _, whole, trails = play(a_trail(), tape)
    if cut >= len(trails):
        return
    again = replace(trails[cut])
    now = T0 + sum(seconds for seconds, _ in tape[: cut + 1]) * SECOND
    budget, stops = MoveBudget([again.moves]), []
    for seconds, ticks in tape[cut + 1 : len(trails)]:
        now += seconds * SECOND
        again = again.traded(rupees(ticks), now, now)
        act = next_move(again, rupees(ticks), now, now, budget)
        if act is not None and act.act is TrailAct.MOVE:
            budget.spend(now)
            again = again.moved(now).standing(act.trigger)
        stops.append(again.trigger)
    assert stops == whole[cut + 1 :]


@pytest.mark.parametrize(
    ("price", "at", "why"),
    [
        ("0", 10, "zero"),
        ("702.40", -51, "older than sixty seconds"),
        ("702.40", 0, "the entry's own trade"),
        ("702.40", -5, "traded before the entry"),
    ],
)
def test_what_is_missing_old_or_the_entrys_own_moves_nothing(price: str, at: int, why: str) -> None:
    now = T0 + 10 * SECOND
    trail = replace(a_trail(), since=T0 - 120 * SECOND) if why.startswith("older") else a_trail()
    traded = trail.traded(Decimal(price), T0 + at * SECOND, now)
    assert traded == trail, why
    assert next_move(replace(trail, best=Decimal("720.00")), Decimal(price), T0 + at * SECOND, now, MoveBudget()) is None


def test_a_further_fill_of_the_entry_begins_the_best_anew_and_keeps_the_stop() -> None:
    trail = a_trail().entered(65, T0).traded(Decimal("720.00"), T0 + SECOND, T0 + SECOND).standing(Decimal("705.00"))
    more = trail.entered(130, T0 + 2 * SECOND)
    assert (more.best, more.trigger, more.filled) == (None, Decimal("705.00"), 130)
    assert more.traded(Decimal("730.00"), T0 + 2 * SECOND, T0 + 3 * SECOND) == more, "the trade that filled it arms nothing"
    assert more.entered(130, T0 + 9 * SECOND) == more
    assert more.traded(Decimal("710.00"), T0 + 3 * SECOND, T0 + 3 * SECOND).wanted is None


def test_what_was_traded_while_nobody_watched_moves_nothing() -> None:
    trail = a_trail().missed(T0 + 10 * SECOND, T0 + 70 * SECOND)
    assert trail.traded(Decimal("720.00"), T0 + 65 * SECOND, T0 + 71 * SECOND).best is None
    assert trail.traded(Decimal("710.00"), T0 + 71 * SECOND, T0 + 71 * SECOND).best == Decimal("710.00")


def test_where_the_price_has_reached_the_new_trigger_the_exit_goes_and_no_change() -> None:
    trail = replace(a_trail(), best=Decimal("702.40"), moved_at=T0 + SECOND)
    now = T0 + 2 * SECOND
    assert next_move(trail, Decimal("687.40"), now, now, MoveBudget()) == TrailNext(act=TrailAct.EXIT, trigger=Decimal("687.40"))
    waits = next_move(trail, Decimal("687.45"), now, now, MoveBudget())
    assert waits == TrailNext(act=TrailAct.WAIT, trigger=Decimal("687.40"), due=T0 + SECOND + BETWEEN)


def test_steps_count_from_the_base_and_a_step_up_is_a_step_of_the_stop() -> None:
    rule = a_trail(step="10.00").rule
    assert [rule.at(Decimal(best)) for best in ("691", "705.95", "706", "720.95", "721", "600")] == [
        Decimal(trigger) for trigger in ("676", "676", "686", "686", "696", "676")
    ]


def test_all_trails_of_an_account_share_sixty_moves_a_minute_and_three_hundred_an_hour() -> None:
    budget, now = MoveBudget(), T0
    for _ in range(60):
        assert budget.free_at(now) == now
        budget.spend(now)
    assert budget.free_at(now) == T0 + timedelta(minutes=1)
    made = 60
    while made < AN_HOUR:
        now = budget.free_at(now)
        budget.spend(now)
        made += 1
    assert budget.free_at(now) == T0 + timedelta(hours=1)


def test_moves_of_before_a_restart_still_count() -> None:
    trail = a_trail()
    for _ in range(60):
        trail = trail.moved(T0)
    assert MoveBudget([trail.moves]).free_at(T0 + SECOND) == T0 + timedelta(minutes=2)
    assert trail.moved(T0 + timedelta(hours=1)).moves == {(T0 + timedelta(hours=1)).isoformat(): 1}


@pytest.mark.parametrize(("every", "step"), [("0", None), ("10.00", "15.00"), ("10.01", None), ("10.00", "0")])
def test_what_would_not_follow_or_would_overtake_the_price_is_no_trail(every: str, step: str | None) -> None:
    with pytest.raises(ValueError, match="is n"):
        a_trail(every=every, step=step)


@pytest.mark.parametrize("side", Side)
def test_steps_from_a_stop_that_stood_at_the_base_end_a_tick_short_of_the_best(side: Side) -> None:
    better = -side.sign
    rule = a_trail(side, step="15.00", start="691.00").rule
    assert rule.at(rule.base + better * 14) == rule.start
    for steps in (1, 2):
        best = rule.base + better * 15 * steps
        assert rule.at(best) == best - better * TICK
