"""Predict with a stored model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from foursplit import plugins
from foursplit.config.schema import RuntimeConfig
from foursplit.core.arrays import Array
from foursplit.data.encode import encode_inputs
from foursplit.io import artifacts
from foursplit.training import manifest as manifests
from foursplit.training.manifest import Manifest


def load_predictor(folder: Path, run: RuntimeConfig) -> tuple[Manifest, Any]:
    """Load the model in `folder`; give its manifest and a function from examples to predictions."""
    manifest = manifests.load(folder)
    if manifest.engine == "estimator":
        from foursplit.training import sklearn_estimator

        model = sklearn_estimator.load(folder / manifest.weights)
        return manifest, lambda examples: sklearn_estimator.predict(model, examples.dense_x)
    if manifest.engine == "own":
        from foursplit.training import custom_estimator, device

        device.set_deterministic(run.threads)
        file = plugins.model(manifest.model)
        args = manifests.arguments(manifest.model, manifest.model_args, str(folder))
        fresh = file.build(args, manifests.shape(manifest), manifest.seed)
        model = custom_estimator.load(folder / manifest.weights, fresh)
        return manifest, lambda examples: custom_estimator.predict(model, examples.dense_x)
    net, device = _network(folder, manifest, run)
    shape, score = manifests.shape(manifest), plugins.metrics(manifest.task)
    return manifest, lambda examples: score.postprocess(
        _outputs(net, device, encode_inputs(examples, shape), shape.scale), shape
    )


def _network(folder: Path, manifest: Manifest, run: RuntimeConfig) -> tuple[Any, Any]:
    from foursplit.training import device

    file = plugins.model(manifest.model)
    kind = device.resolve(run.accelerator, prefer_gpu=manifest.device.startswith("gpu"))
    device.set_deterministic(run.threads)
    args = manifests.arguments(manifest.model, manifest.model_args, str(folder))
    net = file.build(args, manifests.shape(manifest))
    net.load_state_dict(artifacts.read_tensors(folder / manifest.weights))
    on = device.torch_device(kind)
    return net.eval().to(on), on


def _outputs(net: Any, device: Any, arrays: Mapping[str, Array], scale: float) -> Any:
    """Return the network's outputs: an array, or arrays by name if its `predict` gives several.

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
    with torch.no_grad():
        parts = [predict(batch) for batch in Stream(arrays, size=size, scale=scale)]
    if isinstance(parts[0], dict):
        names = parts[0]
        return {name: np.concatenate([_array(part[name]) for part in parts]) for name in names}
    return np.concatenate([_array(part) for part in parts])


def _array(values: Any) -> np.ndarray:
    array: np.ndarray = values.cpu().numpy()
    return array
