"""Softmax: scores become probabilities, safely, and a small network parts four blobs.

Source: Ng, MLS C2 W2 (multiclass classification, softmax, loss from scores).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import (
    Lesson,
    Lines,
    Plain,
    Regions,
    Section,
    Series,
    Slider,
    Table,
)
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch.losses import CROSS_ENTROPY
from foursplit_courses.from_scratch.network import Layer, TrainingConfig, fit, forward, init_layers
from foursplit_courses.from_scratch.softmax import (
    cross_entropy,
    naive_cross_entropy,
    naive_softmax,
    softmax,
)
from foursplit_courses.lesson_helpers.planes import class_series, square_plane

CENTRES = np.array([[-3.0, 1.0], [0.0, 3.0], [3.0, 0.5], [0.5, -2.5]])
CLASSES = ("west", "north", "east", "south")
PLANE = square_plane(-5.5, 5.5, 41, "x", "y")
LARGE = (1.0, 20.0, 60.0, 88.0, 89.0, 200.0)  # scores; 32-bit exp overflows between 88 and 89


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    points: int = 100  # of the four blobs, to learn from
    std: float = 0.8  # standard deviation of a blob
    units: int = 2  # hidden ReLU units
    steps: int = 800
    logits: tuple[float, ...] = (-4.0, -2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0)  # the slider's

    def __post_init__(self) -> None:
        check_at_least(self, points=1, units=1, steps=1)
        check_above_zero(self, "std")


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    safe, safe_numbers = _safe()
    blobs, blob_numbers = _blobs(args)
    return Lesson(
        title="Softmax",
        lead=(
            "Softmax turns scores into shares of one. Written as defined it fails in 32 bits from "
            "a score of 89 on; with the largest score taken out first it never does."
        ),
        sections=(_shares(args.logits), safe, *blobs),
        numbers={**safe_numbers, **blob_numbers},
        source="Ng, MLS C2 W2",
    )


def _shares(logits: tuple[float, ...]) -> Section:
    """Move one score of four, and show what becomes of all the probabilities."""
    figures: list[Plain] = []
    for score in logits:
        probabilities = softmax(np.array([[1.0, 2.0, 0.5, score]]))[0]
        bars = Series(name="probability", x=[1, 2, 3, 4], y=probabilities, mark="bars")
        figures.append(
            Lines(
                title=f"Scores 1, 2, 0.5 and {score:g}",
                x_label="class",
                y_label="probability",
                series=(bars,),
                y_range=(0, 1),
            )
        )
    return Section(
        heading="Scores become shares",
        text=(
            "Each score becomes a power of e, and is divided by the sum of all, so that the shares "
            "are positive and add to one. A score that rises takes from all other classes: the "
            "answers hang together, as they do not with one sigmoid a class.",
        ),
        figures=(
            Slider(
                title="The fourth score moves all four shares",
                label="fourth score",
                values=tuple(f"{s:g}" for s in logits),
                figures=tuple(figures),
            ),
        ),
    )


def _safe() -> tuple[Section, dict[str, float]]:
    """Compare both forms in 32 bits with the loss in 64 bits, which has digits to spare."""
    gaps = np.linspace(0, 130, 131)
    off = {"naive": np.zeros(len(gaps)), "safe": np.zeros(len(gaps))}
    label = np.array([1])
    with np.errstate(all="ignore"):  # what overflows is the subject
        for index, gap in enumerate(gaps):
            logits = np.array([[0.0, -gap]])  # the true class is the one with the lower score
            exact = cross_entropy(logits, label)
            small = logits.astype(np.float32)
            off["naive"][index] = abs(naive_cross_entropy(small, label) / exact - 1)
            off["safe"][index] = abs(cross_entropy(small, label) / exact - 1)
        rows = tuple(_row(score) for score in LARGE)
    lost = gaps[~np.isfinite(off["naive"])]
    numbers = {
        "naive_loss_infinite_from_gap": float(lost[0]),
        "naive_largest_relative_error": float(off["naive"][np.isfinite(off["naive"])].max()),
        "safe_largest_relative_error": float(off["safe"].max()),
    }
    drawn = {name: np.where(np.isfinite(v), np.maximum(v, 1e-9), 1.0) for name, v in off.items()}
    section = Section(
        heading="The safe form",
        text=(
            "Taking the largest score out changes no share, for it divides both sides of the "
            "fraction by the same number, and leaves nothing above 0 to be raised. In the loss the "
            "logarithm is taken of the sum and not of the share, so that a share too small to be "
            "written down still has its logarithm.",
            f"In 32 bits the safe loss of a class that is not the best is off by at most "
            f"{numbers['safe_largest_relative_error']:.1g} of itself, however far it lies below. "
            f"The naive one is infinite once the true class lies {lost[0]:.0f} below the best, and "
            "has lost digits before: up to "
            f"{numbers['naive_largest_relative_error']:.1g} of itself. A class that leads by 20 "
            "has a loss of 2e-9, which either form rounds to 0.",
        ),
        figures=(
            Lines(
                title="How far the loss is off in 32 bits",
                x_label="the true class's score below the best",
                y_label="relative error",
                series=tuple(
                    Series(name=f"{name} form", x=gaps, y=values) for name, values in drawn.items()
                ),
                log_y=True,
                caption="An infinite loss is drawn as an error of 1; none as 1e-9.",
            ),
            Table(
                title="Share of the first class at scores (s, 0), in 32 bits",
                columns=("s", "naive", "safe"),
                rows=rows,
                caption="nan: no number, infinity over infinity.",
            ),
        ),
    )
    return section, numbers


def _row(score: float) -> tuple[float, str, str]:
    logits = np.array([[score, 0.0]], dtype=np.float32)
    return score, f"{naive_softmax(logits)[0, 0]:.7g}", f"{softmax(logits)[0, 0]:.7g}"


def _drawn(n: int, std: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    blob = np.arange(n) % len(CENTRES)
    return CENTRES[blob] + rng.normal(0, std, (n, 2)), blob


def _blobs(args: Args) -> tuple[tuple[Section, ...], dict[str, float]]:
    rng = generator("softmax: four blobs", 1)
    x, y = _drawn(args.points, args.std, rng)
    new_points, labels = _drawn(4000, args.std, rng)
    config = TrainingConfig(n_steps=args.steps, learning_rate=0.03)
    layers, trace = fit(init_layers((2, args.units, 4), "relu", rng), x, y, CROSS_ENTROPY, config)
    distances = ((new_points[:, None] - CENTRES) ** 2).sum(axis=2)
    numbers = {
        "loss_first": trace[0],
        "loss_last": trace[-1],
        "train_error": _error(layers, x, y),
        "fresh_error": _error(layers, new_points, labels),
        "nearest_centre_error": float((distances.argmin(axis=1) != labels).mean()),
    }
    examples = class_series(x, y, CLASSES, is_grouped=True)
    answers = Section(
        heading="Four blobs",
        text=(
            f"{args.points} points, {args.units} ReLU units and four linear ones: the loss falls "
            f"from {trace[0]:.3g} nats (a guess has {np.log(4):.3g}) to {trace[-1]:.2g}. "
            f"{numbers['train_error']:.1%} of the points are misread, and of 4,000 new ones "
            f"{numbers['fresh_error']:.1%}, where naming the nearest centre, the best there is, "
            f"misreads {numbers['nearest_centre_error']:.1%}.",
        ),
        figures=(
            _plane("The class with the highest score", layers, examples),
            Lines(
                title="Loss while learning",
                x_label="step",
                y_label="cross-entropy, nats",
                series=(Series(name="train", x=np.arange(0, len(trace), 8), y=trace[::8]),),
            ),
        ),
    )
    units = Section(
        heading="What the hidden units do",
        text=(
            "Each ReLU unit is silent on one side of a line and rises on the other. The four "
            "scores are sums of these slopes, and the borders between classes the places where "
            "two scores are equal.",
        ),
        figures=(
            Slider(
                title="Where a hidden unit is awake",
                label="unit",
                values=tuple(str(n + 1) for n in range(args.units)),
                figures=tuple(_awake(layers, n, examples) for n in range(args.units)),
            ),
        ),
    )
    return (answers, units), numbers


def _error(layers: list[Layer], x: np.ndarray, y: np.ndarray) -> float:
    return float((forward(layers, x).argmax(axis=1) != y).mean())


def _plane(title: str, layers: list[Layer], examples: tuple[Series, ...]) -> Regions:
    answers = forward(layers, PLANE.points).argmax(axis=1)
    return PLANE.regions(title, answers, CLASSES, examples)


def _awake(layers: list[Layer], unit: int, examples: tuple[Series, ...]) -> Regions:
    awake = (forward(layers[:1], PLANE.points)[:, unit] > 0).astype(np.float64)
    return PLANE.regions(f"Unit {unit + 1}", awake, ("silent", "awake"), examples)
