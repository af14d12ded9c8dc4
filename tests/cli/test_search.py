"""`foursplit search`: ranges from the command line, defaults, and errors."""

import pytest

from foursplit.cli.commands.search import (
    SearchOptions,
    default_space,
    parse_range,
    results_file,
    search,
)
from foursplit.config.load import declared_args, load
from foursplit.config.search import SearchRange
from foursplit.config.search_checks import trial_fit
from foursplit.core.errors import FoursplitError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fit.learning_rate=0.001:1.0:log", {"low": 0.001, "high": 1.0, "scale": "log"}),
        ("fit.learning_rate=1e-3:0.1", {"low": 0.001, "high": 0.1}),
        ("fit.batch_size=16:64", {"low": 16, "high": 64, "type": "int"}),
        ("fit.momentum=0.0:0.999:one_minus", {"low": 0.0, "high": 0.999, "scale": "one_minus"}),
        ("fit.optimizer=adam,sgd", {"choices": ("adam", "sgd")}),
        ("model_args.standardize=true,false", {"choices": (True, False)}),
        ("fit.batch_size=16,64", {"choices": (16, 64)}),
    ],
)
def test_a_range_is_read_as_it_is_written(text, expected):
    assert parse_range(text) == (text.partition("=")[0], SearchRange(**expected))


@pytest.mark.parametrize(
    "text", ["fit.learning_rate", "=1:2", "a=", "a=1:2:log:x", "a=2:1", "a=1:2:cubic", "a=x:y"]
)
def test_a_range_that_is_none_is_an_error_that_shows_it(text):
    with pytest.raises(FoursplitError, match="--range"):
        parse_range(text)


def test_the_default_ranges_hold_the_experiments_own_rate_and_are_allowed(project):
    params = load(project / "params.yaml")
    n = 0
    for block in params.experiments.values():
        for key, experiment in block.items():
            if not hasattr(experiment.fit, "learning_rate"):
                continue
            space, n = default_space(experiment, declared_args(experiment.model)), n + 1
            rate = space["fit.learning_rate"]
            assert rate.low < experiment.fit.learning_rate < rate.high
            for name, found in space.items():
                for end in found.ends if name.startswith("fit.") else ():
                    trial_fit(experiment.fit, {name: end}, key)
    assert n > 10


def test_a_model_without_a_rate_needs_ranges(project):
    params = load(project / "params.yaml")
    keys = [k for b in params.experiments.values() for k, e in b.items() if e.model == "k_means"]
    experiment = params.experiment(keys[0])
    with pytest.raises(FoursplitError, match=r"--range.*model_args\.n_clusters"):
        default_space(experiment, declared_args("k_means"))


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        (["fit.learnig_rate=0.1:1.0"], "Did you mean 'fit.learning_rate'"),
        (["fit.momentum=0.5:1.5"], "fit.momentum 1.5"),
        (["model_args.units=1:9"], "model_args.hidden"),
        (["fit.optimizer=sgd,adagrad"], "adagrad"),
    ],
)
def test_a_wrong_range_is_refused_before_anything_is_trained(project, ranges, told):
    params = load(project / "params.yaml")
    options = SearchOptions(trials=2, sampler=None, ranges=ranges, max_epochs=None, seed=None)
    with pytest.raises(FoursplitError, match=told):
        search("c2w3_moons_guess", options, params)
    assert not results_file("c2w3_moons_guess").exists()
