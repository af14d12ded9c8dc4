"""The geometry of the plots."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.diagnosis.decomposition import ledger
from foursplit.reporting.plots.axis import axis
from foursplit.reporting.plots.comparison import comparison
from foursplit.reporting.plots.curves import curves
from foursplit.reporting.plots.learning_curve import learning_curve
from foursplit.reporting.plots.residuals import MAX_POINTS, has_residuals, residuals
from foursplit.reporting.plots.svg import element
from foursplit.reporting.plots.waterfall import waterfall
from foursplit.reporting.tables.measured_values import MeasuredError

VALUES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=20)


@given(VALUES, st.booleans())
def test_an_axis_spans_its_values_in_a_few_round_steps(values, zero):
    scale = axis(values, zero=zero)
    slack = 1e-9
    assert all(-slack <= scale.share(value) <= 1 + slack for value in values)
    assert 2 <= len(scale.ticks) <= 9
    if zero:
        assert 0.0 in scale.ticks


def test_an_axis_of_zeros_has_a_positive_length():
    scale = axis([0.0])
    assert scale.high > scale.low


def test_epochs_are_whole():
    assert all(tick == int(tick) for tick in axis([1.0, 2.0], whole=True).ticks)


def test_text_and_attributes_are_escaped():
    markup = element("text", "<b>", class_='"x"')
    assert str(markup) == '<text class="&#34;x&#34;">&lt;b&gt;</text>'


def level(value, spread=0.01):
    return {"value": value, "lo": value - spread, "hi": value + spread, "n": 9, "n_groups": 9}


def gap(name, value, lo, hi, status):
    low, high = ledger.LINKS[name]
    block = {"gap": name, "from": low, "to": high, "value": value, "lo": lo, "hi": hi}
    return {**block, "status": status}


SUMMARY = {
    "human": {"error": 0.02},
    "splits": {"train": level(0.01), "train_dev": level(0.06), "dev": level(0.2)},
    "ledger": [
        gap("avoidable_bias", -0.01, -0.02, 0.0, "immaterial"),
        gap("variance", 0.05, 0.03, 0.07, "secondary"),
        gap("mismatch", 0.14, 0.1, 0.18, "primary"),
    ],
}


def bars(markup):
    tree = ElementTree.fromstring(str(markup))
    return [
        tuple(float(rect.get(name).removesuffix("%")) for name in ("x", "width"))
        for rect in tree.iter("rect")
    ]


def test_each_bar_of_the_waterfall_starts_at_the_end_of_the_previous_one():
    (x0, w0), (x1, w1), (x2, _) = bars(waterfall(SUMMARY))
    # The first gap is negative: svg from human down to train, it ends on its left.
    assert x1 == pytest.approx(x0, abs=0.02)
    assert x2 == pytest.approx(x1 + w1, abs=0.02)
    assert w1 == pytest.approx(5 * w0, abs=0.05)  # 0.05 and 0.01


def test_pooled_splits_are_a_level_of_their_own_where_variance_ends():
    pooled = {
        **SUMMARY,
        "unseen": level(0.1),
        "ledger": [{**gap("variance", 0.09, 0.05, 0.13, "primary"), "to": "unseen"}],
    }
    text = str(waterfall(pooled))
    assert "train-dev and dev" in text
    ((_, width),) = bars(waterfall(pooled))
    ((_, other),) = bars(waterfall({**SUMMARY, "ledger": SUMMARY["ledger"][1:2]}))
    assert width == pytest.approx(9 / 5 * other, rel=0.3)


def test_an_unopened_split_is_labelled_sealed():
    text = str(waterfall(SUMMARY))
    assert "sealed" in text
    assert "unknown" not in text
    assert "unknown" in str(waterfall({**SUMMARY, "human": None, "ledger": SUMMARY["ledger"][1:]}))


def test_the_comparison_draws_a_point_for_every_measured_error():
    error = MeasuredError(value=0.1, lo=0.05, hi=0.2, n=10, n_groups=10)
    members = {"one": {"train": error, "test": error}, "two": {"train": error, "test": None}}
    tree = ElementTree.fromstring(str(comparison(members, 0.02, "<title>")))
    assert len(list(tree.iter("circle"))) == 3


def test_curves_skip_epochs_without_a_measurement():
    rows = [{"epoch": 1.0, "dev_loss": 1.0}, {"epoch": 2.0}, {"epoch": 3.0, "dev_loss": 0.5}]
    svg = str(curves(rows, "loss", ("train", "dev"), percent=False))
    (points,) = re.findall(r'points="([^"]*)"', svg)
    assert len(points.split()) == 2


def test_too_many_residuals_are_subsampled_evenly():
    n = 3 * MAX_POINTS
    svg = str(residuals(range(n), range(n), "r"))
    assert svg.count("<circle") == MAX_POINTS


def curve(*, shifted=False, target=0.02):
    """Return an output of stage learning_curve: dev error falls from 40% at 100 to 10% at 1000."""
    line = [
        {"n": n, "value": v, "lo": v - 0.05, "hi": v + 0.05}
        for n, v in ((100.0, 0.4), (1000.0, 0.1), (10_000.0, 0.1))
    ]
    rows = [{"n": 100, "errors": [0.4, 0.44]}, {"n": 1000, "errors": [0.1]}]
    dev = {"curve": {"points": rows}, "line": line, "verdict": {"sentence": "More < enough."}}
    return {
        "target": {"error": target} if target is not None else None,
        "train": [{"n": 100, "errors": [0.0, 0.01]}, {"n": 1000, "errors": [0.05]}],
        "dev": dev,
        **({"train_dev": dev} if shifted else {}),
    }


def test_a_learning_curve_has_a_point_per_model_and_split():
    tree = ElementTree.fromstring(str(learning_curve(curve())))
    assert [c.get("class") for c in tree.iter("circle")] == ["point train"] * 3 + ["point dev"] * 3
    shifted = str(learning_curve(curve(shifted=True)))
    assert shifted.count("point train_dev") == 3


def test_the_axis_of_sizes_is_logarithmic_and_the_extrapolation_is_dashed():
    tree = ElementTree.fromstring(str(learning_curve(curve())))
    across = [float(c.get("cx").removesuffix("%")) for c in tree.iter("circle")]
    assert across == pytest.approx([0, 0, 50] * 2, abs=0.01)  # 100, 1000 and, at the end, 10,000
    measured, extrapolated = (line.get("points").split() for line in tree.iter("polyline"))
    assert measured[-1] == extrapolated[0]
    assert measured[-1].startswith("500.0,")
    (band,) = tree.iter("polygon")
    assert len(band.get("points").split()) == 6


def test_a_learning_curve_shows_its_verdict_and_target():
    svg = str(learning_curve(curve()))
    assert "number of training examples. More &lt; enough." in svg
    assert "target: 2.0%" in svg
    assert "all of train: 1,000" in svg
    assert "target:" not in str(learning_curve(curve(target=None)))


def test_tick_labels_are_round_sizes():
    tree = ElementTree.fromstring(str(learning_curve(curve())))
    ticks = [t.text for t in tree.iter("text") if t.get("class").startswith("tick middle")]
    assert ticks == ["100", "200", "500", "1,000", "2,000", "5,000", "10,000"]


@pytest.mark.parametrize(
    ("task", "classes", "y", "expected"),
    [
        ("regress", [], [1.0, 2.0], True),
        ("regress", [], ["a", "b"], False),
        ("classify", ["a", "b"], [0, 1], False),
        ("control", [], [200.0, 200.0], False),  # a return that counts as good, not a true return
        ("cluster", [], [1.0, 2.0], False),
        ("detect_anomalies", [], [0, 1], False),
        ("detect", [], [1, 2], False),
    ],
)
def test_residuals_are_of_predicted_quantities_alone(task, classes, y, expected):
    manifest = {"task": task, "shape": {"classes": classes}}
    assert has_residuals(manifest, pd.DataFrame({"y": y})) is expected
