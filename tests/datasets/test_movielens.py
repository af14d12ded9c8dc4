"""What is known before a rating is what strictly earlier seconds hold."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.datasets.movielens import lagged_ratings


def ratings(seed, n=40):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "user": rng.integers(0, 5, n),
            "timestamp": rng.integers(0, 12, n),  # many share a second
            "rating": rng.integers(1, 11, n) / 2,
        }
    )


@given(st.integers(0, 2**32))
def test_sums_agree_with_a_slow_plain_version(seed):
    frame = ratings(seed)
    found = lagged_ratings(frame, frame["user"])
    for row in range(len(frame)):
        mine = frame["user"] == frame["user"][row]
        known = frame["rating"][mine & (frame["timestamp"] < frame["timestamp"][row])]
        assert found["total"][row] == known.sum()
        assert found["count"][row] == len(known)


@given(st.integers(0, 2**32))
def test_no_rating_knows_itself_or_its_own_second(seed):
    frame = ratings(seed)
    now = frame["timestamp"] == frame["timestamp"].max()
    changed = frame.assign(rating=frame["rating"].where(~now, 99.0))
    pd.testing.assert_frame_equal(
        lagged_ratings(frame, frame["user"]), lagged_ratings(changed, changed["user"])
    )
    # The naive way fails here: a running mean over rows would let a burst know its own start.
    naive = frame.sort_values("timestamp").groupby("user")["rating"].cumsum() - frame["rating"]
    assert len(naive) == len(found := lagged_ratings(frame, frame["user"]))
    assert (naive.sort_index() >= found["total"] - 1e-9).all()


def test_the_first_rating_knows_nothing():
    frame = pd.DataFrame({"user": [1, 1], "timestamp": [5, 9], "rating": [4.0, 2.0]})
    assert lagged_ratings(frame, frame["user"]).to_numpy().tolist() == [[0, 0], [4.0, 1]]
