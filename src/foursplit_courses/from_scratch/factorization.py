"""Collaborative filtering: a rating is the mean, two biases and a product of learnt features.

Only ratings are used; the features of users and items are learnt.  The cost is half the sum of
squared errors over the observed ratings, plus half an L2 penalty on features and biases.  With one
side fixed, the other is a ridge regression with a closed-form solution.  Alternating least squares
(`als_step`) solves the two sides in turn; the cost never increases.

Source: Ng, MLS C3 W2 (collaborative filtering, mean normalisation); Zhou, Wilkinson, Schreiber and
Pan (2008), Large-scale parallel collaborative filtering for the Netflix prize, section 3.1.  The
course has biases for users only and does not penalize them; here both sides have one, with a
separate penalty (0 is the course's).
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Observed ratings; user and item ids start at 0."""

    user: np.ndarray  # (rating,), whole numbers
    item: np.ndarray  # (rating,)
    value: np.ndarray  # (rating,)
    n_users: int
    n_items: int

    def __post_init__(self) -> None:
        for name, n in (("user", self.n_users), ("item", self.n_items)):
            ids = getattr(self, name)
            if len(ids) != len(self.value):
                raise ValueError(f"{name}: {len(ids)} ids for {len(self.value)} ratings")
            invalid = ids[(ids < 0) | (ids >= n)]
            if len(invalid):
                raise ValueError(f"{name}: {invalid[0]} must be from 0 to {n - 1}")

    def transpose(self) -> "Ratings":
        """Return the same ratings with users and items exchanged."""
        return Ratings(
            user=self.item,
            item=self.user,
            value=self.value,
            n_users=self.n_items,
            n_items=self.n_users,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Learnt features and biases; `users[u] @ items[i]` is the interaction term."""

    users: np.ndarray  # (user, feature)
    items: np.ndarray  # (item, feature)
    user_bias: np.ndarray  # (user,)
    item_bias: np.ndarray  # (item,)
    mean: float  # of all ratings: the prediction for an unknown user and item

    def transpose(self) -> "Factors":
        return Factors(
            users=self.items,
            items=self.users,
            user_bias=self.item_bias,
            item_bias=self.user_bias,
            mean=self.mean,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class L2:
    """L2 penalties (lambda) of features and biases."""

    features: float
    biases: float

    def __post_init__(self) -> None:
        for name in ("features", "biases"):
            if getattr(self, name) < 0:
                raise ValueError(f"l2.{name}: {getattr(self, name)} must be 0 or more")


def init_factors(ratings: Ratings, rank: int, rng: np.random.Generator) -> Factors:
    """Draw small random features; zeros on both sides would have zero gradients."""
    std = 0.1
    return Factors(
        users=rng.normal(0, std, (ratings.n_users, rank)),
        items=rng.normal(0, std, (ratings.n_items, rank)),
        user_bias=np.zeros(ratings.n_users),
        item_bias=np.zeros(ratings.n_items),
        mean=float(ratings.value.mean()),
    )


def predict(factors: Factors, user: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Predict a rating for each (user, item) pair, (pair,)."""
    match = np.einsum("pf,pf->p", factors.users[user], factors.items[item])
    return factors.mean + factors.user_bias[user] + factors.item_bias[item] + match


def cost(factors: Factors, ratings: Ratings, l2: L2) -> float:
    """Compute half the sum of squared errors plus half the penalties."""
    error = predict(factors, ratings.user, ratings.item) - ratings.value
    features = (factors.users**2).sum() + (factors.items**2).sum()
    biases = (factors.user_bias**2).sum() + (factors.item_bias**2).sum()
    total = error @ error + l2.features * features + l2.biases * biases
    return float(total / 2)


def gradient(factors: Factors, ratings: Ratings, l2: L2) -> Factors:
    """Compute the gradient of the cost by each field of `factors`; `mean` is fixed, so 0."""
    user, item = ratings.user, ratings.item
    error = predict(factors, user, item) - ratings.value
    users, items = l2.features * factors.users, l2.features * factors.items
    np.add.at(users, user, error[:, None] * factors.items[item])
    np.add.at(items, item, error[:, None] * factors.users[user])
    user_bias = np.bincount(user, error, ratings.n_users)
    item_bias = np.bincount(item, error, ratings.n_items)
    return Factors(
        users=users,
        items=items,
        user_bias=user_bias + l2.biases * factors.user_bias,
        item_bias=item_bias + l2.biases * factors.item_bias,
        mean=0.0,
    )


def gradient_step(factors: Factors, grad: Factors, learning_rate: float) -> Factors:
    """Take one step of gradient descent on both sides."""
    return Factors(
        users=factors.users - learning_rate * grad.users,
        items=factors.items - learning_rate * grad.items,
        user_bias=factors.user_bias - learning_rate * grad.user_bias,
        item_bias=factors.item_bias - learning_rate * grad.item_bias,
        mean=factors.mean,
    )


def als_step(factors: Factors, ratings: Ratings, l2: L2) -> Factors:
    """Solve for the users with the items fixed, then for the items with the users fixed."""
    users = solve_users(factors, ratings, l2)
    return solve_users(users.transpose(), ratings.transpose(), l2).transpose()


def fold_in(factors: Factors, items: np.ndarray, values: np.ndarray, l2: L2) -> Factors:
    """Return `factors` with only one new user, solved from ratings of `items`; items are fixed."""
    user = np.zeros(len(items), dtype=np.int64)
    own_ratings = Ratings(
        user=user, item=items, value=values, n_users=1, n_items=len(factors.item_bias)
    )
    rank = factors.items.shape[1]
    new_user = replace(factors, users=np.zeros((1, rank)), user_bias=np.zeros(1))
    return solve_users(new_user, own_ratings, l2)


def solve_users(factors: Factors, ratings: Ratings, l2: L2) -> Factors:
    """Compute the features and bias of every user by ridge regression, with items fixed.

    Users with equally many ratings are solved in one batch.  With fewer ratings than features the
    dual form is solved, whose matrix is smaller: w = D Z'(Z D Z' + I)^-1 r, where D is the diagonal
    matrix of the inverse penalties.
    """
    if min(l2.features, l2.biases) <= 0:
        raise ValueError(
            f"l2: {l2.features} and {l2.biases} must be above 0: without a penalty, a user with "
            "fewer ratings than features has no unique solution"
        )
    order = np.argsort(ratings.user, kind="stable")
    item = ratings.item[order]
    residuals = (
        ratings.value[order] - factors.mean - factors.item_bias[item]
    )  # what the users' factors explain
    counts = np.bincount(ratings.user, minlength=ratings.n_users)
    starts = np.cumsum(counts) - counts
    inputs = np.c_[
        factors.items, np.ones(len(factors.items))
    ]  # the bias is the weight of a constant 1
    inverse_l2 = np.full(inputs.shape[1], 1 / l2.features)
    inverse_l2[-1] = 1 / l2.biases
    weights = np.zeros((ratings.n_users, inputs.shape[1]))  # zero for users without ratings
    for count in np.unique(counts[counts > 0]):
        selected = np.flatnonzero(counts == count)
        rows = starts[selected][:, None] + np.arange(count)  # (user, rating)
        weights[selected] = _ridge(inputs[item[rows]], residuals[rows], inverse_l2)
    return replace(factors, users=weights[:, :-1], user_bias=weights[:, -1])


def _ridge(z: np.ndarray, r: np.ndarray, inverse_l2: np.ndarray) -> np.ndarray:
    """Solve ridge regressions of (user, rating) `r` on (user, rating, input) `z`."""
    transposed = np.swapaxes(z, 1, 2)  # (user, input, rating)
    if z.shape[1] <= z.shape[2]:
        kernel = (z * inverse_l2) @ transposed + np.eye(z.shape[1])  # (user, rating, rating)
        return np.asarray((transposed @ np.linalg.solve(kernel, r[..., None]))[..., 0] * inverse_l2)
    square = transposed @ z + np.diag(1 / inverse_l2)  # (user, input, input)
    return np.asarray(np.linalg.solve(square, transposed @ r[..., None])[..., 0])
