"""Adam against gradient descent: the same network, the same start, the same number of steps.

Source: Ng, MLS C2 W2 (Adam) and W1 (a layer as one matrix product); Kingma and Ba (2015), Adam.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from foursplit.core.lesson_figures import Contour, Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import adam
from foursplit_courses.from_scratch.dense import dense, dense_by_unit
from foursplit_courses.from_scratch.losses import CROSS_ENTROPY
from foursplit_courses.from_scratch.network import TrainingConfig, fit, init_layers
from foursplit_courses.lesson_helpers.differences import largest_difference

Path = np.ndarray
"""(step, 2) places."""

Traces = dict[tuple[str, float], list[float]]
"""The loss at each step, by optimizer and learning rate."""

OPTIMIZERS: dict[str, Literal["adam", "gradient_descent"]] = {
    "adam": "adam",
    "descent": "gradient_descent",
}
START = (-9.0, 2.0)  # of the valley's descents


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    digits: int = 500  # of the bundled ones, pixels 0 to 16 as they are
    steps: int = 120
    learning_rates: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1)
    steepness: float = 40.0  # of the valley's sides, for 1 along it
    valley_learning_rates: tuple[float, ...] = (0.01, 0.03, 0.049, 0.051, 0.3)

    def __post_init__(self) -> None:
        check_at_least(self, digits=10, steps=1, steepness=1)
        for name in ("learning_rates", "valley_learning_rates"):
            if not getattr(self, name) or min(getattr(self, name)) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be numbers above 0")


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    valley, valley_numbers = _valley(args)
    network, numbers = _network(args)
    product, product_numbers = _product()
    best = {name: numbers[f"{name}_lowest_loss"] for name in ("adam", "descent")}
    return Lesson(
        title="Adam against gradient descent",
        lead=(
            f"On a network for digits, {args.steps} steps bring Adam to {best['adam']:.2g} nats at "
            f"the best of {len(args.learning_rates)} rates and gradient descent to "
            f"{best['descent']:.2g}. "
            f"Adam ends lower at {numbers['rates_where_adam_ends_lower']:.0f} of the "
            f"{len(args.learning_rates)}."
        ),
        sections=(valley, network, product),
        numbers={**valley_numbers, **numbers, **product_numbers},
        source="Ng, MLS C2 W1 and W2; Kingma and Ba (2015)",
    )


def _valley(args: Args) -> tuple[Section, dict[str, float]]:
    """Go down a narrow valley, whose sides forbid the rate that its floor asks for."""
    slopes = np.array([1.0, args.steepness])
    across, up = np.linspace(-10, 10, 41), np.linspace(-4, 4, 41)
    heights = 0.5 * (slopes[0] * across[None, :] ** 2 + slopes[1] * up[:, None] ** 2)
    figures, heights_left = [], []
    for learning_rate in args.valley_learning_rates:
        paths = {
            "descent": _descent_path(slopes, learning_rate, args.steps),
            "adam": _adam_path(slopes, learning_rate, args.steps),
        }
        ends = {name: float(0.5 * (slopes * path[-1] ** 2).sum()) for name, path in paths.items()}
        heights_left.append(ends)
        lines = tuple(
            # What has left the picture is not drawn.
            Series(name=name, x=np.clip(path[:, 0], -10, 10), y=np.clip(path[:, 1], -4, 4))
            for name, path in paths.items()
        )
        figures.append(
            Contour(
                title=f"Rate {learning_rate:g}",
                x_label="along the valley",
                y_label="across",
                x=across,
                y=up,
                z=heights,
                levels=[2.0, 10.0, 40.0, 100.0, 200.0, 320.0],
                series=lines,
            )
        )
    best = {name: int(np.argmin([ends[name] for ends in heights_left])) for name in OPTIMIZERS}
    lowest = {name: heights_left[place][name] for name, place in best.items()}
    at = {name: args.valley_learning_rates[place] for name, place in best.items()}
    first = min(OPTIMIZERS, key=lambda name: lowest[name])
    names = {"adam": "Adam", "descent": "gradient descent"}
    section = Section(
        heading="A narrow valley",
        text=(
            f"The sides are {args.steepness:g} times as steep as the floor. Gradient descent has "
            f"one rate for both: above {2 / args.steepness:g}, two over the steepness, it leaps "
            "higher up the other side at every step, and below it creeps along the floor. Adam "
            "divides each parameter's step by the size of its own gradients, so that the steep "
            "side takes no longer steps than the flat floor.",
            "A step of Adam is about as long as the rate, whatever the gradient: at small rates "
            f"it has not arrived after {args.steps} steps, and gradient descent ends lower at "
            f"{_n_lower(heights_left)} of {len(heights_left)} rates. Each at its best rate, Adam "
            f"ends at {lowest['adam']:.2g} (rate {at['adam']:g}) and gradient descent at "
            f"{lowest['descent']:.2g} (rate {at['descent']:g}). The slider opens at the best rate "
            f"of {names[first]}.",
        ),
        figures=(
            Slider(
                title="The same start, the same rate",
                label="rate",
                values=tuple(f"{learning_rate:g}" for learning_rate in args.valley_learning_rates),
                figures=tuple(figures),
                start=best[first],
            ),
            Table(
                title=f"Height after {args.steps} steps",
                columns=("rate", "gradient descent", "Adam"),
                rows=tuple(
                    (f"{rate:g}", *(float(f"{ends[name]:.3g}") for name in ("descent", "adam")))
                    for rate, ends in zip(args.valley_learning_rates, heights_left, strict=True)
                ),
            ),
        ),
    )
    return section, {f"valley_{name}_lowest": height for name, height in lowest.items()}


def _n_lower(heights_left: Sequence[Mapping[str, float]]) -> int:
    """Count the rates at which gradient descent ends lower than Adam."""
    return sum(ends["descent"] < ends["adam"] for ends in heights_left)


def _descent_path(slopes: np.ndarray, learning_rate: float, n: int) -> Path:
    places = [np.array(START)]
    for _ in range(n):
        places.append(places[-1] - learning_rate * slopes * places[-1])
    return np.array(places)


def _adam_path(slopes: np.ndarray, learning_rate: float, n: int) -> Path:
    places = [np.array(START)]
    moments = adam.init_state(places)
    for _ in range(n):
        (place,), moments = adam.step([places[-1]], [slopes * places[-1]], moments, learning_rate)
        places.append(place)
    return np.array(places)


def _network(args: Args) -> tuple[Section, dict[str, float]]:
    """Train one network from one start by both ways, at each rate."""
    traces = _train(args)
    numbers = _losses(args, traces)
    section = Section(
        heading="A network for ten digits",
        text=(
            f"{args.digits} digits, 25 and 15 ReLU units, all examples in each step, and inputs "
            f"from 0 to 16 that nobody has scaled. A guess costs {np.log(10):.2f} nats. At its "
            f"best rate Adam ends at {numbers['adam_lowest_loss']:.2g}, gradient descent at "
            f"{numbers['descent_lowest_loss']:.2g}.",
        ),
        figures=(_loss_by_step(args, traces), _loss_by_rate(args, traces)),
    )
    return section, numbers


def _train(args: Args) -> Traces:
    x, y = _digits(args.digits)
    begin = init_layers((64, 25, 15, 10), "relu", generator("adam: weights", 1))
    return {
        (name, learning_rate): fit(
            begin,
            x,
            y,
            CROSS_ENTROPY,
            TrainingConfig(n_steps=args.steps, learning_rate=learning_rate, optimizer=optimizer),
        )[1]
        for name, optimizer in OPTIMIZERS.items()
        for learning_rate in args.learning_rates
    }


def _losses(args: Args, traces: Traces) -> dict[str, float]:
    """Return the last loss of each training, the lowest of each way, and where Adam's is lower."""
    numbers = {
        f"{name}_{learning_rate:g}_loss": trace[-1]
        for (name, learning_rate), trace in traces.items()
    }
    for name in OPTIMIZERS:
        numbers[f"{name}_lowest_loss"] = min(
            traces[name, learning_rate][-1] for learning_rate in args.learning_rates
        )
    lower = sum(traces["adam", r][-1] < traces["descent", r][-1] for r in args.learning_rates)
    numbers["rates_where_adam_ends_lower"] = float(lower)
    return numbers


def _loss_by_step(args: Args, traces: Traces) -> Slider:
    steps = np.arange(args.steps)
    figures = tuple(
        Lines(
            title=f"Rate {learning_rate:g}",
            x_label="step",
            y_label="cross-entropy, nats",
            log_y=True,
            series=(
                Series(name="Adam", x=steps, y=traces["adam", learning_rate]),
                Series(
                    name="gradient descent",
                    x=steps,
                    y=traces["descent", learning_rate],
                    mark="dashed",
                ),
            ),
        )
        for learning_rate in args.learning_rates
    )
    return Slider(
        title="Loss over steps",
        label="rate",
        values=tuple(f"{learning_rate:g}" for learning_rate in args.learning_rates),
        figures=figures,
        start=len(args.learning_rates) // 2,
    )


def _loss_by_rate(args: Args, traces: Traces) -> Lines:
    return Lines(
        title=f"Loss after {args.steps} steps by rate",
        x_label="rate",
        y_label="cross-entropy, nats",
        log_x=True,
        log_y=True,
        series=tuple(
            Series(
                name=label,
                x=args.learning_rates,
                y=[traces[name, r][-1] for r in args.learning_rates],
            )
            for name, label in (("adam", "Adam"), ("descent", "gradient descent"))
        ),
    )


def _digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the first `n` of scikit-learn's digits: (digit, 64) counts of ink, and their names."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    return loaded.data[:n], loaded.target[:n]


def _product() -> tuple[Section, dict[str, float]]:
    """Hold one matrix product against the loops that say the same."""
    rng = generator("adam: a product", 1)
    x, w, b = rng.normal(size=(20, 64)), rng.normal(size=(64, 25)), rng.normal(size=25)
    product = dense(x, w, b)
    apart = largest_difference(product, dense_by_unit(x, w, b))
    section = Section(
        heading="A step is a few matrix products",
        text=(
            "What makes many steps cheap is that a layer is one matrix product for all examples "
            "and units at once. Loops over examples, units and inputs give the same sums: for 20 "
            f"digits and 25 units they differ by at most {apart:.1g}, the order of additions. How "
            "much longer they take is a matter of the machine, so it stands with the benchmarks "
            "(`benchmarks/dense.py`) and not on this page.",
        ),
    )
    return section, {"product_from_loops": apart}
