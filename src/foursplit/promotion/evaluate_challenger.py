"""Judge a winner against the champion: on the same examples, in the same units, on this machine."""

from dataclasses import dataclass, replace
from pathlib import Path

from foursplit import plugins
from foursplit.config.schema import Group, Params
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.evaluation.results import Entry
from foursplit.promotion.benchmark_models import Bout, ScoringError, Seen, side_by_side
from foursplit.promotion.candidate import Contender, difference, is_same, read
from foursplit.promotion.judge import DifferentExamplesError, Judgement, Reason, Rules, judge
from foursplit.promotion.latency import Latency
from foursplit.tracking.registry.registry import StoredVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A judgement, and whether the champion had to answer the present test for it."""

    judgement: Judgement
    opened: bool = False


def judged(params: Params, name: str, present: Entry, champion: StoredVersion | None) -> Judged:
    """Judge the present winner of group `name`."""
    group = params.group(name)
    column = plugins.metrics(group.task).METRICS[group.metric]
    now = read(present.tables, column)
    before = None if champion is None else read(champion.folder, column)
    if champion is not None and before is not None and is_same(before, now):
        told = f"It is the same model as the champion, version {champion.number}: equal weights."
        reason = Reason(code="same_model", holds=True, sentence=told, numbers={})
        return Judged(judgement=Judgement(verdict="PROMOTE", reasons=(reason,), needed=None))
    other = None if before is None else difference(before, now)
    bout = Bout(
        group=name,
        challenger=present.models,
        champion=None if champion is None else champion.folder,
        scored=other is not None,
    )
    try:
        with side_by_side(bout) as seen:
            if champion is not None and before is not None and seen.tables is not None:
                before = _present(before, seen.tables, column)
            found = _compared(params, name, before, now, _latency(params, name, seen))
    except ScoringError as refusal:
        assert champion is not None
        return Judged(judgement=held("champion_not_scored", _why_not(champion, other, refusal)))
    except DifferentExamplesError as refusal:
        assert champion is not None
        return Judged(judgement=held("other_examples", _why_not(champion, str(refusal), None)))
    if champion is None or other is None:
        return Judged(judgement=found)
    return Judged(judgement=_with(found, _rescored(champion, other)), opened=True)


def _compared(
    params: Params, name: str, before: Contender | None, now: Contender, latency: Latency
) -> Judgement:
    group = params.group(name)
    rng = generator("gate", params.strategy.seed, name)
    models = before.models if before else None
    return judge(models, now.models, now.costs, _rules(params, group), rng, latency)


def _rules(params: Params, group: Group) -> Rules:
    return Rules(
        min_gain=group.min_gain,
        direction=group.direction,
        bounds=group.bounds,
        confidence=params.strategy.confidence,
        slice_margin=params.gate.slice_margin,
        least=params.gate.least,
    )


def _latency(params: Params, name: str, seen: Seen) -> Latency:
    return Latency(
        challenger=seen.challenger_ms,
        champion=seen.champion_ms,
        most=params.gate.latency_ms.get(name),
    )


def _present(before: Contender, folder: Path, column: str) -> Contender:
    """Give the champion with its answers to the present examples."""
    return replace(before, models=read(folder, column, manifests=before.manifests).models)


def _with(judgement: Judgement, reason: Reason) -> Judgement:
    return replace(judgement, reasons=(reason, *judgement.reasons))


def _rescored(champion: StoredVersion, other: str) -> Reason:
    told = (
        f"The champion, version {champion.number}, answered the present examples for this, since "
        f"it was judged on others ({other})."
    )
    return Reason(code="rescored", holds=True, sentence=told, numbers={})


def _why_not(champion: StoredVersion, other: str | None, refusal: FoursplitError | None) -> str:
    because = "" if refusal is None else f", and it cannot answer the present ones: {refusal}"
    return (
        f"The champion, version {champion.number}, was judged on other examples ({other}){because}"
    )


def held(code: str, sentence: str) -> Judgement:
    """Give the verdict where nothing can be compared."""
    reason = Reason(code=code, holds=False, sentence=sentence, numbers={})
    return Judgement(verdict="HOLD", reasons=(reason,), needed=None)
