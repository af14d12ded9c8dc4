"""The baseline of a diagnosis: the constant answer of train, on the same examples.

A model that does not beat it has learnt nothing that the diagnosis could build on; where one class
is rare the constant errs so little that the metric, not the model, is to be changed first.

Source: scikit-learn's `DummyClassifier` and `DummyRegressor`; Ng (2018), Machine Learning Yearning,
chapter 8; Ng, MLS C2 W3 (error metrics for skewed datasets).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.seeds import generator
from foursplit.diagnosis.metrics.baseline import constant_frame
from foursplit.diagnosis.metrics.compare import compare_metric
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import Sampling
from foursplit.diagnosis.stats.paired_comparison import compare_models
from foursplit.diagnosis.stats.seed_variance import mean_table

COLUMN = "baseline_loss"

RARE = 0.1  # error of the constant up to which the other classes are rare: Ng's skewed data

MIN_RATIOS = 0.99  # of the rows that must agree on the unit of a loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The baseline's error on a split, and the model's gain over it with its interval."""

    split: str
    answer: str  # what it always says; empty where only its losses are known
    error: float
    gain: float
    lo: float
    hi: float
    rare: bool  # it errs so little because one class is rare

    @property
    def beaten(self) -> bool:
        return self.lo > 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "beaten": self.beaten}

    def sentence(self) -> str:
        """Say what the baseline is, and whether the model beats it."""
        who = f"the baseline, always {self.answer!r}," if self.answer else "the baseline"
        error = f"an error of {self.error:.2%} on {self.split}"
        gain = f"{self.gain:+.2%} [{self.lo:+.2%}, {self.hi:+.2%}]"
        if self.beaten:
            return f"better than {who} with {error}: gain {gain}"
        if self.hi < 0:
            return f"worse than {who} with {error}: gain {gain}"
        return f"not significantly better than {who} with {error}: gain {gain}"


def measure_baseline(models: Sequence[Model], settings: Settings) -> Baseline | None:
    """Compare a model with its baseline on dev; None where the tables do not say what it is.

    The constant is that of train, or of dev itself where train has no table.
    """
    split = next((s for s in ("dev", "train_dev", "test", "train") if s in models[0].tables), None)
    tables = [model.tables[split] for model in models if split in model.tables] if split else []
    if split is None or not tables:
        return None
    rng = generator("baseline", settings.seed, split)
    train = models[0].tables.get("train", tables[0])
    if settings.metric is not None:
        constant = _with(tables[0], constant_frame(settings.metric, tables[0].frame, train.frame))
        answer = str(constant.frame["y_hat"].iloc[0])
        if settings.metric.of_table:
            sampling = Sampling(n_resamples=settings.n_resamples, confidence=settings.confidence)
            seeds = dict(enumerate(tables))
            found = compare_metric(settings.metric, {0: constant}, seeds, rng, sampling).comparison
            return _baseline(split, answer, found, rare=False)
        frame = settings.metric.with_errors(constant.frame)
        losses: np.ndarray | None = frame["loss"].to_numpy(np.float64)
    else:
        losses, answer = _losses(tables[0], train)
    if losses is None:
        return None
    constant = _with(tables[0], tables[0].frame.assign(loss=losses))
    found = compare_models(
        constant,
        mean_table(tables),
        rng,
        n_resamples=settings.n_resamples,
        confidence=settings.confidence,
        seeds=({}, {n: table.error for n, table in enumerate(tables)} if len(tables) > 1 else {}),
    )
    rare = settings.metric is None and _is_rare(tables[0], found.error_a)
    return _baseline(split, answer, found, rare=rare)


def _baseline(split: str, answer: str, found: Any, *, rare: bool) -> Baseline:
    return Baseline(
        split=split,
        answer=answer,
        error=found.error_a,
        gain=found.delta,
        lo=found.lo,
        hi=found.hi,
        rare=rare,
    )


def _with(table: PredictionTable, frame: pd.DataFrame) -> PredictionTable:
    return PredictionTable(split=table.split, frame=frame, path=table.path)


def _losses(table: PredictionTable, train: PredictionTable) -> tuple[np.ndarray | None, str]:
    """Return the (example,) losses of the baseline, and its answer; None where they are unknown."""
    frame = table.frame
    if table.has(COLUMN):
        return frame[COLUMN].to_numpy(np.float64), ""
    if not (table.has("y") and table.has("y_hat") and train.has("y")):
        return None, ""
    y, y_hat = frame["y"], frame["y_hat"]
    wrong = (y.astype(str) != y_hat.astype(str)).to_numpy()
    if np.array_equal(wrong.astype(np.float64), table.loss):
        labels = train.frame["y"].astype(str)
        weights = pd.Series(train.weight).groupby(labels.to_numpy()).sum()
        answer = str(weights.idxmax())
        return (y.astype(str) != answer).to_numpy(np.float64), answer
    return _of_quantities(table, train)


def _of_quantities(table: PredictionTable, train: PredictionTable) -> tuple[np.ndarray | None, str]:
    """Return the losses of train's median, where losses are |residual| in one unit."""
    if not all(pd.api.types.is_numeric_dtype(t.frame["y"]) for t in (table, train)):
        return None, ""
    y = table.frame["y"].to_numpy(np.float64)
    residual = np.abs(y - pd.to_numeric(table.frame["y_hat"], errors="coerce").to_numpy(float))
    usable = residual > 0
    if not usable.any():
        return None, ""
    ratios = table.loss[usable] / residual[usable]
    unit = float(np.median(ratios))
    if unit <= 0 or np.mean(np.isclose(ratios, unit, rtol=1e-6)) < MIN_RATIOS:
        return None, ""
    median = float(np.median(train.frame["y"].to_numpy(np.float64)))
    return np.abs(y - median) * unit, f"{median:.4g}"


def _is_rare(table: PredictionTable, error: float) -> bool:
    """Check whether the constant errs little because the other classes are rare.

    Where examples have weights, the metric sees rare classes already.
    """
    if not table.has("y") or not np.isin(table.loss, (0.0, 1.0)).all():
        return False
    equal = bool((table.weight == table.weight[0]).all())
    return equal and 0 < error <= RARE


def findings(baseline: Baseline | None) -> list[Finding]:
    """Report a model that does not beat its baseline."""
    if baseline is None or baseline.beaten:
        return []
    return [
        Finding(
            code="ST014",
            severity="issue",
            evidence=("baseline",),
            title=f"the model is {baseline.sentence()}",
        )
    ]
