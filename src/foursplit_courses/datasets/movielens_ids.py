"""Ratings of films with the numbers of who rated what: a taste is learnt from ratings."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.lagged_features import lagged_sums

GENRES = (
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
USER_FEATURES = ("user_mean", "log_user_count", *(f"likes_{name}" for name in GENRES))
FILM_FEATURES = (
    "film_mean",
    "log_film_count",
    "film_age",
    "age_unknown",
    *(f"is_{name}" for name in GENRES),
)
BORDER = "2016-01-01"
PRIOR_MEAN = 3.5  # stars, of 0.5 to 5: what is guessed where nobody has rated anything yet
PRIOR_COUNT = 5.0  # ratings that a mean of all stands for, beside a user's or a film's own few
USUAL_AGE = 10.0  # years, where a title has no year
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
    folder = raw / "movielens_latest_small"
    ratings = pd.read_csv(folder / "ratings.csv")
    frame = ratings.merge(pd.read_csv(folder / "movies.csv"), on="movieId", validate="many_to_one")
    frame = frame.sort_values(["timestamp", "userId", "movieId"], ignore_index=True)
    when = pd.to_datetime(frame["timestamp"], unit="s")
    late = when >= pd.Timestamp(BORDER)
    frame["domain"] = np.where(late, "since 2016", "before 2016")
    released = frame["title"].str.extract(r"\((\d{4})\)\s*$")[0].astype(float)
    frame["age_unknown"] = released.isna().astype(int)
    frame["film_age"] = (when.dt.year - released).fillna(USUAL_AGE)
    listed = frame["genres"].str.split("|")
    frame["first_genre"] = listed.str[0]
    member = np.array([[name in genres for name in GENRES] for genres in listed], dtype=float)
    features = _history(frame, member)
    for name, key in (("user", "userId"), ("film", "movieId")):
        features[name] = pd.factorize(frame[key])[0]  # in order of appearance
        n = (~late).groupby(frame[key]).transform("sum") - ~late  # others than the row itself
        features[f"{name}_learnt"] = _band(n)
    features["unit"] = np.where(
        late, "user " + frame["userId"].astype(str), frame.index.astype(str)
    )
    return pd.concat([frame, features], axis=1)


def _history(frame: pd.DataFrame, member: np.ndarray) -> pd.DataFrame:
    """Say what strictly earlier seconds tell of user and film; (rating, genre) `member` is 0 or 1.

    A liking is how far the user's ratings of a genre lie above the user's own mean.
    """
    rating, second = frame["rating"].to_numpy(), frame["timestamp"].to_numpy()
    of_film, n_film = lagged_sums(rating[:, None], frame["movieId"].to_numpy(), second)
    table = np.c_[rating, rating[:, None] * member, member]
    of_user, n_user = lagged_sums(table, frame["userId"].to_numpy(), second)
    mean = (of_user[:, 0] + PRIOR_COUNT * PRIOR_MEAN) / (n_user + PRIOR_COUNT)
    total, count = np.split(of_user[:, 1:], 2, axis=1)
    likes = (total - mean[:, None] * count) / (count + PRIOR_COUNT)
    return pd.DataFrame(
        {
            "user_mean": mean,
            "log_user_count": np.log1p(n_user),
            **{f"likes_{name}": likes[:, column] for column, name in enumerate(GENRES)},
            "film_mean": (of_film[:, 0] + PRIOR_COUNT * PRIOR_MEAN) / (n_film + PRIOR_COUNT),
            "log_film_count": np.log1p(n_film),
            **{f"is_{name}": member[:, column] for column, name in enumerate(GENRES)},
            "user_history": _band(n_user),
            "film_history": _band(n_film),
        }
    )


def _band(n: Any) -> np.ndarray:
    bands = pd.cut(np.asarray(n), [-1, 0, 20, 1e6], labels=["none", "to 20", "more"])
    return np.asarray(bands).astype(str)


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
