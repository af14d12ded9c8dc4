"""Read a learning curve, and say whether more data would bring the dev error down enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.learning_curve.fit import Curve, Point, fit, read
from foursplit.io import artifacts, tabular

ERRORS = ("error", "dev_error")
"""Names that the column of dev errors may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """Points and what is known beside them."""

    points: Sequence[Point]
    train_error: float | None
    target: float | None
    resamples: int = 500
    confidence: float = 0.95
    draws: tuple[object, ...] = ("curve", 1)  # names the random draws of the band


def curve(
    what: str, train_error: float | None, target: float | None, json_file: Path | None
) -> None:
    """Fit the sizes and errors of a CSV file or an experiment, and say what the curve tells."""
    given = _of_file(Path(what)) if _is_file(what) else _of_experiment(what)
    known = given.train_error if train_error is None else train_error
    if known is None:
        raise FoursplitError(
            f"{what}: no column 'train_error': say --train-error, at the largest size"
        )
    wanted = given.target if target is None else target
    fitted = fit(
        given.points,
        generator(*given.draws),
        resamples=given.resamples,
        confidence=given.confidence,
    )
    verdict = read(fitted, known, wanted)
    if json_file is not None:
        artifacts.write_json(json_file, {"curve": fitted.as_json(), "verdict": verdict.as_json()})
    _show(fitted)
    click.echo(line(verdict.sentence))


def _show(fitted: Curve) -> None:
    for point in fitted.points:
        value, lo, hi = fitted.at(point.n)
        click.echo(
            f"{point.n:>12,}  {np.mean(point.errors):7.2%}  curve {value:.2%} [{lo:.2%}, {hi:.2%}]"
        )
    for ahead in (2, 10):
        value, lo, hi = fitted.at(ahead * fitted.largest)
        click.echo(
            f"{ahead * fitted.largest:>12,}           curve {value:.2%} [{lo:.2%}, {hi:.2%}]"
        )


def _is_file(what: str) -> bool:
    return Path(what).suffix != "" or Path(what).is_file()


def _of_experiment(key: str) -> _Given:
    """Read what stage learn wrote; draws and target are those of its verdict."""
    params = load()
    keys = [name for block in params.curves.values() for name in block]
    if key not in keys:
        raise unknown_name(
            "learning curve", key, keys, "neither a CSV file nor an experiment with one"
        )
    folder = paths.curves(params.curve(key).group)
    if not (folder / f"{key}.csv").is_file():
        raise FoursplitError(f"{key}: not measured yet; `foursplit repro learn@{key}` does it")
    given = _of_file(folder / f"{key}.csv")
    target = artifacts.read_json(folder / f"{key}.json")["target"]
    strategy = params.strategy
    return _Given(
        points=given.points,
        train_error=given.train_error,
        target=target["error"] if target else None,
        resamples=strategy.resamples,
        confidence=strategy.confidence,
        draws=("learn", strategy.seed, "dev"),
    )


def _of_file(file: Path) -> _Given:
    """Read columns `n` and `error` (or `dev_error`); repeats of a size are rows of their own.

    Where there is a column `size`, it tells which rows are repeats, and n is their mean; the train
    error, where there is a `train_error`, is its mean at the largest size.
    """
    frame = tabular.read_frame(file)
    error = next((name for name in ERRORS if name in frame), ERRORS[0])
    for name in ("n", error, *(["train_error"] if "train_error" in frame else [])):
        frame[name] = _numbers(frame, name, file)
    by = "size" if "size" in frame else "n"
    frame[by] = tabular.typed(frame[[by]])[by]  # sizes in their order, 90 before 100
    points = [
        Point(n=int(rows["n"].mean() + 0.5), errors=tuple(map(float, rows[error])))
        for _, rows in frame.groupby(by)
    ]
    train = None
    if "train_error" in frame:
        largest = frame[by] == frame[by].iloc[int(frame["n"].argmax())]
        train = float(frame["train_error"][largest].mean())
    return _Given(points=points, train_error=train, target=None)


def _numbers(frame: pd.DataFrame, name: str, file: Path) -> "pd.Series[float]":
    """Give a column of sizes or errors, refusing by row what is none."""
    if name not in frame:
        raise FoursplitError(
            f"{file}: no column {name!r}; it has {', '.join(map(repr, frame.columns))}"
        )
    numbers = tabular.numbers(frame, name)
    bad = np.flatnonzero(~np.isfinite(numbers) | (numbers < 0) | (numbers == 0) & (name == "n"))
    if len(bad):
        row = int(bad[0])
        raise FoursplitError(
            f"{file}: column {name!r}, row {row + 1}: {frame[name].iloc[row]} is no "
            f"{'size' if name == 'n' else 'error from 0 to 1'}"
        )
    return numbers
