"""A flight that draws itself: where the craft is at which time, and how much of its way."""

from xml.etree import ElementTree

import pytest
from tests.reporting.lesson_miniature import read

from foursplit.core.lesson_figures import Flight
from foursplit.reporting.plots.flight import HEIGHT, WIDTH, flight

FIGURE = Flight(
    title="<Down>",
    x=[-1.0, 0.0, 0.0],
    y=[1.0, 1.0, 0.0],
    angle=[0.0, 3.141592653589793 / 2, 0.0],
    engine=[0, 2, 1],
    ground_x=[-1.0, 1.0],
    ground_y=[-0.5, -0.5],
    pad_x=(-0.2, 0.2),
    pad_y=-0.5,
    x_range=(-1.0, 1.0),
    y_range=(-1.0, 1.0),
    steps_a_second=2.0,
)


@pytest.fixture
def tree():
    return ElementTree.fromstring(str(flight(read(FIGURE))))


def animations(tree, attribute):
    return [e.get("values").split(";") for e in tree.iter() if e.get("attributeName") == attribute]


def test_the_craft_moves_and_turns_as_the_states_say(tree):
    moves = {e.get("type"): e.get("values").split(";") for e in tree.iter("animateTransform")}
    assert moves["translate"] == [
        "0.0,0.0",
        f"{WIDTH / 2:.1f},0.0",
        f"{WIDTH / 2:.1f},{HEIGHT / 2:.1f}",
    ]
    # To the left is against the clock, and SVG turns with it.
    assert [float(v) for v in moves["rotate"]] == [0, -90, 0]
    assert {e.get("dur") for e in tree.iter("animateTransform")} == {"1.50s"}


def test_the_way_is_drawn_as_far_as_it_was_flown(tree):
    (rest,) = animations(tree, "stroke-dashoffset")
    flown = WIDTH / 2 / (WIDTH / 2 + HEIGHT / 2)
    assert [float(v) for v in rest] == pytest.approx([1, 1 - flown, 0], abs=1e-4)


def test_one_engine_burns_at_a_time(tree):
    fires = animations(tree, "visibility")
    steps = [[fire[step] for fire in fires] for step in range(3)]
    assert [row.count("visible") for row in steps] == [0, 1, 1]
    assert steps[1][1] == steps[2][0] == "visible"
