"""Gradients through time: how much of them arrives many steps back, and what gates change.

Source: Ng, DLS C5 W1 (vanishing gradients, GRU, LSTM, gradient clipping); Bengio, Simard and
Frasconi (1994), Learning long-term dependencies with gradient descent is difficult; Pascanu,
Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.sequence import clipping
from foursplit_courses.from_scratch.sequence.gru import GruWeights, gru, gru_backward
from foursplit_courses.from_scratch.sequence.lstm import LstmWeights, lstm, lstm_backward
from foursplit_courses.from_scratch.sequence.rnn import RnnWeights, rnn, rnn_backward

BATCH = 8  # sequences of each draw
INPUT_STD = 0.1  # small, so that a plain layer's tanh is nearly a line
OPEN = 3.0  # bias of a gate that keeps what it has: a sigmoid of 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    steps: int = 60
    units: int = 32
    repeats: int = 20
    scales: tuple[float, ...] = (0.5, 0.8, 0.95, 1.0, 1.05, 1.2, 1.5)
    limits: tuple[float, ...] = (0.1, 1.0, 10.0)

    def __post_init__(self) -> None:
        check_at_least(self, steps=2, units=1, repeats=1)
        for name in ("scales", "limits"):
            if not getattr(self, name) or min(getattr(self, name)) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be numbers above 0")


def run(args: Args) -> Lesson:
    """Measure the gradient that arrives at each earlier step, for all layers."""
    plain = {scale: _norms(args, partial(_plain, args, scale=scale)) for scale in args.scales}
    gated = {
        "plain, orthogonal times 0.8": _norms(args, partial(_plain, args, scale=0.8)),
        "LSTM": _norms(args, partial(_lstm, args, forget_bias=0.0)),
        f"LSTM, forget bias {OPEN:g}": _norms(args, partial(_lstm, args, forget_bias=OPEN)),
        "GRU": _norms(args, partial(_gru, args, update_bias=0.0)),
        f"GRU, update bias {OPEN:g}": _norms(args, partial(_gru, args, update_bias=OPEN)),
    }
    section, numbers = _clipped(args, plain)
    lost, kept = gated["plain, orthogonal times 0.8"][-1], gated[f"LSTM, forget bias {OPEN:g}"][-1]
    return Lesson(
        title="Gradients through time",
        lead=(
            f"Over {args.steps - 1} steps a plain layer with weights of 0.8 leaves {lost:.1g} of a "
            f"gradient; in an LSTM whose forget gate stands open {kept:.2g} times as much arrives. "
            "Weights above 1 make it explode, and clipping by norm shortens it without turning it."
        ),
        sections=(_vanishing(plain), _gates(gated), section),
        numbers={
            **{f"plain_{scale:g}": float(norms[-1]) for scale, norms in plain.items()},
            "lstm": float(gated["LSTM"][-1]),
            "lstm_open": float(kept),
            "gru": float(gated["GRU"][-1]),
            "gru_open": float(gated[f"GRU, update bias {OPEN:g}"][-1]),
            **numbers,
        },
        source="Ng, DLS C5 W1",
    )


def _norms(args: Args, grads: Callable[[np.random.Generator], np.ndarray]) -> np.ndarray:
    """Return the (step,) gradients by distance, relative to none: geometric means over draws.

    The gradient is that of a random sum of the last outputs, by the inputs of each step.
    """
    logs = np.zeros(args.steps)
    for repeat in range(args.repeats):
        d_inputs = grads(generator("gradients through time", repeat))
        norms = np.sqrt((d_inputs**2).sum(axis=(1, 2)))[::-1]
        logs += np.log(np.maximum(norms / norms[0], 1e-300))
    return np.exp(logs / args.repeats)


def _drawn(
    args: Args, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, first states, the gradient of the outputs, and an orthogonal matrix."""
    shape = (args.steps, BATCH, args.units)
    x, last = rng.normal(0, INPUT_STD, shape), np.zeros(shape)
    last[-1] = rng.normal(size=shape[1:])
    orthogonal = np.linalg.qr(rng.normal(size=(args.units, args.units)))[0]
    return x, np.zeros(shape[1:]), last, orthogonal


def _plain(args: Args, rng: np.random.Generator, scale: float) -> np.ndarray:
    x, first, last, orthogonal = _drawn(args, rng)
    weights = RnnWeights(np.eye(args.units), scale * orthogonal, np.zeros(args.units))
    return rnn_backward(last, rnn(x, first, weights), x, first, weights).x


def _lstm(args: Args, rng: np.random.Generator, forget_bias: float) -> np.ndarray:
    x, first, last, _ = _drawn(args, rng)
    n = args.units
    matrices = rng.uniform(-(n**-0.5), n**-0.5, (2, n, 4 * n))
    weights = LstmWeights(matrices[0], matrices[1], np.repeat([0.0, forget_bias, 0.0, 0.0], n))
    return lstm_backward(last, lstm(x, first, first, weights), x, first, first, weights).x


def _gru(args: Args, rng: np.random.Generator, update_bias: float) -> np.ndarray:
    x, first, last, _ = _drawn(args, rng)
    n = args.units
    matrices = rng.uniform(-(n**-0.5), n**-0.5, (2, n, 3 * n))
    weights = GruWeights(
        matrices[0], matrices[1], np.repeat([0.0, update_bias, 0.0], n), np.zeros(3 * n)
    )
    return gru_backward(last, gru(x, first, weights), x, first, weights).x


def _lines(title: str, curves: dict[str, np.ndarray]) -> Lines:
    return Lines(
        title=title,
        x_label="steps back",
        y_label="gradient, 1 at the last step",
        series=tuple(
            Series(name=name, x=np.arange(len(norms)), y=norms) for name, norms in curves.items()
        ),
        log_y=True,
    )


def _vanishing(plain: dict[float, np.ndarray]) -> Section:
    return Section(
        heading="The same matrix, again and again",
        text=(
            "Back through time a plain layer multiplies the gradient by its weights once a step, "
            "and by the slope of tanh, which is at most 1. An orthogonal matrix times a scale "
            "changes lengths by that scale alone: below 1 the gradient vanishes like a power of "
            "it, whatever is learnt. Above 1 it grows, until tanh saturates.",
        ),
        figures=(
            Slider(
                title="A plain layer",
                label="scale of the weights",
                values=tuple(f"{scale:g}" for scale in plain),
                figures=tuple(
                    _lines(
                        f"Weights times {scale:g}",
                        {"measured": norms, "power of the scale": scale ** np.arange(len(norms))},
                    )
                    for scale, norms in plain.items()
                ),
                start=len(plain) // 2,
            ),
        ),
    )


def _gates(gated: dict[str, np.ndarray]) -> Section:
    return Section(
        heading="What gates change",
        text=(
            "An LSTM adds to its cell, and the forget gate says how much of it stays: the cell's "
            "gradient is multiplied by the gate, a number near 1 where the gate is open, and by no "
            "matrix. What also comes back through the output and its weights adds to it, so that "
            "it may even grow. A GRU's update gate does the same with its state.",
            "With biases of 0 a gate stands at a half, and gradients vanish as well; that is why "
            "forget biases begin above 0. The weights of gated layers are uniform between plus and "
            "minus one over the root of the units, as PyTorch draws them.",
        ),
        figures=(_lines("Gates half open and open", gated),),
    )


def _clipped(args: Args, plain: dict[float, np.ndarray]) -> tuple[Section, dict[str, float]]:
    """Clip one gradient that exploded, by value and by norm, and measure how far it turned."""
    largest = max(plain)
    x, first, last, orthogonal = _drawn(args, generator("gradients through time", "clipped"))
    weights = RnnWeights(np.eye(args.units), largest * orthogonal, np.zeros(args.units))
    gradient = rnn_backward(last, rnn(x, first, weights), x, first, weights).weights.h
    norm, rows, cosines = clipping.global_norm([gradient]), [], []
    for limit in args.limits:
        by_value = clipping.clip_by_value([gradient], limit)[0]
        by_norm = clipping.clip_by_norm([gradient], limit)[0]
        for name, clipped in (("value", by_value), ("norm", by_norm)):
            length = clipping.global_norm([clipped])
            cosine = float((clipped * gradient).sum()) / (length * norm)
            rows.append((name, limit, float(f"{length:.4g}"), round(cosine, 4)))
            cosines += [cosine] if name == "value" else []
    section = Section(
        heading="Clipping",
        text=(
            f"With weights of {largest:g} the gradient of the weights is {norm:.3g} long after "
            f"{args.steps} steps. Clipping each number between two limits turns it; clipping its "
            "norm keeps the direction. Neither brings back what has vanished.",
        ),
        figures=(
            Table(
                title="One gradient, clipped",
                columns=("by", "limit", "length", "cosine with the gradient"),
                rows=tuple(rows),
            ),
        ),
    )
    return section, {"norm_before": norm, "cosine_by_value": min(cosines)}
