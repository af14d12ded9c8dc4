"""The photos' colours and the generated servers are what their datasets say."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from foursplit_courses.datasets import photo_colours, server_load

IMAGES = Path(find_spec("sklearn").submodule_search_locations[0]) / "datasets" / "images"


@pytest.fixture(scope="module")
def colours():
    return photo_colours.read(IMAGES)


@pytest.fixture(scope="module")
def servers():
    return server_load.read(Path("nowhere"))


def test_a_tile_is_the_mean_of_its_pixels(colours):
    from PIL import Image

    pixels = np.asarray(Image.open(IMAGES / "flower.jpg"), np.float64) / 255
    flower = colours[colours["domain"] == "flower"].reset_index(drop=True)
    at = 3 * 160 + 7  # fourth row of tiles, eighth of the row
    mean = pixels[12:16, 28:32].mean(axis=(0, 1))
    np.testing.assert_allclose(flower.loc[at, list(photo_colours.FEATURES)].astype(float), mean)
    assert flower.loc[at, "block"] == "0, 0"
    assert flower.loc[at, "lightness"] == pytest.approx(mean @ photo_colours.LUMA)


def test_a_block_is_eight_tiles_square_and_few_colours_come_twice(colours):
    sizes = colours.groupby(["domain", "block"]).size()
    assert sizes.max() == 64
    assert len(colours.drop_duplicates(list(photo_colours.FEATURES))) > 0.95 * len(colours)


def test_servers_are_drawn_the_same_every_time(servers):
    assert server_load.read(Path("elsewhere")).equals(servers)


def test_about_three_in_a_hundred_fail_in_each_period_and_kinds_say_how(servers):
    for _, period in servers.groupby("domain"):
        assert 0.02 < period["failing"].mean() < 0.045
    assert ((servers["kind"] != "usual") == (servers["state"] == "anomalous")).all()
    mean = servers.groupby("kind")[list(server_load.FEATURES)].mean()
    assert mean.loc["stalled", "latency"] > mean.loc["usual", "latency"] + 0.3
    assert mean.loc["stalled", "throughput"] < mean.loc["usual", "throughput"] - 0.3
    assert mean.loc["refusing", "latency"] < mean.loc["usual", "latency"] - 0.3
    assert mean.loc["overloaded", "cpu"] > servers.loc[servers["kind"] == "usual", "cpu"].max()


def test_the_second_period_has_more_load_and_usual_inputs_go_together(servers):
    usual = servers[servers["kind"] == "usual"]
    means = usual.groupby("domain")["cpu"].mean()
    assert means["after"] > means["before"] + 0.03
    assert usual["latency"].corr(usual["throughput"]) > 0.6


def test_most_stalled_servers_stay_within_the_ranges_of_usual_ones(servers):
    """So that no input alone tells most of them."""
    usual, stalled = servers[servers["kind"] == "usual"], servers[servers["kind"] == "stalled"]
    for name in server_load.FEATURES:
        within = stalled[name].between(usual[name].min(), usual[name].max())
        assert within.mean() > 0.6
