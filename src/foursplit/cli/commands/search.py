"""`foursplit search EXPERIMENT`: look for better hyperparameters, beside the graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from foursplit.config import paths
from foursplit.config.fit import TrainerConfig
from foursplit.config.load import declared_args, parse
from foursplit.config.samplers import Sampler
from foursplit.config.schema import Experiment, Params
from foursplit.config.search import SearchConfig, SearchRange
from foursplit.config.search_checks import check_search, searchable
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line
from foursplit.evaluation.search.summary import as_csv, summarize
from foursplit.io import artifacts
from foursplit.stages import search as stage

RATIO = 30
"""The learning rate is looked for between that of the experiment, divided and multiplied by it."""

N_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """Options of the command."""

    trials: int | None
    sampler: Sampler | None
    ranges: Sequence[str]
    max_epochs: int | None
    seed: int | None


def search(key: str, options: SearchOptions, params: Params) -> None:
    """Run or go on with a search from experiment `key`, and print what it found."""
    experiment = params.experiment(key)
    config = _config(key, experiment, options, params)
    at = f"search {key}"
    check_search(config, experiment, declared_args(experiment.model), at)
    try:
        searched, metric, trials, trainings = stage.run_trials(params, key, config, at)
    except (KeyboardInterrupt, SystemExit):  # Lightning makes the second of the first
        click.echo("Stopped. The finished trials are kept: the same command goes on.", err=True)
        raise
    summary = summarize(searched, metric, trials)
    file = results_file(key)
    artifacts.write_text(file, as_csv(searched, trials))
    before = len(trials) - trainings.n_trained
    click.echo(line(stage.sentence(summary)))
    if before > 0:
        click.echo(line(f"{before} of the trials were kept from before."))
    for text in _report(summary, file):
        click.echo(line(text))


def results_file(key: str) -> Path:
    """Return the file with the trials of one's own search from an experiment."""
    return paths.state() / "search" / f"{key}.csv"


def default_space(experiment: Experiment, args: Sequence[str]) -> dict[str, SearchRange]:
    """Return the ranges to look in where nobody gave any; of networks alone.

    Source: Ng, DLS C2 W3 (the learning rate first, then momentum; each on its scale).
    """
    fit = experiment.fit
    if not isinstance(fit, TrainerConfig):
        raise FoursplitError(
            f"{experiment.model!r} has no learning rate to look around. "
            f"Give --range NAME=LOW:HIGH. Valid: {', '.join(searchable(fit, args))}"
        )
    rate = fit.learning_rate
    space = {"fit.learning_rate": SearchRange(low=rate / RATIO, high=rate * RATIO, scale="log")}
    if fit.optimizer in ("sgd", "rmsprop"):
        space["fit.momentum"] = SearchRange(
            low=0.5 if fit.nesterov else 0.0, high=0.999, scale="one_minus"
        )
    space["fit.weight_decay"] = SearchRange(low=1e-6, high=1e-2, scale="log")
    if "dropout" in args:
        space["model_args.dropout"] = SearchRange(low=0.0, high=0.5)
    return space


def parse_range(text: str) -> tuple[str, SearchRange]:
    """Read `NAME=LOW:HIGH[:SCALE]` or `NAME=a,b,c`; whole numbers at both ends are integers."""
    name, equals, given = text.partition("=")
    if not equals or not name or not given:
        raise FoursplitError(f"--range {text!r}: must be NAME=LOW:HIGH[:SCALE] or NAME=a,b,c")
    at = f"--range {name}"
    if ":" not in given:
        return name, parse(SearchRange, {"choices": [_scalar(c) for c in given.split(",")]}, at)
    low, high, *rest = given.split(":")
    if len(rest) > 1:
        raise FoursplitError(f"--range {text!r}: must be NAME=LOW:HIGH[:SCALE]")
    ends = {"low": _scalar(low), "high": _scalar(high)}
    whole = all(isinstance(end, int) for end in ends.values())
    block = {**ends, "scale": rest[0] if rest else "linear", "type": "int" if whole else "float"}
    return name, parse(SearchRange, block, at)


def _config(
    key: str, experiment: Experiment, options: SearchOptions, params: Params
) -> SearchConfig:
    """Return the search of params.yaml that starts from `key`, or a new one, with the options."""
    found = [s for b in params.searches.values() for s in b.values() if s.experiment == key]
    space = dict(map(parse_range, options.ranges))
    if not space:
        args = declared_args(experiment.model)
        space = dict(found[0].space) if found else default_space(experiment, args)
    base = (
        found[0]
        if found
        else SearchConfig(
            week=experiment.week,
            experiment=key,
            group=experiment.group,
            dataset=experiment.dataset,
            task=experiment.task,
            model=experiment.model,
            space=space,
        )
    )
    changed: Mapping[str, Any] = {
        "n_trials": options.trials,
        "max_epochs": options.max_epochs,
        "seed": options.seed,
    }
    return replace(
        base,
        space=space,
        samplers=(options.sampler or "tpe",),
        n_repeats=1,
        **{name: value for name, value in changed.items() if value is not None},
    )


def _report(summary: Mapping[str, Any], file: Path) -> list[str]:
    ended = [trial for trial in summary["trials"] if trial["dev"] is not None]
    sign = 1 if summary["direction"] == "minimize" else -1
    ended.sort(key=lambda trial: sign * trial["dev"])
    lines = [
        f"  {summary['metric']} {trial['dev']:.4g} on dev, {trial['train_dev']:.4g} on train-dev: "
        + ", ".join(f"{name} {value}" for name, value in trial["values"].items())
        for trial in ended[:N_SHOWN]
    ]
    if summary["optimism"] is not None:
        lines.append(
            f"The best of {summary['looks']} equal models would look better on dev than it is by "
            f"{summary['optimism']:.2g}; train-dev plays no part in the choice."
        )
    if summary["importance"]:
        shares = (f"{name} {share:.0%}" for name, share in summary["importance"].items())
        lines.append(f"Importance (fANOVA): {', '.join(shares)}")
    shown = file.relative_to(paths.root())
    lines.append(f"All trials: {shown}. To use the best, give its values to an experiment.")
    return lines


def _scalar(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
