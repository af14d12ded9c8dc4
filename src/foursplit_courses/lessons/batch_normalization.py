"""Batch normalization: which learning rates, inputs and first weights training still bears.

Source: Ng, DLS C2 W3; Ioffe and Szegedy (2015), Batch normalization.
"""

from dataclasses import dataclass, replace

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import batch_norm, losses, sequential
from foursplit_courses.from_scratch.mini_batches import mini_batches
from foursplit_courses.transforms import planar

HIDDEN = (16, 16, 16)
MOMENTA = (0.01, 0.1, 0.5, 1.0)
CONVERGED = 0.2  # loss in nats: half of what the best straight line leaves
NAMES = {False: "without", True: "with batch normalization"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 320
    batch_size: int = 64
    steps: int = 200
    seeds: int = 5
    learning_rates: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    scales: tuple[float, ...] = (0.01, 0.1, 10.0, 100.0)  # of inputs and of first weights

    def __post_init__(self) -> None:
        check_at_least(self, n_train=10, batch_size=2, steps=1, seeds=1)
        if self.n_train % self.batch_size == 1:
            raise ValueError(
                f"batch_size: {self.batch_size} leaves 1 of n_train {self.n_train} examples for "
                "the last batch, which has no variance"
            )
        for name in ("learning_rates", "scales"):
            values = getattr(self, name)
            if not values or min(values) <= 0:
                raise ValueError(f"{name}: {values} must be numbers above 0, one or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One training: rate, factor of inputs, factor of He's first weights."""

    learning_rate: float = 0.3
    inputs: float = 1.0
    weights: float = 1.0


def run(args: Args) -> Lesson:
    """Train the same small network under every setting, with and without."""
    base = Setting()
    swept = {
        "learning rate": [replace(base, learning_rate=r) for r in args.learning_rates],
        "scale of the inputs": [replace(base, inputs=s) for s in args.scales],
        "scale of the first weights": [replace(base, weights=s) for s in args.scales],
    }
    settings = {setting for of_one in swept.values() for setting in of_one} | {base}
    found = {
        (setting, with_norm): _losses(args, setting, with_norm)
        for setting in sorted(settings, key=repr)
        for with_norm in NAMES
    }
    largest = {
        with_norm: max(
            (
                setting.learning_rate
                for setting in swept["learning rate"]
                if _share(found[setting, with_norm]) == 1
            ),
            default=float("nan"),
        )
        for with_norm in NAMES
    }
    counts = {
        (sweep, with_norm): sum(_share(found[s, with_norm]) == 1 for s in of_one)
        for sweep, of_one in swept.items()
        for with_norm in NAMES
    }
    numbers = {
        f"largest_rate_{'with' if with_norm else 'without'}": value
        for with_norm, value in largest.items()
    }
    for (setting, with_norm), values in found.items():
        word = "with" if with_norm else "without"
        name = f"{setting.learning_rate:g}_{setting.inputs:g}_{setting.weights:g}"
        numbers[f"converged_{word}_{name}"] = _share(values)
    return Lesson(
        title="Batch normalization",
        lead=(
            f"Of {len(args.scales)} scales of the inputs all {args.seeds} starts converge at "
            f"{counts['scale of the inputs', True]} with batch normalization and at "
            f"{counts['scale of the inputs', False]} without; of {len(args.scales)} scales of the "
            f"first weights at {counts['scale of the first weights', True]} and "
            f"{counts['scale of the first weights', False]}. The largest learning rate of those "
            f"tried at which all converge is {_rate(largest[True])} with it, and "
            f"{_rate(largest[False])} without."
        ),
        sections=(
            Section(
                heading="What each start reaches",
                text=(
                    f"A network of 2, {', '.join(map(str, HIDDEN))} and 1 units (ReLU) learns two "
                    f"moons by {args.steps} steps of {args.batch_size} points, from {args.seeds} "
                    f"draws of first weights. A point is a draw; below {CONVERGED:g} nats it has "
                    "converged. One thing changes at a time: the rate, the unit in which inputs "
                    "are measured, or the size of the first weights.",
                    "Each layer subtracts its batch's mean and divides by its deviation: "
                    "z' = gamma (z - mean) / sqrt(variance + eps) + beta. A factor on the "
                    "weights in front falls out, so their scale cannot make a signal vanish or "
                    "explode, and a larger rate makes weights grow, which makes their own next "
                    "steps relatively smaller.",
                ),
                figures=tuple(_draws(title, swept[title], found) for title in swept),
            ),
            _as_table(swept, found),
            _running(args),
        ),
        numbers=numbers,
        source="Ng, DLS C2 W3; Ioffe and Szegedy (2015)",
    )


def _rate(value: float) -> str:
    return f"{value:g}" if np.isfinite(value) else "none"


def _data(args: Args) -> tuple[np.ndarray, np.ndarray]:
    x, y = planar.moons().sample(args.n_train, generator("batch normalization: moons"))
    return x, y.astype(np.float64)[:, None]


def _losses(args: Args, setting: Setting, with_norm: bool) -> np.ndarray:
    """Return the loss on train of each seed after training, (seed,), at most that of a guess x 10.

    Inference is by running statistics where there are any.
    """
    x, y = _data(args)
    return np.array(
        [
            np.clip(
                np.nan_to_num(_train(args, setting, with_norm, x * setting.inputs, y, seed), nan=7),
                1e-3,
                7.0,
            )
            for seed in range(args.seeds)
        ]
    )


def _train(
    args: Args, setting: Setting, with_norm: bool, x: np.ndarray, y: np.ndarray, seed: int
) -> float:
    rng = generator("batch normalization: weights", seed)
    net = sequential.build((2, *HIDDEN, 1), "relu", rng, batch_normalize=with_norm)
    first = [p * setting.weights if p.ndim > 1 else p for p in net.parameters]
    first[-2] = net.parameters[-2]  # the last layer begins as it is
    net.parameters = first
    order, step = generator("batch normalization: order", seed), 0
    with np.errstate(all="ignore"):  # a training that diverges is one of the results
        while step < args.steps:
            for batch in mini_batches(len(x), args.batch_size, order):
                _, gradients = sequential.loss_and_gradients(
                    net, x[batch], y[batch], losses.BINARY_CROSS_ENTROPY
                )
                net.parameters = [
                    p - setting.learning_rate * g
                    for p, g in zip(net.parameters, gradients, strict=True)
                ]
                step += 1
        return losses.BINARY_CROSS_ENTROPY.value(net.forward(x), y)


def _share(values: np.ndarray) -> float:
    """Return the share of starts that converged."""
    return float((values < CONVERGED).mean())


def _value(sweep: str, setting: Setting) -> float:
    if sweep == "learning rate":
        return setting.learning_rate
    return setting.inputs if sweep == "scale of the inputs" else setting.weights


def _draws(
    sweep: str, settings: list[Setting], found: dict[tuple[Setting, bool], np.ndarray]
) -> Lines:
    series = []
    for with_norm, name in NAMES.items():
        # Side by side, so that one does not hide the other.
        at = [_value(sweep, s) * (1.08 if with_norm else 1 / 1.08) for s in settings]
        values = np.array([found[s, with_norm] for s in settings])
        group = int(with_norm)
        series += [
            Series(
                name=name,
                x=np.repeat(at, values.shape[1]),
                y=values.ravel(),
                mark="points",
                group=group,
            ),
            Series(name=f"{name}, median", x=at, y=np.median(values, axis=1), group=group),
        ]
    limits = [_value(sweep, settings[0]), _value(sweep, settings[-1])]
    series.append(
        Series(name="converged below", x=limits, y=[CONVERGED] * 2, mark="dashed", group=2)
    )
    return Lines(
        title=f"By {sweep}",
        x_label=sweep,
        y_label="loss on train, nats",
        log_x=True,
        log_y=True,
        series=tuple(series),
    )


def _as_table(
    swept: dict[str, list[Setting]], found: dict[tuple[Setting, bool], np.ndarray]
) -> Section:
    rows = tuple(
        (
            sweep,
            f"{_value(sweep, setting):g}",
            *(f"{_share(found[setting, with_norm]):.0%}" for with_norm in NAMES),
        )
        for sweep, settings in swept.items()
        for setting in settings
    )
    return Section(
        heading="Share of starts that converged",
        figures=(
            Table(
                title=f"Loss below {CONVERGED:g} nats",
                columns=("what changes", "value", *NAMES.values()),
                rows=rows,
            ),
        ),
    )


def _running(args: Args) -> Section:
    """Follow the running statistics of one unit while the weights in front stay as they are."""
    x, _ = _data(args)
    rng = generator("batch normalization: running statistics")
    sums = x @ rng.normal(size=(2, 1)) + 3.0
    figures = []
    for momentum in MOMENTA:
        order, state = generator("batch normalization: batches"), batch_norm.init_state(1)
        batches, mean, var = [], [0.0], [1.0]
        while len(mean) <= args.steps:
            for batch in mini_batches(len(x), args.batch_size, order):
                _, _, state = batch_norm.batch_norm(sums[batch], state, momentum)
                batches.append(float(sums[batch].mean()))
                mean.append(float(state.running_mean[0]))
                var.append(float(state.running_var[0]))
        steps = np.arange(len(mean))
        figures.append(
            Lines(
                title=f"Momentum {momentum:g}",
                x_label="batch",
                y_label="statistic of a unit",
                series=(
                    Series(name="mean of each batch", x=steps[1:], y=batches, mark="points"),
                    Series(name="running mean", x=steps, y=mean),
                    Series(name="running variance", x=steps, y=var),
                    Series(
                        name="mean of train",
                        x=steps[[0, -1]],
                        y=[float(sums.mean())] * 2,
                        mark="dashed",
                        group=1,
                    ),
                    Series(
                        name="variance of train",
                        x=steps[[0, -1]],
                        y=[float(sums.var(ddof=1))] * 2,
                        mark="dashed",
                        group=2,
                    ),
                ),
            )
        )
    return Section(
        heading="Running statistics",
        text=(
            "An answer must not depend on what else is in its batch. So inference divides by "
            "averages that training keeps: running = (1 - momentum) running + momentum batch. "
            "They begin at 0 and 1; a small momentum takes long to leave them, and a large one "
            "repeats the noise of the last batch. Momentum 1 keeps the last batch alone.",
            "Lines of `from_scratch/batch_norm.py` compute it forward and backward; mean and "
            "variance depend on every example of the batch, and the backward pass says so.",
        ),
        figures=(
            Slider(
                title="Running mean and variance",
                label="momentum",
                values=tuple(f"{momentum:g}" for momentum in MOMENTA),
                figures=tuple(figures),
                start=1,
            ),
        ),
    )
