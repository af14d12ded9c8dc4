"""Checklists for decisions about data: yes, no, or what would tell."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.decomposition.ledger import Gap, fixed
from foursplit.diagnosis.planning import answers


def gap(value, lo=None, hi=None):
    return Gap(gap="test", value=value, lo=lo, hi=hi, replicates=None)


@pytest.mark.parametrize(
    ("made", "unique", "times"),
    [
        (1000, 1, 1000),  # hours of speech over one hour of noise
        (10_000, 1, 10_000),  # as the lecture has it
        (100_000, 20, 5000),  # pictures of 20 cars of a video game
    ],
)
def test_few_sources_behind_much_data_are_a_problem(made, unique, times):
    found = answers.synthesis({"source": (made, unique)}, gap(0.0, -0.01, 0.004), 0.1)
    assert (found.code, found.recommended, found.value) == ("ST061", False, times)
    assert "source" in found.why


def test_to_look_real_is_not_enough():
    # 1,000 pictures of fog for 100,000 photographs: a hundred uses each, and variety unknown.
    found = answers.synthesis({"fog": (100_000, 1000)}, None, 0.1)
    assert found.recommended is None
    assert found.missing == ("error with sources left out of the synthesis",)


def test_sources_left_out_decide():
    factors = {"noise": (1000, 100)}
    assert answers.synthesis(factors, gap(0.05, 0.02, 0.08), 0.1).code == "ST061"
    assert answers.synthesis(factors, gap(0.05, -0.02, 0.08), 0.1).recommended is True
    assert answers.synthesis(factors, gap(0.005), 0.1).recommended is True


def test_the_worst_factor_counts():
    found = answers.synthesis({"noise": (1000, 500), "room": (1000, 2)}, gap(0.0), 0.1)
    assert found.value == 500
    assert "room" in found.why
    assert "noise" not in found.why


def test_the_first_weight_makes_both_sets_weigh_alike():
    found = answers.start_weight(5000, 200_000)
    assert found.value == pytest.approx(1 / 40)
    assert found.value * 200_000 == pytest.approx(5000)


def test_more_target_data_needs_no_weight():
    found = answers.start_weight(200, 100)
    assert (found.recommended, found.value) == (False, 1.0)


def test_yellow_lights_may_start_from_red_and_green_ones():
    assert answers.transfer(100_000, 500, True, True).recommended is True


def test_sirens_may_not_start_from_pictures():
    found = answers.transfer(100_000, 500, False, False)
    assert found.recommended is False
    assert "same kind of input" in found.why


def test_transfer_needs_the_larger_source():
    assert answers.transfer(500, 100_000, True, True).recommended is False
    assert answers.transfer(5000, 500, True, True).recommended is True  # ten times just do


def test_what_nobody_knows_is_asked_for():
    assert len(answers.transfer(100_000, 500, None, None).missing) == 2


def signs(**other):
    facts = {
        "shared_input": True, "exclusive": False, "output": "sigmoid", "missing_masked": True,
        "big_enough": True,
    }  # fmt: skip
    tasks = {"pedestrian": 10_000, "car": 12_000, "stop sign": 9000, "light": 8000}
    return answers.multi_task(other.pop("tasks", tasks), **{**facts, **other})


def test_labels_with_gaps_are_usable_once_they_are_masked():
    # [0 ? 1 1 ?]
    assert signs().recommended is True
    assert signs(missing_masked=False).recommended is False


def test_a_softmax_over_labels_that_hold_together_is_wrong():
    found = signs(output="softmax")
    assert (found.code, found.recommended) == ("ST071", False)
    assert signs(output="softmax", exclusive=True).code == "ST070"
    assert signs(output="softmax", exclusive=None).recommended is None


def test_one_huge_task_drowns_a_small_one():
    assert signs(tasks={"a": 100_000, "b": 1000}).recommended is False
    # A hundred tasks of like size help each: the others have 99 times as much.
    assert signs(tasks={f"task {k}": 1000 for k in range(100)}).recommended is True


def test_house_prices_of_two_cities_are_inconsistent():
    # The same house costs more in New York than in Detroit: naming the city takes 8 points off.
    found = answers.consistent(gap(0.08, 0.06, 0.10), 0.2)
    assert (found.code, found.recommended) == ("ST064", False)
    assert answers.consistent(gap(0.0, -0.005, 0.005), 0.2).recommended is True
    assert answers.consistent(gap(0.0, -0.1, 0.1), 0.2).recommended is None
    assert answers.consistent(None, 0.2).missing


def test_scanned_documents_are_left_out_where_they_give_nothing():
    assert answers.use_source(gap(0.0, -0.005, 0.005), 0.1).recommended is False
    assert answers.use_source(gap(0.03, 0.01, 0.05), 0.1).recommended is True
    assert answers.use_source(gap(0.03, -0.01, 0.07), 0.1).recommended is None
    assert answers.use_source(None, 0.1).missing


def direct(found_gap, crossing=None, n_obtainable=None, **more):
    return answers.end_to_end(found_gap, 0.1, crossing=crossing, n_obtainable=n_obtainable, **more)


def test_one_network_for_a_traffic_light_needs_a_large_training_set():
    worse = gap(0.05, 0.03, 0.07)
    few = direct(worse, crossing=1_000_000, n_obtainable=50_000)
    many = direct(worse, crossing=1_000_000, n_obtainable=2_000_000)
    assert (few.recommended, many.recommended) == (False, True)


def test_one_network_that_is_no_worse_may_replace_the_pipeline():
    assert direct(gap(-0.01, -0.02, 0.002)).recommended is True
    assert direct(gap(-0.01, -0.2, 0.18)).recommended is None  # nothing is known yet


def test_what_would_decide_for_one_network_is_named():
    assert len(direct(None).missing) == 3
    sizes = {"light detector": 30_000}
    assert "light detector 30,000" in direct(None, component_sizes=sizes).why


def test_parts_at_human_level_and_a_whole_below_it_call_for_a_redesign():
    # Machine Learning Yearning, chapter 57: cars, pedestrians and planner are as good as people.
    parts = {
        "cars": (fixed(0.020), fixed(0.019)),
        "pedestrians": (fixed(0.030), fixed(0.030)),
        "planner": (fixed(0.010), fixed(0.012)),
    }
    found = answers.flawed_pipeline(parts, (fixed(0.20), fixed(0.05)))
    assert (found.code, found.recommended) == ("ST052", True)


def test_a_part_below_human_level_comes_first():
    parts = {"cars": (fixed(0.10), fixed(0.02)), "planner": (fixed(0.01), fixed(0.01))}
    found = answers.flawed_pipeline(parts, (fixed(0.20), fixed(0.05)))
    assert found.recommended is False
    assert "cars" in found.why


def test_a_system_at_human_level_has_no_flaw():
    parts = {"cars": (fixed(0.02), fixed(0.02))}
    assert answers.flawed_pipeline(parts, (fixed(0.05), fixed(0.05))).recommended is False


def test_a_part_without_a_human_level_must_be_measured():
    found = answers.flawed_pipeline({"cars": (fixed(0.02), None)}, (fixed(0.2), fixed(0.05)))
    assert found.missing == ("human error of cars",)


def test_impossible_numbers_are_refused():
    with pytest.raises(FoursplitError, match="noise"):
        answers.synthesis({"noise": (10, 0)}, None, 0.1)
    with pytest.raises(FoursplitError, match="both need one or more"):
        answers.start_weight(0, 10)
    with pytest.raises(FoursplitError, match="two or more"):
        signs(tasks={"a": 10})


def test_every_answer_can_be_written():
    for answer in (signs(), answers.start_weight(5000, 200_000), direct(None)):
        assert json.loads(json.dumps(answer.as_json()))["why"].endswith(".")


COUNT = st.integers(1, 10**7)


@given(COUNT, COUNT, st.integers(1, 100))
def test_more_source_data_never_speaks_against_a_transfer(n_source, n_target, times):
    less, more = (answers.transfer(n, n_target, True, True) for n in (n_source, n_source * times))
    assert more.recommended or not less.recommended


@given(COUNT, COUNT)
def test_at_the_start_both_sets_weigh_alike_or_each_example_does(n_target, n_source):
    found = answers.start_weight(n_target, n_source)
    assert found.value * n_source == pytest.approx(min(n_target, n_source))
    assert found.recommended == (n_target < n_source)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_source_is_added_for_what_it_gives_and_pooled_where_it_changes_nothing(value, less, more):
    found = gap(value, value - less, value + more)
    limit = max(0.005, 0.02)  # a tenth of 20 %
    used = answers.use_source(found, 0.2).recommended
    pooled = answers.consistent(found, 0.2).recommended
    if value > limit + 1e-6 and value - less > 0:
        assert (used, pooled) == (True, False)
    elif value + more < limit - 1e-6:
        assert (used, pooled) == (False, True)
    elif value + more > limit + 1e-6:
        assert (used, pooled) == (None, None)


@given(COUNT, COUNT, st.integers(1, 10))
def test_more_pairs_never_speak_against_one_network(crossing, n, times):
    worse = gap(0.05, 0.03, 0.07)
    few, many = (direct(worse, crossing=crossing, n_obtainable=m) for m in (n, n * times))
    assert many.recommended or not few.recommended
    assert few.recommended == (crossing <= n)


@given(st.lists(st.booleans(), min_size=1, max_size=4), st.booleans())
def test_a_pipeline_is_redesigned_where_the_whole_alone_is_behind(behind, whole):
    parts = {str(k): (fixed(0.2 if weak else 0.1), fixed(0.1)) for k, weak in enumerate(behind)}
    found = answers.flawed_pipeline(parts, (fixed(0.4 if whole else 0.1), fixed(0.1)))
    assert found.recommended is (whole and not any(behind))
