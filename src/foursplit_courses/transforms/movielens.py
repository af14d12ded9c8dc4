"""MovieLens's files: ratings joined with their films, and what a film's title and genres say.

Source: Harper and Konstan (2015), The MovieLens Datasets.
"""

from pathlib import Path

import pandas as pd

GENRES = (
    "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
USUAL_AGE = 10.0  # years, where a title has no year


def read_ratings(folder: Path) -> pd.DataFrame:
    """Read a row per rating, with its film, in order of time."""
    ratings = pd.read_csv(folder / "ratings.csv")
    frame = ratings.merge(pd.read_csv(folder / "movies.csv"), on="movieId", validate="many_to_one")
    return frame.sort_values(["timestamp", "userId", "movieId"], ignore_index=True)


def rating_time(frame: pd.DataFrame) -> pd.Series:
    """Return when each rating was given."""
    return pd.to_datetime(frame["timestamp"], unit="s")


def release_year(frame: pd.DataFrame) -> pd.Series:
    """Return the year at the end of each title, missing where there is none."""
    return frame["title"].str.extract(r"\((\d{4})\)\s*$")[0].astype(float)


def add_film_age(frame: pd.DataFrame, released: pd.Series) -> None:
    """Add `age_unknown` (0 or 1) and `film_age` in years; an unknown age is the usual one."""
    frame["age_unknown"] = released.isna().astype(int)
    frame["film_age"] = (rating_time(frame).dt.year - released).fillna(USUAL_AGE)
