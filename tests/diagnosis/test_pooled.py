"""Where one distribution is declared, train-dev and dev are one sample, and no gap is invented."""

import zlib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from foursplit.diagnosis.decomposition import ledger, verdict
from foursplit.diagnosis.decomposition.decompose import decompose, findings
from foursplit.diagnosis.decomposition.family import SHARES, significant_names
from foursplit.diagnosis.decomposition.ledger import MERGED, UNSEEN, Gap
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats import bootstrap

SPLITS = ("train", "train_dev", "dev", "test")
WINE = {"train": (0, 83), "train_dev": (2, 16), "dev": (1, 37), "test": (0, 42)}
SIZES = {
    "six_blobs": (400, 213, 147, 100),
    "cancer": (414, 174, 96, 139),
    "digits": (1211, 231, 447, 500),
    "diabetes": (270, 52, 76, 60),
    "wine": (83, 16, 37, 42),
}


def table(split, wrong, n, **columns):
    frame = {"example_id": [f"{split}{k}" for k in range(n)], "loss": (np.arange(n) < wrong) * 1.0}
    return validate(pd.DataFrame({**frame, **columns}), split)


def model(counts):
    return Model(tables={split: table(split, *count) for split, count in counts.items()})


def decomposed(counts, *, same=True, **settings):
    return decompose([model(counts)], Settings(**settings), same_distribution=same)


def estimated(errors, n, rng):
    return bootstrap.estimate(
        (np.arange(n) < errors) * 1.0,
        np.ones(n),
        np.arange(n),
        rng,
        n_resamples=1000,
        confidence=0.95,
    )


def named(rates, sizes, seed, *, same, n_sets):
    """Return the share of data sets in which each gap is named, and any."""
    rng = np.random.default_rng(zlib.crc32(f"family {seed}".encode()))
    counts = {"any": 0}
    for _ in range(n_sets):
        errors = {"human": ledger.fixed(rates[0])}
        drawn = dict(zip(SPLITS, rng.binomial(sizes, rates[1:]).tolist(), strict=True))
        for split, n in zip(SPLITS, sizes, strict=True):
            errors[split] = estimated(drawn[split], n, rng)
        if same:
            both = drawn["train_dev"] + drawn["dev"], sizes[1] + sizes[2]
            errors[UNSEEN] = estimated(*both, rng)
        gaps = ledger.gaps(errors, 0.95, same_distribution=same)
        found = verdict.decide_verdict(errors, gaps, verdict.VerdictThresholds())
        counts["any"] += bool(found.significant)
        for gap in found.significant:
            counts[gap] = counts.get(gap, 0) + 1
    return {gap: count / n_sets for gap, count in counts.items()}


def test_variance_is_measured_on_train_dev_and_dev_together():
    parts = decomposed(WINE, human_error=0.0)
    gaps = {gap.gap: gap.value for gap in parts.gaps}
    assert gaps["variance"] == pytest.approx(3 / 53)  # not 2 of 16
    assert "mismatch" not in gaps
    assert (parts.errors[UNSEEN].n, parts.errors[UNSEEN].n_groups) == (53, 53)
    assert "12.5%" not in parts.verdict.sentence


def test_errors_of_the_splits_are_as_without_pooling():
    pooled, alone = (decomposed(WINE, same=same).as_json()["splits"] for same in (True, False))
    assert pooled == alone


def test_groups_that_are_in_both_splits_count_once():
    groups = {"group_id": [f"g{k % 10}" for k in range(40)]}
    tables = {s: table(s, 8, 40, **groups) for s in ("train_dev", "dev")}
    tables["train"] = table("train", 2, 100)
    parts = decompose([Model(tables=tables)], Settings(), same_distribution=True)
    assert (parts.errors[UNSEEN].n, parts.errors[UNSEEN].n_groups) == (80, 10)
    tables["dev"] = table("dev", 8, 40)  # without groups: each example is one
    parts = decompose([Model(tables=tables)], Settings(), same_distribution=True)
    assert parts.errors[UNSEEN].n_groups == 50


def test_a_difference_by_chance_is_a_line_and_one_beyond_it_an_issue():
    chance = decomposed({"train": (10, 400), "train_dev": (9, 150), "dev": (12, 150)})
    assert not chance.difference.significant
    assert chance.difference.gap.value == pytest.approx(0.02)
    exact = stats.fisher_exact([[9, 141], [12, 138]]).pvalue
    assert chance.difference.p_value == pytest.approx(exact, abs=0.25)
    assert "ST016" not in {finding.code for finding in findings(chance)}
    far = decomposed({"train": (10, 400), "train_dev": (5, 150), "dev": (40, 150)})
    assert far.difference.significant
    assert "ST016" in {finding.code for finding in findings(far)}
    assert "mismatch" not in far.verdict.significant


def test_the_diagnosis_has_the_pooled_level_its_line_and_the_ends_of_each_gap():
    found = diagnose_as_json([model(WINE)], Settings(same_distribution=True, human_error=0.0))
    assert found["unseen"]["value"] == pytest.approx(3 / 53)
    assert found["unseen"]["difference"]["value"] == pytest.approx(1 / 37 - 2 / 16)
    ends = {row["gap"]: (row["from"], row["to"]) for row in found["ledger"]}
    assert ends["variance"] == ("train", UNSEEN)
    assert ends["dev_overfit"] == ("dev", "test")
    apart = diagnose_as_json([model(WINE)], Settings(human_error=0.0))
    assert UNSEEN not in apart


def gap(name, z):
    draws = z + stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    return Gap(gap=name, value=z, lo=z - 1.96, hi=z + 1.96, replicates=draws)


def test_the_shares_of_the_family_add_up_to_one():
    assert sum(SHARES.values()) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(30))
def test_another_hypothesis_takes_no_significant_gap_away(seed):
    rng = np.random.default_rng(seed)
    bias, overfit, whole, variance, mismatch = rng.normal(2, 1, 5)
    fewer = [gap("avoidable_bias", bias), gap(MERGED, whole)]
    found = significant_names(fewer, 0.05)
    more = [*fewer, gap("dev_overfit", overfit), gap("variance", variance)]
    assert found <= significant_names([*more, gap("mismatch", mismatch)], 0.05)


def test_parts_are_tested_at_the_level_of_the_whole_once_it_is_rejected():
    whole, part, none = gap(MERGED, 2.2), gap("variance", 2.2), gap("mismatch", 0.0)
    assert significant_names([whole, part, none], 0.05) == {MERGED, "variance"}
    assert significant_names([gap(MERGED, 0.0), part, none], 0.05) == set()


@pytest.mark.slow
@pytest.mark.parametrize("same", [True, False], ids=["declared alike", "not declared"])
@pytest.mark.parametrize("rate", [0.05, 0.2])
@pytest.mark.parametrize("name", SIZES)
def test_without_any_gap_one_is_named_in_at_most_five_per_cent(name, rate, same):
    n_sets = 600
    found = named([rate] * 5, SIZES[name], f"{name} {rate} {same}", same=same, n_sets=n_sets)
    assert found["any"] <= stats.binom.ppf(0.999, n_sets, 0.05) / n_sets


def test_without_any_gap_one_is_seldom_named_a_subset():
    found = named([0.1] * 5, SIZES["cancer"], "subset", same=True, n_sets=150)
    assert found["any"] <= stats.binom.ppf(0.999, 150, 0.05) / 150


@pytest.mark.slow
def test_pooling_finds_more_variance_and_never_mismatch():
    rates = [0.03, 0.03, 0.08, 0.08, 0.08]
    pooled, apart = (
        named(rates, SIZES["six_blobs"], "power", same=same, n_sets=300) for same in (True, False)
    )
    assert pooled["variance"] >= 0.75
    assert pooled["variance"] >= apart["variance"] + 0.1
    assert "mismatch" not in pooled
