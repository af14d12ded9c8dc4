"""Read off train what a model may know of the data."""

from typing import Any

import numpy as np

from foursplit.core.arrays import Array, Ragged, example_axes
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts

SCALES = {"float32": 1.0, "uint8": 1 / 255, "int16": 1 / 32768, "int32": 1.0}
"""Factor of inputs of each dtype on their way into a batch: pixels to [0, 1], sound to [-1, 1]."""


def infer_data_spec(train: Examples, dataset: DatasetSpec) -> DataSpec:
    """Return what a model may know: axes, classes, vocabularies, and statistics of the target."""
    return DataSpec(
        inputs=example_axes(train.x),
        classes=dataset.classes,
        scale=1.0 if dataset.text else SCALES[dataset.dtype],
        further_inputs=tuple(name for name, role in dataset.further.items() if role == "input"),
        axes={name: example_axes(array) for name, array in train.further.items()},
        **_target(train, dataset),
        **_texts(train, dataset),
    )


def _target(train: Examples, dataset: DatasetSpec) -> dict[str, Any]:
    if not dataset.target:
        return {}
    y = train.y
    if dataset.classes:
        counts = np.bincount(y.astype(np.int64), minlength=len(dataset.classes))
        return {"majority_class": int(counts.argmax())}
    lower, upper = np.quantile(y, [0.25, 0.75])
    return {
        "target_mean": float(y.mean()),
        "target_std": float(y.std()) or 1.0,
        "target_iqr": float(upper - lower) or 1.0,
    }


def _texts(train: Examples, dataset: DatasetSpec) -> dict[str, Any]:
    """Return vocabularies and longest lengths, in tokens where an array is text."""
    vocabularies: dict[str, tuple[str, ...]] = {}
    lengths: dict[str, int] = {}
    shares: dict[str, tuple[float, ...]] = {}
    has_target = bool(dataset.target) or "target" in dataset.further.values()
    for name, array in {"x": train.x, **train.further}.items():
        if not isinstance(array, Ragged):
            continue
        if is_text(name, array, dataset):
            content = texts.to_texts(array)
            vocabularies[name] = texts.vocabulary(content, dataset.tokenizer)
            counts = [len(texts.tokens_of(text, dataset.tokenizer)) for text in content]
            lengths[name] = max(counts, default=0)
            if not has_target:  # the text itself is what a model predicts
                found = texts.token_shares(content, vocabularies[name], dataset.tokenizer)
                shares[name] = tuple(found)
        else:
            lengths[name] = int(array.lengths.max(initial=0))
    tokenizer = {"tokenizer": dataset.tokenizer} if vocabularies else {}
    block = {"vocabularies": vocabularies, "max_lengths": lengths, **tokenizer}
    return {**block, "token_shares": shares}


def is_text(name: str, array: Array, dataset: DatasetSpec) -> bool:
    """Return whether an array holds text: bytes in UTF-8 of a data set that reads text."""
    if name == "x":
        return bool(dataset.text)
    return isinstance(array, Ragged) and array.dtype == np.uint8 and array.values.ndim == 1
