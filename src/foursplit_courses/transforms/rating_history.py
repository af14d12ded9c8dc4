"""What is known of a user and of a film from ratings that are strictly earlier."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from foursplit_courses.transforms.bands import band
from foursplit_courses.transforms.lagged_features import lagged_sums


class Prior(NamedTuple):
    """The rating that is assumed where nobody has rated, and how many ratings it stands for."""

    mean: float
    n_ratings: float


class UserHistory(NamedTuple):
    """Earlier ratings of each row's user: their mean (row,), liking (row, genre), number (row,)."""

    mean: np.ndarray
    liking: np.ndarray
    n_ratings: np.ndarray


def user_history(
    rating: np.ndarray, is_genre: np.ndarray, user: np.ndarray, time: np.ndarray, prior: Prior
) -> UserHistory:
    """Compute what the user's earlier ratings show; (row, genre) `is_genre` is 0 or 1.

    A liking is how far the user's ratings of a genre lie above the user's own mean.
    """
    table = np.c_[rating, rating[:, None] * is_genre, is_genre]
    sums, n = lagged_sums(table, user, time)
    mean = _shrunken_mean(sums[:, 0], n, prior)
    total, count = np.split(sums[:, 1:], 2, axis=1)
    return UserHistory(mean, (total - mean[:, None] * count) / (count + prior.n_ratings), n)


def film_history(
    rating: np.ndarray, film: np.ndarray, time: np.ndarray, prior: Prior
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean (row,) and the number (row,) of the film's earlier ratings."""
    sums, n = lagged_sums(rating[:, None], film, time)
    return _shrunken_mean(sums[:, 0], n, prior), n


def _shrunken_mean(total: np.ndarray, n: np.ndarray, prior: Prior) -> np.ndarray:
    """Compute the mean of the ratings and the prior: a few ratings trust the mean of all."""
    return (total + prior.n_ratings * prior.mean) / (n + prior.n_ratings)


def history_band(n: np.ndarray | pd.Series) -> np.ndarray:
    """Return the band (row,) of a number of ratings."""
    return band(n, [-1, 0, 20, 1e6], ["none", "to 20", "more"])


def learnt_band(key: pd.Series, late: pd.Series) -> np.ndarray:
    """Return the band (row,) of how many other rows of equal `key` can be learnt from: not late."""
    return history_band((~late).groupby(key).transform("sum") - ~late)


def unit_of_taste(user: pd.Series, late: pd.Series) -> np.ndarray:
    """Return the unit (row,) of each rating: itself, or its user where it is late.

    To learn a user's taste from some ratings and ask for others is the task. What judges is the
    user: ratings of one person err alike.
    """
    return np.where(late, "user " + user.astype(str), user.index.astype(str))
