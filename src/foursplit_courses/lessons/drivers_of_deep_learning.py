"""What drives deep learning: error by size of data and kind of model, and where a line does.

Source: Ng, DLS C1 W1 (scale of data and of networks; structured and unstructured data).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import features
from foursplit_courses.lesson_helpers.differences import t_interval
from foursplit_courses.lesson_helpers.digit_networks import (
    Digits,
    Settings,
    error_rate,
    shuffled_digits,
    train,
)

CONFIDENCE = 0.95
LINEAR, LARGE = "linear", "large network, 64 units"
MODELS: Mapping[str, tuple[int, ...]] = {
    LINEAR: (),
    "small network, 6 units": (6,),
    "middle network, 20 units": (20,),
    LARGE: (64,),
}
Curves = dict[str, np.ndarray]  # (draw, size) errors by model


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_draws: int = 5
    sizes: tuple[int, ...] = (25, 100, 400, 1200)  # digits to learn from
    table_sizes: tuple[int, ...] = (25, 75, 225)  # rows of the table
    n_steps: int = 300

    def __post_init__(self) -> None:
        check_at_least(self, n_draws=2, n_steps=1)
        for name, limit in (("sizes", 1500), ("table_sizes", 400)):
            values = getattr(self, name)
            if not values or min(values) < 1 or max(values) > limit:
                raise ValueError(f"{name}: {values} must be from 1 to {limit}")


def run(args: Args) -> Lesson:
    """Measure both sets by size and model."""
    digits = [shuffled_digits("drivers of deep learning", n) for n in range(args.n_draws)]
    tables = [cancer_table(n) for n in range(args.n_draws)]
    of_digits = measure(args, digits, args.sizes, 1500)
    of_table = measure(args, tables, args.table_sizes, 400)
    few, many = (of_digits[LINEAR][:, n] - of_digits[LARGE][:, n] for n in (0, -1))
    table = of_table[LINEAR][:, -1] - of_table[LARGE][:, -1]
    return Lesson(
        title="What drives deep learning",
        lead=(
            f"On pictures the large network misreads {_gain(many)} than the linear model with "
            f"{args.sizes[-1]:,} digits to learn from, and {_gain(few)} with {args.sizes[0]}. "
            f"On a table of measurements it misreads {_gain(table)}."
        ),
        sections=(
            _section(
                "Pictures: more data pays where the model is large",
                (
                    "Digits of 8 by 8 pixels. Each model learns from more and more of the same "
                    "digits and is judged on the last 297. With few digits the intervals of the "
                    "models overlap: what decides there is chance, and features made by hand. "
                    "With many, the larger network has the lower error.",
                ),
                args.sizes,
                of_digits,
            ),
            _section(
                "A table: a line does as well",
                (
                    "Thirty measurements of cells, benign or malignant. Each column was made by "
                    "experts and says something by itself. The same models; judged on the last "
                    "169 rows.",
                ),
                args.table_sizes,
                of_table,
            ),
            _families(),
        ),
        numbers={
            **{f"digits_{_key(name)}": float(e[:, -1].mean()) for name, e in of_digits.items()},
            **{f"digits_few_{_key(name)}": float(e[:, 0].mean()) for name, e in of_digits.items()},
            **{f"table_{_key(name)}": float(e[:, -1].mean()) for name, e in of_table.items()},
        },
        source="Ng, DLS C1 W1",
    )


def cancer_table(number: int) -> Digits:
    """Return scikit-learn's breast cancer table (row, 30), in an order drawn for a number."""
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer()
    rng = generator("drivers of deep learning: table", number)
    order = rng.permutation(len(loaded.target))
    return Digits(loaded.data[order], loaded.target[order])


def measure(args: Args, draws: list[Digits], sizes: tuple[int, ...], n_train: int) -> Curves:
    """Return held-out errors; what is learnt from are the first of `n_train` rows."""
    curves = {name: np.empty((len(draws), len(sizes))) for name in MODELS}
    for number, rows in enumerate(draws):
        for column, size in enumerate(sizes):
            scaler = features.fit_scaler(rows.x[:size])
            scaled = Digits(scaler.transform(rows.x), rows.y)
            learnt, held_out = scaled.take(slice(size)), scaled.take(slice(n_train, None))
            for name, hidden in MODELS.items():
                settings = Settings(hidden=hidden, n_steps=args.n_steps, weight_decay=0.001)
                rng = generator("drivers of deep learning: weights", number)
                curves[name][number, column] = error_rate(train(settings, learnt, rng), held_out)
    return curves


def _gain(fewer: np.ndarray) -> str:
    """Say how many points of error less there are, and whether draws bear it out."""
    low, high = (100 * end for end in t_interval(fewer, CONFIDENCE))
    text = f"{low:+.1f} to {high:+.1f} points"
    if low > 0:
        return f"{100 * fewer.mean():.1f} points less ({text})"
    if high < 0:
        return f"{-100 * fewer.mean():.1f} points more ({-high:+.1f} to {-low:+.1f} points)"
    return f"not distinguishably less ({text})"


def _section(
    heading: str, text: tuple[str, ...], sizes: tuple[int, ...], curves: Curves
) -> Section:
    rows = tuple(
        (
            name,
            *(
                "{:.1%} ({:.1%} to {:.1%})".format(
                    errors[:, n].mean(), *_clamped(t_interval(errors[:, n], CONFIDENCE))
                )
                for n in (0, -1)
            ),
        )
        for name, errors in curves.items()
    )
    return Section(
        heading=heading,
        text=text,
        figures=(
            Lines(
                title="Held-out error by size of data",
                x_label="examples learnt from",
                y_label="error",
                log_x=True,
                series=tuple(
                    Series(name=name, x=sizes, y=errors.mean(axis=0))
                    for name, errors in curves.items()
                ),
            ),
            Table(
                title=f"Errors with intervals of {CONFIDENCE:.0%} over draws",
                columns=("model", f"{sizes[0]} examples", f"{sizes[-1]:,} examples"),
                rows=rows,
            ),
        ),
    )


def _clamped(interval: tuple[float, float]) -> tuple[float, float]:
    return max(interval[0], 0.0), min(interval[1], 1.0)


def _families() -> Section:
    return Section(
        heading="Which family for which task",
        text=("An error is a number of a task; the kind of data names the family to begin with.",),
        figures=(
            Table(
                title="Kinds of data",
                columns=("data", "begin with", "for example, in this project"),
                rows=(
                    ("rows of a table", "linear models, trees", "m2w4_cancer"),
                    ("pictures", "convolutional networks", "c4w2_digits"),
                    ("text, sound, series", "sequence models", "c5w3_dates"),
                    ("ratings", "factors, two towers", "m3w2_film_tastes"),
                ),
            ),
        ),
    )


def _key(name: str) -> str:
    return name.partition(",")[0].replace(" ", "_")
