"""A fit of the noisy wave, drawn with its examples and the truth."""

import numpy as np

from foursplit.core.lesson_figures import Lines, Series
from foursplit_courses.from_scratch import synthetic_data

INPUTS = np.linspace(-1, 1, 161)
"""Inputs at which a fit is drawn."""


def wave_fit(title: str, examples: synthetic_data.Dataset, predictions: np.ndarray) -> Lines:
    """Return the picture of a fit, whose `predictions` (input,) are those at `INPUTS`."""
    return Lines(
        title=title,
        x_label="x",
        y_label="answer",
        y_range=(-2, 2),
        series=(
            Series(name="examples", x=examples.x[:, 0], y=examples.y, mark="points"),
            Series(name="fit", x=INPUTS, y=predictions),
            Series(name="truth", x=INPUTS, y=synthetic_data.sine_wave(INPUTS), mark="dashed"),
        ),
    )
