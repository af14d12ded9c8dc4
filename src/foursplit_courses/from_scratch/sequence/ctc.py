"""Connectionist temporal classification: loss with gradient, and decoding.

Token 0 is the blank. A path has a token for each step; without repetitions and then without
blanks it is a labelling.

Source: Graves et al. (2006), Connectionist temporal classification; Hannun et al. (2014),
First-pass large vocabulary continuous speech recognition using bi-directional recurrent DNNs
(prefix search); Ng, DLS C5 W3.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

BLANK = 0

LogProbabilities = Float[np.ndarray, "step n_tokens"]
Lattice = Float[np.ndarray, "step state"]


def collapse(path: Sequence[int]) -> tuple[int, ...]:
    """Return the labelling of a path."""
    kept = (
        [path[0], *(after for before, after in pairwise(path) if after != before)] if path else []
    )
    return tuple(int(token) for token in kept if token != BLANK)


def ctc_loss(
    log_probabilities: LogProbabilities, labels: Sequence[int]
) -> tuple[float, LogProbabilities]:
    """Return the loss, -log of the sum over all paths of the labelling, and its gradient by logits.

    `log_probabilities` are the logits' log-softmax. Raises ValueError for a labelling that no path
    of so many steps has.
    """
    _require_possible(len(log_probabilities), labels)
    states = _with_blanks(labels)
    ahead = _forward(log_probabilities, states)
    back = _forward(log_probabilities[::-1], states[::-1])[::-1, ::-1]
    total = np.logaddexp.reduce(ahead[-1, -2:])
    # Both directions have the step's own token in them: one is taken out.
    share = np.exp(ahead + back - log_probabilities[:, states] - total)
    expected = np.zeros_like(log_probabilities)
    for state, token in enumerate(states):  # a token may be that of several states
        expected[:, token] += share[:, state]
    return -float(total), np.exp(log_probabilities) - expected


def decode_greedily(log_probabilities: LogProbabilities) -> tuple[int, ...]:
    """Return the labelling of the most probable path, which need not be the most probable one."""
    return collapse(log_probabilities.argmax(axis=1).tolist())


def decode_by_prefixes(
    log_probabilities: LogProbabilities, width: int
) -> list[tuple[tuple[int, ...], float]]:
    """Return labellings with their log-probabilities, the most probable first.

    Keeps the `width` most probable labellings of each step, with the probabilities of the paths
    that end in a blank and of those that do not, which distinguishes a token that goes on from a
    new one.
    """
    if width < 1:
        raise ValueError(f"width: {width} must be at least 1")
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}  # blank, token
    for step in log_probabilities:
        extended: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [-np.inf, -np.inf])
        for labels, (blank, token) in beam.items():
            _extend(extended, labels, blank, token, step)
        ranked = sorted(
            extended.items(), key=lambda item: (-np.logaddexp(item[1][0], item[1][1]), item[0])
        )
        beam = {labels: (ends[0], ends[1]) for labels, ends in ranked[:width]}
    return [(labels, float(np.logaddexp(*ends))) for labels, ends in beam.items()]


def _extend(
    extended: dict[tuple[int, ...], list[float]],
    labels: tuple[int, ...],
    blank: float,
    token: float,
    step: np.ndarray,
) -> None:
    """Add the paths of one labelling, longer by a step, to those of their labellings."""
    same, both = extended[labels], np.logaddexp(blank, token)
    same[0] = np.logaddexp(same[0], both + step[BLANK])
    for following in range(1, len(step)):
        if labels and following == labels[-1]:
            same[1] = np.logaddexp(same[1], token + step[following])
            before = blank  # a new token after the same one needs a blank between them
        else:
            before = both
        longer = extended[(*labels, following)]
        longer[1] = np.logaddexp(longer[1], before + step[following])


def _with_blanks(labels: Sequence[int]) -> np.ndarray:
    states = np.full(2 * len(labels) + 1, BLANK)
    states[1::2] = labels
    return states


def _forward(log_probabilities: LogProbabilities, states: np.ndarray) -> Lattice:
    """Compute the log-probability of all beginnings of paths that are in a state at a step."""
    may_skip = np.zeros(len(states), dtype=bool)  # the blank before a token that differs
    may_skip[2:] = (states[2:] != BLANK) & (states[2:] != states[:-2])
    ahead = np.full((len(log_probabilities), len(states)), -np.inf)
    ahead[0, :2] = log_probabilities[0, states[:2]]
    for step in range(1, len(log_probabilities)):
        before = ahead[step - 1]
        one = np.concatenate([[-np.inf], before[:-1]])
        two = np.where(
            may_skip, np.concatenate([[-np.inf, -np.inf], before])[: len(states)], -np.inf
        )
        arrived = np.logaddexp(np.logaddexp(before, one), two)
        ahead[step] = arrived + log_probabilities[step, states]
    return ahead


def _require_possible(n_steps: int, labels: Sequence[int]) -> None:
    if BLANK in labels:
        raise ValueError(f"labels: {list(labels)} contain token {BLANK}, which is the blank")
    needed = len(labels) + sum(a == b for a, b in pairwise(labels))
    if n_steps < max(needed, 1):
        raise ValueError(
            f"labels: {list(labels)} need at least {max(needed, 1)} steps, not {n_steps}: one "
            "each, and a blank between equal neighbours"
        )
