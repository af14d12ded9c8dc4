"""Lists of real films: neighbours and gains by hand, real titles, a new user by another way."""

import numpy as np
import pytest
import torch
import yaml
from sklearn.linear_model import Ridge
from tests.conftest import PROJECT
from tests.datasets import test_full_laws as laws

from foursplit.config.load import parse
from foursplit.core.examples import DataSpec
from foursplit_courses.datasets import movielens_ids
from foursplit_courses.from_scratch.factorization import L2, Factors
from foursplit_courses.lessons import lists_of_films as page
from foursplit_courses.models import two_towers

BLOCK = yaml.safe_load((PROJECT / "params.yaml").read_text())["full"]["lessons"]["unsupervised"]


def test_neighbours_by_hand():
    vectors = np.array([[1.0, 0], [2, 0.1], [0, 1], [-1, 0], [1, 1]])
    found = page.nearest(vectors, 0, np.array([0, 1, 2, 3, 4]), 3)
    assert found.tolist() == [1, 4, 2]
    # The naive way fails here: by product and not cosine, a long vector is everyone's neighbour.
    vectors[2] *= 50
    assert page.nearest(vectors, 4, np.array([0, 1, 2, 3]), 2).tolist() != [2, 1]


def test_gain_of_the_upper_half_by_hand():
    # Scores order the films 2, 0, 3, 1: their stars are 5, 4, 1, 2.
    found = page.gain_of_upper_half(np.array([3.0, 0, 9, 1]), np.array([4.0, 2, 5, 1]))
    assert found == 4.5 - 1.5


def test_the_items_vectors_are_those_of_the_trained_towers():
    features = np.random.default_rng(1).normal(size=(6, len(page.FILM_FEATURES)))
    net = two_towers.build(two_towers.Args(n_user_inputs=21), DataSpec(inputs=(2 + 21 + 23,)))
    features[2] = np.nan  # a film that nobody has rated
    vectors = page.film_vectors(net.eval(), features)
    assert (vectors[2] == 0).all()
    rows = np.delete(np.arange(6), 2)
    user = np.zeros((len(rows), 2 + 21), np.float32)
    x = torch.from_numpy(np.hstack([user, features[rows].astype(np.float32)]))
    with torch.no_grad():
        one_user = net.user_vector(x[:1, 2:23]).numpy()[0]
        stars = net(x)[:, 0].numpy()
    np.testing.assert_allclose(
        vectors[rows] @ one_user * net.stretch.item() + net.shift.item(), stars, atol=1e-5
    )


def test_features_of_a_film_are_those_of_the_data_set():
    assert page.FILM_FEATURES == movielens_ids.FILM_FEATURES
    assert set(movielens_ids.SPEC.domains) > {page.BEFORE}


def test_a_new_user_is_scikit_learns_ridge_regression():
    rng = np.random.default_rng(2)
    n_films, rank, l2 = 30, 3, L2(features=2.0, biases=2.0)
    factors = Factors(
        users=np.zeros((1, rank)),
        items=rng.normal(size=(n_films, rank)),
        user_bias=np.zeros(1),
        item_bias=rng.normal(size=n_films),
        mean=3.5,
    )
    films, stars = np.array([4, 9, 11, 2, 20]), np.array([5.0, 4, 0.5, 3, 2])
    inputs = np.column_stack([factors.items, np.ones(n_films)])
    ridge = Ridge(alpha=2.0, fit_intercept=False)
    ridge.fit(inputs[films], stars - 3.5 - factors.item_bias[films])
    expected = 3.5 + factors.item_bias + ridge.predict(inputs)
    np.testing.assert_allclose(page.stars_for_all(factors, films, stars, l2), expected)


def test_an_unknown_title_is_refused_by_name():
    films = page.Catalogue(
        title=np.array(["A (1990)", "B (1990)", "B (1990)"]),
        genres=np.array(["Drama"] * 3),
        count=np.ones(3),
        features=np.zeros((3, 1)),
    )
    assert films.number("A (1990)") == 0
    with pytest.raises(ValueError, match=r"'C \(1990\)': 0 films"):
        films.number("C (1990)")
    with pytest.raises(ValueError, match=r"'B \(1990\)': 2 films"):
        films.number("B (1990)")


@pytest.mark.slow
@pytest.mark.skipif(laws.pytestmark.args[0], reason="no mirror of the data sets")
def test_real_titles_are_found_and_every_film_keeps_its_own_in_ci(monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ACCEPT", "movielens_latest_small")
    table = laws.read("movielens_ids")
    args = parse(page.Args, BLOCK["lists_of_films"]["args"], "lists_of_films")
    films = page.read_films(table)
    for title in (*args.rated, *args.films):
        row = table[table["title"] == title].iloc[0]
        assert films.number(title) == row["film"]
    known = table[table["domain"] == page.BEFORE]
    some = known["film"].drop_duplicates().sample(20, random_state=1)
    for film in some:
        rows = known[known["film"] == film]
        assert films.count[film] == len(rows)
        assert films.title[film] == rows["title"].iloc[-1]
        np.testing.assert_allclose(films.features[film], rows[list(page.FILM_FEATURES)].iloc[-1])
