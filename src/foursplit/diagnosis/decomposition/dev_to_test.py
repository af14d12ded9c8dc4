"""What test error minus dev error is made of, before it is called overfitting to dev.

The best of several candidates looks better on dev than it is, by luck alone; and test may be harder
than dev, which the baseline shows.

Source: Ng (2018), Machine Learning Yearning, chapter 7; Recht, Roelofs, Schmidt and Shankar (2019),
Do ImageNet Classifiers Generalize to ImageNet?; Roelofs et al. (2019), A Meta-Analysis of
Overfitting in Machine Learning.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.decompose import Decomposition
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate, percentile_interval
from foursplit.diagnosis.stats.power import optimism_of_best

GAP = "dev_overfit"
BASELINE = "baseline_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevToTest:
    """Test error minus dev error, divided into luck, difficulty and the rest."""

    gap: float
    candidates: int
    optimism: float  # by which the best of equal candidates looks better on dev than it is
    optimism_from: str
    difficulty: float | None  # what dev error would rise by as the baseline's does; None: unknown
    difficulty_lo: float | None
    difficulty_hi: float | None
    rest: float  # of the gap, after optimism and difficulty
    rest_lo: float
    rest_hi: float

    @property
    def is_overfitting(self) -> bool:
        """Check whether the rest is significant."""
        return self.rest_lo > 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_overfitting": self.is_overfitting}


def explain(
    parts: Decomposition, tables: Mapping[str, PredictionTable], settings: Settings
) -> DevToTest | None:
    """Divide the gap from dev to test; None where it is not measured or does not count.

    Candidates are assumed to correlate by one half on dev, as models that share half their errors:
    the difference of two then varies as much as one.
    """
    gap = next((gap for gap in parts.gaps if gap.gap == GAP), None)
    if gap is None or gap.replicates is None or parts.verdict.status[GAP] == "immaterial":
        return None
    dev = parts.errors["dev"]
    optimism = optimism_of_best(settings.candidates, float(np.std(dev.replicates)))
    rest = gap.replicates - optimism
    value = 0.0
    bounds: tuple[float, float] | tuple[None, None] = (None, None)
    has_baseline = all(tables[split].has(BASELINE) for split in ("dev", "test"))
    baseline = {s: _baseline(tables[s], settings) for s in ("dev", "test")} if has_baseline else {}
    if baseline and baseline["dev"].value > 0 and (baseline["dev"].replicates > 0).all():
        value = dev.value * (baseline["test"].value / baseline["dev"].value - 1)
        ratio = baseline["test"].replicates / baseline["dev"].replicates
        harder = dev.replicates * (ratio - 1)
        bounds = percentile_interval(harder, settings.confidence)
        rest = rest - harder
    lo, hi = percentile_interval(rest, settings.confidence)
    return DevToTest(
        gap=gap.value,
        candidates=settings.candidates,
        optimism=optimism,
        optimism_from="assumed: the candidates share half their errors",
        difficulty=None if bounds[0] is None else value,
        difficulty_lo=bounds[0],
        difficulty_hi=bounds[1],
        rest=gap.value - optimism - value,
        rest_lo=lo,
        rest_hi=hi,
    )


def findings(found: DevToTest | None) -> list[Finding]:
    """Describe what luck and difficulty explain, before the gap is called overfitting."""
    if found is None:
        return []
    return [
        Finding(
            code="ST007",
            severity="tip",
            evidence=("dev_to_test",),
            title=f"of {found.gap:+.2%} from dev to test, the best of {found.candidates} owes "
            f"{found.optimism:+.2%} to luck{_difficulty(found)}; the rest, {found.rest:+.2%} "
            f"({found.rest_lo:+.2%} to {found.rest_hi:+.2%}), is "
            f"{'' if found.is_overfitting else 'not '}significant",
        )
    ]


def _difficulty(found: DevToTest) -> str:
    if found.difficulty is None:
        return ""
    return (
        f" and {found.difficulty:+.2%} ({found.difficulty_lo:+.2%} to {found.difficulty_hi:+.2%}) "
        "to the difficulty of test, by the baseline"
    )


def _baseline(table: PredictionTable, settings: Settings) -> Estimate:
    return estimate(
        table.frame[BASELINE].to_numpy(np.float64),
        table.weight,
        table.groups,
        generator("baseline", settings.seed, table.split),
        n_resamples=settings.n_resamples,
        confidence=settings.confidence,
    )
