"""The drawn world, and strangers in it."""

import numpy as np
import pytest

from foursplit_courses.from_scratch.cold_start import (
    RATING_COUNTS,
    TrainedRecommender,
    first_count_ahead,
    mean_absolute_error,
    new_film_errors,
    predict_all_items,
)
from foursplit_courses.from_scratch.factorization import L2, Factors
from foursplit_courses.from_scratch.synthetic_ratings import (
    as_ratings,
    make_rating_world,
    sample_ratings,
)


def test_ratings_are_halves_of_a_star_and_held_out_ones_are_others(rng):
    world = make_rating_world((40, 30), (5, 6), 3, 0.5, rng)
    assert world.ratings.shape == world.expected_ratings.shape == (45, 36)
    assert set(np.unique(world.ratings * 2)) <= set(range(1, 11))
    train, held_out = sample_ratings(world, 0.5, rng)
    pairs = [set(zip(r.user.tolist(), r.item.tolist(), strict=True)) for r in (train, held_out)]
    assert not pairs[0] & pairs[1]
    assert len(pairs[0]) + len(pairs[1]) == pytest.approx(0.5 * 40 * 30, rel=0.15)
    assert len(pairs[1]) == pytest.approx(0.1 * 40 * 30, rel=0.3)
    assert (world.ratings[train.user, train.item] == train.value).all()


def test_the_spread_of_ratings_is_the_sum_of_its_parts():
    # Variances: 0.35^2 twice, 0.5^2, two products of 0.55^2, noise 0.5^2, rounding 0.5^2 / 12.
    world = make_rating_world((2000, 300), (0, 0), 4, 0.5, np.random.default_rng(3))
    expected = 2 * 0.35**2 + 0.5**2 + 2 * 0.55**2 + 0.5**2 + 0.25 / 12
    inside = (world.ratings > 0.5) & (world.ratings < 5)
    assert inside.mean() > 0.8
    # Cut off at both ends, it is less.
    assert 0.8 * expected < world.ratings.var() < expected


def test_a_table_and_its_list_are_the_same():
    table = np.array([[1.0, 2.0], [3.0, 4.0]])
    result = as_ratings(table, np.array([[False, True], [True, True]]))
    assert (result.user.tolist(), result.item.tolist()) == ([0, 1, 1], [1, 0, 1])
    assert result.value.tolist() == [2, 3, 4]


def test_a_stranger_who_rated_nothing_is_told_the_films_own_bias():
    factors = Factors(
        users=np.ones((2, 1)),
        items=np.array([[1.0], [2.0]]),
        user_bias=np.ones(2),
        item_bias=np.array([0.5, -0.5]),
        mean=3.0,
    )
    nothing = np.array([], dtype=int)
    result = predict_all_items(factors, nothing, np.array([]), L2(features=1, biases=1))
    assert result.tolist() == [3.5, 2.5]


def test_a_new_film_without_ratings_is_told_apart_by_genre_alone(rng):
    world = make_rating_world((50, 20), (0, 8), 2, 0.1, rng)
    blank = Factors(
        users=np.zeros((50, 2)),
        items=np.zeros((20, 2)),
        user_bias=np.zeros(50),
        item_bias=np.zeros(20),
        mean=3.0,
    )
    recommender = TrainedRecommender(
        world=world, l2=L2(features=1, biases=1), factors=blank, genre_factors=blank
    )
    result = new_film_errors(recommender, rng)
    # Who has learnt nothing says the mean to each.
    plain = mean_absolute_error(np.full((25, 8), 3.0), world.ratings[25:50, 20:])
    assert {round(result[name][0], 9) for name in result if name != "noise floor"} == {
        round(plain, 9)
    }


def test_ahead_means_ahead_for_good():
    n = len(RATING_COUNTS)
    genres = np.full(n, 1.0)
    falling = np.linspace(1.5, 0.5, n)
    crossing = int(np.flatnonzero(falling < 1)[0])
    assert first_count_ahead({"genres given": genres, "features learnt": falling}) == str(
        RATING_COUNTS[crossing]
    )
    assert first_count_ahead({"genres given": genres, "features learnt": genres - 0.1}) == "0"
    worse = first_count_ahead({"genres given": genres, "features learnt": genres + 0.1})
    assert worse == f"more than {RATING_COUNTS[-1]}"


def test_what_is_wrong_is_named(rng):
    with pytest.raises(ValueError, match=r"n_known: \(0, 5\)"):
        make_rating_world((0, 5), (1, 1), 2, 0.5, rng)
    with pytest.raises(ValueError, match="n_genres, noise: 0, "):
        make_rating_world((5, 5), (1, 1), 0, 0.5, rng)
    with pytest.raises(ValueError, match="density: 0 must be above 0"):
        sample_ratings(make_rating_world((5, 5), (1, 1), 2, 0.5, rng), 0, rng)
