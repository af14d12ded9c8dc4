"""Compare a winner with the champion: same examples, same units, same machine."""

from dataclasses import dataclass, replace
from pathlib import Path

from foursplit.config.schema import ComparisonGroup, Params
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.evaluation.group_metric import GroupMetric, group_metric
from foursplit.evaluation.results import ExperimentResult
from foursplit.promotion.benchmark_models import (
    BenchmarkRequest,
    BenchmarkResult,
    ScoringError,
    benchmark,
)
from foursplit.promotion.candidate import EvaluatedModel, describe_difference, is_same_model, read
from foursplit.promotion.judge import (
    Check,
    DifferentExamplesError,
    Judgement,
    Rules,
    decide_promotion,
)
from foursplit.promotion.latency import Latency
from foursplit.tracking.registry.registry import StoredVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A judgement, and whether the champion was evaluated on the current test set for it."""

    judgement: Judgement
    opened: bool = False


def evaluate_challenger(
    params: Params, name: str, winner: ExperimentResult, champion: StoredVersion | None
) -> Evaluation:
    """Compare the current winner of group `name` with the champion."""
    group = params.group(name)
    metric = group_metric(group)
    challenger = read(winner.tables, metric)
    opponent = None if champion is None else read(champion.folder, metric)
    if champion is not None and opponent is not None and is_same_model(opponent, challenger):
        sentence = f"Same model as the champion, version {champion.number}: equal weights."
        reason = Check(code="same_model", holds=True, sentence=sentence, numbers={})
        return Evaluation(judgement=Judgement(verdict="PROMOTE", reasons=(reason,), needed=None))
    changes = None if opponent is None else describe_difference(opponent, challenger)
    request = BenchmarkRequest(
        group=name,
        challenger=winner.models,
        champion=None if champion is None else champion.folder,
        score_champion=changes is not None,
    )
    try:
        with benchmark(request) as result:
            if champion is not None and opponent is not None and result.tables is not None:
                opponent = _on_current_examples(opponent, result.tables, metric)
            judgement = _judge(params, name, opponent, challenger, _latency(params, name, result))
    except ScoringError as error:
        assert champion is not None
        sentence = _not_comparable(champion, changes, error)
        return Evaluation(judgement=hold("champion_not_scored", sentence))
    except DifferentExamplesError as error:
        assert champion is not None
        sentence = _not_comparable(champion, str(error), None)
        return Evaluation(judgement=hold("other_examples", sentence))
    if champion is None or changes is None:
        return Evaluation(judgement=judgement)
    return Evaluation(judgement=_with(judgement, _rescored(champion, changes)), opened=True)


def _judge(
    params: Params,
    name: str,
    opponent: EvaluatedModel | None,
    challenger: EvaluatedModel,
    latency: Latency,
) -> Judgement:
    group = params.group(name)
    rng = generator("gate", params.diagnosis.seed, name)
    champion = opponent.models if opponent else None
    rules = _rules(params, group)
    return decide_promotion(champion, challenger.models, challenger.costs, rules, rng, latency)


def _rules(params: Params, group: ComparisonGroup) -> Rules:
    return Rules(
        min_gain=group.min_gain,
        direction=group_metric(group).direction,
        metric=_of_table(group),
        bounds=group.bounds,
        confidence=params.diagnosis.confidence,
        slice_margin=params.gate.slice_margin,
        min_slice_examples=params.gate.min_slice_examples,
    )


def _of_table(group: ComparisonGroup) -> ChosenMetric | None:
    metric = group_metric(group)
    return metric.chosen if metric.of_table else None


def _latency(params: Params, name: str, result: BenchmarkResult) -> Latency:
    return Latency(
        challenger=result.challenger_ms,
        champion=result.champion_ms,
        most=params.gate.latency_ms.get(name),
    )


def _on_current_examples(
    champion: EvaluatedModel, folder: Path, metric: GroupMetric
) -> EvaluatedModel:
    """Return the champion with its predictions on the current examples."""
    models = read(folder, metric, manifests=champion.manifests).models
    return replace(champion, models=models)


def _with(judgement: Judgement, reason: Check) -> Judgement:
    return replace(judgement, reasons=(reason, *judgement.reasons))


def _rescored(champion: StoredVersion, changes: str) -> Check:
    sentence = (
        f"The champion, version {champion.number}, was evaluated again on the current examples, "
        f"because they have changed ({changes})."
    )
    return Check(code="rescored", holds=True, sentence=sentence, numbers={})


def _not_comparable(
    champion: StoredVersion, changes: str | None, error: FoursplitError | None
) -> str:
    reason = "" if error is None else f", and it cannot predict the current ones: {error}"
    return (
        f"The champion, version {champion.number}, was evaluated on different examples "
        f"({changes}){reason}"
    )


def hold(code: str, sentence: str) -> Judgement:
    """Return HOLD because the models cannot be compared."""
    reason = Check(code=code, holds=False, sentence=sentence, numbers={})
    return Judgement(verdict="HOLD", reasons=(reason,), needed=None)
