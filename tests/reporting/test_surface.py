"""A surface hides what lies behind it, and the page's script draws what Python draws."""

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting.lesson_miniature import HEIGHT, X, Y, read, surface

from foursplit.reporting import render
from foursplit.reporting.plots.surface import MAX_POINTS, build_scene, draw, project
from foursplit.reporting.plots.surface import surface as draw_surface
from foursplit.reporting.plots.svg import joined

SCRIPT = Path(render.__file__).parent / "templates" / "surface.js"
PLACE = st.floats(-0.5, 0.5)
ANGLES = (st.floats(-180, 180), st.floats(0, 90))


@given(st.tuples(PLACE, PLACE, PLACE), *ANGLES)
def test_every_turn_of_the_box_stays_in_the_drawing(point, turn, tilt):
    right, down, _ = project(point, turn, tilt)
    assert 0 <= right <= 1000
    assert 0 <= down <= 1000


def test_from_above_it_is_a_map_and_from_the_side_a_profile():
    right, down, near = project((0.25, 0.5, 0.5), 0, 90)
    assert (right, down) == pytest.approx((1000 * (0.5 + 0.25 / 1.5), 1000 * (0.5 - 0.5 / 1.62)))
    assert near > project((0.25, 0.5, -0.5), 0, 90)[2]  # what is higher is nearer
    assert project((0, 0.5, 0.1), 0, 0)[1] == pytest.approx(project((0, -0.5, 0.1), 0, 0)[1])
    assert project((0, -0.5, 0), 0, 0)[2] > project((0, 0.5, 0), 0, 0)[2]


def test_squares_are_painted_from_far_to_near():
    scene = build_scene(read(surface()))
    tree = ElementTree.fromstring(f"<div>{joined(draw(scene, 0, 0))}</div>")
    squares = [e for e in tree.iter("polygon") if e.get("class") != "floor"]
    assert len(squares) == (len(X) - 1) * (len(Y) - 1)
    # From the front a bowl's shades in the row of squares painted last are those at y = -1.
    middle = len(X) // 2 - 1
    first_row = [int(e.get("class")[1:]) for e in squares[-(len(X) - 1) :]]
    assert min(first_row) == int(12 * np.mean(HEIGHT[:2, middle : middle + 2]) / HEIGHT.max())


def test_a_missing_height_is_a_hole_and_a_large_grid_is_thinned():
    z = HEIGHT.copy()
    z[5, 5] = np.nan
    count = str(draw_surface(read(surface(z)))).count("<polygon")
    assert count == 1 + (len(X) - 1) * (len(Y) - 1) - 4
    content = {**read(surface()), "x": list(range(100)), "z": np.zeros((11, 100)).tolist()}
    scene = build_scene(content)
    assert (len(scene["x"]), len(scene["y"])) == (MAX_POINTS, 11)
    assert (scene["x"][0], scene["x"][-1]) == (-0.5, 0.5)


def test_heights_by_their_logarithm_are_evenly_spaced_by_factors():
    z = np.outer(np.ones(len(Y)), 10.0 ** np.arange(len(X)))
    scene = build_scene(read(surface(z, log_z=True)))
    np.testing.assert_allclose(np.diff(scene["z"][0]), 1 / (len(X) - 1), atol=2e-4)
    assert scene["ends"][2] == ["1", "10²⁰"]


def test_a_path_starts_and_ends_where_its_steps_do():
    scene = build_scene(read(surface(path=((-2, -1, 0.0), (2, 1, 5.0)))))
    assert scene["path"] == [[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]]


def test_no_name_ends_the_script_that_carries_the_numbers():
    text = str(draw_surface(read(surface())))
    assert text.count("</script") == 1
    assert json.loads(text.split('json">')[1].split("</script")[0])["names"][2] == "</script>"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the page's script")
@pytest.mark.parametrize(("turn", "tilt"), [(35, 28), (-120, 50), (90, 0), (10, 90)])
def test_the_script_draws_what_python_draws(turn, tilt):
    z = HEIGHT + 0.3 * X[None, :] + 0.1 * Y[:, None]  # no two squares are equally far
    z[3, 3] = np.nan
    scene = build_scene(read(surface(z, path=((0, 0, 0), (1, 0.5, 1.25)))))
    code = (
        f"const d = require({json.dumps(str(SCRIPT))})({json.dumps(scene)}, {turn}, {tilt});"
        "console.log(JSON.stringify(d))"
    )
    made = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    found = json.loads(made.stdout)
    tree = ElementTree.fromstring(f"<div>{joined(draw(scene, turn, tilt))}</div>")
    shapes = [e for e in tree.iter() if e.get("points")]
    assert [e.get("class") for e in shapes] == [one["kind"] for one in found["shapes"]]
    for e, one in zip(shapes, found["shapes"], strict=True):
        np.testing.assert_allclose(_numbers(e.get("points")), _numbers(one["points"]), atol=0.11)
    texts = list(tree.iter("text"))
    assert [t.text for t in texts] == [word["text"] for word in found["texts"]]
    across = [float(t.get("x").removesuffix("%")) * 10 for t in texts]
    np.testing.assert_allclose(across, [word["x"] for word in found["texts"]], atol=0.11)


def _numbers(points):
    return [float(value) for value in points.replace(",", " ").split()]
