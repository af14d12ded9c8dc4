"""Predict with a stored model."""

from pathlib import Path
from typing import Any

import numpy as np

from foursplit import plugins
from foursplit.config.schema import RuntimeConfig
from foursplit.core.examples import Examples
from foursplit.io import artifacts
from foursplit.training import manifest as manifests
from foursplit.training.manifest import Manifest

BATCH = 4096  # examples at once


def load_predictor(folder: Path, run: RuntimeConfig) -> tuple[Manifest, Any]:
    """Load the model in `folder`; give its manifest and a function from examples to predictions."""
    manifest = manifests.load(folder)
    if manifest.engine == "estimator":
        from foursplit.training import sklearn_estimator

        model = sklearn_estimator.load(folder / manifest.weights)
        return manifest, lambda examples: sklearn_estimator.predict(model, examples.x)
    if manifest.engine == "own":
        from foursplit.training import custom_estimator, device

        device.set_deterministic(run.threads)
        file = plugins.model(manifest.model)
        args = manifests.arguments(manifest.model, manifest.model_args, str(folder))
        fresh = file.build(args, manifests.shape(manifest), manifest.seed)
        model = custom_estimator.load(folder / manifest.weights, fresh)
        return manifest, lambda examples: custom_estimator.predict(model, examples.x)
    net, device = _network(folder, manifest, run)
    shape, score = manifests.shape(manifest), plugins.metrics(manifest.task)
    return manifest, lambda examples: score.postprocess(_outputs(net, device, examples), shape)


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


def _outputs(net: Any, device: Any, examples: Examples) -> np.ndarray:
    import torch

    with torch.no_grad():
        parts = [
            net(torch.from_numpy(examples.x[start : start + BATCH]).to(device)).cpu().numpy()
            for start in range(0, len(examples), BATCH)
        ]
    return np.concatenate(parts)
