"""The ladder cases that the courses and the book decide, and the one they call undecidable."""

import json
from pathlib import Path

import pytest

from foursplit.diagnosis.decomposition import ledger, verdict
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds

CASES = json.loads((Path(__file__).parent.parent / "diagnosis_cases.json").read_text())
KEYS = {"human": "h", "train": "t", "train_dev": "td", "dev": "d", "test": "e"}


def judged(case, rule=VerdictThresholds()):  # noqa: B008, frozen
    errors = {
        name: ledger.fixed(case[key] / 100)  # the cases are in percent
        for name, key in KEYS.items()
        if case.get(key) is not None
    }
    found = ledger.gaps(errors, 0.95, same_distribution=case.get("same_distribution", False))
    return verdict.decide_verdict(errors, found, rule)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_rule_agrees_with_the_source(case):
    found = judged(case)
    if "primary" in case:
        assert list(found.primary) == case["primary"]
    if "largest" in case:
        assert found.largest == case["largest"]
    if "insufficient" in case:
        assert case["insufficient"] in found.insufficient
    assert found.surpasses_human == case.get("surpasses", False)


def test_without_train_dev_the_gap_is_not_given_a_name():
    # 1 % on train, 10 % on dev, and nobody knows whether the two are alike.
    found = judged({"h": 0, "t": 1, "d": 10})
    assert found.primary == ("variance_or_mismatch",)
    assert "variance_or_mismatch" in found.insufficient


def test_small_errors_are_ranked_as_in_the_lecture_once_the_floors_are_lowered():
    # Human 0.5, train 0.7, dev 0.8: the lecture names bias first.
    rule = VerdictThresholds(min_gap=0.0005, min_gap_fraction=0.0)
    found = judged({"h": 0.5, "t": 0.7, "d": 0.8, "same_distribution": True}, rule)
    assert found.primary[0] == "avoidable_bias"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_case_gets_a_sentence(case):
    assert judged(case).sentence.endswith(".")
