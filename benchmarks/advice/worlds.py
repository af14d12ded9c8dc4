"""Eight simulated worlds of which the Bayes error is known.

In each, the label is the sign of a function of the inputs, flipped with a fixed probability: no
classifier errs less often than that.
"""

from collections.abc import Callable

import numpy as np
from benchmarks.advice.problems import Domain, Problem

from foursplit.core.seeds import generator

N = 12_000  # examples of a domain


def _draw(
    rng: np.random.Generator,
    function: Callable[[np.ndarray], np.ndarray],
    n_features: int,
    flips: float,
    shift: float = 0.0,
    mistakes: float = 0.0,
) -> Domain:
    """Draw normal inputs, the first of them shifted, and labels flipped by chance.

    `flips`: share of labels that no one can know; `mistakes`: share that a check would correct.
    """
    x = rng.standard_normal((N, n_features)).astype(np.float32)
    x[:, 0] += shift
    corrected = (function(x) > 0) ^ (rng.random(N) < flips)
    y = corrected ^ (rng.random(N) < mistakes)
    return Domain(x=x, y=y.astype(np.int64), corrected=corrected.astype(np.int64))


def curved(x: np.ndarray) -> np.ndarray:
    """Return a function that no line follows."""
    return np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2]


def flat(x: np.ndarray) -> np.ndarray:
    """Return a linear function."""
    return x[:, 0] + 0.5 * x[:, 1] - 0.5 * x[:, 2]


def turning(x: np.ndarray) -> np.ndarray:
    """Return a function whose second input changes its meaning with the sign of the first."""
    return x[:, 1] * np.where(x[:, 0] > 0, 1, -1) + 0.2 * x[:, 2]


def rare(x: np.ndarray) -> np.ndarray:
    """Return a function that is positive for one normal input in twenty."""
    return (x[:, 0] + x[:, 1]) / np.sqrt(2) - 1.6449


def _one(
    name: str,
    function: Callable[[np.ndarray], np.ndarray],
    n_features: int,
    flips: float,
    mistakes: float = 0.0,
    **more: object,
) -> Problem:
    """Return a world of one distribution."""
    domain = _draw(generator("advice world", name), function, n_features, flips, mistakes=mistakes)
    given = flips * (1 - mistakes) + (1 - flips) * mistakes
    fields: dict[str, object] = {"level": given, "corrected_level": flips} | more
    return Problem(
        name=name, source=domain, target=domain, n_classes=2, same=True, kind="Bayes", **fields
    )  # type: ignore[arg-type]


def _moved() -> Problem:
    rng = generator("advice world", "moved")
    return Problem(
        name="moved",
        source=_draw(rng, turning, 10, 0.04, shift=-1.2),
        target=_draw(rng, turning, 10, 0.04, shift=1.2),
        n_classes=2,
        same=False,
        level=0.04,
        kind="Bayes",
    )


def _rare_class() -> Problem:
    """Return a world where one label in twenty is positive, and both classes count alike."""
    positive, flips = 0.05, 0.01
    share = positive * (1 - flips) + (1 - positive) * flips  # of positive labels
    weights = (0.5 / (1 - share), 0.5 / share)
    return _one(
        "rare_class",
        rare,
        8,
        flips,
        level=weighted_bayes_error(positive, flips, weights),
        class_weights=weights,
    )


def weighted_bayes_error(positive: float, flips: float, weights: tuple[float, ...]) -> float:
    """Return the least weighted error where `positive` is the share of positive values."""
    inside = min((1 - flips) * weights[1], flips * weights[0])
    outside = min((1 - flips) * weights[0], flips * weights[1])
    return positive * inside + (1 - positive) * outside


WORLDS: dict[str, Callable[[], Problem]] = {
    "curved": lambda: _one("curved", curved, 8, 0.05),
    "label_mistakes": lambda: _one("label_mistakes", curved, 6, 0.02, mistakes=0.10, audited=True),
    "moved": _moved,
    "nothing_wrong": lambda: _one(
        "nothing_wrong", flat, 5, 0.05, starts=("good", "mild_penalty", "biased_train")
    ),
    "overfit_dev": lambda: _one("overfit_dev", flat, 20, 0.08, candidates=20, dev_size=80),
    "rare_class": _rare_class,
    "small_dev": lambda: _one("small_dev", curved, 8, 0.05, dev_size=60),
    "wide": lambda: _one("wide", flat, 60, 0.05),
}
"""The worlds, by name."""
