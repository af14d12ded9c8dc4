"""Real films: a new user's list from a few ratings, and films alike, by two kinds of vectors.

Learnt factors come from ratings alone; the vectors of the item tower come from what is known of a
film: its mean, its age, its genres.  Both learn from the years before the border; people who are
new after it judge the lists.

Source: Ng, MLS C3 W2 (collaborative filtering; content-based filtering).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.lesson_figures import Lesson, Section, Table
from foursplit.core.seeds import generator
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit_courses.argument_checks import check_above_zero, check_at_least
from foursplit_courses.from_scratch.factorization import (
    L2,
    Factors,
    Ratings,
    als_step,
    fold_in,
    init_factors,
    predict,
)
from foursplit_courses.lesson_helpers.differences import t_interval
from foursplit_courses.transforms.movielens import GENRES

FILM_FEATURES = (
    "film_mean",
    "log_film_count",
    "film_age",
    "age_unknown",
    *(f"is_{name}" for name in GENRES),
)
BEFORE = "before 2016"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    rated: tuple[str, ...]  # titles that the new user rated
    stars: tuple[float, ...]  # what they got
    films: tuple[str, ...]  # titles whose neighbours are shown
    n_list: int = 10
    n_alike: int = 5
    min_ratings: int = 20  # of a film that may be named
    n_given: int = 10  # first ratings of a new person, from which a list is made
    rank: int = 20
    l2: float = 12.0
    l2_bias: float = 5.0
    n_iter: int = 8

    def __post_init__(self) -> None:
        check_at_least(self, n_list=1, n_alike=1, min_ratings=1, n_given=1, rank=1, n_iter=1)
        check_above_zero(self, "l2", "l2_bias")
        if not self.rated or not self.films:
            raise ValueError("rated, films: at least one title each")
        if len(self.rated) != len(self.stars):
            raise ValueError(
                f"stars: {len(self.stars)} for {len(self.rated)} titles of rated; one each"
            )

    @property
    def penalty(self) -> L2:
        return L2(features=self.l2, biases=self.l2_bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The films, by number: title, genres, count of ratings before the border, features."""

    title: np.ndarray
    genres: np.ndarray
    count: np.ndarray
    features: np.ndarray  # (film, feature), as of the last rating before the border

    def number(self, title: str) -> int:
        """Return the number of a film; raise ValueError for a title that it lacks."""
        found = np.flatnonzero(self.title == title)
        if len(found) != 1:
            raise ValueError(f"{title!r}: {len(found)} films of this title; copy it from the data")
        return int(found[0])


def run(args: Args, trained: TrainedExperiment) -> Lesson:
    """Learn factors from the ratings, and take the towers as the pipeline trained them."""
    table = trained.table
    films = read_films(table)
    factors = learn_factors(args, table)
    towers = {seed: film_vectors(net, films.features) for seed, net in trained.models.items()}
    new_user, top = _list(args, films, factors)
    judged, gain = _judged(args, table, factors)
    alike, same = _alike(args, films, factors, towers)
    return Lesson(
        title="Lists of real films",
        lead=(
            f"From {len(args.stars)} ratings the learnt factors name {top} first. People who are "
            f"new since the border gave the best half of their lists {gain['mean']:+.2f} stars "
            f"more than the other half ({gain['low']:+.2f} to {gain['high']:+.2f}); the order by "
            f"what all people like gained {gain['by_all']:+.2f}."
        ),
        sections=(new_user, judged, alike),
        numbers={
            "films": int((films.count > 0).sum()),
            "new_people": gain["n"],
            "stars_gained": gain["mean"],
            "stars_gained_low": gain["low"],
            "stars_gained_high": gain["high"],
            "stars_gained_by_all": gain["by_all"],
            "stars_more_than_by_all_low": gain["more_low"],
            "stars_more_than_by_all_high": gain["more_high"],
            "alike_shared_by_seeds": same,
        },
        source="Ng, MLS C3 W2; data: MovieLens latest small, Harper and Konstan (2015)",
    )


def read_films(table: pd.DataFrame) -> Catalogue:
    """Read the films from the ratings (rating, column) in order of time."""
    known = table[table["domain"] == BEFORE]
    last = known.groupby("film").last().reindex(range(int(table["film"].max()) + 1))
    names = table.groupby("film")[["title", "genres"]].first()
    return Catalogue(
        title=names["title"].to_numpy(),
        genres=names["genres"].to_numpy(),
        count=np.bincount(known["film"], minlength=len(last)),
        features=last[list(FILM_FEATURES)].to_numpy(np.float64),
    )


def learn_factors(args: Args, table: pd.DataFrame) -> Factors:
    """Learn biases and features of users and films from the ratings before the border."""
    known = table[table["domain"] == BEFORE]
    ratings = Ratings(
        user=known["user"].to_numpy(),
        item=known["film"].to_numpy(),
        value=known["rating"].to_numpy(np.float64),
        n_users=int(table["user"].max()) + 1,
        n_items=int(table["film"].max()) + 1,
    )
    factors = init_factors(ratings, args.rank, generator("lists of films"))
    for _ in range(args.n_iter):
        factors = als_step(factors, ratings, args.penalty)
    return factors


def film_vectors(net: Any, features: np.ndarray) -> np.ndarray:
    """Compute (film, size) unit vectors of the item tower; zero where a film is unknown."""
    import torch

    is_known = ~np.isnan(features).any(axis=1)
    with torch.no_grad():
        made = net.item_vector(torch.from_numpy(features[is_known].astype(np.float32))).numpy()
    vectors = np.zeros((len(features), made.shape[1]))
    vectors[is_known] = made
    return vectors


def stars_for_all(factors: Factors, films: np.ndarray, stars: np.ndarray, l2: L2) -> np.ndarray:
    """Predict (film,) stars of someone new from the stars given to some films."""
    known = fold_in(factors, films, stars, l2)
    n = len(factors.item_bias)
    return predict(known, np.zeros(n, dtype=np.int64), np.arange(n))


def _list(args: Args, films: Catalogue, factors: Factors) -> tuple[Section, str]:
    rated = np.array([films.number(title) for title in args.rated])
    given = np.array(args.stars)
    predicted = stars_for_all(factors, rated, given, args.penalty)
    nobody = replace(factors, users=np.zeros((1, args.rank)), user_bias=np.zeros(1))
    for_all = predict(nobody, np.zeros(len(predicted), dtype=np.int64), np.arange(len(predicted)))
    may_be_named = (films.count >= args.min_ratings) & ~np.isin(np.arange(len(predicted)), rated)
    best = np.flatnonzero(may_be_named)[np.argsort(-predicted[may_be_named], kind="stable")]
    rows = tuple(
        (
            place,
            films.title[film],
            films.genres[film].replace("|", ", "),
            float(predicted[film]),
            float(for_all[film]),
            int(films.count[film]),
        )
        for place, film in enumerate(best[: args.n_list], start=1)
    )
    section = Section(
        heading="Someone new",
        text=(
            "A new user is solved for alone, by a ridge regression on the learnt features of the "
            f"films that were rated; films stay as they are. Named are films with "
            f"{args.min_ratings} ratings or more before the border.",
        ),
        figures=(
            Table(
                title="What the new user gave",
                columns=("film", "stars"),
                rows=tuple(zip(args.rated, args.stars, strict=True)),
            ),
            Table(
                title=f"The first {args.n_list} of the list",
                columns=("place", "film", "genres", "stars for this user", "for anyone", "ratings"),
                rows=rows,
            ),
        ),
    )
    return section, str(films.title[best[0]])


def _judged(args: Args, table: pd.DataFrame, factors: Factors) -> tuple[Section, dict[str, float]]:
    """Compare what new people gave to the upper and the lower half of their lists."""
    old = set(table.loc[table["domain"] == BEFORE, "user"])
    gains, by_mean = [], []
    for user, rows in table[table["domain"] != BEFORE].groupby("user"):
        rest = rows.iloc[args.n_given :]
        if user in old or len(rest) < 2 * args.n_given:
            continue
        first = rows.iloc[: args.n_given]
        predicted = stars_for_all(
            factors, first["film"].to_numpy(), first["rating"].to_numpy(float), args.penalty
        )[rest["film"].to_numpy()]
        bias = factors.item_bias[rest["film"].to_numpy()]
        gains.append(gain_of_upper_half(predicted, rest["rating"].to_numpy()))
        by_mean.append(gain_of_upper_half(bias, rest["rating"].to_numpy()))
    rows_shown = tuple(
        (name, float(np.mean(values)), "{:+.2f} to {:+.2f}".format(*t_interval(values, CONFIDENCE)))
        for name, values in (
            ("learnt factors", np.array(gains)),
            ("how well a film is liked by all", np.array(by_mean)),
            ("difference", np.array(gains) - np.array(by_mean)),
        )
    )
    low, high = t_interval(np.array(gains), CONFIDENCE)
    section = Section(
        heading="Judged by people who came later",
        text=(
            f"{len(gains)} people first rated after the border. From the first {args.n_given} "
            "ratings of each, the films rated afterwards are ordered; what they gave to the upper "
            "half, less what they gave to the lower half, is in stars. Only films that they chose "
            "to see are judged, which a list for everyone is not limited to. The last row says how "
            "much of the gain is of the person and not of films that all like.",
        ),
        figures=(
            Table(
                title="Stars gained by the order",
                columns=("order by", "mean", f"{CONFIDENCE:.0%} interval over people"),
                rows=rows_shown,
            ),
        ),
    )
    more_low, more_high = t_interval(np.array(gains) - np.array(by_mean), CONFIDENCE)
    return section, {
        "mean": float(np.mean(gains)),
        "low": low,
        "high": high,
        "by_all": float(np.mean(by_mean)),
        "more_low": more_low,
        "more_high": more_high,
        "n": len(gains),
    }


def gain_of_upper_half(score: np.ndarray, stars: np.ndarray) -> float:
    """Return the mean stars of the upper half by score, less those of the lower half."""
    order = np.argsort(-score, kind="stable")
    half = len(order) // 2
    return float(stars[order[:half]].mean() - stars[order[-half:]].mean())


def nearest(vectors: np.ndarray, film: int, candidates: np.ndarray, n: int) -> np.ndarray:
    """Return the `n` candidates whose vectors have the largest cosine with that of `film`."""
    lengths = np.linalg.norm(vectors, axis=1)
    lengths[lengths == 0] = 1.0
    cosine = vectors @ vectors[film] / (lengths * lengths[film])
    candidates = candidates[candidates != film]
    return candidates[np.argsort(-cosine[candidates], kind="stable")[:n]]


def _alike(
    args: Args, films: Catalogue, factors: Factors, towers: Mapping[int, np.ndarray]
) -> tuple[Section, float]:
    candidates = np.flatnonzero(films.count >= args.min_ratings)
    first, *others = towers.values()
    rows, shared = [], []
    for title in args.films:
        film = films.number(title)
        content = nearest(first, film, candidates, args.n_alike)
        rows.append((title, _titles(films, nearest(factors.items, film, candidates, args.n_alike)),
                     _titles(films, content)))  # fmt: skip
        shared += [
            len(np.intersect1d(content, nearest(other, film, candidates, args.n_alike)))
            / args.n_alike
            for other in others
        ]
    same = float(np.mean(shared)) if shared else 1.0
    section = Section(
        heading="Films alike",
        text=(
            "Learnt factors call films alike that the same people like. The item tower knows "
            "genres, age, mean and count alone: films of equal features are the same film to it, "
            "also one that nobody has rated. Towers that began with other weights name on average "
            f"{same:.0%} of the same neighbours.",
        ),
        figures=(
            Table(
                title=f"The {args.n_alike} nearest by cosine",
                columns=("film", "by learnt factors", "by the item tower"),
                rows=tuple(rows),
            ),
        ),
    )
    return section, same


def _titles(films: Catalogue, numbers: np.ndarray) -> str:
    return "; ".join(films.title[numbers])
