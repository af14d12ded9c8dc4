"""Statistics of whole tables that several tasks have: equal error rate, perplexity, event F1."""

from collections.abc import Sequence

import numpy as np

MIN_OVERLAP = 0.5
"""Intersection over union above which a predicted event is a true one.

Above a half, each event has at most one such partner (Kirillov et al., 2019, Panoptic segmentation,
section 4.1).
"""

Event = tuple[int, int, str]
"""First step, step behind the last, and kind."""

OUTSIDE = "O"


def equal_error_rate(score: np.ndarray, same: np.ndarray) -> float:
    """Compute the rate at which as many true pairs are missed as false ones are accepted.

    `score` (pair,) is higher for what looks the same.  Between two thresholds both rates are taken
    as lines, and where they cross is the answer.  NaN without both kinds of pairs.
    Source: Martin et al. (1997), The DET curve in assessment of detection task performance.
    """
    n_same, n_other = int(same.sum()), int((~same).sum())
    if not n_same or not n_other:
        return float("nan")
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # of equal scores
    accepted = np.concatenate([[0], np.cumsum(~same[order])[last]]) / n_other
    missed = 1 - np.concatenate([[0], np.cumsum(same[order])[last]]) / n_same
    after = int(np.argmax(accepted >= missed))
    before = after - 1  # at the first threshold nothing is accepted and everything is missed
    gaps = missed[[before, after]] - accepted[[before, after]]
    share = gaps[0] / (gaps[0] - gaps[1])
    return float(missed[before] + share * (missed[after] - missed[before]))


def perplexity(log_loss: np.ndarray) -> float:
    """Compute exp of the mean loss in nats: among how many equal choices a token seems drawn."""
    return float(np.exp(log_loss.mean()))


def events_of(tags: Sequence[str]) -> list[Event]:
    """Return the runs of equal tags but `O`; `B-` begins a run, and `B-x` and `I-x` are of kind x.

    Source: Ramshaw and Marcus (1995), Text chunking using transformation-based learning.
    """
    found: list[Event] = []
    kind, start = "", 0
    for step, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, rest = tag.partition("-")
        here = "" if tag == OUTSIDE else rest if prefix in ("B", "I") and rest else tag
        if here != kind or (here and prefix == "B" and rest):
            if kind:
                found.append((start, step, kind))
            kind, start = here, step
    return found


def right_events(predicted: Sequence[Event], true: Sequence[Event]) -> list[bool]:
    """Return for each predicted event whether it overlaps a true one of its kind enough."""
    return [any(_overlap(event, other) > MIN_OVERLAP for other in true) for event in predicted]


def _overlap(a: Event, b: Event) -> float:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    if a[2] != b[2] or shared <= 0:
        return 0.0
    return shared / (a[1] - a[0] + b[1] - b[0] - shared)


def event_f1(n_right: float, n_predicted: float, n_true: float) -> float:
    """Compute the F1 of events; NaN where there are none, found or true."""
    n = n_predicted + n_true
    return 2 * n_right / n if n else float("nan")
