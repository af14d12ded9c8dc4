"""A group's metric reaches ledger, choice and gate; its threshold is frozen before test."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.selection.model_selection import Candidate, select_model
from foursplit.evaluation import dev_scores, threshold
from foursplit.evaluation.diagnose_experiment import diagnose, validate_tables
from foursplit.evaluation.group_choices import check_group
from foursplit.evaluation.group_metric import group_metric
from foursplit.evaluation.summary import summarize
from foursplit.promotion import gate_tables
from foursplit.promotion.judge import Rules, decide_promotion

CONFIG = DiagnosisConfig(
    n_resamples=100, confidence=0.95, min_gap=0.005, min_gap_fraction=0.1,
    co_primary_fraction=0.5, seed=1,
)  # fmt: skip

PLAIN = DatasetSpec(title="made", provenance="made", files=(), target="y")


def group(metric, task="classify_binary", **rest):
    return ComparisonGroup(dataset="made", task=task, metric=metric, **rest)


def table(split, skill, n=300, share=0.2, seed=0):
    """Make a table of a model whose scores part the classes by `skill` deviations."""
    rng = np.random.default_rng([len(split), n])
    y = (rng.random(n) < share).astype(int)
    noise = np.random.default_rng([seed, len(split), n]).normal(size=n)
    p = 1 / (1 + np.exp(-(noise + skill * y - skill)))
    names = np.array(["no", "yes"], dtype=object)
    wrong = (p >= 0.5).astype(int) != y
    return pd.DataFrame(
        {
            "example_id": [f"{split}{i}" for i in range(n)],
            "split": split,
            "group_id": [f"{split}{i}" for i in range(n)],
            "loss": wrong.astype(float),
            "is_error": wrong,
            "weight": 1.0,
            "y": names[y],
            "y_hat": names[(p >= 0.5).astype(int)],
            "log_loss": -np.log(np.where(y == 1, p, 1 - p)),
            "baseline_loss": y.astype(float),
            "proba_no": 1 - p,
            "proba_yes": p,
        }
    )


def tables(skill, seed=0):
    return {
        split: table(split, skill, seed=seed) for split in ("train", "train_dev", "dev", "test")
    }


def test_the_ledger_of_f1_is_in_its_errors_and_adds_up():
    made, asked = tables(2.0), group("f1")
    model = validate_tables(made, "made", "seed_1", asked)
    found = diagnose([model], asked, PLAIN, CONFIG)
    for split, frame in made.items():
        f1 = f1_score(frame["y"], frame["y_hat"], pos_label="yes")
        block = found["splits"][split]
        assert block["value"] == pytest.approx(1 - f1)
        assert block["lo"] < block["value"] < block["hi"]
    # One distribution: train-dev and dev are one sample, on which F1 is computed anew.
    unseen = pd.concat([made["train_dev"], made["dev"]])
    errors = {split: found["splits"][split]["value"] for split in made}
    errors["unseen"] = 1 - f1_score(unseen["y"], unseen["y_hat"], pos_label="yes")
    for gap in found["ledger"]:
        assert gap["value"] == pytest.approx(errors[gap["to"]] - errors[gap["from"]])


def test_a_human_level_of_plain_error_is_not_compared_with_an_error_of_f1():
    level = ReferenceLevel(error=0.02, kind="human", citation="made")
    known = DatasetSpec(title="made", provenance="made", files=(), target="y", reference=level)
    made = tables(2.0)
    for metric, wanted in (("error", True), ("accuracy", True), ("f1", False)):
        asked = group(metric)
        model = validate_tables(made, "made", "seed_1", asked)
        assert bool(diagnose([model], asked, known, CONFIG)["human"]) is wanted, metric


def test_a_summary_has_the_metric_its_baseline_and_the_usual_ones_with_intervals():
    made, asked = tables(2.0), group("f1")
    model = validate_tables(made, "made", "seed_1", asked)
    found = summarize(made, model, asked, PLAIN, CONFIG)
    dev = found["table_metrics"]["dev"]
    assert {"f1", "roc_auc", "average_precision", "brier", "log_loss", "recall"} <= {*dev}
    assert all(block["lo"] <= block["value"] <= block["hi"] for block in dev.values())
    assert dev["roc_auc"]["baseline"] == 0.5
    assert found["metrics"]["dev"]["f1"] == pytest.approx(dev["f1"]["value"])
    share = (made["dev"]["y"] == "yes").mean()
    assert found["baseline"]["dev"]["error"] == pytest.approx(1 - 2 * share / (1 + share))
    assert found["baseline"]["dev"]["beaten"]


def test_plain_error_keeps_its_ledger():
    made, asked = tables(2.0), group("error")
    model = validate_tables(made, "made", "seed_1", asked)
    found = diagnose([model], asked, PLAIN, CONFIG)
    for split, frame in made.items():
        assert found["splits"][split]["value"] == pytest.approx(frame["loss"].mean())


def candidates(asked, models):
    metric = group_metric(asked)
    found = []
    for key, (frame, cost) in models.items():
        values = metric.values(frame, key)
        checked = gate_tables.validate(frame.assign(loss=values), "dev")
        value = metric.chosen.metric.value(metric.chosen.answers(frame), metric.chosen.args)
        costs = {"n_parameters": cost}
        found.append(
            Candidate(key=key, metric=value, costs=costs, table=checked, tables={1: checked})
        )
    return found


@pytest.mark.parametrize("name", ["f1", "roc_auc", "average_precision", "brier", "balanced_error"])
def test_the_best_by_the_metric_wins_whichever_end_is_better(name):
    asked = group(name)
    models = {"weak": (table("dev", 0.5), 10), "strong": (table("dev", 3.0), 1000)}
    ties = dev_scores.tie_rule(asked, CONFIG)
    direction = group_metric(asked).direction
    found = select_model(candidates(asked, models), {}, direction, ties)
    assert found["winner"] == "strong"
    row = next(row for row in found["ranking"] if row["key"] == "weak")
    assert row["worse_than_best"]["significant"]


def test_a_cheaper_model_of_equal_f1_is_tied():
    asked = group("f1", min_gain=0.05)
    models = {"cheap": (table("dev", 3.0), 10), "dear": (table("dev", 3.0), 1000)}
    found = select_model(
        candidates(asked, models), {}, "maximize", dev_scores.tie_rule(asked, CONFIG)
    )
    assert found["winner"] == "cheap"


def test_the_gate_compares_by_the_metric():
    asked = group("f1")
    metric = group_metric(asked)

    def model(skill):
        made = {
            split: gate_tables.table(frame, split, metric) for split, frame in tables(skill).items()
        }
        return [gate_tables.Model(tables=made, name="seed_1")]

    rules = Rules(min_gain=0.005, direction=metric.direction, metric=metric.chosen)
    better = decide_promotion(model(0.5), model(3.0), {}, rules, np.random.default_rng(1))
    worse = decide_promotion(model(3.0), model(0.5), {}, rules, np.random.default_rng(1))
    first = decide_promotion(None, model(3.0), {}, rules, np.random.default_rng(1))
    codes = {reason.code: reason for reason in better.reasons}
    f1 = [
        f1_score(t["y"], t["y_hat"], pos_label="yes")
        for t in (table("dev", 0.5), table("dev", 3.0))
    ]
    assert codes["dev_better"].holds
    assert codes["dev_better"].numbers["gain"] == pytest.approx(f1[1] - f1[0])
    assert worse.verdict == "REJECT"
    assert {reason.code: reason.holds for reason in first.reasons}["dev_better"]


def test_the_threshold_is_that_of_dev_and_test_plays_no_part():
    asked = group("f1", threshold="dev")
    made = tables(2.0)
    chosen = threshold.chosen_on_dev(made, asked)
    other = {**made, "test": table("test", 0.1)}
    assert threshold.chosen_on_dev(other, asked) == chosen
    scored = threshold.apply(made, asked, chosen)
    for split, frame in scored.items():
        called = frame["proba_yes"] >= chosen
        assert (called == (frame["y_hat"] == "yes")).all(), split
        assert (frame["is_error"] == (frame["y"] != frame["y_hat"])).all()
    before, after = (
        f1_score(t["dev"]["y"], t["dev"]["y_hat"], pos_label="yes") for t in (made, scored)
    )
    assert after > before
    again = threshold.of_table(scored["dev"], asked)
    np.testing.assert_array_equal(
        threshold.apply(made, asked, again)["dev"]["y_hat"], scored["dev"]["y_hat"]
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (group("f2"), "unknown metric 'f2'"),
        (group("rmse"), "unknown metric 'rmse'"),
        (group("f1", task="regress"), "unknown metric 'f1'"),
        (group("f1", direction="minimize"), "must be 'maximize'"),
        (group("roc_auc", threshold="dev"), "threshold: dev"),
        (group("recall_at_precision"), "threshold: dev"),
        (group("f1", metric_args={"positiv": "yes"}), "unknown argument 'positiv'"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(asked, words):
    with pytest.raises(FoursplitError, match=words):
        check_group("made", asked)
