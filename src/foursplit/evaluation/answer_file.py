"""Answer the rows of a new file with a trained experiment's model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.schema import Params
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import ROW, Examples
from foursplit.evaluation import raw_inputs, threshold
from foursplit.evaluation.predict import load_predictor
from foursplit.evaluation.threshold import DecisionThreshold
from foursplit.io import artifacts, csv_table, raw_columns, tabular
from foursplit.io.seed_folders import seed_folders
from foursplit.training.manifest import Manifest


def answer_file(key: str, path: Path, params: Params) -> tuple[pd.DataFrame, list[str]]:
    """Return a row for each row of a file, and notes on what the model never saw.

    Columns: the row's number in the file, those that the data set shows where the file has them,
    `y_hat`, the probability of each class, and the threshold where the group has one.
    """
    experiment = params.experiment(key)
    models = paths.models(experiment.group, key)
    if not models.is_dir():
        raise FoursplitError(
            f"{key} is not trained yet: {models} does not exist. Run `foursplit repro {key}`"
        )
    dataset = plugins.dataset(experiment.dataset).SPEC
    seed = seed_folders(models)[0]
    manifest, answer = load_predictor(seed, params.run)
    frozen = _threshold(key, seed.name, params, manifest)
    frame = tabular.read_frame(path)
    if frame.empty:
        raise FoursplitError(f"{path}: has no rows")
    notes = [] if frozen is None else [describe(frozen)]
    if manifest.columns is not None:
        examples = raw_inputs.examples_of(frame, manifest, str(path))
        notes += raw_inputs.unknown_categories(examples, answer, str(path))
    else:
        examples = _of_features(frame, dataset, key, path)
    columns: dict[str, Any] = {ROW: np.arange(1, len(frame) + 1)}
    columns |= {name: frame[name] for name in dataset.show if name in frame.columns}
    return pd.DataFrame({**columns, **_answers(answer(examples), manifest, frozen, key)}), notes


def describe(frozen: DecisionThreshold) -> str:
    """Say from which probability on the positive class is the answer."""
    return (
        f"the answer is {frozen.positive!r} where {threshold.PROBA}{frozen.positive} is at least "
        f"{frozen.value:.4g}, the threshold that was frozen before test was opened"
    )


def _threshold(key: str, seed: str, params: Params, manifest: Manifest) -> DecisionThreshold | None:
    """Return the threshold that an experiment's seed was evaluated with."""
    group = params.group(params.experiment(key).group)
    if group.threshold is None:
        return None
    path = paths.predictions(params.experiment(key).group) / key / seed / "summary.json"
    if not path.is_file():
        raise FoursplitError(
            f"{key} is not evaluated yet, so its threshold is not chosen: {path} does not exist. "
            f"Run `foursplit repro {key}`"
        )
    return threshold.of_summary(artifacts.read_json(path), group, manifest.shape["classes"])


def _of_features(frame: pd.DataFrame, dataset: DatasetSpec, key: str, path: Path) -> Examples:
    """Return rows of a table of numbers as examples."""
    if not dataset.features:
        raise FoursplitError(
            f"{key} does not read a table: its inputs are pictures, texts or other arrays. Use "
            "`foursplit.load_model` for them"
        )
    raw_columns.require_columns(frame, dataset.features, str(path))
    names = dataset.features
    values = [csv_table.parse_numbers(frame, name, str(path)) for name in names]
    x = np.stack([each.to_numpy() for each in values], axis=1)
    missing = np.argwhere(np.isnan(x))
    if len(missing):
        row, column = missing[0].tolist()
        raise FoursplitError(
            f"{path}: column {names[column]!r}, row {row + 1}: the value is missing, and {key} has "
            "no preprocessing that fills it"
        )
    return Examples(x=x.astype(np.float32), metadata=pd.DataFrame(index=range(len(x))))


def _answers(
    answers: Any, manifest: Manifest, frozen: DecisionThreshold | None, key: str
) -> dict[str, Any]:
    if not isinstance(answers, np.ndarray) or answers.dtype == object or answers.ndim > 2:
        raise FoursplitError(f"{key}: task {manifest.task} has answers that fit in no table")
    classes = manifest.shape["classes"]
    if not classes:
        return {"y_hat": answers}
    return threshold.answers(answers, classes, frozen)
