"""The weights that training starts from: random ones, or those of another model.

Source: Ng, DLS C3 W2 (transfer learning: pre-training and fine-tuning).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.seeds import derive_seed
from foursplit.layers.standardize import adaptive_layers

MAX_NAMED = 5  # tensors that an error lists


def build_with_seed(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build a network whose first weights depend on `seed` alone."""
    torch.manual_seed(derive_seed("weights", seed))
    return build()


def load_pretrained(
    net: nn.Module, weights: Mapping[str, Tensor], exclude: tuple[str, ...], source: str
) -> list[str]:
    """Copy the tensors of `weights` into `net`, but for those of the layers `exclude`.

    Returns the names of the copied tensors.  What a layer has measured on the source's inputs (mean
    and deviation) is copied too, and not measured again: its weights belong to it.

    Raises FoursplitError for a layer that `net` lacks, and for a tensor that is missing in
    `weights` or has another shape there, naming it.
    """
    check_layers(net, exclude, "fit.pretrained.exclude")
    own = net.state_dict()
    names = [name for name in own if not _is_below(name, exclude)]
    _check_shapes({name: own[name] for name in names}, weights, source)
    if not names:
        raise FoursplitError("fit.pretrained.exclude: names every layer; nothing is left to load")
    with torch.no_grad():
        for name in names:
            own[name].copy_(weights[name])
    fitted = {id(layer): layer for layer in adaptive_layers(net)}
    for path, layer in net.named_modules():
        if id(layer) in fitted and not _is_below(path, exclude):
            fitted[id(layer)].is_fitted = True
    return names


def _check_shapes(own: Mapping[str, Tensor], weights: Mapping[str, Tensor], source: str) -> None:
    """Raise FoursplitError for tensors that `weights` lack or have in another shape."""
    wrong = []
    for name, values in own.items():
        other = tuple(weights[name].shape) if name in weights else None
        if other != tuple(values.shape):
            there = "none" if other is None else f"{other}"
            wrong.append(f"{name}: {tuple(values.shape)} here, {there} there")
    if wrong:
        more = f"; and {len(wrong) - MAX_NAMED} more" if len(wrong) > MAX_NAMED else ""
        raise FoursplitError(
            f"fit.pretrained: the shapes of tensors differ from those of {source}: "
            f"{'; '.join(wrong[:MAX_NAMED])}{more}. Name their layers in `exclude`, to start them "
            "from random weights, or give both models the same model_args."
        )


def check_layers(net: nn.Module, layers: tuple[str, ...], at: str) -> None:
    """Raise FoursplitError if `net` has no layer of a name."""
    names = [name for name, _ in net.named_modules() if name]
    for name in layers:
        if name not in names:
            raise unknown_name("layer", name, names, at)


def parameters_below(net: nn.Module, layers: tuple[str, ...]) -> list[nn.Parameter]:
    """Return the parameters of the named layers."""
    return [p for name, p in net.named_parameters() if _is_below(name, layers)]


def _is_below(name: str, layers: tuple[str, ...]) -> bool:
    return any(name == layer or name.startswith(f"{layer}.") for layer in layers)
