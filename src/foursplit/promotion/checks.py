"""The checks of a challenger, computed from its measurements."""

from collections.abc import Mapping, Sequence

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.error_analysis.leakage import HASHES
from foursplit.diagnosis.error_analysis.leakage import check_leakage as find_leakage
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.selection.model_selection import Candidate, violated_constraints
from foursplit.diagnosis.stats.multiple_testing import holm
from foursplit.promotion.paired_evaluation import EVALUATED_SPLITS, PairedEvaluation
from foursplit.promotion.rules import Check, Rules
from foursplit.promotion.slices import SliceResult


def check_bounds(costs: Mapping[str, float], rules: Rules) -> Check:
    violations = violated_constraints(
        Candidate(key="challenger", metric=0.0, costs=costs), rules.bounds
    )
    text = "; ".join(violations) if violations else "every bound is met"
    values = {name: float(costs[name]) for name in rules.bounds if costs.get(name) is not None}
    return Check(
        code="bounds", holds=not violations, sentence=f"{_capitalize(text)}.", numbers=values
    )


def check_leakage(challenger: Sequence[Model], rng: np.random.Generator) -> Check:
    """Check that no group and no content of train is in dev or test.

    Without content hashes, equal metadata columns alone prove no leak.
    """
    tables = challenger[0].tables
    if "train" not in tables:
        raise FoursplitError(
            "challenger: no table of 'train', so leakage into dev and test cannot be checked"
        )
    report = find_leakage(
        {s: tables[s] for s in ("train", *EVALUATED_SPLITS)}, rng, n_resamples=100
    )
    has_hashes = report.content[:1] and report.content[0] in HASHES
    shared = [
        o for o in report.overlaps if o.n and o.first == "train" and (o.by == "group" or has_hashes)
    ]
    overlaps = [
        f"{o.n:,} examples of {o.second} ({o.rate:.1%}) are also in train by {o.by}" for o in shared
    ]
    by = " and ".join(
        [
            *(["group"] if tables["train"].has("group_id") else []),
            *(["content"] if has_hashes else []),
        ]
    )
    clean = (
        f"no example of dev or test is in train by {by}"
        if by
        else ("leakage could not be checked: the tables have neither group_id nor content_hash")
    )
    return Check(
        code="no_leakage",
        holds=not shared,
        sentence=f"{_capitalize('; '.join(overlaps) or clean)}.",
        numbers={f"{o.second}_by_{o.by}": o.n for o in shared},
    )


def non_inferiority(split: str, result: PairedEvaluation, opponent: str) -> Check:
    outcome = "significantly worse" if result.is_worse else "not significantly worse"
    return Check(
        code=f"{split}_not_worse",
        holds=not result.is_worse,
        sentence=f"On {split} it is {outcome} than {opponent} ({_gain(result)}).",
        numbers=result.numbers(),
    )


def superiority(dev: PairedEvaluation, opponent: str) -> Check:
    outcome = "significantly better" if dev.is_better else "not significantly better"
    return Check(
        code="dev_better",
        holds=dev.is_better,
        sentence=f"On dev it is {outcome} than {opponent} "
        f"({_gain(dev)}; p = {dev.p_superior:.3f}).",
        numbers=dev.numbers(),
    )


def minimum_gain(dev: PairedEvaluation, rules: Rules) -> Check:
    """Check that the upper bound of the gain reaches `min_gain`."""
    holds = dev.comparison.hi >= rules.min_gain
    outcome = "can reach" if holds else "is significantly below"
    return Check(
        code="worth_it",
        holds=holds,
        sentence=f"The gain on dev {outcome} min_gain ({rules.min_gain:.4g}): it is at "
        f"most {dev.comparison.hi:.4g}.",
        numbers={"hi": dev.comparison.hi, "min_gain": rules.min_gain},
    )


def harmed_slices(slices: Sequence[SliceResult], rules: Rules) -> Check:
    rejected = holm([s.p_inferior for s in slices], 1 - rules.confidence)
    harmed = [s for s, is_rejected in zip(slices, rejected, strict=True) if is_rejected]
    outcome = f"significantly worse by more than {rules.slice_margin:.4g}"
    return _slice_check("no_slice_ruined", harmed, slices, (outcome, f"none is {outcome}"))


def slices_non_inferior(slices: Sequence[SliceResult], rules: Rules) -> Check:
    """Check that every slice of dev is non-inferior; all must be, so no correction is needed."""
    dev = [s for s in slices if s.split == "dev"]
    failed = [s for s in dev if s.p_non_inferior > 1 - rules.confidence]
    margin = f"non-inferior by a margin of {rules.slice_margin:.4g}"
    outcomes = (f"not shown to be {margin}", f"all are {margin}")
    return _slice_check("slices_safe", failed, dev, outcomes)


def _slice_check(
    code: str,
    failed: Sequence[SliceResult],
    slices: Sequence[SliceResult],
    outcomes: tuple[str, str],
) -> Check:
    if not slices:
        sentence = "No slice has enough examples to be checked."
    elif not failed:
        sentence = f"Of {len(slices)} slices {outcomes[1]}."
    else:
        worst = max(failed, key=lambda s: s.difference)
        sentence = (
            f"{_capitalize(outcomes[0])}: {len(failed)} of {len(slices)} slices; worst: "
            f"{worst.name} of {worst.split}, {worst.difference:+.4g} on {worst.n:,} examples."
        )
    differences = {f"{s.split}: {s.name}": s.difference for s in failed}
    return Check(
        code=code,
        holds=not failed,
        sentence=sentence,
        numbers={"slices": len(slices), **differences},
    )


def _gain(result: PairedEvaluation) -> str:
    gain = result.comparison
    return f"gain {gain.delta:+.4g}, {gain.lo:+.4g} to {gain.hi:+.4g} on {gain.n:,} examples"


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]
