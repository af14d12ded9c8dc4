"""Decompose a model's error: errors by split, the gaps between them, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition import ledger, verdict
from foursplit.diagnosis.decomposition.human_level import (
    HumanLevelChoice,
    choose_human_level,
    would_change_verdict,
)
from foursplit.diagnosis.decomposition.ledger import UNSEEN, Gap, dev_level
from foursplit.diagnosis.decomposition.pooled import SplitDifference, add_pooled, compare_splits
from foursplit.diagnosis.decomposition.verdict import FEW_GROUPS, Verdict, VerdictThresholds
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.bootstrap import Estimate, Sampling, estimate, max_error
from foursplit.diagnosis.stats.seed_variance import add_seed_variance, interaction, mean_table

CODES = {
    "avoidable_bias": "ST001",
    "variance": "ST002",
    "mismatch": "ST003",
    "dev_overfit": "ST004",
    ledger.MERGED: "ST005",
    "avoidable_bias_or_variance": "ST007",
    "avoidable_bias_or_variance_or_mismatch": "ST007",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """The error of a model, all its seeds together, decomposed into gaps."""

    errors: Mapping[str, Estimate]  # by level of the ladder, `UNSEEN` among them where pooled
    human: HumanLevelChoice | None
    gaps: tuple[Gap, ...]
    verdict: Verdict
    n_seeds: int
    difference: SplitDifference | None = None  # of dev from train-dev, where they are pooled

    @property
    def dev_error(self) -> float:
        return self.errors["dev"].value

    def gap(self, name: str) -> float:
        """Return the value of a gap, or of a sum of gaps that the verdict names."""
        totals = (joint.total for joint in self.verdict.joint)
        return next(gap.value for gap in (*self.gaps, *totals) if gap.gap == name)

    def as_json(self) -> dict[str, Any]:
        return {
            "splits": {
                split: error.as_json() for split, error in self.errors.items() if split != UNSEEN
            },
            **self._pooled(),
            "human": None if self.human is None else self.human.as_json(),
            "seeds": self.n_seeds,
            **verdict.as_json(self.gaps, self.verdict, self.errors),
        }

    def _pooled(self) -> dict[str, Any]:
        if self.difference is None:
            return {}
        pooled = self.errors[UNSEEN].as_json()
        return {UNSEEN: {**pooled, "difference": self.difference.as_json()}}


def merge_seeds(models: Sequence[Model]) -> dict[str, PredictionTable]:
    """Return one table for each split: its losses are means over the seeds."""
    shared = [split for split in models[0].tables if all(split in m.tables for m in models)]
    return {split: mean_table([m.tables[split] for m in models]) for split in shared}


def estimate_errors(models: Sequence[Model], settings: Settings) -> dict[str, Estimate]:
    """Estimate the error on each split, with the variance over seeds where there are several."""
    if settings.metric is not None and settings.metric.of_table:
        return {
            split: _estimate_metric(split, models, settings.metric, settings)
            for split in merge_seeds(models)
        }
    return {
        split: estimate_error(
            split, table, [model.tables[split].error for model in models], settings
        )
        for split, table in merge_seeds(models).items()
    }


def estimate_levels(
    models: Sequence[Model], settings: Settings, *, same_distribution: bool
) -> dict[str, Estimate]:
    """Estimate the error on each split and, where train and dev are alike, on train-dev and dev."""
    return estimate_errors(add_pooled(models) if same_distribution else models, settings)


def estimate_error(
    split: str, table: PredictionTable, by_seed: Sequence[float], settings: Settings
) -> Estimate:
    """Estimate the error on a split from the table of mean losses and the errors by seed.

    The random stream depends on the split and the seed of the settings alone, so every caller
    gets the same interval.  Seeds are drawn alike for all splits, so gaps pair them.
    """
    rng = generator("diagnose", settings.seed, split)
    error = estimate(
        table.loss,
        table.weight,
        table.groups,
        rng,
        n_resamples=settings.n_resamples,
        confidence=settings.confidence,
    )
    of_examples = (
        interaction(table.seed_losses, table.weight, table.groups)
        if table.seed_losses is not None
        else 0.0
    )
    rng = generator("diagnose", settings.seed, "seeds")
    bound = max_error(table.loss, len(by_seed))
    return add_seed_variance(error, by_seed, rng, settings.confidence, of_examples, bound)


def _estimate_metric(
    split: str, models: Sequence[Model], metric: ChosenMetric, settings: Settings
) -> Estimate:
    """Estimate the error of a metric of whole tables, resampled by group."""
    rng = generator("diagnose", settings.seed, split)
    tables = [model.tables[split] for model in models]
    sampling = Sampling(n_resamples=settings.n_resamples, confidence=settings.confidence)
    error = metric.estimate_error(tables, rng, sampling)
    by_seed = [metric.error(table) for table in tables]
    return add_seed_variance(error, by_seed, rng, settings.confidence)


def decompose(
    models: Sequence[Model], settings: Settings, *, same_distribution: bool
) -> Decomposition:
    """Decompose the error of a model, given by its seeds.

    `same_distribution`: train and dev come from one distribution, so their gap is variance, and
    train-dev and dev are pooled.
    """
    measured = estimate_levels(models, settings, same_distribution=same_distribution)
    human = _human_level(merge_seeds(models), measured, settings)
    errors = ({"human": human.taken.error} if human else {}) | measured
    gaps = ledger.gaps(errors, settings.confidence, same_distribution=same_distribution)
    return Decomposition(
        errors=errors,
        human=human,
        gaps=tuple(gaps),
        verdict=verdict.decide_verdict(
            errors, gaps, settings.rule, people=settings.people, confidence=settings.confidence
        ),
        n_seeds=len(models),
        difference=compare_splits(errors, settings.confidence),
    )


def _human_level(
    tables: Mapping[str, PredictionTable], errors: Mapping[str, Estimate], settings: Settings
) -> HumanLevelChoice | None:
    """Choose the level that bias is measured from; name those that would change the verdict."""

    def measure(losses: np.ndarray, weight: np.ndarray, groups: np.ndarray) -> Estimate:
        return estimate(
            losses,
            weight,
            groups,
            generator("diagnose", settings.seed, "human"),
            n_resamples=settings.n_resamples,
            confidence=settings.confidence,
        )

    choice = choose_human_level(
        settings.human_error,
        settings.desired_error,
        tables.get("dev"),
        measure,
        kind=settings.human_kind,
        where=settings.human_where,
    )
    system, dev = errors.get("train") or errors.get("dev"), dev_level(errors)
    if choice is None or system is None:
        return choice
    # The threshold follows from dev, as it does for the gap itself.
    limit = settings.rule.threshold(dev.value if dev else 0.0)
    rule = VerdictThresholds(min_gap=limit, min_gap_fraction=0.0)
    taken = choice.taken.error.value
    change = [
        level.who
        for level in choice.levels
        if would_change_verdict(taken, level.error.value, system.value, rule)
    ]
    return replace(choice, would_change_verdict=tuple(change))


def findings(decomposition: Decomposition) -> list[Finding]:
    """List the gaps that count, and what keeps them from being measured."""
    judged = decomposition.verdict
    joint = {gap.gap: (number, gap) for number, gap in enumerate(judged.joint)}
    found = []
    for name in judged.significant:
        title = f"{verdict.TITLES[name]} of {decomposition.gap(name):+.2%} stands out"
        evidence = f"ledger.{name}"
        if name in joint:
            number, gap = joint[name]
            title, evidence = f"{title}; {verdict.separate(gap)}", f"verdict.joint.{number}"
        severity = "issue" if name in judged.primary else "tip"
        finding = Finding(code=CODES[name], severity=severity, evidence=(evidence,), title=title)
        found.append(finding)
    if not found:
        found.append(Finding(code="ST000", severity="info", title="no gap is significant"))
    found += _difference(decomposition.difference)
    if judged.surpasses_human:
        found.append(
            Finding(
                code="ST009",
                severity="info",
                title="the model beats the reference on unseen examples: bias cannot be measured "
                "by it",
            )
        )
    if verdict.TRAIN_ERROR in judged.insufficient:
        found.append(
            Finding(
                code="ST012",
                severity="issue",
                evidence=("ledger.variance",),
                missing=verdict.TRAIN_ERROR,
                title="train error not comparable: unseen examples of one distribution cannot be "
                "easier, unless train was scored with dropout or augmentation, or the split is off",
            )
        )
    for name in judged.insufficient:
        if name.startswith(FEW_GROUPS):
            split = name.removeprefix(FEW_GROUPS)
            n = decomposition.errors[split].n_groups
            found.append(
                Finding(
                    code="ST010",
                    severity="issue",
                    missing=name,
                    title=f"{n} group(s) on {split}: too few for a reliable interval",
                )
            )
    return found


def _difference(difference: SplitDifference | None) -> list[Finding]:
    """Report train-dev and dev that differ although they are declared alike."""
    if difference is None or not difference.significant:
        return []
    return [
        Finding(
            code="ST016",
            severity="issue",
            evidence=("unseen.difference",),
            title="train and dev are declared to be of one distribution, but dev error is "
            f"{difference.gap.value:+.2%} from that on train-dev (p = {difference.p_value:.2g}): "
            "check the split, duplicates and order",
        )
    ]
