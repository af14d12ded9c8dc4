"""Tables of two models by counts: who errs where."""

import numpy as np
import pandas as pd

from foursplit.diagnosis.prediction_table import Model, PredictionTable, validate


def table(loss, split="dev", prefix=None, **columns) -> PredictionTable:
    names = [f"{prefix or split}{i}" for i in range(len(loss))]
    frame = pd.DataFrame({"example_id": names, "loss": np.asarray(loss, float)})
    made = validate(frame.assign(**columns), split)
    extra = {k: v for k, v in columns.items() if k in ("baseline_loss", "content_hash")}
    return PredictionTable(split=split, frame=made.frame.assign(**extra))


def losses(both, won, lost, neither):
    """Give champion's and challenger's losses; `won` are those the challenger alone gets right."""
    old = [1.0] * (both + won) + [0.0] * (lost + neither)
    new = [1.0] * both + [0.0] * won + [1.0] * lost + [0.0] * neither
    return old, new


def pair(dev, test=None, name="seed_1", **columns) -> tuple[Model, Model]:
    """Give two models by counts on dev and test; `columns` are those of dev."""
    made = []
    for which in (0, 1):
        tables = {
            "train": table([0.0] * 10, "train"),
            "dev": table(losses(*dev)[which], "dev", **columns),
            "test": table(losses(*(test or dev))[which], "test"),
        }
        made.append(Model(tables=tables, name=name))
    return made[0], made[1]
