"""Matrix factorization by alternating least squares (ALS); rank 0 has biases only.

The first two inputs are user and film ids.  An unknown user or film has no features and no bias:
the prediction is the mean of train plus the bias of the other side, if known.

Source: Ng, MLS C3 W2 (collaborative filtering, mean normalisation); Zhou, Wilkinson, Schreiber and
Pan (2008), section 3.1.
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.examples import DataSpec
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch.factorization import (
    L2,
    Factors,
    Ratings,
    als_step,
    init_factors,
    predict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    rank: int = 20  # features per user and film; 0: biases only
    l2: float = 5.0  # lambda of the features, beside half a sum of squares in the target's unit
    l2_bias: float = 5.0  # L2 penalty of the biases
    n_iter: int = 15  # ALS iterations

    def __post_init__(self) -> None:
        if self.rank < 0:
            raise ValueError(f"rank: {self.rank} must be 0 or more")
        check_above_zero(self, "l2", "l2_bias")
        check_at_least(self, n_iter=1)


class ALSMatrixFactorization:
    """Learns biases and features from (rating, input) rows that start with user and item ids."""

    def __init__(self, args: Args, seed: int) -> None:
        self.args, self.seed = args, seed
        self.factors: Factors | None = None

    def fit(self, x: np.ndarray, y: np.ndarray) -> "ALSMatrixFactorization":
        """Fit the ratings `y`; rows with a negative id are dropped."""
        user, item = user_and_item_ids(x)
        is_known = np.minimum(user, item) >= 0
        if not is_known.any():
            raise ValueError("inputs: the first two must be ids of 0 or more; no row has both")
        user, item = user[is_known], item[is_known]
        ratings = Ratings(
            user=user,
            item=item,
            value=y[is_known].astype(np.float64),
            n_users=int(user.max()) + 1,
            n_items=int(item.max()) + 1,
        )
        l2 = L2(features=self.args.l2, biases=self.args.l2_bias)
        factors = init_factors(ratings, self.args.rank, generator("rating_factors", self.seed))
        for _ in range(self.args.n_iter):
            factors = als_step(factors, ratings, l2)
        self.factors = factors
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predict a rating for each row, (row,)."""
        assert self.factors is not None, "fit or restore first"
        user, item = user_and_item_ids(x)
        padded = _append_unknown(self.factors)
        return predict(
            padded,
            _clip_to_unknown(user, len(padded.user_bias)),
            _clip_to_unknown(item, len(padded.item_bias)),
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


def user_and_item_ids(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the user and item ids, the first two inputs."""
    whole = np.rint(x[:, :2]).astype(np.int64)
    return whole[:, 0], whole[:, 1]


def _append_unknown(factors: Factors) -> Factors:
    """Append an unknown user and an unknown item, with zero factors."""
    return Factors(
        users=np.pad(factors.users, ((0, 1), (0, 0))),
        items=np.pad(factors.items, ((0, 1), (0, 0))),
        user_bias=np.pad(factors.user_bias, (0, 1)),
        item_bias=np.pad(factors.item_bias, (0, 1)),
        mean=factors.mean,
    )


def _clip_to_unknown(ids: np.ndarray, n: int) -> np.ndarray:
    """Keep ids below n - 1; map all others to the unknown one, n - 1."""
    return np.where((ids >= 0) & (ids < n - 1), ids, n - 1)


def build(args: Args, _shape: DataSpec, seed: int) -> ALSMatrixFactorization:
    """Return a model with fit(x, y) and predict(x) in the unit of the target."""
    return ALSMatrixFactorization(args, seed)
