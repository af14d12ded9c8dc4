"""Attention step by step on six words: scores, scale, mask, softmax, means; and positions.

Source: Ng, DLS C5 W4; Vaswani et al. (2017), Attention is all you need.
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.sequence.attention import (
    attend,
    look_ahead_mask,
    sinusoidal_positions,
)
from foursplit_courses.lesson_helpers.glove_words import vectors

WORDS = ("king", "queen", "paris", "france", "computer", "technology")
DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_positions: int = 50
    n_numbers: int = 32  # of a position

    def __post_init__(self) -> None:
        check_at_least(self, n_positions=2, n_numbers=2)


def run(args: Args) -> Lesson:
    """Let six of GloVe's words look at each other, once freely and once not ahead."""
    x = np.stack([vectors()[word] for word in WORDS])
    x /= np.linalg.norm(x, axis=1, keepdims=True) / x.shape[1] ** 0.5  # numbers of size 1
    free, masked = attend(x, x, x)[1], attend(x, x, x, look_ahead_mask(len(x)))[1]
    raw = _softmax(x @ x.T)
    positions, numbers = _positions(args)
    np.fill_diagonal(others := free.copy(), 0)
    partner = [WORDS[n] for n in others.argmax(axis=1)]
    return Lesson(
        title="Attention, step by step",
        lead=(
            f"Each word's query is compared with every key. Without the scale a word gives itself "
            f"{raw.diagonal().mean():.1%} of its attention, with it {free.diagonal().mean():.1%}; "
            f"besides itself king looks most at {partner[0]}, and paris at {partner[2]}."
        ),
        sections=(_steps(x, free, masked), positions),
        numbers={
            "own_share": float(free.diagonal().mean()),
            "own_share_without_scale": float(raw.diagonal().mean()),
            "largest_share_ahead": float(np.triu(masked, 1).max()),
            **numbers,
        },
        source="Ng, DLS C5 W4",
    )


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _table(title: str, values: np.ndarray, caption: str = "") -> Table:
    rows = tuple(
        (word, *("–" if np.isneginf(v) else round(float(v), DIGITS) for v in row))
        for word, row in zip(WORDS, values, strict=True)
    )
    return Table(title=title, columns=("query", *WORDS), rows=rows, caption=caption)


def _steps(x: np.ndarray, free: np.ndarray, masked: np.ndarray) -> Section:
    scores = x @ x.T
    scaled = scores / x.shape[1] ** 0.5
    hidden = np.where(look_ahead_mask(len(x)), scaled, -np.inf)
    means = masked @ x
    figures = (
        _table("Products of queries and keys", scores),
        _table("Divided by the root of the size", scaled, f"The size of a key is {x.shape[1]}."),
        _table("The softmax of each row", free, "Each row sums to 1."),
        _table("Later words hidden", hidden, "– is minus infinity."),
        _table("The softmax of what is left", masked, "The first word can only see itself."),
        Table(
            title="Weighted means of the values",
            columns=("query", "first number", "second number", "third number"),
            rows=tuple(
                (word, *(round(float(v), DIGITS) for v in row[:3]))
                for word, row in zip(WORDS, means, strict=True)
            ),
        ),
    )
    return Section(
        heading="From products to means",
        text=(
            "Queries, keys and values are here the word vectors themselves, of GloVe; a "
            "Transformer learns a matrix for each of the three, and for each head others. A "
            "product of two keys of n numbers of size 1 is about the root of n in size: without "
            "the scale the softmax gives nearly all to one word, and its gradient vanishes.",
            "A decoder must not look ahead, so scores of later words become minus infinity before "
            "the softmax, and their shares exactly 0. Padding is hidden the same way.",
        ),
        figures=(
            Slider(
                title="The steps",
                label="step",
                values=("products", "scale", "softmax", "mask", "masked softmax", "means"),
                figures=figures,
            ),
        ),
    )


def _positions(args: Args) -> tuple[Section, dict[str, float]]:
    waves = sinusoidal_positions(args.n_positions, args.n_numbers)
    steps = np.arange(args.n_positions)
    products = waves @ waves.T
    shown = sorted({0, args.n_numbers // 4 * 2, args.n_numbers - 2 + args.n_numbers % 2})
    gap = max(
        float(np.ptp(np.diagonal(products, offset))) for offset in range(args.n_positions - 1)
    )
    section = Section(
        heading="Where a word stands",
        text=(
            "Attention sees a set of words, not their order; so each word's vector gets a "
            "position added to it: sines and cosines, each pair slower than the one before. The "
            "product of two positions depends on their distance alone, and is largest at 0.",
        ),
        figures=(
            Lines(
                title="Some numbers of the positions",
                x_label="position",
                y_label="value",
                series=tuple(Series(name=f"number {n + 1}", x=steps, y=waves[:, n]) for n in shown),
            ),
            Lines(
                title="Product of two positions",
                x_label="distance",
                y_label="product",
                series=(Series(name="product", x=steps, y=products[0]),),
            ),
        ),
    )
    return section, {
        "product_at_0": float(products[0, 0]),
        "products_of_a_distance_differ_by": round(gap, 9),
    }
