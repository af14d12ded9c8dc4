"""What an experiment's tables show, all its seeds together: the diagnosis that people read."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.schema import Group, Strategy
from foursplit.core.dataset_spec import Source
from foursplit.core.splits import Split
from foursplit.diagnosis import analysis
from foursplit.diagnosis.decomposition.verdict import Rule
from foursplit.diagnosis.error_analysis import annotation_sheet
from foursplit.diagnosis.prediction_table import Model, check
from foursplit.diagnosis.steps import Settings
from foursplit.evaluation.human_level import human_level


def checked(tables: Mapping[Split, pd.DataFrame], source: str, name: str = "") -> Model:
    """Hold one seed's tables against what the engine needs, with what people said of dev."""
    found = {str(split): check(frame, split) for split, frame in tables.items()}
    path = paths.tags(source)
    if path.is_file():
        found["dev"] = annotation_sheet.merge(found["dev"], [annotation_sheet.read(path)])
    return Model(tables=found, name=name)


def diagnose(
    models: Sequence[Model], group: Group, source: Source, strategy: Strategy
) -> dict[str, Any]:
    """Give everything the engine says of an experiment; `models` are its seeds."""
    told = analysis.analyse(models, settings(group, source, strategy))
    return {**told, "human": human_level(group, source.reference)}


def settings(group: Group, source: Source, strategy: Strategy) -> Settings:
    """Put together what params.yaml and the source know."""
    human, metrics = human_level(group, source.reference), plugins.metrics(group.task)
    return Settings(
        human_error=human["error"] if human else None,
        people=getattr(metrics, "PEOPLE", True),
        learns_labels=getattr(metrics, "LEARNS_LABELS", True),
        same_distribution=not source.shifted,
        rule=Rule(
            floor=strategy.floor,
            share_of_dev=strategy.share_of_dev,
            co_primary=strategy.co_primary,
            min_gain=group.min_gain,
        ),
        resamples=strategy.resamples,
        confidence=strategy.confidence,
        seed=strategy.seed,
    )
