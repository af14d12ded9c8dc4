"""The pictures that MLflow shows: SVG files of their own, with the numbers of what they show."""

from xml.etree import ElementTree

import pandas as pd
import pytest

from foursplit.diagnosis.decomposition.ledger import LINKS
from foursplit.reporting.plots.confusion_matrix import confusion_file
from foursplit.reporting.plots.residuals import residuals_file
from foursplit.reporting.plots.waterfall import waterfall_file
from foursplit.reporting.tables.confusion import confusion

SVG = "{http://www.w3.org/2000/svg}"

GAPS = {"avoidable_bias": -0.02, "variance": 0.06, "mismatch": 0.16, "dev_overfit": -0.03}
LEVELS = {"train": 0.0, "train_dev": 0.06, "dev": 0.22, "test": 0.19}
SUMMARY = {
    "human": {"error": 0.02},
    "splits": {name: {"value": value, "lo": value, "hi": value} for name, value in LEVELS.items()},
    "ledger": [
        {
            "gap": gap,
            "from": LINKS[gap][0],
            "to": LINKS[gap][1],
            "value": value,
            "lo": None,
            "hi": None,
            "status": "secondary",
        }
        for gap, value in GAPS.items()
    ],
}


def read(text, tag):
    """Parse a file as XML, which refuses what a browser would not show, and find elements."""
    return list(ElementTree.fromstring(text).iter(f"{SVG}{tag}"))


def texts(text):
    return ["".join(element.itertext()) for element in read(text, "text")]


def percent(element, name):
    return float(element.attrib[name].rstrip("%"))


def test_each_gap_joins_the_levels_on_both_sides():
    drawn = waterfall_file(SUMMARY, "Work on data mismatch")
    levels = [percent(circle, "cx") for circle in read(drawn, "circle")]
    gaps = [rect for rect in read(drawn, "rect") if "gap" in rect.attrib["class"]]
    assert len(levels) == 5
    assert len(gaps) == 4
    for before, gap, after in zip(levels, gaps, levels[1:], strict=False):
        ends = (percent(gap, "x"), percent(gap, "x") + percent(gap, "width"))
        assert ends == pytest.approx(sorted((before, after)), abs=0.02)


def test_a_ledger_of_zeros_can_be_drawn_and_shows_what_is_not_known():
    zero = {"value": 0.0, "lo": 0.0, "hi": 0.0}
    gap = {
        "gap": "variance_or_mismatch",
        "from": "train",
        "to": "dev",
        **zero,
        "status": "immaterial",
    }
    summary = {"human": None, "splits": {"train": zero, "dev": zero}, "ledger": [gap]}
    assert {"sealed", "unknown"} <= set(texts(waterfall_file(summary, "")))


def test_every_class_has_its_row_even_one_that_dev_lacks():
    table = pd.DataFrame({"y": ["a", "a", "b"], "y_hat": ["a", "c", "b"]})
    drawn = confusion_file(confusion(table, ["a", "b", "c"]), "dev: 1 of 3 wrong")
    assert texts(drawn) == ["dev: 1 of 3 wrong", "1", "1", "1", *"aabbcc", "predicted", "true"]
    cells = [rect.attrib["class"] for rect in read(drawn, "rect")]
    assert cells == ["paper", "cell right", "cell wrong", "cell right"]


@pytest.mark.parametrize("n_classes", [2, 21, 300])
def test_a_matrix_of_many_classes_stays_on_the_screen(n_classes):
    names = [f"class {number}" for number in range(n_classes)]
    table = pd.DataFrame({"y": names, "y_hat": names[::-1]})
    (root, *_) = read(confusion_file(confusion(table, names), "dev"), "svg")
    assert float(root.attrib["width"]) < 900
    assert float(root.attrib["height"]) < 900


def test_names_of_classes_are_text_and_no_elements():
    name = "<script>alert(1)</script>&"
    table = pd.DataFrame({"y": [name], "y_hat": [name]})
    drawn = confusion_file(confusion(table, [name]), name)
    assert texts(drawn).count(name) == 3
    assert "<script" not in drawn


def test_every_example_has_its_residual():
    drawn = residuals_file([1.0, 2.0, 3.0], [1.5, 2.0, 9.0], "dev")
    across = [percent(circle, "cx") for circle in read(drawn, "circle")]
    down = [float(circle.attrib["cy"]) for circle in read(drawn, "circle")]
    assert across == sorted(across)
    assert down[1] > down[0] > down[2]  # 0, 0.5 and 6 above the line of no error


def test_a_file_asks_for_nothing_from_elsewhere():
    drawn = waterfall_file(SUMMARY, "t").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in drawn
    assert "url(" not in drawn
