"""Summarize a search: the best trial, what luck it owes, and how the samplers compare."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from foursplit.config.samplers import Sampler
from foursplit.diagnosis.stats.power import optimism_of_best
from foursplit.evaluation.search.importance import contour, importance
from foursplit.evaluation.search.run import Search, Trial, best, is_better
from foursplit.evaluation.search.space import grid_levels, share

RESULT_COLUMNS = ("state", "epochs", "dev", "train_dev", "standard_error")

REFERENCE: Sampler = "random"
"""The sampler that the others are compared with."""

DIGITS = 6


def as_csv(search: Search, trials: Sequence[Trial]) -> str:
    """Write a row a trial, in the order in which they were asked for."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [*search.config.space]
    writer.writerow(["sampler", "repeat", "number", *names, *RESULT_COLUMNS])
    for trial in trials:
        result = [getattr(trial.result, name) for name in RESULT_COLUMNS]
        tried = [trial.values[name] for name in names]
        cells = [trial.sampler, trial.repeat, trial.number, *tried, *result]
        writer.writerow("" if cell is None else cell for cell in cells)
    return text.getvalue()


def summarize(search: Search, metric: str, trials: list[Trial]) -> dict[str, Any]:
    """Return what the search found; `best` is None if no trial has a metric."""
    config, seed = search.config, search.config.seed
    found = best(trials, search.direction)
    importances = importance(trials, config.space, seed)
    names = [*importances][:2]
    whole = sum(trial.result.dev is not None for trial in trials)
    error = found.result.standard_error if found else None
    return _rounded(
        {
            "key": search.key,
            "week": config.week,
            "experiment": config.experiment,
            "model": config.model,
            "dataset": config.dataset,
            "metric": metric,
            "direction": search.direction,
            "space": {name: asdict(given) for name, given in config.space.items()},
            "n_trials": config.n_trials,
            "n_repeats": config.n_repeats,
            "max_epochs": search.max_epochs,
            "grid_levels": grid_levels(config.space, config.n_trials),
            "rungs": search.rungs,
            "looks": whole,
            "best": _trial(search, found) if found else None,
            "optimism": None if error is None else optimism_of_best(whole, error),
            "samplers": {s: _sampler(search, s, trials) for s in config.samplers},
            "differences": _differences(search, trials),
            "importance": importances,
            "contour": contour(trials, config.space, (names[0], names[1]), seed) if names else None,
            "trials": [_trial(search, trial) for trial in trials],
        }
    )


def _trial(search: Search, trial: Trial) -> dict[str, Any]:
    space = search.config.space
    return {
        "sampler": trial.sampler,
        "repeat": trial.repeat,
        "number": trial.number,
        "values": dict(trial.values),
        "places": {name: share(given, trial.values[name]) for name, given in space.items()},
        **{name: getattr(trial.result, name) for name in RESULT_COLUMNS},
    }


def _of(trials: Sequence[Trial], sampler: Sampler, repeat: int) -> list[Trial]:
    return [trial for trial in trials if trial.sampler == sampler and trial.repeat == repeat]


def _sampler(search: Search, sampler: Sampler, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the mean over repeats of a sampler's best, at the end and as its budget grows."""
    repeats = [_of(trials, sampler, r) for r in range(1, search.config.n_repeats + 1)]
    winners = [best(own, search.direction) for own in repeats]
    ended = [winner.result for winner in winners if winner is not None]
    return {
        "n_trials": sum(map(len, repeats)),
        "n_whole": sum(trial.result.dev is not None for own in repeats for trial in own),
        "n_diverged": sum(t.result.state == "diverged" for own in repeats for t in own),
        "dev": _interval([r.dev for r in ended if r.dev is not None]),
        "train_dev": _interval([r.train_dev for r in ended if r.train_dev is not None]),
        "best_so_far": _means([best_so_far(search, own) for own in repeats]),
    }


def best_so_far(search: Search, trials: Sequence[Trial]) -> list[float | None]:
    """Return the best dev metric after each whole training's worth of epochs; None before any."""
    found: list[float | None] = []
    spent, now, todo = 0.0, None, list(trials)
    for budget in range(1, search.config.n_trials + 1):
        while todo and spent + _cost(search, todo[0]) <= budget + 1e-9:
            trial = todo.pop(0)
            spent += _cost(search, trial)
            value = trial.result.dev
            if value is not None and (now is None or is_better(value, now, search.direction)):
                now = value
        found.append(now)
    return found


def _cost(search: Search, trial: Trial) -> float:
    return trial.result.epochs / search.max_epochs if search.rungs else 1.0


def _means(columns: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Return the mean of each place; None where a repeat has nothing yet."""
    rows = zip(*columns, strict=True)
    return [None if None in row else fmean(v for v in row if v is not None) for row in rows]


def _interval(values: Sequence[float]) -> dict[str, float | None]:
    """Return the mean with its 95 % interval by Student's t; no interval of fewer than two."""
    if not values:
        return {"value": None, "lo": None, "hi": None}
    mean = fmean(values)
    if len(values) < 2:
        return {"value": mean, "lo": None, "hi": None}
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / sqrt(len(values))
    return {"value": mean, "lo": mean - half, "hi": mean + half}


def _differences(search: Search, trials: Sequence[Trial]) -> dict[str, dict[str, float | None]]:
    """Compare the best of each sampler with random's, repeat by repeat, on dev.

    Below 0: the sampler's is better.  The first weights of a repeat are the same for both.
    """
    if REFERENCE not in search.config.samplers:
        return {}
    sign = 1 if search.direction == "minimize" else -1
    found: dict[str, dict[str, float | None]] = {}
    for sampler in search.config.samplers:
        pairs = [
            (
                best(_of(trials, sampler, r), search.direction),
                best(_of(trials, REFERENCE, r), search.direction),
            )
            for r in range(1, search.config.n_repeats + 1)
        ]
        values = [
            sign * (one.result.dev - other.result.dev)
            for one, other in pairs
            if one and other and one.result.dev is not None and other.result.dev is not None
        ]
        if sampler != REFERENCE:
            found[sampler] = _interval(values)
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
