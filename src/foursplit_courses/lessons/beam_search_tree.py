"""Beam search as a tree that grows, on a model of which word follows which in names of colours.

Source: Ng, DLS C5 W3 (beam search, length normalization).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.sequence.beam_search import BeamSearch, beam_search
from foursplit_courses.lesson_helpers.bundled_names import colour_names

END = 0
SHOWN = "▪"  # the end of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    width: int = 4  # of the tree that is drawn
    widths: tuple[int, ...] = (1, 2, 3, 5, 10, 30, 100)
    alphas: tuple[float, ...] = (0.0, 0.3, 0.7, 1.0)
    max_length: int = 5  # words, the end included

    def __post_init__(self) -> None:
        check_at_least(self, width=1, max_length=1)
        if not self.widths or min(self.widths) < 1:
            raise ValueError(f"widths: {self.widths} must each be at least 1")
        if not self.alphas:
            raise ValueError("alphas: () must have a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordModel:
    """Which word follows which: shares of counts, with the end as word 0."""

    words: tuple[str, ...]
    shares: np.ndarray  # (word before, or the end at the start; word)

    def __call__(self, tokens: tuple[int, ...]) -> np.ndarray:
        with np.errstate(divide="ignore"):  # what never followed is impossible
            found: np.ndarray = np.log(self.shares[tokens[-1] if tokens else END])
        return found

    def text(self, tokens: Sequence[int]) -> str:
        return " ".join(self.words[token] for token in tokens)


def word_model(names: Sequence[str]) -> WordModel:
    """Count which word follows which in the names; an end stands on both sides of each."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        parts = [SHOWN, *name.split(), SHOWN]
        for before, after in pairwise(parts):
            counts[before][after] += 1
    words = (SHOWN, *sorted(set(counts) - {SHOWN}))
    table = np.array([[counts[before][after] for after in words] for before in words], np.float64)
    return WordModel(words=words, shares=table / table.sum(axis=1, keepdims=True))


def run(args: Args) -> Lesson:
    """Search the most probable name with several widths."""
    model = word_model(colour_names())
    found = {width: _search(args, model, width, 0.0) for width in args.widths}
    best = {width: search.answers[0] for width, search in found.items()}
    narrow, wide = (best[width] for width in (min(best), max(best)))
    return Lesson(
        title="Beam search",
        lead=(
            f"With a beam of {min(best)} the search ends at “{model.text(narrow.tokens)}”, of "
            f"probability {np.exp(narrow.log_probability):.2g}; with {max(best)} at "
            f"“{model.text(wide.tokens)}”, of {np.exp(wide.log_probability):.2g}."
        ),
        sections=(_tree(args, model), _widths(model, found), _lengths(args, model)),
        numbers={
            f"log_probability_{width}": answer.log_probability for width, answer in best.items()
        },
        source="Ng, DLS C5 W3",
    )


def _search(args: Args, model: WordModel, width: int, alpha: float) -> BeamSearch:
    return beam_search(model, end=END, width=width, max_length=args.max_length, alpha=alpha)


def _tree(args: Args, model: WordModel) -> Section:
    steps = _search(args, model, args.width, 0.0).steps
    figures = tuple(
        Table(
            title=f"After word {number}",
            columns=("kept", "log-probability", ""),
            rows=tuple(
                (
                    model.text(kept.tokens),
                    round(kept.log_probability, 3),
                    "ends" if kept.tokens[-1] == END else "goes on",
                )
                for kept in step
            ),
        )
        for number, step in enumerate(steps, start=1)
    )
    return Section(
        heading="A tree that grows",
        text=(
            f"At each step every kept beginning is extended by every word, and the {args.width} "
            f"most probable ones are kept. {SHOWN} is the end of a name; what has ended leaves "
            "the beam. The model is the share with which one word follows another in the names.",
        ),
        figures=(
            Slider(
                title=f"A beam of {args.width}",
                label="words",
                values=tuple(str(number) for number in range(1, len(steps) + 1)),
                figures=figures,
            ),
        ),
    )


def _widths(model: WordModel, found: dict[int, BeamSearch]) -> Section:
    values = [search.answers[0].log_probability for search in found.values()]
    extended = [sum(map(len, search.steps)) for search in found.values()]
    rows = tuple(
        (width, model.text(search.answers[0].tokens), round(value, 3), n)
        for (width, search), value, n in zip(found.items(), values, extended, strict=True)
    )
    return Section(
        heading="Wider beams",
        text=(
            "Width 1 is greedy search: it takes the likeliest first word, and cannot go back. A "
            "wider beam finds what is at least as probable on these names, at a cost that grows "
            "with the width.",
        ),
        figures=(
            Lines(
                title="The best answer by width",
                x_label="width",
                y_label="log-probability",
                series=(Series(name="best answer", x=[*found], y=values),),
                log_x=True,
            ),
            Table(
                title="What each beam found",
                columns=("width", "answer", "log-probability", "hypotheses kept"),
                rows=rows,
            ),
        ),
    )


def _lengths(args: Args, model: WordModel) -> Section:
    rows = []
    for alpha in args.alphas:
        best = _search(args, model, max(args.widths), alpha).answers[0]
        score = round(best.score(alpha), 3)
        rows.append((alpha, model.text(best.tokens), len(best.tokens), score))
    return Section(
        heading="Long and short answers",
        text=(
            "Each further word lowers the probability, so the most probable answer tends to be a "
            "short one. The score divides the log-probability by the length to the power of alpha: "
            "0 leaves it, 1 compares means per word.",
        ),
        figures=(
            Table(
                title="The best answer by alpha",
                columns=("alpha", "answer", "tokens with the end", "score"),
                rows=tuple(rows),
            ),
        ),
    )
