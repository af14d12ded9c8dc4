"""The pictures of a lesson have the numbers of its figures."""

import io

import numpy as np
import pytest
from matplotlib.image import imread
from tests.reporting.lesson_miniature import (
    PICTURE,
    TABLE,
    Series,
    contour,
    lines,
    read,
    regions,
    surface,
)

from foursplit.tracking.runs.lesson_pictures import plot_figure, save_figures


def test_a_line_has_its_points_and_its_axes():
    series = Series(name="cost", x=[1, 2, 3], y=[1.0, np.nan, 100.0], mark="dashed", group=3)
    figure = plot_figure(read(lines(series, log_y=True, x_range=(0.0, 5.0))))
    (axes,) = figure.axes
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), [1.0, np.nan, 100.0])
    assert (axes.get_yscale(), axes.get_xlim()) == ("log", (0, 5))
    assert (line.get_linestyle(), axes.get_legend().texts[0].get_text()) == ("--", "cost")


def test_what_diverges_can_be_drawn_by_its_logarithm():
    series = Series(name="", x=[0, 1, 2, 3], y=[1.0, 1e150, 1e300, np.inf])
    figure = plot_figure(read(lines(series, log_y=True, y_range=(0.1, 100.0))))
    figure.savefig(io.BytesIO())  # a warning of an overflow is an error here
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1, *[np.nan] * 3])


def test_bars_stand_at_their_places():
    figure = plot_figure(read(lines(Series(name="", x=[1, 2], y=[3, -1], mark="bars"))))
    assert [bar.get_height() for bar in figure.axes[0].patches] == [3, -1]
    assert figure.axes[0].get_legend() is None


def test_a_contour_has_its_levels_and_a_surface_three_axes():
    (axes,) = plot_figure(read(contour((0.5, 1.0)))).axes
    assert axes.collections[0].levels.tolist() == [0.5, 1.0]
    axes = plot_figure(read(surface(path=((0, 0, 0), (1, 1, 2))))).axes[0]
    assert axes.name == "3d"
    np.testing.assert_array_equal(np.array(axes.lines[0].get_data_3d()), [[0, 1], [0, 1], [0, 2]])


@pytest.mark.parametrize("classes", [("in", "out"), ("a", "b", "c")])
def test_regions_have_the_class_of_every_place(classes, rng):
    z = rng.integers(0, len(classes), size=(11, 21)).astype(float)
    (axes,) = plot_figure(read(regions(z, classes))).axes
    np.testing.assert_array_equal(axes.collections[0].get_array(), z)


def test_a_table_has_its_cells():
    (table,) = plot_figure(read(TABLE)).axes[0].tables
    assert table[1, 0].get_text().get_text() == "a"
    assert table[2, 2].get_text().get_text() == "–"


def test_a_picture_is_saved_as_large_as_the_page_shows_it(tmp_path):
    lesson = {"sections": [{"figures": [read(PICTURE)]}]}
    save_figures(tmp_path, lesson)
    image = (imread(tmp_path / "1_1.png")[..., :3] * 255).round().astype(np.uint8)
    assert image.shape == (6, 12, 3)
    np.testing.assert_array_equal(image[1::3, 1::3], PICTURE.pixels)
