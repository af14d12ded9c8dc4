"""Worked examples of parts, search and data decisions, by tables and files of questions.

MLY is Ng (2018), Machine Learning Yearning; C3 is DLS course 3; ML 2011 his first online course.
"""

import numpy as np
import pandas as pd
import pytest

from foursplit.cli.commands.advise import answer_questions
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings


def dev(n, wrong, **columns):
    """Give n dev examples of which the first are wrong; names take __ for a dot and _and_ for +."""
    frame = {"example_id": [f"d{k}" for k in range(n)], "loss": (np.arange(n) < wrong) * 1.0}
    named = {k.replace("__", ".").replace("_and_", "+"): v for k, v in columns.items()}
    return prediction_table.validate(pd.DataFrame({**frame, **named}), "dev")


def told(table, **settings):
    return diagnose_as_json([Model(tables={"dev": table})], Settings(**settings))


def asked(name, **block):
    return answer_questions({"dev_error": 0.1, name: block}, "q.yaml")[name]


def first(n, wrong):
    return (np.arange(n) < wrong) * 1.0


def test_h1_mly_53_ninety_of_a_hundred_cat_errors_are_the_detectors():
    # A perfect box mends 90; what it does not mend is the breed classifier's.
    mended = np.where(np.arange(1000) < 90, 0.0, first(1000, 100))
    found = told(dev(1000, 100, oracle__detector=mended, oracle__detector_and_breed=np.zeros(1000)))
    assert found["ceilings"]["attribution"]["counts"] == {"detector": 90, "breed": 10}
    steps = [s["link"] for s in found["next"] if s["link"].startswith("component:")]
    assert steps == ["component:detector", "component:breed"]


def test_h1_mly_55_an_error_that_two_parts_could_mend_is_the_earliers():
    found = told(dev(10, 1, oracle__detector=np.zeros(10), oracle__breed=np.zeros(10)))
    assert found["ceilings"]["attribution"]["counts"] == {"detector": 1, "breed": 0}


def test_h2_mly_44_a_better_beam_would_mend_five_per_cent_of_the_errors():
    truth = np.full(1000, np.nan)
    truth[:100] = np.where(np.arange(100) < 5, -1.0, -3.0)
    output = np.where(np.isnan(truth), np.nan, -2.0)
    found = told(dev(1000, 100, score_y=truth, score_y_hat=output))
    assert found["search"]["share"]["value"] == 0.05
    assert found["search"]["gain_of_first"] == pytest.approx(0.005)
    assert found["search"]["work_on"] == "objective"


@pytest.mark.parametrize(
    ("truth", "output", "kind"),
    [
        pytest.param(-10.0, -12.0, "search", id="H2 MLY 44: the truth scores higher"),
        pytest.param(-12.0, -10.0, "objective", id="H2 MLY 44: the output scores higher"),
    ],
)
def test_i_love_machine_learning_heard_as_i_love_robots(truth, output, kind):
    # One sentence shows its own cause; thirty alike make it a verdict.
    scores = [np.r_[np.full(30, s), np.full(70, np.nan)] for s in (truth, output)]
    found = told(dev(100, 30, score_y=scores[0], score_y_hat=scores[1]))
    assert found["search"]["work_on"] == kind


@pytest.mark.parametrize(
    ("human", "learnt", "work_on"),
    [
        pytest.param(-20.0, -1000.0, "search", id="H3 MLY 46: people earn more, no crash"),
        pytest.param(-90.0, -20.0, "objective", id="H3 MLY 46: the worse flight earns more"),
    ],
)
def test_a_helicopter_is_limited_by_its_algorithm_or_by_its_reward(human, learnt, work_on):
    # Each row is a flight; people fly better in 30 of 100, and the reward is the score.
    columns = {"score_y": human, "score_y_hat": learnt}
    found = told(
        dev(100, 30, **{n: np.r_[np.full(30, s), np.full(70, np.nan)] for n, s in columns.items()})
    )
    assert found["search"]["work_on"] == work_on


FACE = ("background", "face", "eyes", "nose", "mouth", "logistic")


def test_h5_ml_2011_the_face_pipeline_is_worth_a_better_face_detector():
    # Right 85, then 85.1, 91, 95, 96, 97 and 100 % as one part after the other is perfect.
    wrong = (149, 90, 50, 40, 30, 0)
    columns = {
        f"oracle__{'_and_'.join(FACE[: k + 1])}": first(1000, w) for k, w in enumerate(wrong)
    }
    found = told(dev(1000, 150, **columns))
    gains = {p["component"]: p["cumulative"]["value"] for p in found["ceilings"]["parts"]}
    wanted = dict(zip(FACE, (0.001, 0.059, 0.04, 0.01, 0.01, 0.03), strict=True))
    assert gains == pytest.approx(wanted)
    steps = [s["link"] for s in found["next"] if s["link"].startswith("component:")]
    assert steps == ["component:face", "component:eyes", "component:logistic"]
    assert found["ceilings"]["parts"][0]["cumulative"]["hi"] < 0.005  # no 18 months on that


def test_h6_mly_57_parts_at_human_level_and_a_car_that_is_not_call_for_another_pipeline():
    at = {"cars": 0.02, "pedestrians": 0.03, "planner": 0.01}
    parts = {name: {"error": error, "human": error} for name, error in at.items()}
    system = {"error": 0.2, "human": 0.05}
    found = asked("flawed_pipeline", parts=parts, system=system)
    assert (found["answer"], found["code"]) == ("yes", "ST052")
    parts["planner"]["error"] = 0.09
    found = asked("flawed_pipeline", parts=parts, system=system)
    assert found["answer"] == "no"
    assert "planner" in found["why"]


@pytest.mark.parametrize(
    ("pairs", "answer"),
    [
        pytest.param(50_000, "no", id="H7 C3 W2 quiz Q14: few pairs"),
        pytest.param(2_000_000, "yes", id="H7 C3 W2 quiz Q15: a large training set"),
        pytest.param(None, "measure first", id="H7: nobody knows how many there can be"),
    ],
)
def test_a_traffic_light_is_read_in_one_step_given_pairs_enough(pairs, answer):
    worse = {"value": 0.05, "lo": 0.03, "hi": 0.07}
    found = asked("end_to_end", direct_less_pipeline=worse, crossing=1_000_000, n_obtainable=pairs)
    assert found["answer"] == answer


@pytest.mark.parametrize(
    ("same", "shared", "answer"),
    [
        pytest.param(True, True, "yes", id="H8 C3 W2 quiz Q12: yellow from red and green lights"),
        pytest.param(False, False, "no", id="H8 C3 W2 quiz Q13: sirens"),
    ],
)
def test_a_net_for_lights_lends_itself_to_lights(same, shared, answer):
    sizes = {"n_source": 100_000, "n_target": 500}
    assert asked("transfer", same_input=same, shared_features=shared, **sizes)["answer"] == answer


ROAD = {"n_per_task": {"sign": 9000, "pedestrian": 10_000, "car": 12_000, "light": 8000},
        "shared_input": True, "exclusive": False, "big_enough": True}  # fmt: skip


@pytest.mark.parametrize(
    ("output", "masked", "answer", "code"),
    [
        pytest.param("sigmoid", True, "yes", "ST070", id="H8 C3 W2 quiz Q4: [0 ? 1 1 ?]"),
        pytest.param("sigmoid", False, "no", "ST070", id="H8 C3 W2 quiz Q4: ? taken for 0"),
        pytest.param("softmax", True, "no", "ST071", id="H8 C3 W2 quiz Q2: softmax"),
    ],
)
def test_labels_with_gaps_serve_several_tasks_at_once(output, masked, answer, code):
    found = asked("multi_task", output=output, missing_masked=masked, **ROAD)
    assert (found["answer"], found["code"]) == (answer, code)


def test_h9_mly_38_house_prices_of_new_york_say_little_of_those_in_detroit():
    found = asked("consistent", gain_of_feature={"value": 0.08, "lo": 0.06, "hi": 0.10})
    assert (found["answer"], found["code"]) == ("no", "ST064")
    assert "drop the source" in found["why"]


def test_h9_mly_37_scanned_documents_that_help_no_cats_are_left_out():
    found = asked("use_source", gain={"value": 0.0, "lo": -0.005, "hi": 0.005})
    assert found["answer"] == "no"
    assert "leave it out" in found["why"]
