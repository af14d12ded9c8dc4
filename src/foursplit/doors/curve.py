"""Read a learning curve, and say whether more data would bring the dev error down enough."""

from pathlib import Path

import click
import numpy as np
import pandas as pd

from foursplit.core import artifacts
from foursplit.core.errors import Refusal
from foursplit.core.seeds import generator
from foursplit.strategy.curve import Point, fit, read


def curve(file: Path, train_error: float, target: float, json_file: Path | None) -> None:
    """Fit the sizes and errors of a CSV file, and say what the curve tells."""
    fitted = fit(_points(file), generator("curve", 1))
    verdict = read(fitted, train_error, target)
    if json_file is not None:
        artifacts.write_json(json_file, {"curve": fitted.as_json(), "verdict": verdict.as_json()})
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
    click.echo(verdict.sentence)


def _points(file: Path) -> list[Point]:
    """Read columns `n` and `error`; repeats of a size are rows of their own."""
    try:
        frame = pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise Refusal(f"{file}: not readable as CSV ({str(error).splitlines()[0]})") from error
    for name in ("n", "error"):
        if name not in frame:
            raise Refusal(
                f"{file}: no column {name!r}; it has {', '.join(map(repr, frame.columns))}"
            )
        numbers = pd.to_numeric(frame[name], errors="coerce")
        bad = np.flatnonzero(~np.isfinite(numbers) | (numbers < 0) | (numbers == 0) & (name == "n"))
        if len(bad):
            row = int(bad[0])
            raise Refusal(
                f"{file}: column {name!r}, row {row + 1}: {frame[name].iloc[row]} is no "
                f"{'size' if name == 'n' else 'error from 0 to 1'}"
            )
        frame[name] = numbers
    sizes = sorted({int(n) for n in frame["n"]})
    return [
        Point(n=n, errors=tuple(map(float, frame.loc[frame["n"] == n, "error"]))) for n in sizes
    ]
