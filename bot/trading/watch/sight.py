"""Which alerts see nothing, and since when: each is told of once, and again when it sees."""

from collections.abc import Collection
from dataclasses import dataclass, field

BLIND_FOR = 60.0  # seconds without a figure until that is news


@dataclass(slots=True)
class Sight:
    """What each alert sees, by its number, in loop time. A restart begins anew."""

    _since: dict[int, float] = field(default_factory=dict)
    _rung: set[int] = field(default_factory=set)
    _back: dict[int, float] = field(default_factory=dict)  # since when those were blind that see again

    def saw(self, alert_ids: Collection[int]) -> None:
        """There was a figure for these."""
        for alert_id in alert_ids:
            since = self._since.pop(alert_id, None)
            if since is not None and alert_id in self._rung:
                self._rung.discard(alert_id)
                self._back[alert_id] = since

    def missed(self, alert_ids: Collection[int], moment: float) -> None:
        """There was none for these."""
        for alert_id in alert_ids:
            self._since.setdefault(alert_id, moment)

    def keep(self, alert_ids: Collection[int]) -> None:
        """Only these are asked about now: the others ended, or their market is closed."""
        for gone in self._since.keys() - set(alert_ids):
            del self._since[gone]
            self._rung.discard(gone)

    def news(self, moment: float) -> tuple[dict[int, float], dict[int, float]]:
        """Those to tell of now: blind, and seeing again. Each with the moment since when it was blind."""
        blind = {
            alert_id: since
            for alert_id, since in self._since.items()
            if moment - since >= BLIND_FOR and alert_id not in self._rung
        }
        self._rung |= blind.keys()
        back, self._back = self._back, {}
        return blind, back
