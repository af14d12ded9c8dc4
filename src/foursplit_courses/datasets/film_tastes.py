"""Ratings of films by people whose tastes were drawn: learnt in three years, meant for the fourth.

Of a taste, one part goes by genre and can be known of a film that nobody has rated; the other goes
by traits that no column shows and only ratings tell.  So each way to recommend has its own ground.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel
from foursplit.core.seeds import generator
from foursplit_courses.transforms.rating_history import (
    Prior,
    film_history,
    history_band,
    learnt_band,
    unit_of_taste,
    user_history,
)

N_USERS, N_FILMS = 280, 220
LAST_DAY, BORDER = 1460, 1095  # days: four years, of which three are learnt from
GENRES = ("comedy", "documentary", "drama", "romance", "science_fiction", "thriller")
PRIOR_MEAN = 3.4  # stars, of 0.5 to 5
USER_SPREAD, FILM_SPREAD = 0.4, 0.4  # stars: standard deviations of mildness and of quality
GENRE_SPREAD = 0.7  # of a user's liking of a genre
N_TRAITS, TRAIT_SPREAD = 2, 0.6  # what no column shows
NOISE = 0.5  # stars: what the same person would say another day
MEAN_RATINGS = 40  # of a user
STAY = 150.0  # days: mean time from joining to a rating
PRIOR_COUNT = 5.0  # ratings that a mean of all stands for, beside a user's or a film's own few
USER_FEATURES = ("user_mean", "log_user_count", *(f"likes_{name}" for name in GENRES))
FILM_FEATURES = ("film_mean", "log_film_count", "film_age", *(f"is_{name}" for name in GENRES))

SPEC = DatasetSpec(
    title="Film tastes, three years and the fourth",
    provenance=(
        "Generated: 280 users and 220 films with drawn tastes, some 10,000 ratings of half a star "
        "to five. A rating is a middle, the user's mildness, the film's quality, the liking of its "
        "genres, a product of two hidden traits, and noise of half a star, rounded. Users join and "
        "films appear all along, so that many of the fourth year are new. Inputs are known before "
        "the rating: means and counts over strictly earlier days, age and genres."
    ),
    licence="none needed: generated from a seed",
    cite="this project",
    files=(),
    target="rating",
    unit="stars",
    features=("user", "film", *USER_FEATURES, *FILM_FEATURES),
    # To learn a user's taste from some ratings and ask for others is the task, so in the years that
    # are learnt from a rating is its own unit.  In the year that judges it is the user: ratings of
    # one person err alike, and an interval that counted them one by one would be too narrow.
    group="unit",
    domains={"first three years": "source", "fourth year": "target"},
    slices=("user_learnt", "film_learnt", "user_history", "film_history", "first_genre"),
    reference=ReferenceLevel(
        error=0.24,
        kind="best known",
        citation="the drawn tastes themselves asked for each rating: what noise and rounding leave",
    ),
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw the ratings, one a row, in order of time; `_raw` holds nothing."""
    rng = generator("film_tastes", 1)
    frame, is_genre = _ratings(rng)
    frame["domain"] = np.where(frame["day"] < BORDER, "first three years", "fourth year")
    _add_history(frame, is_genre)
    late = frame["day"] >= BORDER
    for name in ("user", "film"):
        frame[f"{name}_learnt"] = learnt_band(frame[name], late)
    frame["unit"] = unit_of_taste(frame["user"], late)
    frame["first_genre"] = np.asarray(GENRES)[is_genre[frame["film"]].argmax(axis=1)]
    return frame


def _ratings(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw who rated what, when and how, and (film, genre) memberships."""
    is_genre = np.zeros((N_FILMS, len(GENRES)))
    for member in is_genre:
        member[rng.choice(len(GENRES), rng.integers(1, 3), replace=False)] = 1
    # Three in five are older than the first rating.
    appeared = np.sort(np.maximum(rng.uniform(-1.5 * LAST_DAY, LAST_DAY, N_FILMS), -3650))
    quality = rng.normal(0, FILM_SPREAD, N_FILMS)
    fame = np.exp(quality) / rng.permutation(np.arange(5, N_FILMS + 5))
    joined = np.sort(rng.uniform(0, LAST_DAY, N_USERS))
    rows = [_of_user(rng, user, joined[user], appeared, fame) for user in range(N_USERS)]
    frame = pd.concat(rows, ignore_index=True)
    user, film = frame["user"].to_numpy(), frame["film"].to_numpy()
    mild = rng.normal(0, USER_SPREAD, N_USERS)
    likes = rng.normal(0, GENRE_SPREAD, (N_USERS, len(GENRES)))
    taste = rng.normal(0, 1, (N_USERS, N_TRAITS))
    trait = rng.normal(0, TRAIT_SPREAD, (N_FILMS, N_TRAITS))
    by_genre = (likes[user] * is_genre[film]).sum(axis=1) / is_genre[film].sum(axis=1)
    hidden = (taste[user] * trait[film]).sum(axis=1)
    meant = PRIOR_MEAN + mild[user] + quality[film] + by_genre + hidden
    answer = meant + rng.normal(0, NOISE, len(frame))
    frame["meant"] = meant.clip(0.5, 5)
    frame["rating"] = (np.round(answer * 2) / 2).clip(0.5, 5)
    frame["film_age"] = (frame["day"] - appeared[film]) / 365
    order = ["day", "user", "film"]
    return frame.sort_values(order, ignore_index=True), is_genre


def _of_user(
    rng: np.random.Generator, user: int, joined: float, appeared: np.ndarray, fame: np.ndarray
) -> pd.DataFrame:
    """Draw what a user rates, and when: famous films rather, and none before it is out."""
    n = int(np.clip(rng.lognormal(np.log(MEAN_RATINGS) - 0.3, 0.8), 5, len(fame) / 3))
    days = np.sort(joined + rng.exponential(STAY, n))
    days, left, films = days[days < LAST_DAY].astype(int), fame.copy(), []
    for day in days:
        chance = left * (appeared <= day)
        films.append(int(rng.choice(len(fame), p=chance / chance.sum())))
        left[films[-1]] = 0.0
    return pd.DataFrame({"user": user, "film": np.array(films, dtype=int), "day": days})


def _add_history(frame: pd.DataFrame, is_genre: np.ndarray) -> None:
    """Add means and counts over strictly earlier days; a few ratings trust the mean of all."""
    rating, day = frame["rating"].to_numpy(), frame["day"].to_numpy()
    film, user = frame["film"].to_numpy(), frame["user"].to_numpy()
    prior, member = Prior(PRIOR_MEAN, PRIOR_COUNT), is_genre[film]
    frame["film_mean"], n_film = film_history(rating, film, day, prior)
    by_user = user_history(rating, member, user, day, prior)
    frame["user_mean"] = by_user.mean
    for column, name in enumerate(GENRES):
        frame[f"likes_{name}"] = by_user.liking[:, column]
        frame[f"is_{name}"] = member[:, column]
    for name, n in (("user", by_user.n_ratings), ("film", n_film)):
        frame[f"log_{name}_count"] = np.log1p(n)
        frame[f"{name}_history"] = history_band(n)


def suite() -> list[Any]:
    """Return the expectations on the ratings and on the features before each."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=8_000, max_value=12_000),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["user", "film"]),
        gxe.ExpectColumnDistinctValuesToEqualSet(
            column="rating", value_set=[half / 2 for half in range(1, 11)]
        ),
        gxe.ExpectColumnValuesToBeBetween(column="user", min_value=0, max_value=N_USERS - 1),
        gxe.ExpectColumnValuesToBeBetween(column="film", min_value=0, max_value=N_FILMS - 1),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0.5, max_value=5)
            for name in ("user_mean", "film_mean", "meant")
        ),
        gxe.ExpectColumnValuesToBeBetween(column="film_age", min_value=0, max_value=11 + 4),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
    ]
