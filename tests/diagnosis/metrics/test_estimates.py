"""Intervals of metrics hold the truth as often as they say, and pairs share their samples."""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.baseline import constant_frame
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.compare import compare_metric
from foursplit.diagnosis.metrics.estimate import estimate_metric
from foursplit.diagnosis.metrics.metric import METRICS, MetricArgs
from foursplit.diagnosis.metrics.threshold import choose_threshold
from foursplit.diagnosis.prediction_table import validate
from foursplit.diagnosis.stats.bootstrap import Sampling

SAMPLING = Sampling(n_resamples=300)
SHIFT = 1.5  # of the positives' scores: AUC is Phi(1.5 / sqrt(2))
TRUE_AUC = 0.855578


def scored(rng, n=150, share=0.2, shift=SHIFT):
    """Draw answers of a model whose scores are normal, with positives `shift` higher."""
    y = (rng.random(n) < share).astype(int)
    y[:2] = 0, 1
    p = 1 / (1 + np.exp(-(rng.normal(size=n) + shift * y - shift)))
    return Answers(
        y=y,
        y_hat=(p > 0.5).astype(int),
        weight=np.ones(n),
        classes=("no", "yes"),
        scores=np.stack([1 - p, p], axis=1),
    )


def estimate(name, answers, groups=None, seed=1, sampling=SAMPLING):
    groups = np.arange(len(answers)) if groups is None else groups
    return estimate_metric(
        METRICS[name], MetricArgs(), [answers], groups, np.random.default_rng(seed), sampling
    )


def test_intervals_of_the_auc_hold_the_truth_nine_times_in_ten_and_more():
    rng = np.random.default_rng(0)
    found = [estimate("roc_auc", scored(rng)) for _ in range(150)]
    covered = np.mean([e.lo <= TRUE_AUC <= e.hi for e in found])
    assert 0.90 <= covered <= 0.99


def test_examples_of_a_group_are_drawn_together():
    answers = scored(np.random.default_rng(0), 40)
    rows = np.repeat(np.arange(40), 10)  # each example ten times says nothing more
    copies = Answers(
        y=answers.y[rows],
        y_hat=answers.y_hat[rows],
        weight=np.ones(400),
        classes=answers.classes,
        scores=answers.scores[rows],
    )
    one, grouped = estimate("f1", answers), estimate("f1", copies, rows)
    naive = estimate("f1", copies)
    assert grouped.hi - grouped.lo == pytest.approx(one.hi - one.lo, rel=0.05)
    assert naive.hi - naive.lo < 0.5 * (one.hi - one.lo)


def test_a_perfect_ranking_of_few_examples_is_no_certainty():
    p = np.linspace(0.01, 0.99, 30)
    answers = Answers(
        y=(p > 0.5).astype(int),
        y_hat=(p > 0.5).astype(int),
        weight=np.ones(30),
        classes=("no", "yes"),
        scores=np.stack([1 - p, p], axis=1),
    )
    found = estimate("roc_auc", answers)
    assert found.value == found.hi == 1.0
    assert found.lo < 0.97


def frame(answers, names=("no", "yes")):
    labels = np.array(names, dtype=object)
    return pd.DataFrame(
        {
            "example_id": [f"e{n}" for n in range(len(answers))],
            "y": labels[answers.y],
            "y_hat": labels[answers.y_hat],
            "loss": (answers.y != answers.y_hat).astype(float),
            "proba_no": answers.scores[:, 0],
            "proba_yes": answers.scores[:, 1],
        }
    )


def test_a_table_gives_the_answers_that_it_was_made_of():
    answers = scored(np.random.default_rng(3))
    again = ChosenMetric(metric=METRICS["f1"]).answers(frame(answers))
    assert again.classes == ("no", "yes")
    np.testing.assert_array_equal(again.y, answers.y)
    np.testing.assert_array_equal(again.y_hat, answers.y_hat)
    np.testing.assert_array_equal(again.scores, answers.scores)


def compared(first, second, name="roc_auc"):
    tables = [{1: validate(frame(answers), "dev")} for answers in (first, second)]
    chosen = ChosenMetric(metric=METRICS[name])
    return compare_metric(chosen, *tables, np.random.default_rng(1), SAMPLING).comparison


def test_swapping_two_models_turns_the_sign():
    rng = np.random.default_rng(5)
    first = scored(rng)
    noisy = first.scores[:, 1] + rng.normal(0, 0.3, len(first))
    second = Answers(
        y=first.y,
        y_hat=(noisy > 0.5).astype(int),
        weight=first.weight,
        classes=first.classes,
        scores=np.stack([-noisy, noisy], axis=1) / 10 + 0.5,
    )
    there, back = compared(first, second), compared(second, first)
    assert there.delta == pytest.approx(-back.delta)
    assert there.lo == pytest.approx(-back.hi)
    assert there.error_a == pytest.approx(1 - METRICS["roc_auc"].value(first, MetricArgs()))


def test_equal_models_differ_significantly_as_rarely_as_promised():
    rng = np.random.default_rng(7)
    rejected = 0
    for _ in range(100):
        y = (rng.random(200) < 0.3).astype(int)
        models = []
        for _model in range(2):
            p = np.clip(0.5 + 0.2 * (2 * y - 1) + rng.normal(0, 0.2, 200), 0, 1)
            models.append(
                Answers(
                    y=y,
                    y_hat=(p > 0.5).astype(int),
                    weight=np.ones(200),
                    classes=("no", "yes"),
                    scores=np.stack([1 - p, p], axis=1),
                )
            )
        rejected += compared(*models, name="f1").p_value < 0.05
    assert rejected <= 11  # 5 expected; 12 and more have a probability of 0.4 %


def test_the_threshold_is_the_best_of_all():
    answers = scored(np.random.default_rng(11), share=0.1)
    args = MetricArgs()
    for name in ("f1", "balanced_error", "accuracy"):
        metric = METRICS[name]
        chosen = answers.with_threshold(1, choose_threshold(metric, args, answers))
        every = [
            metric.value(answers.with_threshold(1, t), args)
            for t in np.unique(answers.scores[:, 1])
        ]
        best = min(every) if metric.direction == "minimize" else max(every)
        assert metric.value(chosen, args) == pytest.approx(best), name
        assert name == "accuracy" or best != metric.value(answers, args)  # a half is not the best


def test_recall_at_a_precision_meets_the_precision():
    answers = scored(np.random.default_rng(13), n=400)
    args = MetricArgs(precision=0.8)
    threshold = choose_threshold(METRICS["recall_at_precision"], args, answers)
    chosen = answers.with_threshold(1, threshold)
    assert METRICS["precision"].value(chosen, args) >= 0.8
    lower = [t for t in np.unique(answers.scores[:, 1]) if t < threshold]
    for one in lower:
        other = answers.with_threshold(1, one)
        if METRICS["precision"].value(other, args) >= 0.8:
            assert METRICS["recall"].value(other, args) <= METRICS["recall"].value(chosen, args)


def test_the_baseline_of_f1_is_always_the_rare_class():
    # 10 % positives: "always no" has F1 0, "always yes" 2 * 0.1 / 1.1.
    answers = scored(np.random.default_rng(17), n=1000, share=0.1)
    table = frame(answers)
    share = answers.y.mean()
    chosen = ChosenMetric(metric=METRICS["f1"])
    constant = constant_frame(chosen, table, table)
    assert chosen.metric.value(chosen.answers(constant), chosen.args) == pytest.approx(
        2 * share / (1 + share)
    )
    ranked = ChosenMetric(metric=METRICS["roc_auc"])
    flat = constant_frame(ranked, table, table)
    assert ranked.metric.value(ranked.answers(flat), ranked.args) == 0.5


@pytest.mark.parametrize(("name", "guess"), [("rmse", 2.5), ("mae", 1.5), ("r2", 2.5)])
def test_the_baseline_of_quantities_is_the_mean_or_the_median(name, guess):
    y = [0.0, 1.0, 2.0, 7.0]
    table = pd.DataFrame({"example_id": list("abcd"), "y": y, "y_hat": y, "loss": 0.0})
    assert (
        constant_frame(ChosenMetric(metric=METRICS[name]), table, table)["y_hat"] == guess
    ).all()
