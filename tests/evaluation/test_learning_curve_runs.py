"""Models on growing parts of train: what they are trained on, for how long, and how they err."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.evaluation.conftest import NETWORK, SETTINGS, blobs, line

from foursplit.config.fit import TrainerConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import derive_seed
from foursplit.data import nested_subsets
from foursplit.evaluation import learning_curve_runs
from foursplit.evaluation.learning_curve_runs import (
    as_csv,
    n_models,
    run_learning_curve,
    same_steps,
)
from foursplit.evaluation.predict import load_predictor
from foursplit.training import train as training

ARGS = {"hidden": (8,), "dropout": 0.0}


def test_the_same_job_gives_the_same_bytes(job, follower):
    made = job(args=ARGS)
    first, seconds = run_learning_curve(made, SETTINGS, follower, "curves.own.small")
    again, _ = run_learning_curve(made, SETTINGS, follower, "curves.own.small")
    assert as_csv(first) == as_csv(again)
    assert len(seconds) == len(first) == n_models(made, SETTINGS) == 5
    assert "seconds" not in as_csv(first)


def test_each_size_is_drawn_as_often_as_asked_and_the_last_is_all_of_train(job, follower):
    points, _ = run_learning_curve(job(args=ARGS), SETTINGS, follower, "x")
    # 120 in three sizes from a fifth on: 24, 120 / sqrt(5) = 53.67 and 120.
    assert [(p.size, p.n, p.repeat) for p in points] == [
        (1, 24, 1),
        (1, 24, 2),
        (2, 54, 1),
        (2, 54, 2),
        (3, 120, 1),
    ]
    assert [n for n, _ in follower.begun] == [p.n for p in points]
    assert points[0].dev_error != points[1].dev_error  # other examples


def test_a_smaller_part_really_trains_on_fewer_examples_each_held_by_the_next(
    job, follower, monkeypatch
):
    seen = []
    original = training.train

    def watched(small, folder, seed, listeners=()):
        seen.append(small.splits["train"].metadata["example_id"].tolist())
        return original(small, folder, seed, listeners)

    monkeypatch.setattr(learning_curve_runs, "train", watched)
    run_learning_curve(job(args=ARGS), SETTINGS, follower, "x")
    first, second, third, fourth, whole = map(set, seen)
    assert first < third < whole
    assert second < fourth < whole
    assert first != second
    assert [len(part) for part in seen] == [24, 24, 54, 54, 120]


def test_the_last_point_is_the_experiments_own_model(job, follower, tmp_path):
    made = job(args=ARGS, fit=replace(NETWORK, seeds=(4, 9)))
    points, _ = run_learning_curve(made, SETTINGS, follower, "x")
    for point, seed in zip(points[-2:], (4, 9), strict=True):
        training.train(made, tmp_path / f"m{seed}", seed)
        _, answer = load_predictor(tmp_path / f"m{seed}", made.run)
        for split in ("train", "train_dev", "dev"):
            examples = made.splits[split]
            wrong = answer(examples).argmax(axis=1) != examples.y
            assert getattr(point, f"{split}_error") == pytest.approx(wrong.mean())


def test_a_classifier_of_scikit_learns_errs_as_one_fitted_by_hand_on_those_rows(
    job, follower, direct
):
    made = job("logistic_sklearn", "classify_binary", fit=direct, make=blobs, n_classes=2)
    points, _ = run_learning_curve(made, SETTINGS, follower, "x")
    train, dev = made.splits["train"], made.splits["dev"]
    drawn = nested_subsets.nested_subsets(
        train.metadata, [24, 54, 120], derive_seed("learn", 1, 1), classes=True
    )
    found = {p.size: p for p in points if p.repeat == 1}
    for size, chosen in enumerate(drawn, start=1):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=5000, tol=1e-8))
        model.fit(train.x[chosen], train.y[chosen])
        assert found[size].n == len(chosen)
        assert found[size].dev_error == pytest.approx(1 - model.score(dev.x, dev.y))
        own = 1 - model.score(train.x[chosen], train.y[chosen])
        assert found[size].train_error == pytest.approx(own)


def test_a_regressions_error_has_one_unit_for_all_sizes(job, follower, direct):
    made = job("linear_sklearn", "regress", fit=direct, make=line)
    points, _ = run_learning_curve(made, SETTINGS, follower, "x")
    train, dev = made.splits["train"], made.splits["dev"]
    lower, upper = np.quantile(train.y, [0.25, 0.75])  # of all of train
    drawn = nested_subsets.nested_subsets(
        train.metadata, [24, 54], derive_seed("learn", 1, 1), classes=False
    )
    found = {p.size: p for p in points if p.repeat == 1}
    for size, chosen in enumerate(drawn, start=1):
        guess = LinearRegression().fit(train.x[chosen], train.y[chosen]).predict(dev.x)
        by_hand = np.abs(guess - dev.y).mean() / (upper - lower)
        assert found[size].dev_error == pytest.approx(by_hand, rel=1e-5)


def test_a_network_on_a_quantity_grows_too(job, follower):
    fit = TrainerConfig(
        seeds=(1,), learning_rate=0.1, max_epochs=60, batch_size=None, optimizer="sgd"
    )
    made = job("linear", "regress", fit=fit, args={"degree": 1}, make=line)
    points, _ = run_learning_curve(made, SETTINGS, follower, "x")
    guess = LinearRegression().fit(made.splits["train"].x, made.splits["train"].y)
    dev = made.splits["dev"]
    best = np.abs(guess.predict(dev.x) - dev.y).mean() / made.shape.target_iqr
    assert points[-1].dev_error == pytest.approx(best, rel=0.02)


@pytest.mark.parametrize(
    ("batch", "n", "epochs"),
    [
        # 100 examples in batches of 10 for 6 epochs: 60 steps.
        (10, 100, 6),
        (10, 50, 12),
        (10, 5, 60),
        (10, 35, 15),
        (None, 5, 6),  # all at once: an epoch is a step whatever the size
        (64, 70, 6),  # two batches as well
    ],
)
def test_every_part_takes_as_many_steps_as_the_whole(batch, n, epochs):
    fit = TrainerConfig(seeds=(1,), learning_rate=0.1, max_epochs=6, batch_size=batch)
    assert same_steps(fit, 100, n).max_epochs == epochs


def test_as_many_epochs_would_leave_the_smallest_part_untrained(job, follower, monkeypatch):
    fit = replace(NETWORK, learning_rate=0.003, max_epochs=8, batch_size=4)
    made, settings = job(args=ARGS, fit=fit, apart=4.0), replace(SETTINGS, min_fraction=0.1)
    points, _ = run_learning_curve(made, settings, follower, "x")
    monkeypatch.setattr(learning_curve_runs, "same_steps", lambda fit, *_: fit)
    naive, _ = run_learning_curve(replace(made, data={"another": "2"}), settings, follower, "x")

    def smallest(found):
        return np.mean([point.train_error for point in found if point.size == 1])

    # 12 are learnt by heart more easily than 120, unless one stops at a tenth of the steps.
    assert smallest(points) <= points[-1].train_error + 0.05
    assert smallest(naive) > points[-1].train_error + 0.15


def test_what_an_interrupted_run_had_measured_is_not_trained_again(job, follower, monkeypatch):
    made = job(args=ARGS)
    whole, _ = run_learning_curve(made, SETTINGS, follower, "x")
    original, calls = learning_curve_runs.train, []

    def cut(*given):
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*given)

    monkeypatch.setattr(learning_curve_runs, "train", cut)
    with pytest.raises(KeyboardInterrupt):
        run_learning_curve(made, SETTINGS, follower, "x")
    resumed, seconds = run_learning_curve(made, SETTINGS, follower, "x")
    assert len(calls) == 3 + 3  # two were kept, the third was cut off
    assert as_csv(resumed) == as_csv(whole)
    assert len(seconds) == 5


def test_more_sizes_than_groups_are_refused(job, follower):
    made = job(args=ARGS, per_group=30)  # 4 groups
    settings = replace(SETTINGS, n_sizes=5)
    with pytest.raises(
        FoursplitError, match=r"curves.own.small.n_sizes: 5 sizes .* in 4 groups, two of"
    ):
        run_learning_curve(made, settings, follower, "curves.own.small")


def test_a_smallest_part_without_room_for_every_class_is_refused(job, follower):
    settings = replace(SETTINGS, min_fraction=0.01)
    with pytest.raises(
        FoursplitError, match=r"x.min_fraction: 0.01 of train is 1 of 120 .* 1 of 3 classes"
    ):
        run_learning_curve(job(args=ARGS), settings, follower, "x")


def test_training_that_diverges_is_refused_by_name(job, follower):
    fit = TrainerConfig(
        seeds=(1,), learning_rate=1e6, max_epochs=60, batch_size=None, optimizer="sgd"
    )
    made = job("linear", "regress", fit=fit, args={"degree": 1}, make=line)
    with pytest.raises(FoursplitError, match="training on 24 examples gave errors of .*diverged"):
        run_learning_curve(made, SETTINGS, follower, "x")


def test_groups_stay_whole_and_their_examples_are_counted(job, follower):
    made = job(args=ARGS, per_group=3)
    points, _ = run_learning_curve(made, SETTINGS, follower, "x")
    assert [p.n for p in points] == [24, 24, 54, 54, 120]  # multiples of 3, each
