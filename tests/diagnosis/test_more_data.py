"""A learning curve corrects the step "get more data"."""

from dataclasses import replace

import numpy as np
import pytest

from foursplit.diagnosis.learning_curve.fit import CurvePoint, curve_verdict, fit_curve
from foursplit.diagnosis.learning_curve.more_data import correct_steps, more_data_step
from foursplit.diagnosis.recommendations.actions import ACTIONS, next_steps

SIZES = (1000, 2000, 4000, 6000, 10_000)


def verdict(a, b, c, *, train, target):
    points = [CurvePoint(n, (a + b * n**-c,) * 3) for n in SIZES]
    return curve_verdict(fit_curve(points, np.random.default_rng(1), n_resamples=50), train, target)


REACHES = verdict(0.02, 3.0, 0.5, train=0.01, target=0.03)
FLAT = verdict(0.08, 3.0, 0.9, train=0.01, target=0.03)
BIAS = verdict(0.19, 3.0, 0.9, train=0.18, target=0.02)
PARTIAL = verdict(0.0, 3.0, 0.3, train=0.04, target=0.02)
MET = verdict(0.02, 1.0, 0.5, train=0.01, target=0.04)
FALLS = verdict(0.02, 3.0, 0.5, train=0.01, target=None)
STANDS = verdict(0.08, 3.0, 0.9, train=0.01, target=None)


@pytest.mark.parametrize(
    ("found", "reading", "words"),
    [
        (REACHES, "reaches", "more training data: about 90,000 examples in all"),
        (FLAT, "out_of_reach", "more data cannot reach the target"),
        (BIAS, "bias", "fit train better: more data cannot help"),
        (PARTIAL, "partial", "cannot suffice; fit train better"),
        (FALLS, "no_target", "more training data (10 times as much: 5.0% to 2.9%)"),
        (STANDS, "no_target", "regularisation, not more data"),
    ],
)
def test_each_reading_has_its_step(found, reading, words):
    assert found.reading == reading
    step = more_data_step(found)
    assert words.replace("90,000", f"{found.n_for_target or 0:,}") in step.action
    assert step.link == "variance"


def test_a_step_that_gets_data_gains_what_ten_times_as_much_takes_off():
    # 0.02 + 3 / sqrt(n): 5 % at 10,000, 2.95 % at 100,000.
    assert more_data_step(REACHES).gain == pytest.approx(0.0205, abs=2e-4)
    assert more_data_step(FLAT).gain is None
    assert more_data_step(BIAS).gain is None


def test_nothing_follows_from_a_target_that_is_met():
    assert more_data_step(MET) is None


def steps():
    gaps = {"variance": 0.06, "mismatch": 0.04}
    return next_steps(["variance", "mismatch"], ["human_or_desired"], gaps)


def test_the_curve_changes_the_words_for_variance_and_nothing_else():
    before, after = steps(), correct_steps(steps(), FLAT)
    assert [step["rank"] for step in after] == [1, 2, 3]
    assert after[0]["action"] == more_data_step(FLAT).action
    assert (after[0]["gain"], after[0]["link"]) == (0.06, "variance")
    assert after[0]["evidence"] == "learning_curve"
    assert after[1:] == before[1:]
    assert steps() == before  # what was given is left alone


def test_a_step_for_data_like_devs_is_no_matter_of_the_curve():
    like_dev = replace(ACTIONS["variance"], changes="target_data")
    gaps = {"variance": 0.06, "mismatch": 0.04}
    ranked = next_steps([*gaps], [], gaps, actions={**ACTIONS, "variance": like_dev})
    assert correct_steps(ranked, FLAT) == ranked


def test_no_step_for_variance_is_made_where_none_was_ranked():
    only = next_steps(["mismatch"], [], {"mismatch": 0.04})
    assert correct_steps(only, FLAT) == only
    assert correct_steps(steps(), MET) == steps()
