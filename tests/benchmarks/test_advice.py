"""The parts of the advice benchmark: worlds, actions, scores."""

import json

import numpy as np
import pytest
from benchmarks.advice import __main__ as advice
from benchmarks.advice.experiments import (
    STARTS,
    changed,
    partition,
    turn,
)
from benchmarks.advice.learner import Hyperparameters, train
from benchmarks.advice.measure import compare
from benchmarks.advice.problems import Domain, Problem
from benchmarks.advice.scoring import interval, is_kept, naive_ledger, score, summarise
from benchmarks.advice.worlds import WORLDS, curved, flat, rare, turning, weighted_bayes_error

FUNCTIONS = {
    "curved": curved, "label_mistakes": curved, "moved": turning, "nothing_wrong": flat,
    "overfit_dev": flat, "rare_class": rare, "small_dev": curved, "wide": flat,
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_the_function_that_made_the_labels_errs_as_often_as_the_world_says(name):
    world = WORLDS[name]()
    best = (FUNCTIONS[name](world.target.x) > 0).astype(int)
    weight = np.asarray(world.class_weights or (1.0, 1.0))[world.target.y]
    error = np.average(best != world.target.y, weights=weight)
    n_effective = weight.sum() ** 2 / (weight**2).sum()
    assert error == pytest.approx(world.level, abs=4 * np.sqrt(world.level / n_effective))
    if world.corrected_level is not None and not world.class_weights:
        corrected = (best != world.target.corrected).mean()
        assert corrected == pytest.approx(world.corrected_level, abs=0.006)


def test_the_weighted_bayes_error_is_the_least_of_all_four_rules():
    weights, positive, flips = (0.5, 4.0), 0.1, 0.05

    def risk(inside, outside):
        """Answer `inside` where the function is positive, `outside` elsewhere."""
        wrong_in = (1 - flips) * weights[1] if inside == 0 else flips * weights[0]
        wrong_out = flips * weights[1] if outside == 0 else (1 - flips) * weights[0]
        return positive * wrong_in + (1 - positive) * wrong_out

    least = min(risk(i, o) for i in (0, 1) for o in (0, 1))
    assert weighted_bayes_error(positive, flips, weights) == pytest.approx(least)


def problem(n=1000, *, audited=False):
    rng = np.random.default_rng(3)
    x = np.arange(n * 3, dtype=np.float32).reshape(n, 3)
    corrected = rng.integers(0, 2, n)
    y = np.where(rng.random(n) < 0.2, 1 - corrected, corrected)
    domain = Domain(x=x, y=y, corrected=corrected)
    return Problem(
        name="p", source=domain, target=domain, n_classes=2, same=True, level=0.1, audited=audited
    )


@pytest.mark.parametrize("start", STARTS)
def test_no_example_is_in_two_parts(start):
    parts = partition(problem(), start, 1)
    fields = ("train", "more", "like_target", "train_dev", "dev", "test", "pool")
    rows = np.concatenate([getattr(parts, field).x[:, 0] for field in fields])
    assert len(np.unique(rows)) == len(rows)
    assert min(len(getattr(parts, field)) for field in fields) > 0


def test_a_data_action_adds_examples_and_keeps_the_number_of_steps():
    parts, hyperparameters = partition(problem(), "good", 1), Hyperparameters(epochs=30)
    for action, extra in (("more_data", parts.more), ("target_data", parts.like_target)):
        after, data = changed(action, hyperparameters, parts, problem(), np.random.default_rng(0))
        assert len(data) == len(parts.train) + len(extra)
        assert after.epochs * len(data) == pytest.approx(30 * len(parts.train))


def test_relabelling_corrects_train_and_is_possible_only_where_labels_were_audited():
    parts, rng = partition(problem(), "good", 1), np.random.default_rng(0)
    assert changed("relabel", Hyperparameters(), parts, problem(), rng) is None
    _, data = changed("relabel", Hyperparameters(), parts, problem(audited=True), rng)
    assert (data.y == parts.train.corrected).all()
    assert (data.y != parts.train.y).any()


def test_an_action_on_the_model_turns_one_knob():
    hyperparameters = Hyperparameters(hidden=(2,), penalty=0.03, epochs=10)
    assert turn("bigger", hyperparameters) == Hyperparameters(hidden=(16,), penalty=0.03, epochs=10)
    assert turn("longer", hyperparameters) == Hyperparameters(hidden=(2,), penalty=0.03, epochs=40)
    assert turn("less_penalty", hyperparameters) == Hyperparameters(
        hidden=(2,), penalty=0.001, epochs=10
    )
    assert turn("more_penalty", hyperparameters).penalty == pytest.approx(0.9)
    assert turn("less_penalty", Hyperparameters()) is None


def test_the_network_learns_what_a_line_cannot_and_the_same_again():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((600, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(int)

    def error(hidden):
        net = train(
            x,
            np.eye(2, dtype=np.float32)[y],
            np.ones(len(y)),
            Hyperparameters(hidden=hidden, epochs=60),
            np.random.default_rng(2),
        )
        return (net.predict(x) != y).mean()

    assert error((32,)) < 0.05 < 0.3 < error(())
    assert error((32,)) == error((32,))


def test_gains_and_their_errors_by_hand():
    # Two seeds, four examples: the start errs on 2 of 4 with both seeds, `bigger` on 1 and on 0.
    losses = {
        "measure": np.array([[1, 1, 0, 0], [1, 1, 0, 0]], float),
        "bigger": np.array([[1, 0, 0, 0], [0, 0, 0, 0]], float),
        "longer": np.array([[1, 1, 0, 0], [1, 1, 0, 0]], float),
    }
    found = compare(losses, np.ones(4))
    assert found["bigger"].gain == pytest.approx(0.5 - 0.125)
    assert found["measure"].behind == pytest.approx(0.375)
    # Over seeds: variance of (-.25, -.5) is .03125, of `longer` 0; the mean of both, over 2 seeds.
    by_seed = (0.03125 + 0) / 2 / 2
    examples = np.var([-0.5, -1, 0, 0]) / 4
    assert found["bigger"].gain_se == pytest.approx(np.sqrt(by_seed + examples))


def outcome(gain, behind, se=0.01):
    return {"error": 0.3 - gain, "gain": gain, "gain_se": se, "behind": behind, "behind_se": se}


def row(problem="a", action="bigger", promised=0.1):
    return {
        "problem": problem,
        "errors": {"human": 0.02, "train": 0.10, "dev": 0.15},
        "steps": [{"action": action, "gain": promised, "link": "avoidable_bias"}],
        "outcomes": {
            "measure": outcome(0.0, 0.08),
            "bigger": outcome(0.08, 0.0),
            "more_data": outcome(0.065, 0.015),
            "target_data": outcome(0.03, 0.05),
        },
    }


def test_an_action_is_right_within_noise_of_the_best():
    assert score(row(), "bigger").is_right
    assert score(row(), "more_data").is_right  # 1.5 points behind; noise is 1.96 of them
    assert not score(row(), "target_data").is_right
    assert score(row(), "relabel").gain == 0.0  # not possible there: nothing changes


def test_a_promise_is_kept_up_to_the_standard_error_of_the_real_gain():
    assert is_kept(row(promised=0.1))
    assert is_kept(row(promised=0.065))  # 8 points, less 1.96, are below 6.5
    assert not is_kept(row(promised=0.05))
    assert is_kept(row(promised=None)) is None


def test_the_naive_ledger_takes_the_larger_of_two_gaps():
    assert naive_ledger(row()) == "bigger"  # 8 points of bias, 5 of variance
    less = row() | {"errors": {"human": 0.07, "train": 0.10, "dev": 0.15}}
    assert naive_ledger(less) == "more_data"


def test_the_summary_by_hand_and_intervals_of_whole_data_sets():
    rows = [row("a"), row("a", action="target_data"), row("b"), row("b", action="measure")]
    found = summarise(rows)
    assert found["policies"]["advice"]["right"]["value"] == 0.5
    assert found["policies"]["advice"]["gain"]["value"] == pytest.approx(0.19 / 4)
    assert found["policies"]["random"]["gain"]["value"] == pytest.approx(0.175 / 4)
    assert found["lead"]["bigger"]["value"] == pytest.approx(0.19 / 4 - 0.08)
    alike = interval(np.array([1.0, 0.0, 1.0, 0.0]), ["a", "a", "b", "b"])
    assert (alike["lo"], alike["hi"]) == (0.5, 0.5)  # by data set there is no spread
    apart = interval(np.array([1.0, 1.0, 0.0, 0.0]), ["a", "a", "b", "b"])
    assert (apart["lo"], apart["hi"]) == (0.0, 1.0)


def test_the_halves_are_every_second_name_and_the_stored_file_keeps_to_them():
    assert [*advice.TUNING] == sorted(advice.NAMES)[::2]
    stored = json.loads(advice.RESULT.read_text(encoding="utf-8"))
    for entry in stored["rows"]:
        assert (entry["half"] == "tuning") == (entry["problem"] in advice.TUNING)
    report = [r for r in stored["rows"] if r["half"] == "report"]
    assert advice.rounded(summarise(report)) == stored["halves"]["report"]
