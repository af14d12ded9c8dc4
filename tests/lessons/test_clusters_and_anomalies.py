"""What the lessons of clusters and anomalies show is so."""

import dataclasses

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from foursplit.config.load import load, parse
from foursplit.core.lesson_figures import Contour, Slider
from foursplit_courses.from_scratch import kmeans
from foursplit_courses.lessons import (
    anomaly_detection,
    anomaly_or_supervised,
    image_compression,
    k_means,
)

PARAMS = load()


def ran(file, **change):
    name = file.__name__.rpartition(".")[2]
    args = parse(file.Args, PARAMS.lesson(name).args, name)
    return file.run(dataclasses.replace(args, **change))


def test_the_courses_count_of_bits():
    photo = np.zeros((128, 128, 3), np.uint8)
    assert image_compression.bits_before(photo) == 393_216
    assert image_compression.bits_after(photo, 16) == 65_920


def test_more_colours_lose_less_and_a_palette_holds_no_more_than_it_says():
    photo = image_compression.flower(32)
    made = [
        image_compression.compress(photo, k, np.random.default_rng(0)) for k in (2, 4, 8, 16, 32)
    ]
    assert np.diff([one.unexplained for one in made]).max() < 0
    assert np.diff([one.decibels for one in made]).min() > 0
    for one in made:
        assert len(np.unique(one.pixels.reshape(-1, 3), axis=0)) <= one.n_colors
        squared = (one.pixels.astype(float) - photo) ** 2
        assert one.decibels == pytest.approx(10 * np.log10(255**2 / squared.mean()))


def test_as_many_colours_as_the_photo_has_lose_nothing():
    photo = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 20
    made = image_compression.compress(photo, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(made.pixels, photo)


def test_the_compression_lesson_runs_on_few_pixels():
    lesson = ran(image_compression, side=16, n_colors=(2, 4))
    assert lesson.numbers["bits_4"] == 4 * 24 + 16 * 16 * 2
    slider = lesson.sections[0].figures[0]
    assert isinstance(slider, Slider)
    assert slider.values == ("2", "4", "all")


def test_the_way_of_the_centroids_falls_and_ends():
    lesson = ran(k_means)
    falls = lesson.sections[0].figures[1].series[0].y
    assert np.diff(falls).max() <= 0
    assert lesson.numbers["share_spread"] > lesson.numbers["share_random"]
    # The elbow: inertia falls with every cluster more, on points it was not fitted to as well.
    own = lesson.sections[2].figures[0].series[0].y
    assert np.diff(own).max() < 0


def test_the_slider_shows_true_steps():
    lesson = ran(k_means)
    last = lesson.sections[0].figures[0].figures[-1]
    points = [s for s in last.series if s.name.startswith("cluster")]
    (ends,) = [s for s in last.series if s.name == "centroids"]
    x = np.concatenate([np.stack([s.x, s.y], axis=1) for s in points])
    at = np.stack([ends.x, ends.y], axis=1)
    np.testing.assert_allclose(kmeans.step(x, at)[0], at, atol=1e-9)


def test_covariances_find_more_and_a_small_dev_set_flatters():
    numbers = ran(anomaly_detection).numbers
    assert numbers["f1_test_together"] > numbers["f1_test_alone"] + 0.2
    assert numbers["optimism"] == pytest.approx(numbers["f1_promised"] - numbers["f1_kept"])
    assert numbers["optimism"] > 0


def test_the_line_that_the_caption_names_parts_what_is_flagged_from_what_is_not():
    contours = [f for f in ran(anomaly_detection).sections[0].figures if isinstance(f, Contour)]
    assert len(contours) == 2
    for figure in contours:
        within = [level for level in sorted(figure.levels, reverse=True) if level < figure.z.max()]
        threshold = within[1]  # the second outwards from within
        assert f"{threshold:.3g}" in figure.caption
        for series in figure.series:
            where = RegularGridInterpolator((figure.y, figure.x), figure.z)
            inside = (series.x > 3) & (series.x < 25) & (series.y > 4) & (series.y < 26)
            density = where(np.stack([series.y, series.x], axis=1)[inside])
            is_flagged = series.name in ("found", "false alarm")
            # Linear between grid points, the density may be off by a little at the line itself.
            assert (
                (density < threshold + 0.3) if is_flagged else (density > threshold - 0.3)
            ).all()


def test_half_of_the_anomalies_stay_within_both_ranges():
    x, odd = anomaly_detection.servers(4000, 0.1, np.random.default_rng(0))
    usual = x[~odd]
    lo, hi = usual.min(axis=0), usual.max(axis=0)
    within = ((x[odd] > lo) & (x[odd] < hi)).all(axis=1)
    assert 0.4 < within.mean() < 0.75


def test_what_is_new_is_found_by_the_density_alone():
    lesson = ran(anomaly_or_supervised, positives=(4, 60), n_repeats=3)
    new = {way: lesson.numbers[f"{way}_new_60"] for way in ("density", "logistic", "trees")}
    assert new["density"] > max(new["logistic"], new["trees"]) + 0.2
    # What is like the past is learnt by a classifier once enough of it is known.
    assert lesson.numbers["trees_same_60"] > lesson.numbers["trees_same_4"]
    assert lesson.numbers["trees_same_60"] > lesson.numbers["density_same_60"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: k_means.Args(n_init=1, max_clusters=5), "n_init: 1"),
        (lambda: image_compression.Args(n_colors=(1,), side=64), "n_colors"),
        (lambda: image_compression.Args(n_colors=(2,), side=2), "side: 2"),
        (lambda: anomaly_detection.Args(anomaly_fraction=0.0), "anomaly_fraction"),
        (lambda: anomaly_or_supervised.Args(positives=(1,), n_repeats=3), "positives"),
        (lambda: anomaly_or_supervised.Args(positives=(4,), n_repeats=1), "n_repeats: 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
