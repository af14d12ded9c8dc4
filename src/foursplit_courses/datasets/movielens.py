"""Ratings of films: learnt from the years before 2016, meant for those after."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.lagged_features import lagged_sums
from foursplit_courses.transforms.movielens import (
    GENRES,
    add_film_age,
    rating_time,
    read_ratings,
    release_year,
)
from foursplit_courses.transforms.rating_history import history_band

FEATURES = (
    "user_mean",
    "log_user_count",
    "film_mean",
    "log_film_count",
    "all_mean",
    "film_age",
    "age_unknown",
    *(f"genre_{name}" for name in GENRES),
)
BORDER = "2016-01-01"
PRIOR_MEAN = 2.75  # stars, of 0.5 to 5: what is guessed where nobody has rated anything yet
PRIOR_COUNT = 5.0  # ratings that the mean of all stands for, beside a user's or a film's own few
N_RATINGS, N_SINCE_2016, N_USERS, N_FILMS = 100_836, 21_319, 610, 9_724

SPEC = DatasetSpec(
    title="Film ratings, before and since 2016",
    provenance=(
        "100,836 ratings of 9,724 films by 610 users from 1996 to 2018, half a star to five; "
        "21,319 were given since 2016, by 120 users of whom 96 are new then. Users rate in "
        "bursts, often many films in one second. Every input is known before the rating: the "
        "means and counts of the user and of the film over strictly earlier seconds, the film's "
        "age and its genres. Tags are left out, as most were written after the rating. People "
        "who rate a film again are off by 0.6 to 0.8 stars (root mean square, Amatriain, Pujol "
        "and Oliver 2009, recalled)."
    ),
    files=(
        RemoteFiles(
            entry="movielens_latest_small",
            only=("ratings.csv", "movies.csv", "README.txt"),  # the last holds the terms of use
        ),
    ),
    target="rating",
    unit="stars",
    features=FEATURES,
    group="userId",  # one user's taste must not be learnt and asked
    domains={"before 2016": "source", "since 2016": "target"},
    slices=("user_history", "film_history", "decade", "first_genre"),
    reference=None,  # the published figure is a root mean square, the error here an absolute one
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per rating, in order of time."""
    frame = read_ratings(raw / "movielens_latest_small")
    everything = lagged_ratings(frame, pd.Series(0, index=frame.index))
    frame["all_mean"] = (everything["total"] / everything["count"]).fillna(PRIOR_MEAN)
    for name, key in (("user", "userId"), ("film", "movieId")):
        before = lagged_ratings(frame, frame[key])
        total = before["total"] + PRIOR_COUNT * frame["all_mean"]
        frame[f"{name}_mean"] = total / (before["count"] + PRIOR_COUNT)
        frame[f"log_{name}_count"] = np.log1p(before["count"])
        frame[f"{name}_history"] = history_band(before["count"])
    released = release_year(frame)
    add_film_age(frame, released)
    frame["decade"] = (released // 10 * 10).map("{:.0f}s".format).where(released.notna(), "unknown")
    listed = frame["genres"].str.split("|")
    for name in GENRES:
        frame[f"genre_{name}"] = [int(name in genres) for genres in listed]
    frame["first_genre"] = listed.str[0]
    frame["domain"] = np.where(
        rating_time(frame) < pd.Timestamp(BORDER), "before 2016", "since 2016"
    )
    return frame


def lagged_ratings(frame: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Sum and count each row's ratings of the same `key` given in strictly earlier seconds."""
    values, when = frame[["rating"]].to_numpy(np.float64), frame["timestamp"].to_numpy()
    totals, counts = lagged_sums(values, key.to_numpy(), when)
    return pd.DataFrame({"total": totals[:, 0], "count": counts}, index=frame.index)


def suite() -> list[Any]:
    """Return the expectations on the ratings and on the features before each."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_RATINGS),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["userId", "movieId"]),
        gxe.ExpectColumnDistinctValuesToEqualSet(
            column="rating", value_set=[half / 2 for half in range(1, 11)]
        ),
        gxe.ExpectColumnMeanToBeBetween(column="rating", min_value=3.5, max_value=3.503),
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column="userId", min_value=N_USERS, max_value=N_USERS
        ),
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column="movieId", min_value=N_FILMS, max_value=N_FILMS
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0.5, max_value=5)
            for name in ("user_mean", "film_mean", "all_mean")
        ),
        # A few are dated before their release: seen at a festival, or a remake's year.
        gxe.ExpectColumnValuesToBeBetween(column="film_age", min_value=-3, max_value=120),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
    ]
