"""K-means keeps its laws, and ends where scikit-learn's ends from the same start."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans

from foursplit_courses.from_scratch import kmeans

tables = st.integers(2, 30).flatmap(
    lambda n: st.integers(1, 3).flatmap(
        lambda d: arrays(np.float64, (n, d), elements=st.integers(-5, 5).map(float))
    )
)


def inertia(x, centroids):
    """The slow way: every distance."""
    return float(((x[:, None] - centroids) ** 2).sum(axis=2).min(axis=1).sum())


def blobs(rng, n=400, d=3, k=4):
    centres = 5 * rng.normal(size=(k, d))
    return centres[rng.integers(k, size=n)] + rng.normal(size=(n, d))


@settings(deadline=None)
@given(tables, st.integers(0, 1000), st.data())
def test_inertia_never_rises(x, seed, data):
    k = data.draw(st.integers(1, len(x)))
    # Centroids from anywhere, so that some are empty.
    centroids = np.random.default_rng(seed).normal(scale=6, size=(k, x.shape[1]))
    before = np.inf
    for _ in range(8):
        moved, told = kmeans.step(x, centroids)
        assert told == pytest.approx(inertia(x, centroids), abs=1e-8)
        assert told <= before + 1e-8
        centroids, before = moved, told


@settings(deadline=None)
@given(tables, st.integers(0, 1000), st.data())
def test_a_step_is_that_of_a_plain_loop(x, seed, data):
    k = data.draw(st.integers(1, len(x)))
    centroids = np.random.default_rng(seed).normal(size=(k, x.shape[1]))
    labels = ((x[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)
    moved, _ = kmeans.step(x, centroids)
    np.testing.assert_array_equal(kmeans.assign(x, centroids), labels)
    for j in range(k):
        if (labels == j).any():
            np.testing.assert_allclose(moved[j], x[labels == j].mean(axis=0), atol=1e-9)


def test_a_step_over_several_chunks_is_that_of_one(rng, monkeypatch):
    x, start = blobs(rng), rng.normal(size=(4, 3))
    whole = kmeans.step(x, start)
    monkeypatch.setattr(kmeans, "CHUNK_DISTANCES", 1)  # sixteen examples at once
    parted = kmeans.step(x, start)
    np.testing.assert_allclose(parted[0], whole[0], rtol=1e-12)
    assert parted[1] == pytest.approx(whole[1])


@pytest.mark.parametrize("seed", range(6))
def test_it_ends_where_scikit_learn_ends(seed):
    rng = np.random.default_rng(seed)
    x = blobs(rng, n=500, k=6)
    start = kmeans.init_kmeans_plus_plus(x, 6, rng)
    ours = kmeans.lloyd(x, start, tol=0.0)
    other = KMeans(6, init=start, n_init=1, algorithm="lloyd", tol=0.0).fit(x)
    assert ours.inertia == pytest.approx(other.inertia_, rel=1e-9)
    np.testing.assert_allclose(ours.centroids, other.cluster_centers_, atol=1e-8)
    np.testing.assert_array_equal(ours.labels, other.labels_)


def test_an_empty_cluster_takes_the_farthest_example_worked_by_hand():
    x = np.array([[0.0], [1.0], [10.0]])
    # Everything is nearest to 0: its mean is 11/3, and the empty one goes to 10.
    moved, told = kmeans.step(x, np.array([[0.0], [99.0]]))
    np.testing.assert_allclose(moved, [[11 / 3], [10.0]])
    assert told == pytest.approx(101)
    # Then 10 is alone, and 0 and 1 share 1/2: 1/4 + 1/4.
    result = kmeans.lloyd(x, np.array([[0.0], [99.0]]))
    np.testing.assert_allclose(result.centroids, [[0.5], [10.0]])
    assert result.inertia == pytest.approx(0.5)


def test_two_empty_clusters_do_not_meet_in_one_example():
    x = np.array([[0.0], [1.0], [8.0], [10.0]])
    moved, _ = kmeans.step(x, np.array([[0.0], [90.0], [99.0]]))
    np.testing.assert_allclose(moved[1:], [[10.0], [8.0]])


def test_as_many_clusters_as_examples_leave_nothing(rng):
    x = rng.normal(size=(12, 2))
    assert kmeans.fit(x, 12, rng=rng, n_init=1).inertia == pytest.approx(0, abs=1e-20)


def test_one_cluster_is_the_mean(rng):
    x = rng.normal(size=(50, 2))
    result = kmeans.fit(x, 1, rng=rng)
    np.testing.assert_allclose(result.centroids[0], x.mean(axis=0))
    assert result.inertia == pytest.approx(len(x) * x.var(axis=0).sum())


@given(st.integers(0, 100))
def test_moving_and_reordering_the_examples_changes_nothing_else(seed):
    rng = np.random.default_rng(seed)
    x, order = blobs(rng, n=60), rng.permutation(60)
    start = kmeans.init_kmeans_plus_plus(x, 4, rng)
    here = kmeans.lloyd(x, start)
    # Far from zero, where |x|^2 - 2 x.c + |c|^2 in one piece loses the digits that decide.
    there = kmeans.lloyd(x[order] + 1e6, start + 1e6)
    np.testing.assert_array_equal(there.labels, here.labels[order])
    assert there.inertia == pytest.approx(here.inertia, rel=1e-6)


@settings(deadline=None)
@given(tables, st.integers(0, 100), st.data())
def test_starts_are_examples_and_differ_while_examples_do(x, seed, data):
    k = data.draw(st.integers(1, len(x)))
    different = len(np.unique(x, axis=0))
    start = kmeans.init_kmeans_plus_plus(x, k, np.random.default_rng(seed))
    assert {tuple(row) for row in start} <= {tuple(row) for row in x}
    assert len(np.unique(start, axis=0)) == min(k, different)


def test_a_far_example_is_drawn_by_its_squared_distance():
    # From 0 or 1 the next is drawn with chances 1 : 81 (or 64): nearly always 9.
    x = np.array([[0.0], [1.0], [9.0]])
    drawn = [
        kmeans.init_kmeans_plus_plus(x, 2, np.random.default_rng(seed)) for seed in range(2000)
    ]
    near = np.mean([9.0 not in start for start in drawn])
    # First 0 (then 1 with 1/82) or 1 (then 0 with 1/65), a third each.
    assert near == pytest.approx((1 / 82 + 1 / 65) / 3, abs=0.006)


def test_a_random_start_draws_no_example_twice(rng):
    x = np.arange(20.0)[:, None]
    assert len(np.unique(kmeans.init_random(x, 20, rng))) == 20


def test_spreading_the_start_beats_drawing_it_on_average():
    # Eight far groups: a random start misses some, and Lloyd's steps do not cross the gaps.
    rng = np.random.default_rng(3)
    x = np.repeat(100 * np.arange(8.0), 20)[:, None] + rng.normal(size=(160, 1))
    ends = {
        start: np.mean([kmeans.lloyd(x, start(x, 8, rng)).inertia for _ in range(40)])
        for start in (kmeans.init_kmeans_plus_plus, kmeans.init_random)
    }
    assert ends[kmeans.init_kmeans_plus_plus] < ends[kmeans.init_random] / 3


def test_restarts_keep_the_best(rng):
    x = blobs(rng, k=8)
    result = kmeans.fit(x, 8, rng=rng, n_init=5, init=kmeans.init_random)
    assert len(result.inertias) == 5
    assert result.inertia == min(result.inertias)
    assert result.inertia == pytest.approx(inertia(x, result.centroids))


@pytest.mark.parametrize(
    ("x", "k", "message"),
    [
        (np.zeros((3, 2)), 4, "n_clusters: 4 must be from 1 to the number of examples, 3"),
        (np.zeros((3, 2)), 0, "n_clusters: 0"),
        (np.zeros(3), 1, r"x: shape \(3,\)"),
        (np.array([[0.0], [np.nan]]), 1, "x: row 1 is not finite"),
    ],
)
def test_what_cannot_be_clustered_is_refused(x, k, message, rng):
    with pytest.raises(ValueError, match=message):
        kmeans.fit(x, k, rng=rng)
    with pytest.raises(ValueError, match="n_init: 0"):
        kmeans.fit(x, k, rng=rng, n_init=0)
