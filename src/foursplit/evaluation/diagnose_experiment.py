"""Diagnose an experiment from the prediction tables of all its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.fit import EstimatorConfig
from foursplit.config.schema import ComparisonGroup, DiagnosisConfig, Experiment
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.splits import Split
from foursplit.diagnosis.decomposition.human_level import GIVEN
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis import annotation_sheet
from foursplit.diagnosis.learning_curve.convergence import Row
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings
from foursplit.evaluation.group_metric import group_metric
from foursplit.evaluation.human_level import human_level

PENALTIES = ("weight_decay", "dropout", "l2")  # beginnings of names

LIMITS = {"max_depth": 0, "min_samples_split": 2, "min_samples_leaf": 1, "C": 0}
"""What holds a model of scikit-learn's kind back, and the value at which it does not."""


def validate_tables(
    tables: Mapping[Split, pd.DataFrame],
    dataset: str,
    name: str = "",
    group: ComparisonGroup | None = None,
) -> Model:
    """Validate one seed's tables, and merge the annotations of dev's errors.

    Losses are those of the metric of `group`, where it is a mean over examples.
    """
    chosen = group_metric(group).chosen if group else None
    checked_tables = {
        str(split): validate(chosen.with_errors(frame) if chosen else frame, split)
        for split, frame in tables.items()
    }
    path = paths.tags(dataset)
    if path.is_file():
        sheet = annotation_sheet.read(path)
        checked_tables["dev"] = annotation_sheet.merge(checked_tables["dev"], [sheet])
    return Model(tables=checked_tables, name=name)


def diagnose(  # noqa: PLR0913, what a diagnosis knows beside the tables
    models: Sequence[Model],
    group: ComparisonGroup,
    dataset: DatasetSpec,
    config: DiagnosisConfig,
    *,
    experiment: Experiment | None = None,
    curves: Sequence[Sequence[Row]] = (),
    candidates: int = 1,
) -> dict[str, Any]:
    """Return the diagnosis of an experiment as its file holds it; `models` are its seeds.

    `experiment` says which penalties are on; `curves` of the seeds, whether training converged;
    `candidates`: from how many it was chosen on dev.
    """
    asked = replace(
        settings(group, dataset, config),
        candidates=candidates,
        curves=curves,
        has_epochs=experiment is None or not isinstance(experiment.fit, EstimatorConfig),
        penalties=penalties(experiment) if experiment else {},
    )
    return diagnose_as_json(models, asked)


def penalties(experiment: Experiment) -> dict[str, float]:
    """Return the regularization of an experiment that is on, by the name of its setting."""
    named = {"weight_decay": getattr(experiment.fit, "weight_decay", 0.0), **experiment.model_args}
    return {
        name: float(value)
        for name, value in named.items()
        if isinstance(value, int | float)
        and value > (0 if name.startswith(PENALTIES) else LIMITS.get(name, value))
    }


def _min_gain(group: ComparisonGroup) -> float:
    """Return `min_gain` as an error; 0 where it is in a unit of its own, such as the target's."""
    chosen = group_metric(group).chosen
    return group.min_gain if chosen is None or chosen.metric.unit is None else 0.0


def settings(group: ComparisonGroup, dataset: DatasetSpec, config: DiagnosisConfig) -> Settings:
    """Return the settings that params.yaml and the data set declare."""
    human, metrics = human_level(group, dataset.reference), plugins.metrics(group.task)
    return Settings(
        human_error=human["error"] if human else None,
        human_kind=human["kind"] if human else "human",
        human_where=human["where"] if human else GIVEN,
        people=getattr(metrics, "HAS_HUMAN_LEVEL", True),
        learns_labels=getattr(metrics, "LEARNS_LABELS", True),
        same_distribution=not dataset.shifted,
        metric=group_metric(group).chosen,
        rule=VerdictThresholds(
            min_gap=config.min_gap,
            min_gap_fraction=config.min_gap_fraction,
            co_primary_fraction=config.co_primary_fraction,
            min_gain=_min_gain(group),
        ),
        n_resamples=config.n_resamples,
        confidence=config.confidence,
        seed=config.seed,
    )
