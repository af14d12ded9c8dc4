"""Pages of the second deep learning course: their numbers by hand or by another way."""

import numpy as np
import pytest

from foursplit_courses.lessons import batch_normalization, moving_averages, signals_by_depth


@pytest.fixture(scope="module")
def signals():
    return signals_by_depth.run(signals_by_depth.Args(repeats=3)).numbers


def test_each_rule_keeps_the_signal_of_the_activation_it_was_made_for(signals):
    assert 0.5 < signals["forward_he_relu"] < 2
    assert 0.5 < signals["backward_he_relu"] < 2
    # Half of the mean square is lost in each layer: the root of 2^-50.
    assert signals["forward_lecun_relu"] == pytest.approx(2.0**-25, rel=0.9)
    assert signals["forward_small_relu"] < 1e-50
    assert signals["forward_large_relu"] > 1e50
    assert signals["backward_large_tanh"] > 1e10  # saturated forward, and yet it explodes backward


def test_equal_units_stay_one_unit(signals):
    assert signals["different_units_from_zeros"] == 1
    assert signals["different_units_from_small"] == 4


@pytest.mark.parametrize(
    ("args", "name"),
    [({"depth": 1}, "depth"), ({"units": 1}, "units"), ({"repeats": 0}, "repeats")],
)
def test_arguments_that_show_nothing_are_refused(args, name):
    with pytest.raises(ValueError, match=name):
        signals_by_depth.Args(**args)


def test_an_average_of_noise_alone_has_the_noise_that_its_weights_leave():
    args = moving_averages.Args(days=365, betas=(0.0, 0.5, 0.9), noise=500.0, repeats=100)
    numbers = moving_averages.run(args).numbers
    for beta in args.betas:  # noise drowns the season: variance times the sum of squared weights
        weights = [beta ** np.arange(t) for t in range(1, args.days + 1)]
        shares = [((w / w.sum()) ** 2).sum() for w in weights]
        expected = 500 * np.sqrt(np.mean(shares))
        assert numbers[f"error_{beta:g}"] == pytest.approx(expected, rel=0.05)


def test_without_noise_the_average_is_only_late_and_begins_at_zero():
    args = moving_averages.Args(betas=(0.0, 0.9, 0.98), noise=0.0, repeats=1)
    numbers = moving_averages.run(args).numbers
    assert numbers["error_0"] == 0
    assert numbers["error_0"] < numbers["error_0.9"] < numbers["error_0.98"]
    assert numbers["first_month_0.98"] > 1  # degrees: pulled to zero


@pytest.mark.parametrize("betas", [(), (1.0,), (-0.1, 0.5)])
def test_betas_that_average_nothing_are_refused(betas):
    with pytest.raises(ValueError, match="betas"):
        moving_averages.Args(betas=betas)


def test_with_batch_normalization_training_bears_what_it_does_not_without():
    args = batch_normalization.Args(seeds=2, learning_rates=(0.3, 3.0), scales=(0.01,), steps=150)
    lesson = batch_normalization.run(args)
    numbers = lesson.numbers
    assert numbers["largest_rate_without"] == 0.3
    assert numbers["largest_rate_with"] == 3.0
    for changed in ("0.3_0.01_1", "0.3_1_0.01"):  # the inputs, then the first weights
        assert numbers[f"converged_with_{changed}"] == 1
        assert numbers[f"converged_without_{changed}"] == 0
    by_momentum = {pane.title: pane for pane in lesson.sections[2].figures[0].figures}
    batches, running, _, of_train, _ = by_momentum["Momentum 1"].series
    assert list(running.y[1:]) == list(batches.y)  # the last batch alone
    slow = by_momentum["Momentum 0.1"].series[1]
    assert slow.y[-1] == pytest.approx(of_train.y[0], abs=0.3)


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ({"n_train": 65, "batch_size": 64}, "batch_size"),
        ({"learning_rates": ()}, "learning_rates"),
        ({"scales": (0.0,)}, "scales"),
        ({"seeds": 0}, "seeds"),
    ],
)
def test_arguments_of_batch_normalization_that_cannot_be_are_refused(args, name):
    with pytest.raises(ValueError, match=name):
        batch_normalization.Args(**args)
