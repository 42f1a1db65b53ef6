"""Finds names that a mistyped word may have meant: candidates by shared pairs of letters, ranked by the cost of the slips."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

# How much one slip costs. A swap of neighbours, a key beside the wanted one and a letter struck twice or once too few are
# what fingers do; anything else is likelier another word.
_SLIP = 1.0
_SWAP = 0.7
_BESIDE = 0.75
_DOUBLED = 0.55
_FIRST = 0.35  # on top, when it is the first letter: people rarely miss that one
_UNTYPED = 0.12  # for each letter of a name that was only begun
_UNTYPED_MOST = 1.3

_ROWS = ("1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")
_CANDIDATES = 40  # names whose cost is worked out exactly
_NOWHERE: frozenset[str] = frozenset()


def _neighbours() -> dict[str, frozenset[str]]:
    places = {key: (row, column + row * 0.5) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}
    return {
        key: frozenset(
            other
            for other, (there, beside) in places.items()
            if other != key and abs(there - row) <= 1 and abs(beside - column) <= 1
        )
        for key, (row, column) in places.items()
    }


NEIGHBOURS: Mapping[str, frozenset[str]] = _neighbours()


def slip_cost(typed: str, meant: str, worst: float) -> float:
    """What it takes to have typed the one and meant the other, 0 for equal. Anything above `worst` comes back as infinity."""
    reach = int(worst / _DOUBLED) + 1  # a path further off the diagonal costs more than `worst`
    if abs(len(typed) - len(meant)) > reach:
        return float("inf")
    width = len(meant) + 1
    infinite = float("inf")
    # A letter that was left out; one of a doubled pair is the commonest.
    left_out = [_DOUBLED if at and meant[at] == meant[at - 1] else _SLIP for at in range(len(meant))]
    before: list[float] = []
    above = [0.0, *(_FIRST + cost for cost in accumulate(left_out))]
    for row, letter in enumerate(typed, 1):
        here = [infinite] * width
        previous = typed[row - 2] if row > 1 else ""
        if row <= reach:
            here[0] = above[0] + _SLIP + (_FIRST if row == 1 else 0.0)
        extra = _DOUBLED if letter == previous else _SLIP
        beside = NEIGHBOURS.get(letter, _NOWHERE)
        for column in range(max(1, row - reach), min(width, row + reach + 1)):
            wanted = meant[column - 1]
            if letter == wanted:
                cost = above[column - 1]
            else:
                first = _FIRST if row == 1 or column == 1 else 0.0
                cost = above[column - 1] + (_BESIDE if wanted in beside else _SLIP) + first
                if row > 1 and column > 1 and letter == meant[column - 2] and previous == wanted:
                    cost = min(cost, before[column - 2] + _SWAP + (_FIRST if column == 2 else 0.0))
            other = above[column] + extra
            cost = min(cost, other)
            other = here[column - 1] + left_out[column - 1]
            here[column] = min(cost, other)
        if min(here) > worst:
            return infinite
        before, above = above, here
    return above[-1] if above[-1] <= worst else infinite


class FuzzyIndex:
    """An index over names (squashed, unique). Weights say how likely people mean a name, 0 to 1, as a share of one slip."""

    def __init__(self, names: Sequence[str], weights: Sequence[float]) -> None:
        self._names = names
        self._weights = weights
        self._by_pair: dict[str, list[int]] = {}
        for number, name in enumerate(names):
            for pair in _pairs(name):
                self._by_pair.setdefault(pair, []).append(number)

    def nearest(self, typed: str, limit: int, *, however_far: bool = False) -> list[str]:
        """Names by what they cost, the cheapest first. Empty where none is near enough to be meant, unless however_far."""
        worst = float(len(typed) + 1) if however_far else _allowance(len(typed))
        ranked: list[tuple[float, str]] = []
        for number in self._candidates(typed):
            name = self._names[number]
            cost = self._cost(typed, name, worst)
            if cost <= worst:
                ranked.append((cost - self._weights[number], name))
        ranked.sort()
        return [name for _, name in ranked[:limit]]

    @staticmethod
    def _cost(typed: str, name: str, worst: float) -> float:
        if len(name) > len(typed) and name.startswith(typed):
            return min(_UNTYPED_MOST, 0.2 + _UNTYPED * (len(name) - len(typed)))
        return slip_cost(typed, name, worst)

    def _candidates(self, typed: str) -> list[int]:
        """Those that share the most pairs, whole levels at a time. The last level is cut by length and by weight."""
        counts: Counter[int] = Counter()
        for pair in _pairs(typed):
            counts.update(self._by_pair.get(pair, ()))
        levels: dict[int, list[int]] = {}
        for number, shared in counts.items():
            levels.setdefault(shared, []).append(number)
        chosen: list[int] = []
        for shared in sorted(levels, reverse=True):
            level = levels[shared]
            room = _CANDIDATES - len(chosen)
            if len(level) > room:
                names, weights, length = self._names, self._weights, len(typed)
                level.sort(key=lambda number: abs(len(names[number]) - length) - weights[number])
            chosen += level[:room]
            if len(chosen) >= _CANDIDATES:
                break
        return chosen


def _pairs(name: str) -> frozenset[str]:
    """Every two letters that stand side by side, the ends included."""
    return frozenset(first + second for first, second in pairwise(f"^{name}$"))


def _allowance(length: int) -> float:
    """How much a word of that length may be off: one slip in short words, two from five letters, three from ten."""
    if length < 3:
        return 0.6
    if length < 5:
        return 1.4
    return 2.4 if length < 10 else 3.2
