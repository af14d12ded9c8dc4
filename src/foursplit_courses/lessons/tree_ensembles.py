"""Sweeps on a table: how far one tree should go, what many add, and when boosting should stop.

All that is chosen is chosen on validation rows; what is quoted comes from test rows, which have no
say.  A second table shows where many trees gain little.

Source: Ng, MLS C2 W4 (the optional lab on tree ensembles; random forests; XGBoost).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import derive_seed, generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.synthetic_data import make_adding_columns, make_unlike_columns

Data = tuple[np.ndarray, np.ndarray]
"""(example, input) and (example,) classes 0 and 1."""

Z_95 = 1.96  # deviations to either side of a 95% interval


class Splits(NamedTuple):
    """Rows to learn from, to choose on and to judge by."""

    train: Data
    validation: Data
    test: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 400
    n_held_out: int = 4000  # of the validation rows, and of the test rows
    flipped: float = 0.1  # share of all labels that are wrong
    depths: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 14, 20)
    min_samples_splits: tuple[int, ...] = (2, 5, 10, 20, 40, 80, 160, 320)
    n_estimators_forest: int = 100  # of the forest
    learning_rate: float = 0.1  # of boosting
    n_estimators_boosting: int = 120
    early_stopping_rounds: int = 10  # rounds without a better loss before boosting stops
    seed: int = 1

    def __post_init__(self) -> None:
        check_at_least(
            self,
            n_train=50,
            n_held_out=50,
            n_estimators_forest=1,
            n_estimators_boosting=1,
            early_stopping_rounds=1,
        )
        for name, minimum in (("depths", 1), ("min_samples_splits", 2)):
            if min(getattr(self, name), default=0) < minimum:
                raise ValueError(f"{name}: {getattr(self, name)} must be counts from {minimum} on")
        if not 0 <= self.flipped < 0.5:
            raise ValueError(f"flipped: {self.flipped} must be from 0 to below 0.5")


def run(args: Args) -> Lesson:
    """Sweep a tree's brakes, a forest's size and boosting's rounds on one table."""
    splits = _draw(args, make_adding_columns, "effects that add up")
    depth, chosen, tree_wrong = _depth(args, splits)
    forest, of_forest, forest_wrong = _forest(args, splits)
    boosting, of_boosting, boosting_wrong = _boosting(args, splits)
    wrong = {"one tree": tree_wrong, "forest": forest_wrong, "boosting": boosting_wrong}
    comparison, compared = _comparison(args, wrong)
    return Lesson(
        title="One tree, a forest, and boosting",
        lead=(
            f"Where five effects add up, one tree of depth {chosen['best_max_depth']:.0f} errs on "
            f"{compared['tree_error']:.1%} of {args.n_held_out:,} test rows, a forest of "
            f"{args.n_estimators_forest} unbraked trees on {compared['forest_error']:.1%}, and "
            f"boosting, stopped after {of_boosting['boosting_stop']:.0f} trees, on "
            f"{compared['boosting_error']:.1%}. Where three questions are the truth, the two gain "
            f"{100 * compared['questions_forest_gain']:.1f} and "
            f"{100 * compared['questions_boosting_gain']:.1f} points on one tree. "
            f"{args.flipped:.0%} of all labels are wrong."
        ),
        sections=(depth, forest, boosting, comparison),
        numbers={**chosen, **of_forest, **of_boosting, **compared},
        source="Ng, MLS C2 W4; Breiman (2001), Random Forests; Chen and Guestrin (2016), XGBoost; "
        "Friedman (1991)",
    )


def _draw(args: Args, make: Any, name: str) -> Splits:
    sizes = {"train": args.n_train, "validation": args.n_held_out, "test": args.n_held_out}
    return Splits(
        *(
            make(n, args.flipped, generator("tree ensembles", args.seed, name, split))
            for split, n in sizes.items()
        )
    )


def _wrong(model: Any, data: Data) -> np.ndarray:
    """Return which (example,) answers are wrong."""
    result: np.ndarray = model.predict(data[0]) != data[1]
    return result


def _tree(**limits: Any) -> Any:
    return DecisionTreeClassifier(criterion="entropy", random_state=0, **limits)


def _best_tree(args: Args, splits: Splits) -> Any:
    """Return the tree whose depth errs least on validation rows."""
    trees = [_tree(max_depth=depth).fit(*splits.train) for depth in args.depths]
    return trees[int(np.argmin([_wrong(tree, splits.validation).mean() for tree in trees]))]


def _depth(args: Args, splits: Splits) -> tuple[Section, dict[str, float], np.ndarray]:
    sweeps = {
        "max_depth": ("depth at most", args.depths, False),
        "min_samples_split": (
            "examples that a node needs to be split",
            args.min_samples_splits,
            True,
        ),
    }
    figures: list[Lines] = []
    best: dict[str, float] = {}
    for name, (label, values, log_x) in sweeps.items():
        trees = [_tree(**{name: value}).fit(*splits.train) for value in values]
        errors = {
            split: [float(_wrong(tree, data).mean()) for tree in trees]
            for split, data in splits._asdict().items()
        }
        lowest = int(np.argmin(errors["validation"]))
        best |= {f"best_{name}": values[lowest], f"test_error_{name}": errors.pop("test")[lowest]}
        figures.append(
            Lines(
                title=f"One tree by {name}",
                x_label=label,
                y_label="share of wrong answers",
                series=tuple(Series(name=split, x=values, y=e) for split, e in errors.items()),
                log_x=log_x,
            )
        )
    text = (
        "A tree's depth and the examples it asks for before a split are two brakes on the same "
        "thing: how small the groups become whose majority it trusts. Loose, train error falls "
        "to nothing and that of other rows rises: variance. Tight, both are high: bias.",
        f"On validation rows error is lowest at depth {best['best_max_depth']}, and with "
        f"{best['best_min_samples_split']} examples a split. On test rows, which had no say, "
        f"these err on {best['test_error_max_depth']:.1%} and "
        f"{best['test_error_min_samples_split']:.1%}.",
    )
    section = Section(heading="One tree, held back", text=text, figures=tuple(figures))
    return section, best, _wrong(_best_tree(args, splits), splits.test)


def _grow_forest(args: Args, train: Data, features: str | None) -> Any:
    return RandomForestClassifier(
        args.n_estimators_forest,
        max_features=features,
        criterion="entropy",
        random_state=derive_seed("forest", args.seed) % 2**32,
    ).fit(*train)


def _forest(args: Args, splits: Splits) -> tuple[Section, dict[str, float], np.ndarray]:
    methods = {"forest: few inputs a split": "sqrt", "bagging: all inputs": None}
    sizes = np.arange(1, args.n_estimators_forest + 1)
    series: list[Series] = []
    last: dict[str, float] = {}
    x, y = splits.test
    for name, features in methods.items():
        model = _grow_forest(args, splits.train, features)
        each = np.stack([tree.predict_proba(x)[:, 1] for tree in model.estimators_])
        average = np.cumsum(each, axis=0) / sizes[:, None]
        errors = ((average > 0.5) != y).mean(axis=1)
        series.append(Series(name=name, x=sizes, y=errors))
        if features:
            last |= {"forest_1": errors[0], "forest_all": errors[-1]}
            wrong = (average[-1] > 0.5) != y
        else:
            last |= {"bagging_all": errors[-1]}
    text = (
        "Each tree of a forest is grown without a brake, on examples drawn with replacement, and "
        "each question is chosen from a few inputs drawn again. Each errs in its own way, so "
        "their average errs less, and more trees never overfit: the curve falls and stays. "
        "Nothing is chosen by it, so test rows may draw it.",
        f"One of the trees errs on {last['forest_1']:.1%}, all {args.n_estimators_forest} together "
        "on "
        f"{last['forest_all']:.1%}; with all inputs offered to every split it is "
        f"{last['bagging_all']:.1%}.",
    )
    lines = Lines(
        title="Test error by the number of trees",
        x_label="trees",
        y_label="share of wrong answers",
        series=tuple(series),
    )
    numbers = {name: float(value) for name, value in last.items()}
    return Section(heading="A forest", text=text, figures=(lines,)), numbers, wrong


class Boosted(NamedTuple):
    """Log-loss by split and round, the round at which boosting stops, and what is wrong on test."""

    losses: dict[str, list[float]]
    stop: int
    wrong: np.ndarray


def _boost(args: Args, splits: Splits) -> Boosted:
    tables = {
        name: xgboost.DMatrix(x, label=y, nthread=1) for name, (x, y) in splits._asdict().items()
    }
    found: dict[str, dict[str, list[float]]] = {}
    settings = {
        "objective": "binary:logistic",
        "eta": args.learning_rate,
        "max_depth": 6,
        "nthread": 1,
    }
    booster = xgboost.train(
        settings,
        tables["train"],
        args.n_estimators_boosting,
        evals_result=found,
        verbose_eval=False,
        evals=[(table, name) for name, table in tables.items()],
    )
    losses = {name: found[name]["logloss"] for name in tables}
    stop = _stopped(losses["validation"], args.early_stopping_rounds)
    answers = booster.predict(tables["test"], iteration_range=(0, stop + 1)) > 0.5
    return Boosted(losses, stop, answers != splits.test[1])


def _boosting(args: Args, splits: Splits) -> tuple[Section, dict[str, float], np.ndarray]:
    losses, stop, wrong = _boost(args, splits)
    on_test = losses.pop("test")
    rounds = np.arange(1, args.n_estimators_boosting + 1)
    text = (
        "Boosting grows its trees one after the other, each on what those before it still get "
        "wrong. Unlike a forest it can go too far: the loss on what it learns from falls on and "
        "on, that of other rows turns.",
        f"Validation rows say when. Their loss is lowest after {stop + 1} trees; "
        f"{args.early_stopping_rounds} more without a better one, and boosting stops. The loss on "
        f"test is then {on_test[stop]:.3f}; after all {args.n_estimators_boosting} it is "
        f"{on_test[-1]:.3f}.",
    )
    top = max(max(values) for values in losses.values())
    marked = Series(name="stopped here", x=[stop + 1, stop + 1], y=[0, top], mark="dashed")
    lines = Lines(
        title="Loss by round",
        x_label="trees",
        y_label="log-loss, nats",
        series=(*(Series(name=n, x=rounds, y=v) for n, v in losses.items()), marked),
    )
    numbers = {
        "boosting_stop": stop + 1,
        "loss_at_stop": on_test[stop],
        "loss_at_end": on_test[-1],
    }
    return Section(heading="Boosting, stopped early", text=text, figures=(lines,)), numbers, wrong


def _comparison(args: Args, wrong: dict[str, np.ndarray]) -> tuple[Section, dict[str, float]]:
    """Compare the three on two tables, by the same rows for all."""
    splits = _draw(args, make_unlike_columns, "three questions")
    questions = {
        "one tree": _wrong(_best_tree(args, splits), splits.test),
        "forest": _wrong(_grow_forest(args, splits.train, "sqrt"), splits.test),
        "boosting": _boost(args, splits).wrong,
    }
    tables = {"five effects that add up": wrong, "three questions": questions}
    rows = tuple(
        (about, name, float(one.mean()), *_difference(found["one tree"], one))
        for about, found in tables.items()
        for name, one in found.items()
    )
    numbers = {
        f"{prefix}{name.split()[-1]}_error": float(one.mean())
        for prefix, found in (("", wrong), ("questions_", questions))
        for name, one in found.items()
    }
    for name in ("forest", "boosting"):
        for prefix, found in (("", wrong), ("questions_", questions)):
            value, low, high = _interval(found["one tree"], found[name])
            key = f"{prefix}{name}_gain"
            numbers |= {key: value, f"{key}_low": low, f"{key}_high": high}
    section = Section(
        heading="Which is ahead depends on the truth",
        text=(
            "A sum of effects needs a staircase in five inputs at once: one tree runs out of "
            "examples before it has built it, and the average of many does not. Where the truth "
            "is three questions, one tree asks just these, and little is left to gain: "
            f"{100 * numbers['questions_forest_gain']:.1f} points by a forest instead of "
            f"{100 * numbers['forest_gain']:.1f}, and by boosting "
            f"{100 * numbers['questions_boosting_gain']:.1f} instead of "
            f"{100 * numbers['boosting_gain']:.1f}.",
        ),
        figures=(
            Table(
                title=f"Errors on {args.n_held_out:,} test rows",
                columns=("truth", "model", "error", "better than one tree by", "95% interval"),
                rows=rows,
                caption="The difference is taken row by row. An interval that holds 0 says that "
                "these rows do not distinguish the two.",
            ),
        ),
    )
    return section, numbers


def _interval(base: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Return by how much the error of `other` is lower, with its 95% interval, row by row."""
    difference = base.astype(float) - other
    half = Z_95 * float(difference.std(ddof=1)) / np.sqrt(len(difference))
    mean = float(difference.mean())
    return mean, mean - half, mean + half


def _difference(base: np.ndarray, other: np.ndarray) -> tuple[str, str]:
    if base is other:
        return "–", "–"
    mean, low, high = _interval(base, other)
    return f"{100 * mean:+.1f} points", f"{100 * low:+.1f} to {100 * high:+.1f}"


def _stopped(losses: list[float], early_stopping_rounds: int) -> int:
    """Give the place of the lowest loss before `patience` rounds without a lower one."""
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        if place - best >= early_stopping_rounds:
            break
    return best
