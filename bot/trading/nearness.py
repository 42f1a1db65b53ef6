"""Finds names that a mistyped word may have meant: candidates by shared pairs of letters, ranked by the cost of the slips."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

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
_CANDIDATES = 48  # names whose cost is worked out exactly


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
    """What it takes to have typed the one and meant the other, 0 for equal; anything above `worst` comes back as infinity."""
    reach = int(worst / _DOUBLED) + 1  # a path further off the diagonal costs more than `worst`
    if abs(len(typed) - len(meant)) > reach:
        return float("inf")
    width = len(meant) + 1
    infinite = float("inf")
    before: list[float] = []
    above = [0.0] * width
    for column in range(1, width):
        above[column] = above[column - 1] + _missing(meant, column - 1, "")
    for row, letter in enumerate(typed, 1):
        here = [infinite] * width
        previous = typed[row - 2] if row > 1 else ""
        first = row == 1
        low = max(1, row - reach)
        if row <= reach:
            here[0] = above[0] + _SLIP + (_FIRST if first else 0.0)
        extra = _DOUBLED if letter == previous else _SLIP
        beside = NEIGHBOURS.get(letter, frozenset())
        for column in range(low, min(width, row + reach + 1)):
            wanted = meant[column - 1]
            if letter == wanted:
                cost = above[column - 1]
            else:
                cost = above[column - 1] + (_BESIDE if wanted in beside else _SLIP) + (_FIRST if first or column == 1 else 0.0)
                if row > 1 and column > 1 and letter == meant[column - 2] and previous == wanted:
                    swapped = before[column - 2] + _SWAP + (_FIRST if column == 2 else 0.0)
                    cost = min(cost, swapped)
            cost = min(cost, above[column] + extra, here[column - 1] + _missing(meant, column - 1, letter))
            here[column] = cost
        if min(here) > worst:
            return infinite
        before, above = above, here
    return above[-1] if above[-1] <= worst else infinite


def _missing(meant: str, at: int, typed: str) -> float:
    """The letter at that place was left out; a doubled one that was struck once is the commonest."""
    if at and meant[at] == meant[at - 1]:
        return _DOUBLED
    return _SLIP + (_FIRST if at == 0 and typed == "" else 0.0)


class Nearness:
    """An index over names (squashed, unique); weights say how likely people mean a name, 0 to 1, as a share of one slip."""

    def __init__(self, names: Sequence[str], weights: Sequence[float]) -> None:
        self._names = names
        self._weights = weights
        self._by_pair: dict[str, list[int]] = {}
        for number, name in enumerate(names):
            for pair in _pairs(name):
                self._by_pair.setdefault(pair, []).append(number)

    def nearest(self, typed: str, limit: int) -> list[str]:
        """Names by what they cost, the cheapest first; empty where none is near enough to be meant."""
        worst = _allowance(len(typed))
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
        counts: Counter[int] = Counter()
        pairs = _pairs(typed)
        for pair in pairs:
            counts.update(self._by_pair.get(pair, ()))
        # Each slip spoils two pairs, a swap three; words of three letters have hardly any to spare.
        least = max(1, len(pairs) - 1 - 3 * int(_allowance(len(typed)) / _SWAP))
        names, weights, mine = self._names, self._weights, len(pairs)
        scored = [
            (shared / (mine + len(names[number]) + 1) + weights[number] * 0.05 + (names[number].startswith(typed)) * 0.5, number)
            for number, shared in counts.items()
            if shared >= least
        ]
        scored.sort(reverse=True)
        return [number for _, number in scored[:_CANDIDATES]]


def _pairs(name: str) -> frozenset[str]:
    """Every two letters that stand side by side, the ends included; a letter and the one after the next too, for swaps."""
    return frozenset(first + second for first, second in pairwise(f"^{name}$"))


def _allowance(length: int) -> float:
    """How much a word of that length may be off: one slip in short words, two from five letters, three from ten."""
    if length < 3:
        return 0.6
    if length < 5:
        return 1.4
    return 2.4 if length < 10 else 3.2
