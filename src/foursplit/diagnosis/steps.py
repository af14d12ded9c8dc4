"""The whole diagnosis: from a model's tables to where the error is, how sure, and what next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition import ledger, verdict
from foursplit.diagnosis.decomposition.human_level import Chosen, choice_matters, choose
from foursplit.diagnosis.decomposition.verdict import Rule
from foursplit.diagnosis.prediction_table import Model, Table
from foursplit.diagnosis.recommendations import actions
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate
from foursplit.diagnosis.stats.seed_variance import mean_table, with_seed_variance

SCHEMA = "foursplit.strategy/1"

LEAST_GROUPS = 6  # below, an interval says more about its assumptions than about the error


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the person who asks knows, and how sure an interval shall be."""

    human_error: float | Mapping[str, float] | None = None  # by who reached it, or one for all
    human_on: Mapping[str, float] = field(default_factory=dict)  # what people get wrong, by domain
    desired_error: float | None = None
    people: bool = True  # False: there is no such thing as people's level of these answers
    learns_labels: bool = True  # False: training sees none, as in anomaly detection
    same_distribution: bool = False
    rule: Rule = field(default_factory=Rule)
    resamples: int = 2000
    confidence: float = 0.95
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something worth knowing, with a code that stays."""

    code: str
    severity: str  # issue, tip or info
    title: str
    evidence: tuple[str, ...] = ()
    missing: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code, "severity": self.severity, "title": self.title,
            "evidence": list(self.evidence), "missing": self.missing,
        }  # fmt: skip


def merge_seeds(models: Sequence[Model]) -> dict[str, Table]:
    """Give one table a split: its losses are means over the seeds."""
    shared = [split for split in models[0].tables if all(split in m.tables for m in models)]
    return {split: mean_table([m.tables[split] for m in models]) for split in shared}


def estimates(models: Sequence[Model], settings: Settings) -> dict[str, Estimate]:
    """Estimate the error on each split, with what the seed adds where there are several."""
    found = {}
    for split, table in merge_seeds(models).items():
        rng = generator("diagnose", settings.seed, split)
        one = estimate(
            table.loss, table.weight, table.groups, rng,
            resamples=settings.resamples, confidence=settings.confidence,
        )  # fmt: skip
        errors = [model.tables[split].error for model in models]
        found[split] = with_seed_variance(one, errors, rng, settings.confidence)
    return found


def human_level(tables: Mapping[str, Table], settings: Settings) -> Chosen | None:
    """Give the level that bias is measured against, beside those not taken."""

    def measure(losses: np.ndarray, weight: np.ndarray, groups: np.ndarray) -> Estimate:
        return estimate(
            losses, weight, groups, generator("diagnose", settings.seed, "human"),
            resamples=settings.resamples, confidence=settings.confidence,
        )  # fmt: skip

    return choose(settings.human_error, settings.desired_error, tables.get("dev"), measure)


def base(models: Sequence[Model], settings: Settings, *, alike: bool) -> dict[str, Any]:
    """Give splits, ledger, verdict and findings; `alike`: train and dev are of one distribution."""
    errors = estimates(models, settings)
    human = human_level(merge_seeds(models), settings)
    known = ({"human": human.taken.error} if human else {}) | errors
    found = ledger.gaps(known, settings.confidence, same_distribution=alike)
    judged = verdict.judge(known, found, settings.rule)
    thin = [f"few_groups:{s}" for s, e in errors.items() if e.n_groups < LEAST_GROUPS]
    told = verdict.as_json(found, judged)
    if not settings.people:
        kept = [what for what in told["verdict"]["insufficient"] if what != verdict.NO_LEVEL]
        told["verdict"]["insufficient"] = kept
    told["verdict"]["insufficient"] += thin
    for row in told["ledger"]:
        ends = _ends(row["gap"], errors)
        if any(f"few_groups:{end}" in thin for end in ends):
            row["status"] = "insufficient"
    gone = {row["gap"] for row in told["ledger"] if row["status"] == "insufficient"}
    told["verdict"]["primary"] = [gap for gap in told["verdict"]["primary"] if gap not in gone]
    return {
        "schema": SCHEMA,
        "splits": {split: error.as_json() for split, error in known.items()},
        "human": _told(human, errors, settings.rule) if human else None,
        "seeds": len(models),
        **told,
        "findings": [finding.as_json() for finding in _findings(told, thin, errors)],
        "gains": {gap.gap: gap.value for gap in found},
    }


def _told(human: Chosen, errors: Mapping[str, Estimate], rule: Rule) -> dict[str, Any]:
    """Say by whose level avoidable bias would be judged otherwise than by the one taken."""
    system = errors.get("train") or errors.get("dev")
    if system is None:
        return {**human.as_json(), "would_change_the_verdict": []}
    # What counts follows from dev, as it does for the gap itself.
    limit = rule.threshold(errors["dev"].value if "dev" in errors else 0.0)
    as_judged = Rule(floor=limit, share_of_dev=0.0)
    taken = human.taken.error.value
    change = [
        level.who
        for level in human.levels
        if choice_matters(taken, level.error.value, system.value, as_judged)
    ]
    return {**human.as_json(), "would_change_the_verdict": change}


def _ends(gap: str, errors: Mapping[str, Estimate]) -> tuple[str, str]:
    """Name the two splits that a gap lies between."""
    low, high = ledger.LINKS.get(gap, ("train", "dev"))
    return low, high if high in errors else "dev"  # without train-dev, variance ends at dev


def _findings(
    told: Mapping[str, Any], thin: Sequence[str], errors: Mapping[str, Estimate]
) -> list[Finding]:
    found = []
    for row in told["ledger"]:
        if row["status"] in ("primary", "co_primary"):
            name = verdict.NAMES[row["gap"]]
            title = f"{name} of {row['value']:+.2%} stands out"
            found.append(
                Finding(
                    code=CODES[row["gap"]], severity="issue", title=title,
                    evidence=(f"ledger.{row['gap']}",),
                )
            )  # fmt: skip
    if not found:
        found.append(Finding(code="ST000", severity="info", title="no gap stands out beyond doubt"))
    if told["verdict"]["surpasses_human"]:
        found.append(
            Finding(
                code="ST009", severity="info",
                title="the model is better than the reference: bias cannot be measured by it",
            )
        )  # fmt: skip
    found += [
        Finding(
            code="ST010", severity="issue", missing=what,
            title=f"{errors[what.partition(':')[2]].n_groups} group(s) on {what.partition(':')[2]}:"
            " too few to say how sure the error is",
        )
        for what in thin
    ]  # fmt: skip
    return found


CODES = {
    "avoidable_bias": "ST001",
    "variance": "ST002",
    "mismatch": "ST003",
    "dev_overfit": "ST004",
    ledger.MERGED: "ST005",
}


def steps(told: Mapping[str, Any], found: Sequence[actions.Found]) -> list[dict[str, Any]]:
    """Rank what to do next."""
    return actions.next_steps(
        told["verdict"]["primary"], told["verdict"]["insufficient"], told["gains"], found
    )
