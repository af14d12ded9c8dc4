"""Levels of control: calm and windy, each its own, and chance earns what the source says."""

from pathlib import Path

import numpy as np
import pytest

from foursplit import plugins
from foursplit.data import to_examples
from foursplit_courses.envs.environments import make_env
from foursplit_courses.from_scratch.deep_q import rollout

SOURCES = {"cart_levels": "cart", "lander_levels": "lander"}


@pytest.mark.parametrize("name", SOURCES)
def test_calm_levels_are_calm_and_windy_ones_windy(name):
    file = plugins.dataset(name)
    rows = file.read(Path())
    calm = rows["domain"] == "calm"
    assert (rows.loc[calm, ["wind", "turbulence"]] == 0).all(axis=None)
    assert rows.loc[~calm, "wind"].between(*file.WIND).all()
    assert calm.sum() == file.N_CALM
    assert (~calm).sum() == file.N_WINDY
    for band in ("wind_band", file.SPEC.slices[1]):
        assert ((rows[band] == "none") == calm).all()
        assert rows.loc[~calm, band].value_counts(normalize=True).between(0.4, 0.6).all()


@pytest.mark.parametrize("name", SOURCES)
def test_levels_are_drawn_the_same_each_time_and_no_two_are_equal(name):
    file = plugins.dataset(name)
    assert file.read(Path()).equals(file.read(Path()))
    examples = to_examples.to_examples(file.read(Path()), file.SPEC)
    assert examples.metadata["content"].is_unique
    np.testing.assert_array_equal(examples.x[:, 0], np.arange(len(examples)))  # float32 holds them


@pytest.mark.parametrize(("name", "n"), [("cart_levels", 400), ("lander_levels", 60)])
def test_chance_earns_what_the_dataset_says(name, n):
    file, played, rng = plugins.dataset(name), make_env(SOURCES[name]), np.random.default_rng(8)
    calm = np.array([[seed, 0.0, 0.0] for seed in range(5000, 5000 + n)])
    returns = [
        rollout(lambda _state: int(rng.integers(played.n_actions)), played, level) for level in calm
    ]
    error = np.std(returns) / n**0.5
    assert abs(np.mean(returns) - file.CHANCE) < 4 * error
    assert np.mean(returns) + 4 * error < file.GOOD
