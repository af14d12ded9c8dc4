"""`foursplit learning-curve`: fit a learning curve, and state whether more data would help."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd

from foursplit.cli.known_names import is_file
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.learning_curve.fit import CurvePoint, FittedCurve, curve_verdict, fit_curve
from foursplit.io import artifacts, tabular

ERRORS = ("error", "dev_error")
"""Accepted names of the column of dev errors."""

OF_DEV = "dev_standard_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class _CurveInputs:
    """Points of a learning curve, train error, target and settings of the fit."""

    points: Sequence[CurvePoint]
    train_error: float | None
    target: float | None
    n_resamples: int = 500
    confidence: float = 0.95
    seed: tuple[object, ...] = ("curve", 1)  # of the bootstrap


def learning_curve(
    name: str, train_error: float | None, target: float | None, json_file: Path | None
) -> None:
    """Fit the sizes and errors of a CSV file or an experiment, and print the conclusion."""
    inputs = _from_file(Path(name)) if is_file(name) else _from_experiment(name)
    if train_error is None:
        train_error = inputs.train_error
    if train_error is None:
        raise FoursplitError(
            f"{name}: no column 'train_error'. Pass --train-error, the error at the largest size."
        )
    result = fit_curve(
        inputs.points,
        generator(*inputs.seed),
        n_resamples=inputs.n_resamples,
        confidence=inputs.confidence,
    )
    verdict = curve_verdict(result, train_error, inputs.target if target is None else target)
    if json_file is not None:
        artifacts.write_json(json_file, {"curve": result.as_json(), "verdict": verdict.as_json()})
    _show(result)
    click.echo(line(verdict.sentence))
    if not any(point.standard_error for point in inputs.points):
        click.echo(
            f"The band has no sampling error of dev: add a column {OF_DEV!r}, for 0/1 losses about "
            "the root of error * (1 - error) / examples."
        )


def _show(result: FittedCurve) -> None:
    for point in result.points:
        value, lo, hi = result.at(point.n)
        click.echo(
            f"{point.n:>12,}  {np.mean(point.errors):7.2%}  curve {value:.2%} [{lo:.2%}, {hi:.2%}]"
        )
    for factor in (2, 10):
        value, lo, hi = result.at(factor * result.largest)
        click.echo(
            f"{factor * result.largest:>12,}           curve {value:.2%} [{lo:.2%}, {hi:.2%}]"
        )


def _from_experiment(key: str) -> _CurveInputs:
    """Read the output of stage learning_curve; seed and target are those of its verdict."""
    params = load()
    keys = [name for block in params.curves.values() for name in block]
    if key not in keys:
        raise unknown_name(
            "learning curve", key, keys, "neither a CSV file nor an experiment with one"
        )
    folder = paths.curves(params.curve(key).group)
    if not (folder / f"{key}.csv").is_file():
        raise FoursplitError(
            f"{key}: the learning curve has not run. Run `foursplit repro learning_curve@{key}`."
        )
    inputs = _from_file(folder / f"{key}.csv")
    target = artifacts.read_json(folder / f"{key}.json")["target"]
    config = params.diagnosis
    return _CurveInputs(
        points=inputs.points,
        train_error=inputs.train_error,
        target=target["error"] if target else None,
        n_resamples=config.n_resamples,
        confidence=config.confidence,
        seed=("learning_curve", config.seed, "dev"),
    )


def _from_file(file: Path) -> _CurveInputs:
    """Read columns `n` and `error` (or `dev_error`), one row per repeat.

    A column `size` groups the repeats, and n is their mean.  The train error is the mean of
    `train_error` at the largest size, if there is such a column.  `dev_standard_error` is the
    sampling error of dev.
    """
    frame = tabular.read_frame(file)
    error_column = next((name for name in ERRORS if name in frame), ERRORS[0])
    optional = [name for name in ("train_error", OF_DEV) if name in frame]
    for name in ("n", error_column, *optional):
        frame[name] = _numbers(frame, name, file)
    key = "size" if "size" in frame else "n"
    frame[key] = tabular.infer_types(frame[[key]])[key]  # as numbers: 90 before 100
    points = [
        CurvePoint(
            n=int(rows["n"].mean() + 0.5),
            errors=tuple(map(float, rows[error_column])),
            standard_error=float(rows[OF_DEV].max()) if OF_DEV in rows else 0.0,
        )
        for _, rows in frame.groupby(key)
    ]
    train_error = None
    if "train_error" in frame:
        largest = frame[key] == frame[key].iloc[int(frame["n"].argmax())]
        train_error = float(frame["train_error"][largest].mean())
    return _CurveInputs(points=points, train_error=train_error, target=None)


def _numbers(frame: pd.DataFrame, name: str, file: Path) -> "pd.Series[float]":
    """Return a column of sizes or errors; raise with the row of an invalid value."""
    if name not in frame:
        raise FoursplitError(
            f"{file}: no column {name!r}; it has {', '.join(map(repr, frame.columns))}"
        )
    numbers = tabular.to_float(frame, name)
    invalid = np.flatnonzero(~np.isfinite(numbers) | (numbers < 0) | (numbers == 0) & (name == "n"))
    if len(invalid):
        row = int(invalid[0])
        raise FoursplitError(
            f"{file}: column {name!r}, row {row + 1}: {frame[name].iloc[row]} is not "
            f"{'a size' if name == 'n' else 'an error from 0 to 1'}"
        )
    return numbers
