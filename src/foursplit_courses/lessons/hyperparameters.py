"""Hyperparameters one at a time: what each does to a small network's errors, over several starts.

Source: Ng, DLS C1 W4 (parameters and hyperparameters).
"""

from dataclasses import dataclass, replace

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import losses, sequential
from foursplit_courses.from_scratch.activations import Activation
from foursplit_courses.from_scratch.initializers import InitializerName
from foursplit_courses.from_scratch.mini_batches import mini_batches
from foursplit_courses.transforms import planar


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is chosen before training; the weights, which training finds, are not among it."""

    learning_rate: float = 1.0
    steps: int = 600
    units: int = 8
    layers: int = 1
    batch_size: int = 64
    activation: Activation = "tanh"


VALUES: dict[str, tuple[float | str, ...]] = {
    "learning_rate": (0.01, 0.1, 1.0, 10.0, 100.0),
    "steps": (20, 60, 200, 600, 2000),
    "units": (1, 2, 4, 8, 32),
    "layers": (1, 2, 4),
    "batch_size": (4, 16, 64, 256),
    "activation": ("relu", "tanh", "sigmoid"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 256
    n_dev: int = 2000
    seeds: int = 5

    def __post_init__(self) -> None:
        check_at_least(self, n_train=2, n_dev=1, seeds=2)


def run(args: Args) -> Lesson:
    """Change one hyperparameter at a time and train from every start."""
    base = Setting()
    errors: dict[tuple[str, float | str], np.ndarray] = {}
    done: dict[Setting, np.ndarray] = {}
    for name, values in VALUES.items():
        for value in values:
            changed: dict[str, float | str] = {name: value}
            setting = replace(base, **changed)  # type: ignore[arg-type]
            if setting not in done:
                done[setting] = _errors(args, setting)
            errors[name, value] = done[setting]
    effect = {
        name: float(np.ptp([errors[name, value][:, 1].mean() for value in values]))
        for name, values in VALUES.items()
    }
    largest, smallest = max(effect, key=lambda n: effect[n]), min(effect, key=lambda n: effect[n])
    spread = float(done[base][:, 1].std(ddof=1))
    return Lesson(
        title="Hyperparameters, one at a time",
        lead=(
            f"Over the values tried, {largest} moves the mean dev error by {effect[largest]:.1%}, "
            f"{smallest} by {effect[smallest]:.1%}. Another start alone moves it by "
            f"{spread:.1%} (standard deviation): a smaller difference says nothing."
        ),
        sections=(
            Section(
                heading="Dev error by value",
                text=(
                    f"Two moons, {args.n_train} points to learn from and {args.n_dev} of dev. The "
                    f"network has {base.layers} hidden layer of {base.units} units "
                    f"({base.activation}), learning rate {base.learning_rate:g}, {base.steps} "
                    f"steps of {base.batch_size} points; one of these changes at a time. A point "
                    f"is one of {args.seeds} starts.",
                    "Weights and biases are parameters: training finds them. These six are "
                    "hyperparameters: they decide which parameters training ends with, and only "
                    "trying shows how.",
                ),
                figures=tuple(
                    _draw(name, values, errors)
                    for name, values in VALUES.items()
                    if name != "activation"
                ),
            ),
            Section(
                heading="All values",
                figures=(
                    Table(
                        title=f"Mean and standard deviation of {args.seeds} starts",
                        columns=(
                            "hyperparameter",
                            "value",
                            "parameters",
                            "train error",
                            "dev error",
                            "deviation of dev error",
                        ),
                        rows=tuple(
                            (
                                name,
                                value if isinstance(value, str) else f"{value:g}",
                                int(errors[name, value][0, 2]),
                                *(f"{error:.1%}" for error in errors[name, value].mean(0)[:2]),
                                f"{errors[name, value][:, 1].std(ddof=1):.1%}",
                            )
                            for name, values in VALUES.items()
                            for value in values
                        ),
                        caption=(
                            "One at a time shows no interaction: a rate that is best for one "
                            "size of batch is not for another."
                        ),
                    ),
                ),
            ),
        ),
        numbers={
            **{f"effect_{name}": value for name, value in effect.items()},
            **{
                f"dev_error_{name}_{value}": float(found[:, 1].mean())
                for (name, value), found in errors.items()
            },
            "spread_of_starts": spread,
        },
        source="Ng, DLS C1 W4",
    )


def _errors(args: Args, setting: Setting) -> np.ndarray:
    """Return train error, dev error and number of parameters of each start, (seed, 3)."""
    draw = generator("hyperparameters: moons")
    parts = []
    for n in (args.n_train, args.n_dev):
        x, y = planar.moons().sample(n, draw)
        parts.append((x, y.astype(np.float64)[:, None]))
    return np.array([_start(setting, parts, seed) for seed in range(args.seeds)])


def _start(
    setting: Setting, parts: list[tuple[np.ndarray, np.ndarray]], seed: int
) -> tuple[float, float, float]:
    sizes = (2, *[setting.units] * setting.layers, 1)
    rng = generator("hyperparameters: weights", seed)
    rule: InitializerName = "he" if setting.activation == "relu" else "glorot"
    net = sequential.build(sizes, setting.activation, rng, initializer=rule)
    (x, y), order, step = parts[0], generator("hyperparameters: order", seed), 0
    with np.errstate(all="ignore"):  # a rate that is too large is one of the values
        while step < setting.steps:
            for batch in mini_batches(len(x), setting.batch_size, order):
                if step == setting.steps:
                    break
                _, gradients = sequential.loss_and_gradients(
                    net, x[batch], y[batch], losses.BINARY_CROSS_ENTROPY
                )
                net.parameters = [
                    p - setting.learning_rate * g
                    for p, g in zip(net.parameters, gradients, strict=True)
                ]
                step += 1
        wrong = [float(((net.forward(a) > 0) != (b == 1)).mean()) for a, b in parts]
    return wrong[0], wrong[1], float(sum(p.size for p in net.parameters))


def _draw(
    name: str,
    values: tuple[float | str, ...],
    errors: dict[tuple[str, float | str], np.ndarray],
) -> Lines:
    at = np.array([float(value) for value in values])
    dev = np.array([errors[name, value][:, 1] for value in values])
    train = np.array([errors[name, value][:, 0].mean() for value in values])
    return Lines(
        title=f"By {name}",
        x_label=name,
        y_label="error",
        log_x=True,
        series=(
            Series(
                name="dev, each start",
                x=np.repeat(at, dev.shape[1]),
                y=dev.ravel(),
                mark="points",
                group=0,
            ),
            Series(name="dev, mean", x=at, y=dev.mean(axis=1), group=0),
            Series(name="train, mean", x=at, y=train, mark="dashed", group=1),
        ),
    )
