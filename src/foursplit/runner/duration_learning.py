"""Learn how long stages take from those that have ended in this run.

An expectation comes from a stage's last run, or from a default of its kind, on whatever machine and
under whatever load.  The ratio of actual to expected seconds, of all stages and of each kind,
corrects the rest; what the run spends between stages counts by the share of slots that were busy.
"""

from collections import defaultdict
from collections.abc import Mapping

PRIOR_S = 20.0  # expected seconds for which the ratio is assumed to be 1 before anything ended

PRIOR_KIND_S = 80.0  # expected seconds of a kind for which its ratio is assumed to be that of all

MIN_BUSY = 0.2  # share of slots: fewer are a wait for something else, such as DVC's lock

MIN_REST = 0.1  # of its seconds so far, that a stage beyond its expectation takes still


class DurationLearning:
    """The ratios of actual to expected seconds, by kind of stage (`train`, `evaluate`, …)."""

    def __init__(self, expected: Mapping[str, float], kinds: Mapping[str, str]) -> None:
        self.expected, self.kinds = expected, kinds
        self.actual_of: dict[str, float] = {}
        self.sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))

    def learn(self, name: str, seconds: float) -> None:
        """Note how long a stage took that ran."""
        self.actual_of[name] = seconds
        for key in ("", self.kinds[name]):
            actual, expected = self.sums[key]
            self.sums[key] = (actual + seconds, expected + self.expected[name])

    def ratio(self, kind: str) -> float:
        """Return the expected ratio of actual to expected seconds of a kind of stage."""
        actual, expected = self.sums[""]
        of_all = (actual + PRIOR_S) / (expected + PRIOR_S)
        actual, expected = self.sums[kind]
        return (actual + PRIOR_KIND_S * of_all) / (expected + PRIOR_KIND_S)

    def seconds(self, name: str) -> float:
        """Return how long a stage will take."""
        return self.expected[name] * self.ratio(self.kinds[name])

    def rest(self, name: str, elapsed: float) -> float:
        """Return how long a stage that has run for `elapsed` seconds will still take."""
        return max(self.seconds(name) - elapsed, MIN_REST * elapsed)

    def busy_share(self, elapsed: Mapping[str, float], wall: float, slots: int) -> float:
        """Return the share of the slots that stages have filled so far."""
        if wall <= 0:
            return 1.0
        worked = sum(self.actual_of.values()) + sum(elapsed.values())
        # A run's first seconds say little: they count as if before them all had been full.
        return min(1.0, max(MIN_BUSY, (worked + slots * PRIOR_S) / (slots * (wall + PRIOR_S))))
