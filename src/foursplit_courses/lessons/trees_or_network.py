"""Trees or a network: the same models on several kinds of data, and when to use which.

Source: Ng, MLS C2 W4 (when to use decision trees and when neural networks).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from foursplit.core.lesson_figures import Lesson, Section, Slider, Table
from foursplit.core.seeds import derive_seed, generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.synthetic_data import (
    N_UNLIKE_COLUMNS,
    flip_labels,
    make_disc,
    make_unlike_columns,
)
from foursplit_courses.lesson_helpers.planes import CROSSES_AND_POINTS, class_series, square_plane

Data = tuple[np.ndarray, np.ndarray]
"""(example, input) and (example,) classes 0 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 400
    n_held_out: int = 4000
    flipped: float = 0.1  # share of all labels that are wrong
    n_estimators_forest: int = 50  # of the forest
    learning_rate: float = 0.1  # of boosting
    n_estimators_boosting: int = 200
    early_stopping_rounds: int = 10  # rounds without a better loss before boosting stops
    hidden: tuple[int, ...] = (32, 16)  # of the network
    max_epochs: int = 100
    n_repeats: int = 3  # draws of train
    seed: int = 1

    def __post_init__(self) -> None:
        check_at_least(
            self,
            n_train=50,
            n_held_out=50,
            n_estimators_forest=1,
            n_estimators_boosting=1,
            early_stopping_rounds=1,
            max_epochs=1,
            n_repeats=1,
        )
        if not 0 <= self.flipped < 0.5:
            raise ValueError(f"flipped: {self.flipped} must be from 0 to below 0.5")


def boxes(args: Args, n: int, rng: np.random.Generator) -> Data:
    """Draw a table of unlike columns: two thresholds and a switch decide, five columns do not."""
    return make_unlike_columns(n, args.flipped, rng)


def prepared(args: Args, n: int, rng: np.random.Generator) -> Data:
    """Draw the same table with the skewed amount as its logarithm: the same order of rows."""
    x, y = boxes(args, n, rng)
    x[:, 1] = np.log(x[:, 1])
    return x, y


def linear_boundary(args: Args, n: int, rng: np.random.Generator) -> Data:
    """Draw the other kind: one plane across all inputs, each as important as the next."""
    x = rng.normal(size=(n, N_UNLIKE_COLUMNS))
    return x, flip_labels(x.sum(axis=1) > 0, args.flipped, rng)


def disc(args: Args, n: int, rng: np.random.Generator) -> Data:
    """Draw points of a square, of class 1 within a disc: smooth, and of two inputs."""
    return make_disc(n, args.flipped, rng)


def stairs(args: Args, n: int, rng: np.random.Generator) -> Data:
    """Draw points of a square, of class 1 on three of its nine fields: steps, and two inputs."""
    x = rng.uniform(-1, 1, (n, 2))
    field = np.floor((x + 1) * 1.5)
    return x, flip_labels(field[:, 0] == field[:, 1], args.flipped, rng)


KINDS = {
    "unlike columns": boxes,
    "the same, its amount as a logarithm": prepared,
    "squares on a plane": stairs,
    "a disc on a plane": disc,
    "a slope across all inputs": linear_boundary,
}

SHORT = dict(zip(KINDS, ("columns", "logarithm", "squares", "disc", "slope"), strict=True))


def run(args: Args) -> Lesson:
    """Train each model on each kind of data, and draw what it answers on two planes."""
    compared, means = _compared(args)
    unlike, slanted = means["unlike columns"], means["a slope across all inputs"]
    return Lesson(
        title="Trees or a network",
        lead=(
            f"On a table of unlike columns a forest errs on {unlike['forest']:.1%} of held-out "
            f"rows, boosted trees on {unlike['boosted']:.1%}, a network on "
            f"{unlike['network']:.1%}; on a slope across all inputs it is "
            f"{slanted['forest']:.1%}, {slanted['boosted']:.1%} and {slanted['network']:.1%}. "
            f"{args.flipped:.0%} of all labels are wrong."
        ),
        sections=(compared, _shapes(args), _when()),
        numbers={
            f"{name}_on_{SHORT[dataset_name]}": error
            for dataset_name, row in means.items()
            for name, error in row.items()
        },
        source="Ng, MLS C2 W4",
    )


class _Boosted:
    """XGBoost, stopped by a fifth of train, with the fit and predict of the others."""

    def __init__(self, args: Args) -> None:
        self.args = args

    def fit(self, x: np.ndarray, y: np.ndarray) -> "_Boosted":
        is_validation = np.arange(len(y)) % 5 == 0  # rows are drawn at random already
        train_data, validation_data = (
            xgboost.DMatrix(x[mask], label=y[mask], nthread=1)
            for mask in (~is_validation, is_validation)
        )
        params = {"objective": "binary:logistic", "eta": self.args.learning_rate, "nthread": 1}
        self.booster = xgboost.train(
            params,
            train_data,
            self.args.n_estimators_boosting,
            evals=[(validation_data, "aside")],
            early_stopping_rounds=self.args.early_stopping_rounds,
            verbose_eval=False,
        )
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        until = (0, self.booster.best_iteration + 1)
        results = self.booster.predict(xgboost.DMatrix(x, nthread=1), iteration_range=until)
        return (results > 0.5).astype(np.int64)


class _Network:
    """A network on standardised inputs, stopped by a fifth of train as boosting is."""

    def __init__(self, args: Args) -> None:
        self.net = MLPClassifier(
            args.hidden,
            learning_rate_init=0.01,
            batch_size=50,
            max_iter=args.max_epochs,
            early_stopping=True,
            validation_fraction=0.2,
            n_iter_no_change=args.early_stopping_rounds,
            random_state=derive_seed("network", args.seed) % 2**32,
        )

    def fit(self, x: np.ndarray, y: np.ndarray) -> "_Network":
        self.mean, self.std = x.mean(axis=0), x.std(axis=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs may be taken
            self.net.fit((x - self.mean) / self.std, y)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        results: np.ndarray = self.net.predict((x - self.mean) / self.std)
        return results


def _models(args: Args) -> dict[str, Callable[[], Any]]:
    return {
        "tree": lambda: DecisionTreeClassifier(
            criterion="entropy", max_depth=6, min_samples_split=20, random_state=0
        ),
        "forest": lambda: RandomForestClassifier(
            args.n_estimators_forest,
            min_samples_split=10,
            random_state=derive_seed("forest", args.seed) % 2**32,
        ),
        "boosted": lambda: _Boosted(args),
        "network": lambda: _Network(args),
    }


def _compared(args: Args) -> tuple[Section, dict[str, dict[str, float]]]:
    """Train all four on all kinds of data, each several times."""
    models = _models(args)
    results: dict[str, dict[str, list[float]]] = {}
    for dataset_name, draw in KINDS.items():
        errors: dict[str, list[float]] = {name: [] for name in models}
        for repeat in range(args.n_repeats):
            rng = generator("trees or network", args.seed, repeat)  # alike kinds, the same rows
            train, out = draw(args, args.n_train, rng), draw(args, args.n_held_out, rng)
            for name, build in models.items():
                errors[name].append(float((build().fit(*train).predict(out[0]) != out[1]).mean()))
        results[dataset_name] = errors
    means = {k: {n: float(np.mean(e)) for n, e in row.items()} for k, row in results.items()}
    rows = tuple(
        (
            dataset_name,
            *(_range(errors) for errors in row.values()),
            min(means[dataset_name], key=means[dataset_name].__getitem__),
        )
        for dataset_name, row in results.items()
    )
    text = (
        "The same four models, with the same settings, on data where single inputs decide by "
        "thresholds, and on data where inputs decide together and smoothly.",
        "Trees ask about one input at a time and care only for its order: columns of unlike kinds "
        "and scales, switches and skewed amounts cost them nothing. A slope across all inputs they "
        "must build of steps. A network bends as it needs, but wants its inputs prepared: of the "
        f"unlike columns one is a skewed amount, and its logarithm alone takes the network from "
        f"{means['unlike columns']['network']:.1%} to "
        f"{means['the same, its amount as a logarithm']['network']:.1%}.",
        "Greed has a price: on the squares no first question gains much, so that one tree begins "
        f"with chance and errs on {means['squares on a plane']['tree']:.1%}, where a forest errs "
        f"on {means['squares on a plane']['forest']:.1%}.",
    )
    table = Table(
        title="Held-out error",
        columns=("data", *models, "lowest mean"),
        rows=rows,
        caption=(
            f"Mean over {args.n_repeats} draws of {args.n_train} training rows, with the lowest "
            "and "
            "the highest."
        ),
    )
    return Section(heading="Kinds of data", text=text, figures=(table,)), means


def _range(errors: list[float]) -> str:
    return f"{np.mean(errors):.1%} ({min(errors):.1%} to {max(errors):.1%})"


def _shapes(args: Args) -> Section:
    """Draw what each model answers on the two planes."""
    plane, classes = square_plane(-1, 1, 41, "first input", "second input"), ("no", "yes")
    sliders = []
    for title, draw in (("A disc", disc), ("Squares", stairs)):
        x, y = draw(args, args.n_train, generator("trees or network, shapes", args.seed, title))
        points = class_series(x, y, classes, CROSSES_AND_POINTS)
        models = {name: build().fit(x, y) for name, build in _models(args).items()}
        figures = tuple(
            plane.regions(f"{title}: {name}", model.predict(plane.points), classes, points)
            for name, model in models.items()
        )
        sliders.append(Slider(title=title, label="model", values=tuple(models), figures=figures))
    return Section(
        heading="The shape of an answer",
        text=("Steps where trees cut, curves where the network bends.",),
        figures=tuple(sliders),
    )


def _when() -> Section:
    rows = (
        ("tables of unlike columns", "first choice", "works, once inputs are scaled and coded"),
        ("pictures, sound, text", "poor: no single input means much", "first choice"),
        ("time to train", "little, so more can be tried", "more, and more to tune"),
        ("reading the model", "a small tree can be read, an ensemble cannot", "cannot be read"),
        ("learning from another task", "begins again", "can begin from weights learnt before"),
        ("several models in one system", "trained each by itself", "can be trained together"),
        ("answers beyond the training data", "stay at the last step", "go on, rightly or wrongly"),
    )
    return Section(
        heading="When to use which",
        text=(
            "The experiments `m2w4_cancer_*` ask the same of real tables, with intervals; seconds "
            "are measured in `benchmarks/trees.py`, since no page may depend on the clock.",
        ),
        figures=(
            Table(title="Trees or a network", columns=("", "tree ensembles", "network"), rows=rows),
        ),
    )
