"""Which link of the chain a setting is meant for: one knob, one effect, as far as there is one.

Source: Ng, DLS C3 W1 (orthogonalization; chain of assumptions); Ng (2018), Machine Learning
Yearning, chapters 25 and 27 (what reduces bias, what reduces variance).
"""

from collections.abc import Iterable, Mapping
from typing import Any

FIT_TRAIN, FIT_DEV, LIKE_DEV = "avoidable_bias", "variance", "mismatch"

KNOBS: Mapping[str, tuple[str, ...]] = {
    "fit.learning_rate": (FIT_TRAIN,),
    "fit.max_epochs": (FIT_TRAIN,),
    "fit.batch_size": (FIT_TRAIN,),
    "fit.optimizer": (FIT_TRAIN,),
    "fit.momentum": (FIT_TRAIN,),
    "fit.weight_decay": (FIT_DEV,),
    "fit.augment": (FIT_DEV, LIKE_DEV),  # more examples, and examples more like dev's
    "model": (FIT_TRAIN, FIT_DEV),
    "model_args.hidden": (FIT_TRAIN,),
    "model_args.channels": (FIT_TRAIN,),
    "model_args.degree": (FIT_TRAIN,),
    "model_args.dropout": (FIT_DEV,),
    "model_args.C": (FIT_DEV,),
    "data": (FIT_DEV, LIKE_DEV),
}
"""The gaps that each setting is meant to move; others are not declared."""


def links(settings: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the gaps that changed settings are meant to move, and the settings nobody declared.

    A setting within a block (`fit.augment.turn`) is the block's.
    """
    found: dict[str, None] = {}
    unknown = []
    for setting in settings:
        known = [knob for knob in KNOBS if setting == knob or setting.startswith(f"{knob}.")]
        if not known:
            unknown.append(setting)
        for knob in known:
            found |= dict.fromkeys(KNOBS[knob])
    return tuple(found), tuple(unknown)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """List the settings that differ, each with both values; None where one has no such setting."""
    names = dict.fromkeys([*before, *after])
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }
