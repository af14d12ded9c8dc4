"""What the seeds of an experiment share is computed once, and changes nothing."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.seeds import generator
from foursplit.diagnosis.metrics import estimate
from foursplit.diagnosis.metrics.answers import class_answers
from foursplit.diagnosis.metrics.baseline import constant_answers, constant_frame
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.metric import METRICS, MetricArgs
from foursplit.diagnosis.stats.bootstrap import Sampling

OF_CLASSES = ("precision", "recall", "f1", "average_precision", "roc_auc", "log_loss", "brier")


def table(seed: int, n: int = 60, *, scores: bool = True) -> pd.DataFrame:
    """Return answers of a model of two classes, of which some are wrong."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.3
    positive = np.clip(0.3 + 0.4 * y + 0.3 * rng.standard_normal(n), 0.01, 0.99)
    frame = pd.DataFrame({"y": np.where(y, "b", "a"), "y_hat": np.where(positive > 0.5, "b", "a")})
    frame = frame.assign(group_id=[f"g{i // 2}" for i in range(n)], weight=1.0 + y)
    return frame.assign(proba_a=1 - positive, proba_b=positive) if scores else frame


def estimated(name: str, frame: pd.DataFrame) -> tuple[np.ndarray, float]:
    rng = generator("test", name)
    found = estimate.estimate_metric(
        METRICS[name],
        MetricArgs(),
        [class_answers(frame)],
        frame["group_id"].to_numpy(),
        rng,
        Sampling(n_resamples=50, confidence=0.95),
    )
    assert found is not None
    return found.replicates, rng.random()


@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_second_seed_has_the_samples_that_it_has_alone(name: str) -> None:
    estimate._SAMPLES.clear()
    alone = estimated(name, table(2))
    estimate._SAMPLES.clear()
    estimated(name, table(1).assign(y=table(2)["y"], weight=table(2)["weight"]))
    after = estimated(name, table(2))
    np.testing.assert_array_equal(alone[0], after[0])
    assert alone[1] == after[1]  # the generator goes on where it would have


def test_samples_of_other_examples_are_others() -> None:
    estimate._SAMPLES.clear()
    first = estimated("f1", table(1))
    other = estimated("f1", table(1).assign(group_id=[f"g{i // 3}" for i in range(60)]))
    assert not np.array_equal(first[0], other[0])
    assert len(estimate._SAMPLES) == 2


def test_the_oldest_samples_are_dropped() -> None:
    estimate._SAMPLES.clear()
    for seed in range(estimate.MAX_SAMPLES + 3):
        estimated("f1", table(seed))
    assert len(estimate._SAMPLES) <= estimate.MAX_SAMPLES


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "balanced_error"])
def test_the_constant_is_read_as_from_its_table(name: str, *, scores: bool) -> None:
    chosen = ChosenMetric(metric=METRICS[name])
    frame, train = table(3, scores=scores), table(4, scores=scores)
    found = constant_answers(chosen, chosen.answers(frame), chosen.answers(train))
    expected = chosen.answers(constant_frame(chosen, frame, train))
    assert found is not None
    for part in ("y", "y_hat", "weight", "scores"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))
    assert found.classes == expected.classes
    assert found.ranked_only == expected.ranked_only


def test_a_train_of_other_classes_needs_the_table() -> None:
    chosen = ChosenMetric(metric=METRICS["f1"])
    train = chosen.answers(table(1, scores=False).assign(y="c"))
    assert constant_answers(chosen, chosen.answers(table(2, scores=False)), train) is None
