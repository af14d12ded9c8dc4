"""All past runs under another metric: ranks, who wins, and who cannot be ranked."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from tests.history.miniature import GROUP, N, table

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.selection.example_weights import parse_condition, parse_weight_rule
from foursplit.history.past_runs import list_past_runs
from foursplit.history.rescoring import rescore, weight_to_flip

DIAGNOSIS = DiagnosisConfig(
    n_resamples=200,
    confidence=0.95,
    min_gap=0.005,
    min_gap_fraction=0.1,
    co_primary_fraction=0.5,
    seed=1,
    tie_probability=0.0,
)
LETTERS = ComparisonGroup(dataset="digits", task="classify", metric="error")
MONDAY, TUESDAY = "2024-01-01T10:00:00+0000", "2024-01-02T10:00:00+0000"


def again(*rules, group=LETTERS, config=DIAGNOSIS, metric=""):
    return rescore(GROUP, group, config, [parse_weight_rule(text) for text in rules], metric)


def ranks(found):
    return {run.label: (run.old_rank, run.new_rank) for run in found.runs}


def slow_value(frame, column, weigh):
    """Sum weight times value over the sum of weights, row after row."""
    total = parts = 0.0
    for _, row in frame.iterrows():
        total += weigh(row)
        parts += weigh(row) * row[column]
    return parts / total


# 12 examples, of which e0, e3, e6 and e9 are a phone's.  `web` errs on three of the web's, `phone`
# on two of the phone's: 3/12 against 2/12.  With the phone at 3: 3/20 against 6/20.
WEB, PHONE = {1, 2, 4}, {0, 3}


def test_a_weight_turns_an_order_round_as_worked_by_hand(history):
    history.evaluate("web", {1: table(WEB)})
    history.evaluate("phone", {1: table(PHONE)})
    found = again("domain=phone:3")
    assert ranks(found) == {"web": (2, 1), "phone": (1, 2)}
    values = {run.label: (run.old.value, run.new.value) for run in found.runs}
    assert values["web"] == pytest.approx((3 / 12, 3 / 20))
    assert values["phone"] == pytest.approx((2 / 12, 6 / 20))
    assert (found.old_choice["winner"], found.new_choice["winner"]) == ("phone", "web")
    assert all(run.new.lo <= run.new.value <= run.new.hi for run in found.runs)


def test_any_weights_and_metric_give_what_a_plain_loop_gives(history, rng):
    frames = {key: table({*rng.choice(N, 4, replace=False).tolist()}) for key in "abc"}
    for key, frame in frames.items():
        history.evaluate(key, {1: frame})
    found = again("domain=phone:2.5", "y=a:0.3", metric="log_loss")

    def weigh(row):
        return (2.5 if row["domain"] == "phone" else 1) * (0.3 if row["y"] == "a" else 1)

    for run in found.runs:
        assert run.new.value == pytest.approx(slow_value(frames[run.label], "log_loss", weigh))
        assert run.old.value == pytest.approx(frames[run.label]["loss"].mean())
    assert [run.new.value for run in found.runs] == sorted(run.new.value for run in found.runs)


def test_without_another_metric_or_with_weight_one_nothing_changes(history):
    history.evaluate("web", {1: table(WEB)})
    history.evaluate("phone", {1: table(PHONE)})
    for found in (again(), again("domain=phone:1")):
        for run in found.runs:
            assert run.old_rank == run.new_rank
            assert (run.old.value, run.old.lo, run.old.hi) == (
                run.new.value,
                run.new.lo,
                run.new.hi,
            )


def test_past_runs_are_ranked_with_todays_and_may_win(history):
    better = history.evaluate("plain", {1: table({1})})
    commit = history.commit({"plain": better}, MONDAY)
    history.evaluate("plain", {1: table({1, 2, 3})})
    found = again()
    assert [run.label for run in found.runs] == [f"plain@{commit[:7]}", "plain"]
    assert found.new_choice["winner"] == f"plain@{commit[:7]}"
    assert found.runs[0].place == f"commit {commit[:7]}"


def test_a_run_that_answered_alike_is_listed_once_with_both_places(history):
    old = history.evaluate("plain", {1: table({1})}, n_parameters=11)
    commit = history.commit({"plain": old}, MONDAY)
    history.evaluate("plain", {1: table({1})}, n_parameters=10)
    (run,) = again().runs
    assert (run.label, run.also) == ("plain", (f"commit {commit[:7]}",))


def test_other_experiments_that_answer_alike_stay_apart(history):
    for key in "ab":
        history.evaluate(key, {1: table({1})})
    assert len(again().runs) == 2


def test_runs_on_other_examples_are_listed_with_the_reason(history):
    other = history.evaluate("plain", {1: table({0}, first=4)})
    commit = history.commit({"plain": other}, MONDAY)
    history.evaluate("plain", {1: table({1})})
    found = again()
    assert [run.label for run in found.runs] == ["plain"]
    (apart,) = found.apart
    assert apart.label == f"plain@{commit[:7]}"
    assert apart.reason == (
        "scored on other dev examples: 12, of which 8 are among the 12 of the runs ranked here"
    )


def test_runs_with_other_labels_and_without_the_metrics_column_are_listed_too(history):
    mended = table({1}).assign(y=["a"] * N)
    history.commit({"plain": history.evaluate("plain", {1: mended})}, MONDAY)
    bare = table({2}).drop(columns="log_loss")
    history.commit({"plain": history.evaluate("plain", {1: bare})}, TUESDAY)
    history.evaluate("plain", {1: table({3})})
    reasons = [apart.reason for apart in again(metric="log_loss").apart]
    assert "unknown column 'log_loss'" in reasons[0]
    assert "column 'y' differs between the tables for 6 examples" in reasons[1]


def test_the_order_of_rows_is_no_other_set_of_examples(history, rng):
    history.commit({"plain": history.evaluate("plain", {1: table({5})})}, MONDAY)
    history.evaluate("plain", {1: table({1, 2}).sample(frac=1, random_state=1)})
    found = again("domain=phone:3")
    assert not found.apart
    assert found.runs[0].new.value == pytest.approx(1 / 20)


def test_what_is_gone_is_named_and_the_rest_ranked(history):
    lost = history.evaluate("plain", {1: table({1})})
    commit = history.commit({"plain": lost}, MONDAY)
    history.forget(lost, "seed_1/dev.parquet")
    history.evaluate("plain", {1: table({2})})
    found = again()
    (gone,) = found.gone
    assert (gone.label, gone.reason) == (f"plain@{commit[:7]}", "dev.parquet")
    assert [run.label for run in found.runs] == ["plain"]


def test_a_table_that_the_cache_holds_damaged_is_never_ranked(history):
    """A byte that rotted may leave a table that reads well, with another error in it."""
    version = history.evaluate("plain", {1: table({0, 1})})
    history.commit({"plain": version}, MONDAY)
    history.evaluate("plain", {1: table({5})})
    (old,) = [run for run in list_past_runs(GROUP) if run.version == version]
    table().to_parquet(old.files["dev.parquet"], index=False)  # no error at all
    found = again()
    assert [run.label for run in found.runs] == ["plain"]
    (apart,) = found.apart
    assert "damaged in DVC's cache" in apart.reason


def test_where_a_summary_is_gone_the_cost_is_not_known_and_meets_no_bound(history):
    old = history.evaluate("plain", {1: table({1})})
    history.commit({"plain": old}, MONDAY)
    history.evaluate("plain", {1: table({1, 2})})
    history.forget(old, "seed_1/summary.json")
    bounded = ComparisonGroup(
        dataset="digits", task="classify", metric="error", bounds={"n_parameters": 50}
    )
    found = again(group=bounded)
    assert [bool(run.broken) for run in found.runs] == [True, False]
    assert found.new_choice["winner"] == "plain"


def test_seeds_are_averaged_example_by_example_and_widen_the_interval(history):
    history.evaluate("one", {1: table({0, 1, 2})})
    history.evaluate("two", {1: table({0, 1, 2}), 2: table({0, 1, 2, 3, 4, 5, 6, 7, 8})})
    found = {run.label: run for run in again("domain=phone:3").runs}
    # Seed 1 errs on e0 (3), e1, e2 of 20; seed 2 on e3 and e6 (3 each) and four others besides.
    assert found["two"].new.value == pytest.approx(((3 + 2) / 20 + (9 + 6) / 20) / 2)
    assert found["two"].n_seeds == 2
    one, two = found["one"].new, found["two"].new
    assert two.hi - two.lo > one.hi - one.lo


def test_a_cheaper_run_within_the_margin_of_the_groups_metric_wins(history):
    history.evaluate("large", {1: table({0, 1})}, n_parameters=99)
    history.evaluate("small", {1: table({2, 3, 4})}, n_parameters=9)
    tied = DiagnosisConfig(
        **{f: getattr(DIAGNOSIS, f) for f in DIAGNOSIS.__slots__} | {"tie_probability": 0.05}
    )
    wide = replace(LETTERS, min_gain=0.9)
    assert again(group=wide).new_choice["winner"] == "large"
    assert again(config=tied).new_choice["winner"] == "large"  # twelve examples show no 0.5 %
    assert again(config=tied).new_choice["not_distinguished"] == ["small"]
    assert again(group=wide, config=tied).new_choice["winner"] == "small"
    # The margin is in units of error, and says nothing about another metric.
    other = again(group=wide, config=tied, metric="log_loss")
    assert (other.old_choice["winner"], other.new_choice["winner"]) == ("small", "large")


def test_the_weight_that_makes_the_metric_prefer_what_users_prefer(history):
    history.evaluate("web", {1: table(WEB)})
    history.evaluate("phone", {1: table(PHONE)})
    turned = weight_to_flip(again(), "web", "phone", parse_condition("domain=phone"), DIAGNOSIS)
    # 3 against 2v.
    assert (turned.weight, turned.proposed) == (pytest.approx(1.5), 1.6)
    assert "he metric prefers web" in turned.sentence
    assert ranks(again("domain=phone:1.6"))["web"] == (2, 1)
    assert ranks(again("domain=phone:1.4"))["web"] == (2, 2)
    with pytest.raises(FoursplitError, match="run 'wep'.*Did you mean 'web'"):
        weight_to_flip(again(), "wep", "phone", parse_condition("domain=phone"), DIAGNOSIS)


def test_where_more_is_better_the_flip_is_turned_too(history):
    # Here the loss counts as a gain: `phone`, with fewer, is the one that needs weight.
    more = ComparisonGroup(dataset="digits", task="classify", metric="error", direction="maximize")
    history.evaluate("web", {1: table(WEB)})
    history.evaluate("phone", {1: table(PHONE)})
    found = again(group=more)
    assert found.new_choice["winner"] == "web"
    turned = weight_to_flip(found, "phone", "web", parse_condition("domain=phone"), DIAGNOSIS)
    assert turned.weight == pytest.approx(1.5)
    assert ranks(again("domain=phone:1.6", group=more))["phone"] == (2, 1)


def test_what_nobody_knows_or_measures_is_refused(history):
    with pytest.raises(FoursplitError, match="No run of group"):
        again()
    version = history.evaluate("plain", {1: table({1})})
    history.commit({"plain": version}, MONDAY)
    with pytest.raises(FoursplitError, match="metric 'auc'.*log_loss.*roc_auc"):
        again(metric="auc")
    with pytest.raises(FoursplitError, match="value 'tablet'.*phone, web"):
        again("domain=tablet:3")
    history.evaluate("plain", {})
    history.forget(version, "seed_1/dev.parquet")
    with pytest.raises(FoursplitError, match="all 1 recorded runs are missing"):
        again()


def test_intervals_of_equal_tables_are_equal(history):
    for key in "ab":
        history.evaluate(key, {1: table({1, 5})})
    one, other = again().runs
    assert np.array_equal(one.new.replicates, other.new.replicates)


def scored(rng, n=N):
    """Give a table of two classes with probabilities, whose answer is the likelier class."""
    yes = rng.random(n)
    y = np.array(["b", "a"])[np.arange(n) % 2]
    y_hat = np.where(yes >= 0.5, "b", "a")
    wrong = y != y_hat
    return table({*np.flatnonzero(wrong).tolist()}, n).assign(
        y=y, y_hat=y_hat, is_error=wrong, proba_a=1 - yes, proba_b=yes
    )


BINARY = replace(LETTERS, task="classify_binary")

ORACLES = {
    "f1": lambda t, w: metrics.f1_score(t["y"], t["y_hat"], pos_label="b", sample_weight=w),
    "recall": lambda t, w: metrics.recall_score(t["y"], t["y_hat"], pos_label="b", sample_weight=w),
    "roc_auc": lambda t, w: metrics.roc_auc_score(t["y"] == "b", t["proba_b"], sample_weight=w),
    "brier": lambda t, w: metrics.brier_score_loss(t["y"] == "b", t["proba_b"], sample_weight=w),
    "balanced_error": lambda t, w: (
        1 - metrics.balanced_accuracy_score(t["y"], t["y_hat"], sample_weight=w)
    ),
    "accuracy": lambda t, w: metrics.accuracy_score(t["y"], t["y_hat"], sample_weight=w),
}


@pytest.mark.parametrize("metric", ORACLES)
def test_past_runs_are_ranked_by_any_metric_of_the_engine_under_any_weights(history, rng, metric):
    frames = {key: [scored(rng, 60), scored(rng, 60)] for key in ("one", "two", "three")}
    for key, seeds in frames.items():
        history.evaluate(key, {1: seeds[0], 2: seeds[1]})
    found = again("domain=phone:3", group=BINARY, metric=metric)
    sign = -1 if found.new.direction == "maximize" else 1
    for run in found.runs:
        oracle = [
            ORACLES[metric](frame, np.where(frame["domain"] == "phone", 3.0, 1.0))
            for frame in frames[run.label]
        ]
        assert run.new.value == pytest.approx(np.mean(oracle))
        assert 0 <= run.new.lo <= run.new.value <= run.new.hi <= 1
    values = [sign * run.new.value for run in found.runs]
    assert values == sorted(values)
    assert found.new_choice["winner"] == found.runs[0].label


def test_a_group_that_competes_on_f1_keeps_its_metric_and_its_positive_class(history, rng):
    frame = scored(rng, 60)
    history.evaluate("one", {1: frame})
    for positive in ("a", "b"):
        group = replace(BINARY, metric="f1", metric_args={"positive": positive})
        (run,) = again(group=group).runs
        wanted = metrics.f1_score(frame["y"], frame["y_hat"], pos_label=positive)
        assert run.old.value == run.new.value == pytest.approx(wanted)


def test_runs_with_equal_errors_and_other_probabilities_are_two(history, rng):
    frame = scored(rng, 60)
    nearer = frame.assign(proba_b=0.5 + (frame["proba_b"] - 0.5) / 2)
    commit = history.commit({"plain": history.evaluate("plain", {1: frame})}, MONDAY)
    history.evaluate("plain", {1: nearer.assign(proba_a=1 - nearer["proba_b"])})
    found = again(group=BINARY, metric="brier")
    assert {run.label for run in found.runs} == {"plain", f"plain@{commit[:7]}"}


def test_what_no_weight_or_no_stored_answer_can_give_is_refused_with_another_way(history, rng):
    for key in ("one", "two"):
        history.evaluate(key, {1: scored(rng, 60)})
    found = again(group=BINARY, metric="f1")
    with pytest.raises(FoursplitError, match="--weight"):
        weight_to_flip(found, "one", "two", parse_condition("domain=phone"), DIAGNOSIS)
    with pytest.raises(FoursplitError, match="average_precision"):
        again(group=BINARY, metric="recall_at_precision")
    with pytest.raises(FoursplitError, match="roc_auc"):
        again(group=BINARY, metric="auc")
