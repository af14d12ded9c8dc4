"""Change the model or change the data: what either gains for the same amount of computing.

Source: Ng, MLS C2 W3 (error analysis, adding data, data augmentation, data-centric development).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Picture, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.losses import CROSS_ENTROPY
from foursplit_courses.from_scratch.network import Layer, TrainingConfig, fit, forward, init_layers

SIDE = 8  # pixels
N_CLASSES = 10
SHOWN = 8  # digits in the picture
AROUND = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))  # (row, column) shifts, in pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_train: int = 200
    n_more: int = 200  # further originals, to compare with collecting more
    n_cross: int = 700
    hidden: tuple[int, ...] = (32,)
    steps: int = 250  # of the baseline; they set the budget of all
    learning_rate: float = 0.01
    weight_decay: float = 0.01  # of the penalised candidate
    seeds: tuple[int, ...] = (1, 2, 3)

    def __post_init__(self) -> None:
        check_at_least(self, n_train=1, n_more=1, n_cross=1, steps=1)
        if self.n_train + self.n_more + self.n_cross > 1797:
            total = self.n_train + self.n_more + self.n_cross
            raise ValueError(f"n_train, n_more, n_cross: {total} must be at most 1797 together")
        if not self.seeds:
            raise ValueError("seeds: () must be one at least")


class Digits(NamedTuple):
    """Pictures (digit, row, column) from 0 paper to 1 ink, and what each shows."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing changed against the baseline."""

    name: str
    changes: str  # "model", "data" or "-"
    hidden: tuple[int, ...]
    train: Digits
    weight_decay: float = 0.0

    @property
    def n_weights(self) -> int:
        sizes = (SIDE * SIDE, *self.hidden, N_CLASSES)
        return sum(a * b for a, b in pairwise(sizes))


class Result(NamedTuple):
    """Mean errors over seeds, and each seed's own on moved digits."""

    steps: int
    originals: float
    shifted_digits: float
    by_seed: np.ndarray


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    train, extra, cross_validation = _digits(args)
    shifted_digits = Digits(
        _somewhere(cross_validation.x, generator("data-centric: moved")), cross_validation.y
    )
    candidates = _candidates(args, train, extra)
    results = [
        _measure(args, candidate, cross_validation, shifted_digits, candidates[0])
        for candidate in candidates
    ]
    best = {
        change: min(
            (f.shifted_digits, c.name)
            for c, f in zip(candidates, results, strict=True)
            if c.changes == change
        )
        for change in ("model", "data")
    }
    numbers = {
        "baseline_originals": results[0].originals,
        "baseline_moved": results[0].shifted_digits,
        "best_model_change_moved": best["model"][0],
        "best_data_change_moved": best["data"][0],
    }
    numbers |= {
        f"{_key(c)}_moved": f.shifted_digits for c, f in zip(candidates, results, strict=True)
    }
    return Lesson(
        title="The model or the data",
        lead=(
            f"A network misreads {results[0].shifted_digits:.1%} of digits that lie a pixel off. "
            "For the same "
            f"computing, the best change of the model ({best['model'][1]}) brings that to "
            f"{best['model'][0]:.1%}, the best change of the data ({best['data'][1]}) to "
            f"{best['data'][0]:.1%}."
        ),
        sections=(
            _analysis(args, cross_validation, shifted_digits, results[0]),
            _changes(args, candidates, results),
        ),
        numbers=numbers,
        source="Ng, MLS C2 W3",
    )


def _digits(args: Args) -> tuple[Digits, Digits, Digits]:
    """Deal scikit-learn's digits in an order of our own: their file is sorted by writer."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    order = generator("data-centric: order").permutation(len(loaded.target))
    x, y = loaded.images[order] / 16, loaded.target[order]
    ends = np.cumsum([args.n_train, args.n_more, args.n_cross])
    splits = [Digits(x[a:b], y[a:b]) for a, b in zip((0, *ends), ends, strict=False)]
    return splits[0], splits[1], splits[2]


def shifted(x: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Move pictures by whole pixels; paper comes in where they leave, and what leaves is lost."""
    n = SIDE
    shifted_digits = np.zeros_like(x)
    to = (slice(max(0, rows), n + min(0, rows)), slice(max(0, columns), n + min(0, columns)))
    of = (slice(max(0, -rows), n + min(0, -rows)), slice(max(0, -columns), n + min(0, -columns)))
    shifted_digits[:, to[0], to[1]] = x[:, of[0], of[1]]
    return shifted_digits


def _somewhere(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each picture by one pixel along a row, a column or both, never by none."""
    shifts = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r, c) != (0, 0)]
    choice = rng.integers(len(shifts), size=len(x))
    shifted_digits = np.empty_like(x)
    for n, (rows, columns) in enumerate(shifts):
        shifted_digits[choice == n] = shifted(x[choice == n], rows, columns)
    return shifted_digits


def _candidates(args: Args, train: Digits, extra: Digits) -> list[Candidate]:
    hidden = args.hidden
    wide = tuple(4 * n for n in hidden)
    with_extra = Digits(np.concatenate([train.x, extra.x]), np.concatenate([train.y, extra.y]))
    with_shifts = Digits(
        np.concatenate([shifted(train.x, *shift) for shift in AROUND]),
        np.tile(train.y, len(AROUND)),
    )
    noisy = train.x + generator("data-centric: noise").normal(0, 0.1, train.x.shape)
    with_noise = Digits(np.concatenate([train.x, noisy]), np.tile(train.y, 2))
    return [
        Candidate(name="baseline", changes="-", hidden=hidden, train=train),
        Candidate(name="four times the units", changes="model", hidden=wide, train=train),
        Candidate(name="one layer more", changes="model", hidden=(*hidden, *hidden), train=train),
        Candidate(
            name="a penalty",
            changes="model",
            hidden=hidden,
            train=train,
            weight_decay=args.weight_decay,
        ),
        Candidate(
            name=f"{args.n_more} more originals", changes="data", hidden=hidden, train=with_extra
        ),
        Candidate(name="copies with noise", changes="data", hidden=hidden, train=with_noise),
        Candidate(name="copies moved by a pixel", changes="data", hidden=hidden, train=with_shifts),
    ]


def _key(candidate: Candidate) -> str:
    return candidate.name.replace(" ", "_")


def _measure(
    args: Args,
    candidate: Candidate,
    cross_validation: Digits,
    shifted_digits: Digits,
    baseline: Candidate,
) -> Result:
    """Train as many steps as the baseline's multiplications allow, with each seed."""
    budget = args.steps * len(baseline.train.y) * baseline.n_weights
    n = max(1, budget // (len(candidate.train.y) * candidate.n_weights))
    config = TrainingConfig(
        n_steps=n, learning_rate=args.learning_rate, weight_decay=candidate.weight_decay
    )
    sizes = (SIDE * SIDE, *candidate.hidden, N_CLASSES)
    errors = []
    for seed in args.seeds:
        initial_layers = init_layers(sizes, "relu", generator("data-centric: weights", seed))
        flat = candidate.train.x.reshape(len(candidate.train.y), -1)
        layers, _ = fit(initial_layers, flat, candidate.train.y, CROSS_ENTROPY, config)
        errors.append((_error(layers, cross_validation), _error(layers, shifted_digits)))
    results = np.array(errors)
    return Result(n, float(results[:, 0].mean()), float(results[:, 1].mean()), results[:, 1])


def _error(layers: list[Layer], digits: Digits) -> float:
    scores = forward(layers, digits.x.reshape(len(digits.y), -1))
    return float((scores.argmax(axis=1) != digits.y).mean())


def _analysis(
    args: Args, cross_validation: Digits, shifted_digits: Digits, results: Result
) -> Section:
    strip = np.concatenate(
        [
            np.concatenate(list(digits.x[:SHOWN]), axis=1)
            for digits in (cross_validation, shifted_digits)
        ],
        axis=0,
    )
    ink = (255 * (1 - strip)).round().astype(np.uint8)
    return Section(
        heading="Where the errors are",
        text=(
            f"{args.n_train} digits of the bundled ones teach, {args.n_cross} others are read "
            f"twice: as they are, with {results.originals:.1%} wrong, and moved by one pixel, as a "
            f"crop that is a little off would show them, with {results.shifted_digits:.1%} wrong. "
            "The error "
            "is not spread over all digits alike: it is in those that are moved, and no network "
            "can know of them that has never seen one.",
        ),
        figures=(
            Picture(
                title="Originals above, the same moved below",
                pixels=np.repeat(ink[:, :, None], 3, axis=2),
                zoom=6,
            ),
        ),
    )


def _changes(args: Args, candidates: list[Candidate], results: list[Result]) -> Section:
    rows = []
    for candidate, result in zip(candidates, results, strict=True):
        gain = results[0].by_seed - result.by_seed
        rows.append(
            (
                candidate.name,
                candidate.changes,
                len(candidate.train.y),
                candidate.n_weights,
                result.steps,
                f"{result.originals:.1%}",
                f"{result.shifted_digits:.1%}",
                f"{gain.mean():+.1%}",
                f"{gain.min():+.1%} to {gain.max():+.1%}",
            )
        )
    numbers = np.arange(1, len(candidates) + 1)
    return Section(
        heading="Seven trainings of equal cost",
        text=(
            "Each candidate changes one thing, and takes as many steps as use up the baseline's "
            "multiplications (steps x examples x weights), so that a larger network or a larger "
            f"train set pays for its size. Errors are means over {len(args.seeds)} starts; the "
            "gain is against the baseline from the same start. What a change costs on digits that "
            "lie where they should stands beside it. Copies cost nobody any labelling, "
            "but only those help that resemble what is to be read: grain was never the trouble.",
        ),
        figures=(
            Table(
                title="What each change gains on moved digits",
                columns=(
                    "candidate",
                    "changes",
                    "examples",
                    "weights",
                    "steps",
                    "originals",
                    "moved",
                    "gain",
                    "gain by start",
                ),
                rows=tuple(rows),
            ),
            Lines(
                title="Error by candidate, in the table's order",
                x_label="candidate",
                y_label="error",
                series=(
                    Series(
                        name="moved", x=numbers, y=[f.shifted_digits for f in results], mark="bars"
                    ),
                    Series(
                        name="originals", x=numbers, y=[f.originals for f in results], mark="points"
                    ),
                ),
            ),
        ),
    )
