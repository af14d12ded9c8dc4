"""A model of ours with a fit of its own: trees, clusters, densities, agents; stored as arrays.

What `build(args, shape, seed)` of its file gives has `fit(x, y)`, `predict(x)` (or
`predict_proba(x)` for classes) and

- `arrays()`: what was learnt, by name, as NumPy arrays: written as safetensors, which hold no code;
- `restore(arrays)`: take it back, so that the model predictions as before;
- `tune(x, y)`, where something is chosen on dev, such as a threshold; called once, after `fit`;
- `tell`, an attribute, where `fit` takes long: the trainer sets it, and `fit` calls it with how
  far it is, in words and as a share;
- `reads_texts`, an attribute, where `x` are texts as `data/texts.py` stores them, (text, …) bytes;
- `n_parameters`, where not every number in the arrays is one that was learnt.
"""

from pathlib import Path
from typing import Any

import numpy as np

from foursplit.core.arrays import Array
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.io import artifacts


def is_custom(model: Any) -> bool:
    """Return whether a model is a custom one and not from scikit-learn."""
    return hasattr(model, "arrays")


def fit(model: Any, train: Examples, dev: Examples) -> Any:
    """Fit on train; tune on dev if the model has `tune`."""
    model.fit(inputs(model, train), _target(train))
    if hasattr(model, "tune"):
        model.tune(inputs(model, dev), _target(dev))
    return model


def inputs(model: Any, examples: Examples) -> Array:
    """Return what the model reads; raise where lengths differ and it reads no texts."""
    return examples.x if getattr(model, "reads_texts", False) else examples.dense_x


def _target(examples: Examples) -> np.ndarray | None:
    """Return the target; None where texts are their own."""
    return examples.y if "y" in examples.metadata else None


def predict(model: Any, x: Array) -> np.ndarray:
    """Return (example, class) probabilities, one number an example, or what the task scores."""
    predictions: np.ndarray
    predictions = model.predict_proba(x) if hasattr(model, "predict_proba") else model.predict(x)
    return predictions


def save(path: Path, model: Any) -> None:
    """Write the fitted arrays; the same arrays give the same bytes."""
    from safetensors.numpy import save as dump

    arrays = {name: np.ascontiguousarray(value) for name, value in sorted(model.arrays().items())}
    with artifacts.atomic_write(path) as file:
        file.write_bytes(dump(arrays))


def load(path: Path, model: Any) -> Any:
    """Load the fitted arrays into `model` and return it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (FileNotFoundError, SafetensorError) as error:
        raise FoursplitError(f"{path}: no readable safetensors file ({error}).") from error
    model.restore(arrays)
    return model


def count_parameters(model: Any) -> int:
    """Count the fitted numbers."""
    count = getattr(model, "n_parameters", None)
    return sum(a.size for a in model.arrays().values()) if count is None else int(count)
