"""The cold start: what a recommender says of users and films of whom little is known yet.

All else stays as it was learnt; only the stranger is solved for, from ratings given so far.

Source: Ng, MLS C3 W2 (collaborative and content-based filtering).
"""

from dataclasses import dataclass, replace

import numpy as np

from foursplit_courses.from_scratch.factorisation import (
    Factors,
    Penalty,
    Ratings,
    fold_in,
    predict,
    solve_users,
)
from foursplit_courses.from_scratch.synthetic_ratings import World

BIASES = 5.0  # lambda of both sides' biases
SCALE = 0.3  # of the genres' zeros and ones
GIVEN = Penalty(features=0.3, biases=BIASES)
"""Of the liking of genres: its spread of half a star is 1.7 in the genres' scale."""

CUTS = (0, 1, 2, 3, 5, 8, 12, 20, 30, 40)
"""Ratings that a stranger has given, or got, so far."""

FLOOR = "the tastes themselves"

Curves = dict[str, np.ndarray]
"""Error by way to recommend, over CUTS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A world, and what was learnt of its known users and films by features and by genres."""

    world: World
    penalty: Penalty
    learnt: Factors
    given: Factors  # the same biases of films, with genres in place of features

    def ways(self) -> dict[str, tuple[Factors, Penalty]]:
        return {"genres given": (self.given, GIVEN), "features learnt": (self.learnt, self.penalty)}


def with_genres(world: World, train: Ratings, learnt: Factors, penalty: Penalty) -> Trained:
    """Solve users a second time, on genres where the learnt features were."""
    genres = replace(learnt, items=SCALE * world.genre[: world.n_films])
    given = solve_users(genres, train, GIVEN)
    return Trained(world=world, penalty=penalty, learnt=learnt, given=given)


def error(guess: np.ndarray, truth: np.ndarray) -> float:
    """Give the mean distance in stars."""
    return float(np.abs(guess - truth).mean())


def everything(factors: Factors, items: np.ndarray, values: np.ndarray, by: Penalty) -> np.ndarray:
    """Guess all that a stranger would say who gave `values` to `items`."""
    stranger = fold_in(factors, items, values, by)
    films = np.arange(len(factors.item_bias))
    return predict(stranger, np.zeros_like(films), films)


def new_users(state: Trained, rng: np.random.Generator) -> Curves:
    """Measure strangers' error on half of the known films, over ratings given to the others."""
    world, half = state.world, state.world.n_films // 2
    said = world.said[world.n_users :, : world.n_films]
    orders = [rng.permutation(half) for _ in said]
    alone = replace(state.learnt, items=0 * state.learnt.items)
    ways = {"biases alone": (alone, state.penalty), **state.ways()}
    found = {name: np.zeros(len(CUTS)) for name in ways}
    for stranger, order in zip(said, orders, strict=True):
        for place, cut in enumerate(CUTS):
            for name, (factors, by) in ways.items():
                guess = everything(factors, order[:cut], stranger[order[:cut]], by)
                found[name][place] += error(guess[half:], stranger[half:]) / len(said)
    meant = world.meant[world.n_users :, half : world.n_films]
    return {**found, FLOOR: np.full(len(CUTS), error(meant, said[:, half:]))}


def new_films(state: Trained, rng: np.random.Generator) -> Curves:
    """Measure the error of known users on new films, over ratings that others gave these."""
    world, half = state.world, state.world.n_users // 2
    said = world.said[: world.n_users, world.n_films :]
    genres = SCALE * world.genre[world.n_films :]
    sides, users = state.learnt.swapped(), np.arange(world.n_users)
    names = ("biases alone", "genres given", "features learnt")
    found = {name: np.zeros(len(CUTS)) for name in names}
    for film, values in enumerate(said.T):
        order = rng.permutation(half)
        by_genre = state.given.mean + state.given.user_bias + state.given.users @ genres[film]
        plain = state.learnt.mean + state.learnt.user_bias
        for place, cut in enumerate(CUTS):
            by = order[:cut]
            told = {
                name: guess + (values[by] - guess[by]).sum() / (cut + BIASES)  # the film's bias
                for name, guess in (("biases alone", plain), ("genres given", by_genre))
            }
            new = fold_in(sides, by, values[by], state.penalty)
            told["features learnt"] = predict(new, np.zeros_like(users), users)
            for name, guess in told.items():
                found[name][place] += error(guess[half:], values[half:]) / said.shape[1]
    meant = world.meant[half : world.n_users, world.n_films :]
    return {**found, FLOOR: np.full(len(CUTS), error(meant, said[half:]))}


def ahead_from(curves: Curves) -> str:
    """Say from how many ratings on the learnt features are ahead for good."""
    behind = np.flatnonzero(curves["features learnt"] >= curves["genres given"])
    if len(behind) == 0:
        return str(CUTS[0])
    return f"more than {CUTS[-1]}" if behind[-1] + 1 == len(CUTS) else str(CUTS[behind[-1] + 1])
