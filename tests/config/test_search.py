"""A search of params.yaml: what its space may say, and the errors that name the rest."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.load import build, declared_args, load, parse
from foursplit.config.pipelines import tree
from foursplit.config.search import SearchConfig, SearchRange
from foursplit.config.search_checks import check_search, searchable, trial_experiment
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.search.space import grid, grid_levels, share, values

KEY = "c2w3_moons_search"


@pytest.fixture
def search(project):
    return load(project / "params.yaml").search(KEY)


@pytest.fixture
def experiment(project, search):
    return load(project / "params.yaml").experiment(search.experiment)


def checked(search, experiment, **space):
    found = {name.replace("__", "."): parse(SearchRange, r, "space") for name, r in space.items()}
    check_search(replace(search, space=found), experiment, declared_args("mlp"), "searches.x.y")


def test_an_unknown_hyperparameter_is_named_with_the_valid_ones(search, experiment):
    with pytest.raises(FoursplitError, match="fit.learning_rat'.*Did you mean 'fit.learning_rate'"):
        checked(search, experiment, fit__learning_rat={"low": 0.1, "high": 1.0})
    with pytest.raises(FoursplitError, match="model_args.units.*model_args.dropout"):
        checked(search, experiment, model_args__units={"low": 1, "high": 9, "type": "int"})


def test_a_range_that_the_settings_refuse_is_named_with_its_end(search, experiment):
    with pytest.raises(FoursplitError, match="fit.learning_rate 0.0"):
        checked(search, experiment, fit__learning_rate={"low": 0.0, "high": 1.0})
    with pytest.raises(FoursplitError, match="fit.momentum 1.5"):
        checked(search, experiment, fit__momentum={"low": 0.0, "high": 1.5})
    with pytest.raises(FoursplitError, match="adam has no momentum"):
        sgd = replace(experiment, fit=replace(experiment.fit, optimizer="adam", momentum=0.0))
        checked(search, sgd, fit__momentum={"low": 0.1, "high": 0.9})
    with pytest.raises(FoursplitError, match="optimizer 'adagrad'"):
        checked(search, experiment, fit__optimizer={"choices": ["sgd", "adagrad"]})


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({}, "give `low` and `high`, or `choices`"),
        ({"low": 1.0, "high": 0.1}, "must be below"),
        ({"low": 0.0, "high": 1.0, "scale": "log"}, "above 0"),
        ({"low": 0.0, "high": 1.0, "scale": "one_minus"}, "below 1"),
        ({"low": 1.5, "high": 3.0, "type": "int"}, "whole numbers"),
        ({"choices": [1]}, "two or more"),
        ({"choices": [1, 1]}, "all different"),
        ({"choices": [1, 2], "low": 1.0}, "either"),
        ({"low": 1.0, "hihg": 2.0}, "hihg"),
    ],
)
def test_a_range_that_makes_no_sense_is_an_error_that_says_why(block, told):
    with pytest.raises(FoursplitError, match=told) as error:
        parse(SearchRange, block, "searches.x.y.space.fit.learning_rate")
    assert "searches.x.y.space.fit.learning_rate" in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"space": {}}, "space"),
        ({"experiment": "c2w3_moons_gues"}, "Did you mean 'c2w3_moons_guess'"),
        ({"model": "lenet"}, "the experiment's is 'mlp'"),
        ({"samplers": ["random", "simulated"]}, "samplers"),
        ({"samplers": ["grid", "grid"]}, "all different"),
        ({"n_trials": 1}, "n_trials"),
    ],
)
def test_params_with_a_wrong_search_are_refused_at_its_place(project, change, told):
    content = tree(project / "params.yaml")
    block = content["searches"]["improving"][KEY]
    searches = {"improving": {KEY: {**block, **change}}}
    with pytest.raises(FoursplitError, match=told) as error:
        build({**content, "searches": searches})
    assert f"searches.improving.{KEY}" in str(error.value)


def test_searches_are_of_the_default_pipeline_alone(project):
    content = tree(project / "params.yaml")
    with pytest.raises(FoursplitError, match="searches"):
        build({**content, "full": {**content["full"], "searches": {}}})


def test_an_estimator_has_no_epochs_to_halve(project, search):
    params = load(project / "params.yaml")
    key = next(
        k
        for block in params.experiments.values()
        for k, e in block.items()
        if e.model == "decision_tree"
    )
    tree_experiment = params.experiment(key)
    names = {n: getattr(tree_experiment, n) for n in ("group", "dataset", "task", "model")}
    args = declared_args("decision_tree")
    assert not [n for n in searchable(tree_experiment.fit, args) if n.startswith("fit.")]
    halving = replace(search, experiment=key, max_epochs=None, **names)
    with pytest.raises(FoursplitError, match="successive_halving.*Valid: random"):
        check_search(halving, tree_experiment, args, "at")


def test_a_trial_changes_what_it_tries_and_nothing_else(search, experiment):
    tried = trial_experiment(
        experiment, search, {"fit.momentum": 0.25, "model_args.dropout": 0.5}, "at"
    )
    assert tried.fit == replace(experiment.fit, momentum=0.25)
    assert tried.model_args == {**experiment.model_args, "dropout": 0.5}
    assert replace(tried, fit=experiment.fit, model_args=experiment.model_args) == experiment


def test_the_looks_of_a_group_are_the_trainings_of_its_searches(project):
    params = load(project / "params.yaml")
    search = params.search(KEY)
    assert params.looks(search.group) == 12 * 4 * 5 == search.looks
    assert params.looks("c2w2_moons") == 0


ENDS = st.tuples(st.floats(1e-6, 0.9), st.floats(1.01, 1e3)).map(lambda e: (e[0], e[0] * e[1]))


@given(ends=ENDS, scale=st.sampled_from(["linear", "log"]), at=st.floats(0, 1))
def test_a_drawn_value_lies_in_its_range_and_has_its_place_there(ends, scale, at):
    given_range = SearchRange(low=ends[0], high=ends[1], scale=scale)
    low, high = ends
    drawn = low * (high / low) ** at if scale == "log" else low + at * (high - low)
    value = values({"a": given_range}, {"a": drawn})["a"]
    assert low <= value <= high
    # Four digits are kept; a narrow range has few of them.
    slack = 1e-3 * value / (high - low) if scale == "linear" else 1e-3 / 0.00995
    assert share(given_range, value) == pytest.approx(at, abs=max(slack, 2e-3))


@given(low=st.floats(0, 0.8), gap=st.floats(1e-4, 0.1), at=st.floats(0, 1))
def test_one_minus_draws_the_distance_from_one_by_its_exponent(low, gap, at):
    """Halfway between 0.9 and 0.999 is 0.99: 10, 100 and 1,000 values remembered."""
    given_range = SearchRange(low=low, high=1 - gap, scale="one_minus")
    drawn = (1 - low) * (gap / (1 - low)) ** at
    value = values({"a": given_range}, {"a": drawn})["a"]
    assert low <= value <= 1 - gap
    assert share(given_range, value) == pytest.approx(at, abs=5e-3)
    beta = SearchRange(low=0.9, high=0.999, scale="one_minus")
    assert share(beta, 0.99) == pytest.approx(0.5)


@given(n=st.integers(2, 60), d=st.integers(1, 4))
def test_a_grid_is_within_its_budget_and_has_each_point_once(n, d):
    space = {f"p{i}": SearchRange(low=0.1, high=10.0, scale="log") for i in range(d)}
    levels = grid_levels(space, n)
    points = grid(space, n, (1, 1))
    assert len(points) == len({tuple(p.values()) for p in points}) <= n
    for place in range(d):  # one more level of any is over the budget
        more = 1
        for i, level in enumerate(levels):
            more *= level + (i == place)
        assert more > n


def test_a_grid_takes_the_ends_and_equal_steps_of_the_scale():
    space = {
        "rate": SearchRange(low=0.001, high=1.0, scale="log"),
        "units": SearchRange(choices=([5], [20])),
    }
    points = [values(space, point) for point in grid(space, 8, (1,))]
    assert sorted({p["rate"] for p in points}) == [0.001, 0.01, 0.1, 1.0]
    assert [p["units"] for p in points].count([5]) == 4


def test_the_schema_of_the_project_s_own_search_is_read(search):
    assert isinstance(search, SearchConfig)
    assert search.space["fit.momentum"].scale == "one_minus"
