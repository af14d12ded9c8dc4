"""Collaborative filtering solved side by side, each a ridge regression; of rank 0, biases alone.

The first two inputs are the numbers of user and film.  A stranger has no features and no bias: what
remains is the other side's bias, or the mean of train.

Source: Ng, MLS C3 W2 (collaborative filtering, mean normalisation); Zhou, Wilkinson, Schreiber and
Pan (2008), section 3.1.
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.examples import DataShape
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch.factorisation import (
    Factors,
    Penalty,
    Ratings,
    alternate,
    begin,
    predict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    rank: int = 20  # features of each user and film; 0: how mild a user is and how good a film
    penalty: float = (
        5.0  # lambda of the features, beside half a sum of squares in the target's unit
    )
    bias_penalty: float = 5.0  # lambda of the biases
    sweeps: int = 15  # times that both sides are solved

    def __post_init__(self) -> None:
        if self.rank < 0:
            raise ValueError(f"rank: {self.rank} must be 0 or more")
        for name in ("penalty", "bias_penalty"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: {getattr(self, name)} must be above 0")
        if self.sweeps < 1:
            raise ValueError(f"sweeps: {self.sweeps} must be at least 1")


class RatingFactors:
    """Biases and features, learnt from (rating, input) rows whose first two inputs are numbers."""

    def __init__(self, args: Args, seed: int) -> None:
        self.args, self.seed = args, seed
        self.factors: Factors | None = None

    def fit(self, x: np.ndarray, y: np.ndarray) -> "RatingFactors":
        """Learn from the ratings `y`; below 0 is nobody's number, and such a row is left out."""
        user, item = numbers(x)
        known = np.minimum(user, item) >= 0
        if not known.any():
            raise ValueError("inputs: the first two must be numbers from 0 on; no row has both")
        user, item = user[known], item[known]
        ratings = Ratings(
            user=user, item=item, value=y[known].astype(np.float64),
            n_users=int(user.max()) + 1, n_items=int(item.max()) + 1,
        )  # fmt: skip
        penalty = Penalty(features=self.args.penalty, biases=self.args.bias_penalty)
        found = begin(ratings, self.args.rank, generator("rating_factors", self.seed))
        for _ in range(self.args.sweeps):
            found = alternate(found, ratings, penalty)
        self.factors = found
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give a rating for each row, (row,)."""
        assert self.factors is not None, "fit or restore first"
        user, item = numbers(x)
        padded = _with_stranger(self.factors)
        return predict(
            padded, _or_last(user, len(padded.user_bias)), _or_last(item, len(padded.item_bias))
        )

    def arrays(self) -> dict[str, np.ndarray]:
        assert self.factors is not None, "fit or restore first"
        names = ("users", "items", "user_bias", "item_bias")
        return {
            **{name: getattr(self.factors, name) for name in names},
            "mean": np.array([self.factors.mean]),
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        rest = {name: value for name, value in arrays.items() if name != "mean"}
        self.factors = Factors(**rest, mean=float(arrays["mean"][0]))


def numbers(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read users and items off the first two inputs."""
    whole = np.rint(x[:, :2]).astype(np.int64)
    return whole[:, 0], whole[:, 1]


def _with_stranger(factors: Factors) -> Factors:
    """Append a user and an item of whom nothing is known."""
    return Factors(
        users=np.pad(factors.users, ((0, 1), (0, 0))),
        items=np.pad(factors.items, ((0, 1), (0, 0))),
        user_bias=np.pad(factors.user_bias, (0, 1)),
        item_bias=np.pad(factors.item_bias, (0, 1)),
        mean=factors.mean,
    )


def _or_last(number: np.ndarray, n: int) -> np.ndarray:
    """Keep numbers below n - 1; all others mean the stranger, the last."""
    return np.where((number >= 0) & (number < n - 1), number, n - 1)


def build(args: Args, _shape: DataShape, seed: int) -> RatingFactors:
    """Give a model with fit(x, y) and predict(x) in the target's own unit."""
    return RatingFactors(args, seed)
