"""Every metric equals scikit-learn's, on any weights; a sample's weights are its counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.metric import METRICS, MetricArgs

ARGS = MetricArgs()


def of_classes(n_classes, seed, n=60, decimals=2):
    """Draw answers with ties among scores and unequal weights."""
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(n_classes), n).round(decimals) + 1e-3
    scores /= scores.sum(axis=1, keepdims=True)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    return Answers(
        y=y,
        y_hat=scores.argmax(axis=1),
        weight=rng.uniform(0.5, 2.0, n),
        classes=tuple("abcdefgh"[:n_classes]),
        scores=scores,
    )


def expected(name, answers):  # noqa: C901, a case a metric
    y, y_hat, p, weight = answers.y, answers.y_hat, answers.scores, answers.weight
    two = p.shape[1] == 2
    average = {"average": "binary" if two else "macro", "zero_division": 0.0}
    labels = np.arange(p.shape[1])
    match name:
        case "accuracy":
            return sklearn_metrics.accuracy_score(y, y_hat, sample_weight=weight)
        case "balanced_error":
            return 1 - sklearn_metrics.balanced_accuracy_score(y, y_hat, sample_weight=weight)
        case "precision":
            return sklearn_metrics.precision_score(y, y_hat, sample_weight=weight, **average)
        case "recall" | "recall_at_precision":
            return sklearn_metrics.recall_score(y, y_hat, sample_weight=weight, **average)
        case "f1":
            return sklearn_metrics.f1_score(y, y_hat, sample_weight=weight, **average)
        case "roc_auc" if two:
            return sklearn_metrics.roc_auc_score(y, p[:, 1], sample_weight=weight)
        case "roc_auc":
            # Class by class: scikit-learn's own mean needs no weights.
            return np.mean(
                [
                    sklearn_metrics.roc_auc_score(y == k, p[:, k], sample_weight=weight)
                    for k in labels
                ]
            )
        case "average_precision":
            true = (y[:, None] == labels).astype(int)
            return sklearn_metrics.average_precision_score(
                true[:, 1] if two else true,
                p[:, 1] if two else p,
                average="macro",
                sample_weight=weight,
            )
        case "top_k_accuracy":
            return None if two else (weight @ _top(p, y, ARGS.k)) / weight.sum()
        case "log_loss":
            return sklearn_metrics.log_loss(y, p, labels=labels, sample_weight=weight)
        case "brier":
            return sklearn_metrics.brier_score_loss(
                y, p[:, 1] if two else p, labels=labels, sample_weight=weight, scale_by_half=True
            )
        case "cost":
            return np.average(y != y_hat, weights=weight)


def _top(p, y, k):
    """Rank the true class below all classes that score as high."""
    return np.array([(row >= row[label]).sum() <= k for row, label in zip(p, y, strict=True)])


CLASSES = [name for name, metric in METRICS.items() if metric.kind == "classes"]


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("n_classes", [2, 5])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_metrics_of_classes_are_those_of_sklearn(name, n_classes, seed):
    answers = of_classes(n_classes, seed)
    wanted = expected(name, answers)
    if wanted is not None:
        assert METRICS[name].value(answers, ARGS) == pytest.approx(wanted, abs=1e-12)


def test_top_k_is_sklearns_where_no_scores_tie():
    answers = of_classes(5, 0, decimals=9)
    wanted = sklearn_metrics.top_k_accuracy_score(
        answers.y, answers.scores, k=3, sample_weight=answers.weight
    )
    assert METRICS["top_k_accuracy"].value(answers, ARGS) == pytest.approx(wanted)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_metrics_of_quantities_are_those_of_sklearn(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(1000.0, 10.0, 40)
    answers = Answers(y=y, y_hat=y + rng.normal(size=40), weight=rng.uniform(0.5, 2.0, 40))
    weighted = {"sample_weight": answers.weight}
    wanted = {
        "rmse": sklearn_metrics.root_mean_squared_error(y, answers.y_hat, **weighted),
        "mae": sklearn_metrics.mean_absolute_error(y, answers.y_hat, **weighted),
        "r2": sklearn_metrics.r2_score(y, answers.y_hat, **weighted),
        "mape": sklearn_metrics.mean_absolute_percentage_error(y, answers.y_hat, **weighted),
    }
    assert {*wanted} == {*METRICS} - {*CLASSES}
    for name, value in wanted.items():
        assert METRICS[name].value(answers, ARGS) == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("name", CLASSES)
def test_a_weight_of_two_is_an_example_that_is_there_twice(name):
    answers = of_classes(2, 1)
    counts = np.random.default_rng(2).integers(1, 4, len(answers)).astype(float)
    rows = np.repeat(np.arange(len(answers)), counts.astype(int))
    twice = Answers(
        y=answers.y[rows],
        y_hat=answers.y_hat[rows],
        weight=np.ones(len(rows)),
        classes=answers.classes,
        scores=answers.scores[rows],
    )
    weighted = METRICS[name].evaluate(answers, ARGS, counts[None])[0]
    assert weighted == pytest.approx(METRICS[name].value(twice, ARGS), abs=1e-12)


def test_costs_are_of_the_true_class_first():
    # Two missed at 10, one false alarm at 1, one right: (10 + 10 + 1) / 4.
    answers = Answers(
        y=np.array([1, 1, 0, 0]),
        y_hat=np.array([0, 0, 1, 0]),
        weight=np.ones(4),
        classes=("healthy", "sick"),
    )
    args = MetricArgs(costs={"sick": {"healthy": 10.0}})
    assert METRICS["cost"].value(answers, args) == 21 / 4
    # As an error it is a share of the highest cost.
    assert METRICS["cost"].to_error(np.array(21 / 4), answers, args) == pytest.approx(0.525)


def test_a_table_without_positives_has_no_recall_and_no_ranking():
    answers = Answers(
        y=np.zeros(3, int),
        y_hat=np.array([0, 1, 0]),
        weight=np.ones(3),
        classes=("no", "yes"),
        scores=np.array([[0.9, 0.1], [0.3, 0.7], [0.8, 0.2]]),
    )
    for name in ("recall", "f1", "precision", "roc_auc", "average_precision"):
        assert np.isnan(METRICS[name].value(answers, ARGS)), name
