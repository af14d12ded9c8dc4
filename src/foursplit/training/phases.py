"""Training in phases, one after another: layers that are frozen at first, other learning rates.

Source: Ng, DLS C4 W2 (transfer learning: train the last layers, then all with a small rate).
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.layers.standardize import adaptive_layers
from foursplit.training.callbacks import Row
from foursplit.training.initial_weights import check_layers, parameters_below

if TYPE_CHECKING:
    from foursplit.training.network import Training

WEIGHTS, ROWS = "weights.safetensors", "curves.json"


def fit_in_phases(training: "Training", fit: Callable[["Training"], list[Row]]) -> list[Row]:
    """Train phase by phase with `fit`; return the learning curves of all, epochs counted through.

    A phase that is complete is stored below `training.state`, so that an interrupted run goes on
    in the middle of the next.
    """
    net, rows = training.module.net, list[Row]()
    for number, phase in enumerate(training.fit.phases):
        check_layers(net, phase.freeze, f"fit.phases.{number}.freeze")
    for number, phase in enumerate(training.fit.phases):
        complete = training.state / f"complete-{number}"
        if _load(complete, net, rows):
            continue
        settings = replace(
            training.fit,
            phases=(),
            max_epochs=phase.max_epochs,
            learning_rate=phase.learning_rate or training.fit.learning_rate,
        )
        first_epoch = sum(earlier.max_epochs for earlier in training.fit.phases[:number])
        training.module.fit = settings
        with frozen(net, phase.freeze, f"fit.phases.{number}.freeze"):
            rows += fit(
                replace(
                    training,
                    fit=settings,
                    state=training.state / f"phase-{number}",
                    first_epoch=first_epoch,
                )
            )
        _mark_fitted(net)
        _save(complete, net, rows)
    training.module.fit = training.fit
    shutil.rmtree(training.state, ignore_errors=True)
    return rows


@contextmanager
def frozen(net: nn.Module, layers: tuple[str, ...], at: str) -> Iterator[None]:
    """Let the named layers keep their weights; raise FoursplitError if nothing else learns."""
    chosen = [p for p in parameters_below(net, layers) if p.requires_grad]
    for parameter in chosen:
        parameter.requires_grad = False
    try:
        if not any(parameter.requires_grad for parameter in net.parameters()):
            raise FoursplitError(
                f"{at}: {', '.join(layers)}: no weight is left that can be trained"
            )
        yield
    finally:
        for parameter in chosen:
            parameter.requires_grad = True


def keep_frozen_statistics(net: nn.Module) -> None:
    """Set batch norms with frozen weights to eval mode: their means are not train's to move."""
    for layer in net.modules():
        weights = list(layer.parameters(recurse=False))
        if isinstance(layer, _BatchNorm) and weights and not any(p.requires_grad for p in weights):
            layer.eval()


def _mark_fitted(net: nn.Module) -> None:
    """Keep what layers measured in the first phase: later ones start from it."""
    for layer in adaptive_layers(net):
        layer.is_fitted = True


def _save(folder: Path, net: nn.Module, rows: list[Row]) -> None:
    with artifacts.atomic_directory(folder) as output:
        artifacts.write_tensors(output / WEIGHTS, net.state_dict())
        (output / ROWS).write_text(json.dumps(rows))


def _load(folder: Path, net: nn.Module, rows: list[Row]) -> bool:
    """Load the weights and curves of a complete phase; return whether there are any."""
    artifacts.recover_directory(folder)
    if not (folder / ROWS).is_file():
        return False
    device = next(net.parameters()).device
    tensors = artifacts.read_tensors(folder / WEIGHTS)
    net.load_state_dict({name: values.to(device) for name, values in tensors.items()})
    rows[:] = json.loads((folder / ROWS).read_text())
    _mark_fitted(net)
    return True
