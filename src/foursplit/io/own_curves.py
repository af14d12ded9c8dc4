"""The file of a model's own curves, beside its weights."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.core.own_curve import OwnCurve
from foursplit.io import artifacts

FILE = "own_curves.json"

DIGITS = 9  # significant ones, as in curves.csv


def write(folder: Path, *parts: Any) -> None:
    """Write the curves of those `parts` (a model, a network, its task) that have any.

    Raise FoursplitError for a line without values, with the name of another, or with a value that
    is no number.
    """
    different = {id(part): part for part in parts if hasattr(part, "own_curves")}
    curves = [curve for part in different.values() for curve in part.own_curves()]
    if curves:
        _check(curves)
        artifacts.write_json(folder / FILE, [_rounded(curve) for curve in curves])


def read(folder: Path) -> list[OwnCurve]:
    """Read the curves; none if the model has none."""
    path = folder / FILE
    return [OwnCurve(**block) for block in artifacts.read_json(path)] if path.is_file() else []


def _check(curves: Sequence[OwnCurve]) -> None:
    counts = Counter(name for curve in curves for name in curve.lines)
    for curve in curves:
        for name, values in curve.lines.items():
            at = f"own_curves(): {curve.title!r}, line {name!r}"
            if counts[name] > 1:
                raise FoursplitError(f"{at}: the name is taken; MLflow needs one for each line")
            if not len(values):
                raise FoursplitError(f"{at}: no values; leave the line out")
            wrong = [(step, v) for step, v in enumerate(values, 1) if not isfinite(v)]
            if wrong:
                step, value = wrong[0]
                raise FoursplitError(
                    f"{at}: {value} at {curve.step} {step} is no number; return numbers only"
                )


def _rounded(curve: OwnCurve) -> dict[str, Any]:
    lines = {
        name: [float(f"{value:.{DIGITS}g}") for value in values]
        for name, values in curve.lines.items()
    }
    return {**asdict(curve), "lines": lines}
