"""Learning-rate schedules: the factor of the first learning rate, by epoch (or by step).

`t` is counted from 0 and may be an array; at 0 every factor is 1, but for a warm-up.

Source: Ng, DLS C2 W2 (decay by iteration and in intervals, exponential decay); Loshchilov and
Hutter (2017), SGDR (cosine).
"""

import numpy as np

Epochs = float | np.ndarray


def constant(t: Epochs) -> Epochs:
    return np.ones_like(t, dtype=np.float64)


def inverse_time(t: Epochs, decay_rate: float = 1.0) -> Epochs:
    """Return 1 / (1 + decay_rate * t): after 1 / decay_rate epochs half the first rate."""
    return 1 / (1 + decay_rate * np.asarray(t, dtype=np.float64))


def inverse_time_in_intervals(t: Epochs, interval: float, decay_rate: float = 1.0) -> Epochs:
    """Return the same factor, kept constant within each interval of epochs."""
    return inverse_time(np.floor(np.asarray(t, dtype=np.float64) / interval), decay_rate)


def step(t: Epochs, interval: float, gamma: float = 0.1) -> Epochs:
    """Return gamma to the power of the number of intervals that have passed."""
    return gamma ** np.floor(np.asarray(t, dtype=np.float64) / interval)


def exponential(t: Epochs, gamma: float = 0.95) -> Epochs:
    """Return gamma to the power t."""
    return gamma ** np.asarray(t, dtype=np.float64)


def cosine(t: Epochs, n_epochs: float, minimum: float = 0.0) -> Epochs:
    """Return half a cosine from 1 at 0 down to `minimum` at `n_epochs` and later."""
    share = np.minimum(np.asarray(t, dtype=np.float64) / n_epochs, 1)
    return minimum + (1 - minimum) * 0.5 * (1 + np.cos(np.pi * share))


def linear_warmup(t: Epochs, n_epochs: float) -> Epochs:
    """Return (t + 1) / n_epochs while that is below 1, then 1: a factor of another schedule."""
    return np.minimum((np.asarray(t, dtype=np.float64) + 1) / n_epochs, 1)
