"""Steps remember what other candidates tried; the best sibling shows what can be reached."""

import pytest

from foursplit.diagnosis.recommendations.actions import ACTIONS, next_steps
from foursplit.diagnosis.recommendations.siblings import Sibling, remember, tried

BETTER, SAME, WORSE = (-0.05, -0.08, -0.02), (0.01, -0.03, 0.05), (0.05, 0.02, 0.08)


def sibling(changed, effect, key="other", error=0.1):
    change, lo, hi = effect
    return Sibling(key=key, changed=changed, dev_error=error, change=change, lo=lo, hi=hi)


def steps(*gaps, missing=()):
    return next_steps(gaps, missing, dict.fromkeys(gaps, 0.1))


DROPOUT = {"model_args.dropout": (0.0, 0.5)}
WIDER = {"model_args.hidden": ([32], [64])}
LONGER = {"fit.max_epochs": (10, 50)}


@pytest.mark.parametrize(
    ("changed", "trial"),
    [
        (DROPOUT, ("variance", "regularisation")),
        ({"model_args.dropout": (None, 0.5)}, ("variance", "regularisation")),
        ({"model_args.dropout": (0.5, 0.0)}, None),  # less is not more
        (WIDER, ("avoidable_bias", "a bigger model")),
        ({"model_args.hidden": ([64, 32], [64])}, None),
        ({"model_args.hidden": ([64, 32], [128, 16])}, None),
        ({"fit.max_epochs": (10, 50)}, ("avoidable_bias", "longer training")),
        ({**DROPOUT, **WIDER}, None),  # two changes show nothing of either
        ({"model": ("a", "b")}, None),
        ({}, None),
    ],
)
def test_a_trial_is_a_larger_value_of_one_kind_of_setting(changed, trial):
    assert tried(changed) == trial


@pytest.mark.parametrize("effect", [SAME, WORSE])
def test_what_did_not_help_is_crossed_off_with_its_measured_effect(effect):
    (step,) = remember(steps("variance"), [sibling(DROPOUT, effect)], has_level=True)
    assert step["action"].startswith("more training data (")
    assert f"{effect[0]:+.1%} ({effect[1]:+.1%} to {effect[2]:+.1%}) in other" in step["action"]


def test_what_helped_stays_and_says_so():
    (step,) = remember(steps("variance"), [sibling(DROPOUT, BETTER)], has_level=True)
    assert step["action"].startswith(ACTIONS["variance"].action)
    assert "-5.0%" in step["action"]


def test_a_step_whose_every_part_was_tried_comes_last():
    siblings = [sibling(WIDER, SAME), sibling(LONGER, WORSE, "longer")]
    one, two = remember(steps("avoidable_bias", "variance"), siblings, has_level=True)
    assert (one["link"], two["link"]) == ("variance", "avoidable_bias")
    assert (one["rank"], two["rank"]) == (1, 2)
    assert two["crossed_off"]
    (left,) = remember(steps("avoidable_bias"), siblings[:1], has_level=True)
    assert left["action"].startswith("longer training (a bigger model was tried")


def test_without_a_human_level_the_best_sibling_bounds_what_can_be_reached():
    found = remember(
        steps("variance", missing=("human_or_desired",)),
        [sibling({"model": ("a", "b")}, (-0.33, -0.38, -0.3), "multivariate", 0.018)],
        has_level=False,
    )
    assert found[0]["link"] == "sibling:multivariate"
    assert found[0]["gain"] == pytest.approx(0.33)
    assert "at least 30.0%" in found[0]["action"]
    assert [step["rank"] for step in found] == [1, 2, 3]


def test_a_sibling_that_is_equal_or_not_significantly_better_changes_nothing():
    before = steps("variance")
    for changed in ({}, {"model": ("a", "b")}):
        assert remember(before, [sibling(changed, (0.0, 0.0, 0.0))], has_level=False) == before
        assert remember(before, [sibling(changed, SAME)], has_level=False) == before


def longer_step(link="training"):
    step = next_steps(["avoidable_bias"], (), {"avoidable_bias": 0.1})[0]
    return {
        **step,
        "link": link,
        "action": "train longer: its loss still falls",
        "changes": "epochs",
    }


@pytest.mark.parametrize("link", ["training", "avoidable_bias"])
def test_longer_training_that_a_sibling_tried_in_vain_comes_last(link):
    found = remember(
        [longer_step(link), *steps("variance")], [sibling(LONGER, SAME)], has_level=True
    )
    assert [step["link"] for step in found] == ["variance", link]
    assert "+1.0% (-3.0% to +5.0%) in other" in found[1]["action"]


def test_longer_training_that_helped_a_sibling_stays_first_and_a_bigger_model_says_nothing_of_it():
    ranked = [longer_step(), *steps("variance")]
    helped = remember(ranked, [sibling(LONGER, BETTER)], has_level=True)
    assert helped[0]["link"] == "training"
    assert "-5.0%" in helped[0]["action"]
    other = remember(ranked, [sibling(WIDER, SAME)], has_level=True)
    assert other[0]["action"] == ranked[0]["action"]
