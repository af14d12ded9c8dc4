"""Whether the train loss still fell when training ended: its slope against the noise of the epochs.

Late in training the loss of a network falls about as a power of the number of epochs, so its
logarithm is a straight line over theirs.  The line is fitted to the second half of the epochs.

Source: Ng, DLS C3 W1 (fit train first: bigger network, longer training); power laws of training:
Kaplan et al. (2020), "Scaling laws for neural language models", section 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

FEW_EPOCHS = 10  # below, training has hardly begun: no line is fitted, the last fall counts
MIN_POINTS = 5  # of the line
MIN_FALL = 0.02  # of the train loss in the last of few epochs; less may be noise

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """How the train loss moved at the end of training.

    `rate` is the power with which it falls: at 0.5 four times the epochs halve it.
    """

    epochs: int
    rate: float
    lo: float | None  # None after few epochs: nothing tells a fall from noise
    hi: float | None

    @property
    def is_short(self) -> bool:
        """Check whether so few epochs were trained that all gaps are those of a beginning."""
        return self.lo is None

    @property
    def is_falling(self) -> bool:
        """Check whether the train loss still falls, beyond the noise where it is known."""
        return self.rate > 0 if self.lo is None else self.lo > 0

    def after(self, error: float, times: int) -> float:
        """Return the train error forecast for `times` as many epochs; it falls as the loss does."""
        return error * times ** -max(0.0, self.rate)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_falling": self.is_falling}


def find_convergence(
    curves: Sequence[Sequence[Row]], confidence: float = 0.95
) -> Convergence | None:
    """Return the convergence of the seed with the median rate; of two, the less hopeful.

    `curves` are rows with `epoch` and `train_loss` by seed.  None where no seed has a curve that
    tells: no epochs, too few rows, a loss that is not positive.
    """
    found = [fitted for rows in curves if (fitted := _fit(rows, confidence)) is not None]
    found.sort(key=lambda fitted: fitted.rate)
    return found[(len(found) - 1) // 2] if found else None


def _fit(rows: Sequence[Row], confidence: float) -> Convergence | None:
    pairs = [(row["epoch"], row["train_loss"]) for row in rows if {"epoch", "train_loss"} <= {*row}]
    if len(pairs) < 2:
        return None
    epoch, loss = np.array(pairs, dtype=np.float64).T
    if not (np.isfinite(loss).all() and (loss > 0).all() and (np.diff(epoch) > 0).all()):
        return None
    n_epochs = int(epoch[-1])
    if n_epochs < FEW_EPOCHS:
        fall = float(np.log(loss[-2] / loss[-1]))
        rate = fall / np.log(epoch[-1] / epoch[-2]) if fall > MIN_FALL else 0.0
        return Convergence(epochs=n_epochs, rate=float(rate), lo=None, hi=None)
    late = epoch >= n_epochs / 2
    if late.sum() < MIN_POINTS:
        return None
    return _line(np.log(epoch[late]), np.log(loss[late]), n_epochs, confidence)


def _line(x: np.ndarray, y: np.ndarray, n_epochs: int, confidence: float) -> Convergence:
    """Fit a line; its interval counts neighbours that are alike as fewer epochs."""
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    residual = y - y.mean() - slope * centred
    variance = float(residual @ residual) / (len(y) - 2)
    alike = 0.0
    if variance > 0:
        alike = max(0.0, min(0.9, float(residual[1:] @ residual[:-1]) / float(residual @ residual)))
    se = float(np.sqrt(variance / spread * (1 + alike) / (1 - alike)))
    half = float(stats.t.ppf((1 + confidence) / 2, len(y) - 2)) * se
    return Convergence(epochs=n_epochs, rate=-slope, lo=-slope - half, hi=-slope + half)
