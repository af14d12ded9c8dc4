"""Synthetic film ratings: a complete user-film matrix, of which only a sample is observed.

A rating is the mean, a user bias, a film bias, the user's taste for the film's genre, a product of
latent factors, and noise, rounded to half a star.
"""

from dataclasses import dataclass

import numpy as np

from foursplit_courses.from_scratch.factorization import Ratings

MEAN_RATING = 3.4  # stars
USER_BIAS_STD, FILM_BIAS_STD, GENRE_TASTE_STD = 0.35, 0.35, 0.5  # stars
N_LATENT, LATENT_STD = 2, 0.55  # latent factors per film


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingWorld:
    """All ratings of users and films; those after the first `n_users`, `n_films` are new."""

    ratings: np.ndarray  # (user, film), complete
    expected_ratings: np.ndarray  # the same without noise
    genre: np.ndarray  # (film, genre), 0 or 1
    n_users: int  # known, not new
    n_films: int


def make_rating_world(
    n_known: tuple[int, int],
    n_new: tuple[int, int],
    n_genres: int,
    noise: float,
    rng: np.random.Generator,
) -> RatingWorld:
    """Draw `n_known` and `n_new` (users, films); `noise` is in stars."""
    for name, counts, minimum in (("n_known", n_known, 1), ("n_new", n_new, 0)):
        if min(counts) < minimum:
            raise ValueError(f"{name}: {counts} (users, films) must be at least {minimum}")
    if n_genres < 1 or noise < 0:
        raise ValueError(f"n_genres, noise: {n_genres}, {noise} must be at least 1 and 0")
    n_users, n_films = n_known[0] + n_new[0], n_known[1] + n_new[1]
    genre = np.eye(n_genres)[rng.integers(0, n_genres, n_films)]
    user_bias = rng.normal(0, USER_BIAS_STD, (n_users, 1))
    expected = MEAN_RATING + user_bias + rng.normal(0, FILM_BIAS_STD, (1, n_films))
    expected = expected + rng.normal(0, GENRE_TASTE_STD, (n_users, n_genres)) @ genre.T
    user_latent = rng.normal(0, 1, (n_users, N_LATENT))
    film_latent = rng.normal(0, LATENT_STD, (n_films, N_LATENT))
    expected = expected + user_latent @ film_latent.T
    ratings = np.round((expected + rng.normal(0, noise, expected.shape)) * 2) / 2
    return RatingWorld(
        ratings=ratings.clip(0.5, 5),
        expected_ratings=expected.clip(0.5, 5),
        genre=genre,
        n_users=n_known[0],
        n_films=n_known[1],
    )


def sample_ratings(
    world: RatingWorld, density: float, rng: np.random.Generator
) -> tuple[Ratings, Ratings]:
    """Sample a fraction `density` of the known ratings; hold out 20% of them."""
    if not 0 < density <= 1:
        raise ValueError(f"density: {density} must be above 0 and at most 1")
    ratings = world.ratings[: world.n_users, : world.n_films]
    is_rated = rng.random(ratings.shape) < density
    in_train = is_rated & (rng.random(ratings.shape) < 0.8)
    return as_ratings(ratings, in_train), as_ratings(ratings, is_rated & ~in_train)


def as_ratings(ratings: np.ndarray, mask: np.ndarray) -> Ratings:
    """Convert the cells of a (user, film) matrix selected by `mask` to a list of ratings."""
    user, item = np.nonzero(mask)
    n_users, n_items = mask.shape
    return Ratings(
        user=user, item=item, value=ratings[user, item], n_users=n_users, n_items=n_items
    )
