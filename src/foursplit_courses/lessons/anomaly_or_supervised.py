"""Density or classifier: which finds more as known anomalies grow, and as their kinds change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.gaussian_density import fit_multivariate, select_threshold
from foursplit_courses.lesson_helpers.differences import t_interval

N_USUAL, N_TEST, SHARE = 1000, 4000, 0.03  # learnt from; judged on, and how much of it is anomalous
N_INPUTS = 5
FAR = 4.2  # deviations from the middle of what is usual to that of a kind of anomaly
KNOWN_KINDS, NEW_KINDS = 2, 6
WAYS = ("density", "logistic regression", "trees")
CONFIDENCE = 0.95  # of the interval of a mean over the draws


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    positives: tuple[int, ...]  # known anomalies, from few to many
    n_repeats: int  # draws of everything

    def __post_init__(self) -> None:
        if not self.positives or min(self.positives) < 2:
            raise ValueError(f"positives: {self.positives} must each be at least 2")
        check_at_least(self, n_repeats=2)


def run(args: Args) -> Lesson:
    """Give F1 on test over the number of known anomalies, for two futures."""
    f1_scores = _measure(args)  # by whether dev and test have new anomalies: (way, size, repeat)
    cross = _crossing(args.positives, f1_scores[False])
    last = args.positives[-1]
    ahead = f1_scores[True][0, -1] - f1_scores[True][1:, -1].max(axis=0)
    lead = (
        "Where the future brings the kinds of anomaly that are known, "
        + (
            f"a classifier is ahead of the density from {cross} known ones on; "
            if cross
            else "no classifier is significantly ahead of the density with as many as were tried; "
        )
        + f"where it brings kinds that nobody has seen, the density {_ahead(ahead)} in F1 with "
        f"{last} known. Intervals at {CONFIDENCE:.0%}, of {args.n_repeats} draws."
    )
    return Lesson(
        title="Anomaly detection or supervised learning",
        lead=lead,
        sections=(
            _section("The future is like the past", args, f1_scores[False], new=False),
            _section("The future brings something new", args, f1_scores[True], new=True),
        ),
        numbers={
            "crossing": float(cross) if cross else float("nan"),
            "density_ahead_new": float(ahead.mean()),
            "density_ahead_new_low": t_interval(ahead, CONFIDENCE)[0],
            "density_ahead_new_high": t_interval(ahead, CONFIDENCE)[1],
            **{
                f"{way.split()[0]}_{'new' if new else 'same'}_{size}": float(scores[w, s].mean())
                for new, scores in f1_scores.items()
                for w, way in enumerate(WAYS)
                for s, size in enumerate(args.positives)
            },
        },
        source="Ng, MLS C3 W1 (anomaly detection against supervised learning)",
    )


def _ahead(difference: np.ndarray) -> str:
    low, high = t_interval(difference, CONFIDENCE)
    verdict = "is ahead" if low > 0 else "is behind" if high < 0 else "is not distinguished"
    return f"{verdict} by {difference.mean():.2f} ({low:.2f} to {high:.2f})"


def draw(
    n: int, n_odd: int, kinds: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw (example, input): `n_odd` around one of (kind, input) centres, the rest around zero."""
    y = np.arange(n) < n_odd
    x = rng.normal(size=(n, N_INPUTS))
    x[y] = 0.6 * x[y] + kinds[rng.integers(len(kinds), size=n_odd)]
    return x, y


def _kinds(n: int, rng: np.random.Generator) -> np.ndarray:
    way = rng.normal(size=(n, N_INPUTS))
    return FAR * way / np.linalg.norm(way, axis=1, keepdims=True)


def _measure(args: Args) -> dict[bool, np.ndarray]:
    """Give (way, size, repeat) F1 on test, by whether the future brings new kinds."""
    shape = (len(WAYS), len(args.positives), args.n_repeats)
    scores = {new: np.zeros(shape) for new in (False, True)}
    for repeat in range(args.n_repeats):
        rng = generator("study anomaly_or_supervised", repeat)
        known, unseen = _kinds(KNOWN_KINDS, rng), _kinds(NEW_KINDS, rng)
        tests = {
            new: draw(N_TEST, round(SHARE * N_TEST), kinds, rng)
            for new, kinds in ((False, known), (True, unseen))
        }
        for at, size in enumerate(args.positives):
            # Half to learn from, half to choose each threshold on, for all ways alike.
            train = draw(N_USUAL + size // 2, size // 2, known, rng)
            dev = draw(N_USUAL + size - size // 2, size - size // 2, known, rng)
            for number, way in enumerate(WAYS):
                score = _learnt(way, train, repeat)
                threshold = select_threshold(score(dev[0]), dev[1]).value
                for new, (x, odd) in tests.items():
                    scores[new][number, at, repeat] = _f1(score(x) < threshold, odd)
    return scores


Rows = tuple[np.ndarray, np.ndarray]
Score = Callable[[np.ndarray], np.ndarray]
"""Gives (example,) numbers, low for what is anomalous."""


def _learnt(way: str, train: Rows, seed: int) -> Score:
    x, odd = train
    if way == "density":
        return fit_multivariate(x[~odd]).log_density
    model = _classifier(way, seed).fit(x, odd)
    return lambda others: model.predict_proba(others)[:, 0]


def _f1(flagged: np.ndarray, odd: np.ndarray) -> float:
    return float(2 * (flagged & odd).sum() / (flagged.sum() + odd.sum()))


def _classifier(way: str, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    if way == "trees":
        return RandomForestClassifier(15, min_samples_leaf=2, random_state=seed)
    return LogisticRegression(max_iter=1000)


def _crossing(sizes: tuple[int, ...], scores: np.ndarray) -> int | None:
    """Name the number of known anomalies from which a classifier is ahead of the density.

    Ahead means significantly, draw by draw, at this number and at every larger one; it is one and
    the same classifier, so that none is picked for each number by luck.
    """
    above = np.array(
        [
            [
                t_interval(way[size] - scores[0, size], CONFIDENCE)[0] > 0
                for size in range(len(sizes))
            ]
            for way in scores[1:]
        ]
    )  # (classifier, size)
    found = [size for way in above if (size := _first_of_the_rest(sizes, way))]
    return min(found, default=None)


def _first_of_the_rest(sizes: tuple[int, ...], above: np.ndarray) -> int | None:
    """Return the size from which `above` holds to the end."""
    stays = np.logical_and.accumulate(above[::-1])[::-1]
    return sizes[int(stays.argmax())] if stays.any() else None


def _mean_text(draws: np.ndarray) -> str:
    low, high = t_interval(draws, CONFIDENCE)
    return f"{draws.mean():.2f} ({low:.2f} to {high:.2f})"


def _section(heading: str, args: Args, scores: np.ndarray, *, new: bool) -> Section:
    figure = Lines(
        title=f"F1 on test, mean of {args.n_repeats} draws",
        x_label="known anomalies",
        y_label="F1",
        series=tuple(
            Series(name=way, x=args.positives, y=scores[w].mean(axis=1))
            for w, way in enumerate(WAYS)
        ),
        log_x=True,
        y_range=(0.0, 1.0),
    )
    table = Table(
        title=f"The same in numbers, with the {CONFIDENCE:.0%} interval of the mean",
        columns=("known anomalies", *WAYS),
        rows=tuple(
            (
                size,
                *(_mean_text(scores[w, s]) for w in range(len(WAYS))),
            )
            for s, size in enumerate(args.positives)
        ),
    )
    about = (
        f"Test holds {NEW_KINDS} kinds of anomaly, none of which was in train or dev: a new way to "
        "fail, or to cheat. A classifier has learnt where the known kinds lie, and finds little "
        "elsewhere; a density has learnt what is usual, and everything else is odd to it."
        if new
        else f"Test holds the {KNOWN_KINDS} kinds that are known. All ways get the same anomalies, "
        "half of them to learn from and half to choose the threshold on; the density can use only "
        "the second half."
    )
    return Section(heading=heading, text=(about,), figures=(figure, table))
