"""Equal error rate, perplexity and event F1, each against another way to compute it."""

from itertools import groupby

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import roc_curve
from torchmetrics.functional.text import perplexity as torchmetrics_perplexity

from foursplit.core.examples import DataSpec
from foursplit.data import texts
from foursplit.diagnosis.stats.table_bootstrap import estimate_statistic
from foursplit.evaluation import table_statistics as statistics
from foursplit.evaluation.metrics import tag, verify

SCORES = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=40)


def by_roc(score, same):
    """Walk along scikit-learn's whole ROC curve to where misses and false alarms are equal."""
    false, right, _ = roc_curve(same, score, drop_intermediate=False)
    share = np.linspace(0, 1, 20_001)
    path = np.linspace(0, 1, len(false))
    gap = np.interp(share, path, 1 - right - false)
    return float(np.interp(share[np.argmin(np.abs(gap))], path, false))


@settings(max_examples=100, deadline=None)
@given(SCORES)
def test_the_equal_error_rate_is_that_of_the_roc_curve(pairs):
    score, same = (np.array(side) for side in zip(*pairs, strict=True))
    found = statistics.equal_error_rate(score.astype(float), same.astype(bool))
    if same.all() or not same.any():
        assert np.isnan(found)
        return
    assert found == pytest.approx(by_roc(score, same), abs=2e-3)


def test_the_equal_error_rate_by_hand():
    same = np.array([True, True, True, True, False, False, False, False])
    # Accepting the best four misses one of four and accepts one of four.
    score = np.array([9.0, 8.0, 7.0, 3.0, 6.0, 2.0, 1.0, 0.0])
    assert statistics.equal_error_rate(score, same) == 0.25
    assert statistics.equal_error_rate(-score, same) == 0.75
    assert statistics.equal_error_rate(np.zeros(8), same) == 0.5  # equal scores say nothing
    assert statistics.equal_error_rate(same * 1.0, same) == 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 9), st.integers(2, 7), st.integers(0, 99))
def test_perplexity_is_that_of_torchmetrics(n, steps, n_tags, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, steps, n_tags)) * 3
    truth = rng.integers(0, n_tags, (n, steps))
    expected = torchmetrics_perplexity(torch.from_numpy(logits), torch.from_numpy(truth))
    log_probabilities = np.stack(tag.postprocess(logits, DataSpec(inputs=())))
    losses = -np.take_along_axis(log_probabilities, truth[..., None], axis=-1).ravel()
    assert statistics.perplexity(losses) == pytest.approx(float(expected), rel=1e-4)


def test_a_uniform_guess_among_n_has_perplexity_n():
    assert statistics.perplexity(np.full(50, np.log(7))) == pytest.approx(7)


def test_events_are_runs_and_b_begins_another():
    assert statistics.events_of(["O", "B-per", "I-per", "B-per", "O", "I-loc", "x", "x"]) == [
        (1, 3, "per"), (3, 4, "per"), (5, 6, "loc"), (6, 8, "x")
    ]  # fmt: skip
    assert statistics.events_of([]) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["O", "bell", "door"]), max_size=25))
def test_runs_without_prefixes_are_those_of_groupby(tags):
    expected, step = [], 0
    for name, run in groupby(tags):
        n = len([*run])
        if name != "O":
            expected.append((step, step + n, name))
        step += n
    assert statistics.events_of(tags) == expected


RUNS = st.lists(st.sampled_from(["O", "bell", "door"]), min_size=12, max_size=30)


@settings(max_examples=100, deadline=None)
@given(RUNS, RUNS)
def test_right_events_are_as_many_as_the_best_assignment_finds(predicted, true):
    found, wanted = statistics.events_of(predicted), statistics.events_of(true)
    fits = np.zeros((len(found), len(wanted)))
    for i, (start, end, kind) in enumerate(found):
        for j, (first, last, other) in enumerate(wanted):
            steps, others = {*range(start, end)}, {*range(first, last)}
            fits[i, j] = kind == other and len(steps & others) / len(steps | others) > 0.5
    rows, columns = linear_sum_assignment(-fits)
    assert sum(statistics.right_events(found, wanted)) == fits[rows, columns].sum()


def test_event_f1_counts_events_and_not_tokens():
    # One of two true events is found, beside one that is none: 2 * 1 / (2 + 2).
    spec = DataSpec(
        inputs=(), tokenizer="words", vocabularies={"tags": (*texts.SPECIAL, "O", "bell")}
    )
    true = [["bell"] * 5 + ["O"] * 4 + ["bell"]]
    said = ["bell"] * 5 + ["O"] * 2 + ["bell"] + ["O"] * 2
    logits = np.full((1, 10, 6), -9.0)
    logits[0, np.arange(10), [spec.vocabularies["tags"].index(name) for name in said]] = 9.0
    table = tag.score_columns(tag.postprocess(logits, spec), tag.TokenTags(true), spec)
    assert tag.event_f1({name: table[name].to_numpy() for name in table}) == 0.5
    assert np.isnan(statistics.event_f1(0, 0, 0))


def test_intervals_draw_groups():
    """Copies of each pair within its group add nothing, though the rows say otherwise."""
    n_groups, rng = 60, np.random.default_rng(3)
    same = np.arange(n_groups) % 2 == 0
    score = rng.normal(size=n_groups) + same
    how = {"n_resamples": 400, "confidence": 0.95}

    def width(copies, by_group):
        columns = {
            "stat.score": np.repeat(score, copies), "stat.same": np.repeat(same, copies)
        }  # fmt: skip
        groups = np.repeat(np.arange(n_groups), copies)
        groups = groups if by_group else np.arange(n_groups * copies)
        found = estimate_statistic(
            verify.equal_error_rate, columns, groups, np.random.default_rng(1), **how
        )
        return found.hi - found.lo

    assert width(9, by_group=True) == pytest.approx(width(1, by_group=True), rel=0.25)
    assert width(9, by_group=False) < 0.6 * width(9, by_group=True)
