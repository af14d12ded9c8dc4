"""A drawn graph has a box for each number, joined from middle to middle, and says all of it."""

from xml.etree import ElementTree

from tests.reporting.lesson_miniature import read

from foursplit.core.lesson_figures import Graph, GraphNode
from foursplit.reporting.plots.graph import graph

NODES = (("a", "", 0, 0, 2.0, 3.0), ("b", "", 0, 1, 3.0, 2.0), ("c", "×", 1, 0, 6.0, 1.0))
FIGURE = Graph(
    title="A product",
    nodes=tuple(
        GraphNode(name=n, operation=o, column=c, row=r, value=v, derivative=d)
        for n, o, c, r, v, d in NODES
    ),
    edges=(("a", "c"), ("b", "c")),
)


def test_edges_lead_to_the_middle_of_boxes_and_all_numbers_are_there():
    tree = ElementTree.fromstring(str(graph(read(FIGURE))))
    # Two columns and two rows; the second column has one node, in the middle of the height.
    assert [e.get("points") for e in tree.iter("polyline")] == [
        "250.0,250.0 750.0,500.0",
        "250.0,750.0 750.0,500.0",
    ]
    boxes = [e for e in tree.iter("svg") if e.get("x")]
    assert [[t.text for t in box.iter("text")] for box in boxes] == [
        ["2", "a", "3"],
        ["3", "b", "2"],
        ["6", "c (×)", "1"],
    ]
    (label,) = [e.get("aria-label") for e in tree.iter("svg") if e.get("role") == "img"]
    assert label == "A product: a 2, derivative 3, b 3, derivative 2, c 6, derivative 1"
