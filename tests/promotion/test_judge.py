"""Verdicts PROMOTE, HOLD and REJECT: cases by hand, and laws."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotion.drawn import losses, pair, table

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.stats.power import required_examples
from foursplit.promotion.judge import FORBID, DifferentExamplesError, Rules, decide_promotion

RULES = Rules(min_gain=0.01)
WON = (50, 60, 10, 880)  # both err, the challenger alone is right, it alone errs, none errs


def decide(models, rules=RULES, costs=None, seed=1):
    old, new = models
    champion = None if old is None else [old]
    return decide_promotion(champion, [new], costs or {}, rules, np.random.default_rng(seed))


def failed(judgement):
    return [reason.code for reason in judgement.reasons if not reason.holds]


def retabled(model, **tables):
    return Model(tables={**model.tables, **tables}, name=model.name)


def test_better_on_dev_and_not_worse_on_test_is_promoted():
    judgement = decide(pair(WON))
    assert (judgement.verdict, judgement.needed, failed(judgement)) == ("PROMOTE", None, [])
    by = {reason.code: reason.numbers for reason in judgement.reasons}
    assert by["dev_better"]["gain"] == pytest.approx(0.05)
    assert json.loads(json.dumps(judgement.as_json()))["verdict"] == "PROMOTE"


def test_an_insignificant_gain_is_held_with_the_required_size():
    # 6 against 4 pairs: one-sided p = 0.377.
    judgement = decide(pair((40, 6, 4, 150)))
    assert (judgement.verdict, failed(judgement)) == ("HOLD", ["dev_better"])
    assert judgement.reasons[5].numbers["p"] == pytest.approx(0.377, abs=1e-3)
    assert judgement.needed == required_examples(0.01, 10 / 200, power=0.8, alpha=0.1)


def test_one_sided_five_percent_is_the_limit_by_hand():
    # Of all won, 5 pairs have p = 1/32 and 4 have 1/16.
    assert decide(pair((20, 5, 0, 75))).verdict == "PROMOTE"
    assert decide(pair((20, 4, 0, 76))).verdict == "HOLD"
    assert decide(pair((20, 5, 0, 75)), replace(RULES, confidence=0.99)).verdict == "HOLD"


def test_significantly_worse_on_dev_is_rejected():
    judgement = decide(pair((50, 10, 60, 880)))
    assert (judgement.verdict, judgement.needed) == ("REJECT", None)
    assert "dev_not_worse" in failed(judgement)


def test_test_can_reject_and_never_promotes():
    forbidden = decide(pair(WON, test=(50, 10, 60, 880)))
    assert (forbidden.verdict, failed(forbidden)) == ("REJECT", ["test_not_worse"])
    assert decide(pair((40, 6, 4, 150), test=WON)).verdict == "HOLD"


def test_a_broken_bound_and_an_unknown_cost_reject():
    rules = replace(RULES, bounds={"n_parameters": 100})
    assert decide(pair(WON), rules, {"n_parameters": 100}).verdict == "PROMOTE"
    judgement = decide(pair(WON), rules, {"n_parameters": 101})
    assert (judgement.verdict, failed(judgement)) == ("REJECT", ["bounds"])
    assert "101 exceeds 100" in judgement.reasons[0].sentence
    assert decide(pair(WON), rules, {}).verdict == "REJECT"


@pytest.mark.parametrize("column", ["group_id", "content_hash"])
@pytest.mark.parametrize("split", ["dev", "test"])
def test_leakage_from_train_rejects(column, split):
    models = []
    for model in pair(WON):
        tables = {}
        for name, one in model.tables.items():
            ids = one.frame["example_id"].tolist()
            ids[0] = "train0" if name == split else ids[0]
            tables[name] = replace(one, frame=one.frame.assign(**{column: ids}))
        models.append(Model(tables=tables, name="seed_1"))
    judgement = decide(models)
    assert (judgement.verdict, failed(judgement)) == ("REJECT", ["no_leakage"])
    assert f"1 examples of {split}" in judgement.reasons[1].sentence


def test_equal_metadata_columns_are_no_leak():
    models = []
    for model in pair(WON):
        tables = {
            name: replace(one, frame=one.frame.assign(**{"meta.x": np.arange(len(one)) / 7.0}))
            for name, one in model.tables.items()
        }
        models.append(Model(tables=tables, name="seed_1"))
    judgement = decide(models, replace(RULES, min_slice_examples=10**6))
    assert judgement.verdict == "PROMOTE"
    assert "could not be checked" in judgement.reasons[1].sentence


def sliced(small, rest):
    """Give models by counts of a small slice and the rest."""
    joined = [a + b for a, b in zip(losses(*small), losses(*rest), strict=True)]
    sites = ["small"] * sum(small) + ["rest"] * sum(rest)
    old, new = pair(rest)
    site = {"meta.site": sites}
    return [
        retabled(model, dev=table(loss, **site))
        for model, loss in zip((old, new), joined, strict=True)
    ]


def test_a_harmed_slice_rejects_although_the_mean_is_better():
    judgement = decide(sliced((5, 0, 40, 55), (50, 200, 20, 1630)))
    assert judgement.verdict == "REJECT"
    ruined = next(reason for reason in judgement.reasons if reason.code == "no_slice_ruined")
    assert ruined.numbers["dev: meta.site = small"] == pytest.approx(0.4)
    assert "meta.site = small of dev, +0.4 on 100 examples" in ruined.sentence


def test_a_slice_too_small_for_non_inferiority_holds_with_the_required_size():
    judgement = decide(sliced((2, 1, 1, 26), (50, 200, 20, 1630)))
    assert (judgement.verdict, failed(judgement)) == ("HOLD", ["slices_safe"])
    assert judgement.needed > 1930
    wide = replace(RULES, slice_margin=0.5)
    assert decide(sliced((2, 1, 1, 26), (50, 200, 20, 1630)), wide).verdict == "PROMOTE"
    blind = replace(RULES, min_slice_examples=31)
    assert decide(sliced((2, 1, 1, 26), (50, 200, 20, 1630)), blind).verdict == "PROMOTE"


def test_a_gain_significantly_below_min_gain_is_held_without_a_required_size():
    judgement = decide(pair((500, 60, 20, 39_420)))
    assert (judgement.verdict, failed(judgement), judgement.needed) == ("HOLD", ["worth_it"], None)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_different_examples_or_labels_raise(split):
    old, new = pair(WON)
    loss = new.tables[split].loss
    strange = retabled(new, **{split: table(loss, split, prefix="other")})
    with pytest.raises(
        DifferentExamplesError, match=f"{split}: the tables hold different examples"
    ):
        decide((old, strange))
    answers = [
        retabled(m, **{split: table(m.tables[split].loss, split, y=y, y_hat=y)})
        for m, y in ((old, ["a"] * 1000), (new, ["a"] * 999 + ["b"]))
    ]
    with pytest.raises(DifferentExamplesError, match=f"{split}: column 'y' differs"):
        decide(answers)


def test_a_first_champion_must_be_better_than_the_baseline():
    def first(base):
        new = pair((10, 0, 0, 190))[1]
        tables = {
            s: table(new.tables[s].loss, s, baseline_loss=np.array(base, float))
            for s in ("dev", "test")
        }
        return decide((None, retabled(new, **tables)))

    assert first([1.0] * 100 + [0.0] * 100).verdict == "PROMOTE"
    assert first([1.0] * 11 + [0.0] * 189).verdict == "HOLD"
    assert first([0.0] * 200).verdict == "REJECT"
    with pytest.raises(FoursplitError, match="no column 'baseline_loss'"):
        decide((None, pair(WON)[1]))


def test_a_missing_table_is_named():
    old, new = pair(WON)
    tables = {s: t for s, t in new.tables.items() if s != "test"}
    with pytest.raises(
        FoursplitError, match="challenger seed_1: no table of 'test'; it has train, dev"
    ):
        decide((old, Model(tables=tables, name="seed_1")))
    with pytest.raises(FoursplitError, match="champion: no seed with tables"):
        decide_promotion([], [new], {}, RULES, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("field", "value"),
    [("min_gain", -0.1), ("confidence", 1.0), ("slice_margin", -1), ("min_slice_examples", 0)],
)
def test_a_rule_out_of_range_raises_with_its_name(field, value):
    with pytest.raises(FoursplitError, match=f"^{field}: {value!r} must be"):
        replace(RULES, **{field: value})


def test_direction_maximize_reverses_the_comparison():
    old, new = pair(WON)
    assert decide((old, new), replace(RULES, direction="maximize")).verdict == "REJECT"
    assert decide((new, old), replace(RULES, direction="maximize")).verdict == "PROMOTE"


def test_one_lucky_seed_of_three_is_not_significant():
    rng = np.random.default_rng(1)
    old = [pair((100, 0, 0, 900), name=f"seed_{k}")[0] for k in (1, 2, 3)]

    def fewer(kept):
        return [
            retabled(
                m,
                **{
                    s: table(np.where(np.arange(1000) < k, m.tables[s].loss, 0), s)
                    for s in ("dev", "test")
                },
            )
            for m, k in zip(old, kept, strict=True)
        ]

    steady, lucky = fewer([70, 70, 70]), fewer([10, 100, 100])
    assert decide_promotion(old, steady, {}, RULES, rng).verdict == "PROMOTE"
    assert (
        decide_promotion(old, lucky, {}, RULES, rng).verdict == "HOLD"
    )  # the mean is the same, 7 %


COUNTS = st.tuples(*[st.integers(1, 60)] * 3, st.integers(60, 200))


@settings(max_examples=30, deadline=None)
@given(COUNTS, COUNTS, st.integers(0, 2**32))
def test_the_verdict_follows_from_the_reasons_and_not_from_the_order_of_rows(dev, test, seed):
    old, new = pair(dev, test)
    judgement = decide((old, new))
    codes = failed(judgement)
    expected = "REJECT" if {*codes} & {*FORBID} else "HOLD" if codes else "PROMOTE"
    assert judgement.verdict == expected
    rng = np.random.default_rng(seed)
    mixed = [
        Model(tables={s: t.take(rng.permutation(len(t))) for s, t in m.tables.items()}, name=m.name)
        for m in (old, new)
    ]
    assert decide(mixed).as_json() == judgement.as_json()


@settings(max_examples=30, deadline=None)
@given(COUNTS, COUNTS)
def test_two_models_are_never_both_promoted_over_each_other(dev, test):
    old, new = pair(dev, test)
    both = decide((old, new)).verdict, decide((new, old)).verdict
    assert both != ("PROMOTE", "PROMOTE")
    if both[0] == "PROMOTE":
        assert both[1] == "REJECT"  # significantly better is significantly worse the other way
