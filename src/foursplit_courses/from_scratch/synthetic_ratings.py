"""A drawn world of users and films, in which every rating is known that nobody gave.

A rating is a middle, the user's mildness, the film's quality, the user's liking of the film's
genre, a product of hidden traits that no column shows, and noise, in halves of a star.
"""

from dataclasses import dataclass

import numpy as np

from foursplit_courses.from_scratch.factorisation import Ratings

MIDDLE = 3.4  # stars
MILDNESS, QUALITY, LIKING = 0.35, 0.35, 0.5  # stars: spreads of users, films and genres
N_TRAITS, TRAIT = 2, 0.55  # hidden ones of each film, and their spread


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Users and films; a first block of both is known, those after it are strangers."""

    said: np.ndarray  # (user, film): ratings, were all films seen
    meant: np.ndarray  # the same without noise
    genre: np.ndarray  # (film, genre), 0 or 1
    n_users: int  # known ones
    n_films: int


def draw(
    known: tuple[int, int],
    strangers: tuple[int, int],
    n_genres: int,
    noise: float,
    rng: np.random.Generator,
) -> World:
    """Draw `known` and `strangers` many users and films; `noise` is in stars."""
    for name, counts, least in (("known", known, 1), ("strangers", strangers, 0)):
        if min(counts) < least:
            raise ValueError(f"{name}: {counts} must be {least} or more, users and films")
    if n_genres < 1 or noise < 0:
        raise ValueError(f"n_genres, noise: {n_genres} and {noise} must be 1 and 0 or more")
    n_users, n_films = known[0] + strangers[0], known[1] + strangers[1]
    genre = np.eye(n_genres)[rng.integers(0, n_genres, n_films)]
    meant = MIDDLE + rng.normal(0, MILDNESS, (n_users, 1)) + rng.normal(0, QUALITY, (1, n_films))
    meant = meant + rng.normal(0, LIKING, (n_users, n_genres)) @ genre.T
    taste, trait = rng.normal(0, 1, (n_users, N_TRAITS)), rng.normal(0, TRAIT, (n_films, N_TRAITS))
    meant = meant + taste @ trait.T
    said = np.round((meant + rng.normal(0, noise, meant.shape)) * 2) / 2
    return World(
        said=said.clip(0.5, 5), meant=meant.clip(0.5, 5), genre=genre,
        n_users=known[0], n_films=known[1],
    )  # fmt: skip


def rate(world: World, density: float, rng: np.random.Generator) -> tuple[Ratings, Ratings]:
    """Let known users rate a share `density` of known films; hold one in five ratings out."""
    if not 0 < density <= 1:
        raise ValueError(f"density: {density} must be above 0 and at most 1")
    said = world.said[: world.n_users, : world.n_films]
    rated = rng.random(said.shape) < density
    learnt = rated & (rng.random(said.shape) < 0.8)
    return as_ratings(said, learnt), as_ratings(said, rated & ~learnt)


def as_ratings(said: np.ndarray, chosen: np.ndarray) -> Ratings:
    """List the `chosen` cells, (user, film) true or false, of a table of ratings."""
    user, item = np.nonzero(chosen)
    n_users, n_items = chosen.shape
    return Ratings(user=user, item=item, value=said[user, item], n_users=n_users, n_items=n_items)
