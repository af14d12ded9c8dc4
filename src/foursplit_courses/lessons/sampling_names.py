"""A character model written by hand, and the names that it draws at each temperature.

Source: Ng, DLS C5 W1 (character model of names, sampling novel sequences); Holtzman et al. (2020),
The curious case of neural text degeneration (nucleus).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch.mini_batches import mini_batches
from foursplit_courses.from_scratch.optimizers import Optimizer, OptimizerConfig
from foursplit_courses.from_scratch.sequence import clipping
from foursplit_courses.from_scratch.sequence.embedding import one_hot
from foursplit_courses.from_scratch.sequence.gru import GruWeights, gru, gru_backward, gru_cell
from foursplit_courses.from_scratch.sequence.sampling import sample_sequence, token_probabilities
from foursplit_courses.from_scratch.sequence.through_time import multiply_steps, weight_gradient
from foursplit_courses.lesson_helpers.bundled_names import colour_names

END = 0  # token that begins and ends a name
BATCH = 32
MAX_NORM = 1.0
SHOWN = 10  # names of each temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    units: int = 48
    epochs: int = 15
    learning_rate: float = 0.01
    n_drawn: int = 100  # names for the figures of each temperature
    temperatures: tuple[float, ...] = (0.2, 0.5, 0.8, 1.0, 1.3, 2.0)
    top_p: float = 0.9

    def __post_init__(self) -> None:
        check_at_least(self, units=1, epochs=1, n_drawn=SHOWN)
        check_above_zero(self, "learning_rate")
        if not self.temperatures or min(self.temperatures) <= 0:
            raise ValueError(f"temperatures: {self.temperatures} must be numbers above 0")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p: {self.top_p} must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A GRU that reads one-hot letters, and an output layer; a token is a place in `letters`."""

    letters: str
    weights: GruWeights
    w: np.ndarray  # (unit, token)
    b: np.ndarray  # (token,)

    def after(
        self, tokens: tuple[int, ...], known: dict[tuple[int, ...], np.ndarray]
    ) -> np.ndarray:
        """Return the (1, unit) state after some tokens; `known` keeps states for what follows."""
        if tokens not in known:
            before = self.after(tokens[:-1], known) if tokens else np.zeros((1, len(self.w)))
            token = np.array([tokens[-1] if tokens else END])
            known[tokens] = gru_cell(one_hot(token, len(self.letters)), before, self.weights)
        return known[tokens]

    def logits(
        self, tokens: Sequence[int], known: dict[tuple[int, ...], np.ndarray] | None = None
    ) -> np.ndarray:
        """Return the (token,) logits of what follows some tokens."""
        state = self.after(tuple(tokens), {} if known is None else known)
        found: np.ndarray = (state @ self.w + self.b)[0]
        return found


def run(args: Args) -> Lesson:
    """Train on colour names, then draw new ones."""
    names = colour_names()
    model, losses = train(args, names)
    known, figures, rows = set(names), [], []
    for temperature in args.temperatures:
        drawn = _draw(args, model, f"temperature {temperature:g}", temperature, None)
        rows.append((f"{temperature:g}", *_shares(drawn, known)))
        figures.append(_samples(f"Temperature {temperature:g}", drawn, known))
    nucleus = _draw(args, model, "nucleus", 1.0, args.top_p)
    rows.append((f"1, nucleus {args.top_p:g}", *_shares(nucleus, known)))
    table = Table(
        title=f"{args.n_drawn} names of each",
        columns=("temperature", "different", "in the list", "mean length"),
        rows=tuple(rows),
    )
    return Lesson(
        title="Sampling names",
        lead=(
            f"A GRU of {args.units} units, written in NumPy, learns {len(names)} colour names. At "
            f"temperature {args.temperatures[0]:g} {rows[0][2]:.0%} of what it draws is in the "
            f"list, and at {args.temperatures[-1]:g} {rows[-2][2]:.0%}."
        ),
        sections=(_learning(losses, len(model.letters)), _temperature(args, model, figures, table)),
        numbers={
            "loss_first": losses[0],
            "loss_last": losses[-1],
            **{f"different_{row[0]}": row[1] for row in rows},
            **{f"in_the_list_{row[0]}": row[2] for row in rows},
        },
        source="Ng, DLS C5 W1",
    )


def train(args: Args, names: Sequence[str]) -> tuple[Model, list[float]]:
    """Return a model and the mean loss of a token in each epoch, nats."""
    rng = generator("sampling names", args.units)
    letters = "|" + "".join(sorted(set("".join(names))))
    n, n_tokens = args.units, len(letters)
    shapes = ((n_tokens, 3 * n), (n, 3 * n), (3 * n,), (3 * n,), (n, n_tokens), (n_tokens,))
    parameters = [rng.uniform(-(n**-0.5), n**-0.5, shape) for shape in shapes]
    ids, counts = _encode(names, letters)
    optimizer, losses = Optimizer(OptimizerConfig(name="adam")), []
    for epoch in range(args.epochs):
        rate = args.learning_rate * (1 + np.cos(np.pi * epoch / args.epochs)) / 2
        total = 0.0
        for batch in mini_batches(len(names), BATCH, rng):
            loss, gradients = _loss_and_gradients(parameters, ids[:, batch], counts[:, batch])
            clipped = clipping.clip_by_norm(gradients, MAX_NORM)
            parameters = optimizer.step(parameters, clipped, rate)
            total += loss * counts[:, batch].sum()
        losses.append(float(total / counts.sum()))
    w, b = parameters[4:]
    return Model(letters=letters, weights=GruWeights(*parameters[:4]), w=w, b=b), losses


def _encode(names: Sequence[str], letters: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (step, name) tokens between two ends, and which of the predicted ones count."""
    longest = max(map(len, names))
    ids = np.full((longest + 2, len(names)), END)
    counts = np.zeros((longest + 1, len(names)))
    for number, name in enumerate(names):
        ids[1 : len(name) + 1, number] = [letters.index(letter) for letter in name]
        counts[: len(name) + 1, number] = 1
    return ids, counts


def _loss_and_gradients(
    parameters: Sequence[np.ndarray], ids: np.ndarray, counts: np.ndarray
) -> tuple[float, list[np.ndarray]]:
    """Return the mean cross-entropy of a token of the batch, and all gradients."""
    weights, w, b = GruWeights(*parameters[:4]), parameters[4], parameters[5]
    n_tokens, (steps, batch) = len(b), counts.shape
    x = one_hot(ids[:-1].ravel(), n_tokens).reshape(steps, batch, n_tokens)
    first = np.zeros((batch, len(w)))
    trace = gru(x, first, weights)
    logits = multiply_steps(trace.outputs, w) + b
    logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))
    true = one_hot(ids[1:].ravel(), n_tokens).reshape(logits.shape)
    weight = counts[:, :, None] / counts.sum()
    d_logits = (np.exp(logits) - true) * weight
    grads = gru_backward(multiply_steps(d_logits, w.T), trace, x, first, weights)
    return float(-(logits * true * weight).sum()), [
        *grads.weights,
        weight_gradient(trace.outputs, d_logits),
        d_logits.sum(axis=(0, 1)),
    ]


def _draw(
    args: Args, model: Model, name: str, temperature: float, top_p: float | None
) -> list[str]:
    rng = generator("sampling names", name)
    known: dict[tuple[int, ...], np.ndarray] = {}

    def follow(tokens: Sequence[int]) -> np.ndarray:
        logits = model.logits(tokens, known)
        return token_probabilities(logits, temperature=temperature, top_p=top_p)

    drawn = (sample_sequence(follow, rng, end=END, max_length=30) for _ in range(args.n_drawn))
    return ["".join(model.letters[token] for token in tokens) for tokens in drawn]


def _shares(drawn: Sequence[str], known: set[str]) -> tuple[float, float, float]:
    """Return the shares of different names and of known ones, and the mean length."""
    in_list = sum(name in known for name in drawn) / len(drawn)
    length = sum(map(len, drawn)) / len(drawn)
    return len(set(drawn)) / len(drawn), in_list, round(length, 1)


def _samples(title: str, drawn: Sequence[str], known: set[str]) -> Table:
    rows = tuple((name, "in the list" if name in known else "new") for name in drawn[:SHOWN])
    return Table(title=title, columns=("name", ""), rows=rows)


def _learning(losses: Sequence[float], n_tokens: int) -> Section:
    return Section(
        heading="Letter by letter",
        text=(
            f"The model reads a name letter by letter and gives each of {n_tokens} signs, the end "
            "among them, a probability to be next. Forward and backward through time are the "
            "functions of from_scratch/sequence; gradients are clipped to a norm of "
            f"{MAX_NORM:g}. A uniform guess loses {np.log(n_tokens):.2f} nats.",
        ),
        figures=(
            Lines(
                title="Loss while learning",
                x_label="epoch",
                y_label="nats a letter",
                series=(Series(name="train", x=np.arange(1, len(losses) + 1), y=losses),),
            ),
        ),
    )


def _temperature(args: Args, model: Model, figures: list[Table], table: Table) -> Section:
    start = model.logits([model.letters.index(letter) for letter in "dark "])
    bars = []
    for temperature in args.temperatures:
        found = token_probabilities(start, temperature=temperature)
        best = np.argsort(-found, kind="stable")[:8]
        signs = ", ".join(f"{n} {model.letters[token]!r}" for n, token in enumerate(best, start=1))
        series = Series(name="probability", x=np.arange(1, 9), y=found[best], mark="bars")
        bars.append(
            Lines(
                title=f"Temperature {temperature:g}",
                x_label=signs,
                y_label="probability",
                series=(series,),
                y_range=(0, 1),
            )
        )
    values = tuple(f"{temperature:g}" for temperature in args.temperatures)
    middle = len(values) // 2
    return Section(
        heading="Temperature",
        text=(
            "Logits are divided by the temperature before the softmax. Near 0 the likeliest letter "
            "is always drawn, and names repeat; at 1 letters have the model's own probabilities; "
            "above, all come nearer to each other, and names fall apart. The nucleus leaves out "
            "the least likely letters, which together have a tenth, and keeps the rest.",
        ),
        figures=(
            Slider(
                title="What follows “dark ”",
                label="temperature",
                values=values,
                figures=tuple(bars),
                start=middle,
            ),
            Slider(
                title="Names drawn",
                label="temperature",
                values=values,
                figures=tuple(figures),
                start=middle,
            ),
            table,
        ),
    )
