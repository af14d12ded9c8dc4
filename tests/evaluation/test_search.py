"""Samplers, trials, and what is told of them."""

from dataclasses import replace

import numpy as np
import pytest

from foursplit.config.search import SearchConfig, SearchRange
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.metrics.metric import MetricArgs
from foursplit.evaluation.group_metric import find_metric
from foursplit.evaluation.search import trainings as trainings_file
from foursplit.evaluation.search.importance import importance
from foursplit.evaluation.search.run import Search, Trial, best, run_search
from foursplit.evaluation.search.summary import as_csv, best_so_far, summarize
from foursplit.evaluation.search.trainings import Trainings, TrialResult, kept_file, require_mean
from foursplit.io import artifacts

SPACE = {
    "fit.learning_rate": SearchRange(low=1e-4, high=1.0, scale="log"),
    "fit.weight_decay": SearchRange(low=1e-6, high=1e-2, scale="log"),
}
ALL = ("random", "random_linear", "grid", "tpe", "successive_halving")


def search_of(job, samplers=("random",), *, space=SPACE, **how):
    config = SearchConfig(
        week="own", experiment=job.key, group="g", dataset="wine", task="classify", model="mlp",
        space=space, samplers=samplers, **{"n_trials": 4, "max_epochs": 4, **how},
    )  # fmt: skip
    return Search(
        key="s", config=config, experiment=job.experiment, direction="minimize", at="searches.s"
    )


def trainings_of(job, kept="kept.json"):
    metric = find_metric("classify", "error", MetricArgs())
    file = kept_file(job, "s", "error")
    return Trainings(job, metric, file.with_name(kept))


class Made:
    """Answer with a function of the values in place of a training."""

    def __init__(self, function, max_epochs):
        self.function, self.max_epochs, self.seeds = function, max_epochs, set()

    def run(self, experiment, seed, rungs=(), prune=None):
        self.seeds.add(seed)
        dev = self.function(experiment.fit)
        for rung in rungs:
            if prune is not None and prune(rung, dev):
                return result(None, rung, "stopped")
        return result(dev, self.max_epochs)


def result(dev, epochs=4, state="complete"):
    error = None if dev is None else 0.01
    return TrialResult(
        dev=dev, train_dev=dev, standard_error=error, epochs=epochs, rungs=(), state=state
    )


def bowl(fit):
    """Give the least at a learning rate of 0.01, whatever the weight decay."""
    return float((np.log10(fit.learning_rate) + 2) ** 2)


def test_no_sampler_spends_more_than_its_budget(job):
    search = search_of(job(), ALL, n_trials=9, n_repeats=2, max_epochs=9)
    trials = list(run_search(search, Made(bowl, 9)))
    for sampler in ALL:
        for repeat in (1, 2):
            own = [t for t in trials if (t.sampler, t.repeat) == (sampler, repeat)]
            assert 0 < sum(t.result.epochs for t in own) <= 9 * 9
            assert [t.number for t in own] == list(range(1, len(own) + 1))
    halved = [t for t in trials if t.sampler == "successive_halving"]
    assert len(halved) > 2 * 9
    assert {t.result.epochs for t in halved} == {1, 3, 9}


def test_all_trials_of_a_repeat_have_the_same_first_weights_and_repeats_have_others(job):
    made = Made(bowl, 4)
    list(run_search(search_of(job(), ALL, n_repeats=3), made))
    assert len(made.seeds) == 3


def test_tpe_finds_the_bottom_of_a_bowl_that_random_draws_around(job):
    """A known least: over 10 repeats TPE's best is nearer in nearly all, random's in few."""
    search = search_of(job(), ("random", "tpe"), n_trials=40, n_repeats=10)
    trials = list(run_search(search, Made(bowl, 4)))
    found = {
        sampler: [
            best(
                [t for t in trials if (t.sampler, t.repeat) == (sampler, r)], "minimize"
            ).result.dev
            for r in range(1, 11)
        ]
        for sampler in ("random", "tpe")
    }
    nearer = sum(tpe < other for tpe, other in zip(found["tpe"], found["random"], strict=True))
    assert nearer >= 7, found
    assert np.median(found["tpe"]) < np.median(found["random"]) / 2


def test_linear_scales_waste_the_budget_where_the_least_is_at_a_small_rate(job):
    """Of a range from 0.0001 to 1, nine in ten linear draws are above 0.1 (DLS C2 W3)."""
    search = search_of(job(), ("random", "random_linear"), n_trials=50, n_repeats=12)
    trials = list(run_search(search, Made(bowl, 4)))
    rates = {
        sampler: np.array([t.values["fit.learning_rate"] for t in trials if t.sampler == sampler])
        for sampler in ("random", "random_linear")
    }
    assert (rates["random_linear"] > 0.1).mean() == pytest.approx(0.9, abs=0.05)
    assert (rates["random"] > 0.1).mean() == pytest.approx(0.25, abs=0.07)
    told = summarize(search, "error", trials)
    assert told["differences"]["random_linear"]["value"] > 0


def test_a_hyperparameter_without_effect_has_next_to_no_importance(job):
    search = search_of(job(), n_trials=40)
    trials = list(run_search(search, Made(bowl, 4)))
    found = importance(trials, SPACE, 1)
    assert [*found] == ["fit.learning_rate", "fit.weight_decay"]
    assert found["fit.learning_rate"] > 0.95
    assert sum(found.values()) == pytest.approx(1, abs=1e-3)


def test_too_few_trials_have_no_importance(job):
    search = search_of(job(), n_trials=4)
    assert importance(list(run_search(search, Made(bowl, 4))), SPACE, 1) == {}


def test_the_best_so_far_never_gets_worse_and_waits_for_the_budget(job):
    search = search_of(job(), ("successive_halving",), n_trials=12, max_epochs=9)
    trials = list(run_search(search, Made(bowl, 9)))
    values = [v for v in best_so_far(search, trials) if v is not None]
    assert len(best_so_far(search, trials)) == 12
    assert values == sorted(values, reverse=True)
    assert values[-1] >= best(trials, "minimize").result.dev


def test_a_diverged_training_is_no_candidate(job):
    class Diverging(Made):
        def run(self, experiment, *_):
            if experiment.fit.learning_rate > 0.1:
                return result(None, state="diverged")
            return result(self.function(experiment.fit))

    search = search_of(job(), ("random", "tpe"), n_trials=20)
    trials = list(run_search(search, Diverging(bowl, 4)))
    told = summarize(search, "error", trials)
    assert {t.result.state for t in trials} == {"complete", "diverged"}
    assert told["best"]["values"]["fit.learning_rate"] <= 0.1
    assert told["looks"] == sum(t.result.dev is not None for t in trials)
    none = summarize(search, "error", [replace(t, result=result(None)) for t in trials])
    assert none["best"] is None


def test_real_trainings_repeat_to_the_byte_and_none_is_trained_twice(job):
    made = job()
    search = search_of(made, ALL)
    first = trainings_of(made)
    trials = list(run_search(search, first))
    texts = (as_csv(search, trials), summarize(search, "error", trials))
    again = trainings_of(made)
    repeated = list(run_search(search, again))
    assert (as_csv(search, repeated), summarize(search, "error", repeated)) == texts
    assert first.n_trained > 0 == again.n_trained
    clean = trainings_of(made, "elsewhere.json")
    assert as_csv(search, list(run_search(search, clean))) == texts[0]
    assert clean.n_trained == first.n_trained


@pytest.mark.parametrize("after", [1, 4])
def test_an_interrupted_search_goes_on_to_the_same_bytes(job, monkeypatch, after):
    made = job()
    search = search_of(made, ("random", "tpe", "successive_halving"), n_trials=3)
    whole = as_csv(search, list(run_search(search, trainings_of(made, "whole.json"))))
    trained = trainings_file.train
    calls = []

    def interrupted(*args, **how):
        calls.append(None)
        if len(calls) > after:
            raise KeyboardInterrupt
        return trained(*args, **how)

    monkeypatch.setattr(trainings_file, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(run_search(search, trainings_of(made)))
    monkeypatch.setattr(trainings_file, "train", trained)
    rest = trainings_of(made)
    before = len(rest.found)
    assert before == after
    assert as_csv(search, list(run_search(search, rest))) == whole
    total = len(artifacts.read_json(rest.kept))
    assert rest.n_trained == total - before


def test_more_trials_go_on_from_those_before(job):
    made = job()
    few, more = (list(run_search(search_of(made, n_trials=n), trainings_of(made))) for n in (3, 5))
    assert more[:3] == few
    assert len(more) == 5


def test_a_search_looks_at_dev_and_never_at_test(job):
    made = job()
    assert "test" not in made.splits
    trials = list(run_search(search_of(made), trainings_of(made)))
    assert all(0 <= t.result.dev <= 1 for t in trials)


def test_a_metric_of_whole_tables_is_refused():
    with pytest.raises(FoursplitError, match=r"searches.s.metric: 'f1'"):
        require_mean(find_metric("classify_binary", "f1", MetricArgs(positive="1")), "searches.s")


def test_a_trial_knows_its_values(job):
    trial = Trial(sampler="grid", repeat=1, number=1, values={"a": 1}, result=result(0.5))
    assert best([trial], "maximize") is trial
