"""One table of flowers learnt from in four ways: what is asked decides the kind of learning.

Source: Ng, MLS C1 W1 (supervised and unsupervised learning; regression and classification).
"""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import derive_seed, generator
from foursplit_courses.from_scratch import features, linear, synthetic_data

INPUTS = ("sepal length", "sepal width", "petal length", "petal width")  # cm
SPECIES = ("setosa", "versicolor", "virginica")
LENGTH, WIDTH = 2, 3  # of the petals


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 100  # of the 150 flowers
    seed: int = 1

    def __post_init__(self) -> None:
        if not 10 <= self.n_train <= 140:
            raise ValueError(f"n_train: {self.n_train!r} must be from 10 to 140")


def run(args: Args) -> Lesson:
    """Ask four questions of the flowers, and judge the answers on those held out where one can."""
    x, species = load_iris(return_X_y=True)
    order = generator("kinds of learning", args.seed).permutation(len(x))
    x, species = x[order].astype(np.float64), species[order].astype(np.float64)
    regression, of_regression = _regression(args, x)
    classification, of_classes = _classification(args, x, species)
    clusters, of_clusters = _clusters(args, x, species)
    numbers = {**of_regression, **of_classes, **of_clusters}
    return Lesson(
        title="Kinds of learning",
        lead=(
            "The same 150 flowers, with answers to learn from and without. Given the species, a "
            f"model is wrong on {numbers['class_error']:.0%} of new flowers; without them, k-means "
            f"finds groups that agree with the species to {numbers['rand']:.2f} of 1."
        ),
        sections=(_kinds(numbers), regression, classification, clusters),
        numbers=numbers,
        source="Ng, MLS C1 W1",
    )


def _kinds(numbers: dict[str, float]) -> Section:
    rows = (
        (
            *("regression", "how wide is the petal?", "a number", "yes"),
            f"{numbers['width_error']:.2f} cm off; {numbers['width_error_mean']:.2f} by the mean",
        ),
        (
            *("classification", "which species?", "one of three", "yes"),
            f"{numbers['class_error']:.1%} wrong; {numbers['class_error_guess']:.1%} by a guess",
        ),
        (
            *("clustering", "which belong together?", "a group", "no"),
            f"agreement {numbers['rand']:.2f}, where chance has 0",
        ),
        (
            *("fewer dimensions", "what can be left out?", "two numbers for four", "no"),
            f"{numbers['kept']:.1%} of the variance kept",
        ),
    )
    return Section(
        heading="Four questions",
        text=(
            "Learning is supervised where each example comes with the right answer, and the "
            "answer's kind decides between regression (a number) and classification (one of few). "
            "It is unsupervised where there are inputs alone, and what is found is structure.",
        ),
        figures=(
            Table(
                title="The same table, four times",
                columns=("kind", "question", "answer", "given in training?", "measured"),
                rows=rows,
            ),
        ),
    )


def _regression(args: Args, x: np.ndarray) -> tuple[Section, dict[str, float]]:
    train, new = synthetic_data.Dataset(x[:, [LENGTH]], x[:, WIDTH]).split(args.n_train)
    parameters = linear.normal_equation(*train)
    ends = np.array([[x[:, LENGTH].min()], [x[:, LENGTH].max()]])
    error = float(np.abs(linear.predict(new.x, parameters) - new.y).mean())
    section = Section(
        heading="Regression: a number",
        text=(
            "A line from the petal's length to its width, fitted to "
            f"{args.n_train} flowers, is off by {error:.2f} cm on the mean of the others.",
        ),
        figures=(
            Lines(
                title="Petals",
                x_label="length in cm",
                y_label="width in cm",
                series=(
                    Series(name="learnt from", x=train.x[:, 0], y=train.y, mark="points"),
                    Series(name="held out", x=new.x[:, 0], y=new.y, mark="crosses"),
                    Series(name="line", x=ends[:, 0], y=linear.predict(ends, parameters)),
                ),
            ),
        ),
    )
    mean = float(np.abs(train.y.mean() - new.y).mean())
    return section, {"width_error": error, "width_error_mean": mean}


def _scatter(title: str, x: np.ndarray, label: np.ndarray, names: tuple[str, ...]) -> Lines:
    return Lines(
        title=title,
        x_label="petal length in cm",
        y_label="petal width in cm",
        series=tuple(
            Series(
                name=name, x=x[label == i, LENGTH], y=x[label == i, WIDTH], mark="points", group=i
            )
            for i, name in enumerate(names)
        ),
    )


def _classification(
    args: Args, x: np.ndarray, species: np.ndarray
) -> tuple[Section, dict[str, float]]:
    train, new = synthetic_data.Dataset(x, species).split(args.n_train)
    scale = features.fit_scaler(train.x)
    fitted = LogisticRegression(max_iter=1000).fit(scale.transform(train.x), train.y)
    wrong = fitted.predict(scale.transform(new.x)) != new.y
    most = np.bincount(train.y.astype(int)).argmax()
    section = Section(
        heading="Classification: one of few",
        text=(
            f"Logistic regression on four inputs gets {int(wrong.sum())} of {len(wrong)} new "
            "flowers wrong. One species stands apart; the other two touch.",
        ),
        figures=(_scatter("Species, as given", x, species, SPECIES),),
    )
    return section, {
        "class_error": float(wrong.mean()),
        "class_error_guess": float((new.y != most).mean()),
    }


def _clusters(args: Args, x: np.ndarray, species: np.ndarray) -> tuple[Section, dict[str, float]]:
    seed = derive_seed("kinds of learning", args.seed) % 2**32
    clustering = KMeans(n_clusters=3, n_init=10, random_state=seed).fit_predict(x)
    rand = float(adjusted_rand_score(species, clustering))
    pca = PCA(n_components=2).fit(x)
    kept = float(pca.explained_variance_ratio_.sum())
    names = ("group A", "group B", "group C")
    section = Section(
        heading="Without answers",
        text=(
            "k-means sees inputs alone and knows only that there are three groups. It finds the "
            f"species that stands apart, and cuts the rest elsewhere than botanists do: agreement "
            f"{rand:.2f}. That need not be wrong: groups were asked for, not species.",
            f"Two mixtures of the four inputs keep {kept:.1%} of their variance.",
        ),
        figures=(_scatter("Groups, as found", x, clustering, names),),
    )
    return section, {"rand": rand, "kept": kept}
