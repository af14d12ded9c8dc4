"""Anomalies by density: each input alone, all together, and what a threshold promises on dev."""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Contour, Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import gaussian_density
from foursplit_courses.from_scratch.gaussian_density import Gaussian

N_TRAIN, N_JUDGED = 1000, 1000  # examples; train holds usual ones only
N_REPEATS = 60  # times that eleven inputs are drawn
N_INPUTS = 11
N_SMALL, N_SMALL_ANOMALOUS = 100, 10  # of the dev set of eleven inputs, as small as the course's
KINDS = {
    "each input alone": gaussian_density.fit_independent,
    "all together": gaussian_density.fit_multivariate,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    anomaly_fraction: float  # of dev and test, in two dimensions

    def __post_init__(self) -> None:
        if not 0.01 <= self.anomaly_fraction <= 0.5:
            raise ValueError(f"anomaly_fraction: {self.anomaly_fraction} must be from 0.01 to 0.5")


def run(args: Args) -> Lesson:
    """Flag servers in two dimensions, then see what F1 on dev promises in eleven."""
    flat, results = _two_inputs(args.anomaly_fraction)
    many, promised = _eleven_inputs()
    return Lesson(
        title="Anomaly detection by density",
        lead=(
            "Where two inputs go together, a density of each alone misses what is odd only in "
            f"combination: F1 on test {results['f1_test_alone']:.2f}, against "
            f"{results['f1_test_together']:.2f} with covariances. A threshold chosen on "
            f"{N_SMALL} examples promises {promised['optimism']:.2f} more F1 than it keeps."
        ),
        sections=(flat, many),
        numbers={**results, **promised},
        source="Ng, MLS C3 W1 (density of each feature, F1 on labels); ML 2011 (multivariate)",
    )


def servers(n: int, fraction: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw (server, 2) inputs that go together, and which of them are anomalous.

    Half of the anomalies leave the line on which the inputs go together; the others lie far out.
    """
    x = rng.normal(size=(n, 1)) @ np.array([[2.0, 2.0]]) + 0.5 * rng.normal(size=(n, 2)) + [14, 15]
    odd = np.arange(n) < round(fraction * n)
    n_odd = int(odd.sum())
    side = rng.choice([-1.0, 1.0], n_odd)
    across = side * rng.uniform(1.5, 3.0, n_odd)
    far = rng.choice([-1.0, 1.0], n_odd) * rng.uniform(7.0, 10.0, n_odd)
    leaves = np.arange(n_odd) % 2 == 0
    x[odd] += np.where(leaves, across, far)[:, None] * np.where(leaves, [[1], [-1]], [[1], [1]]).T
    return x, odd


def f1(gaussian: Gaussian, threshold: float, x: np.ndarray, odd: np.ndarray) -> float:
    """Give F1 of flagging what is less dense than the threshold; 0 where nothing is found."""
    flagged = gaussian.log_density(x) < threshold
    return float(2 * (flagged & odd).sum() / max(int(flagged.sum() + odd.sum()), 1))


def _two_inputs(fraction: float) -> tuple[Section, dict[str, float]]:
    rng = generator("study anomaly_detection: two inputs")
    train = servers(N_TRAIN, 0.0, rng)[0]
    dev, test = servers(N_JUDGED, fraction, rng), servers(N_JUDGED, fraction, rng)
    figures: list[Contour | Lines | Table] = []
    numbers: dict[str, float] = {}
    rows, curves = [], []
    for name, learn in KINDS.items():
        densities = learn(train)
        thresholds = gaussian_density.select_threshold(densities.log_density(dev[0]), dev[1])
        on_test = f1(densities, thresholds.value, *test)
        figures.append(_contour(name, densities, thresholds.value, *test))
        curves.append(_curve(name, densities, *dev))
        rows.append((name, f"{thresholds.f1:.3f}", f"{on_test:.3f}"))
        short = name.split()[-1]
        numbers |= {f"f1_dev_{short}": thresholds.f1, f"f1_test_{short}": on_test}
    sweep = Lines(
        title="F1 on dev over the threshold",
        x_label="log density below which an example is flagged",
        y_label="F1",
        series=tuple(curves),
    )
    table = Table(
        title="Chosen on dev, kept on test",
        columns=("density", "F1 on dev", "F1 on test"),
        rows=tuple(rows),
    )
    section = Section(
        heading="Two inputs that go together",
        text=(
            "A density is learnt from usual servers alone. Labels are only needed to choose the "
            "threshold, on dev; test says what it is worth. Equal densities of independent inputs "
            "lie on upright ellipses: what leaves the diagonal but stays within both ranges is as "
            "usual to them as anything.",
        ),
        figures=(*figures, sweep, table),
    )
    return section, numbers


def _contour(
    name: str, densities: Gaussian, threshold: float, x: np.ndarray, odd: np.ndarray
) -> Contour:
    """Draw lines of equal density, with what is flagged and what is missed."""
    first, second = np.linspace(3, 25, 60), np.linspace(4, 26, 60)
    grid = np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)
    flagged = densities.log_density(x) < threshold
    sets = {
        "usual": ~odd & ~flagged,
        "found": odd & flagged,
        "missed": odd & ~flagged,
        "false alarm": ~odd & flagged,
    }
    return Contour(
        title=f"Density of {name}: test",
        x_label="first input",
        y_label="second input",
        x=first,
        y=second,
        z=densities.log_density(grid).reshape(60, 60),
        levels=[threshold - 20, threshold - 8, threshold, threshold + 2],  # from without inwards
        series=tuple(
            Series(
                name=label,
                x=x[thresholds, 0],
                y=x[thresholds, 1],
                group=number,
                mark="points" if label == "usual" else "crosses",
            )
            for number, (label, thresholds) in enumerate(sets.items())
        ),
        caption=f"The threshold is the line at {threshold:.3g}, the second outwards from within: "
        "two lie beyond it.",
    )


def _curve(name: str, densities: Gaussian, x: np.ndarray, odd: np.ndarray) -> Series:
    at = np.linspace(-20, -2, 90)
    return Series(name=name, x=at, y=np.array([f1(densities, float(t), x, odd) for t in at]))


def _eleven_inputs() -> tuple[Section, dict[str, float]]:
    """Choose a threshold on a small dev set many times, and see what it keeps on many examples."""
    texts, components = [], []
    for repeat in range(N_REPEATS):
        rng = generator("study anomaly_detection: eleven inputs", repeat)
        densities = gaussian_density.fit_independent(rng.normal(size=(N_TRAIN, N_INPUTS)))
        thresholds = gaussian_density.select_threshold(
            densities.log_density((dev := _many(rng, 1))[0]), dev[1]
        )
        texts.append(thresholds.f1)
        components.append(f1(densities, thresholds.value, *_many(rng, 50)))
    optimism = float(np.mean(texts) - np.mean(components))
    figure = Lines(
        title="What the threshold promises, and what it keeps",
        x_label="F1 on the dev set that chose the threshold",
        y_label="F1 on 5,000 other examples",
        series=(
            Series(
                name=f"{N_REPEATS} dev sets",
                x=np.array(texts),
                y=np.array(components),
                mark="points",
            ),
            Series(name="as promised", x=[0.5, 1.0], y=[0.5, 1.0], mark="dashed"),
        ),
        x_range=(0.5, 1.0),
        y_range=(0.5, 1.0),
    )
    section = Section(
        heading="Eleven inputs, and a dev set of a hundred",
        text=(
            f"A dev set of {N_SMALL} examples with {N_SMALL_ANOMALOUS} anomalies, drawn "
            f"{N_REPEATS} times. The F1 of the chosen threshold is the best of many, so part of it "
            f"is luck: {np.mean(texts):.3f} on average where it was chosen, "
            f"{np.mean(components):.3f} on "
            "examples that had no say. And it differs from one dev set to the next by "
            f"{np.std(texts):.2f}, one standard deviation, though nothing but chance differs.",
        ),
        figures=(figure,),
    )
    return section, {
        "f1_promised": float(np.mean(texts)),
        "f1_kept": float(np.mean(components)),
        "optimism": optimism,
        "f1_promised_deviation": float(np.std(texts)),
    }


def _many(rng: np.random.Generator, times: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw (example, 11) inputs, a tenth of which lie a little farther out in every direction."""
    odd = np.arange(times * N_SMALL) < times * N_SMALL_ANOMALOUS
    x = rng.normal(size=(len(odd), N_INPUTS)) * np.where(odd, 1.9, 1.0)[:, None]
    return x, odd
