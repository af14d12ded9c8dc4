"""Ratings of films with the numbers of who rated what: a taste is learnt from ratings."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.movielens import (
    GENRES,
    add_film_age,
    rating_time,
    read_ratings,
    release_year,
)
from foursplit_courses.transforms.rating_history import (
    Prior,
    film_history,
    history_band,
    learnt_band,
    unit_of_taste,
    user_history,
)

USER_FEATURES = ("user_mean", "log_user_count", *(f"likes_{name}" for name in GENRES))
FILM_FEATURES = (
    "film_mean",
    "log_film_count",
    "film_age",
    "age_unknown",
    *(f"is_{name}" for name in GENRES),
)
BORDER = "2016-01-01"
PRIOR = Prior(
    mean=3.5,  # stars, of 0.5 to 5: what is guessed where nobody has rated anything yet
    n_ratings=5.0,  # ratings that a mean of all stands for, beside a user's or a film's own few
)
N_RATINGS, N_USERS, N_FILMS = 100_836, 610, 9_724

SPEC = DatasetSpec(
    title="Film ratings with users and films by number, before and since 2016",
    provenance=(
        "100,836 ratings of 9,724 films by 610 users from 1996 to 2018, half a star to five; "
        "21,319 were given since 2016, by 120 users of whom 96 are new then. Users and films are "
        "numbered as they first appear. What is known of a user (mean, count, liking of genres) "
        "and of a film (mean, count, age, genres) is of strictly earlier seconds. A user's later "
        "ratings so know the earlier ones as inputs, those of train-dev too, as in service; none "
        "knows itself. Only the numbers of before 2016 can be learnt by heart: `user_learnt` and "
        "`film_learnt` say how many ratings there are for that."
    ),
    files=(
        RemoteFiles(
            entry="movielens_latest_small",
            only=("ratings.csv", "movies.csv", "README.txt"),  # the last holds the terms of use
        ),
    ),
    target="rating",
    unit="stars",
    features=("user", "film", *USER_FEATURES, *FILM_FEATURES),
    # To learn a user's taste from some ratings and ask for others is the task, so before 2016 a
    # rating is its own unit.  Since 2016, which judges, it is the user: ratings of one person err
    # alike, and an interval that counted them one by one would be too narrow.
    group="unit",
    domains={"before 2016": "source", "since 2016": "target"},
    slices=("user_learnt", "film_learnt", "user_history", "film_history", "first_genre"),
    reference=None,  # people who rate again are off by a root mean square; the error is absolute
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per rating, in order of time."""
    frame = read_ratings(raw / "movielens_latest_small")
    late = rating_time(frame) >= pd.Timestamp(BORDER)
    frame["domain"] = np.where(late, "since 2016", "before 2016")
    add_film_age(frame, release_year(frame))
    listed = frame["genres"].str.split("|")
    frame["first_genre"] = listed.str[0]
    member = np.array([[name in genres for name in GENRES] for genres in listed], dtype=float)
    features = _history(frame, member)
    for name, key in (("user", "userId"), ("film", "movieId")):
        features[name] = pd.factorize(frame[key])[0]  # in order of appearance
        features[f"{name}_learnt"] = learnt_band(frame[key], late)
    features["unit"] = unit_of_taste(frame["userId"], late)
    return pd.concat([frame, features], axis=1)


def _history(frame: pd.DataFrame, member: np.ndarray) -> pd.DataFrame:
    """Compute what strictly earlier seconds show; (rating, genre) `member` is 0 or 1."""
    rating, second = frame["rating"].to_numpy(), frame["timestamp"].to_numpy()
    film_mean, n_film = film_history(rating, frame["movieId"].to_numpy(), second, PRIOR)
    user = user_history(rating, member, frame["userId"].to_numpy(), second, PRIOR)
    return pd.DataFrame(
        {
            "user_mean": user.mean,
            "log_user_count": np.log1p(user.n_ratings),
            **{f"likes_{name}": user.liking[:, column] for column, name in enumerate(GENRES)},
            "film_mean": film_mean,
            "log_film_count": np.log1p(n_film),
            **{f"is_{name}": member[:, column] for column, name in enumerate(GENRES)},
            "user_history": history_band(user.n_ratings),
            "film_history": history_band(n_film),
        }
    )


def suite() -> list[Any]:
    """Return the expectations on the ratings and on the features before each."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_RATINGS),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["user", "film"]),
        gxe.ExpectColumnDistinctValuesToEqualSet(
            column="rating", value_set=[half / 2 for half in range(1, 11)]
        ),
        *(
            gxe.ExpectColumnUniqueValueCountToBeBetween(column=name, min_value=n, max_value=n)
            for name, n in (("user", N_USERS), ("film", N_FILMS))
        ),
        gxe.ExpectColumnMaxToBeBetween(column="user", min_value=N_USERS - 1, max_value=N_USERS - 1),
        gxe.ExpectColumnMaxToBeBetween(column="film", min_value=N_FILMS - 1, max_value=N_FILMS - 1),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0.5, max_value=5)
            for name in ("user_mean", "film_mean")
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
    ]
