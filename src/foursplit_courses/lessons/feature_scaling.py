"""Z-scores turn a valley into a bowl, and four ways to fit a line then agree.

The course's table of a hundred houses may not be carried along: these are drawn from a stated rule.

Source: Ng, MLS C1 W2 (feature scaling, choice of the rate, scikit-learn).
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LinearRegression, SGDRegressor

from foursplit.core.lesson_figures import (
    Contour,
    Lesson,
    Lines,
    Section,
    Series,
    Slider,
    Surface,
    Table,
)
from foursplit.core.seeds import derive_seed, generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch import features, linear, synthetic_data
from foursplit_courses.from_scratch.gradient_descent import Parameters
from foursplit_courses.from_scratch.rounding import ceil_power_of_ten, format_rounded
from foursplit_courses.lesson_helpers.surfaces import surface_path

SHARES = (0.05, 0.9, 0.99, 1.02)  # of the largest rate that raw inputs allow
PAIR = [0, 3]  # area and age: the two weights of the pictures
GRID = 41  # points along each side of a picture
N_DRAWN = 60  # steps of a descent in a picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_houses: int = 100
    learning_rate: float = 0.1  # with z-scores
    n_steps: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        check_at_least(self, n_houses=10, n_steps=1)
        check_above_zero(self, "learning_rate")


def run(args: Args) -> Lesson:
    """Descend on raw and on scaled inputs, and hold the end against three other ways."""
    houses = synthetic_data.make_houses(args.n_houses, generator("feature scaling", args.seed))
    scale = features.fit_scaler(houses.x)
    scaled = synthetic_data.Dataset(scale.transform(houses.x), houses.y)
    fits = _fits(args, scaled)
    gaps = {
        name: _gap(parameters, fits["solved"])
        for name, parameters in fits.items()
        if name != "solved"
    }
    raw_walk = linear.gradient_descent(
        *houses, learning_rate=0.9 * linear.max_stable_learning_rate(houses.x), n_steps=args.n_steps
    )
    best = linear.cost(*scaled, fits["solved"])
    conditions = [float(np.linalg.cond(linear.hessian(x))) for x in (houses.x, scaled.x)]
    return Lesson(
        title="Feature scaling",
        lead=(
            f"Scaling takes the ratio of the largest to the smallest curvature from "
            f"{conditions[0]:,.0f} to {conditions[1]:.1f}: after {args.n_steps:,} steps the cost "
            f"is {raw_walk.cost[-1]:.0f} on raw inputs, and on scaled ones the minimum, {best:.0f}."
        ),
        sections=(
            _inputs(houses.x, scale),
            _raw(houses),
            _bowl(args, houses, scaled),
            _twins(fits, gaps, scale),
        ),
        numbers={
            "condition_raw": conditions[0],
            "condition_scaled": conditions[1],
            "largest_rate_raw": linear.max_stable_learning_rate(houses.x),
            "largest_rate_scaled": linear.max_stable_learning_rate(scaled.x),
            "cost_raw": float(raw_walk.cost[-1]),
            "cost_scaled": linear.cost(*scaled, fits["descent"]),
            "cost_minimum": best,
            "gap_descent_below": ceil_power_of_ten(gaps["descent"]),
            "gap_scikit_learn_below": ceil_power_of_ten(gaps["scikit-learn"]),
            "gap_scikit_learn_sgd": gaps["scikit-learn SGD"],
        },
        source="Ng, MLS C1 W2",
    )


def _fits(args: Args, scaled: synthetic_data.Dataset) -> dict[str, Parameters]:
    """Fit the same line in four ways."""
    sklearn_fit = LinearRegression().fit(*scaled)
    sgd_fit = SGDRegressor(max_iter=1000, random_state=derive_seed("sgd", args.seed) % 2**32).fit(
        *scaled
    )
    return {
        "solved": linear.normal_equation(*scaled),
        "descent": linear.gradient_descent(
            *scaled, learning_rate=args.learning_rate, n_steps=args.n_steps
        ).final,
        "scikit-learn": Parameters(sklearn_fit.coef_, float(sklearn_fit.intercept_)),
        "scikit-learn SGD": Parameters(sgd_fit.coef_, float(sgd_fit.intercept_[0])),
    }


def _gap(first: Parameters, second: Parameters) -> float:
    """Give the largest difference of any parameter, in 1,000 dollars a standard deviation."""
    return float(np.abs(np.append(*first) - np.append(*second)).max())


def _inputs(x: np.ndarray, scale: features.Scaler) -> Section:
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *(round(float(v), 2) for v in (low, high, mean, deviation)))
        for name, low, high, mean, deviation in zip(
            synthetic_data.HOUSE_FEATURES, x.min(axis=0), x.max(axis=0), *scale, strict=True
        )
    )
    return Section(
        heading="Inputs of very different size",
        text=(
            "A hundred invented houses stand for the course's table. Their price is linear in four "
            "inputs, with noise. The area counts in thousands and the floors in ones, so that a "
            "step that suits the weight of one is wrong for the other by orders of magnitude.",
            "A z-score takes an input's mean away and divides by its standard deviation. Both are "
            "measured on the examples learnt from, and kept for those to come.",
        ),
        figures=(
            Table(
                title="Inputs",
                columns=("input", "lowest", "highest", "mean", "standard deviation"),
                rows=rows,
            ),
            Slider(
                title="Spread of each input",
                label="input",
                values=synthetic_data.HOUSE_FEATURES,
                figures=tuple(
                    _spread(name, x[:, i], scale.transform(x)[:, i])
                    for i, name in enumerate(synthetic_data.HOUSE_FEATURES)
                ),
            ),
        ),
    )


def _spread(name: str, raw: np.ndarray, scaled: np.ndarray) -> Lines:
    counts, edges = np.histogram(scaled, bins=np.arange(-4, 4.25, 0.5))
    middle = (edges[:-1] + edges[1:]) / 2
    return Lines(
        title=f"{name}: {raw.min():g} to {raw.max():g} before",
        x_label="z-score",
        y_label="houses",
        series=(Series(name=name, x=middle, y=counts, mark="bars"),),
        x_range=(-4, 4),
    )


def _raw(houses: synthetic_data.Dataset) -> Section:
    limit = linear.max_stable_learning_rate(houses.x)
    descents = [
        linear.gradient_descent(*houses, learning_rate=fraction * limit, n_steps=60)
        for fraction in SHARES
    ]
    figures = tuple(
        Lines(
            title=f"Rate {fraction * limit:.2e}, {fraction:g} of the largest",
            x_label="step",
            y_label="cost",
            log_y=True,
            series=(Series(name="cost", x=np.arange(len(descent.cost)), y=descent.cost),),
        )
        for fraction, descent in zip(SHARES, descents, strict=True)
    )
    paths = tuple(
        Series(name=f"{fraction:g}", x=np.arange(len(descent.cost)), y=descent.w[:, 0])
        for fraction, descent in zip(SHARES, descents, strict=True)
    )
    return Section(
        heading="Raw inputs",
        text=(
            f"Above a rate of {limit:.2e} the weight of the area jumps across the valley, farther "
            "each time, and the cost grows without end. Just below, it jumps and closes in. At a "
            "twentieth it slides to the valley's floor, and there the others' way is still long.",
        ),
        figures=(
            Slider(
                title="Cost by step",
                label="share of the largest rate",
                values=tuple(f"{fraction:g}" for fraction in SHARES),
                figures=figures,
                start=1,
            ),
            Lines(
                title="Weight of the area by step",
                x_label="step",
                y_label="1,000 dollars a square foot",
                series=paths,
            ),
        ),
    )


def _bowl(args: Args, houses: synthetic_data.Dataset, scaled: synthetic_data.Dataset) -> Section:
    valley, _, left_raw = _pictures(houses, "raw inputs", 0.9 * _limit(houses))
    bowl, surface, left_scaled = _pictures(scaled, "z-scores", args.learning_rate)
    return Section(
        heading="From a valley to a bowl",
        text=(
            "The pictures hold two weights, of area and age, with everything centred so that the "
            "bias plays no part, and both weights on the same span. Raw, lines of equal cost are "
            "so long that they look parallel: the descent jumps from wall to wall and creeps along "
            f"the floor, and after {N_DRAWN} steps {left_raw:.0%} of the age's weight is still "
            "missing. Scaled, they are nearly round, and the way down leads to the middle: "
            f"{left_scaled:.1%} is missing.",
        ),
        figures=(valley, bowl, surface),
    )


def _limit(table: synthetic_data.Dataset) -> float:
    return linear.max_stable_learning_rate(table.x[:, PAIR] - table.x[:, PAIR].mean(axis=0))


def _pictures(
    table: synthetic_data.Dataset, name: str, learning_rate: float
) -> tuple[Contour, Surface, float]:
    """Draw the cost over the weights of two centred inputs, and a descent.

    The last that is given is the share of the second weight that the descent has yet to find.
    """
    x, y = table.x[:, PAIR], table.y - table.y.mean()
    x = x - x.mean(axis=0)
    best = linear.normal_equation(x, y)
    descent = linear.gradient_descent(x, y, learning_rate=learning_rate, n_steps=N_DRAWN)
    reach = 1.2 * np.abs(best.w).max()
    axes = [np.linspace(w - reach, w + reach, GRID) for w in best.w]
    z = np.array(
        [[linear.cost(x, y, Parameters(np.array([u, v]), 0.0)) for u in axes[0]] for v in axes[1]]
    )
    low = linear.cost(x, y, best)
    across, along = (f"weight of the {synthetic_data.HOUSE_FEATURES[i]}" for i in PAIR)
    contour = Contour(
        title=f"Cost, {name}",
        x_label=across,
        y_label=along,
        x=axes[0],
        y=axes[1],
        z=z,
        levels=low + (z.max() - low) * np.array([0.002, 0.01, 0.03, 0.08, 0.2, 0.4, 0.7]),
        series=(
            Series(name="descent", x=descent.w[:, 0], y=descent.w[:, 1]),
            Series(name="minimum", x=best.w[:1], y=best.w[1:], mark="crosses"),
        ),
        caption=f"{N_DRAWN} steps from zero.",
    )
    surface = Surface(
        title=f"The same as a surface, {name}",
        x_label=across,
        y_label=along,
        z_label="cost",
        x=axes[0],
        y=axes[1],
        z=z,
        path=surface_path(descent.w[:, 0], descent.w[:, 1], descent.cost),
    )
    return contour, surface, float(abs(1 - descent.final.w[1] / best.w[1]))


def _twins(fits: dict[str, Parameters], gaps: dict[str, float], scale: features.Scaler) -> Section:
    rule = synthetic_data.TRUE_PRICE_PARAMETERS
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *(round(float(v), 3) for v in np.append(*scale.unscale(parameters))))
        for name, parameters in fits.items()
    )
    true_row: tuple[str | float, ...] = ("the rule", *(float(v) for v in np.append(*rule)))
    gap_text = "; ".join(f"{name} {format_rounded(gap)}" for name, gap in gaps.items())
    return Section(
        heading="Four ways, one line",
        text=(
            "Least squares solved at once, descent on z-scores, scikit-learn's solver and its "
            "stochastic descent, turned back into raw units. Largest difference of a scaled "
            f"parameter from the solved one, in 1,000 dollars: {gap_text}. The stochastic one adds "
            "a "
            "small penalty by default and stops early. The rule itself is missed by what noise in "
            "a hundred prices leaves open.",
        ),
        figures=(
            Table(
                title="Parameters, in 1,000 dollars a unit",
                columns=("way", *synthetic_data.HOUSE_FEATURES, "bias"),
                rows=(*rows, true_row),
            ),
        ),
    )
