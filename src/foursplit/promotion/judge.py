"""Whether a challenger takes the champion's place: dev decides, test and rules may forbid.

Source: Ng (2018), Machine Learning Yearning, chapters 7-9 (dev large enough to tell; bounds and
one number to better); Ng, DLS C3 W1 (dev and test on which all are judged alike).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from foursplit.diagnosis.prediction_table import Model
from foursplit.promotion import checks as say
from foursplit.promotion.latency import Latency
from foursplit.promotion.paired_evaluation import (
    JUDGED,
    DifferentExamplesError,
    Match,
    baseline,
    match,
    own,
    require,
)
from foursplit.promotion.required_examples import needed
from foursplit.promotion.rules import Judgement, Reason, Rules, Verdict
from foursplit.promotion.slices import Part, parts

__all__ = ["DifferentExamplesError", "Judgement", "Reason", "Rules", "judge"]

FORBID = ("bounds", "latency", "no_leakage", "dev_not_worse", "test_not_worse", "no_slice_ruined")
"""Reasons that reject a challenger where they do not hold; all others hold it back."""


def judge(
    champion: Sequence[Model] | None,
    challenger: Sequence[Model],
    costs: Mapping[str, float],
    rules: Rules,
    rng: np.random.Generator,
    latency: Latency | None = None,
) -> Judgement:
    """Judge a challenger, several seeds as several models, by tables of dev, test and train.

    Without a champion the trivial baseline is to be beaten, which asks nothing of slices.  Raises
    `DifferentExamplesError` where ids, answers, weights or groups of dev or test differ.
    """
    require(challenger, "challenger")
    first = champion is None
    if champion is None:
        champion, challenger = baseline(challenger), own(challenger)
        rules = replace(rules, direction="minimize")  # both are losses, whatever the metric is
    require(champion, "champion")
    dev, test = (match(split, champion, challenger, rules, rng) for split in JUDGED)
    slices = [] if first else _slices((dev, test), rules)
    whom = "the trivial baseline" if first else "the champion"
    reasons = [
        say.bounds(costs, rules),
        *([] if latency is None else [latency.reason()]),
        say.leakage(challenger, rng),
        say.not_worse("dev", dev, whom),
        say.not_worse("test", test, whom),
        say.ruined(slices, rules),
        say.better(dev, whom),
        *([] if first else [say.worth(dev, rules), say.safe(slices, rules)]),
    ]
    return _judged(reasons, _lacking(dev, slices, rules, first=first))


def _judged(reasons: Sequence[Reason], lacking: int | None) -> Judgement:
    failed = [reason.code for reason in reasons if not reason.holds]
    verdict: Verdict = "HOLD" if failed else "PROMOTE"
    if any(code in FORBID for code in failed):
        verdict = "REJECT"
    helps = verdict == "HOLD" and "worth_it" not in failed
    return Judgement(verdict=verdict, reasons=tuple(reasons), needed=lacking if helps else None)


def _slices(pairs: Sequence[Match], rules: Rules) -> list[Part]:
    return [
        part
        for pair in pairs
        for part in parts(pair.table, pair.losses, rules.slice_margin, rules.least)
    ]


def _lacking(dev: Match, slices: Sequence[Part], rules: Rules, *, first: bool) -> int | None:
    """Give the dev examples that would decide, where there are fewer."""
    of_dev = [part for part in slices if part.split == "dev"]
    gain = abs(dev.found.delta) if first else rules.min_gain
    found = needed(dev.losses, of_dev, gain, rules.slice_margin, 1 - rules.confidence)
    return None if found == inf or found <= dev.found.n else int(found)
