"""Ratings come in order of time, with a film's age where its title has a year."""

import pandas as pd

from foursplit_courses.transforms.movielens import (
    USUAL_AGE,
    add_film_age,
    read_ratings,
    release_year,
)


def test_worked_by_hand(tmp_path):
    seconds = [int(pd.Timestamp(day).timestamp()) for day in ("2016-05-01", "2015-05-01")]
    pd.DataFrame(
        {"userId": [1, 2], "movieId": [10, 20], "rating": [4.0, 2.5], "timestamp": seconds}
    ).to_csv(tmp_path / "ratings.csv", index=False)
    pd.DataFrame(
        {
            "movieId": [20, 10],
            "title": ["Untitled", "A (Second) One (1995) "],
            "genres": ["-", "War"],
        }
    ).to_csv(tmp_path / "movies.csv", index=False)
    frame = read_ratings(tmp_path)
    assert frame["userId"].tolist() == [2, 1]
    add_film_age(frame, release_year(frame))
    assert frame["age_unknown"].tolist() == [1, 0]
    assert frame["film_age"].tolist() == [USUAL_AGE, 21.0]
