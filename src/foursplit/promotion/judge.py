"""Decide whether a challenger replaces the champion: dev decides, test and rules can reject.

Source: Ng (2018), Machine Learning Yearning, chapters 7-9 (size of dev; satisficing metrics and
one optimizing metric); Ng, DLS C3 W1 (dev and test on which all are judged alike).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from foursplit.diagnosis.metrics.compare import required_examples as metric_examples
from foursplit.diagnosis.prediction_table import Model
from foursplit.promotion import checks
from foursplit.promotion.latency import Latency
from foursplit.promotion.paired_evaluation import (
    EVALUATED_SPLITS,
    DifferentExamplesError,
    PairedEvaluation,
    baseline_models,
    evaluate_pair,
    require_tables,
    with_task_loss,
)
from foursplit.promotion.required_examples import required_examples
from foursplit.promotion.rules import Check, Judgement, Rules, Verdict
from foursplit.promotion.slices import SliceResult, evaluate_slices

__all__ = ["Check", "DifferentExamplesError", "Judgement", "Rules", "decide_promotion"]

FORBID = ("bounds", "latency", "no_leakage", "dev_not_worse", "test_not_worse", "no_slice_ruined")
"""Checks that reject the challenger if they fail; the others put it on hold."""


def decide_promotion(
    champion: Sequence[Model] | None,
    challenger: Sequence[Model],
    costs: Mapping[str, float],
    rules: Rules,
    rng: np.random.Generator,
    latency: Latency | None = None,
) -> Judgement:
    """Compare the challenger with the champion on dev and test; each seed is a model.

    Without a champion the challenger is compared with the baseline, and slices are not checked.
    Raises `DifferentExamplesError` if ids, labels, weights or groups of dev or test differ.
    """
    require_tables(challenger, "challenger")
    is_first = champion is None
    if champion is None:
        champion, challenger = (
            baseline_models(challenger, rules.metric),
            with_task_loss(challenger),
        )
        # Both are losses, for every metric but those of whole tables.
        rules = replace(rules, direction="minimize")
    require_tables(champion, "champion")
    dev, test = (
        evaluate_pair(split, champion, challenger, rules, rng) for split in EVALUATED_SPLITS
    )
    slices = [] if is_first else _slices((dev, test), rules)
    opponent = "the baseline" if is_first else "the champion"
    reasons = [
        checks.check_bounds(costs, rules),
        *([] if latency is None else [latency.check()]),
        checks.check_leakage(challenger, rng),
        checks.non_inferiority("dev", dev, opponent),
        checks.non_inferiority("test", test, opponent),
        checks.harmed_slices(slices, rules),
        checks.superiority(dev, opponent),
        *(
            []
            if is_first
            else [checks.minimum_gain(dev, rules), checks.slices_non_inferior(slices, rules)]
        ),
    ]
    return _verdict(reasons, _required_dev_examples(dev, slices, rules, is_first=is_first))


def _verdict(reasons: Sequence[Check], n_required: int | None) -> Judgement:
    failed = [reason.code for reason in reasons if not reason.holds]
    verdict: Verdict = "HOLD" if failed else "PROMOTE"
    if any(code in FORBID for code in failed):
        verdict = "REJECT"
    more_data_helps = verdict == "HOLD" and "worth_it" not in failed
    return Judgement(
        verdict=verdict, reasons=tuple(reasons), needed=n_required if more_data_helps else None
    )


def _slices(pairs: Sequence[PairedEvaluation], rules: Rules) -> list[SliceResult]:
    return [
        result
        for pair in pairs
        for result in evaluate_slices(
            pair.table, pair.losses, rules.slice_margin, rules.min_slice_examples
        )
    ]


def _required_dev_examples(
    dev: PairedEvaluation, slices: Sequence[SliceResult], rules: Rules, *, is_first: bool
) -> int | None:
    """Return the dev examples needed to decide; None if dev has as many, or none suffice."""
    if dev.deviation is not None:
        gain = abs(dev.comparison.delta) if is_first else rules.min_gain
        needed = metric_examples(dev.comparison.n, dev.deviation, gain, 1 - rules.confidence)
        return None if needed is None or needed <= dev.comparison.n else needed
    dev_slices = [result for result in slices if result.split == "dev"]
    gain = abs(dev.comparison.delta) if is_first else rules.min_gain
    n = required_examples(dev.losses, dev_slices, gain, rules.slice_margin, 1 - rules.confidence)
    return None if n == inf or n <= dev.comparison.n else int(n)
