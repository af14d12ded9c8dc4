"""Rank every stored run of a group under another metric: old and new ranks, and the winner.

Only runs on the same frozen dev examples are ranked together; the others are listed apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.seeds import generator
from foursplit.diagnosis.metrics.answers import PROBA
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.selection.example_weights import (
    Condition,
    WeightFlip,
    WeightRule,
    reweight,
    smallest_flip_weight,
    weight_factors,
)
from foursplit.diagnosis.selection.model_selection import Candidate, select_model
from foursplit.diagnosis.stats.bootstrap import Estimate
from foursplit.diagnosis.stats.paired_comparison import align_rows
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.evaluation import dev_scores
from foursplit.history.past_runs import PastRun, list_past_runs
from foursplit.history.rescored_metric import Metric, estimate, metric_of, seed_table, value

DEV = "dev.parquet"
CHOICE = ("winner", "best", "tied", "not_distinguished", "prices")  # what is reported of a choice


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRun:
    """A run with its rank and value before and after; `also` names where it is known from else."""

    label: str
    place: str
    when: str
    n_seeds: int
    old_rank: int
    new_rank: int
    old: Estimate
    new: Estimate
    broken: tuple[str, ...]
    also: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**fields, "old": self.old.as_json(), "new": self.new.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedRun:
    """A run that cannot be ranked with the others, and why."""

    label: str
    place: str
    when: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """A group's runs under two metrics."""

    group: str
    old: Metric
    new: Metric
    n_examples: int
    runs: tuple[RankedRun, ...]  # by the new rank
    apart: tuple[ExcludedRun, ...]
    gone: tuple[ExcludedRun, ...]
    old_choice: dict[str, Any]  # as `choose` gives it
    new_choice: dict[str, Any]
    tables: dict[str, PredictionTable]  # each ranked run's examples under the new metric

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "n_examples": self.n_examples,
            **{
                name: {
                    "metric": metric.name,
                    "direction": metric.direction,
                    "weights": [str(rule) for rule in metric.rules],
                    **{part: choice[part] for part in CHOICE},
                }
                for name, metric, choice in (
                    ("old", self.old, self.old_choice),
                    ("new", self.new, self.new_choice),
                )
            },
            "runs": [run.as_json() for run in self.runs],
            "apart": [
                {n: getattr(a, n) for n in ExcludedRun.__dataclass_fields__} for a in self.apart
            ],
            "gone": [
                {n: getattr(a, n) for n in ExcludedRun.__dataclass_fields__} for a in self.gone
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A run whose tables are here, its seeds in the order of the reference's examples."""

    label: str
    runs: tuple[PastRun, ...]
    old: tuple[PredictionTable, ...]
    new: tuple[PredictionTable, ...]
    also: tuple[str, ...] = ()

    def is_like(self, other: "_Stored") -> bool:
        """Check whether an experiment answered alike twice: other code or settings, same tables."""
        if self.runs[0].key != other.runs[0].key or len(self.old) != len(other.old):
            return False
        pairs = [*zip(self.old, other.old, strict=True), *zip(self.new, other.new, strict=True)]
        return all(np.array_equal(a.loss, b.loss) and _same_scores(a, b) for a, b in pairs)


def _same_scores(a: PredictionTable, b: PredictionTable) -> bool:
    """Check whether two tables have the same probabilities, as far as they have any."""
    scores = [table.frame.filter(regex=f"^{PROBA}") for table in (a, b)]
    return scores[0].equals(scores[1])


def rescore(
    name: str,
    group: ComparisonGroup,
    config: DiagnosisConfig,
    rules: Sequence[WeightRule] = (),
    metric: str = "",
) -> Rescored:
    """Score every stored run by the group's metric, and by `metric` under the rules' weights."""
    old = metric_of(group, group.metric, ())
    new = metric_of(group, metric or group.metric, tuple(rules))
    versions = _versions(list_past_runs(name))
    if not versions:
        raise FoursplitError(f"No run of group {name!r} is recorded. Run `foursplit repro`.")
    gone = [_apart(runs, _missing(runs)) for runs in versions if _missing(runs)]
    stored, apart = _read([runs for runs in versions if not _missing(runs)], old, new)
    if not stored:
        raise FoursplitError(
            f"group {name!r}: the tables of all {len(versions)} recorded runs are missing. "
            "Run `foursplit repro`."
        )
    reference = stored[0].old[0]
    before = _Scores(stored, "old", np.ones(len(reference)), group, old, config)
    after = _Scores(stored, "new", weight_factors(reference, rules), group, new, config)
    ranked = [
        RankedRun(
            label=one.label,
            place=one.runs[0].place,
            when=_day(one.runs[0]),
            n_seeds=len(one.runs),
            old_rank=before.ranks[one.label],
            new_rank=after.ranks[one.label],
            old=before.values[one.label],
            new=after.values[one.label],
            broken=after.broken[one.label],
            also=one.also,
        )
        for one in stored
    ]
    return Rescored(
        group=name,
        old=old,
        new=new,
        n_examples=len(reference),
        runs=tuple(sorted(ranked, key=lambda run: run.new_rank)),
        apart=tuple(apart),
        gone=tuple(gone),
        old_choice=before.choice,
        new_choice=after.choice,
        tables=after.tables,
    )


def weight_to_flip(
    found: Rescored, prefer: str, over: str, on: Condition, config: DiagnosisConfig
) -> WeightFlip:
    """Find the smallest weight of some examples at which `prefer` ranks above `over`."""
    for label in (prefer, over):
        if label not in found.tables:
            raise unknown_name("run", label, found.tables, f"group {found.group}")
    if found.new.of_table is not None:
        raise FoursplitError(
            f"--preferred, --rejected, --where: {found.new.name} is no mean over examples, so no "
            f"weight follows from it; try weights with --weight {on}:2, or another --metric"
        )
    preferred, other = found.tables[prefer], found.tables[over]
    if found.new.direction == "maximize":
        preferred, other = _negative(preferred), _negative(other)
    rng = generator("flip", config.seed, prefer, over)
    return smallest_flip_weight(
        preferred, other, on, rng, names=(prefer, over), n_resamples=config.n_resamples
    )


def _negative(table: PredictionTable) -> PredictionTable:
    negative = None if table.seed_losses is None else -table.seed_losses
    return replace(table, frame=table.frame.assign(loss=-table.loss), seed_losses=negative)


class _Scores:
    """All runs under one metric: values with intervals, ranks, and the choice among them."""

    def __init__(
        self,
        stored: Sequence[_Stored],
        which: str,
        factor: np.ndarray,
        group: ComparisonGroup,
        metric: Metric,
        config: DiagnosisConfig,
    ) -> None:
        seeds = {
            one.label: [reweight(table, factor) for table in getattr(one, which)] for one in stored
        }
        self.tables = {label: mean_table(tables) for label, tables in seeds.items()}
        self.values = {
            label: estimate(self.tables[label], tables, metric, config)
            for label, tables in seeds.items()
        }
        candidates = [
            Candidate(
                key=one.label,
                metric=self.values[one.label].value,
                costs=_costs(one),
                table=self.tables[one.label],
                tables=_by_seed(one, seeds[one.label]),
                seeds=_by_seed(one, [value(metric, table) for table in seeds[one.label]]),
            )
            for one in stored
        ]
        ties = replace(dev_scores.tie_rule(group, config, metric.name), metric=metric.of_table)
        self.choice = select_model(candidates, group.bounds, metric.direction, ties)
        self.broken = {row["key"]: tuple(row["broken"]) for row in self.choice["ranking"]}
        sign = -1 if metric.direction == "maximize" else 1
        ordered = sorted(self.values, key=lambda label: (sign * self.values[label].value, label))
        self.ranks = {label: number for number, label in enumerate(ordered, 1)}


T = TypeVar("T")


def _by_seed(one: _Stored, values: Sequence[T]) -> dict[int, T]:
    """Return values by seed; the number of a run whose seed is unknown is its position."""
    return {
        position if run.seed is None else run.seed: found
        for position, (run, found) in enumerate(zip(one.runs, values, strict=True))
    }


def _versions(runs: Sequence[PastRun]) -> list[tuple[PastRun, ...]]:
    """Group the seeds of a run together, those of today first and then from the latest back."""
    found: dict[tuple[str, str], list[PastRun]] = {}
    for run in runs:
        found.setdefault((run.key, run.version), []).append(run)
    latest = [tuple(seeds) for seeds in found.values()][::-1]
    return sorted(latest, key=lambda seeds: not seeds[0].present)


def _missing(runs: Sequence[PastRun]) -> str:
    """Describe what is gone of that which scoring needs; nothing where all is here."""
    gone = sorted({name for run in runs for name in run.gone if run.seed is None or name == DEV})
    never = any(run.seed is not None and DEV not in (*run.files, *run.gone) for run in runs)
    return ", ".join(gone) or (DEV if never else "")


def _read(
    versions: Sequence[tuple[PastRun, ...]], old: Metric, new: Metric
) -> tuple[list[_Stored], list[ExcludedRun]]:
    """Read the tables in the order of the first one's examples; what does not fit stands apart."""
    stored: list[_Stored] = []
    apart: list[ExcludedRun] = []
    for runs in versions:
        try:
            one = _stored(runs, stored[0].old[0] if stored else None, old, new)
        except FoursplitError as refused:
            apart.append(_apart(runs, str(refused)))
            continue
        twin = next((i for i, other in enumerate(stored) if one.is_like(other)), None)
        if twin is None:
            stored.append(one)
        else:
            also = (*stored[twin].also, runs[0].place)
            stored[twin] = replace(stored[twin], also=also)
    return stored, apart


def _stored(
    runs: tuple[PastRun, ...], reference: PredictionTable | None, old: Metric, new: Metric
) -> _Stored:
    files = [run.file(DEV) for run in runs]
    tables = {metric.name: [seed_table(path, metric) for path in files] for metric in (old, new)}
    first = reference or tables[old.name][0]
    for table in tables[old.name]:
        _refuse_other_examples(first, table)
    fitted = {
        name: tuple(align_rows(table, first) for table in read) for name, read in tables.items()
    }
    return _Stored(label=_label(runs), runs=runs, old=fitted[old.name], new=fitted[new.name])


def _refuse_other_examples(first: PredictionTable, table: PredictionTable) -> None:
    known, here = ({*t.frame["example_id"]} for t in (first, table))
    if known != here:
        raise FoursplitError(
            f"scored on other dev examples: {len(here):,}, of which {len(known & here):,} are "
            f"among the {len(known):,} of the runs ranked here"
        )


def _costs(one: _Stored) -> dict[str, int | float | None]:
    """Return what the run's manifests say; nothing is known where a summary is gone."""
    summaries = [summary for run in one.runs if (summary := run.summary()) is not None]
    return dev_scores.costs(summaries) if len(summaries) == len(one.runs) else {}


def _apart(runs: Sequence[PastRun], reason: str) -> ExcludedRun:
    first = runs[0]
    return ExcludedRun(label=_label(runs), place=first.place, when=_day(first), reason=reason)


def _label(runs: Sequence[PastRun]) -> str:
    """Name a run: today's by its experiment, a past one with its commit or DVC's hash beside."""
    first = runs[0]
    return first.key if first.present else f"{first.key}@{(first.commit or first.version)[:7]}"


def _day(run: PastRun) -> str:
    return run.when.astimezone().strftime("%Y-%m-%d %H:%M")
