"""A classifier tells two tables apart where they differ, and says so at any size."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.with_sklearn import feature_shifts
from foursplit.diagnosis.with_sklearn.domain_classifier import domain_scores, weighted_auc
from foursplit.diagnosis.with_sklearn.drift import Sampling, detect_drift

QUICK = Sampling(n_resamples=200, permutations=200)


def table(rng, n, split="dev", shift=0.0, night=0.3, **more):
    frame = {
        "example_id": [f"{split}{k}" for k in range(n)],
        "loss": (rng.random(n) < 0.2).astype(float),
        "meta.light": rng.normal(shift, 1, n),
        "meta.size": rng.normal(0, 1, n),
        "meta.hour": np.where(rng.random(n) < night, "night", "day"),
    }
    return validate(pd.DataFrame({**frame, **more}), split)


@pytest.mark.parametrize("n", [400, 3000])
def test_a_planted_shift_is_found_at_either_size(rng, n):
    found = detect_drift(table(rng, n, "train_dev"), table(rng, n, shift=1.5), rng, sampling=QUICK)
    # Two normals 1.5 apart: no rule ranks better than the value itself.
    assert 0.78 < found.auc < stats.norm.cdf(1.5 / np.sqrt(2)) + 0.03
    assert found.alike is False
    assert found.p_value < 0.01
    assert found.shifts[0].column == "meta.light"
    assert found.shifts[0].q_value < 0.05


@pytest.mark.parametrize("n", [400, 3000])
def test_equal_distributions_are_alike_at_either_size(rng, n):
    found = detect_drift(table(rng, n, "train_dev"), table(rng, n), rng, sampling=QUICK)
    assert found.alike is True
    assert found.lo < 0.55
    assert abs(found.auc - 0.5) < 0.05


def test_a_shift_too_small_to_matter_is_no_drift_however_sure_it_is(rng):
    found = detect_drift(
        table(rng, 4000, "train_dev"), table(rng, 4000, shift=0.15), rng, sampling=QUICK
    )
    assert min(shift.p_value for shift in found.shifts) < 0.01  # surely not equal
    assert found.alike is True


@pytest.mark.parametrize("n", [25, 100])
def test_few_examples_do_not_pass_for_alike(rng, n):
    assert (
        detect_drift(table(rng, n, "train_dev"), table(rng, n), rng, sampling=QUICK).alike is None
    )


def test_a_moved_category_is_found(rng):
    found = detect_drift(
        table(rng, 600, "train_dev"), table(rng, 600, night=0.9), rng, sampling=QUICK
    )
    assert found.alike is False
    assert (found.shifts[0].column, found.shifts[0].kind) == ("meta.hour", "total variation")
    assert found.shifts[0].statistic == pytest.approx(0.6, abs=0.06)


def test_a_table_with_one_column_is_enough(rng):
    found = detect_drift(
        table(rng, 300, "train_dev"), table(rng, 300, shift=2.0), rng, ["meta.light"], QUICK
    )
    assert found.alike is False


def test_without_columns_or_groups_it_says_what_to_give(rng):
    bare = validate(pd.DataFrame({"example_id": ["a", "b"], "loss": [0.0, 1.0]}), "dev")
    assert "meta.*" in detect_drift(bare, bare, rng).insufficient
    few = table(rng, 400, group_id=np.repeat(np.arange(4), 100).astype(str))
    found = detect_drift(table(rng, 400, "train_dev"), few, rng)
    assert found.alike is None
    assert "groups" in found.insufficient


def test_a_group_is_no_evidence_of_drift_by_itself(rng):
    # 40 speakers a table, each with a voice of their own: rows split at random would learn voices.
    def speakers(split):
        voice = np.repeat(rng.normal(size=40), 20)
        groups = np.repeat([f"{split}{k}" for k in range(40)], 20)
        return table(rng, 800, split, group_id=groups, **{"meta.voice": voice})

    first, second = speakers("train_dev"), speakers("dev")
    honest = detect_drift(first, second, rng, ["meta.voice"], QUICK)
    bare = [validate(t.frame.drop(columns="group_id"), t.split) for t in (first, second)]
    naive = detect_drift(*bare, rng, ["meta.voice"], QUICK)
    assert naive.alike is False
    assert honest.alike is not False


def test_probabilities_of_examples_that_were_trained_on_are_no_drift(rng):
    sure, unsure = {"proba_0": np.full(300, 0.999)}, {"proba_0": rng.uniform(0.5, 1, 300)}
    found = detect_drift(
        table(rng, 300, "train", **sure), table(rng, 300, **unsure), rng, sampling=QUICK
    )
    assert found.alike is not False
    found = detect_drift(
        table(rng, 300, "train_dev", **sure), table(rng, 300, **unsure), rng, sampling=QUICK
    )
    assert found.alike is False


def test_the_order_of_rows_changes_nothing(rng):
    first, second = table(rng, 300, "train_dev"), table(rng, 300, shift=0.7)
    mixed = second.take(rng.permutation(300))
    one, other = (
        detect_drift(first, t, np.random.default_rng(3), sampling=QUICK) for t in (second, mixed)
    )
    assert one.as_json() == other.as_json()


def test_missing_values_and_strange_types_are_survived(rng):
    def with_holes(split):
        holes = np.where(rng.random(200) < 0.3, np.nan, rng.normal(size=200))
        words = np.where(rng.random(200) < 0.3, None, "x")
        more = {"meta.holes": holes, "meta.words": words, "meta.flag": rng.random(200) < 0.5}
        return table(rng, 200, split, **{"meta.empty": np.full(200, np.nan), **more})

    found = detect_drift(with_holes("train_dev"), with_holes("dev"), rng, sampling=QUICK)
    assert len(found.shifts) == 7
    assert all(0 <= shift.statistic <= 1 for shift in found.shifts)


def test_the_weighted_auc_is_that_of_scikit_learn_and_of_the_rank_test(rng):
    score, side = rng.integers(0, 5, 60), np.repeat([0, 1], 30)
    u = stats.mannwhitneyu(score[30:], score[:30]).statistic
    assert weighted_auc(score, side, np.ones(60)) == pytest.approx(u / 900)
    weight = rng.integers(0, 3, 60).astype(float)
    expected = roc_auc_score(side, score, sample_weight=weight)
    assert weighted_auc(score, side, weight) == pytest.approx(expected)


def test_no_group_is_scored_by_a_classifier_that_was_trained_on_it(rng):
    # Labels are pure noise within groups of two equal rows, one in each table.
    x = np.repeat(rng.permutation(200), 2).astype(float)
    frame = pd.DataFrame({"meta.x": x})
    side, group = np.tile([0, 1], 200), np.repeat(np.arange(200), 2)
    score = domain_scores(frame, side, group, rng)
    assert roc_auc_score(side, score) == pytest.approx(0.5)  # equal rows have equal scores


def test_q_values_are_those_of_benjamini_and_hochberg(rng):
    found = detect_drift(
        table(rng, 200, "train_dev"), table(rng, 200, shift=0.2), rng, sampling=QUICK
    )
    other = multipletests([shift.p_value for shift in found.shifts], method="fdr_bh")[1]
    assert [shift.q_value for shift in found.shifts] == pytest.approx(list(other))


def test_p_values_are_even_where_nothing_moved():
    # 200 pairs of equal tables; share of p below 0.2 by a 99.9 % binomial band.
    rng = np.random.default_rng(7)
    low = 0
    for _ in range(200):
        frame = pd.DataFrame({"meta.x": rng.normal(size=60)})
        side, unit = np.repeat([0, 1], 30), np.arange(60)
        member = feature_shifts.permuted_membership(side, unit, rng, 99)
        low += feature_shifts.feature_shifts(frame, unit, member)[0].p_value <= 0.2
    lo, hi = stats.binom(200, 0.2).interval(0.999)
    assert lo <= low <= hi
