"""The intervals of metrics of whole tables hold the population's value as often as they say."""

import numpy as np
import pytest

from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec
from foursplit.diagnosis.stats.table_bootstrap import estimate_statistic
from foursplit.evaluation import table_metrics
from foursplit.evaluation.metrics import detect, tag, verify
from foursplit.evaluation.metrics import sequence_to_sequence as texts

N_POPULATION, N_GROUPS, SIZE, N_RUNS = 1500, 50, 4, 80


def sentences(rng):
    """Answer sentences of ten words; how many words are right differs from group to group."""
    skill = np.repeat(rng.uniform(0.5, 1.0, N_POPULATION), SIZE)
    truth = rng.choice([*"abcdefgh"], (len(skill), 10))
    answers = np.where(rng.random(truth.shape) < skill[:, None], truth, "x")
    lines = [np.array([" ".join(row) for row in side], dtype=object) for side in (answers, truth)]
    table = texts.score_columns(*lines, DataSpec(inputs=(), tokenizer="words"))
    return table_metrics.numeric_columns(table), texts.bleu


def pictures(rng):
    """Find one object in each picture, of three classes, with a wrong box of any score beside."""
    skill = np.repeat(rng.uniform(0.3, 1.0, N_POPULATION), SIZE)
    label = rng.integers(0, 3, len(skill))
    right = rng.random(len(skill)) < skill
    score = np.where(right, rng.beta(4, 2, len(skill)), rng.beta(2, 3, len(skill)))
    rows = [np.array([[k, s, r]]) for k, s, r in zip(label, score, right, strict=True)]
    columns = {"ranked": Ragged.of(rows), "labels": Ragged.of([np.array([k]) for k in label])}
    return columns, detect.mean_average_precision


def pairs(rng):
    """Verify pairs of people of whom some are easy to tell from others, and some hard."""
    apart = np.repeat(rng.normal(1.0, 2.0, N_POPULATION), SIZE)
    same = np.tile(np.arange(SIZE) % 2 == 0, N_POPULATION)
    score = np.where(same, apart, -apart) + 0.5 * rng.normal(size=len(same))
    return {"stat.score": score, "stat.same": same}, verify.equal_error_rate


def events(rng):
    """Find events in texts that are easier or harder; some are found where there are none."""
    skill = np.repeat(rng.uniform(0.2, 1.0, N_POPULATION), SIZE)
    true = rng.random(len(skill)) < 0.5
    right = true & (rng.random(len(skill)) < skill)
    wrong = ~true & (rng.random(len(skill)) < 0.4 * (1 - skill))
    columns = {"true": true, "right": right, "predicted": right | wrong}
    return {f"stat.{name}_events": c * 1.0 for name, c in columns.items()}, tag.event_f1


def tokens(rng):
    """Lose on each token what its text makes easy or hard."""
    ease = np.repeat(rng.gamma(4, 0.25, N_POPULATION), SIZE)
    return {"log_loss": rng.exponential(ease)}, tag.perplexity


@pytest.mark.slow
@pytest.mark.parametrize(
    ("population", "most_by_rows"),
    [(sentences, 0.8), (pictures, 0.92), (pairs, 0.9), (events, 0.92), (tokens, 0.93)],
)
def test_the_populations_value_is_inside_as_often_as_stated(population, most_by_rows):
    rng = np.random.default_rng(5)
    columns, statistic = population(rng)
    truth, group_of = statistic(columns), np.repeat(np.arange(N_POPULATION), SIZE)
    covered = {"group": 0, "row": 0}
    for _ in range(N_RUNS):
        drawn = rng.choice(N_POPULATION, N_GROUPS, replace=False)
        chosen = np.flatnonzero(np.isin(group_of, drawn))
        part = {name: column[chosen] for name, column in columns.items()}
        for by, groups in (("group", group_of[chosen]), ("row", chosen)):
            found = estimate_statistic(
                statistic, part, groups.astype(str), rng, n_resamples=120, confidence=0.95
            )
            covered[by] += found.lo <= truth <= found.hi
    assert covered["group"] / N_RUNS > 0.9
    assert covered["row"] / N_RUNS < most_by_rows  # rows are not independent
