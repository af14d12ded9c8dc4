"""Worked examples of the ladder, on tables built to their counts and diagnosed as anybody's.

MLY is Ng (2018), Machine Learning Yearning; C3 is DLS course 3.
"""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings

N = 20_000
KEYS = {"train": "t", "train_dev": "td", "dev": "d", "test": "e"}
ALIKE = {"same_distribution": True}
BIAS, VARIANCE, MISMATCH = "avoidable_bias", "variance", "mismatch"


def table(split, percent, n=N, **columns):
    """Give n examples of which so many per cent are wrong."""
    wrong = (np.arange(n) < round(n * percent / 100)).astype(float)
    names = np.char.add(f"{split}-", np.arange(n).astype(str))
    return prediction_table.validate(
        pd.DataFrame({"example_id": names, "loss": wrong, **columns}), split
    )


def told(case, n=N, **settings):
    """Diagnose tables with these errors; `h` is people's, in percent as in the sources."""
    model = Model(tables={s: table(s, case[k], n) for s, k in KEYS.items() if k in case})
    human = {"human_error": case["h"] / 100} if "h" in case else {}
    return diagnose_as_json([model], Settings(**human, **settings))


LADDER = {
    "A1 C3 W1 avoidable bias": ({"h": 1, "t": 8, "d": 10}, [BIAS]),
    "A2 C3 W1 blurred images": ({"h": 7.5, "t": 8, "d": 10}, [VARIANCE]),
    "A3 C3 W2": ({"h": 0, "t": 1, "td": 9, "d": 10}, [VARIANCE]),
    "A4 C3 W2, MLY 40": ({"h": 0, "t": 1, "td": 1.5, "d": 10}, [MISMATCH]),
    "A6 C3 W2, MLY 41": ({"h": 0, "t": 10, "td": 11, "d": 20}, [BIAS, MISMATCH]),
    "A7 MLY 41": ({"h": 0, "t": 1, "td": 5, "d": 5}, [VARIANCE]),
    "A8 MLY 21": ({"h": 0, "t": 1, "d": 11}, [VARIANCE]),
    "A10 MLY 21": ({"h": 0, "t": 15, "d": 30}, [BIAS, VARIANCE]),
    "A11 MLY 21": ({"h": 0, "t": 0.5, "d": 1}, []),
    "A13 MLY 22": ({"h": 14, "t": 15, "d": 16}, []),
    "A21 C3 W1 quiz": ({"h": 0.1, "t": 2.0, "d": 2.1}, [BIAS]),
    "A26 Machine Learning Specialization": ({"h": 10.6, "t": 10.8, "d": 14.8}, [VARIANCE]),
}


@pytest.mark.parametrize("name", LADDER)
def test_a_table_built_to_the_counts_gets_the_verdict_of_the_source(name):
    case, primary = LADDER[name]
    found = told(case, same_distribution="td" not in case)
    assert set(found["verdict"]["primary"]) == set(primary)
    assert found["verdict"]["insufficient"] == []
    # The first steps are those of the gaps, largest first.
    values = {row["gap"]: row["value"] for row in found["ledger"]}
    wanted = sorted(primary, key=lambda gap: -values[gap])
    assert [step["link"] for step in found["next"]][: len(primary)] == wanted


def test_a14_mly_20_bias_by_a_desired_error_is_not_mended_by_data():
    found = told({"t": 15, "d": 16}, desired_error=0.05, **ALIKE)
    assert found["verdict"]["primary"] == [BIAS]
    assert found["human"]["where"] == "desired"
    assert "data" not in found["next"][0]["action"]


@pytest.mark.parametrize(
    ("case", "first"),
    [
        pytest.param({"h": 0.5, "t": 0.7, "d": 0.8}, BIAS, id="A17 C3 W1, team"),
        pytest.param({"h": 0.7, "t": 0.7, "d": 0.8}, VARIANCE, id="A17b C3 W1, one doctor"),
        pytest.param({"h": 0.5, "t": 0.6, "d": 0.8}, VARIANCE, id="A18 C3 W1 surpassing"),
    ],
)
def test_small_errors_are_ranked_as_in_the_lecture_once_the_floors_are_lowered(case, first):
    low = told(
        case, n=200_000, rule=VerdictThresholds(min_gap=0.0005, min_gap_fraction=0.0), **ALIKE
    )
    assert low["verdict"]["primary"][0] == first
    usual = told(case, **ALIKE)
    assert usual["verdict"]["primary"] == []
    assert usual["verdict"]["largest"] == first
    assert "bias (" not in usual["verdict"]["sentence"]  # a gap that is not significant


@pytest.mark.parametrize(
    "case",
    [
        pytest.param({"h": 0.5, "t": 0.3, "d": 0.4}, id="A19 C3 W1 surpassing"),
        pytest.param({"h": 0.1, "t": 0.05, "d": 0.05}, id="A23 C3 W1 quiz"),
    ],
)
def test_beyond_human_level_bias_is_not_told_and_people_are_asked_where_they_win(case):
    found = told(case, n=100_000, **ALIKE)
    assert found["verdict"]["surpasses_human"]
    assert found["verdict"]["primary"] == []
    assert "ST009" in [finding["code"] for finding in found["findings"]]
    assert found["next"][0]["action"].startswith("find examples on which people are still right")


def test_a23_c3_w1_quiz_a_small_test_cannot_say_that_people_were_passed():
    assert not told({"h": 0.1, "t": 0.05, "d": 0.05}, n=2000, **ALIKE)["verdict"]["surpasses_human"]


def test_a20_c3_w1_quiz_without_a_human_level_the_evidence_is_insufficient():
    found = told({"t": 4.0, "d": 4.5}, **ALIKE)
    assert "human_or_desired" in found["verdict"]["insufficient"]
    assert found["next"][-1]["action"].startswith("measure a human level")


def test_a29_c3_w2_without_train_dev_it_asks_for_one():
    found = told({"h": 0, "t": 1, "d": 10})
    assert found["verdict"]["primary"] == ["variance_or_mismatch"]
    assert found["next"][0]["action"].startswith("hold out a train-dev set")
    assert not {VARIANCE, MISMATCH} & {row["gap"] for row in found["ledger"]}


def test_a30_mly_33_a_system_at_ten_per_cent_where_people_reach_two_has_eight_to_gain():
    found = told({"h": 2, "t": 10})
    assert found["verdict"]["primary"] == [BIAS]
    assert found["next"][0]["gain"] == pytest.approx(0.08)


def test_a31_mly_35_people_passed_on_the_whole_still_lead_on_fast_speech():
    # 8 % by the model and 10 % by people; of the tenth that is spoken fast 34 and 17 %.
    parts = [("fast", 2000, 0.34, 0.17), ("usual", 18_000, 0.0511, 0.0922)]
    model = np.concatenate([np.arange(n) < error * n for _, n, error, _ in parts])
    people = np.concatenate([np.arange(n) >= (1 - error) * n for _, n, _, error in parts])
    said = np.repeat([name for name, *_ in parts], [n for _, n, *_ in parts])
    frame = pd.DataFrame({"loss": model * 1.0, "human_loss": people * 1.0, "meta.speech": said})
    frame["example_id"] = frame.index.astype(str)
    found = diagnose_as_json(
        [Model(tables={"dev": prediction_table.validate(frame, "dev")})], Settings()
    )
    assert found["splits"]["dev"]["value"] == pytest.approx(0.08, abs=0.001)
    assert found["human"]["levels"][0]["value"] == pytest.approx(0.10, abs=0.001)
    assert found["verdict"]["surpasses_human"]
    (subset,) = found["human_advantage"]["subsets"]
    assert (subset["where"], subset["sure"]) == ("speech = fast", True)
    assert (subset["model"], subset["human"]) == (pytest.approx(0.34), pytest.approx(0.17))
    step = next(s for s in found["next"] if s["link"] == "people:speech = fast")
    assert step["gain"] == pytest.approx(0.017)  # 17 points of a tenth


@pytest.mark.parametrize(
    ("dev", "test", "n", "overfit"),
    [
        pytest.param(14.3, 14.8, 20_000, False, id="C3 W1 quiz: half a point within the noise"),
        pytest.param(2.1, 7.0, 250_000, True, id="C3 W1 quiz: five points on a quarter million"),
    ],
)
def test_dev_is_overfitted_where_test_is_worse_beyond_the_noise(dev, test, n, overfit):
    found = told({"t": dev, "td": dev, "d": dev, "e": test, "h": dev}, n=n)
    assert ("dev_overfit" in found["verdict"]["primary"]) is overfit
    row = next(row for row in found["ledger"] if row["gap"] == "dev_overfit")
    half = 1.96 * np.sqrt(sum(p / 100 * (1 - p / 100) / n for p in (dev, test)))
    assert row["hi"] - row["lo"] == pytest.approx(2 * half, rel=0.06)
