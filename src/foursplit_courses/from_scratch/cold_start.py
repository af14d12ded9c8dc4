"""Cold start: the error of a recommender on new users and films, by number of ratings so far.

All learnt factors stay fixed; only those of the new user or film are solved for.

Source: Ng, MLS C3 W2 (collaborative and content-based filtering).
"""

from dataclasses import dataclass, replace

import numpy as np

from foursplit_courses.from_scratch.factorization import (
    L2,
    Factors,
    Ratings,
    fold_in,
    predict,
    solve_users,
)
from foursplit_courses.from_scratch.synthetic_ratings import RatingWorld

BIAS_L2 = 5.0  # of the biases of users and films
GENRE_SCALE = 0.3  # of the genre indicators
GENRE_L2 = L2(features=0.3, biases=BIAS_L2)
"""For genre tastes: their standard deviation of 0.5 stars is 1.7 in units of GENRE_SCALE."""

RATING_COUNTS = (0, 1, 2, 3, 5, 8, 12, 20, 30, 40)
"""Ratings of a new user or film so far."""

NOISE_FLOOR = "noise floor"

Curves = dict[str, np.ndarray]
"""Mean absolute error by method, over RATING_COUNTS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRecommender:
    """A world, and the factors of its known users and films, with learnt and genre features."""

    world: RatingWorld
    l2: L2
    factors: Factors
    genre_factors: Factors  # same film biases, genres as film features

    def methods(self) -> dict[str, tuple[Factors, L2]]:
        return {
            "genres given": (self.genre_factors, GENRE_L2),
            "features learnt": (self.factors, self.l2),
        }


def with_genres(world: RatingWorld, train: Ratings, factors: Factors, l2: L2) -> TrainedRecommender:
    """Solve for the users again, with genres as film features."""
    genres = replace(factors, items=GENRE_SCALE * world.genre[: world.n_films])
    genre_factors = solve_users(genres, train, GENRE_L2)
    return TrainedRecommender(world=world, l2=l2, factors=factors, genre_factors=genre_factors)


def mean_absolute_error(prediction: np.ndarray, target: np.ndarray) -> float:
    """Compute the mean absolute error in stars."""
    return float(np.abs(prediction - target).mean())


def predict_all_items(
    factors: Factors, items: np.ndarray, values: np.ndarray, l2: L2
) -> np.ndarray:
    """Predict all ratings of a new user who gave `values` to `items`."""
    new_user = fold_in(factors, items, values, l2)
    films = np.arange(len(factors.item_bias))
    return predict(new_user, np.zeros_like(films), films)


def new_user_errors(trained: TrainedRecommender, rng: np.random.Generator) -> Curves:
    """Compute the errors of new users on half of the films, by ratings of the other half."""
    world, half = trained.world, trained.world.n_films // 2
    ratings = world.ratings[world.n_users :, : world.n_films]
    orders = [rng.permutation(half) for _ in ratings]
    biases_only = replace(trained.factors, items=0 * trained.factors.items)
    methods = {"biases alone": (biases_only, trained.l2), **trained.methods()}
    errors = {name: np.zeros(len(RATING_COUNTS)) for name in methods}
    for new_user_ratings, order in zip(ratings, orders, strict=True):
        for position, count in enumerate(RATING_COUNTS):
            for name, (factors, l2) in methods.items():
                prediction = predict_all_items(
                    factors, order[:count], new_user_ratings[order[:count]], l2
                )
                errors[name][position] += mean_absolute_error(
                    prediction[half:], new_user_ratings[half:]
                ) / len(ratings)
    expected = world.expected_ratings[world.n_users :, half : world.n_films]
    noise_floor = mean_absolute_error(expected, ratings[:, half:])
    return {**errors, NOISE_FLOOR: np.full(len(RATING_COUNTS), noise_floor)}


def new_film_errors(trained: TrainedRecommender, rng: np.random.Generator) -> Curves:
    """Compute the errors on new films for half of the users, by ratings of the other half."""
    world, half = trained.world, trained.world.n_users // 2
    ratings = world.ratings[: world.n_users, world.n_films :]
    genres = GENRE_SCALE * world.genre[world.n_films :]
    transposed, users = trained.factors.transpose(), np.arange(world.n_users)
    names = ("biases alone", "genres given", "features learnt")
    errors = {name: np.zeros(len(RATING_COUNTS)) for name in names}
    for film, values in enumerate(ratings.T):
        order = rng.permutation(half)
        known = trained.genre_factors
        by_genre = known.mean + known.user_bias + known.users @ genres[film]
        bias_only = trained.factors.mean + trained.factors.user_bias
        for position, count in enumerate(RATING_COUNTS):
            raters = order[:count]
            predictions = {
                # The sum is the film's bias.
                name: base + (values[raters] - base[raters]).sum() / (count + BIAS_L2)
                for name, base in (("biases alone", bias_only), ("genres given", by_genre))
            }
            new_film = fold_in(transposed, raters, values[raters], trained.l2)
            predictions["features learnt"] = predict(new_film, np.zeros_like(users), users)
            for name, prediction in predictions.items():
                errors[name][position] += (
                    mean_absolute_error(prediction[half:], values[half:]) / ratings.shape[1]
                )
    expected = world.expected_ratings[half : world.n_users, world.n_films :]
    noise_floor = mean_absolute_error(expected, ratings[half:])
    return {**errors, NOISE_FLOOR: np.full(len(RATING_COUNTS), noise_floor)}


def first_count_ahead(curves: Curves) -> str:
    """Return the number of ratings from which learnt features stay better than genres."""
    not_ahead = np.flatnonzero(curves["features learnt"] >= curves["genres given"])
    if len(not_ahead) == 0:
        return str(RATING_COUNTS[0])
    first = not_ahead[-1] + 1
    if first == len(RATING_COUNTS):
        return f"more than {RATING_COUNTS[-1]}"
    return str(RATING_COUNTS[first])
