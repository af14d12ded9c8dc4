"""Collaborative filtering: a rating as bias of user and film plus the product of their features.

Nothing is known of users and films but their ratings; the features of both sides are learnt.  The
cost is half the sum of squared errors over the ratings that were given, plus half a penalty on the
squares of what was learnt.  In each side alone it is a ridge regression, which is solved at once:
`alternate` does so side by side, and the cost never rises.

Source: Ng, MLS C3 W2 (collaborative filtering, mean normalisation); Zhou, Wilkinson, Schreiber and
Pan (2008), Large-scale parallel collaborative filtering for the Netflix prize, section 3.1.  The
course gives biases to users alone and does not penalise them; here both sides have one, with a
penalty of its own (0 is the course's).
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Who rated what, and how; numbers of users and items begin at 0."""

    user: np.ndarray  # (rating,), whole numbers
    item: np.ndarray  # (rating,)
    value: np.ndarray  # (rating,)
    n_users: int
    n_items: int

    def __post_init__(self) -> None:
        for name, n in (("user", self.n_users), ("item", self.n_items)):
            numbers = getattr(self, name)
            if len(numbers) != len(self.value):
                raise ValueError(f"{name}: {len(numbers)} numbers for {len(self.value)} ratings")
            wrong = numbers[(numbers < 0) | (numbers >= n)]
            if len(wrong):
                raise ValueError(f"{name}: {wrong[0]} must be from 0 to {n - 1}")

    def swapped(self) -> "Ratings":
        """Let users and items change places."""
        return Ratings(
            user=self.item, item=self.user, value=self.value,
            n_users=self.n_items, n_items=self.n_users,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What is learnt: row u of `users` and row i of `items` multiply to how well they match."""

    users: np.ndarray  # (user, feature)
    items: np.ndarray  # (item, feature)
    user_bias: np.ndarray  # (user,)
    item_bias: np.ndarray  # (item,)
    mean: float  # of all ratings: what remains where nothing is known

    def swapped(self) -> "Factors":
        return Factors(
            users=self.items, items=self.users, user_bias=self.item_bias,
            item_bias=self.user_bias, mean=self.mean,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """Lambda of the features, and that of the biases."""

    features: float
    biases: float

    def __post_init__(self) -> None:
        for name in ("features", "biases"):
            if getattr(self, name) < 0:
                raise ValueError(f"penalty.{name}: {getattr(self, name)} must be 0 or more")


def begin(ratings: Ratings, rank: int, rng: np.random.Generator) -> Factors:
    """Start from small features by chance: two sides of zeros would stay zero for ever."""
    spread = 0.1
    return Factors(
        users=rng.normal(0, spread, (ratings.n_users, rank)),
        items=rng.normal(0, spread, (ratings.n_items, rank)),
        user_bias=np.zeros(ratings.n_users),
        item_bias=np.zeros(ratings.n_items),
        mean=float(ratings.value.mean()),
    )


def predict(factors: Factors, user: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Give a rating for each pair of numbers, (pair,)."""
    match = np.einsum("pf,pf->p", factors.users[user], factors.items[item])
    return factors.mean + factors.user_bias[user] + factors.item_bias[item] + match


def cost(factors: Factors, ratings: Ratings, penalty: Penalty) -> float:
    """Half the sum of squared errors over the given ratings, and half the penalties."""
    error = predict(factors, ratings.user, ratings.item) - ratings.value
    features = (factors.users**2).sum() + (factors.items**2).sum()
    biases = (factors.user_bias**2).sum() + (factors.item_bias**2).sum()
    whole = error @ error + penalty.features * features + penalty.biases * biases
    return float(whole / 2)


def gradient(factors: Factors, ratings: Ratings, penalty: Penalty) -> Factors:
    """Give the cost's derivative by each number of `factors`; `mean` is not learnt, so 0."""
    user, item = ratings.user, ratings.item
    error = predict(factors, user, item) - ratings.value
    users, items = penalty.features * factors.users, penalty.features * factors.items
    np.add.at(users, user, error[:, None] * factors.items[item])
    np.add.at(items, item, error[:, None] * factors.users[user])
    by_user = np.bincount(user, error, ratings.n_users)
    by_item = np.bincount(item, error, ratings.n_items)
    return Factors(
        users=users,
        items=items,
        user_bias=by_user + penalty.biases * factors.user_bias,
        item_bias=by_item + penalty.biases * factors.item_bias,
        mean=0.0,
    )


def descend(factors: Factors, slope: Factors, rate: float) -> Factors:
    """Take one step of gradient descent on both sides at once."""
    return Factors(
        users=factors.users - rate * slope.users,
        items=factors.items - rate * slope.items,
        user_bias=factors.user_bias - rate * slope.user_bias,
        item_bias=factors.item_bias - rate * slope.item_bias,
        mean=factors.mean,
    )


def alternate(factors: Factors, ratings: Ratings, penalty: Penalty) -> Factors:
    """Solve for the users with the items held, then for the items with the users held."""
    users = solve_users(factors, ratings, penalty)
    return solve_users(users.swapped(), ratings.swapped(), penalty).swapped()


def fold_in(factors: Factors, items: np.ndarray, values: np.ndarray, penalty: Penalty) -> Factors:
    """Give `factors` with one user alone, who rated `items` (rating,): films stay as they are."""
    alone = np.zeros(len(items), dtype=np.int64)
    mine = Ratings(user=alone, item=items, value=values, n_users=1, n_items=len(factors.item_bias))
    rank = factors.items.shape[1]
    stranger = replace(factors, users=np.zeros((1, rank)), user_bias=np.zeros(1))
    return solve_users(stranger, mine, penalty)


def solve_users(factors: Factors, ratings: Ratings, penalty: Penalty) -> Factors:
    """Find every user's features and bias: a ridge regression on the films that were rated.

    Users with equally many ratings are solved together.  With fewer ratings than features the
    small matrix of the ratings stands in for the large one of the features: w = D Z'(Z D Z' + I)^-1
    r, where D holds one over the penalties.
    """
    if min(penalty.features, penalty.biases) <= 0:
        raise ValueError(
            f"penalty: {penalty.features} and {penalty.biases} must be above 0: without it a user "
            "with fewer ratings than features has no one solution"
        )
    order = np.argsort(ratings.user, kind="stable")
    item = ratings.item[order]
    rest = ratings.value[order] - factors.mean - factors.item_bias[item]  # what users must explain
    counts = np.bincount(ratings.user, minlength=ratings.n_users)
    starts = np.cumsum(counts) - counts
    inputs = np.c_[factors.items, np.ones(len(factors.items))]  # a bias is the weight of a one
    inverse = np.full(inputs.shape[1], 1 / penalty.features)
    inverse[-1] = 1 / penalty.biases
    weights = np.zeros((ratings.n_users, inputs.shape[1]))  # who rated nothing has none
    for count in np.unique(counts[counts > 0]):
        chosen = np.flatnonzero(counts == count)
        rows = starts[chosen][:, None] + np.arange(count)  # (user, rating)
        weights[chosen] = _ridge(inputs[item[rows]], rest[rows], inverse)
    return replace(factors, users=weights[:, :-1], user_bias=weights[:, -1])


def _ridge(z: np.ndarray, r: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Solve (user, rating, input) `z` for (user, rating) `r`; `inverse`: one over the penalties."""
    across = np.swapaxes(z, 1, 2)  # (user, input, rating)
    if z.shape[1] <= z.shape[2]:
        kernel = (z * inverse) @ across + np.eye(z.shape[1])  # (user, rating, rating)
        return np.asarray((across @ np.linalg.solve(kernel, r[..., None]))[..., 0] * inverse)
    square = across @ z + np.diag(1 / inverse)  # (user, input, input)
    return np.asarray(np.linalg.solve(square, across @ r[..., None])[..., 0])
