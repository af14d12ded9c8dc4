"""`foursplit.diagnose`: diagnose data frames of predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.api.diagnosis_result import DiagnosisResult
from foursplit.api.frames import Frames, parse_metric, seeds_of_splits
from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose as diagnose_models
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.read_options import ReadOptions
from foursplit.diagnosis.read_prediction_tables import models_from_frames
from foursplit.diagnosis.settings import Settings


def diagnose(  # noqa: PLR0913, all by name
    *,
    train: Frames | None = None,
    train_dev: Frames | None = None,
    dev: Frames | None = None,
    test: Frames | None = None,
    human_error: float | Mapping[str, float] | None = None,
    desired_error: float | None = None,
    same_distribution: bool = False,
    min_gain: float = 0.0,
    metric: str | None = None,
    positive: str | None = None,
    regression: bool = False,
    slice_columns: Sequence[str] = (),
    name: str = "model",
) -> DiagnosisResult:
    """Compute where a model's error comes from and what to try next.

    Each split is a data frame with one row an example: `y` and `y_hat`, or `loss`.  A list of
    frames holds the same model trained with several seeds.  Without a column `example_id`, the
    index names the examples.  `docs/diagnose.md` lists the other columns.

    Errors are fractions: `human_error=0.02`, or `{"team": 0.005, "expert": 0.01}`.
    `slice_columns` names the columns in which groups of examples with a larger error are searched.
    Raises FoursplitError for a column that is missing or holds what it must not.
    """
    splits = {"train": train, "train_dev": train_dev, "dev": dev, "test": test}
    given = {split: frames for split, frames in splits.items() if frames is not None}
    if not given:
        raise FoursplitError(f"diagnose: give a data frame for at least one of {[*splits]}")
    for option, level in (("desired_error", desired_error), ("min_gain", min_gain)):
        _require_fraction(option, level)
    for level in human_error.values() if isinstance(human_error, Mapping) else (human_error,):
        _require_fraction("human_error", level)
    chosen = parse_metric(metric, positive)
    options = ReadOptions(
        meta=tuple(slice_columns),
        regression=regression or bool(chosen and chosen.metric.kind == "quantity"),
        metric=chosen,
    )
    settings = Settings(
        human_error=human_error,
        desired_error=desired_error,
        same_distribution=same_distribution,
        metric=chosen,
        rule=VerdictThresholds(min_gain=min_gain, gain_to_detect=min_gain),
    )
    models = models_from_frames(seeds_of_splits(given), options)
    result = diagnose_models(models, settings, measure_drift(models[0], settings))
    return DiagnosisResult(report=result.as_json(), name=name)


def measure_drift(model: Model, settings: Settings) -> dict[str, Any] | None:
    """Compare the distributions of train and dev, if that decides the name of their gap."""
    train, dev = model.tables.get("train"), model.tables.get("dev")
    is_needed = "train_dev" not in model.tables and not settings.same_distribution
    if not is_needed or train is None or dev is None or not {*train.meta} & {*dev.meta}:
        return None
    from foursplit.diagnosis.with_sklearn.drift import detect_drift

    return detect_drift(train, dev, generator("drift", settings.seed)).as_json()


def _require_fraction(option: str, level: float | None) -> None:
    if level is not None and not 0 <= level <= 1:
        raise FoursplitError(
            f"{option}={level:g}: errors are fractions from 0 to 1; "
            f"for {level:g}% write {level / 100:g}"
        )
