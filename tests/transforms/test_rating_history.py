"""What is known of users and films before a rating, against a slow plain version."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.transforms.rating_history import (
    Prior,
    film_history,
    learnt_band,
    unit_of_taste,
    user_history,
)

PRIOR = Prior(mean=3.0, n_ratings=2.0)


@given(st.integers(0, 2**32))
def test_histories_agree_with_a_slow_plain_version(seed):
    rng, n = np.random.default_rng(seed), 30
    rating, time = rng.integers(1, 11, n) / 2, rng.integers(0, 9, n)
    user, is_genre = rng.integers(0, 4, n), rng.integers(0, 2, (n, 3)).astype(float)
    by_user = user_history(rating, is_genre, user, time, PRIOR)
    film_mean, n_film = film_history(rating, user, time, PRIOR)
    for row in range(n):
        earlier = (user == user[row]) & (time < time[row])
        mean = (rating[earlier].sum() + 6) / (earlier.sum() + 2)
        assert by_user.n_ratings[row] == n_film[row] == earlier.sum()
        assert by_user.mean[row] == pytest.approx(mean)
        assert film_mean[row] == pytest.approx(mean)
        for genre in range(3):
            of_genre = rating[earlier & (is_genre[:, genre] == 1)]
            liking = (of_genre - mean).sum() / (len(of_genre) + 2)
            assert by_user.liking[row, genre] == pytest.approx(liking)


def test_late_ratings_are_not_learnt_from_and_belong_to_their_user():
    user, late = pd.Series([7, 7, 7, 8]), pd.Series([False, False, True, True])
    assert learnt_band(user, late).tolist() == ["to 20", "to 20", "to 20", "none"]
    assert learnt_band(user[[0, 3]], late[[0, 3]]).tolist() == ["none", "none"]
    assert unit_of_taste(user, late).tolist() == ["0", "1", "user 7", "user 8"]
