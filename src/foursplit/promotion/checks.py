"""Each thing asked of a challenger, answered from what was measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.error_analysis.leakage import HASHES, leaks
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.selection.model_selection import Candidate, broken
from foursplit.diagnosis.stats.multiple_testing import holm
from foursplit.promotion.paired_evaluation import JUDGED, Match
from foursplit.promotion.rules import Reason, Rules
from foursplit.promotion.slices import Part


def bounds(costs: Mapping[str, float], rules: Rules) -> Reason:
    lines = broken(Candidate(key="challenger", metric=0.0, costs=costs), rules.bounds)
    said = "; ".join(lines) if lines else "every bound is met"
    known = {name: float(costs[name]) for name in rules.bounds if costs.get(name) is not None}
    return Reason(code="bounds", holds=not lines, sentence=f"{_capital(said)}.", numbers=known)


def leakage(challenger: Sequence[Model], rng: np.random.Generator) -> Reason:
    """Look for groups and contents of train in what is judged on.

    Columns that are merely alike, where no content was recorded, prove no leak.
    """
    tables = challenger[0].tables
    if "train" not in tables:
        raise FoursplitError(
            "challenger: no table of 'train': leakage into dev and test is not excluded"
        )
    found = leaks({s: tables[s] for s in ("train", *JUDGED)}, rng, resamples=100)
    proven = found.content[:1] and found.content[0] in HASHES
    shared = [
        o for o in found.overlaps
        if o.n and o.first == "train" and (o.by == "group" or proven)
    ]  # fmt: skip
    told = [
        f"{o.n:,} examples of {o.second} ({o.rate:.1%}) stand in train by {o.by}" for o in shared
    ]
    by = " and ".join(
        [*(["group"] if tables["train"].has("group_id") else []), *(["content"] if proven else [])]
    )
    clean = f"no example of dev or test stands in train by {by}" if by else (
        "leakage could not be looked for: neither group_id nor content_hash is there"
    )  # fmt: skip
    return Reason(
        code="no_leakage",
        holds=not shared,
        sentence=f"{_capital('; '.join(told) or clean)}.",
        numbers={f"{o.second}_by_{o.by}": o.n for o in shared},
    )


def not_worse(split: str, match: Match, whom: str) -> Reason:
    surely = "surely" if match.worse else "not surely"
    return Reason(
        code=f"{split}_not_worse",
        holds=not match.worse,
        sentence=f"On {split} it is {surely} worse than {whom} ({_gain(match)}).",
        numbers=match.numbers(),
    )


def better(dev: Match, whom: str) -> Reason:
    said = "is better than" if dev.better else "is not better beyond doubt than"
    return Reason(
        code="dev_better",
        holds=dev.better,
        sentence=f"On dev it {said} {whom} ({_gain(dev)}; p = {dev.p_better:.3f}).",
        numbers=dev.numbers(),
    )


def worth(dev: Match, rules: Rules) -> Reason:
    """Ask that the gain may be worth a change: nobody promotes what surely gains too little."""
    holds = dev.found.hi >= rules.min_gain
    said = "may be" if holds else "is surely below"
    return Reason(
        code="worth_it",
        holds=holds,
        sentence=f"The gain on dev {said} what is worth a change ({rules.min_gain:.4g}): it is at "
        f"most {dev.found.hi:.4g}.",
        numbers={"hi": dev.found.hi, "min_gain": rules.min_gain},
    )


def ruined(slices: Sequence[Part], rules: Rules) -> Reason:
    fallen = holm([part.p_worse for part in slices], 1 - rules.confidence)
    ruined = [part for part, fell in zip(slices, fallen, strict=True) if fell]
    what = f"surely worse by more than {rules.slice_margin:.4g}"
    return _of_slices("no_slice_ruined", ruined, slices, (what, f"none is {what}"))


def safe(slices: Sequence[Part], rules: Rules) -> Reason:
    """Ask of each slice of dev that it be shown safe; each must be, so none is corrected for."""
    of_dev = [part for part in slices if part.split == "dev"]
    doubtful = [part for part in of_dev if part.p_safe > 1 - rules.confidence]
    by = f"worse by {rules.slice_margin:.4g} or more"
    said = (f"not shown to be safe from being {by}", f"none can be {by}")
    return _of_slices("slices_safe", doubtful, of_dev, said)


def _of_slices(
    code: str, bad: Sequence[Part], asked: Sequence[Part], what: tuple[str, str]
) -> Reason:
    if not asked:
        said = "No slice has enough examples to be judged."
    elif not bad:
        said = f"Of {len(asked)} slices {what[1]}."
    else:
        worst = max(bad, key=lambda part: part.worse)
        said = (
            f"{_capital(what[0])}: {len(bad)} of {len(asked)} slices; at worst {worst.name} of "
            f"{worst.split}, {worst.worse:+.4g} on {worst.n:,} examples."
        )
    named = {f"{part.split}: {part.name}": part.worse for part in bad}
    return Reason(code=code, holds=not bad, sentence=said, numbers={"slices": len(asked), **named})


def _gain(match: Match) -> str:
    found = match.found
    return f"gain {found.delta:+.4g}, {found.lo:+.4g} to {found.hi:+.4g} on {found.n:,} examples"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
