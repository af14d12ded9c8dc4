"""Answer the rows of a new file, or pictures, with a trained experiment's model."""

from collections.abc import Sequence
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
from foursplit.data import load_splits
from foursplit.evaluation import picture_files, raw_inputs, threshold, unlike_train
from foursplit.evaluation.predict import load_predictor
from foursplit.evaluation.threshold import DecisionThreshold
from foursplit.io import artifacts, csv_table, raw_columns, tabular
from foursplit.io.seed_folders import seed_folders
from foursplit.training import manifest as manifests
from foursplit.training.manifest import Manifest

FILE, UNLIKE = "file", "unlike_train"
"""Columns of the answers: the picture's name, and how unlike train the input is."""


def answer_files(key: str, files: Sequence[Path], params: Params) -> tuple[pd.DataFrame, list[str]]:
    """Return a row for each row of a table, or for each picture, and notes on what is unusual.

    Columns: the row's number in the table and the columns that the data set shows where the table
    has them, or the picture's name; `y_hat`, the probability of each class, the threshold where the
    group has one, and `unlike_train` (see `unlike_train.share_nearer`) for inputs of numbers.
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
    notes = [] if frozen is None else [describe(frozen)]
    if all(map(picture_files.is_picture, files)):
        examples, columns, said = _of_pictures(files, manifest, dataset, key, experiment.dataset)
    elif len(files) > 1:
        raise FoursplitError(
            f"{', '.join(map(str, files))}: give one table, or pictures ("
            f"{', '.join(picture_files.SUFFIXES)})"
        )
    else:
        examples, columns, said = _of_table(files[0], manifest, dataset, key, answer)
    answers = {**columns, **_answers(answer(examples), manifest, frozen, key)}
    if manifest.columns is None:
        answers[UNLIKE], more = _unlike_train(examples, experiment.dataset, columns)
        said += more
    return pd.DataFrame(answers), notes + said


def _of_table(
    path: Path, manifest: Manifest, dataset: DatasetSpec, key: str, answer: Any
) -> tuple[Examples, dict[str, Any], list[str]]:
    """Return the rows of a table as examples, the columns that name them, and notes."""
    frame = tabular.read_frame(path)
    if frame.empty:
        raise FoursplitError(f"{path}: has no rows")
    notes: list[str] = []
    if manifest.columns is not None:
        examples = raw_inputs.examples_of(frame, manifest, str(path))
        notes = raw_inputs.unknown_categories(examples, answer, str(path))
    else:
        examples = _of_features(frame, dataset, key, path)
    columns: dict[str, Any] = {ROW: np.arange(1, len(frame) + 1)}
    return examples, columns | {n: frame[n] for n in dataset.show if n in frame.columns}, notes


def _of_pictures(
    files: Sequence[Path], manifest: Manifest, dataset: DatasetSpec, key: str, name: str
) -> tuple[Examples, dict[str, Any], list[str]]:
    """Return pictures as examples, their names, and notes."""
    if not dataset.picture or manifest.columns is not None:
        raise FoursplitError(
            f"{key} does not read pictures: give a table with the columns of data set {name}"
        )
    train = load_splits.load(name, "train").dense_x
    limits = float(train.min()), float(train.max())
    shape = manifests.shape(manifest).inputs
    x, notes = picture_files.read_pictures(files, tuple(shape), limits)
    is_whole = np.issubdtype(train.dtype, np.integer)
    x = (np.rint(x) if is_whole else x).astype(train.dtype)
    rows = pd.DataFrame(index=range(len(x)))
    return Examples(x=x, metadata=rows), {FILE: [str(path) for path in files]}, notes


def _unlike_train(
    examples: Examples, name: str, columns: dict[str, Any]
) -> tuple[np.ndarray, list[str]]:
    """Return how unlike train each input is, and a note on those that are."""
    train, held_out = (load_splits.load(name, split).dense_x for split in ("train", "train_dev"))
    shares = unlike_train.share_nearer(examples.dense_x, train, held_out)
    unusual = np.flatnonzero(shares >= unlike_train.UNUSUAL)
    if not len(unusual):
        return shares, []
    first = next(iter(columns.values()))[unusual[0]]
    others = f" and {len(unusual) - 1:,} more" if len(unusual) > 1 else ""
    return shares, [
        f"{first}{others}: farther from every example of train than {shares[unusual[0]]:.0%} of "
        "train-dev are. The model has seen nothing like it, so its answer says little"
    ]


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
            f"{key} does not read a table: its inputs are pictures, texts or other arrays. Give "
            f"pictures ({', '.join(picture_files.SUFFIXES)}), or use `foursplit.load_model`"
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
