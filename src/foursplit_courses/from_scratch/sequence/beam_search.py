"""Beam search with length normalization, and the tree of what it considered.

Source: Ng, DLS C5 W3 (beam search and its refinements); Wu et al. (2016), Google's neural machine
translation system, section 7.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

NextLogProbabilities = Callable[[tuple[int, ...]], np.ndarray]
"""From the tokens so far to the (n_tokens,) log-probabilities of the next one."""


class Hypothesis(NamedTuple):
    """Tokens, the end included where it was reached, and their log-probability."""

    tokens: tuple[int, ...]
    log_probability: float

    def score(self, alpha: float) -> float:
        """Return the log-probability over the length to the power of alpha."""
        return self.log_probability / max(len(self.tokens), 1) ** alpha


class BeamSearch(NamedTuple):
    """Answers by score, the best first, and the hypotheses that each step kept."""

    answers: list[Hypothesis]
    steps: list[list[Hypothesis]]


def beam_search(
    next_log_probabilities: NextLogProbabilities,
    *,
    end: int,
    width: int,
    max_length: int,
    alpha: float = 0.7,
) -> BeamSearch:
    """Keep the `width` most probable hypotheses of each step, and rank what they ended with.

    alpha 0 compares log-probabilities, which favours short answers; 1 compares means per token.
    A hypothesis leaves the beam when it ends, or at `max_length` tokens. Width 1 is greedy search.
    """
    if width < 1:
        raise ValueError(f"width: {width} must be at least 1")
    if max_length < 1:
        raise ValueError(f"max_length: {max_length} must be at least 1")
    alive, answers = [Hypothesis((), 0.0)], list[Hypothesis]()
    steps: list[list[Hypothesis]] = []
    for _ in range(max_length):
        steps.append(_best_next(alive, next_log_probabilities, width))
        answers += [found for found in steps[-1] if found.tokens[-1] == end]
        alive = [found for found in steps[-1] if found.tokens[-1] != end]
        if not alive:
            break
    ranked = sorted([*answers, *alive], key=lambda found: (-found.score(alpha), found.tokens))
    return BeamSearch(ranked, steps)


def log_probability(tokens: Sequence[int], next_log_probabilities: NextLogProbabilities) -> float:
    """Compute the log-probability of a whole answer.

    If the truth's is above that of what beam search returned, the search is at fault, and else the
    model.
    """
    return float(
        sum(
            next_log_probabilities(tuple(tokens[:place]))[token]
            for place, token in enumerate(tokens)
        )
    )


def _best_next(
    alive: Sequence[Hypothesis], next_log_probabilities: NextLogProbabilities, width: int
) -> list[Hypothesis]:
    """Extend each hypothesis by every possible token, and keep the most probable ones."""
    extended = [
        Hypothesis((*found.tokens, token), found.log_probability + float(step))
        for found in alive
        for token, step in enumerate(next_log_probabilities(found.tokens))
        if step > -np.inf
    ]
    return sorted(extended, key=lambda found: (-found.log_probability, found.tokens))[:width]
