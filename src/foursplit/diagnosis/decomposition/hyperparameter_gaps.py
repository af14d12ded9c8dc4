"""Which gap each hyperparameter is meant to move (orthogonalization).

Source: Ng, DLS C3 W1 (orthogonalization; chain of assumptions); Ng (2018), Machine Learning
Yearning, chapters 25 and 27 (what reduces bias, what reduces variance).
"""

from collections.abc import Iterable, Mapping
from typing import Any

FIT_TRAIN, FIT_DEV, LIKE_DEV = "avoidable_bias", "variance", "mismatch"

HYPERPARAMETERS: Mapping[str, tuple[str, ...]] = {
    "fit.learning_rate": (FIT_TRAIN,),
    "fit.max_epochs": (FIT_TRAIN,),
    "fit.batch_size": (FIT_TRAIN,),
    "fit.batch": (FIT_TRAIN,),
    "fit.group_by_length": (FIT_TRAIN,),
    "fit.optimizer": (FIT_TRAIN,),
    "fit.momentum": (FIT_TRAIN,),
    "fit.nesterov": (FIT_TRAIN,),
    "fit.betas": (FIT_TRAIN,),
    "fit.alpha": (FIT_TRAIN,),
    "fit.lr_scheduler": (FIT_TRAIN,),
    "fit.gradient_clip_val": (FIT_TRAIN,),
    "fit.gradient_clip_algorithm": (FIT_TRAIN,),
    "fit.accumulate_grad_batches": (FIT_TRAIN,),
    "fit.precision": (FIT_TRAIN,),
    "fit.max_steps": (FIT_TRAIN,),
    "fit.label_smoothing": (FIT_DEV,),
    "fit.mixup": (FIT_DEV,),
    "fit.ema_decay": (FIT_DEV,),
    "fit.phases": (FIT_TRAIN, FIT_DEV),  # the more is frozen, the less is fitted
    "fit.pretrained": (FIT_TRAIN, FIT_DEV),  # features of other examples
    "fit.early_stopping": (FIT_TRAIN, FIT_DEV),  # not orthogonal: it stops the one for the other
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
    """Return the gaps that changed settings are meant to move, and the undeclared settings.

    A setting within a block (`fit.augment.turn`) is the block's.
    """
    gaps: dict[str, None] = {}
    undeclared = []
    for setting in settings:
        declared = [
            name for name in HYPERPARAMETERS if setting == name or setting.startswith(f"{name}.")
        ]
        if not declared:
            undeclared.append(setting)
        for name in declared:
            gaps |= dict.fromkeys(HYPERPARAMETERS[name])
    return tuple(gaps), tuple(undeclared)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """List the settings that differ, each with both values; None where one has no such setting."""
    names = dict.fromkeys([*before, *after])
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }
