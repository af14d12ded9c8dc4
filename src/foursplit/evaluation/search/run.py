"""Run a search: each sampler proposes trials, sees their dev metric, and proposes the next.

A run repeats to the byte: samplers are seeded and asked one trial after the other, so that a run
after an interruption asks for the same trials, whose trainings are kept.

Source: Bergstra and Bengio (2012), Random Search for Hyper-Parameter Optimization; Bergstra,
Bardenet, Bengio and Kégl (2011), Algorithms for Hyper-Parameter Optimization; Jamieson and
Talwalkar (2016), Non-stochastic Best Arm Identification; Akiba et al. (2019), Optuna.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foursplit.config.fit import TrainerConfig
from foursplit.config.samplers import Sampler
from foursplit.config.schema import Experiment
from foursplit.config.search import SearchConfig
from foursplit.config.search_checks import trial_experiment
from foursplit.core.seeds import derive_seed
from foursplit.evaluation.search.space import distributions, grid, values
from foursplit.evaluation.search.trainings import Prune, Trainings, TrialResult, training_seed

MAX_STARTUP = 10
"""Random trials with which TPE begins, at most; of a small budget a third."""

N_RUNGS = 2
"""How often successive halving decides before a training's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial of a search: what was tried, and what it showed."""

    sampler: Sampler
    repeat: int  # from 1
    number: int  # from 1, of this sampler and repeat
    values: Mapping[str, Any]
    result: TrialResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search with the experiment that it starts from; `at` is the place that errors name."""

    key: str
    config: SearchConfig
    experiment: Experiment
    direction: str  # minimize or maximize
    at: str

    @property
    def max_epochs(self) -> int:
        fit = self.experiment.fit
        own = fit.max_epochs if isinstance(fit, TrainerConfig) else 1
        return self.config.max_epochs or own

    @property
    def rungs(self) -> tuple[int, ...]:
        """Return the epochs after which successive halving decides, the smallest first."""
        if not isinstance(self.experiment.fit, TrainerConfig):
            return ()
        factor = self.config.reduction_factor
        first = max(1, self.max_epochs // factor**N_RUNGS)
        found = [first * factor**rung for rung in range(N_RUNGS)]
        return tuple(epoch for epoch in found if epoch < self.max_epochs)


def run_search(
    search: Search, trainings: Trainings, begin: Callable[[int], None] = lambda _: None
) -> Iterator[Trial]:
    """Yield the trials of each repeat and sampler; `begin` hears how many came before each."""
    done = 0
    for repeat in range(1, search.config.n_repeats + 1):
        for sampler in search.config.samplers:
            for trial in _run_sampler(search, sampler, repeat, trainings):
                done += 1
                begin(done)
                yield trial


def _run_sampler(
    search: Search, sampler: Sampler, repeat: int, trainings: Trainings
) -> Iterator[Trial]:
    config = search.config
    study = _study(search, sampler, repeat)
    drawn_from = distributions(config.space, linear=sampler == "random_linear")
    budget = config.n_trials * search.max_epochs
    points = iter(grid(config.space, config.n_trials, (config.seed, repeat)))
    seed, number = training_seed(config.seed, repeat), 0
    while budget >= search.max_epochs:
        if sampler == "grid":
            point = next(points, None)
            if point is None:
                return
            study.enqueue_trial(point)
        asked, number = study.ask(drawn_from), number + 1
        tried = values(config.space, asked.params)
        experiment = trial_experiment(search.experiment, config, tried, search.at)
        prune = _prune(asked) if sampler == "successive_halving" else None
        result = trainings.run(experiment, seed, search.rungs, prune)
        _tell(study, asked, result)
        budget -= result.epochs if search.rungs else 1
        yield Trial(sampler=sampler, repeat=repeat, number=number, values=tried, result=result)


def _study(search: Search, sampler: Sampler, repeat: int) -> Any:
    """Return an Optuna study in memory; what is to outlive a run is kept by `Trainings`."""
    import optuna
    from optuna.samplers import RandomSampler, TPESampler

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Without the sampler's name: samplers that begin with random draws begin with the same ones.
    seed = derive_seed("search sampler", search.config.seed, repeat) % 2**32
    startup = min(MAX_STARTUP, max(2, search.config.n_trials // 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        chosen: Any = (
            TPESampler(seed=seed, n_startup_trials=startup, multivariate=True)
            if sampler == "tpe"
            else RandomSampler(seed=seed)  # grid's points are given to it
        )
    factor = search.config.reduction_factor
    pruner = optuna.pruners.SuccessiveHalvingPruner(
        min_resource=search.rungs[0] if search.rungs else 1, reduction_factor=factor
    )
    # Rungs compare losses; the metric of the end is compared by us.
    return optuna.create_study(
        sampler=chosen,
        pruner=pruner,
        direction="minimize" if sampler == "successive_halving" else search.direction,
    )


def _prune(asked: Any) -> Prune:
    def prune(epoch: int, loss: float) -> bool:
        asked.report(loss, epoch)
        return bool(asked.should_prune())

    return prune


def _tell(study: Any, asked: Any, result: TrialResult) -> None:
    from optuna.trial import TrialState

    if result.dev is None:
        state = TrialState.PRUNED if result.state == "stopped" else TrialState.FAIL
        study.tell(asked, state=state)
    else:
        study.tell(asked, result.dev)


def is_better(value: float, than: float, direction: str) -> bool:
    return value < than if direction == "minimize" else value > than


def best(trials: list[Trial], direction: str) -> Trial | None:
    """Return the trial with the best dev metric, the first of equals; None if none ended."""
    found: Trial | None = None
    for trial in trials:
        if trial.result.dev is None:
            continue
        if found is None or is_better(trial.result.dev, found.result.dev or 0.0, direction):
            found = trial
    return found
