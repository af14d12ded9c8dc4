"""Summarize a learning curve: fit, band, and whether more data would help."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from foursplit.config.schema import DiagnosisConfig
from foursplit.core.dataset_spec import Role
from foursplit.core.seeds import generator
from foursplit.core.splits import TITLES, Split
from foursplit.diagnosis.learning_curve.fit import (
    DATA_MULTIPLE,
    CurvePoint,
    FittedCurve,
    curve_verdict,
    fit_curve,
)
from foursplit.evaluation.learning_curve_runs import CurveMeasurement

LINE = 21  # points of the line as drawn, on each side of the largest size
DIGITS = 6  # kept: beyond, sums may differ from one processor to the next


def learning_curve_summary(
    points: Sequence[CurveMeasurement],
    human: Mapping[str, Any] | None,
    domains: Mapping[str, Role],
    config: DiagnosisConfig,
) -> dict[str, Any]:
    """Fit the errors on dev and, where dev is of another domain than train, on train-dev too.

    Variance lies between train and train-dev, and there the curve is one of variance alone.
    """
    shifted = "target" in domains.values()
    target = human["error"] if human else None
    splits: list[Split] = ["train_dev", "dev"] if shifted else ["dev"]
    train = by_size(points, "train")
    found = {split: _read(by_size(points, split), train, split, target, config) for split in splits}
    return _rounded(
        {
            "target": dict(human) if human else None,
            "shifted": shifted,
            "about": _about(domains),
            "train": [{"n": point.n, "errors": point.errors} for point in train],
            **found,
        }
    )


def by_size(points: Sequence[CurveMeasurement], split: Split) -> list[CurvePoint]:
    """Gather the repeats of each size; where whole groups made them unequal, n is their mean."""
    rows: dict[int, list[CurveMeasurement]] = {}
    for point in points:
        rows.setdefault(point.size, []).append(point)
    return [
        CurvePoint(
            # Up from a half: to the even neighbour, two sizes could become the same.
            n=int(np.mean([point.n for point in same]) + 0.5),
            errors=tuple(float(getattr(point, f"{split}_error")) for point in same),
            standard_error=max(getattr(point, f"{split}_standard_error", 0.0) for point in same),
        )
        for _, same in sorted(rows.items())
    ]


def _read(
    points: Sequence[CurvePoint],
    train: Sequence[CurvePoint],
    split: Split,
    target: float | None,
    config: DiagnosisConfig,
) -> dict[str, Any]:
    fitted = fit_curve(
        points,
        generator("learn", config.seed, split),
        n_resamples=config.n_resamples,
        confidence=config.confidence,
    )
    verdict = curve_verdict(fitted, float(np.mean(train[-1].errors)), target, TITLES[split])
    return {"curve": fitted.as_json(), "line": _line(fitted), "verdict": verdict.as_json()}


def _line(fitted: FittedCurve) -> list[dict[str, float]]:
    smallest = min(point.n for point in fitted.points)
    names = ("n", "value", "lo", "hi")
    known = np.geomspace(smallest, fitted.largest, LINE).tolist()
    ahead = np.geomspace(fitted.largest, DATA_MULTIPLE * fitted.largest, LINE).tolist()
    return [dict(zip(names, (n, *fitted.at(n)), strict=True)) for n in known + ahead[1:]]


def _about(domains: Mapping[str, Role]) -> str:
    """Describe of which data the curve speaks."""
    from_, to = (
        sorted(name for name, role in domains.items() if role == kind)
        for kind in ("source", "target")
    )
    if not to:
        return "Train and dev are of one distribution: the curve predicts what more data would do."
    return (
        f"Train is of {' and '.join(from_)}, dev of {' and '.join(to)}: the curve predicts the "
        f"effect of more of the first, and nothing of what more of the second would do."
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
