"""Predict with a stored model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from foursplit import plugins
from foursplit.config.schema import RuntimeConfig
from foursplit.core.arrays import Array
from foursplit.core.column import Column
from foursplit.core.examples import DataSpec, Examples
from foursplit.data.encode import encode_inputs
from foursplit.io import artifacts
from foursplit.training import manifest as manifests
from foursplit.training.manifest import Manifest


def load_predictor(folder: Path, run: RuntimeConfig) -> tuple[Manifest, Any]:
    """Load the model in `folder`; give its manifest and a function from examples to predictions.

    A model of raw columns preprocesses the examples first, as fitted on its train split.
    """
    manifest, answer = _load_model(folder, run)
    if manifest.preprocess is None:
        return manifest, answer
    return manifest, RawPredictor(load_preprocessor(folder, manifest), answer)


def load_preprocessor(folder: Path, manifest: Manifest) -> Any:
    """Load the preprocessing of a model of raw columns."""
    from foursplit.training import preprocess

    assert manifest.preprocess is not None
    columns = {name: Column.from_json(block) for name, block in (manifest.columns or {}).items()}
    return preprocess.load(folder, columns, manifest.preprocess["sha256"])


@dataclass(frozen=True, slots=True)
class RawPredictor:
    """A model with its preprocessing as a function from raw examples to predictions."""

    preprocessor: Any  # training.preprocess.Preprocessor
    model: Any

    def __call__(self, examples: Examples) -> Any:
        return self.model(self.preprocessor.apply(examples))

    def __getattr__(self, name: str) -> Any:
        """Return `explain` where the model has it, for raw examples."""
        method = getattr(self.model, name)
        return lambda examples: method(self.preprocessor.apply(examples))


def load_trained(folder: Path, run: RuntimeConfig) -> Any:
    """Load the model in `folder` itself: what its file builds, or an estimator, with its weights.

    A network is on the CPU.
    """
    manifest = manifests.load(folder)
    if manifest.engine in ("estimator", "own"):
        return _estimator(folder, manifest, run)
    return _network(folder, manifest, run)[0].cpu()


def _estimator(folder: Path, manifest: Manifest, run: RuntimeConfig) -> Any:
    """Load a scikit-learn estimator, or a model with a fit of its own."""
    if manifest.engine == "estimator":
        from foursplit.training import sklearn_estimator

        return sklearn_estimator.load(folder / manifest.weights)
    from foursplit.training import custom_estimator, device

    device.set_deterministic(run.threads)
    file = plugins.model(manifest.model)
    args = manifests.arguments(manifest.model, manifest.model_args, str(folder))
    fresh = file.build(args, manifests.shape(manifest), manifest.seed)
    return custom_estimator.load(folder / manifest.weights, fresh)


def _load_model(folder: Path, run: RuntimeConfig) -> tuple[Manifest, Any]:
    manifest = manifests.load(folder)
    if manifest.engine == "estimator":
        from foursplit.training import sklearn_estimator

        model = _estimator(folder, manifest, run)
        return manifest, lambda examples: sklearn_estimator.predict(model, examples.dense_x)
    if manifest.engine == "own":
        from foursplit.training import custom_estimator

        model = _estimator(folder, manifest, run)
        return manifest, lambda examples: custom_estimator.predict(
            model, custom_estimator.inputs(model, examples)
        )
    net, device = _network(folder, manifest, run)
    return manifest, NetworkPredictor(net, device, manifests.shape(manifest), manifest.task)


@dataclass(frozen=True, slots=True)
class NetworkPredictor:
    """A network as a function from examples to predictions."""

    net: Any
    device: Any
    shape: DataSpec
    task: str

    def __call__(self, examples: Examples) -> Any:
        """Return the task's answers to all examples."""
        arrays, score = encode_inputs(examples, self.shape), plugins.metrics(self.task)
        # Batch by batch: the outputs of all pictures, a number for each pixel, fill the memory.
        parts = [
            score.postprocess(outputs, self.shape)
            for outputs in _outputs(self.net, self.device, arrays, self.shape.scale)
        ]
        return list(chain(*parts)) if isinstance(parts[0], list) else np.concatenate(parts)

    def explain(self, examples: Examples) -> list[dict[str, np.ndarray]]:
        """Return what the network says of each answer besides, by name: its attention.

        A network that has something to say has `explain(batch)`.  Examples come one by one, so
        that no array is padded.
        """
        if not hasattr(self.net, "explain"):
            return [{} for _ in range(len(examples))]
        import torch

        from foursplit.training.batches import Stream

        arrays = encode_inputs(examples, self.shape)
        found = []
        with torch.no_grad():
            for batch in Stream(arrays, size=1, scale=self.shape.scale):
                on_device = {name: values.to(self.device) for name, values in batch.items()}
                said = self.net.explain(on_device)
                found.append({name: _array(values[0]) for name, values in said.items()})
        return found


def _network(folder: Path, manifest: Manifest, run: RuntimeConfig) -> tuple[Any, Any]:
    from foursplit.training import device

    file = plugins.model(manifest.model)
    kind = device.resolve(run.accelerator, prefer_gpu=manifest.device.startswith("gpu"))
    device.configure(run.threads)
    args = manifests.arguments(manifest.model, manifest.model_args, str(folder))
    net = file.build(args, manifests.shape(manifest))
    net.load_state_dict(artifacts.read_tensors(folder / manifest.weights))
    on = device.torch_device(kind)
    return net.eval().to(on), on


def _outputs(
    net: Any, device: Any, arrays: Mapping[str, Array], scale: float
) -> Iterator[np.ndarray | dict[str, np.ndarray]]:
    """Iterate over the outputs of each batch: an array, or several by name.

    A network that reads more than `x` has `predict(batch)`.
    """
    import torch

    from foursplit.training.batches import Stream, n_examples
    from foursplit.training.forward_cost import forward_cost, longest_example

    class Prediction(torch.nn.Module):
        """The network as a function of a batch."""

        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, batch: Any) -> Any:
            on_device = {name: values.to(device) for name, values in batch.items()}
            return net.predict(on_device) if hasattr(net, "predict") else net(on_device["x"])

    predict, size = Prediction().eval(), 1
    if n_examples(arrays) > 1:
        size = forward_cost(predict, longest_example(arrays, scale)).examples_at_once
    for batch in Stream(arrays, size=size, scale=scale):
        with torch.no_grad():
            outputs = predict(batch)
        if isinstance(outputs, dict):
            yield {name: _array(values) for name, values in outputs.items()}
        else:
            yield _array(outputs)


def _array(values: Any) -> np.ndarray:
    array: np.ndarray = values.cpu().numpy()
    return array
