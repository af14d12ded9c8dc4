"""Sweeps on a table: how far one tree should go, what many add, and when boosting should stop.

Source: Ng, MLS C2 W4 (the optional lab on tree ensembles; random forests; XGBoost).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series
from foursplit.core.seeds import derive_seed, generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.synthetic_data import make_unlike_columns

Data = tuple[np.ndarray, np.ndarray]
"""(example, input) and (example,) classes 0 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 400
    n_held_out: int = 4000
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
    train, out = (
        make_unlike_columns(n, args.flipped, generator("tree ensembles study", args.seed, name))
        for name, n in (("train", args.n_train), ("held out", args.n_held_out))
    )
    depth, by_depth = _depth(args, train, out)
    forest, of_forest = _forest(args, train, out)
    boosting, of_boosting = _boosting(args, train, out)
    return Lesson(
        title="One tree, a forest, and boosting",
        lead=(
            f"One tree does best at depth {by_depth['best_max_depth']:.0f} "
            f"({by_depth['error_best_max_depth']:.1%} of held-out rows wrong), a forest of "
            f"{args.n_estimators_forest} unbraked trees gets {of_forest['forest_all']:.1%}, and "
            "boosting "
            f"stops itself after {of_boosting['boosting_stop']:.0f} trees at "
            f"{of_boosting['error_at_stop']:.1%}. {args.flipped:.0%} of all labels are wrong."
        ),
        sections=(depth, forest, boosting),
        numbers={**by_depth, **of_forest, **of_boosting},
        source="Ng, MLS C2 W4; Breiman (2001), Random Forests; Chen and Guestrin (2016), XGBoost",
    )


def _wrong(model: Any, data: Data) -> float:
    return float((model.predict(data[0]) != data[1]).mean())


def _tree(**limits: Any) -> Any:
    return DecisionTreeClassifier(criterion="entropy", random_state=0, **limits)


def _depth(args: Args, train: Data, out: Data) -> tuple[Section, dict[str, float]]:
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
        trees = [_tree(**{name: value}).fit(*train) for value in values]
        wrong = {s: [_wrong(t, d) for t in trees] for s, d in (("train", train), ("held out", out))}
        lowest = int(np.argmin(wrong["held out"]))
        best |= {f"best_{name}": values[lowest], f"error_best_{name}": wrong["held out"][lowest]}
        figures.append(
            Lines(
                title=f"One tree by {name}",
                x_label=label,
                y_label="share of wrong answers",
                series=tuple(Series(name=s, x=values, y=errors) for s, errors in wrong.items()),
                log_x=log_x,
            )
        )
    text = (
        "A tree's depth and the examples it asks for before a split are two brakes on the same "
        "thing: how small the groups become whose majority it trusts. Loose, train error falls "
        "to nothing and held-out error rises: variance. Tight, both are high: bias.",
        f"Held-out error is lowest at depth {best['best_max_depth']} "
        f"({best['error_best_max_depth']:.1%}), and with {best['best_min_samples_split']} "
        f"examples a split ({best['error_best_min_samples_split']:.1%}).",
    )
    return Section(heading="One tree, held back", text=text, figures=tuple(figures)), best


def _forest(args: Args, train: Data, out: Data) -> tuple[Section, dict[str, float]]:
    methods = {"forest: few inputs a split": "sqrt", "bagging: all inputs": None}
    sizes = np.arange(1, args.n_estimators_forest + 1)
    series: list[Series] = []
    last: dict[str, float] = {}
    for name, features in methods.items():
        model = RandomForestClassifier(
            args.n_estimators_forest,
            max_features=features,
            criterion="entropy",
            random_state=derive_seed("forest", args.seed) % 2**32,
        ).fit(*train)
        each = np.stack([tree.predict_proba(out[0])[:, 1] for tree in model.estimators_])
        average = np.cumsum(each, axis=0) / sizes[:, None]
        errors = ((average > 0.5) != out[1]).mean(axis=1)
        series.append(Series(name=name, x=sizes, y=errors))
        last |= (
            {"forest_1": errors[0], "forest_all": errors[-1]}
            if features
            else {"bagging_all": errors[-1]}
        )
    text = (
        "Each tree of a forest is grown without a brake, on examples drawn with replacement, and "
        "each question is chosen from a few inputs drawn again. Each errs in its own way, so "
        "their average errs less, and more trees never overfit: the curve falls and stays.",
        f"One of the trees errs on {last['forest_1']:.1%}, all {args.n_estimators_forest} together "
        "on "
        f"{last['forest_all']:.1%}; with all inputs offered to every split it is "
        f"{last['bagging_all']:.1%}.",
    )
    lines = Lines(
        title="Held-out error by the number of trees",
        x_label="trees",
        y_label="share of wrong answers",
        series=tuple(series),
    )
    numbers = {name: float(value) for name, value in last.items()}
    return Section(heading="A forest", text=text, figures=(lines,)), numbers


def _boosting(args: Args, train: Data, out: Data) -> tuple[Section, dict[str, float]]:
    aside = np.arange(len(train[1])) % 5 == 0  # rows are drawn at random already
    errors_split = {
        "learnt from": (train[0][~aside], train[1][~aside]),
        "validation": (train[0][aside], train[1][aside]),
        "held out": out,
    }
    tables = {name: xgboost.DMatrix(x, label=y, nthread=1) for name, (x, y) in errors_split.items()}
    names = {name: name.replace(" ", "_") for name in errors_split}  # XGBoost parses them at spaces
    train_set: dict[str, dict[str, list[float]]] = {}
    settings = {
        "objective": "binary:logistic",
        "eta": args.learning_rate,
        "max_depth": 6,
        "nthread": 1,
    }
    booster = xgboost.train(
        settings,
        tables["learnt from"],
        args.n_estimators_boosting,
        evals_result=train_set,
        verbose_eval=False,
        evals=[(tables[name], short) for name, short in names.items()],
    )
    losses = {name: train_set[short]["logloss"] for name, short in names.items()}
    rounds = np.arange(1, args.n_estimators_boosting + 1)
    stop = _stopped(losses["validation"], args.early_stopping_rounds)
    at_stop, at_end = losses["held out"][stop], losses["held out"][-1]
    answers = booster.predict(tables["held out"], iteration_range=(0, stop + 1)) > 0.5
    error = float((answers != out[1]).mean())
    text = (
        "Boosting grows its trees one after the other, each on what those before it still get "
        "wrong. Unlike a forest it can go too far: the loss on what it learns from falls on and "
        "on, that of other rows turns.",
        f"A fifth of train is held out to say when. Its loss is lowest after {stop + 1} trees; "
        f"{args.early_stopping_rounds} more without a better one, and boosting stops. Held-out "
        "loss is then "
        f"{at_stop:.3f}; after all {args.n_estimators_boosting} it is {at_end:.3f}.",
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
        "loss_at_stop": at_stop,
        "loss_at_end": at_end,
        "error_at_stop": error,
    }
    return Section(heading="Boosting, stopped early", text=text, figures=(lines,)), numbers


def _stopped(losses: list[float], early_stopping_rounds: int) -> int:
    """Give the place of the lowest loss before `patience` rounds without a lower one."""
    best = 0
    for place, loss in enumerate(losses):
        if loss < losses[best]:
            best = place
        if place - best >= early_stopping_rounds:
            break
    return best
