"""The figures' geometry."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.reporting.charts.axis import axis
from foursplit.reporting.charts.comparison import comparison
from foursplit.reporting.charts.curves import curves
from foursplit.reporting.charts.residuals import MOST, residuals
from foursplit.reporting.charts.svg import element
from foursplit.reporting.charts.waterfall import waterfall
from foursplit.reporting.measured import Measured

VALUES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=20)


@given(VALUES, st.booleans())
def test_an_axis_spans_its_values_in_a_few_round_steps(values, zero):
    scale = axis(values, zero=zero)
    slack = 1e-9
    assert all(-slack <= scale.share(value) <= 1 + slack for value in values)
    assert 2 <= len(scale.ticks) <= 9
    if zero:
        assert 0.0 in scale.ticks


def test_an_axis_of_nothing_but_zero_still_has_a_length():
    scale = axis([0.0])
    assert scale.high > scale.low


def test_epochs_are_whole():
    assert all(tick == int(tick) for tick in axis([1.0, 2.0], whole=True).ticks)


def test_text_and_attributes_are_escaped():
    made = element("text", "<b>", class_='"x"')
    assert str(made) == '<text class="&#34;x&#34;">&lt;b&gt;</text>'


def level(value, spread=0.01):
    return {"value": value, "lo": value - spread, "hi": value + spread, "n": 9, "n_groups": 9}


SUMMARY = {
    "human": {"error": 0.02},
    "splits": {"train": level(0.01), "train_dev": level(0.06), "dev": level(0.2)},
    "ledger": [
        {"gap": "avoidable_bias", "value": -0.01, "lo": -0.02, "hi": 0.0, "status": "immaterial"},
        {"gap": "variance", "value": 0.05, "lo": 0.03, "hi": 0.07, "status": "secondary"},
        {"gap": "mismatch", "value": 0.14, "lo": 0.1, "hi": 0.18, "status": "primary"},
    ],
}


def bars(markup):
    tree = ElementTree.fromstring(str(markup))
    return [
        tuple(float(rect.get(name).removesuffix("%")) for name in ("x", "width"))
        for rect in tree.iter("rect")
    ]


def test_each_bar_of_the_waterfall_begins_where_the_one_before_ended():
    (x0, w0), (x1, w1), (x2, _) = bars(waterfall(SUMMARY))
    # The first gap is negative: drawn from human down to train, it ends on its left.
    assert x1 == pytest.approx(x0, abs=0.02)
    assert x2 == pytest.approx(x1 + w1, abs=0.02)
    assert w1 == pytest.approx(5 * w0, abs=0.05)  # 0.05 and 0.01


def test_a_split_that_was_not_opened_is_called_sealed():
    text = str(waterfall(SUMMARY))
    assert "sealed" in text
    assert "not known" not in text
    assert "not known" in str(
        waterfall({**SUMMARY, "human": None, "ledger": SUMMARY["ledger"][1:]})
    )


def test_the_comparison_draws_a_point_for_every_error_that_is_known():
    error = Measured(value=0.1, lo=0.05, hi=0.2, n=10, n_groups=10)
    members = {"one": {"train": error, "test": error}, "two": {"train": error, "test": None}}
    tree = ElementTree.fromstring(str(comparison(members, 0.02, "<title>")))
    assert len(list(tree.iter("circle"))) == 3


def test_curves_pass_over_the_epochs_without_a_measurement():
    rows = [{"epoch": 1.0, "dev_loss": 1.0}, {"epoch": 2.0}, {"epoch": 3.0, "dev_loss": 0.5}]
    drawn = str(curves(rows, "loss", ("train", "dev"), percent=False))
    (points,) = re.findall(r'points="([^"]*)"', drawn)
    assert len(points.split()) == 2


def test_too_many_residuals_are_thinned_evenly():
    n = 3 * MOST
    drawn = str(residuals(range(n), range(n), "r"))
    assert drawn.count("<circle") == MOST
