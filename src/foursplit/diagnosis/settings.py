"""What a diagnosis is asked with: levels known beforehand, thresholds, resampling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from foursplit.diagnosis.decomposition.human_level import GIVEN
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.learning_curve.convergence import Row
from foursplit.diagnosis.metrics.chosen import ChosenMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Levels known beforehand, thresholds of the verdict, and how intervals are computed."""

    human_error: float | Mapping[str, float] | None = None  # by who reached it, or one for all
    human_kind: str = "human"  # of `human_error`: human, best known or desired
    human_where: str = GIVEN  # the source of `human_error`
    human_on: Mapping[str, float] = field(default_factory=dict)  # human error by domain
    desired_error: float | None = None
    people: bool = True  # False: no human level exists for such answers
    learns_labels: bool = True  # False: training sees no label, as in anomaly detection
    same_distribution: bool = False  # of train and dev
    candidates: int = 1  # models that competed on dev, of which this is the best
    penalties: Mapping[str, float] = field(default_factory=dict)  # regularization that is on
    has_epochs: bool = True  # False: such a model cannot be trained longer, as a tree
    curves: Sequence[Sequence[Row]] = ()  # rows of epoch and train_loss, by seed
    metric: ChosenMetric | None = None  # that errors are of; None: the mean loss
    rule: VerdictThresholds = field(default_factory=VerdictThresholds)
    n_resamples: int = 2000
    confidence: float = 0.95
    seed: int = 1
