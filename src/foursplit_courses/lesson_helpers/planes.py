"""Answers drawn over a plane of two inputs, with the examples on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from foursplit.core.lesson_figures import Regions, Series

Mark = Literal["points", "crosses"]
POINTS_AND_CROSSES: tuple[Mark, Mark] = ("points", "crosses")
CROSSES_AND_POINTS: tuple[Mark, Mark] = ("crosses", "points")


@dataclass(frozen=True, slots=True)
class Plane:
    """A grid over two inputs, (column,) and (row,), and their names."""

    x: np.ndarray
    y: np.ndarray
    x_label: str
    y_label: str

    @property
    def points(self) -> np.ndarray:
        """Return the inputs (point, 2) of the grid, row by row."""
        return np.stack(np.meshgrid(self.x, self.y), axis=-1).reshape(-1, 2)

    def regions(
        self,
        title: str,
        answers: np.ndarray,
        classes: tuple[str, ...],
        series: tuple[Series, ...] = (),
        caption: str = "",
    ) -> Regions:
        """Return the picture of the answers (point,) at `points`, with the examples of `series`."""
        return Regions(
            title=title,
            x_label=self.x_label,
            y_label=self.y_label,
            x=self.x,
            y=self.y,
            z=answers.reshape(len(self.y), len(self.x)),
            classes=classes,
            series=series,
            caption=caption,
        )


def square_plane(low: float, high: float, n: int, x_label: str, y_label: str) -> Plane:
    """Return a plane with `n` values of each input, from `low` to `high`."""
    side = np.linspace(low, high, n)
    return Plane(side, side, x_label, y_label)


def class_series(
    x: np.ndarray,
    y: np.ndarray,
    names: Sequence[str],
    marks: Sequence[Mark] | None = None,
    *,
    is_grouped: bool = False,
) -> tuple[Series, ...]:
    """Return the examples (example, 2) of each class, by default as points.

    Grouped, a class has the colour of its number, wherever it is drawn.
    """
    marks = marks or ["points"] * len(names)
    return tuple(
        Series(
            name=name,
            x=x[y == number, 0],
            y=x[y == number, 1],
            mark=mark,
            group=number if is_grouped else None,
        )
        for number, (name, mark) in enumerate(zip(names, marks, strict=True))
    )


def seen_and_validation(
    settings: Sequence[float], train: Sequence[float], validation: Sequence[float]
) -> tuple[Series, Series]:
    """Return the curves of a cost or an error by setting, on examples seen and to choose by."""
    return (
        Series(name="examples seen", x=settings, y=train),
        Series(name="validation", x=settings, y=validation),
    )
