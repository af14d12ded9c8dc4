"""The figures of lessons: points land where they should, and what has no place is left out."""

import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting import lesson_miniature
from tests.reporting.lesson_miniature import FIGURES, X, Y, contour, read, regions

from foursplit.core.lesson_figures import Series
from foursplit.reporting.pages.lesson import PLOTS
from foursplit.reporting.plots import contour as contour_plot
from foursplit.reporting.plots import regions as regions_plot
from foursplit.reporting.plots.contour import contour as draw_contour
from foursplit.reporting.plots.lines import lines as draw_lines
from foursplit.reporting.plots.plane import HEAD
from foursplit.reporting.plots.regions import boxes
from foursplit.reporting.plots.regions import regions as draw_regions
from foursplit.reporting.plots.scale import format_tick, scale
from foursplit.reporting.plots.series import SHAPES
from foursplit.reporting.plots.svg import STYLESHEET


def tree(markup):
    return ElementTree.fromstring(f"<div>{markup}</div>")


def lines(*series, **changes):
    return tree(draw_lines(read(lesson_miniature.lines(*series, **changes))))


def polylines(plot):
    result = [e.get("points") for e in plot.iter("polyline")]
    return [[tuple(map(float, pair.split(","))) for pair in points.split()] for points in result]


def marks(plot):
    """Give each mark's place in shares, from the left and from below, and its path."""
    result = []
    for svg in plot.iter("svg"):
        if (svg.get("x") or "").endswith("%"):
            right, down = float(svg.get("x").removesuffix("%")) / 100, float(svg.get("y")) - HEAD
            result.append((right, 1 - down / 240, svg[0].get("d")))
    return result


@pytest.mark.parametrize("figure", [f for f in FIGURES if type(f).__name__.lower() in PLOTS])
def test_every_chart_is_well_formed_and_says_what_it_shows(figure):
    content = read(figure)
    plot = tree(PLOTS[content["kind"]](content))
    (label,) = [e.get("aria-label") for e in plot.iter("svg") if e.get("role") == "img"]
    assert content["title"] in label
    assert content["x_label"] in label


VALUES = st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=9)


@given(VALUES, st.booleans())
def test_a_scale_holds_its_values_and_ticks(values, log):
    spanned = scale(values, log=log)
    assert all(spanned.holds(value) for value in [*values, *spanned.ticks])
    low, high = min(values), max(values)
    if high > low * (1 + 1e-9):
        ended = scale(values, log=log, ends=(low, high))
        assert ended.share(low) == 0
        assert ended.share(high) == pytest.approx(1)
        assert all(ended.holds(tick) for tick in ended.ticks)


def test_a_logarithmic_scale_within_a_decade_has_ticks():
    assert scale([], log=True, ends=(2, 8)).ticks == (2, 4, 6, 8)


def test_a_logarithmic_scale_puts_the_geometric_mean_in_the_middle():
    assert scale([1, 10_000], log=True).share(100) == pytest.approx(0.5)
    assert not scale([1, 10], log=True).is_valid(0.0)
    assert not scale([1, 10], log=True).is_valid(None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.5, "−0.5"),
        (0.1 + 0.2, "0.3"),
        (100_000, "100000"),
        (1e6, "10⁶"),
        (2.5e-12, "2.5·10⁻¹²"),
        (-3e7, "−3·10⁷"),
        (-1e9, "−10⁹"),
        (0.001, "0.001"),
    ],
)
def test_ticks_are_plain_or_powers_of_ten(value, text):
    assert format_tick(value) == text


def test_a_line_passes_through_its_points():
    plot = lines(Series(name="", x=[0, 5, 10], y=[0, 1, 4]))
    assert polylines(plot) == [[(0, 1000), (500, 750), (1000, 0)]]


def test_a_line_by_logarithm_is_straight_where_it_grows_by_a_factor():
    plot = lines(Series(name="", x=[0, 1, 2], y=[1, 10, 100]), log_y=True)
    assert polylines(plot) == [[(0, 1000), (500, 500), (1000, 0)]]
    assert "y (logarithmic)" in ElementTree.tostring(plot, encoding="unicode")


def test_a_missing_value_parts_a_line_and_zero_parts_one_by_logarithm():
    nan = float("nan")
    plot = lines(Series(name="", x=[0, 1, 2, 3, 4], y=[1, 2, nan, 2, 1]))
    assert [len(line) for line in polylines(plot)] == [2, 2]
    plot = lines(Series(name="", x=[0, 1, 2, 3], y=[1, 0, 2, 1]), log_y=True)
    alone, pair = polylines(plot)
    assert alone[0] == alone[1]  # a dot
    assert len(pair) == 2


def test_nothing_but_gaps_is_an_empty_frame():
    assert polylines(lines(Series(name="", x=[0.0], y=[float("nan")]), log_y=True)) == []


def test_marks_land_on_their_values_and_those_beyond_the_axes_are_left_out():
    series = Series(name="", x=[0, 1, 2, 9], y=[0, 1, 9, 1], mark="points")
    result = marks(lines(series, x_range=(0, 4), y_range=(0, 2)))
    assert [place[:2] for place in result] == [(0, 0), (0.25, 0.5)]


def test_a_line_far_beyond_its_axis_is_cut_and_no_number_overflows():
    plot = lines(Series(name="", x=[0, 1], y=[0, 1e300]), y_range=(0, 1))
    (line,) = polylines(plot)
    assert max(abs(value) for point in line for value in point) <= 50_000
    assert [svg.get("class") for svg in plot.iter("svg")].count("clip") == 1


def test_series_are_told_apart_by_shape_too():
    series = [Series(name=str(n), x=[n], y=[n], mark="points") for n in range(len(SHAPES))]
    assert len({shape for _, _, shape in marks(lines(*series))}) == len(SHAPES)


def test_a_group_keeps_its_hue_wherever_its_series_stands():
    plot = lines(Series(name="", x=[0], y=[0]), Series(name="", x=[0], y=[1], group=5))
    assert [e.get("class") for e in plot.iter("polyline")] == ["curve g0", "curve g5"]


def test_bars_stand_on_zero_side_by_side():
    one = Series(name="a", x=[1, 2], y=[4, -2], mark="bars")
    other = Series(name="b", x=[1, 2], y=[2, 2], mark="bars")
    plot = lines(one, other)
    scale_y = scale([4, -2, 0])
    zero = 1000 * (1 - scale_y.share(0))
    result = [
        tuple(float(rect.get(n)) for n in ("x", "y", "width", "height"))
        for rect in plot.iter("rect")
        if rect.get("height") != "10"  # the legend's
    ]
    up, down, *_ = result
    assert up[1] + up[3] == pytest.approx(zero, abs=0.2)
    assert down[1] == pytest.approx(zero, abs=0.2)
    assert up[3] == pytest.approx(2 * down[3], abs=0.3)  # 4 and -2
    beside = result[2]
    assert beside[0] == pytest.approx(up[0] + up[2], abs=0.2)
    assert all(x >= 0 and x + width <= 1000 for x, _, width, _ in result)


def test_names_stand_in_the_legend_escaped_and_a_series_without_one_does_not():
    text = str(
        draw_lines(
            read(lesson_miniature.lines(lesson_miniature.POINTS, Series(name="", x=[0], y=[0])))
        )
    )
    assert text.count("<li>") == 1
    assert "&lt;b&gt;seen" in text


def test_a_contour_of_a_bowl_is_a_circle():
    plot = tree(draw_contour(read(contour([0.64]))))
    (path,) = [e.get("d") for e in plot.iter("path") if e.get("class") == "isoline"]
    numbers = np.array(re.findall(r"-?[\d.]+", path), dtype=float).reshape(-1, 2)
    # Back from shares of the frame to the plane: X from -2 to 2, Y from -1 to 1 and upwards.
    x, y = numbers[:, 0] / 250 - 2, 1 - numbers[:, 1] / 500
    np.testing.assert_allclose(np.hypot(x, y), 0.8, atol=0.01)
    assert len({(round(a), round(b)) for a, b in zip(4 * x, 4 * y, strict=True)}) > 10


def test_a_level_that_is_not_reached_draws_nothing_and_others_carry_their_number():
    plot = tree(draw_contour(read(contour([0.5, 2.0, 99.0]))))
    assert len([e for e in plot.iter("path") if e.get("class") == "isoline"]) == 2
    words = [t.text for t in plot.iter("text") if t.get("class") == "middle level"]
    assert words == ["0.5", "2"] or words == ["0.5"]


def test_a_level_is_labelled_with_what_can_be_read_off():
    plot = tree(draw_contour(read(contour((0.123456789, 0.987654321)))))
    labels = [e.text for e in plot.iter("text") if "level" in (e.get("class") or "")]
    assert labels == ["0.123", "0.988"]


def test_a_plot_is_square_where_a_unit_is_as_long_across_as_up():
    side = np.linspace(-1, 1, 5)
    square = dataclasses.replace(
        regions(np.zeros((5, 5))), x=side, y=3 + side, z=side[None, :] ** 2 + side[:, None] ** 2
    )
    (shape,) = [
        e.get("class") for e in tree(draw_regions(read(square))) if "plane" in e.get("class")
    ]
    assert "square" in shape.split()
    (shape,) = [
        e.get("class") for e in tree(draw_contour(read(contour()))) if "plane" in e.get("class")
    ]
    assert "square" not in shape.split()  # 4 across, 2 up
    # The style sheet makes the frame within the padding as wide as the code makes it high.
    rules = (STYLESHEET.parent / "style.css").read_text()
    (padding,) = re.findall(
        r"\.chart\.plane{padding-left:([\d.]+)rem;padding-right:([\d.]+)rem;max", rules
    )
    (width, rems) = re.search(r"plane\.square{width:calc\((\d+)px \+ (\d+)rem\)", rules).groups()
    assert float(rems) == sum(map(float, padding))
    assert int(width) == contour_plot.HEIGHT == regions_plot.HEIGHT


def test_boxes_cover_the_plane_once_and_say_its_classes(rng):
    z = rng.integers(0, 3, size=(7, 9)).astype(float)
    z[2, 3] = np.nan
    right, up = list(range(10)), list(range(8))
    painted = np.full(z.shape, np.nan)
    content = {"classes": ["a", "b", "c"]}
    for (number, _), (left, end, bottom, top) in boxes(z, right, up, content):
        part = painted[bottom:top, left:end]
        assert np.isnan(part).all()
        painted[bottom:top, left:end] = number
    np.testing.assert_array_equal(painted, z)


def test_one_class_everywhere_is_one_box():
    plot = tree(draw_regions(read(regions(np.zeros((len(Y), len(X)))))))
    areas = [e for e in plot.iter("rect") if "area" in e.get("class")]
    assert [(e.get("x"), e.get("width"), e.get("height")) for e in areas] == [
        ("0.0", "1000.0", "1000.0")
    ]
    assert not [e for e in plot.iter("path") if e.get("class") == "boundary"]


def test_a_probability_is_paler_the_less_sure_it_is_and_parted_at_one_half():
    z = np.tile(np.linspace(0, 1, len(X)), (len(Y), 1))
    plot = tree(draw_regions(read(regions(z))))
    areas = [e for e in plot.iter("rect") if "area" in e.get("class")]
    shades = [float(e.get("fill-opacity")) for e in areas]
    assert shades == sorted(shades[:5], reverse=True) + sorted(shades[5:])
    assert [e.get("class") for e in areas] == ["area g0"] * 5 + ["area g1"] * 5
    (path,) = [e.get("d") for e in plot.iter("path") if e.get("class") == "boundary"]
    across = {float(pair.split()[0]) for pair in re.findall(r"[ML]([\d.]+ [\d.]+)", path)}
    assert across == {500.0}
